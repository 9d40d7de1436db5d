//! Turnkey's WASI for tinywasm.
//!
//! [`TinywasmEngine`] is tinywasm for code that is written for any engine.
//!
//! tinywasm keeps nothing for an embedder in its stores, lends nobody its memories, and cannot
//! leave its thread. The adapter makes up for it in safe Rust: the memories are its own, an
//! instance has a thread of its own, and what is limited comes by a gauge, for which a module is
//! rewritten. So there is nothing here to register with a store of an embedder's.
#![forbid(unsafe_code)]

mod engine;
mod exports;
mod gauge;
mod imports;
mod instance;
mod local;
mod memory;
mod module;
mod rewrite;
mod stop;
mod value;

pub use engine::TinywasmEngine;
