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
use turnkey_snapshots::engine::{Engine, Value};
use turnkey_virt::nanoprocess::{
    Bind, Cap, ChildLimits, Export, Family, LinkError, Outcome, Place, TypedOutcome,
};
use turnkey_virt::typed::{Interface, TypedValue};
use turnkey_wasi_common::{
    Access, Errno, Fd, Grant, Lease, Object, Pipe, Rights, Stop, Trap, TrapKind,
};
use typed::*;

/// `f` takes text, and answers an errno and text.
const TAKES: &str = "(param $s string) (result $e (expected string (error u16)))";

/// A module that calls `text.f` with what lies at the numbers that it is handed, and has the answer
/// written to 256.
fn calling(func: &str) -> String {
    format!(
        r#"(module {}
            (import "text" "f" (func $f (param i32 i32 i32) (result i32)))
            (memory (export "memory") 1) {ALLOC}
            (data (i32.const 16) "good\ff\feno text")
            (func (export "go") (param i32 i32 i32) (result i32)
                (call $f (local.get 0) (local.get 1) (local.get 2))))"#,
        section(&described(false, &[("f", func)])),
    )
}

/// A module of which `f` does `body` with the arguments 0 to 2, after it has counted.
fn called(func: &str, more: &str, body: &str) -> String {
    format!(
        r#"(module {}
            (global $ran (mut i32) (i32.const 0))
            (memory (export "memory") 1 4) {more}
            (func (export "ran") (result i32) (global.get $ran))
            (func (export "f") (param i32 i32 i32) (result i32)
                (global.set $ran (i32.add (global.get $ran) (i32.const 1)))
                {body}))"#,
        section(&described(true, &[("f", func)])),
    )
}

/// Answers what it was handed.
const ECHO: &str = "(i32.store (local.get 2) (local.get 0))
    (i32.store offset=4 (local.get 2) (local.get 1)) (i32.const 0)";

fn linked(one: &Arc<dyn Engine>, other: &Arc<dyn Engine>, more: &str, body: &str) -> Pair {
    let caller = compile(one, &calling(TAKES));
    pair(caller, compile(other, &called(TAKES, more, body)), &["f"])
}

fn go(pair: &Pair, args: [u32; 3]) -> Result<Outcome, Errno> {
    pair.caller.call("go", &args.map(Value::from))
}

fn code(code: u32) -> Result<Outcome, Errno> {
    Ok(Outcome::Returned(vec![Value::from(code)]))
}

fn ran(pair: &Pair) -> Result<Outcome, Errno> {
    pair.callee.call("ran", &[])
}

/// The kind of the trap that an outcome is.
fn trap(outcome: Result<Outcome, Errno>) -> TrapKind {
    match outcome {
        Ok(Outcome::Trapped(trap)) => trap.kind(),
        other => panic!("{other:?}"),
    }
}

const IO: u32 = 29;

#[test]
fn call_wrong_arguments_callee_does_not_run() {
    on_every_pair(|one, other| {
        let linked = || linked(one, other, ALLOC, ECHO);
        let pair = linked();
        assert_eq!(go(&pair, [16, 6, 256]), code(ILSEQ));
        assert_eq!(ran(&pair), code(0));
        // Nothing at all may lie anywhere.
        assert_eq!(go(&pair, [u32::MAX, 0, 256]), code(0));
        assert_eq!(go(&pair, [16, 4, 256]), code(0));
        assert_eq!(ran(&pair), code(2));
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
            assert_eq!(ran(&pair), code(0), "{args:?}");
            assert_eq!(go(&pair, [16, 4, 256]), Err(Errno::Srch));
        }
        // The answer may lie where the argument does.
        let pair = linked();
        assert_eq!(go(&pair, [16, 4, 16]), code(0));
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
            assert_eq!(go(&pair, [16, 4, 256]), code(*told), "{body}");
            let expected = if *ends { Err(Errno::Srch) } else { code(1) };
            assert_eq!(ran(&pair), expected, "{body}");
            let again = if *ends { SRCH } else { *told };
            assert_eq!(go(&pair, [16, 4, 256]), code(again), "{body}");
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
            assert_eq!(go(&pair, [16, 4, 256]), code(*told), "{alloc}");
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
        assert_eq!(go(&pair, [16, 4, 256]), code(1));
    }
}

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
        assert_eq!(call(1), code(INVAL), "the other one is not linked");
        other.link().unwrap();
        assert_eq!(call(0), code(0));
        assert_eq!(call(1), code(0));
        assert_eq!(call(2), code(BUSY));
        assert_eq!(other.call("f", &[Value::I32(2)]), code(BUSY));
        drop(other);
        assert_eq!(call(1), code(SRCH));
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
            assert_eq!(children[0].call("f", &[]), code(NOMEM));
            assert_eq!(
                children[10].call("f", &[]),
                code(INVAL),
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
        assert_eq!(caller.call("go", &args), code(IO));
        assert_eq!(caller.call("go", &args), code(SRCH));
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
        assert_eq!(going.join().unwrap(), code(IO));
    });
}

/// A list in which one list lies many times is larger than any memory once it is copied.
#[test]
fn call_values_that_grow_by_copying_2big() {
    let func = "(param $s (list (list (list u8)))) (result $e (expected string (error u16)))";
    // 4096 lists of 4096 lists of 4096 bytes, all at the same place.
    let fill = r#"(func (export "fill") (local $at i32)
        (loop $more
            (i32.store (i32.add (i32.const 0x8000) (i32.mul (local.get $at) (i32.const 8))) (i32.const 64))
            (i32.store offset=4 (i32.add (i32.const 0x8000) (i32.mul (local.get $at) (i32.const 8))) (i32.const 4096))
            (local.set $at (i32.add (local.get $at) (i32.const 1)))
            (br_if $more (i32.lt_u (local.get $at) (i32.const 2048)))))"#;
    for engine in engines() {
        let source = calling(func).replace(ALLOC, &format!("{ALLOC} {fill}"));
        let callee = called(func, ALLOC, "(i32.const 0)").replace("1 4)", "1)");
        let pair = pair(compile(&engine, &source), compile(&engine, &callee), &["f"]);
        pair.caller.call("fill", &[]).unwrap();
        // The middle lists are the outer list's own bytes.
        pair.caller
            .write(0x8000, &[0, 0x80, 0, 0, 0, 8, 0, 0])
            .unwrap();
        assert_eq!(go(&pair, [0x8000, 2048, 256]), code(1), "2BIG");
        assert_eq!(ran(&pair), code(0));
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
        assert_eq!(go(1), code(0));
        assert_eq!(callee.call("fd", &[]), code(3), "the first that is free");
        assert_eq!(output.drain(), b"good");
        assert_eq!(go(3), code(BADF), "it has no more rights there");
        assert_eq!(go(9), code(BADF));
        assert_eq!(callee.call("fd", &[]), code(4));

        // From the host.
        let given = TypedValue::Handle(Arc::new(stdout.weaker(Access::ReadWrite)));
        let answer = callee.call_typed("f", std::slice::from_ref(&given));
        assert_eq!(answer, Ok(TypedOutcome::Returned(TypedValue::Nothing)));
        assert_eq!(output.drain(), b"good");

        stdout.revoke();
        assert_eq!(callee.call("write", &[]), code(BADF));
        assert_eq!(go(1), code(BADF));
        assert_eq!(callee.call_typed("f", &[given]), Err(Errno::Badf));
        assert_eq!(callee.call("fd", &[]), code(5), "no call came about since");
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

#[test]
fn call_typed_rust_function_stops_its_caller() {
    let interface = Interface::parse(&described(true, &[("f", TAKES)])).unwrap();
    let trapping = |values: &[TypedValue]| -> Result<TypedValue, Stop> {
        match values {
            [TypedValue::String(text)] if text == "good" => Ok(TypedValue::Error(3)),
            [TypedValue::String(text)] if text.is_empty() => Ok(TypedValue::from("none")),
            [TypedValue::String(text)] if text == "g" => Ok(TypedValue::Nothing),
            _ => Err(Trap::new(TrapKind::Refused, "not that").into()),
        }
    };
    let export = Export::function(&interface, "f", trapping).unwrap();
    assert!(Export::function(&interface, "g", |_| Ok(TypedValue::Nothing)).is_err());
    for engine in engines() {
        let family = Family::builder().build();
        let spawn = || {
            let child = family.spawn(compile(&engine, &calling(TAKES))).unwrap();
            child.bind_export("text", "f", &export).unwrap();
            child.link().unwrap();
            child
        };
        let go = |args: [u32; 3]| spawn().call("go", &args.map(Value::from));
        assert_eq!(go([16, 4, 256]), code(3));
        assert_eq!(go([16, 0, 256]), code(0));
        assert_eq!(trap(go([16, 1, 256])), TrapKind::Host);
        assert_eq!(trap(go([16, 2, 256])), TrapKind::Refused);
        assert_eq!(go([16, 6, 256]), code(ILSEQ));
    }
}

#[test]
fn bind_export_what_cannot_be() {
    let engine = &engines()[1];
    let (family, stranger) = (Family::builder().build(), Family::builder().build());
    let callee = compile(engine, &called(TAKES, ALLOC, ECHO));
    let spawn = |family: &Family| Arc::new(family.spawn(Arc::clone(&callee)).unwrap());
    let (sibling, foreign) = (spawn(&family), spawn(&stranger));
    let caller = family.spawn(compile(engine, &calling(TAKES))).unwrap();
    let bind = |name, child| {
        caller
            .bind_export("text", name, &Export::of(child, "f"))
            .err()
    };
    assert_eq!(bind("f", &foreign), Some(Errno::Notcapable));
    assert_eq!(bind("g", &sibling), Some(Errno::Noent));
    assert_eq!(bind("f", &sibling), None);
    // Both that do not fit are told.
    let no = Export::of(&sibling, "absent");
    caller.bind_export("text", "f", &no).unwrap();
    caller
        .expect(&Interface::parse(&described(true, &[("go", "(param $s string)")])).unwrap())
        .unwrap();
    match caller.link() {
        Err(LinkError::Missing(missing)) => {
            let told: Vec<_> = missing.iter().map(ToString::to_string).collect();
            assert_eq!(
                told,
                [
                    format!(
                        "it imports `text.f` as (func {}), but is bound to no such function",
                        "(param $s string) (result $e (expected string (error u16)))"
                    ),
                    "its parent wants of it `go` as (func (param $s string)), but it has \
                     (i32, i32, i32) -> (i32), which is not described"
                        .to_owned(),
                ]
            );
        }
        other => panic!("{other:?}"),
    }
    caller.describe(Interface::parse("").unwrap()).unwrap();
    let told = caller.link().unwrap_err().to_string();
    assert!(
        told.contains("which is not described, but is bound to no such function"),
        "{told}"
    );
}

/// Without a description on either side numbers cross.
#[test]
fn bind_export_numbers_alone_need_no_description() {
    on_every_pair(|one, other| {
        let caller = r#"(module (import "text" "f" (func $f (param f64 i64) (result f64)))
            (func (export "go") (result f64) (call $f (f64.const 0.5) (i64.const 3))))"#;
        let callee = r#"(module (func (export "f") (param f64 i64) (result f64)
            (f64.mul (local.get 0) (f64.convert_i64_s (local.get 1)))))"#;
        let pair = pair(compile(one, caller), compile(other, callee), &["f"]);
        let expected = Outcome::Returned(vec![Value::F64(1.5)]);
        assert_eq!(pair.caller.call("go", &[]), Ok(expected));
    });
}
