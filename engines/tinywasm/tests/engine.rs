//! What of tinywasm alone can be seen through the engine's traits.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use turnkey_snapshots::engine::{
    CompileError, Engine, EngineOptions, FuncType, HostFunction, Instance, Limits, Module, Node,
    Value,
};
use turnkey_tinywasm::TinywasmEngine;
use turnkey_wasi_common::{Interrupt, Stop, TrapKind, WasiCtx};

const BOTH: EngineOptions = EngineOptions {
    fuel: true,
    interruptible: true,
};

fn compile(options: EngineOptions, text: &str) -> Result<Box<dyn Module>, CompileError> {
    TinywasmEngine::new(options).compile(&wat::parse_str(text).unwrap())
}

/// A node that has its instance watched in every respect, with limits that are not reached.
fn watched() -> Node {
    let ctx = WasiCtx::builder().interrupt(Interrupt::new()).build();
    Node {
        ctx: ctx.unwrap(),
        functions: Vec::new(),
        limits: Limits {
            fuel: Some(1 << 40),
            memory: Some(1 << 24),
        },
    }
}

fn unwatched() -> Node {
    Node {
        ctx: WasiCtx::builder().build().unwrap(),
        functions: Vec::new(),
        limits: Limits::default(),
    }
}

fn run(instance: &mut dyn Instance, args: &[Value]) -> Result<Vec<Value>, Stop> {
    let run = instance.export("run").unwrap();
    let mut results = instance.export_type(run).zero_results().unwrap();
    instance.call(run, args, &mut results).map(|()| results)
}

#[test]
fn call_watched_code_computes_what_unwatched_code_does() {
    let cases = [
        // Loops in loops, branches out of them, and a loop that has parameters and a result.
        r#"(module (func (export "run") (param i32) (result i32) (local i32 i32)
            (loop $outer (result i32)
                (local.set 1 (local.get 0))
                (block $out
                    (loop $inner
                        (local.set 2 (i32.add (local.get 2) (local.get 1)))
                        (br_if $out (i32.eqz (local.get 1)))
                        (local.set 1 (i32.sub (local.get 1) (i32.const 1)))
                        (br_table $inner $out (i32.gt_u (local.get 1) (i32.const 90)))))
                (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
                (i32.const 1) (loop (param i32) (result i32) (i32.add (local.get 2)))
                (br_if $outer (local.get 0)))))"#,
        // Calls of each kind, with conditions between them.
        r#"(module
            (table funcref (elem $fib))
            (type $t (func (param i32) (result i32)))
            (func $fib (export "run") (param i32) (result i32)
                (if (result i32) (i32.lt_s (local.get 0) (i32.const 2))
                    (then (local.get 0))
                    (else (i32.add
                        (call $fib (i32.sub (local.get 0) (i32.const 99)))
                        (call_indirect (type $t)
                            (i32.sub (local.get 0) (i32.const 98)) (i32.const 0)))))))"#,
        // A memory of its own, of which the index stays, and one that is not exported.
        r#"(module (memory (export "memory") 1) (memory $other 2) (data $other (i32.const 5) "abc")
            (func (export "run") (param i32) (result i32)
                (i32.store (local.get 0) (i32.load8_u $other (i32.const 6)))
                (i32.add (i32.load (local.get 0)) (memory.size $other))))"#,
        // Tables that grow: of functions and of references, and with indices of 64 bits.
        r#"(module (table $f 1 8 funcref) (table $x 2 externref) (table $l i64 3 funcref)
            (func (export "run") (param i32) (result i32)
                (drop (table.grow $f (ref.func 0) (i32.const 4)))
                (drop (table.grow $f (ref.func 0) (i32.const 4)))
                (drop (table.grow $x (ref.null extern) (local.get 0)))
                (drop (table.grow $l (ref.null func) (i64.extend_i32_u (local.get 0))))
                (i32.add (i32.add (table.size $f) (table.size $x))
                    (i32.wrap_i64 (table.size $l))))
            (elem declare func 0))"#,
    ];
    for text in cases {
        let outcomes = [EngineOptions::default(), BOTH].map(|options| {
            let module = compile(options, text).unwrap();
            let node = if options == BOTH {
                watched()
            } else {
                unwatched()
            };
            let mut instance = module.instantiate(node).unwrap();
            run(&mut *instance, &[Value::I32(100)])
        });
        let [unwatched, watched] = outcomes;
        assert_eq!(unwatched, watched, "{text}");
        assert!(watched.is_ok(), "{watched:?} {text}");
    }
}

#[test]
fn table_grow_that_fails_in_any_case_counts_for_nothing() {
    let text = r#"(module (table $t 0 10 funcref)
        (func (export "run") (param i32) (result i32)
            (table.grow $t (ref.null func) (local.get 0))))"#;
    let module = compile(EngineOptions::default(), text).unwrap();
    let mut node = unwatched();
    node.limits.memory = Some(11 * 16);
    let mut instance = module.instantiate(node).unwrap();
    for (more, expected) in [(11, -1), (10, 0), (1, -1)] {
        let grown = run(&mut *instance, &[Value::I32(more)]);
        assert_eq!(grown, Ok(vec![Value::I32(expected)]), "{more}");
    }
}

#[test]
fn call_access_beyond_a_memory_without_pages_trap() {
    let accesses = [
        "(drop (i32.load8_u (local.get 0)))",
        "(drop (i32.load16_u (local.get 0)))",
        "(i32.store8 (local.get 0) (i32.const 1))",
        "(i32.store16 (local.get 0) (i32.const 1))",
        "(i32.store (local.get 0) (i32.const 1))",
        "(i64.store (local.get 0) (i64.const 1))",
        "(memory.fill (local.get 0) (i32.const 1) (i32.const 1))",
        "(v128.store (local.get 0) (v128.const i64x2 1 1))",
    ];
    for access in accesses {
        for node in [watched(), unwatched()] {
            let text = format!(
                r#"(module (memory (export "memory") 0)
                (func (export "run") (param i32) {access}))"#
            );
            let module = compile(BOTH, &text).unwrap();
            let mut instance = module.instantiate(node).unwrap();
            let Err(Stop::Trap(trap)) = run(&mut *instance, &[Value::I32(0)]) else {
                panic!("{access}: the guest went on");
            };
            assert_eq!(trap.kind(), TrapKind::Wasm, "{access}: {trap}");
        }
    }
}

#[test]
fn compile_what_tinywasm_does_not_have_is_an_error() {
    let texts = [
        "(module (memory 1 1 shared))",
        "(module (tag))",
        "(module (type (struct)) (func (drop (struct.new 0))))",
        "(module (memory i64 100000))",
        "(module (memory i64 1 0x1000000000000))",
        // Refers to what only the rewritten module has.
        "(module (func (drop (i32.load8_u (i32.const 0)))))",
    ];
    for text in texts {
        for options in [EngineOptions::default(), BOTH] {
            let error = compile(options, text).map(|_| ()).unwrap_err();
            assert!(!error.to_string().is_empty(), "{text}");
        }
    }
}

#[test]
fn compile_what_tinywasm_does_not_have_is_named() {
    for (text, name) in [
        ("(module (memory 1 1 shared))", "threads"),
        ("(module (tag))", "exceptions"),
        ("(module (type (struct)))", "gc"),
    ] {
        let error = compile(EngineOptions::default(), text).map(|_| ());
        let error = error.unwrap_err().to_string();
        assert!(error.contains(name), "{text}: {error}");
    }
}

#[test]
fn call_host_function_that_panics_the_caller_panics_and_the_guest_is_gone() {
    let text = r#"(module (import "host" "panic" (func $panic))
        (func (export "run") (call $panic)))"#;
    let module = compile(EngineOptions::default(), text).unwrap();
    let mut node = unwatched();
    node.functions.push(HostFunction {
        module: "host".to_owned(),
        name: "panic".to_owned(),
        ty: FuncType::default(),
        run: Arc::new(|_, _, _| panic!("on purpose")),
    });
    let mut instance = module.instantiate(node).unwrap();
    let panic = catch_unwind(AssertUnwindSafe(|| run(&mut *instance, &[]))).unwrap_err();
    assert_eq!(panic.downcast_ref(), Some(&"on purpose"));
    let Err(Stop::Trap(trap)) = run(&mut *instance, &[]) else {
        panic!("the guest went on");
    };
    assert_eq!(trap.kind(), TrapKind::Host, "{trap}");
}

#[test]
fn call_import_of_the_same_function_twice_both_are_it() {
    let text = r#"(module
        (import "wasi_snapshot_preview1" "sched_yield" (func $one (result i32)))
        (import "wasi_snapshot_preview1" "sched_yield" (func $other (result i32)))
        (table $t 1 funcref)
        (func $three (result i32) (i32.const 3))
        (elem declare func $three)
        (func (export "run") (result i32)
            (table.fill $t (i32.const 0) (ref.func $three) (i32.const 1))
            (i32.add (i32.add (call $one) (call $other))
                (call_indirect $t (result i32) (i32.const 0)))))"#;
    let module = compile(EngineOptions::default(), text).unwrap();
    let mut instance = module.instantiate(unwatched()).unwrap();
    assert_eq!(run(&mut *instance, &[]), Ok(vec![Value::I32(3)]));
}

#[test]
fn fuel_each_instruction_is_about_a_unit() {
    let text = r#"(module (func (export "run") (param i32)
        (loop
            (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
            (br_if 0 (local.get 0)))))"#;
    let module = compile(BOTH, text).unwrap();
    let mut instance = module.instantiate(watched()).unwrap();
    let before = instance.fuel().unwrap();
    run(&mut *instance, &[Value::I32(1000)]).unwrap();
    // Four instructions, two to branch, the loop itself and its end; and the function's end.
    assert_eq!(before - instance.fuel().unwrap(), 8 * 1000 + 1);
}

/// tinywasm 0.10.0 computes all but the last of these wrongly, where the adapter leaves them as
/// they are.
#[test]
fn local_tee_where_branches_come_together_takes_the_value_of_each() {
    let text = r#"(module
        (func (export "if") (param i32 i32) (result i32) (local i32)
            (local.tee 2 (if (result i32) (local.get 0)
                (then (i32.add (local.get 0) (i32.const 0))) (else (local.get 1)))))
        (func (export "br") (param i32 i32) (result i32) (local i32)
            (drop (local.tee 2 (block (result i32)
                (drop (br_if 0 (i32.const 8) (local.get 0)))
                (local.get 1))))
            (local.get 2))
        (func (export "loop") (param i32 i32) (result i32) (local i32)
            local.get 1
            loop (param i32) (result i32)
                local.tee 2
                local.get 0
                if (param i32) (result i32)
                    drop
                    i32.const 0
                    local.set 0
                    i32.const 8
                    br 1
                end
            end
            drop
            local.get 2)
        (func (export "plain") (param i32 i32) (result i32) (local i32)
            (drop (local.tee 2 (local.get 0)))
            (local.get 2)))"#;
    for options in [EngineOptions::default(), BOTH] {
        let module = compile(options, text).unwrap();
        let nodes = match options == BOTH {
            true => vec![watched(), unwatched()],
            false => vec![unwatched()],
        };
        for node in nodes {
            let mut instance = module.instantiate(node).unwrap();
            for name in ["if", "br", "loop", "plain"] {
                let func = instance.export(name).unwrap();
                let mut results = [Value::I32(-1)];
                let args = [Value::I32(8), Value::I32(4)];
                instance.call(func, &args, &mut results).unwrap();
                assert_eq!(results, [Value::I32(8)], "{name} {options:?}");
            }
        }
    }
}
