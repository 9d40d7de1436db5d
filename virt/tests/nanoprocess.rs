//! A wasm parent and its children, on every engine, and across engines.
#![cfg(test)]
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    reason = "the numbers of these tests are small"
)]

mod parents;

use parents::*;
use turnkey_snapshots::engine::Limits;
use turnkey_virt::nanoprocess::{ChildLimits, Family, MOST_NESTED};
use turnkey_wasi_common::{Stop, TrapKind, WasiCtx};

#[test]
fn child_call_served_files_clock_and_randomness_seen_by_the_child() {
    on_every_pair(|parent, child| {
        let (writer, reader) = output();
        let child = compile(
            child,
            include_str!("../../conformance/guests/tour/child.wat"),
        );
        let ctx = WasiCtx::builder().stdout(writer).build().unwrap();
        let family = Family::builder().module(child).build();
        let source = include_str!("../../conformance/guests/tour/parent.wat");
        let ended = run_in(parent, source, ctx, &family, Limits::default());
        assert_eq!(
            (ended, String::from_utf8(reader.drain()).unwrap().as_str()),
            (
                Ok(()),
                "child: hello.txt holds `Hello from a parent.`\n\
                 child: the time is 1573516800000000000, then 1573516801000000000\n\
                 child: 8 random bytes are 0001020304050607\n\
                 parent: child returned\n\
                 parent: requests served: file 2, clock 2, random 1\n"
            )
        );
    });
}

/// A parent that makes a child of module 0, binds it, and calls its `_start`. It exits with 1000
/// times the number of missing imports if there are any; else with 100 times what happened,
/// counted from 1, and the code.
fn calling_parent(exports: &str, binds: &[(&str, u32)]) -> String {
    let child = "(i32.load (i32.const 64))";
    let mut names = data(960, "_start");
    let mut body = must("child_new", &["0", "64"]);
    for (at, (name, binding)) in (1024..).step_by(64).zip(binds) {
        names += &data(at, name);
        let numbers = [at, name.len() as u32, *binding].map(|number| number.to_string());
        let [at, len, binding] = &numbers;
        body += &must("child_bind", &[child, at, len, binding, "0"]);
    }
    body += &must("child_link", &[child, "68"]);
    body += "(if (i32.load (i32.const 68)) (then
        (call $exit (i32.mul (i32.const 1000) (i32.load (i32.const 68))))))\n";
    body += &must("child_call", &[child, "960", "6", "0", "0", "0", "0", "16"]);
    body += "(call $exit (i32.add
        (i32.mul (i32.const 100) (i32.add (i32.const 1) (i32.load (i32.const 16))))
        (i32.load (i32.const 20))))";
    parent(&format!("{exports}\n{names}"), &body)
}

/// A child that asks for the time, and exits with the errno.
const ASKING: &str = r#"(module
    (import "wasi_snapshot_preview1" "clock_time_get"
        (func $now (param i32 i64 i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 1)
    (func (export "_start")
        (call $exit (call $now (i32.const 0) (i64.const 0) (i32.const 0)))))"#;

const CLOCK: &str = r#"(func (export "clock_now") (param i32 i32) (result i64) (i64.const 5))"#;

const EXIT: (&str, u32) = ("proc_exit", PASS);

/// Runs `calling_parent` over a child, and checks the code that it exits with.
fn check(exports: &str, child_source: &str, binds: &[(&str, u32)], code: u32) {
    on_every_pair(|parent, child| {
        let family = Family::builder()
            .module(compile(child, child_source))
            .build();
        let ended = run(parent, &calling_parent(exports, binds), &family);
        assert_eq!(ended, Err(Stop::Exit(code)), "{exports} {child_source}");
    });
}

#[test]
fn child_call_each_ending_told() {
    let start = |body| {
        format!(
            r#"(module
                (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
                (func (export "_start") {body}))"#
        )
    };
    check("", &start(""), &[EXIT], 100);
    check("", &start("(call $exit (i32.const 7))"), &[EXIT], 207);
    check("", &start("(unreachable)"), &[EXIT], 300);
    check("", "(module)", &[], NOENT);
}

#[test]
fn child_link_all_that_is_missing_counted_and_nothing_runs() {
    let asks_too_much = r#"(module
        (import "env" "f" (func))
        (import "env" "m" (memory 1))
        (import "wasi_snapshot_preview1" "fd_write" (func (param i32) (result i32)))
        (import "wasi_snapshot_preview1" "fd_read" (func (param i32 i32 i32 i32) (result i32)))
        (func $start unreachable) (start $start) (func (export "_start")))"#;
    check("", asks_too_much, &[], 4000);
    check("", asks_too_much, &[("class:fd", PASS)], 3000);
    check("", ASKING, &[], 2000);
}

#[test]
fn child_bind_each_way_seen_by_the_child() {
    let bound = |binding| [EXIT, ("clock_time_get", binding)];
    check(CLOCK, ASKING, &bound(PASS), 200 + INVAL);
    check(CLOCK, ASKING, &bound(SERVE), 200);
    check(CLOCK, ASKING, &bound(DENY), 200 + 2);
    check(CLOCK, ASKING, &bound(TRAP), 300);
    check(CLOCK, ASKING, &[EXIT, ("class:clock", SERVE)], 200);
    // The last counts.
    check(
        CLOCK,
        ASKING,
        &[("class:clock", SERVE), ("class:*", DENY), EXIT],
        200 + 2,
    );
}

#[test]
fn child_bind_parent_lacks_the_export_nosys() {
    check("", ASKING, &[("clock_time_get", SERVE)], NOSYS);
    let wrong = r#"(func (export "clock_now") (result i64) (i64.const 5))"#;
    check(wrong, ASKING, &[("clock_time_get", SERVE)], NOSYS);
    check(CLOCK, ASKING, &[("random_get", SERVE)], NOSYS);
}

#[test]
fn child_call_handler_traps_child_ends_and_parent_goes_on() {
    let trapping = r#"(func (export "clock_now") (param i32 i32) (result i64) (unreachable))"#;
    check(trapping, ASKING, &[EXIT, ("clock_time_get", SERVE)], 700);
}

#[test]
fn child_call_handler_exits_parent_has_left() {
    let leaving = r#"(func (export "clock_now") (param i32 i32) (result i64)
        (call $exit (i32.const 77)) (i64.const 0))"#;
    check(leaving, ASKING, &[EXIT, ("clock_time_get", SERVE)], 77);
}

/// A child that asks for 5000 random bytes at 1000, and exits with the errno, or with the sum of
/// the first and the last of them.
const DRAWING: &str = r#"(module
    (import "wasi_snapshot_preview1" "random_get" (func $draw (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 1)
    (func (export "_start") (local $errno i32)
        (local.set $errno (call $draw (i32.const 1000) (i32.const 5000)))
        (if (local.get $errno) (then (call $exit (local.get $errno))))
        (call $exit (i32.add (i32.load8_u (i32.const 1000)) (i32.load8_u (i32.const 5999))))))"#;

/// Exports that serve randomness: room of 4096 bytes from `address`, an answer, and 3 in every byte.
fn drawn(address: u32, answer: i32) -> String {
    format!(
        r#"(func (export "virt_scratch") (result i64)
            (i64.or (i64.const 0x1000_0000_0000) (i64.extend_i32_u (i32.const {address}))))
        (func (export "rng_fill") (param i32 i32 i32) (result i32)
            (memory.fill (local.get 1) (i32.const 3) (local.get 2))
            (i32.const {answer}))"#
    )
}

#[test]
fn random_get_served_in_pieces_and_flaws_of_the_parent_are_errnos() {
    let io = 29;
    let serve = [EXIT, ("random_get", SERVE)];
    check(&drawn(4096, 0), DRAWING, &serve, 206);
    check(&drawn(65000, 0), DRAWING, &serve, 200 + io);
    check(&drawn(u32::MAX, 0), DRAWING, &serve, 200 + io);
    check(&drawn(4096, -7), DRAWING, &serve, 207);
    check(&drawn(4096, -60000), DRAWING, &serve, 200 + io);
}

#[test]
fn child_new_deeper_than_there_may_be_levels_dquot() {
    std::thread::Builder::new()
        .stack_size(64 << 20)
        .spawn(|| {
            for engine in engines() {
                let source = nesting_parent();
                let limits = ChildLimits {
                    children: u64::MAX,
                    ..ChildLimits::PARENT
                };
                let family = Family::builder()
                    .module(compile(&engine, &source))
                    .limits(limits)
                    .build();
                let expected = 1000 + DQUOT + MOST_NESTED;
                assert_eq!(
                    code(&engine, &source, &family),
                    expected,
                    "{}",
                    engine.name()
                );
            }
        })
        .unwrap()
        .join()
        .unwrap();
}

/// A parent that makes a child of its module 0 with all that it has, hands it the module, and exits
/// with what that exited with and 1; with 1000 and the errno where there can be no child.
fn nesting_parent() -> String {
    let child = "(i32.load (i32.const 64))";
    let mut body = "(local $errno i32)
        (local.set $errno (call $child_new (i32.const 0) (i32.const 64)))
        (if (local.get $errno) (then
            (call $exit (i32.add (i32.const 1000) (local.get $errno)))))
        (memory.fill (i32.const 128) (i32.const 255) (i32.const 72))
        (i64.store (i32.const 152) (i64.const 0))\n"
        .to_owned();
    body += &must("child_bind", &[child, "960", "7", "2", "0"]);
    body += &must("child_module", &[child, "0", "72"]);
    body += &must("child_limits", &[child, "128"]);
    body += &must("child_link", &[child, "68"]);
    body += "(if (i32.load (i32.const 68)) (then (call $exit (i32.const 3000))))\n";
    body += &must("child_call", &[child, "980", "6", "0", "0", "0", "0", "16"]);
    body += "(call $exit (i32.add (i32.const 1) (i32.load (i32.const 20))))";
    parent(&(data(960, "class:*") + &data(980, "_start")), &body)
}

#[test]
fn child_call_flaws_of_the_caller() {
    for engine in engines() {
        let family = Family::builder().build();
        assert_eq!(code(&engine, &calling_parent("", &[]), &family), BADF);
        let beyond = parent("", &must("child_new", &["0", "65534"]));
        match run(&engine, &beyond, &family) {
            Err(Stop::Trap(trap)) => assert_eq!(trap.kind(), TrapKind::Fault),
            other => panic!("{other:?}"),
        }
    }
}
