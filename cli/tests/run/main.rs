//! `turnkey run`, as it is called.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "what a test relies on besides what it tests may fail loudly"
)]

mod acts;
#[cfg(feature = "wasmtime")]
mod cache;
#[path = "../engines/mod.rs"]
mod engines;
mod entry;
mod exit;
mod files;
mod given;
mod interposed;
mod limits;
mod locked;
mod mistakes;
mod pages;
mod parents;
mod replay;
mod seen;
mod sockets;
mod streams;
mod support;
mod time;
mod tree_options;
mod tree_runs;
mod tree_typed;
mod trees;
