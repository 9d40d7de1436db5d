//! What of wasmi alone can be seen through the engine's traits.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use turnkey_snapshots::engine::{Engine, EngineOptions, Instance, Limits, Node, Value};
use turnkey_wasi_common::{Interrupt, Stop, TrapKind, WasiCtx};
use turnkey_wasmi::WasmiEngine;

const BOTH: EngineOptions = EngineOptions {
    fuel: true,
    interruptible: true,
};

fn instantiate(engine: &WasmiEngine, text: &str, fuel: Option<u64>) -> Box<dyn Instance> {
    let module = engine.compile(&wat::parse_str(text).unwrap()).unwrap();
    let ctx = WasiCtx::builder().interrupt(Interrupt::new());
    let instance = module.instantiate(Node {
        ctx: ctx.build().unwrap(),
        functions: Vec::new(),
        limits: Limits { fuel, memory: None },
    });
    instance.unwrap()
}

/// What wasmi is given at once.
const SLICE: u64 = 10_000_000;

/// Counts down, and then takes a step.
fn counts_down_to(step: &str) -> String {
    format!(
        r#"(module
        (memory 1000) (table $t 1000000 funcref)
        (func $step (result i32) {step})
        (func (export "run") (param i32) (result i32)
            (loop
                (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
                (br_if 0 (local.get 0)))
            (call $step)))"#
    )
}

/// Has a guest take a step, with about this much left of its slice.
fn step_near_the_end_of_a_slice(step: &str, left: u64) -> Result<Value, Stop> {
    let engine = WasmiEngine::new(BOTH);
    let fuel = 1 << 40;
    let run = |instance: &mut dyn Instance, rounds: u64| {
        let run = instance.export("run").unwrap();
        let mut results = [Value::I32(0)];
        let rounds = Value::I32(rounds.try_into().unwrap());
        instance
            .call(run, &[rounds], &mut results)
            .map(|()| results[0])
    };
    let mut idle = instantiate(&engine, &counts_down_to("(i32.const 1)"), Some(fuel));
    run(&mut *idle, 1_000_000).unwrap();
    let used = fuel - idle.fuel().unwrap();
    let mut instance = instantiate(&engine, &counts_down_to(step), Some(fuel));
    run(&mut *instance, (SLICE - left) * 1_000_000 / used)
}

#[test]
fn call_operation_that_exceeds_the_slice_goes_on_where_it_was() {
    let steps = [
        ("(memory.grow (i32.const 1000))", 1000),
        (
            "(memory.fill (i32.const 0) (i32.const 7) (i32.const 65536000))
            (i32.load8_u (i32.const 65535999))",
            7,
        ),
        (
            "(i32.store8 (i32.const 0) (i32.const 9))
            (memory.copy (i32.const 1) (i32.const 0) (i32.const 65535999))
            (i32.load8_u (i32.const 1))",
            9,
        ),
        (
            "(table.fill $t (i32.const 0) (ref.func $step) (i32.const 1000000))
            (ref.is_null (table.get $t (i32.const 999999)))",
            0,
        ),
        (
            "(table.set $t (i32.const 0) (ref.func $step))
            (table.copy $t $t (i32.const 1) (i32.const 0) (i32.const 999999))
            (ref.is_null (table.get $t (i32.const 1)))",
            0,
        ),
    ];
    for (step, expected) in steps {
        let step = format!("{step}) (elem declare func $step) (func");
        let outcome = step_near_the_end_of_a_slice(&step, 50_000);
        assert_eq!(outcome, Ok(Value::I32(expected)), "{step}");
    }
}

#[test]
fn call_table_grow_that_exceeds_the_slice_ends_the_guest() {
    let step = "(table.grow $t (ref.null func) (i32.const 1000000))";
    assert_eq!(
        step_near_the_end_of_a_slice(step, 5_000_000),
        Ok(Value::I32(1_000_000))
    );
    let Err(Stop::Trap(trap)) = step_near_the_end_of_a_slice(step, 50_000) else {
        panic!("the guest went on");
    };
    assert_eq!(trap.kind(), TrapKind::Host, "{trap}");
    assert!(trap.to_string().contains("table.grow"), "{trap}");
}

#[test]
fn call_table_grow_without_fuel_out_of_fuel() {
    let step = "(table.grow $t (ref.null func) (i32.const 1000000))";
    let engine = WasmiEngine::new(BOTH);
    let mut instance = instantiate(&engine, &counts_down_to(step), Some(10_000));
    let run = instance.export("run").unwrap();
    let called = instance.call(run, &[Value::I32(1)], &mut [Value::I32(0)]);
    let Err(Stop::Trap(trap)) = called else {
        panic!("the guest went on");
    };
    assert_eq!(trap.kind(), TrapKind::OutOfFuel, "{trap}");
}
