//! Handles that one module passes to another.
#![cfg(test)]

mod parents;
mod typed;

use parents::*;
use std::sync::Arc;
use turnkey_snapshots::engine::Value;
use turnkey_virt::nanoprocess::{Bind, Cap, ChildLimits, Export, Family, Place, TypedOutcome};
use turnkey_virt::typed::TypedValue;
use turnkey_wasi_common::{Access, Errno, Fd, Grant, Lease, Object, Pipe, Rights};
use typed::*;

/// Writes `good` to the handle that it is handed, and answers the errno.
const WRITES: &str = r#"(import "wasi_snapshot_preview1" "fd_write"
    (func $write (param i32 i32 i32 i32) (result i32)))"#;

#[test]
fn call_handle_received_anew_weaker_and_revoked() {
    let func = "(param $out (handle)) (result $e (expected (error u16)))";
    let writer = format!(
        r#"(module {} {WRITES}
            (memory (export "memory") 1)
            (data (i32.const 0) "\08\00\00\00\04\00\00\00good")
            (global $last (export "last") (mut i32) (i32.const -1))
            (func (export "fd") (result i32) (global.get $last))
            (func (export "write") (result i32)
                (call $write (global.get $last) (i32.const 0) (i32.const 1) (i32.const 64)))
            (func (export "f") (param i32) (result i32)
                (global.set $last (local.get 0))
                (call $write (local.get 0) (i32.const 0) (i32.const 1) (i32.const 64))))"#,
        section(&described(true, &[("f", func)])),
    );
    let passer = format!(
        r#"(module {}
            (import "text" "f" (func $f (param i32) (result i32)))
            (func (export "go") (param i32) (result i32) (call $f (local.get 0))))"#,
        section(&described(false, &[("f", func)])),
    );
    on_every_pair(|one, other| {
        let (stdout, output) = Pipe::new(64);
        let stdout = Cap::new(Grant::new(Object::Stream(Arc::new(stdout))));
        let family = Family::builder().build();
        let callee = Arc::new(family.spawn(compile(other, &writer)).unwrap());
        callee.bind("fd_write", Bind::Pass).unwrap();
        callee.link().unwrap();
        let caller = family.spawn(compile(one, &passer)).unwrap();
        caller
            .bind_export("text", "f", &Export::of(&callee, "f"))
            .unwrap();
        caller.grant(&stdout, Place::At(Fd(1)), None).unwrap();
        let reads = stdout.weaker(Access::Only(Rights::FD_READ));
        caller.grant(&reads, Place::Next, None).unwrap();
        caller.link().unwrap();
        let go = |fd: u32| caller.call("go", &[Value::from(fd)]);
        assert_eq!(go(1), answered(0));
        assert_eq!(
            callee.call("fd", &[]),
            answered(3),
            "the first that is free"
        );
        assert_eq!(output.drain(), b"good");
        assert_eq!(go(3), answered(BADF), "it has no more rights there");
        assert_eq!(go(9), answered(BADF));
        assert_eq!(callee.call("fd", &[]), answered(4));

        // From the host.
        let given = TypedValue::Handle(Arc::new(stdout.weaker(Access::ReadWrite)));
        let answer = callee.call_typed("f", std::slice::from_ref(&given));
        assert_eq!(answer, Ok(TypedOutcome::Returned(TypedValue::Nothing)));
        assert_eq!(output.drain(), b"good");

        stdout.revoke();
        assert_eq!(callee.call("write", &[]), answered(BADF));
        assert_eq!(go(1), answered(BADF));
        assert_eq!(callee.call_typed("f", &[given]), Err(Errno::Badf));
        assert_eq!(
            callee.call("fd", &[]),
            answered(5),
            "no call came about since"
        );
    });
}

#[test]
fn call_handle_no_room_mfile_and_nothing_stays_behind() {
    let func = "(param $outs (list (handle))) (result $e (expected (error u16)))";
    let source = format!(
        r#"(module {} (memory (export "memory") 1) {ALLOC}
            (func (export "f") (param i32 i32) (result i32)
                (i32.load (i32.sub (i32.add (local.get 0)
                    (i32.mul (local.get 1) (i32.const 4))) (i32.const 4)))))"#,
        section(&described(true, &[("f", func)])),
    );
    for engine in engines() {
        let family = Family::builder().build();
        let child = family.spawn(compile(&engine, &source)).unwrap();
        child
            .limit(ChildLimits {
                files: 8,
                ..ChildLimits::DEFAULT
            })
            .unwrap();
        child.link().unwrap();
        let cap = Arc::new(Cap::new(Grant::leased(
            Object::Stream(Arc::new(Pipe::new(1).0)),
            Lease::new(),
        )));
        let call = |count: usize| {
            let handles = vec![TypedValue::Handle(Arc::clone(&cap)); count];
            child.call_typed("f", &[TypedValue::List(handles)])
        };
        let error = |code| Ok(TypedOutcome::Returned(TypedValue::Error(code)));
        assert_eq!(call(6), Err(Errno::Mfile));
        assert_eq!(call(65), Err(Errno::TooBig));
        assert_eq!(call(5), error(7), "descriptors 3 to 7");
        assert_eq!(call(1), Err(Errno::Mfile));
    }
}
