//! Children that do their worst, and what is left of their parents and siblings.

use crate::dirs::one_file;
use crate::parents::scene::*;
use crate::parents::*;
use std::sync::Arc;
use std::time::Duration;
use turnkey_cap_backends::{HostClocks, ambient_authority};
use turnkey_snapshots::engine::{Engine, Value};
use turnkey_snapshots::preview_1;
use turnkey_virt::fs::MemoryFs;
use turnkey_virt::nanoprocess::{Bind, Cap, Child, ChildLimits, Family, Outcome, Place};
use turnkey_wasi_common::function::{CoreType, Function};
use turnkey_wasi_common::{Errno, Fd, Grant, Object, Pipe, PipeWriter, WasiCtx};

/// The parent's own, which nobody else may touch: 256 bytes at 0x30800.
const CLAIMED: &str = "(memory.fill (i32.const 0x30800) (i32.const 77) (i32.const 256))\n";

/// A sibling, at 0x30060, and what it returns when it is called behind the hostile one: 42. It is
/// module 1.
fn sibling() -> (String, String) {
    let sibling = "(i32.load (i32.const 0x30060))";
    let before = must("child_new", &["1", "0x30060"])
        + &must("child_limits", &[sibling, "0x30700"])
        + &must("child_link", &[sibling, "0x3004c"]);
    let after = "(i64.store (i32.const 0x30110) (i64.load (i32.const 0x30010)))
        (i32.store (i32.const 0x30118) (i32.load (i32.const 0x30050)))\n"
        .to_owned()
        + &call_export(sibling, "f")
        + "(i32.store (i32.const 0x30120) (i32.load (i32.const 0x30050)))\n"
        + &must("child_drop", &[sibling]);
    (before, after)
}

const SIBLING: &str = r#"(module (memory (export "memory") 1)
    (func (export "f") (result i32) (i32.add (i32.const 41) (memory.size))))"#;

/// A hostile child of a wasm parent: how it ends, and what `f` returns if it returns.
struct Hostile<'a> {
    name: &'a str,
    child: String,
    exports: String,
    binds: &'a [(&'a str, u32)],
    before: String,
    limits: ChildLimits,
    ending: u32,
    result: u32,
}

/// Limits under which whatever a child does comes to an end.
const LIMITS: ChildLimits = ChildLimits {
    fuel: 20_000_000,
    memory: 4 << 16,
    fs_bytes: 100,
    inodes: 2,
    files: 8,
    deadline: Some(Duration::from_secs(120)),
    ..ChildLimits::DEFAULT
};

const OF_THE_SIBLING: ChildLimits = ChildLimits {
    fuel: 1_000_000,
    memory: 1 << 16,
    files: 4,
    ..ChildLimits::DEFAULT
};

/// Calls something until it answers an errno that is not 0, and returns that.
fn until_errno(call: &str) -> String {
    format!(
        "(local $errno i32) (loop $more
            (local.set $errno {call}) (br_if $more (i32.eqz (local.get $errno))))
        (local.get $errno)"
    )
}

fn hostiles() -> Vec<Hostile<'static>> {
    let plain = |name, body: &str, ending, result| Hostile {
        name,
        child: child(
            r#"(data (i32.const 16) "hello, you") (data (i32.const 40) "ab")"#,
            body,
        ),
        exports: one_file(),
        binds: &[("class:*", PASS)],
        before: serve(1, 1, 3),
        limits: LIMITS,
        ending,
        result,
    };
    let short = ChildLimits {
        deadline: Some(Duration::from_millis(50)),
        fuel: u64::MAX / 2,
        ..LIMITS
    };
    let open = crate::dirs::open(40, 1, 0);
    let write = crate::dirs::write(4, 10);
    let sleep = "(i32.store (i32.const 1024) (i32.const 1))
        (i32.store (i32.const 1040) (i32.const 1)) (i64.store (i32.const 1048) (i64.const -2))
        (call $poll_oneoff (i32.const 1024) (i32.const 1280) (i32.const 1) (i32.const 2048))";
    let asking = "(call $clock_time_get (i32.const 0) (i64.const 0) (i32.const 16))";
    let clock = |body: &str| {
        one_file()
            + &format!(
                r#"(func (export "clock_now") (param i32 i32) (result i64) {body} (i64.const 1))"#
            )
    };
    vec![
        plain(
            "loops, and has no fuel",
            "(loop (br 0)) (i32.const 0)",
            OUT_OF_FUEL,
            0,
        ),
        Hostile {
            limits: short,
            ..plain("loops too long", "(loop (br 0)) (i32.const 0)", DEADLINE, 0)
        },
        Hostile {
            limits: short,
            ..plain("sleeps too long", sleep, DEADLINE, 0)
        },
        Hostile {
            before: serve(1, 1, 3) + &hand(0) + &must("cap_drop", &[CAP]),
            limits: short,
            ..plain(
                "reads what nobody writes",
                &crate::dirs::read(0),
                DEADLINE,
                0,
            )
        },
        plain(
            "grows without end",
            "(local $n i32) (loop $more (local.set $n (i32.add (local.get $n) (i32.const 1)))
                (br_if $more (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))
            (local.get $n)",
            RETURNED,
            3,
        ),
        plain("opens without end", &until_errno(&open), RETURNED, 33),
        plain(
            "writes without end",
            &format!(
                "(local $o i32) {} {}",
                format_args!("(drop {open})"),
                until_errno(&write)
                    .replacen("(local $errno i32)", "", 1)
                    .replace("$errno", "$o")
            ),
            RETURNED,
            DQUOT,
        ),
        plain("calls without end", "(call $f)", TRAPPED, 0),
        plain(
            "reads beyond its memory",
            "(i32.load (i32.const -4))",
            TRAPPED,
            0,
        ),
        Hostile {
            exports: clock("(unreachable)"),
            binds: &[("class:*", PASS), ("class:clock", SERVE)],
            ..plain("is served by a handler that traps", asking, UNSERVED, 0)
        },
        Hostile {
            exports: clock("(drop (call $child_kill (i32.load (i32.const 0x30040))))"),
            binds: &[("class:*", PASS), ("class:clock", SERVE)],
            ..plain("is killed by the handler that serves it", asking, KILLED, 0)
        },
        Hostile {
            exports: clock("(drop (call $child_drop (i32.load (i32.const 0x30040))))"),
            binds: &[("class:*", PASS), ("class:clock", SERVE)],
            ..plain("is not to be dropped in a call", asking, RETURNED, 0)
        },
    ]
}

/// "f" under a name that is a function's, so that a child can call itself.
fn with_self(source: &str) -> String {
    source.replacen(r#"(func (export "f")"#, r#"(func $f (export "f")"#, 1)
}

#[test]
fn hostile_child_of_a_wasm_parent_leaves_it_and_a_sibling_alone() {
    for parent in engines() {
        for engine in counting() {
            for hostile in hostiles() {
                let (sibling_before, sibling_after) = sibling();
                let before = CLAIMED.to_owned() + &hostile.before + &sibling_before;
                let exports = hostile.exports.clone() + &limits_at(0x3_0700, &OF_THE_SIBLING);
                let child = with_self(&hostile.child);
                let scene = Scene {
                    exports: &exports,
                    child: &child,
                    binds: hostile.binds,
                    before: &before,
                    after: &sibling_after,
                    limits: hostile.limits,
                    ..Scene::default()
                };
                let clocks = Arc::new(HostClocks::new(ambient_authority()));
                let pool = ChildLimits {
                    children: 2,
                    memory_below: LIMITS.memory + OF_THE_SIBLING.memory,
                    files_below: LIMITS.files + OF_THE_SIBLING.files,
                    ..ChildLimits::DEFAULT
                };
                let family = Family::builder()
                    .clocks(clocks)
                    .limits(pool)
                    .module(compile(&engine, &child))
                    .module(compile(&engine, SIBLING))
                    .build();
                let name = format!("{} on {}", hostile.name, engine.name());
                // The second time all that they had has to be there again.
                for _ in 0..2 {
                    let (_input, stdin) = Pipe::new(8);
                    let stdin = Arc::new(stdin);
                    let ctx = WasiCtx::builder().stdin(stdin.clone()).build().unwrap();
                    let seen = run_seen(&parent, &scene.source(), ctx, &family);
                    assert_eq!(seen.ended, Ok(()), "{name}");
                    assert_eq!(seen.word(0x3_0110), hostile.ending, "{name}");
                    if hostile.ending == RETURNED {
                        assert_eq!(seen.word(0x3_0118), hostile.result, "{name}");
                    }
                    assert_eq!(seen.word(0x3_0120), 42, "{name}");
                    assert_eq!(&seen.memory[0x3_0800..0x3_0900], [77; 256], "{name}");
                    assert_eq!(Arc::strong_count(&stdin), 1, "{name}");
                }
            }
        }
    }
}

#[test]
fn hostile_child_of_a_rust_parent_leaves_a_sibling_and_the_pools_alone() {
    for engine in counting() {
        for hostile in hostiles() {
            // What a Rust parent serves is its own, and fails otherwise.
            if hostile.binds.len() > 1 {
                continue;
            }
            let pool = ChildLimits {
                fuel: LIMITS.fuel.max(hostile.limits.fuel) + 1_000_000,
                memory_below: 8 << 16,
                files_below: 16,
                children: 2,
                ..ChildLimits::DEFAULT
            };
            let clocks = Arc::new(HostClocks::new(ambient_authority()));
            let family = Family::builder().clocks(clocks).limits(pool).build();
            let sibling = family.spawn(compile(&engine, SIBLING)).unwrap();
            sibling.limit(OF_THE_SIBLING).unwrap();
            sibling.link().unwrap();
            let files = MemoryFs::new();
            for _ in 0..2 {
                let (child, _input) = rust_child(&family, &engine, &hostile, &files);
                let name = format!("{} on {}", hostile.name, engine.name());
                let ending = match child.call("f", &[]).unwrap() {
                    Outcome::Returned(values) => {
                        assert_eq!(values, [Value::I32(hostile.result as i32)], "{name}");
                        RETURNED
                    }
                    Outcome::Exited(_) => EXITED,
                    Outcome::Trapped(_) => TRAPPED,
                    Outcome::Killed => KILLED,
                    Outcome::Deadline => DEADLINE,
                    Outcome::OutOfFuel => OUT_OF_FUEL,
                };
                assert_eq!(ending, hostile.ending, "{name}");
                let called = sibling.call("f", &[]);
                assert_eq!(
                    called,
                    Ok(Outcome::Returned(vec![Value::I32(42)])),
                    "{name}"
                );
                if hostile.ending == OUT_OF_FUEL {
                    break;
                }
            }
        }
    }
}

fn rust_child(
    family: &Family,
    engine: &Arc<dyn Engine>,
    hostile: &Hostile<'_>,
    files: &MemoryFs,
) -> (Child, PipeWriter) {
    let child = family
        .spawn(compile(engine, &with_self(&hostile.child)))
        .unwrap();
    child.bind("class:*", Bind::Pass).unwrap();
    let limits = ChildLimits {
        fuel: hostile.limits.fuel / 2,
        ..hostile.limits
    };
    child.limit(limits).unwrap();
    let dir = Cap::new(Grant::new(Object::Dir(files.root())));
    child.grant(&dir, Place::At(Fd(3)), Some("d")).unwrap();
    let (writer, reader) = Pipe::new(8);
    let stdin = Cap::new(Grant::new(Object::Stream(Arc::new(reader))));
    child.grant(&stdin, Place::At(Fd(0)), None).unwrap();
    child.link().unwrap();
    (child, writer)
}

/// Each call of preview 1 with one pointer that leads beyond the child's memory, on descriptor 3.
fn wild_calls() -> Vec<(&'static Function, String)> {
    let mut calls = Vec::new();
    for function in &preview_1::FUNCTIONS {
        for (wild, count) in pointers(function) {
            for (address, elements) in [(u32::MAX - 7, 64), (0x2_0000, 1), (0x1_fff8, u32::MAX)] {
                if count.is_none() && address == 0x1_fff8 {
                    continue;
                }
                let core = function.core.params.iter().enumerate();
                let args = core.map(|(at, ty)| match (ty, at) {
                    (CoreType::I64, _) => " (i64.const 0)".to_owned(),
                    (_, at) if at == wild => format!(" (i32.const {address})"),
                    (_, at) if Some(at) == count => format!(" (i32.const {elements})"),
                    (_, 0)
                        if function
                            .params
                            .first()
                            .is_some_and(|param| param.name.contains("fd")) =>
                    {
                        " (i32.const 3)".to_owned()
                    }
                    _ => " (i32.const 0)".to_owned(),
                });
                let args: String = args.collect();
                calls.push((function, format!("(call ${}{args})", function.name)));
            }
        }
    }
    assert!(calls.len() > 100, "{}", calls.len());
    calls
}

#[test]
fn wild_pointers_in_every_filtered_call_end_the_child_and_no_filter_is_asked() {
    let filter = |function: &Function| {
        format!(
            r#"{ROOM} (func (export "filter_{}") (param i32 i32{}) (result i32)
                (i32.store (i32.const {LEFT}) (i32.const 1)) (i32.const 0))"#,
            function.name,
            params(function)
        )
    };
    check_wild(filter, FILTER, |seen, _, call| {
        assert_eq!(seen.outcome().0, TRAPPED, "{call}");
        assert_eq!(seen.word(LEFT), 0, "{call}");
    });
}

#[test]
fn wild_pointers_in_every_call_on_what_is_served_leave_the_parent_as_it_is() {
    let exports = one_file()
        + r#"(func (export "clock_now") (param i32 i32) (result i64) (i64.const 1))
        (func (export "rng_fill") (param i32 i32 i32) (result i32) (i32.const 0))"#;
    check_wild(
        |_| exports.clone(),
        SERVE,
        |seen, function, call| {
            // Some look at the descriptor first, and it is none for the call; and of a name no more
            // is written than there is.
            let (ending, errno) = seen.outcome();
            let short = function.name == "fd_prestat_dir_name";
            let refused = ending == RETURNED && (errno != 0 || short);
            assert!(ending == TRAPPED || refused, "{call}: {ending} {errno}");
        },
    );
}

/// Makes each call with a child and a parent of its own.
fn check_wild(
    exports: impl Fn(&Function) -> String,
    binding: u32,
    check: impl Fn(&Seen, &Function, &str),
) {
    for engine in engines() {
        for (function, call) in wild_calls() {
            let binds: &[(&str, u32)] = match binding {
                FILTER => &[("class:*", PASS), (function.name, FILTER)],
                _ => &[
                    ("class:*", PASS),
                    ("class:clock", SERVE),
                    ("class:random", SERVE),
                ],
            };
            // Who filters has no directory to serve.
            let before = match binding {
                FILTER => CLAIMED.to_owned(),
                _ => CLAIMED.to_owned() + &serve(1, 1, 3),
            };
            let (exports, child) = (exports(function), only(function, &call));
            let scene = Scene {
                exports: &exports,
                child: &child,
                binds,
                before: &before,
                ..Scene::default()
            };
            let ctx = WasiCtx::builder().build().unwrap();
            let seen = scene.run(&engine, &engine, ctx);
            check(&seen, function, &call);
            assert_eq!(&seen.memory[0x3_0800..0x3_0900], [77; 256], "{call}");
        }
    }
}

/// A child that makes one call.
fn only(function: &Function, call: &str) -> String {
    format!(
        r#"(module (import "{}" "{name}" (func ${name} (param{}) (result i32)))
            (memory (export "memory") 2) (func (export "f") (result i32) {call}))"#,
        function.module,
        params(function),
        name = function.name,
    )
}

#[test]
fn kill_while_a_forwarded_call_waits_ends_it_from_another_thread() {
    for engine in engines() {
        let interrupt = turnkey_wasi_common::Interrupt::new();
        let (_input, stdin) = Pipe::new(8);
        let stdin = Cap::new(Grant::new(Object::Stream(Arc::new(stdin))));
        let entered = Arc::new(std::sync::atomic::AtomicBool::new(false));
        let seen = Arc::clone(&entered);
        let waiting = turnkey_wasi_common::before(move |call, memory| {
            let Some(original) = call.original else {
                return turnkey_wasi_common::Verdict::Continue;
            };
            seen.store(true, std::sync::atomic::Ordering::Release);
            match original.forward(memory) {
                Ok(errno) => turnkey_wasi_common::Verdict::Answer(errno),
                Err(stop) => stop.into(),
            }
        });
        let family = Family::builder().interrupt(interrupt).build();
        let source = child("", &crate::dirs::read(0));
        let child = family.spawn(compile(&engine, &source)).unwrap();
        child.bind("class:*", Bind::Pass).unwrap();
        child
            .bind("fd_read", Bind::Filter(Arc::new(waiting)))
            .unwrap();
        child.grant(&stdin, Place::At(Fd(0)), None).unwrap();
        child.link().unwrap();
        std::thread::scope(|scope| {
            let called = scope.spawn(|| child.call("f", &[]));
            while !entered.load(std::sync::atomic::Ordering::Acquire) {
                std::thread::yield_now();
            }
            child.kill();
            assert_eq!(called.join().unwrap(), Ok(Outcome::Killed));
        });
        assert_eq!(child.call("f", &[]), Err(Errno::Srch));
    }
}
