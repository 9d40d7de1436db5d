//! Who calls whom, how deep, and within whose limits.
#![cfg(test)]

mod parents;
mod typed;

use parents::*;
use std::sync::Arc;
use turnkey_snapshots::engine::Value;
use turnkey_virt::nanoprocess::{ChildLimits, Export, Family};
use typed::*;

#[test]
fn call_of_one_on_the_stack_busy() {
    let number = "(param $n u32) (result $e (expected (error u16)))";
    let both = [
        described(true, &[("f", number)]),
        described(false, &[("f", number)]),
    ];
    // Each calls the other until the number is 0.
    let source = format!(
        r#"(module {}
            (import "text" "f" (func $f (param i32) (result i32)))
            (func (export "f") (param i32) (result i32)
                (if (i32.eqz (local.get 0)) (then (return (i32.const 0))))
                (call $f (i32.sub (local.get 0) (i32.const 1)))))"#,
        section(&both.concat())
    );
    on_every_pair(|one, other| {
        let family = Family::builder().build();
        let one = Arc::new(family.spawn(compile(one, &source)).unwrap());
        let other = Arc::new(family.spawn(compile(other, &source)).unwrap());
        for (from, to) in [(&one, &other), (&other, &one)] {
            from.bind_export("text", "f", &Export::of(to, "f")).unwrap();
        }
        one.link().unwrap();
        let call = |number| one.call("f", &[Value::I32(number)]);
        assert_eq!(call(1), answered(INVAL), "the other one is not linked");
        other.link().unwrap();
        assert_eq!(call(0), answered(0));
        assert_eq!(call(1), answered(0));
        assert_eq!(call(2), answered(BUSY));
        assert_eq!(other.call("f", &[Value::I32(2)]), answered(BUSY));
        drop(other);
        assert_eq!(call(1), answered(SRCH));
    });
}

#[test]
fn call_of_many_in_a_row_nested_too_deep_nomem() {
    let number = "(result $e (expected (error u16)))";
    let both = [
        described(true, &[("f", number)]),
        described(false, &[("f", number)]),
    ];
    let source = format!(
        r#"(module {}
            (import "text" "f" (func $f (result i32)))
            (func (export "f") (result i32) (call $f)))"#,
        section(&both.concat())
    );
    let run = move || {
        for engine in engines() {
            let family = Family::builder().build();
            let spawn = || Arc::new(family.spawn(compile(&engine, &source)).unwrap());
            let children: Vec<_> = (0..20).map(|_| spawn()).collect();
            for pair in children.windows(2) {
                pair[0]
                    .bind_export("text", "f", &Export::of(&pair[1], "f"))
                    .unwrap();
                pair[0].link().unwrap();
            }
            assert_eq!(children[0].call("f", &[]), answered(NOMEM));
            assert_eq!(
                children[10].call("f", &[]),
                answered(INVAL),
                "the last is not linked"
            );
        }
    };
    let thread = std::thread::Builder::new().stack_size(64 << 20).spawn(run);
    thread.unwrap().join().unwrap();
}

#[test]
fn call_callee_within_its_own_limits() {
    for engine in counting() {
        let family = Family::builder().build();
        let callee = compile(
            &engine,
            &called(TAKES, ALLOC, "(loop $on (br $on)) (i32.const 0)"),
        );
        let callee = Arc::new(family.spawn(callee).unwrap());
        callee
            .limit(ChildLimits {
                fuel: 100_000,
                ..ChildLimits::DEFAULT
            })
            .unwrap();
        callee.link().unwrap();
        let caller = family.spawn(compile(&engine, &calling(TAKES))).unwrap();
        caller
            .bind_export("text", "f", &Export::of(&callee, "f"))
            .unwrap();
        caller.link().unwrap();
        let args = [16_u32, 4, 256].map(Value::from);
        assert_eq!(caller.call("go", &args), answered(IO));
        assert_eq!(caller.call("go", &args), answered(SRCH));
        assert!(callee.fuel().is_some_and(|left| left < 10));
    }
}

#[test]
fn call_killed_callee_told() {
    let engine = &engines()[0];
    let pair = linked(engine, engine, ALLOC, "(loop $on (br $on)) (i32.const 0)");
    let interrupt = pair.callee.interrupt().clone();
    std::thread::scope(|scope| {
        let going = scope.spawn(|| go(&pair, [16, 4, 256]));
        interrupt.fire(turnkey_wasi_common::Reason::Killed);
        assert_eq!(going.join().unwrap(), answered(IO));
    });
}
