//! A wallet goes on using a library that somebody has taken over, and keeps its seed.
//!
//! agama, the wallet, trades through easydex, which has notify print what happened. Version 1.2.0 of
//! notify prints; version 1.3.0 wants to open files and to send as well. The lock refuses it, and
//! so does its parent when it links it, each naming all that is new, and nothing of it has run. So
//! it goes on two engines, whether its parents are this program or wasm.
//!
//! `cargo run -p turnkey-examples --bin wallet`
#![allow(clippy::print_stdout, reason = "it shows what happens")]

mod cases;
mod guests;
mod in_rust;
mod lock;
mod tree;

use cases::{CASES, Case};
use guests::{NOTIFY, OPENS, RETYPED, TAKEN_OVER};
use std::sync::Arc;
use tree::{Parents, Ran, Tree};
use turnkey_examples::{Failure, compile, engines};
use turnkey_snapshots::engine::Module;
use turnkey_virt::nanoprocess::{Bind, Cap, Family, Place};
use turnkey_virt::policy::{Asked, Lock, Needs};
use turnkey_wasi_common::{Errno, Fd, Grant, Object, Pipe};

fn main() -> Result<(), Failure> {
    println!("The lock:");
    let wallet = lock::lock(NOTIFY)?;
    check(&wallet, "1.2.0", NOTIFY)?;
    check(&wallet, "1.3.0", TAKEN_OVER)?;
    check(&wallet, "1.2.1", RETYPED)?;
    check(&lock::lock(OPENS[0])?, "1.3.0", OPENS[1])?;
    for engine in engines()? {
        for (who, parents) in Parents::ALL {
            println!("\n{}, {who}:", engine.name());
            let tree = Tree::new(&*engine, parents)?;
            for case in &CASES {
                let ran = tree.run(compile(&*engine, case.notify)?, case.mode)?;
                show(case, &ran);
                case.look_at(&ran, parents)?;
            }
        }
        let sung = granted_all(compile(&*engine, TAKEN_OVER)?)?;
        println!("\n{}, notify 1.3.0 granted all it wants:", engine.name());
        print!("{}", indented(&sung));
    }
    Ok(())
}

/// Shows what the lock says of a version of notify.
fn check(lock: &Lock, version: &str, wasm: &[u8]) -> Result<(), Failure> {
    let needs = Needs::of(wasm)?;
    match lock.check(&Asked::new("notify", Some(version), &needs)) {
        Ok(()) => println!("notify {version} is what is locked"),
        Err(refused) => println!("error: {refused}"),
    }
    Ok(())
}

fn show(case: &Case, ran: &Ran) {
    println!("{}: exit code {}", case.what, ran.code);
    print!("{}{}", indented(&ran.printed), indented(&ran.said));
    for record in &ran.refused {
        let strings = record.strings.iter();
        let strings: Vec<_> = strings.filter_map(|(_, text)| text.as_deref()).collect();
        let errno = record.errno.map_or("the end", Errno::name);
        let (name, strings) = (record.function.name, strings.join(" "));
        println!("  audit: {name} {strings} = {errno}");
    }
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}\n")).collect()
}

/// What the version that was taken over prints if somebody lets it run: it does run as soon as it
/// can.
fn granted_all(notify: Arc<dyn Module>) -> Result<String, Failure> {
    let notify = Family::builder().build().spawn(notify)?;
    let (stdout, printed) = Pipe::new(1 << 12);
    let stdout = Cap::new(Grant::new(Object::Stream(Arc::new(stdout))));
    notify.bind("class:*", Bind::Pass)?;
    notify.grant(&stdout, Place::At(Fd(1)), None)?;
    notify.link()?;
    notify.call("", &[])?;
    Ok(String::from_utf8(printed.drain())?)
}
