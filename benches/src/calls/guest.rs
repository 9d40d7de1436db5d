//! The guest: one module for all participants, with an export for each operation.
//!
//! Each loops in WebAssembly and answers 0, or the errno of the call that failed. Memory: paths from
//! 0, lists of buffers from 1024, a subscription at 1536, answers from 2048, arguments and
//! environment from 4096, bytes from the second page. Descriptor 3 is the fixture.

use super::op::OPS;
use crate::imports::wasi;

pub(super) fn module() -> String {
    let ops: String = OPS
        .iter()
        .map(|op| {
            format!(
                r#"
    (func (export "{}") (param $left i32) (result i32) (local $errno i32)
        {}
        (loop $again
            (if (local.get $left) (then
                (if (local.tee $errno {}) (then (return (local.get $errno))))
                (local.set $left (i32.sub (local.get $left) (i32.const 1)))
                (br $again))))
        (i32.const 0))"#,
                op.export, op.before, op.body
            )
        })
        .collect();
    let imports = wasi(&CALLED);
    format!("(module {imports} {COMMON} {ops})")
}

const CALLED: [&str; 23] = [
    "clock_time_get",
    "random_get",
    "args_get",
    "environ_get",
    "environ_sizes_get",
    "sched_yield",
    "poll_oneoff",
    "fd_prestat_get",
    "fd_fdstat_get",
    "fd_filestat_get",
    "fd_seek",
    "fd_tell",
    "fd_write",
    "fd_pread",
    "fd_pwrite",
    "fd_close",
    "fd_readdir",
    "path_open",
    "path_filestat_get",
    "path_unlink_file",
    "path_rename",
    "path_create_directory",
    "path_remove_directory",
];

/// `set_up` opens what the operations act on. `$list` goes through the whole directory, 4 KiB at a
/// time, and fails with 255 unless it ends behind at least 10,000 entries.
const COMMON: &str = r#"
    (memory (export "memory") 4)
    (global $file (mut i32) (i32.const 0))
    (global $many (mut i32) (i32.const 0))
    (data (i32.const 0) "file")
    (data (i32.const 16) "a/b/c/d/e/file")
    (data (i32.const 32) "new")
    (data (i32.const 40) "many")
    (data (i32.const 48) "other")
    (data (i32.const 1032) "\00\00\01\00\01\00\00\00")
    (data (i32.const 1040) "\00\00\01\00\00\10\00\00")
    (data (i32.const 1048) "\00\00\01\00\00\00\01\00")
    (data (i32.const 1552) "\01\00\00\00")
    (func $open (param $at i32) (param $length i32) (param $oflags i32) (param $rights i64)
        (result i32)
        (call $path_open (i32.const 3) (i32.const 1) (local.get $at) (local.get $length)
            (local.get $oflags) (local.get $rights) (local.get $rights) (i32.const 0)
            (i32.const 2048)))
    (func (export "set_up") (result i32) (local $errno i32) (local $buffer i32)
        (loop $again
            (i32.store (i32.add (i32.const 1056) (i32.mul (local.get $buffer) (i32.const 8)))
                (i32.add (i32.const 65536) (i32.mul (local.get $buffer) (i32.const 4096))))
            (i32.store (i32.add (i32.const 1060) (i32.mul (local.get $buffer) (i32.const 8)))
                (i32.const 4096))
            (local.set $buffer (i32.add (local.get $buffer) (i32.const 1)))
            (br_if $again (i32.lt_u (local.get $buffer) (i32.const 16))))
        ;; fd_read, fd_seek, fd_tell, fd_write, fd_filestat_get
        (if (local.tee $errno (call $open (i32.const 0) (i32.const 4) (i32.const 0)
                (i64.const 0x200066)))
            (then (return (local.get $errno))))
        (global.set $file (i32.load (i32.const 2048)))
        ;; fd_readdir
        (if (local.tee $errno (call $open (i32.const 40) (i32.const 4) (i32.const 2)
                (i64.const 0x4000)))
            (then (return (local.get $errno))))
        (global.set $many (i32.load (i32.const 2048)))
        (i32.const 0))
    (func $open_close (param $at i32) (param $length i32) (param $oflags i32) (result i32)
        (local $errno i32)
        (if (local.tee $errno (call $open (local.get $at) (local.get $length)
                (local.get $oflags) (i64.const 2)))
            (then (return (local.get $errno))))
        (call $fd_close (i32.load (i32.const 2048))))
    (func $create_unlink (result i32) (local $errno i32)
        (if (local.tee $errno (call $open (i32.const 32) (i32.const 3) (i32.const 5)
                (i64.const 0x40)))
            (then (return (local.get $errno))))
        (if (local.tee $errno (call $fd_close (i32.load (i32.const 2048))))
            (then (return (local.get $errno))))
        (call $path_unlink_file (i32.const 3) (i32.const 32) (i32.const 3)))
    (func $rename_twice (result i32) (local $errno i32)
        (if (local.tee $errno (call $path_rename (i32.const 3) (i32.const 48) (i32.const 5)
                (i32.const 3) (i32.const 32) (i32.const 3)))
            (then (return (local.get $errno))))
        (call $path_rename (i32.const 3) (i32.const 32) (i32.const 3)
            (i32.const 3) (i32.const 48) (i32.const 5)))
    (func $mkdir_rmdir (result i32) (local $errno i32)
        (if (local.tee $errno
                (call $path_create_directory (i32.const 3) (i32.const 32) (i32.const 3)))
            (then (return (local.get $errno))))
        (call $path_remove_directory (i32.const 3) (i32.const 32) (i32.const 3)))
    (func $list (result i32)
        (local $errno i32) (local $cookie i64) (local $used i32) (local $at i32) (local $count i32)
        (local $end i32)
        (loop $page
            (if (local.tee $errno (call $fd_readdir (global.get $many) (i32.const 65536)
                    (i32.const 4096) (local.get $cookie) (i32.const 2048)))
                (then (return (local.get $errno))))
            (local.set $used (i32.load (i32.const 2048)))
            (local.set $at (i32.const 0))
            (block $done
                (loop $entry
                    (br_if $done (i32.gt_u (i32.add (local.get $at) (i32.const 24))
                        (local.get $used)))
                    (local.set $end (i32.add (i32.add (local.get $at) (i32.const 24))
                        (i32.load (i32.add (i32.const 65552) (local.get $at)))))
                    (br_if $done (i32.gt_u (local.get $end) (local.get $used)))
                    (local.set $cookie (i64.load (i32.add (i32.const 65536) (local.get $at))))
                    (local.set $count (i32.add (local.get $count) (i32.const 1)))
                    (local.set $at (local.get $end))
                    (br $entry)))
            (br_if $page (i32.eq (local.get $used) (i32.const 4096))))
        (select (i32.const 0) (i32.const 255) (i32.ge_u (local.get $count) (i32.const 10000))))"#;
