//! What every adapter of an engine must do, as checks that any of them can be put through.
//!
//! ```no_run
//! # use turnkey_snapshots::engine::{Engine, EngineOptions};
//! # fn my_engine(options: EngineOptions) -> Box<dyn Engine> { unimplemented!() }
//! turnkey_conformance::engine_kit::check_engine(&my_engine);
//! ```
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a check that fails panics, as a test does"
)]

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;
use turnkey_snapshots::engine::{
    CompileError, Engine, EngineOptions, ExternType, FuncType, Guest, Handler, HostFunction,
    Instance, InstantiateError, Limits, Module, Node, Value, ValueType, Why,
};
use turnkey_wasi_common::{
    Errno, Filter, Interrupt, Invocation, Pipe, Reason, Stop, Trap, TrapKind, Verdict, WasiCtx,
};

/// Makes the engine that is checked.
pub type New<'a> = &'a dyn Fn(EngineOptions) -> Box<dyn Engine>;

/// Checks an adapter through the traits alone.
///
/// # Panics
/// A check fails. The message begins with what was checked.
pub fn check_engine(new: New<'_>) {
    check_hello(new);
    check_exit_codes(new);
    check_traps(new);
    check_values(new);
    check_fuel(new);
    check_memory_limit(new);
    check_interrupt(new);
    check_interrupt_ends_its_own_guest_only(new);
    check_missing_imports(new);
    check_host_functions(new);
    check_start_function(new);
    check_compile_errors(new);
    check_instances_are_apart(new);
    check_handlers(new);
}

const PLAIN: EngineOptions = EngineOptions {
    fuel: false,
    interruptible: false,
};
const FUEL: EngineOptions = EngineOptions {
    fuel: true,
    interruptible: false,
};
const INTERRUPTIBLE: EngineOptions = EngineOptions {
    fuel: false,
    interruptible: true,
};
const BOTH: EngineOptions = EngineOptions {
    fuel: true,
    interruptible: true,
};

/// Every way to make an engine: what it can do beyond running code must change nothing else.
const EVERY: [EngineOptions; 4] = [PLAIN, FUEL, INTERRUPTIBLE, BOTH];

fn compile(engine: &dyn Engine, text: &str) -> Box<dyn Module> {
    let wasm = wat::parse_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let module = engine.compile(&wasm);
    module.unwrap_or_else(|error| panic!("{}: {error}\n{text}", engine.name()))
}

fn node(ctx: WasiCtx) -> Node {
    Node {
        ctx,
        functions: Vec::new(),
        limits: Limits::default(),
    }
}

fn empty() -> WasiCtx {
    WasiCtx::builder().build().unwrap()
}

fn instantiate(engine: &dyn Engine, text: &str, node: Node) -> Box<dyn Instance> {
    let instance = compile(engine, text).instantiate(node);
    instance.unwrap_or_else(|error| panic!("{}: {error}\n{text}", engine.name()))
}

fn refused(engine: &dyn Engine, text: &str, node: Node) -> InstantiateError {
    match compile(engine, text).instantiate(node) {
        Ok(_) => panic!("{}: was instantiated:\n{text}", engine.name()),
        Err(error) => error,
    }
}

fn call(guest: &mut dyn Guest, name: &str, args: &[Value]) -> Result<Vec<Value>, Stop> {
    let handler = guest.export(name);
    let handler = handler.unwrap_or_else(|| panic!("the guest exports no function `{name}`"));
    let mut results = guest.export_type(handler).zero_results().unwrap();
    guest.call(handler, args, &mut results)?;
    Ok(results)
}

fn trap(stop: Stop) -> Trap {
    match stop {
        Stop::Trap(trap) => trap,
        Stop::Exit(code) => panic!("exit with code {code} instead of a trap"),
    }
}

/// Runs `guest` on a thread, and `meanwhile` here; panics if the guest does not end.
fn ends<R: Send + 'static>(
    what: &str,
    guest: impl FnOnce() -> R + Send + 'static,
    meanwhile: impl FnOnce(),
) -> R {
    let (told, ended) = mpsc::channel();
    std::thread::spawn(move || told.send(guest()));
    meanwhile();
    let outcome = ended.recv_timeout(Duration::from_secs(60));
    outcome.unwrap_or_else(|_| panic!("{what}: the guest has not ended within a minute"))
}

const HELLO: &str = r#"(module
    (import "wasi_snapshot_preview1" "fd_write"
        (func $write (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "\08\00\00\00\06\00\00\00hello\n")
    (func (export "_start")
        (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 20)))
        (call $exit (i32.load (i32.const 20)))
        unreachable))"#;

fn check_hello(new: New<'_>) {
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

fn check_exit_codes(new: New<'_>) {
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

fn check_traps(new: New<'_>) {
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

fn check_values(new: New<'_>) {
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

fn bits(value: Value) -> (ValueType, u64) {
    let bits = match value {
        Value::I32(value) => u64::from(u32::from_ne_bytes(value.to_ne_bytes())),
        Value::I64(value) => u64::from_ne_bytes(value.to_ne_bytes()),
        Value::F32(value) => u64::from(value.to_bits()),
        Value::F64(value) => value.to_bits(),
    };
    (value.ty(), bits)
}

/// Loops, `run` for ever and `count` so often.
const LOOPS: &str = r#"(module
    (memory (export "memory") 1)
    (func (export "run") (loop (br 0)))
    (func (export "count") (param i32) (result i32)
        (local i32)
        (loop
            (local.set 1 (i32.add (local.get 1) (i32.const 1)))
            (br_if 0 (i32.lt_u (local.get 1) (local.get 0))))
        (local.get 1)))"#;

fn check_fuel(new: New<'_>) {
    let limited = |fuel| Node {
        limits: Limits {
            fuel: Some(fuel),
            memory: None,
        },
        ..node(empty())
    };
    for options in [FUEL, BOTH] {
        let engine = new(options);
        for fuel in [0, 1, 100_000, 25_000_000] {
            let mut instance = instantiate(&*engine, LOOPS, limited(fuel));
            assert_eq!(instance.fuel(), Some(fuel), "fuel: {options:?}");
            let trap = trap(call(&mut *instance, "run", &[]).unwrap_err());
            assert_eq!(
                trap.kind(),
                TrapKind::OutOfFuel,
                "fuel: {options:?}: {trap}"
            );
            assert!(instance.fuel() < Some(fuel.max(100)), "fuel: {options:?}");
        }
        let mut instance = instantiate(&*engine, LOOPS, limited(10_000_000));
        assert_eq!(
            call(&mut *instance, "count", &[Value::I32(10_000)]),
            Ok(vec![Value::I32(10_000)]),
            "fuel: {options:?}"
        );
        let left = instance.fuel().unwrap();
        assert!(
            (5_000_000..9_990_000).contains(&left),
            "fuel: {options:?}: {left} left"
        );

        let mut instance = instantiate(&*engine, LOOPS, node(empty()));
        assert_eq!(instance.fuel(), None, "fuel: {options:?}");
        let counted = call(&mut *instance, "count", &[Value::I32(30_000_000)]);
        assert_eq!(counted, Ok(vec![Value::I32(30_000_000)]), "fuel: no limit");
    }
    for options in [PLAIN, INTERRUPTIBLE] {
        match refused(&*new(options), LOOPS, limited(1)) {
            InstantiateError::Link(message) => assert!(message.contains("fuel"), "{message}"),
            other => panic!("fuel: an engine that does not count it answered {other:?}"),
        }
    }
}

fn check_memory_limit(new: New<'_>) {
    const PAGE: u64 = 65536;
    let text = r#"(module
        (memory (export "memory") 1 8)
        (memory $other 1)
        (table $t 0 funcref)
        (func (export "grow") (param i32) (result i32) (memory.grow 0 (local.get 0)))
        (func (export "other") (param i32) (result i32) (memory.grow $other (local.get 0)))
        (func (export "table") (param i32) (result i32)
            (table.grow $t (ref.null func) (local.get 0))))"#;
    let limited = |memory| Node {
        limits: Limits {
            fuel: None,
            memory: Some(memory),
        },
        ..node(empty())
    };
    for options in EVERY {
        let engine = new(options);
        let mut instance = instantiate(&*engine, text, limited(4 * PAGE));
        let steps = [
            ("grow", 9, -1),
            ("grow", 3, -1),
            ("grow", 1, 1),
            ("other", 2, -1),
            ("other", 1, 1),
            ("grow", 1, -1),
            ("table", 1, -1),
            ("grow", 0, 2),
        ];
        for (function, argument, expected) in steps {
            let grown = call(&mut *instance, function, &[Value::I32(argument)]);
            let expected = Ok(vec![Value::I32(expected)]);
            assert_eq!(
                grown, expected,
                "memory limit: {options:?}: {function} {argument}"
            );
        }
        assert_eq!(
            instance.memory().unwrap().len() as u64,
            2 * PAGE,
            "memory limit"
        );

        let mut instance = instantiate(&*engine, text, limited(2 * PAGE + 160));
        for (argument, expected) in [(11, -1), (10, 0), (1, -1)] {
            let grown = call(&mut *instance, "table", &[Value::I32(argument)]);
            assert_eq!(
                grown,
                Ok(vec![Value::I32(expected)]),
                "memory limit: {options:?}"
            );
        }

        match refused(&*engine, text, limited(2 * PAGE - 1)) {
            InstantiateError::Link(message) => {
                assert!(
                    message.contains("131072") && message.contains("131071"),
                    "{message}"
                );
            }
            other => panic!("memory limit: too much at the start, and it answered {other:?}"),
        }
        let mut instance = instantiate(&*engine, text, node(empty()));
        let grown = call(&mut *instance, "grow", &[Value::I32(7)]);
        assert_eq!(grown, Ok(vec![Value::I32(1)]), "memory limit: none");
        let grown = call(&mut *instance, "grow", &[Value::I32(1)]);
        assert_eq!(
            grown,
            Ok(vec![Value::I32(-1)]),
            "memory limit: the module's own"
        );
    }
}

/// Waits: `read` for standard input, `serve` in a handler that the host calls.
const WAITS: &str = r#"(module
    (import "wasi_snapshot_preview1" "fd_read"
        (func $read (param i32 i32 i32 i32) (result i32)))
    (import "host" "serve" (func $serve))
    (memory (export "memory") 1)
    (data (i32.const 0) "\08\00\00\00\06\00\00\00")
    (func (export "read")
        (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 20))))
    (func (export "serve") (call $serve))
    (func (export "handler") (loop (br 0))))"#;

/// Loops in its start function.
const STARTS: &str = r#"(module (func $f (loop (br 0))) (start $f))"#;

fn serve() -> HostFunction {
    HostFunction {
        module: "host".to_owned(),
        name: "serve".to_owned(),
        ty: FuncType::default(),
        run: Arc::new(|guest, _, _| call(guest, "handler", &[]).map(|_| ())),
    }
}

fn check_interrupt(new: New<'_>) {
    for options in [INTERRUPTIBLE, BOTH] {
        let engine: Arc<dyn Engine> = new(options).into();
        let cases = [
            (LOOPS, "run"),
            (WAITS, "read"),
            (WAITS, "serve"),
            (STARTS, ""),
        ];
        for (text, function) in cases {
            for late in [true, false] {
                let what = format!("interrupt: {options:?}: {function}: late {late}: {text}");
                let interrupt = Interrupt::new();
                if !late {
                    interrupt.fire(Reason::Killed);
                }
                let (writer, stdin) = Pipe::new(1);
                let ctx = WasiCtx::builder()
                    .stdin(Arc::new(stdin))
                    .interrupt(interrupt.clone())
                    .build()
                    .unwrap();
                let node = Node {
                    functions: vec![serve()],
                    ..node(ctx)
                };
                let engine = Arc::clone(&engine);
                let guest = move || match compile(&*engine, text).instantiate(node) {
                    Ok(mut instance) => call(&mut *instance, function, &[]).unwrap_err(),
                    Err(InstantiateError::Stop(stop)) => stop,
                    Err(other) => panic!("{other:?}"),
                };
                let stop = ends(&what, guest, || {
                    std::thread::sleep(Duration::from_millis(30));
                    interrupt.fire(Reason::Timeout);
                });
                let reason = if late {
                    Reason::Timeout
                } else {
                    Reason::Killed
                };
                assert_eq!(stop, Stop::Trap(Trap::interrupted(reason)), "{what}");
                drop(writer);
            }
        }
    }
    for options in [PLAIN, FUEL] {
        let ctx = WasiCtx::builder().interrupt(Interrupt::new()).build();
        match refused(&*new(options), LOOPS, node(ctx.unwrap())) {
            InstantiateError::Link(message) => assert!(message.contains("interrupt"), "{message}"),
            other => panic!("interrupt: an engine that cannot answered {other:?}"),
        }
    }
}

fn check_interrupt_ends_its_own_guest_only(new: New<'_>) {
    let engine: Arc<dyn Engine> = new(INTERRUPTIBLE).into();
    let fired = Interrupt::new();
    let counting = Arc::clone(&engine);
    let guest = move || {
        let ctx = WasiCtx::builder().interrupt(Interrupt::new()).build();
        let mut instance = instantiate(&*counting, LOOPS, node(ctx.unwrap()));
        call(&mut *instance, "count", &[Value::I32(50_000_000)])
    };
    let looping = Arc::clone(&engine);
    let interrupt = fired.clone();
    let counted = ends("interrupt of another", guest, || {
        let guest = move || {
            let ctx = WasiCtx::builder().interrupt(interrupt).build();
            let mut instance = instantiate(&*looping, LOOPS, node(ctx.unwrap()));
            call(&mut *instance, "run", &[])
        };
        let stop = ends("interrupt of one", guest, || fired.fire(Reason::Timeout));
        let expected = Err(Stop::Trap(Trap::interrupted(Reason::Timeout)));
        assert_eq!(stop, expected, "interrupt of one");
    });
    assert_eq!(
        counted,
        Ok(vec![Value::I32(50_000_000)]),
        "interrupt of another"
    );
}

fn check_missing_imports(new: New<'_>) {
    let text = r#"(module
        (import "wasi_snapshot_preview1" "fd_write"
            (func $write (param i32 i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "fd_fly" (func (param i32) (result i32)))
        (import "wasi_snapshot_preview1" "fd_close" (func (param i64) (result i32)))
        (import "host" "serve" (global i32))
        (import "env" "memory" (memory 1))
        (memory (export "memory") 1)
        (data (memory 1) (i32.const 0) "\08\00\00\00\06\00\00\00hello\n")
        (func $f (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 20))))
        (start $f))"#;
    for options in EVERY {
        let (stdout, output) = Pipe::new(64);
        let ctx = WasiCtx::builder().stdout(Arc::new(stdout)).build().unwrap();
        let node = Node {
            functions: vec![serve()],
            ..node(ctx)
        };
        let InstantiateError::Missing(missing) = refused(&*new(options), text, node) else {
            panic!("missing imports: they are not told: {options:?}");
        };
        let mut told: Vec<_> = missing
            .iter()
            .map(|missing| (&*missing.import.name, &missing.why))
            .collect();
        told.sort_by_key(|(name, _)| *name);
        let i32 = vec![ValueType::I32];
        let close = Why::OtherType(FuncType::new(i32.clone(), i32));
        let expected = [
            ("fd_close", &close),
            ("fd_fly", &Why::Unknown),
            ("memory", &Why::Unknown),
            ("serve", &Why::NotAFunction),
        ];
        assert_eq!(told, expected, "missing imports: {options:?}");
        assert_eq!(output.drain(), b"", "missing imports: something has run");
    }
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

fn check_host_functions(new: New<'_>) {
    let text = r#"(module
        (import "host" "serve" (func $serve (param i32 f64) (result i64 f32)))
        (import "host" "leave" (func $leave (param i32)))
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
        (func (export "yield") (result i32) (call $yield)))"#;
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

fn check_start_function(new: New<'_>) {
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

fn check_compile_errors(new: New<'_>) {
    let modules: [(&str, Vec<u8>); 5] = [
        ("nothing", Vec::new()),
        ("no module", b"hello, world".to_vec()),
        ("cut short", wat::parse_str(HELLO).unwrap()[..40].to_vec()),
        (
            "ill-typed",
            wat::parse_str("(module (func (result i32)))").unwrap(),
        ),
        (
            "a start function with a parameter",
            wat::parse_str("(module (func $f (param i32)) (start $f))").unwrap(),
        ),
    ];
    for options in EVERY {
        let engine = new(options);
        for (what, wasm) in &modules {
            match engine.compile(wasm) {
                Ok(_) => panic!("compile errors: {options:?}: {what}: it was compiled"),
                Err(CompileError(message)) => assert!(!message.is_empty(), "{what}"),
            }
        }
    }
}

fn check_instances_are_apart(new: New<'_>) {
    let text = r#"(module
        (import "wasi_snapshot_preview1" "args_get" (func $args (param i32 i32) (result i32)))
        (memory (export "memory") 1)
        (func (export "load") (result i32) (call $args (i32.const 0) (i32.const 8))))"#;
    let module = compile(&*new(PLAIN), text);
    let mut instances: Vec<_> = ["first", "second", "third"]
        .map(|name| {
            let ctx = WasiCtx::builder().args([name]).build().unwrap();
            (name, module.instantiate(node(ctx)).unwrap())
        })
        .into();
    for (_, instance) in &mut instances {
        assert_eq!(call(&mut **instance, "load", &[]), Ok(vec![Value::I32(0)]));
    }
    for (name, mut instance) in instances {
        let memory = instance.memory().unwrap();
        assert_eq!(memory[8..8 + name.len()], *name.as_bytes(), "instances");
    }
}

fn check_handlers(new: New<'_>) {
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
