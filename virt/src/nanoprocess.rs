//! Guests that have children, each in a store of its own, perhaps on another engine.
//!
//! A parent hands each child exactly what it decides: functions, one by one or by classes
//! ([`Child::bind`]), handles that it makes weaker and takes back ([`Cap`]), and limits
//! ([`ChildLimits`]). A child has nothing at first, and whatever it can have is its parent's. Its own
//! children are its alone.
//!
//! There are two kinds of parent. A Rust program makes a [`Family`] and [spawns](Family::spawn)
//! children. A wasm module does the same through what it imports, the document
//! `nanoprocess_0.witx`, which the family provides as [`Family::functions`].
//!
//! What a wasm parent serves is asked of it while it waits in `child_call`: its memory and exports
//! are lent to the child for exactly that long. It serves with exports of its own, which are defined
//! in `nanoprocess_serve_0.witx`: for a clock `clock_now`, for randomness `virt_scratch` and
//! `rng_fill`, for directories and files `dir_…` and `obj_…`, for filters `filter_…` and `after_…`.

#[macro_use]
pub mod table {
    //! The document's types and functions as data. Made by the build script.
    include!(concat!(env!("OUT_DIR"), "/nanoprocess_0.rs"));
}

mod bindings;
mod call;
mod cap;
mod child;
mod code_size;
mod connection;
mod deadline;
mod description;
mod entered;
mod export;
mod family;
mod held;
mod imports;
mod keep;
mod lend;
mod level;
mod limits;
mod need;
mod numbers;
mod outcome;
mod pool;
mod serve;
mod setup;
mod typed;

pub use cap::Cap;
pub use child::Child;
pub use export::Export;
pub use family::{Family, FamilyBuilder, Loading};
pub use level::{MOST_NESTED, STACK};
pub use limits::ChildLimits;
pub use need::{Lack, Need};
pub use numbers::MOST_NUMBERS;
pub use outcome::{LinkError, Outcome};
pub use serve::served_exports;
pub use setup::{Bind, Place};
pub use table::FUNCTIONS;
pub use typed::TypedOutcome;

/// The module that parents import from.
pub const MODULE: &str = "nanoprocess_0";
