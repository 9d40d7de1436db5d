//! Fuel that a child lends on to its own children.

use crate::parents::scene::{CHILD, call_export, module};
use crate::parents::*;
use std::sync::Arc;
use turnkey_snapshots::engine::{Engine, Limits};
use turnkey_virt::nanoprocess::{Bind, ChildLimits, Family, Outcome};
use turnkey_wasi_common::{Stop, WasiCtx};

const ALL: u64 = 10_000_000;

/// A module that gives most of its fuel to a child of its own and then does `end`; the child uses
/// some and is left alone.
fn lending(end: &str) -> String {
    let limits = ChildLimits {
        fuel: ALL / 10 * 8,
        ..ChildLimits::DEFAULT
    };
    let mut body = must("child_new", &["0", "0x30040"]);
    body += &must("child_limits", &[CHILD, "0x30200"]);
    body += &must("child_link", &[CHILD, "0x3004c"]);
    body += &call_export(CHILD, "f");
    body += end;
    module(&limits_at(0x3_0200, &limits), &body)
}

const GRANDCHILD: &str = "(module (func (export \"f\") (result i32) (i32.const 1)))";

fn limits() -> ChildLimits {
    ChildLimits {
        fuel: ALL,
        memory: 1 << 24,
        children: 4,
        memory_below: u64::MAX,
        files_below: u64::MAX,
        ..ChildLimits::DEFAULT
    }
}

#[test]
fn fuel_lent_on_returns_to_a_rust_parent_however_the_child_ends() {
    for engine in counting() {
        let ends = [
            ("", Outcome::Returned(vec![])),
            ("(call $exit (i32.const 3))", Outcome::Exited(3)),
        ];
        for (end, expected) in ends {
            let child = spawn_lending(&engine, end);
            assert_eq!(child.1.call("_start", &[]), Ok(expected), "{end}");
            given_back(child);
        }
        let child = spawn_lending(&engine, "(unreachable)");
        let ended = child.1.call("_start", &[]);
        assert!(matches!(ended, Ok(Outcome::Trapped(_))), "{ended:?}");
        given_back(child);
        // One that is killed after it was lent.
        let child = spawn_lending(&engine, "");
        child.1.call("_start", &[]).unwrap();
        child.1.kill();
        assert_eq!(child.1.call("_start", &[]), Ok(Outcome::Killed));
        given_back(child);
    }
}

fn spawn_lending(
    engine: &Arc<dyn Engine>,
    end: &str,
) -> (Family, turnkey_virt::nanoprocess::Child) {
    let pool = ChildLimits {
        fuel: ALL,
        ..ChildLimits::PARENT
    };
    let family = Family::builder().limits(pool).build();
    let child = family.spawn(compile(engine, &lending(end))).unwrap();
    child.bind("class:*", Bind::Pass).unwrap();
    child.module(compile(engine, GRANDCHILD)).unwrap();
    child.limit(limits()).unwrap();
    child.link().unwrap();
    (family, child)
}

/// Nearly all of the fuel is there again.
fn given_back((family, child): (Family, turnkey_virt::nanoprocess::Child)) {
    let source = "(module)";
    let engine = &counting()[0];
    drop(child);
    let next = family.spawn(compile(engine, source)).unwrap();
    let most = ChildLimits {
        fuel: ALL / 100 * 99,
        ..ChildLimits::DEFAULT
    };
    assert!(next.limit(most).is_ok());
    let all = ChildLimits { fuel: ALL, ..most };
    assert!(next.limit(all).is_err(), "what was used does not return");
}

#[test]
fn fuel_lent_on_returns_to_a_wasm_parent_when_the_child_is_dropped() {
    for engine in counting() {
        for (end, ending) in [("", 0), ("(unreachable)", 2)] {
            let mut body = must("child_new", &["0", "0x30040"]);
            body += &must("child_bind", &[CHILD, "0x30400", "7", "2", "0"]);
            body += &must("child_module", &[CHILD, "1", "0x30048"]);
            body += &must("child_limits", &[CHILD, "0x30200"]);
            body += &must("child_link", &[CHILD, "0x3004c"]);
            let start = call_export(CHILD, "_start").replace(
                "(i32.const 1) (i32.const 0x30010)",
                "(i32.const 0) (i32.const 0x30010)",
            );
            body += &start;
            body += &format!(
                "(if (i32.ne (i32.load (i32.const 0x30010)) (i32.const {ending})) (then (unreachable)))"
            );
            body += &must("child_drop", &[CHILD]);
            // All that is left is enough for another of the kind.
            body += &must("child_new", &["0", "0x30040"]);
            body += "(i64.store (i32.const 0x30200) (i64.const 9900000))";
            body += &must("child_limits", &[CHILD, "0x30200"]);
            body += "(call $exit (i32.const 5))";
            let exports = data(0x3_0400, "class:*") + &limits_at(0x3_0200, &limits());
            let source = module(&exports, &body);
            let family = Family::builder()
                .module(compile(&engine, &lending(end)))
                .module(compile(&engine, GRANDCHILD))
                .build();
            let ctx = WasiCtx::builder().build().unwrap();
            let fuel = Limits {
                fuel: Some(ALL + ALL / 100),
                memory: None,
            };
            let ended = run_in(&engine, &source, ctx, &family, fuel);
            assert_eq!(ended, Err(Stop::Exit(5)), "{} {end}", engine.name());
        }
    }
}
