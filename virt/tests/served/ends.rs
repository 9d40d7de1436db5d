//! What a parent is told when a child ends.

use crate::parents::scene::*;
use crate::parents::*;
use turnkey_virt::nanoprocess::{ChildLimits, Family};
use turnkey_wasi_common::WasiCtx;

/// Serves a directory, object 1, in which every name is a file of the number that its byte is. What is
/// dropped is written down at `LEFT`, a decimal digit each, and asking for the time does `clock`.
fn exports(clock: &str) -> String {
    format!(
        r#"{ROOM}
        (func (export "dir_open") (param i32 i64) (param $name i32) (param i32) (param $out i32)
            (result i32)
            (i64.store (local.get $out) (i64.load8_u (local.get $name)))
            (i32.store8 offset=56 (local.get $out) (i32.const 4))
            (i32.const 0))
        (func (export "obj_read") (param i32 i64 i64 i32 i32) (result i32) (i32.const 0))
        (func (export "obj_drop") (param i32) (param $object i64) (result i32)
            (i32.store (i32.const {LEFT}) (i32.add (i32.wrap_i64 (local.get $object))
                (i32.mul (i32.const 10) (i32.load (i32.const {LEFT})))))
            (i32.const 0))
        (func (export "clock_now") (param i32 i32) (result i64) {clock} (i64.const 1))"#
    )
}

/// A child that opens 7, 8 and 9, closes 8, opens 5, and does `end`.
fn holding(end: &str) -> String {
    let open = |at: u32| {
        format!(
            "(drop (call $path_open (i32.const 3) (i32.const 0) (i32.const {at}) (i32.const 1)
                (i32.const 0) (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 8)))"
        )
    };
    let opened: String = [40, 41, 42].map(open).concat();
    child(
        r#"(data (i32.const 40) "\07\08\09\05")"#,
        &format!(
            "{opened} (drop (call $fd_close (i32.const 5))) {} {end}",
            open(43)
        ),
    )
}

const NOW: &str = "(drop (call $clock_time_get (i32.const 0) (i64.const 0) (i32.const 16)))";

#[test]
fn child_that_ends_in_a_call_gives_back_in_reverse_order_at_once() {
    let kill = call("child_kill", &[CHILD]);
    let kill = format!("(drop {kill})");
    let cases = [
        ("(unreachable)", "", TRAPPED),
        ("(call $proc_exit (i32.const 0)) (i32.const 0)", "", EXITED),
        ("(loop (br 0)) (i32.const 0)", "", DEADLINE),
        ("(i32.load (i32.const -1))", "", TRAPPED),
        (&format!("{NOW} (i32.const 0)"), &kill, KILLED),
        // One that has returned holds on to everything until it is dropped.
        ("(i32.const 0)", "", RETURNED),
    ];
    for (end, clock, ending) in cases {
        let (exports, child) = (exports(clock), holding(end));
        let after = "(i32.store (i32.const 0x30104) (i32.load (i32.const 0x30100)))";
        on_every_pair(|parent, engine| {
            in_time(|deadline| {
                let scene = Scene {
                    exports: &exports,
                    child: &child,
                    binds: &[("class:*", PASS), ("class:clock", SERVE)],
                    before: &serve(1, 1, 3),
                    after,
                    limits: ChildLimits {
                        deadline: Some(deadline).filter(|_| ending == DEADLINE),
                        ..ChildLimits::DEFAULT
                    },
                    ..Scene::default()
                };
                let ctx = WasiCtx::builder().build().unwrap();
                let seen = scene.run(parent, engine, ctx);
                assert_eq!(seen.outcome().0, ending, "{end}");
                let opened_all = seen.word(LEFT) == 85_971;
                let at_the_end = if ending == RETURNED { 8 } else { 85_971 };
                let told = seen.word(LEFT + 4) == at_the_end && opened_all;
                assert!(told || ending == DEADLINE, "{end}: {}", seen.word(LEFT));
                told
            });
        });
    }
}

#[test]
fn child_that_ends_with_its_parents_failure_parent_told_nothing() {
    let (exports, child) = (
        exports("(unreachable)"),
        holding(&format!("{NOW} (i32.const 0)")),
    );
    let scene = Scene {
        exports: &exports,
        child: &child,
        binds: &[("class:*", PASS), ("class:clock", SERVE)],
        before: &serve(1, 1, 3),
        ..Scene::default()
    };
    scene.on_every_pair(|seen| {
        assert_eq!(seen.outcome().0, UNSERVED);
        assert_eq!(seen.word(LEFT), 8, "only what the child had closed itself");
    });
}

#[test]
fn child_that_is_never_linked_or_called_gives_back_when_it_is_dropped() {
    let exports = exports("");
    for linked in [false, true] {
        let mut body = must("child_new", &["0", "0x30040"]) + &serve(1, 1, 3) + &serve(1, 2, 4);
        if linked {
            body += &must("child_link", &[CHILD, "0x3004c"]);
        }
        body += &must("child_drop", &[CHILD]);
        on_every_pair(|parent, child| {
            let module = compile(child, "(module)");
            let family = Family::builder().module(module).build();
            let ctx = WasiCtx::builder().build().unwrap();
            let source = crate::parents::scene::module(&exports, &body);
            let seen = run_seen(parent, &source, ctx, &family);
            assert_eq!(seen.ended, Ok(()));
            assert_eq!(seen.word(LEFT), 21, "linked: {linked}");
        });
    }
}
