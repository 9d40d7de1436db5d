//! The limits of a context, at the edge of each.

use super::{BOTH, New, PLAIN, call, instantiate, node};
use std::sync::Arc;
use turnkey_cap_backends::{HostDir, ambient_authority, builder};
use turnkey_snapshots::engine::{Instance, Value};
use turnkey_wasi_common::{Access, BuildError, Errno, Limits, Stop, TrapKind};

const PAGE: i32 = 65536;

/// Where 4,096 bytes of a path lie, which names the directory it begins in.
const PATH: i32 = 1024;

/// Where a listing, subscriptions that have come, and their events find room.
const BUFFER: i32 = 8192;
const EVENTS: i32 = 32768;

fn guest() -> String {
    let path = "./".repeat(2048);
    format!(
        r#"(module
        (import "wasi_snapshot_preview1" "path_open" (func $open
            (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "fd_close" (func $close (param i32) (result i32)))
        (import "wasi_snapshot_preview1" "fd_readdir"
            (func $readdir (param i32 i32 i32 i64 i32) (result i32)))
        (import "wasi_snapshot_preview1" "poll_oneoff"
            (func $poll (param i32 i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "path_filestat_get"
            (func $stat (param i32 i32 i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "args_get" (func $args (param i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "environ_get"
            (func $environ (param i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "random_get"
            (func $random (param i32 i32) (result i32)))
        (memory (export "memory") 1)
        (data (i32.const {PATH}) "{path}")
        (func (export "open") (param i32) (result i32)
            (call $open (i32.const 3) (i32.const 0) (i32.const {PATH}) (local.get 0)
                (i32.const 0) (i64.const 0) (i64.const 0) (i32.const 0) (i32.const 0)))
        (func (export "close") (param i32) (result i32) (call $close (local.get 0)))
        (func (export "list") (param i32) (result i32)
            (call $readdir (local.get 0) (i32.const {BUFFER}) (i32.const 100) (i64.const 0)
                (i32.const 0)))
        (func (export "poll") (param i32) (result i32)
            (call $poll (i32.const {BUFFER}) (i32.const {EVENTS}) (local.get 0) (i32.const 0)))
        (func (export "stat") (param i32) (result i32)
            (call $stat (i32.const 3) (i32.const 0) (i32.const {PATH}) (local.get 0)
                (i32.const 0)))
        (func (export "args") (param i32) (result i32) (call $args (i32.const 0) (local.get 0)))
        (func (export "environ") (param i32) (result i32)
            (call $environ (i32.const 0) (local.get 0)))
        (func (export "random") (param i32) (result i32)
            (call $random (i32.const 0) (local.get 0))))"#
    )
}

/// What a function of the guest answers to a number.
fn asked(instance: &mut dyn Instance, function: &str, number: i32) -> Result<Errno, TrapKind> {
    match call(instance, function, &[Value::I32(number)]) {
        Ok(answer) => match answer[..] {
            [Value::I32(errno)] => Ok(Errno::from_number(errno.try_into().unwrap()).unwrap()),
            _ => panic!("context limits: {function} answered {answer:?}"),
        },
        Err(Stop::Trap(trap)) => Err(trap.kind()),
        Err(exit) => panic!("context limits: {function}: {exit}"),
    }
}

pub(super) fn check_context_limits(new: New<'_>) {
    let temporary = tempfile::tempdir().unwrap();
    let instance = |options, limits| {
        let dir = HostDir::open_ambient(temporary.path(), ambient_authority()).unwrap();
        let ctx = builder()
            .preopen("/", Arc::new(dir), Access::ReadOnly)
            .args(["four"])
            .env("N", "two")
            .limits(limits);
        instantiate(&*new(options), &guest(), node(ctx.build().unwrap()))
    };
    // What one listing takes, found by asking.
    let fits = |memory| {
        let limits = Limits {
            memory,
            ..Limits::default()
        };
        asked(&mut *instance(PLAIN, limits), "list", 3) == Ok(Errno::Success)
    };
    let (mut too_few, mut enough) = (0, Limits::default().memory);
    assert!(fits(enough) && !fits(too_few), "context limits: memory");
    while enough - too_few > 1 {
        let middle = usize::midpoint(too_few, enough);
        match fits(middle) {
            true => enough = middle,
            false => too_few = middle,
        }
    }
    let limits = Limits {
        files: 6,
        subscriptions: 7,
        memory: enough,
        path: 3000,
        transfer: 60_000,
        args: 5,
        env: 6,
    };
    // One byte more than the limits of strings allow is seen before there is a guest.
    for (args, env, expected) in [
        ("four", "two", Ok(())),
        ("fours", "two", Err(BuildError::TooManyArgs(5))),
        ("four", "twos", Err(BuildError::TooMuchEnv(6))),
    ] {
        let ctx = builder().args([args]).env("N", env).limits(limits).build();
        assert_eq!(ctx.map(drop), expected, "context limits: {args} {env}");
    }
    for options in [PLAIN, BOTH] {
        let mut instance = instance(options, limits);
        for (function, number, expected) in [
            // 0 to 3 are open.
            ("open", 1, Ok(Errno::Success)),
            ("open", 1, Ok(Errno::Success)),
            ("open", 1, Ok(Errno::Mfile)),
            ("close", 5, Ok(Errno::Success)),
            ("open", 1, Ok(Errno::Success)),
            ("open", 1, Ok(Errno::Mfile)),
            // A clock of the time 0 has come.
            ("poll", 7, Ok(Errno::Success)),
            ("poll", 8, Ok(Errno::Nomem)),
            ("poll", -1, Err(TrapKind::Fault)),
            ("list", 4, Ok(Errno::Success)),
            ("list", 3, Ok(Errno::Nomem)),
            ("close", 4, Ok(Errno::Success)),
            ("list", 3, Ok(Errno::Success)),
            ("stat", 3000, Ok(Errno::Success)),
            ("stat", 3001, Ok(Errno::Nametoolong)),
            ("args", PAGE - 5, Ok(Errno::Success)),
            ("args", PAGE - 4, Err(TrapKind::Fault)),
            ("environ", PAGE - 6, Ok(Errno::Success)),
            ("environ", PAGE - 5, Err(TrapKind::Fault)),
            ("random", 60_000, Ok(Errno::Success)),
            ("random", 60_001, Ok(Errno::Nomem)),
            ("random", PAGE, Ok(Errno::Nomem)),
            ("random", PAGE + 1, Err(TrapKind::Fault)),
        ] {
            // What the calls before have left is no subscription and no path.
            if function == "poll" {
                let memory = instance.memory().unwrap();
                memory[usize::try_from(BUFFER).unwrap()..][..8 * 48].fill(0);
            }
            assert_eq!(
                asked(&mut *instance, function, number),
                expected,
                "context limits: {options:?}: {function} {number}"
            );
        }
    }
}
