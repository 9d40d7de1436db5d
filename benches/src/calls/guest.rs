//! The guest: one module for all participants, with an export for each operation.
//!
//! Each loops in WebAssembly and answers 0, or the errno of the call that failed. Memory: paths from
//! 0, lists of buffers from 1024, a subscription at 1536, answers from 2048, arguments and
//! environment from 4096, bytes from the second page. Descriptor 3 is a directory of the guest's own,
//! descriptor 4 the one that nobody changes.

mod copy;
mod walk;

pub(super) use copy::BLOCKS;

use super::op::OPS;
use crate::imports::wasi;

/// The name of what opens everything that operations act on.
pub(super) const SET_UP: &str = "set_up";

/// All exports that carry something out so many times, in the order of the table.
pub(super) fn exports() -> Vec<String> {
    let mut all = vec![SET_UP.to_owned()];
    for op in &OPS {
        all.push(op.export.to_owned());
        all.extend(op.frame_exports().into_iter().flatten());
    }
    all
}

pub(super) fn module() -> String {
    let mut functions = String::new();
    let mut add = |export: &str, before: &str, body: &str| {
        functions += &format!(
            r#"
    (func $op_{export} (export "{export}") (param $left i32) (result i32) (local $errno i32)
        {before}
        (loop $again
            (if (local.get $left) (then
                (if (local.tee $errno {body}) (then (return (local.get $errno))))
                (local.set $left (i32.sub (local.get $left) (i32.const 1)))
                (br $again))))
        (i32.const 0))"#
        );
    };
    add(SET_UP, "", "(call $set_up)");
    for op in &OPS {
        add(op.export, op.before, op.body);
        if let (Some(exports), Some(bodies)) = (op.frame_exports(), op.frame) {
            for (export, body) in exports.iter().zip(bodies) {
                add(export, "", body);
            }
        }
    }
    let exports = exports();
    let table: String = exports
        .iter()
        .map(|export| format!(" $op_{export}"))
        .collect();
    format!(
        "(module {} {COMMON} {} {} {functions}\n    (table funcref (elem{table})) {SERVE})",
        wasi(&CALLED),
        copy::copy(),
        walk::WALK,
    )
}

const CALLED: [&str; 24] = [
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
    "fd_read",
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

/// Carries out what it reads from standard input, the place of an export in the table and how often,
/// and writes each answer to standard error.
const SERVE: &str = r#"
    (type $op (func (param i32) (result i32)))
    (data (i32.const 1600) "\50\06\00\00\08\00\00\00\58\06\00\00\04\00\00\00")
    (func (export "_start")
        (loop $next
            (if (call $fd_read (i32.const 0) (i32.const 1600) (i32.const 1) (i32.const 1628))
                (then (unreachable)))
            (if (i32.eqz (i32.load (i32.const 1628))) (then (return)))
            (i32.store (i32.const 1624) (call_indirect (type $op)
                (i32.load (i32.const 1620)) (i32.load (i32.const 1616))))
            (if (call $fd_write (i32.const 2) (i32.const 1608) (i32.const 1) (i32.const 1628))
                (then (unreachable)))
            (br $next)))"#;

/// `$set_up` opens what the operations act on. `$all_of` is handed how many bytes had to be read or
/// written, and what the call answered; it fails with 254 if it was another number. `$list` goes
/// through a whole directory, 4 KiB at a time, and fails with 255 unless it ends behind at least so
/// many entries.
const COMMON: &str = r#"
    (memory (export "memory") 4)
    (global $file (mut i32) (i32.const 0))
    (global $many (mut i32) (i32.const 0))
    (global $lots (mut i32) (i32.const 0))
    (data (i32.const 0) "file")
    (data (i32.const 16) "a/b/c/d/e/file")
    (data (i32.const 32) "new")
    (data (i32.const 40) "many")
    (data (i32.const 48) "other")
    (data (i32.const 56) "lots")
    (data (i32.const 1024) "\00\00\01\00\40\00\00\00")
    (data (i32.const 1032) "\00\00\01\00\01\00\00\00")
    (data (i32.const 1040) "\00\00\01\00\00\10\00\00")
    (data (i32.const 1048) "\00\00\01\00\00\00\01\00")
    (data (i32.const 1552) "\01\00\00\00")
    (func $open_in (param $dir i32)
        (param $at i32) (param $length i32) (param $oflags i32) (param $rights i64) (result i32)
        (call $path_open (local.get $dir) (i32.const 1) (local.get $at) (local.get $length)
            (local.get $oflags) (local.get $rights) (local.get $rights) (i32.const 0)
            (i32.const 2048)))
    (func $open (param $at i32) (param $length i32) (param $oflags i32) (param $rights i64)
        (result i32)
        (call $open_in (i32.const 3) (local.get $at) (local.get $length) (local.get $oflags)
            (local.get $rights)))
    (func $set_up (result i32) (local $errno i32) (local $buffer i32)
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
        (if (local.tee $errno (call $open_in (i32.const 4) (i32.const 40) (i32.const 4)
                (i32.const 2) (i64.const 0x4000)))
            (then (return (local.get $errno))))
        (global.set $many (i32.load (i32.const 2048)))
        (if (local.tee $errno (call $open_in (i32.const 4) (i32.const 56) (i32.const 4)
                (i32.const 2) (i64.const 0x4000)))
            (then (return (local.get $errno))))
        (global.set $lots (i32.load (i32.const 2048)))
        (i32.const 0))
    (func $all_of (param $count i32) (param $errno i32) (result i32)
        (if (local.get $errno) (then (return (local.get $errno))))
        (select (i32.const 0) (i32.const 254)
            (i32.eq (i32.load (i32.const 2048)) (local.get $count))))
    ;; The file has room for 4 blocks.
    (func $back (param $left i32) (result i32)
        (if (i32.and (local.get $left) (i32.const 3)) (then (return (i32.const 0))))
        (call $fd_seek (global.get $file) (i64.const 0) (i32.const 0) (i32.const 2048)))
    (func $write_64k (param $left i32) (result i32) (local $errno i32)
        (if (local.tee $errno (call $back (local.get $left)))
            (then (return (local.get $errno))))
        (call $all_of (i32.const 65536) (call $fd_write (global.get $file)
            (i32.const 1048) (i32.const 1) (i32.const 2048))))
    (func $read_64k (param $left i32) (result i32) (local $errno i32)
        (if (local.tee $errno (call $back (local.get $left)))
            (then (return (local.get $errno))))
        (call $all_of (i32.const 65536) (call $fd_read (global.get $file)
            (i32.const 1048) (i32.const 1) (i32.const 2048))))
    ;; A call may write fewer of the buffers than there are.
    (func $pwrite_16 (result i32) (local $errno i32) (local $done i32)
        (loop $again
            (if (local.tee $errno (call $fd_pwrite (global.get $file)
                    (i32.add (i32.const 1056) (i32.shr_u (local.get $done) (i32.const 9)))
                    (i32.sub (i32.const 16) (i32.shr_u (local.get $done) (i32.const 12)))
                    (i64.extend_i32_u (i32.add (i32.const 4096) (local.get $done)))
                    (i32.const 2048)))
                (then (return (local.get $errno))))
            (local.set $done (i32.add (local.get $done) (i32.load (i32.const 2048))))
            (br_if $again (i32.lt_u (local.get $done) (i32.const 65536))))
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
    (func $list (param $fd i32) (param $least i32) (result i32)
        (local $errno i32) (local $cookie i64) (local $used i32) (local $at i32) (local $count i32)
        (local $end i32)
        (loop $page
            (if (local.tee $errno (call $fd_readdir (local.get $fd) (i32.const 65536)
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
        (select (i32.const 0) (i32.const 255) (i32.ge_u (local.get $count) (local.get $least))))"#;
