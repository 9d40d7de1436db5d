//! A wasm parent that says what its child calls, and changes nothing.
//!
//! The parent, `conformance/guests/parents/log.c`, filters every call of the program. It sees copies of
//! what the program passes, and says on standard error what was called and answered.
//!
//! `cargo run -p turnkey-examples --bin log`
#![allow(clippy::print_stdout, reason = "it shows what happens")]

use std::sync::Arc;
use turnkey_examples::{Failure, beneath, compile, engines};
use turnkey_virt::fs::MemoryFs;
use turnkey_wasi_common::{Access, Pipe, WasiCtx};

const PARENT: &[u8] = include_bytes!("../../conformance/guests/parents/log.wasm");
const PROGRAM: &[u8] = include_bytes!("guests/greet.wasm");

fn main() -> Result<(), Failure> {
    for engine in engines()? {
        let (parent, program) = (compile(&*engine, PARENT)?, compile(&*engine, PROGRAM)?);
        let (stdout, output) = Pipe::new(4096);
        let (stderr, log) = Pipe::new(4096);
        let files = MemoryFs::new().file("greeting", b"hello, whoever reads this\n")?;
        let ctx = WasiCtx::builder()
            .preopen("/", files.root(), Access::ReadOnly)
            .stdout(Arc::new(stdout))
            .stderr(Arc::new(stderr));
        let code = beneath(&[parent], &program, ctx.build()?)?;
        println!(
            "{}: the program ended with {code}, and wrote:",
            engine.name()
        );
        print!("{}", String::from_utf8(output.drain())?);
        println!("its parent saw:");
        for line in String::from_utf8(log.drain())?.lines() {
            println!("  {line}");
        }
    }
    Ok(())
}
