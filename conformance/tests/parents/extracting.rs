//! A program that extracts members of an archive in the most trusting way.

use std::fmt::Write;
use turnkey_conformance::zip_slip::{Member, What, parents};

/// A call that the program makes.
pub(crate) struct Call {
    pub(crate) function: &'static str,
    pub(crate) member: &'static Member,
    /// It makes a directory that leads to the member.
    pub(crate) leads_there: bool,
    /// The path that it names, and the one before that or the text of a link.
    pub(crate) path: &'static str,
    other: Option<&'static str>,
}

/// The calls by which a member is extracted.
pub(crate) fn calls(member: &'static Member) -> Vec<Call> {
    let call = |function, leads_there, path, other| Call {
        function,
        member,
        leads_there,
        path,
        other,
    };
    let dirs = parents(member.name).map(|dir| call("path_create_directory", true, dir, None));
    let (function, other) = match member.what {
        What::File => ("path_open", None),
        What::Link(text) => ("path_symlink", Some(text)),
        What::HardLink(from) => ("path_link", Some(from)),
        What::Moved(from) => ("path_rename", Some(from)),
    };
    dirs.chain([call(function, false, member.name, other)])
        .collect()
}

const NAMES: usize = 1 << 12;
const ANSWERS: usize = 1 << 16;

/// A program in WAT that makes these calls again and again, at least so often together, and writes
/// the number of each answer's errno to standard output, a byte each.
pub(crate) fn program(calls: &[Call], at_least: usize) -> String {
    let (mut names, mut body) = (String::new(), String::new());
    let mut end = NAMES;
    for call in calls {
        let mut arguments = String::new();
        for text in call.other.into_iter().chain([call.path]) {
            let _ = write!(arguments, " (i32.const {end}) (i32.const {})", text.len());
            for byte in text.bytes() {
                let _ = write!(names, "\\{byte:02x}");
            }
            end += text.len();
        }
        let _ = writeln!(body, "(call $answer (call ${}{arguments}))", call.function);
    }
    let pages = (ANSWERS + at_least + calls.len()) / 65536 + 1;
    format!(
        r#"(module
        (import "wasi_snapshot_preview1" "path_create_directory"
            (func $mkdir (param i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "path_open"
            (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "path_symlink"
            (func $symlink (param i32 i32 i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "path_link"
            (func $link (param i32 i32 i32 i32 i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "path_rename"
            (func $rename (param i32 i32 i32 i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "fd_write"
            (func $write (param i32 i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "fd_close" (func $close (param i32) (result i32)))
        (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
        (memory (export "memory") {pages})
        ;; What a file holds: an iovec, and the text.
        (data (i32.const 0) "\20\00\00\00\09\00\00\00")
        (data (i32.const 32) "extracted")
        (data (i32.const {NAMES}) "{names}")
        (global $end (mut i32) (i32.const {ANSWERS}))
        (func $answer (param $errno i32)
            (i32.store8 (global.get $end) (local.get $errno))
            (global.set $end (i32.add (global.get $end) (i32.const 1))))
        (func $path_create_directory (param $at i32) (param $len i32) (result i32)
            (call $mkdir (i32.const 3) (local.get $at) (local.get $len)))
        ;; Creates, follows a link in the last place, and asks for the right to write.
        (func $path_open (param $at i32) (param $len i32) (result i32) (local $errno i32)
            (local.set $errno (call $open (i32.const 3) (i32.const 1) (local.get $at)
                (local.get $len) (i32.const 1) (i64.const 64) (i64.const 0) (i32.const 0)
                (i32.const 16)))
            (if (i32.eqz (local.get $errno)) (then
                (drop (call $write (i32.load (i32.const 16)) (i32.const 0) (i32.const 1)
                    (i32.const 20)))
                (drop (call $close (i32.load (i32.const 16))))))
            (local.get $errno))
        (func $path_symlink (param i32 i32 i32 i32) (result i32)
            (call $symlink (local.get 0) (local.get 1) (i32.const 3) (local.get 2) (local.get 3)))
        (func $path_link (param i32 i32 i32 i32) (result i32)
            (call $link (i32.const 3) (i32.const 0) (local.get 0) (local.get 1) (i32.const 3)
                (local.get 2) (local.get 3)))
        (func $path_rename (param i32 i32 i32 i32) (result i32)
            (call $rename (i32.const 3) (local.get 0) (local.get 1) (i32.const 3) (local.get 2)
                (local.get 3)))
        (func (export "_start")
            (loop $again
                {body}
                (br_if $again (i32.lt_u (global.get $end)
                    (i32.const {}))))
            (i32.store (i32.const 8) (i32.const {ANSWERS}))
            (i32.store (i32.const 12) (i32.sub (global.get $end) (i32.const {ANSWERS})))
            (call $exit (call $write (i32.const 1) (i32.const 8) (i32.const 1)
                (i32.const 20)))))"#,
        ANSWERS + at_least
    )
}
