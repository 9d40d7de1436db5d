//! A tree in which each level passes on less than it has.
//!
//! Each parent, `conformance/guests/parents/fewer_dirs.c`, keeps the last of its directories, and hands
//! the others on to be read only. The program says what is left of three directories beneath no parent,
//! beneath one, and beneath two.
//!
//! `cargo run -p turnkey-examples --bin three_deep`
#![allow(clippy::print_stdout, reason = "it shows what happens")]

use std::sync::Arc;
use turnkey_examples::{Failure, beneath, compile, engines};
use turnkey_virt::fs::MemoryFs;
use turnkey_wasi_common::{Access, Pipe, WasiCtx};

const PARENT: &[u8] = include_bytes!("../../conformance/guests/parents/fewer_dirs.wasm");
const PROGRAM: &[u8] = include_bytes!("guests/look.wasm");

fn main() -> Result<(), Failure> {
    for engine in engines()? {
        let (parent, program) = (compile(&*engine, PARENT)?, compile(&*engine, PROGRAM)?);
        for depth in 0..3 {
            let (stdout, output) = Pipe::new(4096);
            let mut ctx = WasiCtx::builder().stdout(Arc::new(stdout));
            for name in ["/public", "/shared", "/private"] {
                ctx = ctx.preopen(name, MemoryFs::new().root(), Access::ReadWrite);
            }
            let parents = vec![Arc::clone(&parent); depth];
            beneath(&parents, &program, ctx.build()?)?;
            println!("{}, beneath {depth}:", engine.name());
            for line in String::from_utf8(output.drain())?.lines() {
                println!("  {line}");
            }
        }
    }
    Ok(())
}
