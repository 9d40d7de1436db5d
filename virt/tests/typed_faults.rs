//! What goes wrong in calls between modules, and whom it ends.
#![cfg(test)]
#![allow(
    clippy::cast_possible_truncation,
    reason = "the numbers of these tests are small"
)]

mod parents;
mod typed;

use parents::*;
use std::sync::Arc;
use turnkey_virt::nanoprocess::{ChildLimits, Export, Family, Outcome};
use turnkey_virt::typed::{Interface, TypedValue};
use turnkey_wasi_common::{Errno, Stop, TrapKind};
use typed::*;

#[test]
fn call_wrong_arguments_callee_does_not_run() {
    on_every_pair(|one, other| {
        let linked = || linked(one, other, ALLOC, ECHO);
        let pair = linked();
        assert_eq!(go(&pair, [16, 6, 256]), answered(ILSEQ));
        assert_eq!(ran(&pair), answered(0));
        // Nothing at all may lie anywhere.
        assert_eq!(go(&pair, [u32::MAX, 0, 256]), answered(0));
        assert_eq!(go(&pair, [16, 4, 256]), answered(0));
        assert_eq!(ran(&pair), answered(2));
        for args in [
            [65535, 2, 256],
            [u32::MAX, 1, 256],
            [16, u32::MAX, 256],
            [16, 4, 65530],
            [16, 4, 258],
            [16, 4, u32::MAX - 3],
        ] {
            let pair = linked();
            assert_eq!(trap(go(&pair, args)), TrapKind::Fault, "{args:?}");
            assert_eq!(ran(&pair), answered(0), "{args:?}");
            assert_eq!(go(&pair, [16, 4, 256]), Err(Errno::Srch));
        }
        // The answer may lie where the argument does.
        let pair = linked();
        assert_eq!(go(&pair, [16, 4, 16]), answered(0));
        let mut answer = [0; 8];
        pair.caller.read(16, &mut answer).unwrap();
        let at = u32::from_le_bytes(answer[..4].try_into().unwrap());
        let mut text = [0; 4];
        pair.caller.read(at, &mut text).unwrap();
        assert_eq!((&text, answer[4]), (b"good", 4));
    });
}

#[test]
fn call_callee_fails_caller_told_and_callee_ended() {
    let exit = "(unreachable)";
    let beyond = "(i32.store (local.get 2) (i32.const 65535))
        (i32.store offset=4 (local.get 2) (i32.const 2)) (i32.const 0)";
    let growing = "(drop (memory.grow (i32.const 1)))
        (i32.store (local.get 2) (i32.const 65536))
        (i32.store offset=4 (local.get 2) (i32.const 3)) (i32.const 0)";
    let no_text = "(i32.store8 (local.get 0) (i32.const 0xff))".to_owned() + ECHO;
    let cases: &[(&str, u32, bool)] = &[
        (exit, IO, true),
        (beyond, IO, true),
        ("(i32.const 65536)", IO, true),
        (growing, 0, false),
        ("(i32.const 7)", 7, false),
        ("(i32.const 65535)", 65535, false),
        (&no_text, ILSEQ, false),
    ];
    on_every_pair(|one, other| {
        for (body, told, ends) in cases {
            let pair = linked(one, other, ALLOC, body);
            assert_eq!(go(&pair, [16, 4, 256]), answered(*told), "{body}");
            let expected = if *ends { Err(Errno::Srch) } else { answered(1) };
            assert_eq!(ran(&pair), expected, "{body}");
            let again = if *ends { SRCH } else { *told };
            assert_eq!(go(&pair, [16, 4, 256]), answered(again), "{body}");
        }
    });
}

#[test]
fn call_allocator_of_each_kind() {
    let alloc =
        |body: &str| format!(r#"(func (export "virt_alloc") (param i32 i32) (result i32) {body})"#);
    let realloc = r#"(func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
        (if (i32.or (i32.or (local.get 0) (local.get 1))
                (i32.or (i32.ne (local.get 2) (i32.const 4)) (i32.ne (local.get 3) (i32.const 12))))
            (then (unreachable)))
        (i32.const 1024))"#;
    let freeing = format!(
        r#"{} (func (export "virt_free") (param i32 i32 i32) (unreachable))"#,
        alloc("(i32.const 1024)")
    );
    let cases: &[(&str, u32, bool)] = &[
        (&alloc("(i32.const 0)"), NOMEM, false),
        (&alloc("(i32.const 65532)"), IO, true),
        (&alloc("(i32.const 1025)"), IO, true),
        (&alloc("(i32.const -4)"), IO, true),
        (&alloc("(unreachable)"), IO, true),
        (
            &alloc("(drop (memory.grow (i32.const 1))) (i32.const 65536)"),
            0,
            false,
        ),
        (realloc, 0, false),
        (&freeing, IO, true),
    ];
    on_every_pair(|one, other| {
        for (alloc, told, ends) in cases {
            let pair = linked(one, other, alloc, ECHO);
            assert_eq!(go(&pair, [16, 4, 256]), answered(*told), "{alloc}");
            assert_eq!(ran(&pair) == Err(Errno::Srch), *ends, "{alloc}");
        }
        // Of another type it is none.
        let other_type = r#"(func (export "virt_alloc") (param i32) (result i32) (i32.const 0))"#;
        let family = Family::builder().build();
        let callee = compile(other, &called(TAKES, other_type, ECHO));
        let callee = Arc::new(family.spawn(callee).unwrap());
        let caller = family.spawn(compile(one, &calling(TAKES))).unwrap();
        caller
            .bind_export("text", "f", &Export::of(&callee, "f"))
            .unwrap();
        let told = caller.link().unwrap_err().to_string();
        assert!(told.contains("no export `virt_alloc`"), "{told}");
    });
}

#[test]
fn call_error_too_narrow_for_an_errno_traps_the_caller() {
    for narrow in [
        "(param $s string) (result $e (expected string (error u8)))",
        "(param $s string) (result $e (expected string (error (enum (@witx tag u16) $ok $no))))",
    ] {
        let engine = &engines()[1];
        let callee = compile(engine, &called(narrow, ALLOC, "(unreachable)"));
        let pair = pair(compile(engine, &calling(narrow)), callee, &["f"]);
        match go(&pair, [16, 4, 256]) {
            Ok(Outcome::Trapped(trap)) => {
                assert_eq!(trap.kind(), TrapKind::Host);
                assert_eq!(trap.to_string(), "the call of `text.f` failed: io");
            }
            other => panic!("{other:?}"),
        }
        let callee = compile(engine, &called(narrow, ALLOC, "(i32.const 1)"));
        let pair = typed::pair(compile(engine, &calling(narrow)), callee, &["f"]);
        assert_eq!(go(&pair, [16, 4, 256]), answered(1));
    }
}

/// A list in which one list lies many times is larger than any memory once it is copied.
#[test]
fn call_values_that_grow_by_copying_2big() {
    let func = "(param $s (list (list u8))) (result $e (expected string (error u16)))";
    // 2048 lists of 65000 bytes, all at 64.
    let fill = r#"(func (export "fill") (local $at i32)
        (local.set $at (i32.const 0x8000))
        (loop $more
            (i64.store (local.get $at) (i64.const 0x0000_fde8_0000_0040))
            (local.set $at (i32.add (local.get $at) (i32.const 8)))
            (br_if $more (i32.lt_u (local.get $at) (i32.const 0xc000)))))"#;
    for engine in counting() {
        let source = calling(func).replace(ALLOC, &format!("{ALLOC} {fill}"));
        let callee = called(func, ALLOC, "(i32.const 0)");
        let family = Family::builder().build();
        let callee = Arc::new(family.spawn(compile(&engine, &callee)).unwrap());
        let caller = Arc::new(family.spawn(compile(&engine, &source)).unwrap());
        let fuel = 10_000_000;
        let limits = ChildLimits {
            fuel,
            ..ChildLimits::DEFAULT
        };
        caller.limit(limits).unwrap();
        caller
            .bind_export("text", "f", &Export::of(&callee, "f"))
            .unwrap();
        callee.link().unwrap();
        caller.link().unwrap();
        let pair = Pair { caller, callee };
        pair.caller.call("fill", &[]).unwrap();
        assert_eq!(go(&pair, [0x8000, 2048, 256]), answered(1), "2BIG");
        assert_eq!(ran(&pair), answered(0));
        let left = pair.caller.fuel().unwrap();
        assert!(
            left < fuel - (60 << 20) / 16,
            "nobody looks for nothing: {left}"
        );
        assert_eq!(go(&pair, [0x8000, 2048, 256]), answered(1));
        // The third takes what is left.
        let _answer = go(&pair, [0x8000, 2048, 256]);
        assert_eq!(pair.caller.fuel(), Some(0));
    }
}

/// What is measured may be changed by the callee's allocator, through a parent that it calls.
#[test]
fn call_typed_caller_changed_while_room_is_made_nothing_is_written_beyond() {
    let func = "(param $s (list string)) (result $e (expected (error u16)))";
    let change = "(result $e (expected (error u16)))";
    let child = format!(
        r#"(module {}
            (import "text" "change" (func $change (result i32)))
            (memory (export "memory") 1)
            (func (export "virt_alloc") (param i32 i32) (result i32)
                (if (call $change) (then (unreachable)))
                (i32.const 1024))
            (func (export "f") (param i32 i32) (result i32) (unreachable)))"#,
        section(&format!(
            "{}{}",
            described(true, &[("f", func)]),
            described(false, &[("change", change)])
        )),
    );
    let address = "(i32.load (i32.const 64))";
    // Its list of one text of 4 bytes becomes one of 40, or one that leads nowhere.
    for (len, told) in [(4, 300), (40, INVAL), (200_000, FAULT)] {
        let body = [
            must("child_new", &["0", "64"]),
            must("child_connect", &[address, "960", "4", "970", "6", "-1", "970", "6"]),
            must("child_link", &[address, "72"]),
            format!("(call $must {})", call("child_call_typed",
                &[address, "980", "1", "200", "2", "400", "1", "16"])),
            "(call $exit (i32.mul (i32.const 100) (i32.add (i32.load (i32.const 16)) (i32.const 1))))".to_owned(),
        ];
        let names = [(960, "text"), (970, "change"), (980, "f")];
        let exports = format!(
            r#"{} {}
            (data (i32.const 200) "\f4\01\00\00\00\00\00\00\01\00\00\00\00\00\00\00")
            (data (i32.const 500) "\fc\01\00\00\04\00\00\00")
            (func (export "change") (result i32)
                (i32.store (i32.const 504) (i32.const {len})) (i32.const 0))"#,
            section(&described(true, &[("change", change)])),
            names.map(|(at, name)| data(at, name)).concat(),
        );
        let source = parent(&exports, &body.concat());
        on_every_pair(|one, other| {
            let interface = Interface::of(&*compile(one, &source)).unwrap();
            let family = Family::builder()
                .module(compile(other, &child))
                .interface(interface)
                .build();
            assert_eq!(run(one, &source, &family), Err(Stop::Exit(told)), "{len}");
        });
    }
}

#[test]
fn call_callee_without_room_nomem_and_goes_on() {
    for engine in engines() {
        let pair = linked(&engine, &engine, ALLOC, ECHO);
        let caller = &pair.callee;
        let long = TypedValue::String("x".repeat(300_000));
        assert_eq!(caller.call_typed("f", &[long]), Err(Errno::Nomem));
    }
}
