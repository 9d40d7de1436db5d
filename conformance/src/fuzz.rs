//! Targets for a fuzzer, none of which needs an engine: what the functions of both snapshots do with
//! whatever a guest may say.
//!
//! Each is a plain function of bytes, from which it makes calls, and which panics when something is
//! not as it has to be. The package `fuzz` beside this one has them run by libFuzzer; the tests run
//! them with fixed seeds, and with every input that ever failed.
//!
//! A program that wants to know what a call takes from the heap makes
//! [`stats_alloc::INSTRUMENTED_SYSTEM`] its allocator; elsewhere nothing is counted, and nothing said
//! about it.
//!
//! ```
//! for (name, target) in turnkey_conformance::fuzz::TARGETS {
//!     println!("{name}");
//!     target(b"any bytes");
//! }
//! ```
#![expect(
    clippy::indexing_slicing,
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a target tells what it found by a panic"
)]

mod arguments;
pub mod calls;
pub mod decoding;
pub mod family;
mod guest;
mod heap;
mod names;
pub mod paths;
mod scratch;
mod source;
mod time;
pub mod twins;

/// A target: a function of any bytes.
pub type Target = fn(&[u8]);

/// Every target with its name.
pub const TARGETS: [(&str, Target); 9] = [
    ("calls", calls::target),
    ("paths", paths::target),
    ("decoding", decoding::target),
    ("memory", twins::memory),
    ("overlay", twins::overlay),
    ("mounts", twins::mounts),
    ("parent", family::parent),
    ("child", family::child),
    ("rust_parent", family::rust_parent),
];
