//! Guests for trees of any depth: one module for all parents, and one for the children at the end.

use crate::imports::{nanoprocess, wasi};

/// What a child calls in a loop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Op {
    /// `clock_time_get`.
    Clock,
    /// `fd_write` of one byte.
    Byte,
    /// `fd_write` of 64 KiB.
    Block,
}

impl Op {
    pub(super) const ALL: [Self; 3] = [Self::Clock, Self::Byte, Self::Block];

    /// The number by which the guests know it.
    pub(super) fn number(self) -> i32 {
        match self {
            Self::Clock => 0,
            Self::Byte => 1,
            Self::Block => 2,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Clock => "clock_time_get",
            Self::Byte => "fd_write 1 B",
            Self::Block => "fd_write 64 KiB",
        }
    }
}

/// How a parent binds its child.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    /// Nothing stands between the child and the host.
    Passed,
    /// The parent's filters see the calls, and let them pass.
    Filtered,
    /// The parent's exports answer. Each calls its own parent in its turn, but the first.
    Served,
}

impl How {
    pub(super) const ALL: [Self; 3] = [Self::Passed, Self::Filtered, Self::Served];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Filtered => "filtered",
            Self::Served => "served",
        }
    }

    /// The binding of `clock_time_get`, and that of `fd_write`. A stream is served where it is
    /// granted, so that `fd_write` passes to it.
    fn bindings(self) -> [u32; 2] {
        const PASS: u32 = 2;
        const SERVE: u32 = 3;
        const FILTER: u32 = 4;
        match self {
            Self::Passed => [PASS, PASS],
            Self::Filtered => [FILTER, FILTER],
            Self::Served => [SERVE, PASS],
        }
    }
}

const CALLED: [&str; 2] = ["clock_time_get", "fd_write"];

/// A child whose export `run` carries an operation out so many times. It writes what begins at the
/// second page.
pub(super) fn child() -> String {
    let wasi = wasi(&CALLED);
    format!(
        r#"(module {wasi}
    (memory (export "memory") 3)
    (func $must (param i32) (if (local.get 0) (then (unreachable))))
    (func $clock (call $must (call $clock_time_get (i32.const 1) (i64.const 1) (i32.const 64))))
    (func $write (param $length i32)
        (i32.store (i32.const 0) (i32.const 65536))
        (i32.store (i32.const 4) (local.get $length))
        (call $must (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16)))
        (call $must (i32.ne (i32.load (i32.const 16)) (local.get $length))))
    (func $clocks (param $left i32)
        (loop $again
            (if (local.get $left) (then
                (call $clock)
                (local.set $left (i32.sub (local.get $left) (i32.const 1)))
                (br $again)))))
    (func $writes (param $length i32) (param $left i32)
        (loop $again
            (if (local.get $left) (then
                (call $write (local.get $length))
                (local.set $left (i32.sub (local.get $left) (i32.const 1)))
                (br $again)))))
    (func (export "run") (param $op i32) (param $times i32)
        (if (i32.eqz (local.get $op))
            (then (call $clocks (local.get $times)))
            (else (call $writes
                (select (i32.const 1) (i32.const 65536) (i32.eq (local.get $op) (i32.const 1)))
                (local.get $times))))))"#
    )
}

/// A parent. Its modules are itself and the child at the end, in this order. Its export `set_up`
/// makes a tree of so many levels beneath it, and is told whether somebody is above it; `run` is
/// that of the child at the end.
///
/// Its memory: texts from 256, what calls are handed and answer from 1024, the room that it lends
/// from the second page.
pub(super) fn parent(how: How) -> String {
    let imports = wasi(&CALLED) + &nanoprocess();
    let [clock, write] = how.bindings();
    let grant = match how {
        How::Served => SERVE_STREAM,
        How::Passed | How::Filtered => PASS_STREAM,
    };
    format!(
        r#"(module {imports}
    (memory (export "memory") 4)
    (data (i32.const 256) "run")
    (data (i32.const 264) "set_up")
    (data (i32.const 272) "clock_time_get")
    (data (i32.const 288) "fd_write")
    (data (i32.const 304) "class:nanoprocess")
    (global $child (mut i32) (i32.const 0))
    (global $is_child (mut i32) (i32.const 0))
    (func $must (param i32) (if (local.get 0) (then (unreachable))))

    (func (export "virt_scratch") (result i64) (i64.const 0x0002_0000_0001_0000))
    (func (export "clock_now") (param i32 i32) (result i64)
        (if (i32.eqz (global.get $is_child)) (then (return (i64.const 1))))
        (call $must (call $clock_time_get (i32.const 1) (i64.const 1) (i32.const 1024)))
        (i64.load (i32.const 1024)))
    (func (export "obj_write") (param i32 i64 i64) (param $at i32) (param $length i32) (result i32)
        (if (i32.eqz (global.get $is_child)) (then (return (local.get $length))))
        (i32.store (i32.const 1032) (local.get $at))
        (i32.store (i32.const 1036) (local.get $length))
        (call $must
            (call $fd_write (i32.const 1) (i32.const 1032) (i32.const 1) (i32.const 1040)))
        (i32.load (i32.const 1040)))
    (func (export "filter_clock_time_get") (param i32 i32 i32 i64 i32) (result i32)
        (i32.const 0))
    (func (export "filter_fd_write") (param i32 i32 i32 i32 i32 i32) (result i32)
        (i32.const 0))

    (func $call (param $name i32) (param $length i32)
        (call $must (call $child_call (global.get $child) (local.get $name) (local.get $length)
            (i32.const 1056) (i32.const 2) (i32.const 0) (i32.const 0) (i32.const 1072)))
        (call $must (i32.load (i32.const 1072))))
    (func (export "run") (param $op i32) (param $times i32)
        (i64.store (i32.const 1056) (i64.extend_i32_u (local.get $op)))
        (i64.store (i32.const 1064) (i64.extend_i32_u (local.get $times)))
        (call $call (i32.const 256) (i32.const 3)))
    (func $bind (param $name i32) (param $length i32) (param $binding i32)
        (call $must (call $child_bind (global.get $child) (local.get $name) (local.get $length)
            (local.get $binding) (i32.const 0))))
    (func $hand_on (param $module i32)
        (call $must (call $child_module (global.get $child) (local.get $module)
            (i32.const 1048))))
{LIMIT}
    (func (export "set_up") (param $levels i32) (param i32)
        (global.set $is_child (local.get 1))
        (local.set $levels (i32.sub (local.get $levels) (i32.const 1)))
        (call $must (call $child_new (i32.eqz (local.get $levels)) (i32.const 1048)))
        (global.set $child (i32.load (i32.const 1048)))
        (call $limit (local.get $levels))
        (call $bind (i32.const 272) (i32.const 14) (i32.const {clock}))
        (call $bind (i32.const 288) (i32.const 8) (i32.const {write}))
        {grant}
        (call $must (call $child_grant (global.get $child) (i32.load (i32.const 1048))
            (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 1052)))
        (if (local.get $levels) (then
            (call $bind (i32.const 304) (i32.const 17) (i32.const 2))
            (call $hand_on (i32.const 0))
            (call $hand_on (i32.const 1))))
        (call $must (call $child_link (global.get $child) (i32.const 1048)))
        (call $must (i32.load (i32.const 1048)))
        (if (local.get $levels) (then
            (i64.store (i32.const 1056) (i64.extend_i32_u (local.get $levels)))
            (i64.store (i32.const 1064) (i64.const 1))
            (call $call (i32.const 264) (i32.const 6))))))"#
    )
}

/// A handle to the parent's own standard output.
const PASS_STREAM: &str =
    "(call $must (call $cap_from_fd (i32.const 1) (i64.const -1) (i32.const 1048)))";

/// A handle to a stream of the parent's.
const SERVE_STREAM: &str = "(call $must (call $cap_serve
            (i32.const 2) (i32.const 0) (i64.const 7) (i64.const -1) (i32.const 1048)))";

/// Limits a child that has so many levels beneath it. Needs `$must`, `$child_limits`, the global
/// `$child`, and memory from 1152.
pub(super) const LIMIT: &str = r#"
    (func $limit (param $levels i32)
        (i64.store (i32.const 1152) (i64.shl (i64.const 0x1000_0000_0000)
            (i64.extend_i32_u (local.get $levels))))
        (i64.store (i32.const 1160) (i64.const 0x10_0000))
        (i64.store (i32.const 1168) (i64.mul (i64.const 0x10_0000)
            (i64.extend_i32_u (local.get $levels))))
        (i64.store (i32.const 1176) (i64.const 0))
        (i64.store (i32.const 1184) (i64.const 0x10_0000))
        (i64.store (i32.const 1192) (i64.const 16))
        (i64.store (i32.const 1200) (i64.const 3_600_000_000_000))
        (i32.store (i32.const 1208) (i32.const 16))
        (i32.store (i32.const 1212) (i32.mul (i32.const 16) (local.get $levels)))
        (i32.store (i32.const 1216) (local.get $levels))
        (i32.store (i32.const 1220) (local.get $levels))
        (call $must (call $child_limits (global.get $child) (i32.const 1152))))"#;
