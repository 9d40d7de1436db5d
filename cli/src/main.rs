//! The `turnkey` command: runs WebAssembly programs with exactly the handles they need.
#![forbid(unsafe_code)]

#[cfg(feature = "wasmtime")]
mod cache;
mod command;
mod conformance;
mod engine;
mod entry;
mod exit;
mod failure;
mod module;
mod near;
mod replay;
mod run;
mod size;
mod thread;
mod tour;

use std::process::ExitCode;

fn main() -> ExitCode {
    command::parse()
        .and_then(command::Command::carry_out)
        .unwrap_or_else(|failure| failure.report())
}
