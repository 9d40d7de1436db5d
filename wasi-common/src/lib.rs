//! The engine-free core of a WASI host.
//!
//! A [`WasiCtx`] is what one guest may reach: its arguments and environment, a [table](Table) of
//! file descriptors, clocks, randomness, and a way to wait. Each of those is a small trait object
//! that can be replaced by itself; the [`Builder`] starts from a context that grants nothing.
//!
//! The crate knows no engine and makes no system call. Objects that reach the host live in
//! `turnkey-cap-backends`, objects that imitate one in `turnkey-virt`, and the functions that a
//! guest imports in `turnkey-snapshots`.
//!
//! ```
//! use std::sync::Arc;
//! use turnkey_wasi_common::{Pipe, WasiCtx};
//!
//! let (stdout, output) = Pipe::new(4096);
//! let ctx = WasiCtx::builder()
//!     .args(["hello", "--world"])
//!     .env("LANG", "C.UTF-8")
//!     .stdout(Arc::new(stdout))
//!     .build()?;
//! assert_eq!(ctx.args().len(), 2);
//! assert!(output.drain().is_empty());
//! # Ok::<(), turnkey_wasi_common::BuildError>(())
//! ```
#![forbid(unsafe_code)]

mod access;
mod budget;
mod builder;
mod clock;
mod context;
mod description;
mod dir;
mod entry;
mod errno;
mod error;
mod file;
mod filter;
pub mod function;
mod grant;
mod interrupt;
mod lease;
mod null;
mod object;
mod path;
mod pipe;
mod random;
mod readiness;
mod rights;
mod socket;
mod stat;
mod stop;
mod stream;
mod strings;
mod sync;
pub mod table;
mod wait;

pub use access::Access;
pub use budget::{Budget, Charge, Limits};
pub use builder::{BuildError, Builder, Stdio};
pub use clock::{Clock, Clocks, DeniedClocks};
pub use context::{SharedWasiCtx, WasiCtx};
pub use description::{Description, FdFlags, OpenListing};
pub use dir::{Dir, DirEntry, Follow, Listing, OpenOptions};
pub use entry::{Entry, Fd};
pub use errno::Errno;
pub use error::{Error, Result};
pub use file::{Advice, Appended, Durability, File};
pub use filter::{After, Before, Filter, Invocation, Original, Verdict, after, before};
pub use grant::Grant;
pub use interrupt::{Interrupt, InterruptHook, Reason};
pub use lease::Lease;
pub use null::Null;
pub use object::Object;
pub use path::{GuestPath, check_link_target};
pub use pipe::{Pipe, PipeReader, PipeWriter};
pub use random::{DeniedRandom, Random};
pub use readiness::{Interest, Pollable, Ready, Wakers};
pub use rights::Rights;
pub use socket::{Listener, ReceiveFlags, Received, Shutdown, Socket};
pub use stat::{FileType, SetTime, Stat, Times, Timestamp};
pub use stop::{Stop, Trap, TrapKind};
pub use stream::Stream;
pub use strings::Strings;
pub use table::Table;
pub use wait::{AsyncWait, BlockingWait, ParkWait, Wait};

/// Makes the asynchronous method of an [`AsyncWait`] one of a trait object's.
pub use async_trait::async_trait;
