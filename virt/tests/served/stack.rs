//! Children that recurse deep, each above the next on one thread.

use crate::parents::*;
use std::sync::Arc;
use turnkey_snapshots::engine::Engine;
use turnkey_virt::nanoprocess::{ChildLimits, Family, MOST_NESTED};
use turnkey_wasi_common::Stop;

/// A module that recurses so many times and then makes a child of itself, which does the same. It
/// exits with how many children there were below it: with 1000 times the errno of a call that was
/// refused, and with 100,000 times how a child ended that did not exit.
fn recursing(depth: u32) -> String {
    let child = "(i32.load (i32.const 64))";
    let mut body = format!("(call $deep (i32.const {depth}))\n");
    let mut deepest = "(local $errno i32)
        (local.set $errno (call $child_new (i32.const 0) (i32.const 64)))
        (if (local.get $errno) (then (call $exit (i32.mul (i32.const 1000) (local.get $errno)))))
        (memory.fill (i32.const 128) (i32.const 255) (i32.const 72))
        (i64.store (i32.const 152) (i64.const 0))\n"
        .to_owned();
    deepest += &must("child_bind", &[child, "960", "7", "2", "0"]);
    deepest += &must("child_module", &[child, "0", "72"]);
    deepest += &must("child_limits", &[child, "128"]);
    deepest += &must("child_link", &[child, "68"]);
    deepest += "(if (i32.load (i32.const 68)) (then (unreachable)))
        (local.set $errno (call $child_call (i32.load (i32.const 64)) (i32.const 980) (i32.const 6)
            (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 16)))
        (if (local.get $errno) (then (call $exit (i32.mul (i32.const 1000) (local.get $errno)))))
        (if (i32.ne (i32.load (i32.const 16)) (i32.const 1)) (then
            (call $exit (i32.mul (i32.const 100000) (i32.load (i32.const 16))))))
        (call $exit (i32.add (i32.const 1) (i32.load (i32.const 20))))";
    body += "(unreachable)";
    // What it holds across the call takes room in each frame.
    let locals = "i64 ".repeat(40);
    let sets: String = (1..=40)
        .map(|n| format!("(local.set {n} (i64.load (i32.and (local.get 0) (i32.const {n}))))"))
        .collect();
    let sum: String = (1..=40)
        .map(|n| {
            format!(
                "(i64.store (i32.const 4096) (i64.add (local.get {n}) (i64.load (i32.const 4096))))"
            )
        })
        .collect();
    let deep = format!(
        "(func $deep (param i32) (local {locals}) {sets}
            (if (i32.eqz (local.get 0)) (then (call $deepest) (return)))
            (call $deep (i32.sub (local.get 0) (i32.const 1))) {sum})
        (func $deepest {deepest})"
    );
    parent(
        &(data(960, "class:*") + &data(980, "_start") + &deep),
        &body,
    )
}

/// How it is told that a guest trapped.
const TOO_DEEP: u32 = 200_000;

fn nested(engine: &Arc<dyn Engine>, depth: u32, stack: Option<usize>) -> u32 {
    let source = recursing(depth);
    let limits = ChildLimits {
        children: u64::MAX,
        ..ChildLimits::PARENT
    };
    let builder = Family::builder()
        .module(compile(engine, &source))
        .limits(limits);
    let builder = match stack {
        Some(bytes) => builder.stack(bytes),
        None => builder,
    };
    match run(engine, &source, &builder.build()) {
        Err(Stop::Exit(code)) => code,
        // It recurses deeper than it may by itself.
        Err(Stop::Trap(_)) => TOO_DEEP,
        Ok(()) => unreachable!(),
    }
}

fn on_a_thread_of<R: Send>(stack: usize, work: impl FnOnce() -> R + Send) -> R {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(stack);
        thread.spawn_scoped(scope, work).unwrap().join().unwrap()
    })
}

#[test]
fn child_call_levels_that_recurse_deep_on_a_thread_of_2_mib_refused_and_never_an_abort() {
    on_a_thread_of(2 << 20, || {
        for engine in engines() {
            let mut refused = 0;
            for depth in [0, 10, 200, 500, 800, 1000, 1100, 1200, 1500, 3000] {
                let below = nested(&engine, depth, None);
                println!("{} {depth}: {below}", engine.name());
                let errnos = [NOMEM, DQUOT].map(|errno| errno * 1000);
                let levels = below % 1000;
                let ended = below - levels;
                assert!(levels <= MOST_NESTED, "{below}");
                assert!(errnos.contains(&ended) || ended == TOO_DEEP, "{below}");
                refused += u32::from(ended != DQUOT * 1000);
                // Where little is taken there may be as many as anywhere.
                if depth == 0 {
                    assert_eq!(below, DQUOT * 1000 + MOST_NESTED);
                }
            }
            // An engine whose guests have their stacks elsewhere takes little of the thread's.
            assert!(refused > 0 || engine.name() != "wasmtime");
        }
    });
}

#[test]
fn stack_as_large_as_the_family_says() {
    let wasmtime = &engines()[0];
    let deep = 800;
    let (small, large) = on_a_thread_of(32 << 20, || {
        (
            nested(wasmtime, deep, None),
            nested(wasmtime, deep, Some(24 << 20)),
        )
    });
    assert_eq!(small - small % 1000, NOMEM * 1000);
    assert!(small % 1000 < MOST_NESTED);
    assert_eq!(large, DQUOT * 1000 + MOST_NESTED);
    let none = on_a_thread_of(2 << 20, || nested(wasmtime, 0, Some(0)));
    assert_eq!(none, NOMEM * 1000);
}
