//! How guests end.

use super::{
    BOTH, EVERY, FUEL, New, PLAIN, STARTS, call, compile, empty, instantiate, node, refused, trap,
};
use std::sync::Arc;
use turnkey_snapshots::engine::{InstantiateError, Limits, Node, Value};
use turnkey_wasi_common::{Filter, Invocation, Pipe, Stop, Trap, TrapKind, Verdict, WasiCtx};

pub(super) const HELLO: &str = r#"(module
    (import "wasi_snapshot_preview1" "fd_write"
        (func $write (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "\08\00\00\00\06\00\00\00hello\n")
    (func (export "_start")
        (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 20)))
        (call $exit (i32.load (i32.const 20)))
        unreachable))"#;

pub(super) fn check_hello(new: New<'_>) {
    for options in EVERY {
        let engine = new(options);
        let (stdout, output) = Pipe::new(64);
        let ctx = WasiCtx::builder().stdout(Arc::new(stdout)).build().unwrap();
        let mut instance = instantiate(&*engine, HELLO, node(ctx));
        let outcome = call(&mut *instance, "_start", &[]);
        assert_eq!(outcome, Err(Stop::Exit(6)), "hello: {options:?}");
        assert_eq!(output.drain(), b"hello\n", "hello: {options:?}");
    }
}

pub(super) fn check_exit_codes(new: New<'_>) {
    let engine = new(PLAIN);
    let text = r#"(module
        (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
        (memory (export "memory") 1)
        (func (export "exit") (param i32) (call $exit (local.get 0))))"#;
    for code in [0, 1, 125, 126, 255, 256, 1 << 31, u32::MAX] {
        let mut instance = instantiate(&*engine, text, node(empty()));
        let outcome = call(
            &mut *instance,
            "exit",
            &[Value::I32(i32::from_ne_bytes(code.to_ne_bytes()))],
        );
        assert_eq!(outcome, Err(Stop::Exit(code)), "exit codes");
    }
}

pub(super) fn check_traps(new: New<'_>) {
    let random = r#"(import "wasi_snapshot_preview1" "random_get"
        (func $random (param i32 i32) (result i32)))"#;
    let sizes = r#"(import "wasi_snapshot_preview1" "args_sizes_get"
        (func $sizes (param i32 i32) (result i32)))"#;
    let memory = r#"(memory (export "memory") 1)"#;
    let cases = [
        (
            "(func $f unreachable)".to_owned(),
            TrapKind::Wasm,
            "unreachable",
        ),
        (
            "(func $f (drop (i32.div_u (i32.const 1) (i32.const 0))))".to_owned(),
            TrapKind::Wasm,
            "divi",
        ),
        (
            "(func $f (call $f) (call $f))".to_owned(),
            TrapKind::Wasm,
            "stack",
        ),
        (
            format!("{memory} (func $f (drop (i32.load (i32.const 65536))))"),
            TrapKind::Wasm,
            "memory",
        ),
        (
            format!(
                "{random} {memory}
                (func $f (drop (call $random (i32.const 65535) (i32.const 2))))"
            ),
            TrapKind::Fault,
            "beyond",
        ),
        (
            format!("{sizes} {memory} (func $f (drop (call $sizes (i32.const 1) (i32.const 4))))"),
            TrapKind::Fault,
            "",
        ),
        (
            format!("{sizes} (func $f (drop (call $sizes (i32.const 0) (i32.const 4))))"),
            TrapKind::NoMemory,
            "memory",
        ),
        (
            format!(
                r#"{sizes} (memory (export "memory") i64 1)
                (func $f (drop (call $sizes (i32.const 0) (i32.const 4))))"#
            ),
            TrapKind::NoMemory,
            "64 bits",
        ),
    ];
    for options in EVERY {
        let engine = new(options);
        for (fields, kind, words) in &cases {
            let text = format!(r#"(module {fields} (export "run" (func $f)))"#);
            let mut instance = instantiate(&*engine, &text, node(empty()));
            let trap = trap(call(&mut *instance, "run", &[]).unwrap_err());
            assert_eq!(trap.kind(), *kind, "traps: {options:?}: {trap}\n{text}");
            assert!(trap.to_string().contains(words), "traps: {trap}\n{text}");
        }
        let ctx = WasiCtx::builder().filter(Arc::new(Guard)).build().unwrap();
        let text = format!(
            r#"(module {sizes} {memory}
            (func (export "run") (drop (call $sizes (i32.const 0) (i32.const 4)))))"#
        );
        let mut instance = instantiate(&*engine, &text, node(ctx));
        let trap = trap(call(&mut *instance, "run", &[]).unwrap_err());
        assert_eq!(trap, Trap::new(TrapKind::Refused, "not today"), "traps");
    }
}

/// A filter that ends the guest.
struct Guard;

impl Filter for Guard {
    fn before(&self, _call: &Invocation<'_>, _memory: &mut [u8]) -> Verdict {
        Verdict::Trap(Trap::new(TrapKind::Refused, "not today"))
    }
}

pub(super) fn check_start_function(new: New<'_>) {
    let text = |then: &str| {
        format!(
            r#"(module
            (import "wasi_snapshot_preview1" "args_sizes_get"
                (func $sizes (param i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
            (memory (export "memory") 1)
            (func $f (drop (call $sizes (i32.const 0) (i32.const 4))) {then})
            (func (export "args") (result i32) (i32.load (i32.const 0)))
            (start $f))"#
        )
    };
    for options in EVERY {
        let engine = new(options);
        let ctx = || WasiCtx::builder().args(["a", "b"]).build().unwrap();
        let module = compile(&*engine, &text(""));
        let exports = module.exports();
        let mut names: Vec<_> = exports.iter().map(|export| &*export.name).collect();
        names.sort_unstable();
        assert_eq!(names, ["args", "memory"], "start function: {options:?}");
        let mut instance = module.instantiate(node(ctx())).unwrap();
        let args = call(&mut *instance, "args", &[]);
        assert_eq!(args, Ok(vec![Value::I32(2)]), "start function: {options:?}");

        let exits = refused(&*engine, &text("(call $exit (i32.const 5))"), node(ctx()));
        let expected = InstantiateError::Stop(Stop::Exit(5));
        assert_eq!(exits, expected, "start function: {options:?}");
        match refused(&*engine, &text("unreachable"), node(ctx())) {
            InstantiateError::Stop(stop) => assert_eq!(trap(stop).kind(), TrapKind::Wasm),
            other => panic!("start function: it traps, and the answer was {other:?}"),
        }
    }
    for options in [FUEL, BOTH] {
        let node = Node {
            limits: Limits {
                fuel: Some(100_000),
                memory: None,
            },
            ..node(empty())
        };
        match refused(&*new(options), STARTS, node) {
            InstantiateError::Stop(stop) => assert_eq!(trap(stop).kind(), TrapKind::OutOfFuel),
            other => panic!("start function: it is out of fuel, and the answer was {other:?}"),
        }
    }
}
