//! Fuel and memory.

use super::{
    BOTH, EVERY, FUEL, INTERRUPTIBLE, LOOPS, New, PLAIN, call, empty, instantiate, node, refused,
    trap,
};
use turnkey_snapshots::engine::{InstantiateError, Limits, Node, Value};
use turnkey_wasi_common::TrapKind;

pub(super) fn check_fuel(new: New<'_>) {
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

pub(super) fn check_memory_limit(new: New<'_>) {
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
