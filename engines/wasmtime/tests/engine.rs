//! What of wasmtime alone can be seen through the engine's traits.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use turnkey_snapshots::engine::{Engine, EngineOptions, Instance, InstantiateError, Limits, Node};
use turnkey_wasi_common::{Stop, Trap, TrapKind, WasiCtx};
use turnkey_wasmtime::WasmtimeEngine;

fn instantiate(engine: &WasmtimeEngine, text: &str) -> Result<Box<dyn Instance>, InstantiateError> {
    let module = engine.compile(&wat::parse_str(text).unwrap()).unwrap();
    module.instantiate(Node {
        ctx: WasiCtx::builder().build().unwrap(),
        functions: Vec::new(),
        limits: Limits::default(),
    })
}

fn trap(instance: &mut dyn Instance, function: &str) -> Trap {
    let handler = instance.export(function).unwrap();
    match instance.call(handler, &[], &mut []) {
        Err(Stop::Trap(trap)) => trap,
        other => panic!("{function} did not trap: {other:?}"),
    }
}

#[test]
fn trap_of_the_guest_message_has_its_frames() {
    let engine = WasmtimeEngine::new(EngineOptions::default()).unwrap();
    let text = r#"(module
        (func $inner unreachable)
        (func $outer (call $inner))
        (func (export "run") (call $outer)))"#;
    let trap = trap(&mut *instantiate(&engine, text).unwrap(), "run");
    let message = trap.to_string();
    let lines: Vec<_> = message.lines().map(str::trim).collect();
    assert!(lines[0].contains("unreachable"), "{message}");
    assert!(lines[1].starts_with("at inner (0x"), "{message}");
    assert!(lines[2].starts_with("at outer (0x"), "{message}");
    assert!(lines[3].starts_with("at function 2 (0x"), "{message}");
    assert_eq!(lines.len(), 4, "{message}");
}

#[test]
fn uncaught_exception_trap_and_the_guest_stays_usable() {
    let engine = WasmtimeEngine::new(EngineOptions::default()).unwrap();
    let text = r#"(module
        (tag $t)
        (func (export "throw") (throw $t))
        (func (export "catch") (block $b (try_table (catch_all $b) (throw $t)))))"#;
    let mut instance = instantiate(&engine, text).unwrap();
    for _ in 0..2 {
        let trap = trap(&mut *instance, "throw");
        assert_eq!(trap.kind(), TrapKind::Wasm);
        assert!(trap.to_string().contains("uncaught exception"), "{trap}");
        let catch = instance.export("catch").unwrap();
        assert_eq!(instance.call(catch, &[], &mut []), Ok(()));
    }
    let starts = "(module (tag $t) (func $f (throw $t)) (start $f))";
    match instantiate(&engine, starts) {
        Err(InstantiateError::Stop(Stop::Trap(trap))) => assert_eq!(trap.kind(), TrapKind::Wasm),
        _ => panic!("a start function that throws did not end the guest"),
    }
}

#[test]
fn compile_proposals_all_that_wasmtime_has() {
    let modules = [
        ("simd", "(func (result v128) (v128.const i64x2 1 2))"),
        (
            "relaxed simd",
            "(func (param v128 v128) (result v128)
                (i8x16.relaxed_swizzle (local.get 0) (local.get 1)))",
        ),
        ("tail call", "(func $f (return_call $f))"),
        ("multi-memory", "(memory 1) (memory 1)"),
        ("memory64", "(memory i64 1)"),
        (
            "exceptions",
            "(tag $t) (func (block $b (try_table (catch_all $b) (throw $t))))",
        ),
        (
            "gc",
            "(type $s (struct (field i32))) (func (result (ref $s)) (struct.new $s (i32.const 1)))",
        ),
        (
            "function references",
            "(type $f (func)) (func (param (ref $f)) (call_ref $f (local.get 0)))",
        ),
        (
            "extended constants",
            "(global i32 (i32.add (i32.const 1) (i32.const 2)))",
        ),
        (
            "atomics",
            "(memory 1) (func (result i32) (i32.atomic.load (i32.const 0)))",
        ),
        ("custom page sizes", "(memory 1 (pagesize 1))"),
        (
            "wide arithmetic",
            "(func (result i64 i64) (i64.mul_wide_u (i64.const 1) (i64.const 2)))",
        ),
    ];
    let options = EngineOptions {
        fuel: true,
        interruptible: true,
    };
    for options in [EngineOptions::default(), options] {
        let engine = WasmtimeEngine::new(options).unwrap();
        for (proposal, fields) in modules {
            let instance = instantiate(&engine, &format!("(module {fields})"));
            assert!(instance.is_ok(), "{proposal}: {:?}", instance.err());
        }
    }
}

#[test]
fn instantiate_shared_memory_refused() {
    let engine = WasmtimeEngine::new(EngineOptions::default()).unwrap();
    let module = wat::parse_str("(module (memory 1 1 shared))").unwrap();
    let refused = match engine.compile(&module) {
        Err(error) => error.to_string(),
        Ok(_) => match instantiate(&engine, "(module (memory 1 1 shared))") {
            Err(InstantiateError::Link(message)) => message,
            other => panic!("shared memory: {:?}", other.err()),
        },
    };
    assert!(refused.contains("shared"), "{refused}");
}
