//! The `turnkey` command: runs WebAssembly programs with exactly the handles they need.
#![forbid(unsafe_code)]

mod audit;
#[cfg(feature = "wasmtime")]
mod cache;
mod check;
mod command;
mod conformance;
mod document;
mod engine;
mod entry;
mod exit;
mod failure;
mod lock;
mod lock_file;
mod module;
mod named;
mod near;
mod parents;
mod replay;
mod run;
mod size;
mod target;
mod thread;
mod tour;
mod tree;

use std::process::ExitCode;

fn main() -> ExitCode {
    command::parse()
        .and_then(command::Command::carry_out)
        .unwrap_or_else(|failure| failure.report())
}
