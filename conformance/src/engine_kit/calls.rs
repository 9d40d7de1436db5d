//! What passes between a guest and its host.

use super::{EVERY, LOOPS, New, PLAIN, call, compile, empty, instantiate, node, serve, trap};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use turnkey_snapshots::engine::{
    ExternType, FuncType, Guest, Handler, HostFunction, Node, Value, ValueType,
};
use turnkey_wasi_common::{Errno, Stop, TrapKind, WasiCtx};

pub(super) fn check_values(new: New<'_>) {
    let text = r#"(module
        (func (export "swap") (param i32 i64 f32 f64) (result f64 f32 i64 i32)
            local.get 3 local.get 2 local.get 1 local.get 0)
        (func (export "vector") (result v128) (v128.const i64x2 1 2))
        (global (export "number") i32 (i32.const 1))
        (memory (export "memory") 1))"#;
    let numbers = [
        Value::I32(-1),
        Value::I64(i64::MIN),
        Value::F32(f32::from_bits(0x7fa0_0001)),
        Value::F64(f64::MIN_POSITIVE),
    ];
    let mut swapped = numbers;
    swapped.reverse();
    for options in EVERY {
        let engine = new(options);
        let module = compile(&*engine, text);
        let mut instance = module.instantiate(node(empty())).unwrap();
        let results = call(&mut *instance, "swap", &numbers).unwrap();
        let bits = |values: &[Value]| values.iter().map(|value| bits(*value)).collect::<Vec<_>>();
        assert_eq!(bits(&results), bits(&swapped), "values");

        let swap = instance.export("swap").unwrap();
        assert_eq!(
            instance.export_type(swap).to_string(),
            "(i32, i64, f32, f64) -> (f64, f32, i64, i32)",
            "values"
        );
        assert!(instance.export("nothing").is_none(), "values");
        assert!(
            instance.export("number").is_none(),
            "values: a global is no function"
        );
        let mut exports = module.exports();
        exports.sort_by(|one, other| one.name.cmp(&other.name));
        let names: Vec<_> = exports.iter().map(|export| &*export.name).collect();
        assert_eq!(names, ["memory", "number", "swap", "vector"], "values");
        assert_eq!(exports[1].ty, ExternType::Global, "values");

        let mut few = [Value::I32(0)];
        let mistakes = [
            instance.call(swap, &numbers, &mut few),
            instance.call(swap, &numbers[..3], &mut swapped.clone()),
            instance.call(swap, &swapped, &mut swapped.clone()),
        ];
        for mistake in mistakes {
            assert_eq!(trap(mistake.unwrap_err()).kind(), TrapKind::Host, "values");
        }
        let vector = instance.export("vector").unwrap();
        assert_eq!(
            instance.export_type(vector).results,
            [ValueType::Other],
            "values"
        );
        let crossed = instance.call(vector, &[], &mut few);
        assert_eq!(trap(crossed.unwrap_err()).kind(), TrapKind::Host, "values");
        assert!(
            call(&mut *instance, "swap", &numbers).is_ok(),
            "values: usable afterwards"
        );
    }
}

/// How deep a guest's own calls must be able to nest. Interpreters and compilers of other languages
/// need some thousands.
const DEEP: i32 = 8_000;

pub(super) fn check_deep_calls(new: New<'_>) {
    let text = r#"(module
        (func $sum (export "sum") (param i32) (result i32)
            (if (result i32) (local.get 0)
                (then (i32.add (local.get 0)
                    (call $sum (i32.sub (local.get 0) (i32.const 1)))))
                (else (i32.const 0))))
        (func (export "endless") (result i32) (call $sum (i32.const -1))))"#;
    for options in EVERY {
        let engine = new(options);
        let module = compile(&*engine, text);
        let mut instance = module.instantiate(node(empty())).unwrap();
        let sum = call(&mut *instance, "sum", &[Value::I32(DEEP)]);
        assert_eq!(
            sum,
            Ok(vec![Value::I32(DEEP * (DEEP + 1) / 2)]),
            "deep calls"
        );
        let ended = call(&mut *instance, "endless", &[]);
        assert_eq!(
            trap(ended.unwrap_err()).kind(),
            TrapKind::Wasm,
            "deep calls"
        );
        assert!(
            call(&mut *instance, "sum", &[Value::I32(1)]).is_ok(),
            "deep calls"
        );
    }
}

fn bits(value: Value) -> (ValueType, u64) {
    let bits = match value {
        Value::I32(value) => u64::from(u32::from_ne_bytes(value.to_ne_bytes())),
        Value::I64(value) => u64::from_ne_bytes(value.to_ne_bytes()),
        Value::F32(value) => u64::from(value.to_bits()),
        Value::F64(value) => value.to_bits(),
    };
    (value.ty(), bits)
}

/// A function that is imported as `host.NAME`.
fn host(
    name: &str,
    ty: FuncType,
    run: impl Fn(&mut dyn Guest, &[Value], &mut [Value]) -> Result<(), Stop> + Send + Sync + 'static,
) -> HostFunction {
    HostFunction {
        module: "host".to_owned(),
        name: name.to_owned(),
        ty,
        run: Arc::new(run),
    }
}

pub(super) fn check_host_functions(new: New<'_>) {
    let text = r#"(module
        (import "host" "serve" (func $serve (param i32 f64) (result i64 f32)))
        (import "host" "leave" (func $leave (param i32)))
        (import "host" "mistake" (func $mistake (result i32)))
        (import "wasi_snapshot_preview1" "sched_yield" (func $yield (result i32)))
        (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
        (memory (export "memory") 1)
        (data (i32.const 16) "question")
        (func (export "ask") (result i64)
            (call $serve (i32.const 16) (f64.const 0.5))
            (drop) (i64.add (i64.extend_i32_u (i32.load8_u (i32.const 32)))))
        (func (export "handler") (param i32) (result i32)
            (drop (memory.grow (i32.const 1)))
            (i32.store8 (i32.const 32) (local.get 0))
            (i32.const 3))
        (func (export "leave") (param i32) (call $leave (local.get 0)))
        (func (export "exit") (param i32) (call $exit (local.get 0)))
        (func (export "crash") (param i32) unreachable)
        (func (export "yield") (result i32) (call $yield))
        (func (export "mistake") (result i32) (call $mistake)))"#;
    let serve_type = FuncType::new(
        [ValueType::I32, ValueType::F64],
        [ValueType::I64, ValueType::F32],
    );
    let serve = |guest: &mut dyn Guest, args: &[Value], results: &mut [Value]| {
        assert_eq!(args, [Value::I32(16), Value::F64(0.5)], "host functions");
        assert_eq!(results, [Value::I64(0), Value::F32(0.0)], "host functions");
        assert_eq!(guest.memory()?[16..24], *b"question", "host functions");
        assert_eq!(guest.ctx().args().len(), 1, "host functions");
        let answer = call(guest, "handler", &[Value::I32(40)])?;
        assert_eq!(answer, [Value::I32(3)], "host functions");
        let memory = guest.memory()?;
        assert_eq!(
            (memory.len(), memory[32]),
            (2 * 65536, 40),
            "host functions"
        );
        memory[32] += 1;
        results[0] = Value::I64(1);
        Ok(())
    };
    // 0 exits in a handler, 1 exits here, 2 traps in a handler, 3 goes on after that.
    let leave = |guest: &mut dyn Guest, args: &[Value], _: &mut [Value]| match args {
        [Value::I32(0)] => call(guest, "exit", &[Value::I32(9)]).map(|_| ()),
        [Value::I32(1)] => Err(Stop::Exit(10)),
        [Value::I32(2)] => call(guest, "crash", args).map(|_| ()),
        _ => {
            assert!(call(guest, "crash", args).is_err(), "host functions");
            Ok(())
        }
    };
    for options in EVERY {
        let yields = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&yields);
        let mut own_yield = host(
            "sched_yield",
            FuncType::new([], [ValueType::I32]),
            move |_, _, results| {
                counted.fetch_add(1, Ordering::Relaxed);
                results[0] = Value::I32(Errno::Nosys.number().into());
                Ok(())
            },
        );
        own_yield.module = "wasi_snapshot_preview1".to_owned();
        let functions = vec![
            host("serve", serve_type.clone(), serve),
            host("serve", serve_type.clone(), |_, _, _| Err(Stop::Exit(0))),
            host("leave", FuncType::new([ValueType::I32], []), leave),
            own_yield,
            host(
                "mistake",
                FuncType::new([], [ValueType::I32]),
                |_, _, results| {
                    results[0] = Value::F64(0.5);
                    Ok(())
                },
            ),
            host(
                "unused",
                FuncType::new([ValueType::Other], []),
                |_, _, _| Ok(()),
            ),
        ];
        let ctx = WasiCtx::builder().args(["app"]).build().unwrap();
        let node = Node {
            functions,
            ..node(ctx)
        };
        let mut instance = instantiate(&*new(options), text, node);
        let asked = call(&mut *instance, "ask", &[]);
        assert_eq!(
            asked,
            Ok(vec![Value::I64(42)]),
            "host functions: {options:?}"
        );
        let nosys = Value::I32(Errno::Nosys.number().into());
        assert_eq!(
            call(&mut *instance, "yield", &[]),
            Ok(vec![nosys]),
            "host functions"
        );
        assert_eq!(yields.load(Ordering::Relaxed), 1, "host functions");

        let mistake = trap(call(&mut *instance, "mistake", &[]).unwrap_err());
        assert_eq!(
            mistake.kind(),
            TrapKind::Host,
            "host functions: {options:?}: {mistake}"
        );

        let mut leave = |way| call(&mut *instance, "leave", &[Value::I32(way)]);
        assert_eq!(leave(0), Err(Stop::Exit(9)), "host functions: {options:?}");
        assert_eq!(leave(1), Err(Stop::Exit(10)), "host functions: {options:?}");
        let crash = trap(leave(2).unwrap_err());
        assert_eq!(
            crash.kind(),
            TrapKind::Wasm,
            "host functions: {options:?}: {crash}"
        );
        assert_eq!(leave(3), Ok(vec![]), "host functions: {options:?}");
    }
}

pub(super) fn check_reentry(new: New<'_>) {
    let text = r#"(module
        (import "host" "serve" (func $serve))
        (func (export "handler")
            (global.set $depth (i32.add (global.get $depth) (i32.const 1)))
            (if (i32.ne (global.get $depth) (global.get $deepest)) (then (call $serve))))
        (func (export "run") (param i32)
            (global.set $depth (i32.const 0))
            (global.set $deepest (local.get 0))
            (call $serve))
        (global $depth (mut i32) (i32.const 0))
        (global $deepest (mut i32) (i32.const 0)))"#;
    for options in EVERY {
        let node = Node {
            functions: vec![serve()],
            ..node(empty())
        };
        let mut instance = instantiate(&*new(options), text, node);
        let mut run = |depth| call(&mut *instance, "run", &[Value::I32(depth)]);
        assert_eq!(run(16), Ok(vec![]), "re-entry: {options:?}");
        let trap = trap(run(-1).unwrap_err());
        assert_eq!(trap.kind(), TrapKind::Wasm, "re-entry: {options:?}: {trap}");
        assert!(
            trap.to_string().contains("stack"),
            "re-entry: {options:?}: {trap}"
        );
        assert_eq!(
            run(16),
            Ok(vec![]),
            "re-entry: {options:?}: usable afterwards"
        );
    }
}

pub(super) fn check_handlers(new: New<'_>) {
    let mut instance = instantiate(&*new(PLAIN), LOOPS, node(empty()));
    let count = instance.export("count").unwrap();
    assert_eq!(
        instance.export("count"),
        Some(count),
        "handlers: looked up twice"
    );
    let unknown = Handler(1000);
    assert_eq!(
        instance.export_type(unknown),
        FuncType::default(),
        "handlers"
    );
    let called = instance.call(unknown, &[], &mut []);
    assert_eq!(trap(called.unwrap_err()).kind(), TrapKind::Host, "handlers");

    let mut instance = instantiate(&*new(PLAIN), "(module)", node(empty()));
    let memory = instance.memory();
    assert_eq!(
        memory.unwrap_err().kind(),
        TrapKind::NoMemory,
        "handlers: no memory"
    );
}
