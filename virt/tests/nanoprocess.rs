//! A wasm parent and its children, on every engine, and across engines.
#![cfg(test)]

use std::sync::Arc;
use turnkey_snapshots::engine::{Engine, EngineOptions, HostFunction, Limits, Node};
use turnkey_virt::nanoprocess::{Child, Family, MOST_NESTED};
use turnkey_wasi_common::{Pipe, PipeReader, Stop, TrapKind, WasiCtx};

const OPTIONS: EngineOptions = EngineOptions {
    fuel: false,
    interruptible: true,
};

fn engines() -> Vec<Box<dyn Engine>> {
    vec![
        Box::new(turnkey_wasmtime::WasmtimeEngine::new(OPTIONS).unwrap()),
        Box::new(turnkey_wasmi::WasmiEngine::new(OPTIONS)),
    ]
}

/// Runs `check` with every pair of a parent's and a child's engine.
fn on_every_pair(check: impl Fn(&dyn Engine, &dyn Engine)) {
    for parent in engines() {
        for child in engines() {
            println!("parent on {}, child on {}", parent.name(), child.name());
            check(&*parent, &*child);
        }
    }
}

fn compile(engine: &dyn Engine, wat: &str) -> Box<dyn turnkey_snapshots::engine::Module> {
    engine.compile(&wat::parse_str(wat).unwrap()).unwrap()
}

/// Runs a parent's `_start`; answers how it ended.
fn run(
    engine: &dyn Engine,
    wat: &str,
    ctx: WasiCtx,
    functions: Vec<HostFunction>,
) -> Result<(), Stop> {
    let node = Node {
        ctx,
        functions,
        limits: Limits::default(),
    };
    let mut parent = compile(engine, wat).instantiate(node).unwrap();
    let start = parent.export("_start").unwrap();
    parent.call(start, &[], &mut [])
}

fn output() -> (Arc<turnkey_wasi_common::PipeWriter>, PipeReader) {
    let (writer, reader) = Pipe::new(1 << 16);
    (Arc::new(writer), reader)
}

#[test]
fn child_call_served_clock_and_randomness_seen_by_the_child() {
    on_every_pair(|parent, child| {
        let (writer, reader) = output();
        let stdout = Arc::clone(&writer);
        let child = Child::new(compile(
            child,
            include_str!("../../conformance/guests/tour/child.wat"),
        ))
        .clocks_from_parent()
        .random_from_parent()
        .grant(move |builder| builder.stdout(stdout.clone()).build());
        let ctx = WasiCtx::builder().stdout(writer).build().unwrap();
        let family = Family::new([child]);
        let source = include_str!("../../conformance/guests/tour/parent.wat");
        assert_eq!(run(parent, source, ctx, family.functions()), Ok(()));
        assert_eq!(
            String::from_utf8(reader.drain()).unwrap(),
            "child: the time is 1573516800000000000, then 1573516801000000000\n\
             child: 8 random bytes are 0001020304050607\n\
             parent: child returned\n\
             parent: requests served: clock 2, random 1\n"
        );
    });
}

/// A parent that calls child 0 and exits with what `child_call` answered: the errno if there is
/// one, else 100 times what happened, and the code.
fn calling_parent(exports: &str) -> String {
    format!(
        r#"(module
            (import "nanoprocess_0" "child_call" (func $child_call (param i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
            (memory (export "memory") 1)
            {exports}
            (func (export "_start") (local $errno i32)
                (local.set $errno (call $child_call (i32.const 0) (i32.const 16)))
                (if (local.get $errno) (then (call $exit (local.get $errno))))
                (call $exit (i32.add
                    (i32.mul (i32.const 100) (i32.add (i32.const 1) (i32.load (i32.const 16))))
                    (i32.load (i32.const 20))))))"#
    )
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

/// Runs `calling_parent(exports)` over a child, and checks the code that it exits with.
fn check(exports: &str, child_source: &str, adopt: fn(Child) -> Child, code: u32) {
    on_every_pair(|parent, child| {
        let family = Family::new([adopt(Child::new(compile(child, child_source)))]);
        let ctx = WasiCtx::builder().build().unwrap();
        let ended = run(parent, &calling_parent(exports), ctx, family.functions());
        assert_eq!(ended, Err(Stop::Exit(code)), "{exports} {child_source}");
    });
}

const BADF: u32 = 8;
const NOEXEC: u32 = 45;
const NOMEM: u32 = 48;
const NOSYS: u32 = 52;

#[test]
fn child_call_each_ending_told() {
    let start = |body| {
        format!(
            r#"(module
                (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
                (func (export "_start") {body}))"#
        )
    };
    check("", &start(""), |child| child, 100);
    check("", &start("(call $exit (i32.const 7))"), |child| child, 207);
    check("", &start("(unreachable)"), |child| child, 300);
    check("", "(module)", |child| child, NOEXEC);
    let asks_too_much = r#"(module (import "env" "f" (func)) (func (export "_start")))"#;
    check("", asks_too_much, |child| child, NOEXEC);
}

#[test]
fn child_call_parent_serves_nothing_child_has_no_clock() {
    let inval = 28;
    check(CLOCK, ASKING, |child| child, 200 + inval);
    check(CLOCK, ASKING, Child::clocks_from_parent, 200);
}

#[test]
fn child_call_parent_lacks_the_export_nosys_and_nothing_runs() {
    check("", ASKING, Child::clocks_from_parent, NOSYS);
    let wrong = r#"(func (export "clock_now") (result i64) (i64.const 5))"#;
    check(wrong, ASKING, Child::clocks_from_parent, NOSYS);
    check(CLOCK, ASKING, Child::random_from_parent, NOSYS);
}

#[test]
fn child_call_handler_traps_child_ends_and_parent_goes_on() {
    let trapping = r#"(func (export "clock_now") (param i32 i32) (result i64) (unreachable))"#;
    check(trapping, ASKING, Child::clocks_from_parent, 400);
}

#[test]
fn child_call_handler_exits_parent_has_left() {
    let leaving = r#"(func (export "clock_now") (param i32 i32) (result i64)
        (call $exit (i32.const 77)) (i64.const 0))"#;
    check(leaving, ASKING, Child::clocks_from_parent, 77);
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
    let serve = Child::random_from_parent;
    check(&drawn(4096, 0), DRAWING, serve, 206);
    check(&drawn(65000, 0), DRAWING, serve, 200 + io);
    check(&drawn(u32::MAX, 0), DRAWING, serve, 200 + io);
    check(&drawn(4096, -7), DRAWING, serve, 207);
    check(&drawn(4096, -60000), DRAWING, serve, 200 + io);
}

#[test]
fn child_call_flaws_of_the_caller() {
    for engine in engines() {
        let family = Family::default();
        let ctx = || WasiCtx::builder().build().unwrap();
        let ended = run(&*engine, &calling_parent(""), ctx(), family.functions());
        assert_eq!(ended, Err(Stop::Exit(BADF)));

        let beyond = calling_parent("").replace("(i32.const 16)))", "(i32.const 65530)))");
        let ended = run(&*engine, &beyond, ctx(), family.functions());
        match ended {
            Err(Stop::Trap(trap)) => assert_eq!(trap.kind(), TrapKind::Fault),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn child_call_nested_to_the_limit_then_nomem() {
    std::thread::Builder::new()
        .stack_size(64 << 20)
        .spawn(|| {
            for engine in engines() {
                // The innermost child reports that it was run; each level above hands its own
                // child's code on, so that the limit's errno reaches the top.
                let mut functions = Vec::new();
                for _ in 0..=MOST_NESTED {
                    let passing = calling_parent("")
                        .replace("(i32.mul (i32.const 100)", "(i32.mul (i32.const 0)");
                    let source = match functions.is_empty() {
                        true => r#"(module (func (export "_start")))"#.to_owned(),
                        false => passing,
                    };
                    let child = Child::new(compile(&*engine, &source)).functions(functions);
                    functions = Family::new([child]).functions();
                }
                let ctx = WasiCtx::builder().build().unwrap();
                let top = calling_parent("")
                    .replace("(i32.mul (i32.const 100)", "(i32.mul (i32.const 0)");
                let ended = run(&*engine, &top, ctx, functions);
                assert_eq!(ended, Err(Stop::Exit(NOMEM)), "{}", engine.name());
            }
        })
        .unwrap()
        .join()
        .unwrap();
}
