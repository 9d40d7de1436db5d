//! Directories and files that a parent serves, as a child sees them.

use crate::parents::scene::*;
use crate::parents::*;

/// The exports of a parent that serves a directory, object 1, with one file under any name.
pub(crate) fn one_file() -> String {
    let source = include_str!("../../src/nanoprocess/serve/tests/read_write.wat");
    let start = source.find("(func (export \"virt_scratch\")").unwrap();
    source[start..source.rfind(')').unwrap()].to_owned()
}

/// Opens a name of one byte, at this address, in descriptor 3.
pub(crate) fn open(name: u32, oflags: u32, fdflags: u32) -> String {
    format!(
        "(call $path_open (i32.const 3) (i32.const 1) (i32.const {name}) (i32.const 1)
            (i32.const {oflags}) (i64.const 0x0fffffff) (i64.const 0x0fffffff)
            (i32.const {fdflags}) (i32.const 512))"
    )
}

/// Writes the first `length` bytes at 16, or reads to 256, and tells the count at 8.
pub(crate) fn write(fd: u32, length: u32) -> String {
    format!(
        "(i32.store (i32.const 0) (i32.const 16)) (i32.store (i32.const 4) (i32.const {length}))
        (call $fd_write (i32.const {fd}) (i32.const 0) (i32.const 1) (i32.const 8))"
    )
    .replacen("(i32.store", "(block (result i32) (i32.store", 1)
        + ")"
}

pub(crate) fn read(fd: u32) -> String {
    format!(
        "(block (result i32)
            (i32.store (i32.const 0) (i32.const 256)) (i32.store (i32.const 4) (i32.const 64))
            (call $fd_read (i32.const {fd}) (i32.const 0) (i32.const 1) (i32.const 8)))"
    )
}

/// 0 if a number lies at an address.
fn is(at: u32, number: u32) -> (String, u32) {
    let other = format!("(i32.ne (i32.load (i32.const {at})) (i32.const {number}))");
    (other, 0)
}

fn seek(fd: u32, to: u32) -> String {
    format!("(call $fd_seek (i32.const {fd}) (i64.const {to}) (i32.const 0) (i32.const 520))")
}

/// The size that a descriptor's file has, at 600.
fn stat(fd: u32) -> String {
    format!("(call $fd_filestat_get (i32.const {fd}) (i32.const 568))")
}

const CREATE: u32 = 1;
const EXCLUSIVE: u32 = 4;
const TRUNCATE: u32 = 8;
const APPEND: u32 = 1;
const PERM: u32 = 63;

/// "hello, you" at 16, and the names `a` and `b` at 40 and 41.
pub(crate) const TEXTS: &str =
    r#"(data (i32.const 16) "hello, you") (data (i32.const 40) "ab../x")"#;

#[test]
fn served_dir_create_write_read_append_rename_unlink_through_a_childs_calls() {
    let ok = |call: String| (call, 0);
    let rename = |from: u32, to: u32| {
        format!(
            "(call $path_rename (i32.const 3) (i32.const {from}) (i32.const 1)
                (i32.const 3) (i32.const {to}) (i32.const 1))"
        )
    };
    let unlink = |name: u32| {
        format!("(call $path_unlink_file (i32.const 3) (i32.const {name}) (i32.const 1))")
    };
    let mkdir = |name: u32| {
        format!("(call $path_create_directory (i32.const 3) (i32.const {name}) (i32.const 1))")
    };
    let above = "(call $path_open (i32.const 3) (i32.const 1) (i32.const 42) (i32.const 4)
        (i32.const 0) (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 512))";
    let hell = u32::from_le_bytes(*b"hell");
    let child = steps(
        TEXTS,
        &[
            (open(40, 0, 0), NOENT),
            ok(open(40, CREATE, 0)),
            is(512, 4),
            ok(write(4, 5)),
            is(8, 5),
            ok(seek(4, 0)),
            ok(read(4)),
            is(8, 5),
            is(256, hell),
            (open(40, CREATE | EXCLUSIVE, 0), EXIST),
            ok(open(40, 0, APPEND)),
            is(512, 5),
            ok(write(5, 10)),
            ok(stat(4)),
            is(600, 15),
            ok(seek(4, 11)),
            ok(read(4)),
            is(8, 4),
            ok(rename(40, 41)),
            (open(40, 0, 0), NOENT),
            ok(open(41, TRUNCATE, 0)),
            ok(stat(4)),
            is(600, 0),
            ok("(call $fd_filestat_set_size (i32.const 6) (i64.const 7))".to_owned()),
            ok(stat(5)),
            is(600, 7),
            (mkdir(40), NOTSUP),
            (above.to_owned(), PERM),
            ok(unlink(41)),
            (unlink(41), NOENT),
            (rename(40, 41), NOENT),
            ok("(call $fd_close (i32.const 5))".to_owned()),
            (write(5, 1), BADF),
        ],
    );
    let exports = one_file();
    let scene = Scene {
        exports: &exports,
        child: &child,
        before: &serve(1, 1, 3),
        ..Scene::default()
    };
    scene.on_every_pair(|seen| assert_eq!(seen.outcome(), (RETURNED, 0)));
}

/// A directory, object 1, of a file `f`, object 2, that holds "data", and a link `l` to it. What is
/// dropped is counted.
const LINKED: &str = r#"
    (func (export "dir_open")
        (param i32 i64) (param $name i32) (param $len i32) (param $out i32) (result i32)
        (if (i32.ne (local.get $len) (i32.const 1)) (then (return (i32.const -44))))
        (if (i32.eq (i32.load8_u (local.get $name)) (i32.const 108)) (then
            (i32.store8 offset=56 (local.get $out) (i32.const 7))
            (return (i32.const 0))))
        (if (i32.ne (i32.load8_u (local.get $name)) (i32.const 102)) (then (return (i32.const -44))))
        (i64.store (local.get $out) (i64.const 2))
        (i64.store offset=8 (local.get $out) (i64.const 4))
        (i32.store8 offset=56 (local.get $out) (i32.const 4))
        (i32.const 0))
    (func (export "dir_readlink") (param i32 i64 i32 i32) (param $buf i32) (param i32) (result i32)
        (i32.store8 (local.get $buf) (i32.const 102)) (i32.const 1))
    (func (export "dir_list") (param i32 i64 i32) (param $after i32) (param $buf i32) (param i32)
        (result i32)
        (if (local.get $after) (then (return (i32.const 0))))
        (memory.fill (local.get $buf) (i32.const 0) (i32.const 41))
        (i32.store offset=8 (local.get $buf) (i32.const 1))
        (i32.store8 offset=12 (local.get $buf) (i32.const 4))
        (i32.store8 offset=16 (local.get $buf) (i32.const 102))
        (i32.store offset=32 (local.get $buf) (i32.const 1))
        (i32.store8 offset=36 (local.get $buf) (i32.const 7))
        (i32.store8 offset=40 (local.get $buf) (i32.const 108))
        (i32.const 41))
    (func (export "obj_read") (param i32 i64) (param $at i64) (param $buf i32) (param i32) (result i32)
        (if (i64.ne (local.get $at) (i64.const 0)) (then (return (i32.const 0))))
        (i32.store (local.get $buf) (i32.const 0x61746164)) (i32.const 4))
    (func (export "obj_drop") (param i32 i64) (result i32)
        (i32.store (i32.const 0x30100) (i32.add (i32.const 1) (i32.load (i32.const 0x30100))))
        (i32.const 0))"#;

#[test]
fn served_dir_listed_and_links_read_and_followed_through_a_childs_calls() {
    // `.` and `..` come first: 25 and 26 bytes. Then 25 each for `f` and `l`.
    let listing = "(call $fd_readdir (i32.const 3) (i32.const 1024) (i32.const 512) (i64.const 0)
        (i32.const 516))";
    let link = "(call $path_readlink (i32.const 3) (i32.const 41) (i32.const 1) (i32.const 700)
        (i32.const 64) (i32.const 516))";
    let byte = |at: u32, byte: u8| {
        let other = format!("(i32.ne (i32.load8_u (i32.const {at})) (i32.const {byte}))");
        (other, 0)
    };
    let child = steps(
        r#"(data (i32.const 40) "fl")"#,
        &[
            (listing.to_owned(), 0),
            is(516, 101),
            byte(1024 + 25 + 26 + 24, b'f'),
            byte(1024 + 25 + 26 + 20, 4),
            byte(1024 + 25 + 26 + 25 + 24, b'l'),
            byte(1024 + 25 + 26 + 25 + 20, 7),
            (link.to_owned(), 0),
            is(516, 1),
            byte(700, b'f'),
            (open(41, 0, 0), 0),
            (read(4), 0),
            is(8, 4),
            is(256, u32::from_le_bytes(*b"data")),
            // The parent can change nothing.
            (write(4, 1), BADF),
            (
                "(call $path_unlink_file (i32.const 3) (i32.const 40) (i32.const 1))".to_owned(),
                69,
            ),
        ],
    )
    .replace(
        "(i64.const 0x0fffffff) (i64.const 0x0fffffff)",
        "(i64.const 2) (i64.const 0)",
    );
    let exports = format!("{ROOM} {LINKED}");
    let scene = Scene {
        exports: &exports,
        child: &child,
        before: &serve(1, 1, 3),
        ..Scene::default()
    };
    scene.on_every_pair(|seen| {
        assert_eq!(seen.outcome(), (RETURNED, 0));
        assert_eq!(
            seen.word(LEFT),
            2,
            "the directory and the file are given back"
        );
    });
}

#[test]
fn served_file_granted_alone_read_and_written() {
    let child = steps(
        TEXTS,
        &[(write(3, 5), 0), (seek(3, 0), 0), (read(3), 0), is(8, 5)],
    );
    let exports = one_file();
    let scene = Scene {
        exports: &exports,
        child: &child,
        before: &serve(0, 2, 3),
        ..Scene::default()
    };
    scene.on_every_pair(|seen| {
        assert_eq!(seen.outcome(), (RETURNED, 0));
        assert_eq!(&seen.memory[1024..1029], b"hello");
    });
}
