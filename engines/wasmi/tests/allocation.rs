//! A call that its instance is bound to takes nothing from the allocator.

use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use std::alloc::System;
use std::sync::Arc;
use turnkey_wasi_common::{Null, WasiCtx};
use turnkey_wasmi::{Program, Wasi};
use wasmi::{Engine, Linker, Module, Store};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const GUEST: &str = r#"(module
    (import "wasi_snapshot_preview1" "args_sizes_get"
        (func $sizes (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write"
        (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "\08\00\00\00\06\00\00\00hello\n")
    (func (export "run") (param i32) (result i32)
        (local i32)
        (loop
            (local.set 1 (i32.or (local.get 1) (call $sizes (i32.const 32) (i32.const 36))))
            (local.set 1 (i32.or (local.get 1)
                (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 20))))
            (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
            (br_if 0 (local.get 0)))
        (local.get 1)))"#;

/// How often the calls are counted. The fewest are what they take: what runs the tests takes
/// something too, now and then.
const ROUNDS: usize = 5;

#[test]
fn bound_calls_allocate_nothing() {
    let engine = Engine::default();
    let module = Module::new(&engine, wat::parse_str(GUEST).unwrap()).unwrap();
    let program = Program::new(&Linker::new(&engine), &module, |wasi: &mut Wasi| wasi).unwrap();
    let ctx = WasiCtx::builder().stdout(Arc::new(Null)).build().unwrap();
    let mut store = Store::new(&engine, Wasi::from(ctx));
    // The first instance of a store, and one that is not the first.
    for _ in 0..2 {
        let instance = program.instantiate(&mut store).unwrap();
        let run = instance.get_typed_func::<i32, i32>(&store, "run").unwrap();
        let mut allocations = |calls| {
            let region = Region::new(ALLOCATOR);
            assert_eq!(run.call(&mut store, calls).unwrap(), 0);
            region.change().allocations
        };
        let fewest = (0..ROUNDS).map(|_| allocations(1000)).min();
        assert_eq!(fewest, Some(0));
    }
}
