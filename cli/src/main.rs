//! The `turnkey` command: runs WebAssembly programs with exactly the handles they need.
#![forbid(unsafe_code)]

mod command;
mod engine;
mod failure;
mod module;
mod near;
mod run;
mod size;
mod thread;
mod tour;

use std::process::ExitCode;

fn main() -> ExitCode {
    match command::parse().and_then(command::Command::carry_out) {
        Ok(code) => code,
        Err(failure) => failure.report(),
    }
}
