//! What a parent decides about its children, by a Rust parent and by a wasm parent alike.
#![cfg(test)]
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    reason = "the numbers of these tests are small"
)]

mod parents;

use parents::scene::*;
use parents::*;
use std::sync::Arc;
use std::time::Duration;
use turnkey_cap_backends::{HostClocks, ambient_authority};
use turnkey_snapshots::engine::{Engine, Limits, Value};
use turnkey_virt::nanoprocess::{Bind, Cap, Child, ChildLimits, Family, LinkError, Outcome, Place};
use turnkey_wasi_common::{
    Access, Fd, Grant, Interrupt, Lease, Object, Pipe, Reason, Rights, Stop, TrapKind, WasiCtx,
};

/// A child, what it is bound to and limited to, and what becomes of a call of its `f`: 100 times
/// how it ended, counted from 1, and the code of an exit or the number that was returned.
struct Scenario {
    name: &'static str,
    source: &'static str,
    binds: &'static [(&'static str, u32)],
    limits: ChildLimits,
    expected: u32,
}

const WITHOUT: ChildLimits = ChildLimits::DEFAULT;

const LOOPING: &str = r#"(module (func (export "f") (result i32) (loop (br 0)) (i32.const 1)))"#;

/// It waits for an hour to pass, and for standard input meanwhile.
const SLEEPING: &str = r#"(module
    (import "wasi_snapshot_preview1" "poll_oneoff"
        (func $poll (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "f") (result i32)
        (i32.store (i32.const 16) (i32.const 1))
        (i64.store (i32.const 24) (i64.const 3600000000000))
        (call $poll (i32.const 0) (i32.const 128) (i32.const 1) (i32.const 256))))"#;

/// It reads standard input.
const READING: &str = r#"(module
    (import "wasi_snapshot_preview1" "fd_read"
        (func $read (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "\10\00\00\00\04\00\00\00")
    (func (export "f") (result i32)
        (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8))))"#;

/// It grows its memory by 10 pages, and tells whether that failed.
const GROWING: &str = r#"(module (memory (export "memory") 1)
    (func (export "f") (result i32)
        (i32.eq (memory.grow (i32.const 10)) (i32.const -1))))"#;

const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "a loop without fuel",
        source: LOOPING,
        binds: &[],
        limits: ChildLimits {
            fuel: 100_000,
            ..WITHOUT
        },
        expected: 600,
    },
    Scenario {
        name: "a loop and a deadline",
        source: LOOPING,
        binds: &[],
        limits: ChildLimits {
            deadline: Some(Duration::from_millis(20)),
            fuel: 1 << 60,
            ..WITHOUT
        },
        expected: 500,
    },
    Scenario {
        name: "a sleep and a deadline",
        source: SLEEPING,
        binds: &[("poll_oneoff", PASS)],
        limits: ChildLimits {
            deadline: Some(Duration::from_millis(20)),
            fuel: 1 << 60,
            ..WITHOUT
        },
        expected: 500,
    },
    Scenario {
        name: "a read and a deadline",
        source: READING,
        binds: &[("class:fd", PASS)],
        limits: ChildLimits {
            deadline: Some(Duration::from_millis(20)),
            fuel: 1 << 60,
            ..WITHOUT
        },
        expected: 500,
    },
    Scenario {
        name: "memory enough",
        source: GROWING,
        binds: &[],
        limits: ChildLimits {
            memory: 11 << 16,
            fuel: 1 << 60,
            ..WITHOUT
        },
        expected: 100,
    },
    Scenario {
        name: "memory not enough",
        source: GROWING,
        binds: &[],
        limits: ChildLimits {
            memory: 10 << 16,
            fuel: 1 << 60,
            ..WITHOUT
        },
        expected: 101,
    },
    Scenario {
        name: "a trap",
        source: r#"(module (func (export "f") (result i32) unreachable))"#,
        binds: &[],
        limits: ChildLimits {
            fuel: 1 << 60,
            ..WITHOUT
        },
        expected: 300,
    },
    Scenario {
        name: "a start function that traps",
        source: r#"(module (func $start unreachable) (start $start)
            (func (export "f") (result i32) (i32.const 1)))"#,
        binds: &[],
        limits: ChildLimits {
            fuel: 1 << 60,
            ..WITHOUT
        },
        expected: 300,
    },
    Scenario {
        name: "an exit",
        source: r#"(module (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
            (func (export "f") (result i32) (call $exit (i32.const 42)) (i32.const 1)))"#,
        binds: &[("proc_exit", PASS)],
        limits: ChildLimits {
            fuel: 1 << 60,
            ..WITHOUT
        },
        expected: 242,
    },
    Scenario {
        name: "a function that is denied",
        source: READING,
        binds: &[("class:fd", PASS), ("fd_read", DENY)],
        limits: ChildLimits {
            fuel: 1 << 60,
            ..WITHOUT
        },
        expected: 102,
    },
    Scenario {
        name: "a class that traps",
        source: READING,
        binds: &[("class:*", PASS), ("class:fd.read", TRAP)],
        limits: ChildLimits {
            fuel: 1 << 60,
            ..WITHOUT
        },
        expected: 300,
    },
];

fn bind(binding: u32) -> Bind {
    match binding {
        DENY => Bind::Deny(turnkey_wasi_common::Errno::Acces),
        TRAP => Bind::Trap,
        _ => Bind::Pass,
    }
}

/// A family that holds the host's clocks.
fn builder() -> turnkey_virt::nanoprocess::FamilyBuilder {
    Family::builder().clocks(Arc::new(HostClocks::new(ambient_authority())))
}

fn by_rust(scenario: &Scenario, engine: &Arc<dyn Engine>) -> u32 {
    let family = builder().build();
    let child = family.spawn(compile(engine, scenario.source)).unwrap();
    for (what, binding) in scenario.binds {
        child.bind(what, bind(*binding)).unwrap();
    }
    child.limit(scenario.limits).unwrap();
    // Nobody writes to it.
    let (_writer, reader) = Pipe::new(1);
    let stdin = Cap::new(Grant::new(Object::Stream(Arc::new(reader))));
    child.grant(&stdin, Place::At(Fd(0)), None).unwrap();
    child.link().unwrap();
    match child.call("f", &[]).unwrap() {
        Outcome::Returned(values) => match values[..] {
            [Value::I32(value)] => 100 + value as u32,
            _ => panic!("{values:?}"),
        },
        Outcome::Exited(code) => 200 + code,
        Outcome::Trapped(_) => 300,
        Outcome::Killed => 400,
        Outcome::Deadline => 500,
        Outcome::OutOfFuel => 600,
    }
}

fn by_wasm(scenario: &Scenario, parent_engine: &Arc<dyn Engine>, engine: &Arc<dyn Engine>) -> u32 {
    let scene = Scene {
        child: scenario.source,
        binds: scenario.binds,
        tag: 0,
        before: &hand(0),
        limits: scenario.limits,
        ..Scene::default()
    };
    let (_writer, reader) = Pipe::new(1);
    let ctx = WasiCtx::builder().stdin(Arc::new(reader)).build().unwrap();
    let seen = scene.run_with(parent_engine, engine, ctx, builder());
    let (ending, number) = seen.outcome();
    100 * (1 + ending) + number
}

#[test]
fn child_call_each_scenario_by_a_rust_parent() {
    for engine in counting() {
        for scenario in SCENARIOS {
            let ended = by_rust(scenario, &engine);
            assert_eq!(
                ended,
                scenario.expected,
                "{} on {}",
                scenario.name,
                engine.name()
            );
        }
    }
}

#[test]
fn child_call_each_scenario_by_a_wasm_parent() {
    for parent in engines() {
        for engine in counting() {
            for scenario in SCENARIOS {
                let ended = by_wasm(scenario, &parent, &engine);
                assert_eq!(
                    ended,
                    scenario.expected,
                    "{} on {}",
                    scenario.name,
                    engine.name()
                );
            }
        }
    }
}

fn spawn(family: &Family, engine: &Arc<dyn Engine>, source: &str) -> Child {
    family.spawn(compile(engine, source)).unwrap()
}

/// Writes a byte to descriptor 1, and answers the errno.
const WRITING: &str = r#"(module
    (import "wasi_snapshot_preview1" "fd_write"
        (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "\08\00\00\00\01\00\00\00x")
    (func (export "f") (result i32)
        (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 12))))"#;

fn returned(value: i32) -> Result<Outcome, turnkey_wasi_common::Errno> {
    Ok(Outcome::Returned(vec![Value::I32(value)]))
}

#[test]
fn link_everything_missing_named_with_who_holds_it() {
    let source = r#"(module
        (import "env" "f" (func (param i64)))
        (import "wasi_snapshot_preview1" "sock_send" (func (param i32)))
        (import "wasi_snapshot_preview1" "path_unlink_file" (func (param i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "fd_close" (func (param i32) (result i32)))
        (import "wasi_snapshot_preview1" "fd_sync" (func (param i32) (result i32)))
        (func $start unreachable) (start $start))"#;
    for engine in engines() {
        let family = Family::builder().without("class:network").unwrap().build();
        let child = spawn(&family, &engine, source);
        child.bind("fd_sync", Bind::Pass).unwrap();
        let Err(LinkError::Missing(mut missing)) = child.link() else {
            panic!("nothing is missing");
        };
        missing.sort_by(|one, other| one.import.name.cmp(&other.import.name));
        let told: Vec<_> = missing.iter().map(ToString::to_string).collect();
        let expected = [
            "it imports the function `env.f`, which does not exist here",
            "it imports the function `wasi_snapshot_preview1.fd_close`, which it is not bound to \
             [fd.meta]; its parent holds it",
            "it imports the function `wasi_snapshot_preview1.path_unlink_file`, which it is not \
             bound to [files.write]; its parent holds it",
            "it imports `wasi_snapshot_preview1.sock_send` as (i32) -> (), but that function is \
             (i32, i32, i32, i32, i32) -> (i32) [network.send]; nobody holds it",
        ];
        assert_eq!(told, expected);
        // What the parent does not hold it cannot pass.
        child.bind("class:*", Bind::Pass).unwrap();
        let Err(LinkError::Missing(missing)) = child.link() else {
            panic!("nothing is missing");
        };
        assert_eq!(missing.len(), 2);
    }
}

#[test]
fn revoke_mid_run_next_call_badf_and_what_was_handed_on_is_dead() {
    for engine in engines() {
        let (writer, reader) = output();
        let family = Family::builder().build();
        let cap = Cap::new(Grant::new(Object::Stream(writer.clone())));
        let weaker = cap.weaker(Access::Only(Rights::FD_WRITE));
        let child = spawn(&family, &engine, WRITING);
        child.bind("fd_write", Bind::Pass).unwrap();
        child.grant(&weaker, Place::At(Fd(1)), None).unwrap();
        child.link().unwrap();
        assert_eq!(child.call("f", &[]), returned(0));
        // A handle that comes later goes with the others.
        assert_eq!(child.grant(&cap, Place::Next, None), Ok(Fd(3)));
        cap.revoke();
        assert_eq!(child.call("f", &[]), returned(BADF as i32));
        assert_eq!(reader.drain(), b"x");
        assert!(!weaker.is_alive());
        let late = child.grant(&weaker, Place::Next, None);
        assert_eq!(late, Err(turnkey_wasi_common::Errno::Badf));
    }
}

#[test]
fn revoke_while_the_child_waits_it_wakes() {
    for engine in engines() {
        let (_writer, reader) = Pipe::new(1);
        let lease = Lease::new();
        let grant = Grant::leased(Object::Stream(Arc::new(reader)), lease.clone());
        let family = Family::builder().build();
        let child = spawn(&family, &engine, READING);
        child.bind("fd_read", Bind::Pass).unwrap();
        child
            .grant(&Cap::new(grant), Place::At(Fd(0)), None)
            .unwrap();
        child.link().unwrap();
        std::thread::scope(|scope| {
            let called = scope.spawn(|| child.call("f", &[]));
            while !called.is_finished() {
                lease.revoke();
                std::thread::yield_now();
            }
            assert_eq!(called.join().unwrap(), returned(BADF as i32));
        });
    }
}

#[test]
fn kill_from_another_thread_ends_whatever_the_child_does() {
    for engine in engines() {
        for source in [LOOPING, SLEEPING, READING] {
            let (_writer, reader) = Pipe::new(1);
            let stdin = Cap::new(Grant::new(Object::Stream(Arc::new(reader))));
            let child = spawn(&builder().build(), &engine, source);
            child.bind("class:*", Bind::Pass).unwrap();
            child.grant(&stdin, Place::At(Fd(0)), None).unwrap();
            child.link().unwrap();
            std::thread::scope(|scope| {
                let called = scope.spawn(|| child.call("f", &[]));
                while child.read(0, &mut [0]) != Err(turnkey_wasi_common::Errno::Busy) {
                    assert!(!called.is_finished());
                }
                assert_eq!(child.call("f", &[]), Err(turnkey_wasi_common::Errno::Busy));
                child.kill();
                assert_eq!(called.join().unwrap(), Ok(Outcome::Killed));
            });
            assert_eq!(child.call("f", &[]), Err(turnkey_wasi_common::Errno::Srch));
        }
    }
}

#[test]
fn interrupt_of_the_parent_reaches_descendants() {
    for engine in counting() {
        let interrupt = Interrupt::new();
        let family = builder().interrupt(interrupt.clone()).build();
        let child = spawn(&family, &engine, SLEEPING);
        child.bind("class:*", Bind::Pass).unwrap();
        child.link().unwrap();
        std::thread::scope(|scope| {
            let called = scope.spawn(|| child.call("f", &[]));
            interrupt.fire(Reason::Timeout);
            assert_eq!(called.join().unwrap(), Ok(Outcome::Deadline));
        });
        // One that is made when it is too late ends as well.
        let late = spawn(&family, &engine, LOOPING);
        late.link().unwrap();
        assert_eq!(late.call("f", &[]), Ok(Outcome::Deadline));
    }
}

#[test]
fn limits_are_charged_to_the_parent_and_return() {
    let limits = ChildLimits {
        memory_below: 20 << 16,
        files_below: 64,
        children: 3,
        fuel: 100_000,
        ..ChildLimits::DEFAULT
    };
    let half = ChildLimits {
        memory: 11 << 16,
        files: 16,
        fuel: 80_000,
        ..ChildLimits::DEFAULT
    };
    let dquot = turnkey_wasi_common::Errno::Dquot;
    for engine in counting() {
        let family = Family::builder().limits(limits).build();
        let child = spawn(&family, &engine, GROWING);
        assert_eq!(
            child.link(),
            Err(LinkError::Errno(turnkey_wasi_common::Errno::Inval))
        );
        child.limit(half).unwrap();
        let other = spawn(&family, &engine, GROWING);
        for more in [
            ChildLimits {
                memory: 10 << 16,
                fuel: 0,
                ..half
            },
            ChildLimits {
                memory: 0,
                fuel: 20_001,
                ..half
            },
            ChildLimits {
                memory: 0,
                fuel: 0,
                files: 49,
                ..half
            },
            ChildLimits {
                memory: 0,
                fuel: 0,
                children: 2,
                ..half
            },
            ChildLimits {
                memory: 0,
                fuel: 0,
                code: 1,
                ..half
            },
            ChildLimits {
                memory: u64::MAX,
                fuel: 0,
                ..half
            },
        ] {
            assert_eq!(other.limit(more).map(|_| ()), Err(dquot), "{more:?}");
        }
        let third = spawn(&family, &engine, GROWING);
        assert_eq!(
            family.spawn(compile(&engine, GROWING)).map(|_| ()),
            Err(dquot)
        );
        drop(third);
        child.link().unwrap();
        assert_eq!(child.call("f", &[]), returned(0));
        let left = child.fuel().unwrap();
        assert!(left < 80_000, "{left}");
        drop(child);
        // What the child has used does not return.
        let rest = ChildLimits {
            fuel: 20_000 + left + 1,
            ..half
        };
        assert_eq!(other.limit(rest).map(|_| ()), Err(dquot));
        other
            .limit(ChildLimits {
                fuel: 20_000 + left,
                ..half
            })
            .unwrap();
    }
}

#[test]
fn fuel_of_a_wasm_parent_is_taken_and_what_is_left_returns() {
    let source = r#"(module (func (export "f") (result i32) (i32.const 5)))"#;
    let limits = ChildLimits {
        fuel: 1_000_000,
        ..ChildLimits::DEFAULT
    };
    let new = must("child_new", &["0", "0x30040"]);
    let limit = call("child_limits", &[CHILD, "512"]);
    let call_f = must("child_limits", &[CHILD, "512"])
        + &must("child_link", &[CHILD, "0x3004c"])
        + &call_export(CHILD, "f");
    let cases = [
        // It has not twice as much as that.
        (format!("{new}{call_f}{new}(call $exit {limit})"), DQUOT),
        (
            format!(
                "{new}{call_f}{}{new}(call $exit {limit})",
                must("child_drop", &[CHILD])
            ),
            0,
        ),
        (
            format!(
                "{new}(call $exit {})",
                call("child_link", &[CHILD, "0x3004c"])
            ),
            INVAL,
        ),
        // Again takes nothing more.
        (format!("{new}{call_f}(call $exit {limit})"), INVAL),
        (format!("{new}(drop {limit})(call $exit {limit})"), 0),
    ];
    for engine in counting() {
        for (body, expected) in &cases {
            let source_of_parent = module(&limits_at(512, &limits), body);
            let family = Family::builder().module(compile(&engine, source)).build();
            let ctx = WasiCtx::builder().build().unwrap();
            let fuel = Limits {
                fuel: Some(1_100_000),
                memory: None,
            };
            let ended = run_in(&engine, &source_of_parent, ctx, &family, fuel);
            assert_eq!(
                ended,
                Err(Stop::Exit(*expected)),
                "{} {body}",
                engine.name()
            );
        }
    }
}

/// Asks for the time, and then writes a byte; answers the errno of that.
const ASKING: &str = r#"(module
    (import "wasi_snapshot_preview1" "clock_time_get"
        (func $now (param i32 i64 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write"
        (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "\08\00\00\00\01\00\00\00x")
    (func (export "f") (result i32)
        (if (call $now (i32.const 0) (i64.const 0) (i32.const 16)) (then unreachable))
        (if (i64.ne (i64.load (i32.const 16)) (i64.const 7)) (then unreachable))
        (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 12))))"#;

#[test]
fn handler_meddles_with_the_child_that_it_serves() {
    // What the handler answers, and how the child ended with what it returned.
    let cases = [
        (call("child_drop", &[CHILD]), BUSY, (RETURNED, 0)),
        (
            call(
                "child_call",
                &[CHILD, "0x303e0", "1", "0", "0", "0x30200", "1", "0x30210"],
            ),
            BUSY,
            (RETURNED, 0),
        ),
        (
            call("child_read", &[CHILD, "0", "200", "1"]),
            BUSY,
            (RETURNED, 0),
        ),
        (
            call("child_grant", &[CHILD, CAP, "-1", "0", "0", "0x30048"]),
            BUSY,
            (RETURNED, 0),
        ),
        (call("child_link", &[CHILD, "0x3004c"]), BUSY, (RETURNED, 0)),
        // It is ended when control is with it again.
        (call("child_kill", &[CHILD]), 0, (KILLED, 0)),
        (call("cap_revoke", &[CAP]), 0, (RETURNED, BADF)),
        (call("cap_drop", &[CAP]), 0, (RETURNED, 0)),
        (call("module_drop", &["0"]), 0, (RETURNED, 0)),
        (call("child_new", &["0", "200"]), 0, (RETURNED, 0)),
    ];
    for (handler, answer, outcome) in &cases {
        let exports = format!(
            r#"(func (export "clock_now") (param i32 i32) (result i64)
                (i32.store (i32.const {LEFT}) {handler}) (i64.const 7))"#
        );
        let scene = Scene {
            exports: &exports,
            child: ASKING,
            binds: &[("class:*", PASS), ("clock_time_get", SERVE)],
            before: &hand(1),
            ..Scene::default()
        };
        on_every_pair(|parent, child| {
            let (writer, _reader) = output();
            let ctx = WasiCtx::builder().stdout(writer).build().unwrap();
            let seen = scene.run(parent, child, ctx);
            assert_eq!(seen.outcome(), *outcome, "{handler}");
            assert_eq!(seen.word(LEFT), *answer, "{handler}");
        });
    }
}

#[test]
fn thousand_children_one_after_another_nothing_is_left() {
    // Each has all that there is, so that one which is not given back leaves none for the next.
    let all = ChildLimits {
        memory: 2 << 16,
        files: 8,
        fuel: 1 << 40,
        ..ChildLimits::DEFAULT
    };
    let limits = ChildLimits {
        memory_below: 2 << 16,
        files_below: 8,
        children: 1,
        ..ChildLimits::DEFAULT
    };
    let mut body = "(local $count i32) (loop $more\n".to_owned();
    body += &must("child_new", &["0", "0x30040"]);
    body += &format!("(call $must {CHILD})\n");
    body += &must("child_bind", &[CHILD, "960", "7", "2", "0"]);
    body += &must("child_limits", &[CHILD, "512"]);
    body += &hand(1);
    body += &format!("(call $must {CAP})\n");
    body += &must("child_link", &[CHILD, "0x3004c"]);
    body += &call_export(CHILD, "f");
    body += &must("cap_drop", &[CAP]);
    body += &must("child_drop", &[CHILD]);
    body += "(local.set $count (i32.add (local.get $count) (i32.const 1)))
        (br_if $more (i32.lt_u (local.get $count) (i32.const 1000)))) (call $exit (i32.const 123))";
    let source = module(&(data(960, "class:*") + &limits_at(512, &all)), &body);
    for engine in counting() {
        let (writer, _reader) = output();
        let family = Family::builder()
            .limits(limits)
            .module(compile(&engine, WRITING))
            .build();
        let ctx = WasiCtx::builder().stdout(writer.clone()).build().unwrap();
        let fuel = Limits {
            fuel: Some(1 << 41),
            memory: None,
        };
        let ended = run_in(&engine, &source, ctx, &family, fuel);
        assert_eq!(ended, Err(Stop::Exit(123)), "{}", engine.name());
        assert_eq!(Arc::strong_count(&writer), 1, "a handle is left");
    }
}

#[test]
fn child_that_traps_leaves_its_parent_and_siblings_alone() {
    for engine in engines() {
        let family = Family::builder().build();
        let good = spawn(&family, &engine, GROWING);
        good.link().unwrap();
        let bad = spawn(
            &family,
            &engine,
            r#"(module (memory (export "memory") 1)
            (func (export "f") (result i32) (i32.load (i32.const -1))))"#,
        );
        bad.link().unwrap();
        match bad.call("f", &[]) {
            Ok(Outcome::Trapped(trap)) => assert_eq!(trap.kind(), TrapKind::Wasm),
            other => panic!("{other:?}"),
        }
        assert_eq!(bad.read(0, &mut [0]), Err(turnkey_wasi_common::Errno::Srch));
        assert_eq!(good.call("f", &[]), returned(0));
        good.write(65534, b"ab").unwrap();
        let mut read = [0; 2];
        good.read(65534, &mut read).unwrap();
        assert_eq!(&read, b"ab");
    }
}

#[test]
fn cap_serve_stream_of_the_parent_is_written_to_by_the_child() {
    let exports = format!(
        r#"{ROOM}
        (func (export "obj_write") (param i32 i64 i64 i32 i32) (result i32)
            (i32.store (i32.const {LEFT}) (i32.add (i32.wrap_i64 (local.get 1))
                (i32.add (i32.mul (local.get 0) (i32.const 10)) (i32.load8_u (local.get 3)))))
            (local.get 4))"#
    );
    let scene = Scene {
        exports: &exports,
        child: WRITING,
        binds: &[("fd_write", PASS)],
        before: &serve(2, 9, 1),
        ..Scene::default()
    };
    scene.on_every_pair(|seen| {
        assert_eq!(seen.outcome(), (RETURNED, 0));
        // The context, the object's number and the byte.
        assert_eq!(seen.word(LEFT), 79 + u32::from(b'x'));
    });
}

#[test]
fn limits_left_what_the_family_has_less_what_children_were_given() {
    let half = ChildLimits {
        fuel: 1000,
        memory: 300,
        memory_below: 200,
        files: 10,
        files_below: 20,
        children: 3,
        ..WITHOUT
    };
    let given = must("child_new", &["0", "0x30040"]) + &must("child_limits", &[CHILD, "128"]);
    let none = String::new();
    // Each field by its place in the record, before a child was limited and after.
    let fields = [
        ("memory", 8, 1000, 500),
        ("memory_below", 16, 1000, 500),
        ("code", 24, 0, 0),
        ("fs_bytes", 32, u32::MAX, u32::MAX),
        ("deadline", 48, u32::MAX, u32::MAX),
        ("files", 56, 100, 70),
        ("files_below", 60, 100, 70),
        // The child itself, and those that it may have.
        ("children", 64, 5, 1),
        ("depth", 68, 1, 1),
    ];
    for engine in counting() {
        for (field, at, whole, less) in fields {
            for (before, expected) in [(&none, whole), (&given, less)] {
                let body = format!(
                    "{before}{}(call $exit (i32.load (i32.const {})))",
                    must("limits_left", &["512"]),
                    512 + at
                );
                let source = module(&limits_at(128, &half), &body);
                let limits = ChildLimits {
                    memory_below: 1000,
                    files_below: 100,
                    children: 5,
                    depth: 2,
                    ..ChildLimits::PARENT
                };
                let family = Family::builder()
                    .module(compile(&engine, LOOPING))
                    .limits(limits)
                    .build();
                let own = Limits {
                    fuel: Some(1_000_000),
                    memory: None,
                };
                let ctx = WasiCtx::builder().build().unwrap();
                let ended = run_in(&engine, &source, ctx, &family, own);
                let name = engine.name();
                assert_eq!(ended, Err(Stop::Exit(expected)), "{field} on {name}");
            }
        }
    }
}

#[test]
fn limits_left_fuel_is_the_parents_own() {
    let body = must("limits_left", &["512"])
        + "(call $exit (i32.and
            (i64.gt_u (i64.load (i32.const 512)) (i64.const 900000))
            (i64.lt_u (i64.load (i32.const 512)) (i64.const 1000000))))";
    let endless = must("limits_left", &["512"])
        + "(call $exit (i64.eq (i64.load (i32.const 512)) (i64.const -1)))";
    let family = Family::builder().build();
    for engine in counting() {
        let limits = Limits {
            fuel: Some(1_000_000),
            memory: None,
        };
        let ctx = WasiCtx::builder().build().unwrap();
        let ended = run_in(&engine, &parent("", &body), ctx, &family, limits);
        assert_eq!(ended, Err(Stop::Exit(1)), "{}", engine.name());
    }
    for engine in engines() {
        assert_eq!(
            code(&engine, &parent("", &endless), &family),
            1,
            "{}",
            engine.name()
        );
    }
}
