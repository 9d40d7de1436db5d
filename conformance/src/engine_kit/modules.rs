//! What is refused before anything runs, and what keeps instances apart.

use super::ending::HELLO;
use super::{EVERY, New, PLAIN, call, compile, node, refused, serve};
use std::sync::Arc;
use turnkey_snapshots::engine::{
    CompileError, FuncType, InstantiateError, Node, Value, ValueType, Why,
};
use turnkey_wasi_common::{Pipe, Stop, TrapKind, WasiCtx};

pub(super) fn check_interface(new: New<'_>) {
    let text = r#"(module
        (@custom "witx" (before first) "(module $one)")
        (@custom "other" "(module $no)")
        (memory (export "memory") 1)
        (func $f) (start $f)
        (@custom "witx" (after last) " (module $two)"))"#;
    for options in EVERY {
        let engine = new(options);
        let told = compile(&*engine, text).interface().map(<[u8]>::to_vec);
        let told = told.map(String::from_utf8);
        let expected = "(module $one) (module $two)";
        assert_eq!(
            told,
            Some(Ok(expected.to_owned())),
            "interface: {options:?}"
        );
        let none = compile(&*engine, "(module)");
        assert_eq!(
            none.interface(),
            None,
            "interface: of a module without: {options:?}"
        );
    }
}

pub(super) fn check_missing_imports(new: New<'_>) {
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

pub(super) fn check_compile_errors(new: New<'_>) {
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

/// GHSA-hc7m-r6v8-hg9q: memory that threads share must not reach a host function, which would take
/// it for its own. It is refused, at the latest when somebody asks for it.
pub(super) fn check_shared_memory(new: New<'_>) {
    let text = r#"(module
        (import "wasi_snapshot_preview1" "random_get"
            (func $random (param i32 i32) (result i32)))
        (memory (export "memory") 1 1 shared)
        (func (export "run") (result i32) (call $random (i32.const 0) (i32.const 4))))"#;
    let wasm = wat::parse_str(text).unwrap();
    for options in EVERY {
        let engine = new(options);
        let Ok(module) = engine.compile(&wasm) else {
            continue;
        };
        let ctx = turnkey_cap_backends::builder().build().unwrap();
        let mut instance = match module.instantiate(node(ctx)) {
            Ok(instance) => instance,
            Err(InstantiateError::Link(message)) => {
                assert!(message.contains("shared"), "shared memory: {message}");
                continue;
            }
            Err(other) => panic!("shared memory: {options:?}: {other:?}"),
        };
        let refused = instance.memory().map(|memory| memory.len());
        assert_eq!(
            refused.map_err(|trap| trap.kind()),
            Err(TrapKind::NoMemory),
            "shared memory: {options:?}"
        );
        let Err(Stop::Trap(trap)) = call(&mut *instance, "run", &[]) else {
            panic!("shared memory: {options:?}: a call has used it");
        };
        assert_eq!(trap.kind(), TrapKind::NoMemory, "shared memory: {trap}");
    }
}

pub(super) fn check_instances_are_apart(new: New<'_>) {
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
