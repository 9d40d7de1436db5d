//! Parents of nanoprocesses in Rust: WebAssembly modules that make children of other modules, hand
//! each what it needs, and serve what it asks for.
//!
//! The crate is for guests. It needs neither `std` nor an allocator, and unsafe code is in its
//! module `raw` alone, beside the bindings, which are generated. Whatever touches the host exists
//! on wasm alone; the rest can be tested anywhere.
//!
//! A parent that hands all it has to its child, and reads out the time to it:
//!
//! ```
//! # #[cfg(target_family = "wasm")] mod parent {
//! use turnkey_parent::{export_clock, start, Binding, Clock, Clockid, Result};
//!
//! struct Noon;
//!
//! impl Clock for Noon {
//!     fn now(&self, _clock: Clockid) -> Result<u64> {
//!         Ok(43_200_000_000_000)
//!     }
//! }
//!
//! export_clock!(&Noon);
//!
//! #[no_mangle]
//! extern "C" fn _start() {
//!     start::run(|child| {
//!         child.bind("class:*", Binding::Pass)?;
//!         child.bind("class:clock", Binding::Serve(0))?;
//!         start::grant_all(child, u64::MAX)
//!     })
//! }
//! # }
//! ```
//!
//! | to serve | implement | and export it by |
//! |---|---|---|
//! | directories and files | [`Files`] | [`export_files!`] |
//! | clocks | [`Clock`] | [`export_clock!`] |
//! | randomness | [`Random`] | [`export_random!`] |
//! | what is called | [`Filter`] | [`export_filter!`] |
#![no_std]
#![deny(unsafe_code, unsafe_op_in_unsafe_fn)]

mod clock;
mod errno;
mod files;
mod filter;
mod listing;
mod outcome;
mod random;
mod raw;
mod shared;

#[cfg(target_family = "wasm")]
mod cap;
#[cfg(target_family = "wasm")]
mod child;
#[cfg(target_family = "wasm")]
mod module;
#[cfg(target_family = "wasm")]
pub mod start;

pub use clock::{Clock, Clockid};
pub use errno::{Errno, Result};
pub use files::{Durability, Entry, FileType, Files, Interest, Readiness, Times};
pub use filter::{Call, Filter, Verdict};
pub use listing::Listing;
pub use outcome::{Binding, Outcome};
pub use random::Random;
pub use shared::Shared;

#[cfg(target_family = "wasm")]
pub use cap::{wake, Cap, Kind};
#[cfg(target_family = "wasm")]
pub use child::{Child, Limits};
#[cfg(target_family = "wasm")]
pub use module::{Module, Need};

#[doc(hidden)]
pub use raw::exports as __exports;
