//! A wasm parent that calls its children with text, is called by them, and has them call each other.
#![cfg(test)]
#![allow(
    clippy::cast_possible_truncation,
    reason = "the numbers of these tests are small"
)]

mod parents;
mod typed;

use parents::*;
use std::sync::Arc;
use turnkey_snapshots::engine::Engine;
use turnkey_virt::nanoprocess::Family;
use turnkey_virt::typed::Interface;
use turnkey_wasi_common::{Stop, TrapKind};
use typed::*;

const TEXT: &str = "(param $s string) (result $e (expected string (error u16)))";
const NUMBER: &str = "(result $e (expected u64 (error u16)))";

/// Greets by asking its parent, and tells the time by asking its sibling.
fn greeter() -> String {
    let exports = described(true, &[("greet", TEXT), ("time", NUMBER)]);
    let imports = described(false, &[("shout", TEXT), ("now", NUMBER)]);
    format!(
        r#"(module {}
            (import "text" "shout" (func $shout (param i32 i32 i32) (result i32)))
            (import "text" "now" (func $now (param i32) (result i32)))
            (memory (export "memory") 1) {ALLOC}
            (func (export "greet") (param i32 i32 i32) (result i32)
                (call $shout (local.get 0) (local.get 1) (local.get 2)))
            (func (export "time") (param i32) (result i32) (call $now (local.get 0))))"#,
        section(&format!("{exports}{imports}")),
    )
}

/// Tells the time as it is told it.
fn clock() -> String {
    format!(
        r#"(module {}
            (import "wasi_snapshot_preview1" "clock_time_get"
                (func $now (param i32 i64 i32) (result i32)))
            (memory (export "memory") 1) {ALLOC}
            (func (export "now") (param i32) (result i32)
                (call $now (i32.const 0) (i64.const 0) (local.get 0))))"#,
        section(&described(true, &[("now", NUMBER)])),
    )
}

/// A parent that makes a greeter and a clock, connects them, and then does `body`. The word that
/// `greet` is handed leads to `hello`, and its answer to 512.
fn greeting(shout: &str, serves: &str, body: &str) -> String {
    let child = "(i32.load (i32.const 64))";
    let other = "(i32.load (i32.const 68))";
    let names = [
        (960, "text"),
        (970, "shout"),
        (980, "now"),
        (990, "greet"),
        (1000, "time"),
        (1010, "hello"),
        (1020, "clock_time_get"),
        (1040, "class:nanoprocess"),
    ];
    let names: String = names.iter().map(|(at, name)| data(*at, name)).collect();
    let expects = described(true, &[("greet", TEXT)]);
    let exports = format!(
        r#"{section} {ALLOC}
            (func (export "shout") (param i32 i32 i32) (result i32) {shout})
            {serves} {names}
            (data (i32.const 1200) {expects:?})
            (data (i32.const 200) "\f2\03\00\00\00\00\00\00\05\00\00\00\00\00\00\00\00\02\00\00\00\00\00\00")"#,
        section = section(&described(true, &[("shout", TEXT)])),
    );
    let expects_len = expects.len().to_string();
    let setup = [
        must("child_new", &["0", "64"]),
        must("child_new", &["1", "68"]),
        must("child_bind", &[other, "1020", "14", "3", "0"]),
        must("child_expect", &[child, "1200", &expects_len]),
        must(
            "child_connect",
            &[child, "960", "4", "970", "5", "-1", "970", "5"],
        ),
        must(
            "child_connect",
            &[child, "960", "4", "980", "3", other, "980", "3"],
        ),
        must("child_link", &[other, "72"]),
        "(if (i32.load (i32.const 72)) (then (call $exit (i32.const 901))))".to_owned(),
        must("child_link", &[child, "72"]),
        "(if (i32.load (i32.const 72)) (then (call $exit (i32.const 902))))".to_owned(),
    ];
    parent(&exports, &format!("{}{body}", setup.concat()))
}

const SERVES: &str = r#"(func (export "clock_now") (param i32 i32) (result i64) (i64.const 5))"#;

/// Answers what it was handed, with another first letter.
const SHOUT: &str = "(i32.store8 (local.get 0) (i32.const 72))
    (i32.store (local.get 2) (local.get 0))
    (i32.store offset=4 (local.get 2) (local.get 1)) (i32.const 0)";

fn call_greet() -> String {
    let child = "(i32.load (i32.const 64))";
    call(
        "child_call_typed",
        &[child, "990", "5", "200", "3", "400", "1", "16"],
    )
}

fn run_with(parent: &Arc<dyn Engine>, child: &Arc<dyn Engine>, source: &str) -> Result<(), Stop> {
    let interface = Interface::of(&*compile(parent, source)).unwrap();
    let family = Family::builder()
        .module(compile(child, &greeter()))
        .module(compile(child, &clock()))
        .interface(interface)
        .build();
    run(parent, source, &family)
}

#[test]
fn child_call_typed_text_there_and_back_through_the_parent() {
    // How it ended, the errno, and what was answered.
    let body = format!(
        "(call $must {})
        (if (i32.load (i32.const 16)) (then (call $exit (i32.add (i32.const 800) (i32.load (i32.const 16))))))
        (if (i32.load (i32.const 400)) (then (call $exit (i32.const 903))))
        (if (i32.ne (i32.load (i32.const 516)) (i32.const 5)) (then (call $exit (i32.const 904))))
        (if (i32.ne (i32.load8_u (i32.const 1010)) (i32.const 104)) (then (call $exit (i32.const 905))))
        (call $exit (i32.add
            (i32.load8_u (i32.load (i32.const 512)))
            (i32.load8_u offset=4 (i32.load (i32.const 512)))))",
        call_greet()
    );
    on_every_pair(|parent, child| {
        let ended = run_with(parent, child, &greeting(SHOUT, SERVES, &body));
        assert_eq!(ended, Err(Stop::Exit(u32::from(b'H') + u32::from(b'o'))));
    });
}

#[test]
fn child_call_typed_sibling_is_served_by_the_parent() {
    let child = "(i32.load (i32.const 64))";
    let time = must(
        "child_call_typed",
        &[child, "1000", "4", "216", "1", "400", "1", "16"],
    );
    let body = format!(
        "{time} (call $exit (i32.add (i32.load (i32.const 16))
            (i32.add (i32.mul (i32.const 10) (i32.load (i32.const 400))) (i32.load (i32.const 512)))))"
    );
    on_every_pair(|parent, child| {
        let ended = run_with(parent, child, &greeting(SHOUT, SERVES, &body));
        assert_eq!(ended, Err(Stop::Exit(5)));
        // The parent fails its other child, and so this one: 6 is how the call ended.
        let fails = r#"(func (export "clock_now") (param i32 i32) (result i64) (unreachable))"#;
        let body = format!("{time} (call $exit (i32.load (i32.const 16)))");
        let ended = run_with(parent, child, &greeting(SHOUT, fails, &body));
        assert_eq!(ended, Err(Stop::Exit(6)));
    });
}

#[test]
fn child_call_typed_parent_fails_to_answer_unserved() {
    let body = format!(
        "(call $must {}) (call $exit (i32.load (i32.const 16)))",
        call_greet()
    );
    on_every_pair(|parent, child| {
        let ended = run_with(parent, child, &greeting("(unreachable)", SERVES, &body));
        assert_eq!(ended, Err(Stop::Exit(6)));
        // What leads beyond the parent's memory.
        let beyond = "(i32.store (local.get 2) (i32.const -1))
            (i32.store offset=4 (local.get 2) (i32.const 2)) (i32.const 0)";
        let ended = run_with(parent, child, &greeting(beyond, SERVES, &body));
        assert_eq!(ended, Err(Stop::Exit(6)));
        let leaves = "(call $exit (i32.const 77)) (i32.const 0)";
        let ended = run_with(parent, child, &greeting(leaves, SERVES, &body));
        assert_eq!(ended, Err(Stop::Exit(77)));
    });
}

#[test]
fn child_call_typed_wrong_words() {
    let child = "(i32.load (i32.const 64))";
    let typed = |args: [&str; 4]| {
        let [name, len, list, count] = args;
        let code = call(
            "child_call_typed",
            &[child, name, len, list, count, "400", "1", "16"],
        );
        format!("(call $exit {code})")
    };
    let cases = [
        (typed(["970", "5", "200", "3"]), NOENT),
        (typed(["990", "5", "200", "2"]), INVAL),
        (typed(["990", "5", "200", "0"]), INVAL),
        (
            format!(
                "(i32.store8 (i32.const 1010) (i32.const 255)) {}",
                typed(["990", "5", "200", "3"])
            ),
            ILSEQ,
        ),
        // That is how it ended.
        (
            format!(
                "{} {}",
                must("child_kill", &[child]),
                typed(["990", "5", "200", "3"])
            ),
            0,
        ),
    ];
    on_every_pair(|parent, child| {
        for (body, code) in &cases {
            let ended = run_with(parent, child, &greeting(SHOUT, SERVES, body));
            assert_eq!(ended, Err(Stop::Exit(*code)), "{body}");
        }
        for word in [
            "(i32.store (i32.const 200) (i32.const 65533))",
            "(i32.store (i32.const 216) (i32.const 65530))",
        ] {
            let body = format!("{word} (call $exit {})", call_greet());
            match run_with(parent, child, &greeting(SHOUT, SERVES, &body)) {
                Err(Stop::Trap(trap)) => assert_eq!(trap.kind(), TrapKind::Fault),
                other => panic!("{other:?}"),
            }
        }
    });
}

#[test]
fn child_connect_other_type_told_when_linked() {
    let child = "(i32.load (i32.const 64))";
    let body = [
        must("child_new", &["0", "64"]),
        must("child_connect", &[child, "960", "4", "980", "3", "-1", "970", "5"]),
        must("child_connect", &[child, "960", "4", "970", "5", "-1", "970", "5"]),
        must("child_link", &[child, "72"]),
        must("child_missing", &[child, "0", "2048", "512", "80"]),
        // The import's name has 3 letters, and it is mistyped.
        "(call $exit (i32.add
            (i32.add (i32.mul (i32.const 1000) (i32.load (i32.const 72))) (i32.mul (i32.const 100) (i32.load (i32.const 84))))
            (i32.load (i32.const 100))))".to_owned(),
    ];
    on_every_pair(|parent, child| {
        let ended = run_with(parent, child, &greeting(SHOUT, SERVES, &body.concat()));
        assert_eq!(ended, Err(Stop::Exit(1303)));
    });
    let bad = [
        (must("child_describe", &[child, "960", "4"]), INVAL),
        (
            must(
                "child_connect",
                &[child, "960", "4", "980", "3", "-1", "990", "5"],
            ),
            NOENT,
        ),
        (
            must(
                "child_connect",
                &[child, "960", "4", "990", "5", "-1", "970", "5"],
            ),
            NOENT,
        ),
        (
            must(
                "child_connect",
                &[child, "960", "4", "980", "3", "7", "980", "3"],
            ),
            BADF,
        ),
    ];
    let engine = &engines()[1];
    for (step, code) in bad {
        let body = format!("{} {step}", must("child_new", &["0", "64"]));
        let ended = run_with(engine, engine, &greeting(SHOUT, SERVES, &body));
        assert_eq!(ended, Err(Stop::Exit(code)), "{step}");
    }
}
