//! Guests that are made by the thousand.

use crate::imports::{nanoprocess, wasi};

/// A child that writes one byte when it is called, and answers 42.
pub(super) fn child() -> String {
    let imports = wasi(&["fd_write"]);
    format!(
        r#"(module {imports}
    (memory (export "memory") 1)
    (data (i32.const 0) "\08\00\00\00\01\00\00\00")
    (func (export "call") (result i32)
        (if (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16))
            (then (unreachable)))
        (i32.const 42)))"#
    )
}

/// A parent whose export `call` makes such a child of its module 0, calls it and drops it, so many
/// times.
pub(super) fn parent() -> String {
    format!(
        r#"(module {imports}
    (memory (export "memory") 1)
    (data (i32.const 256) "call")
    (data (i32.const 264) "fd_write")
    (func $must (param i32) (if (local.get 0) (then (unreachable))))
    (func $one (local $child i32)
        (call $must (call $child_new (i32.const 0) (i32.const 64)))
        (local.set $child (i32.load (i32.const 64)))
        (call $must (call $child_bind (local.get $child) (i32.const 264) (i32.const 8)
            (i32.const 2) (i32.const 0)))
        (call $must (call $child_link (local.get $child) (i32.const 64)))
        (call $must (i32.load (i32.const 64)))
        (call $must (call $child_call (local.get $child) (i32.const 256) (i32.const 4)
            (i32.const 0) (i32.const 0) (i32.const 80) (i32.const 1) (i32.const 96)))
        (call $must (i32.load (i32.const 96)))
        (call $must (i32.ne (i32.load (i32.const 80)) (i32.const 42)))
        (call $must (call $child_drop (local.get $child))))
    (func (export "call") (param $left i32)
        (loop $again
            (if (local.get $left) (then
                (call $one)
                (local.set $left (i32.sub (local.get $left) (i32.const 1)))
                (br $again))))))"#,
        imports = nanoprocess(),
    )
}

/// A child that serves one request. It answers 0 if it finds everything as it is for the first that
/// ever came, or else which of these was another's:
///
/// 1. the memory, the part that it grows by among it
/// 2. its size
/// 3. a global
/// 4. the offset of descriptor 4, a file that every request is granted
/// 5. the number of a descriptor that it opens beneath descriptor 3
/// 6. the bytes of a file
///
/// It leaves all of it changed, and has written the request's number to standard output.
pub(super) fn request() -> String {
    let imports = wasi(&["fd_write", "fd_read", "fd_tell", "path_open"]);
    format!(
        r#"(module {imports}
    (memory (export "memory") 2)
    (global $served (mut i32) (i32.const 0))
    (data (i32.const 0) "input")
    (func $is_dirty (param $at i32) (param $end i32) (result i32)
        (loop $again
            (if (i64.ne (i64.load (local.get $at)) (i64.const 0)) (then (return (i32.const 1))))
            (local.set $at (i32.add (local.get $at) (i32.const 8)))
            (br_if $again (i32.lt_u (local.get $at) (local.get $end))))
        (i32.const 0))
    (func $read (param $fd i32) (result i32)
        (i32.store (i32.const 64) (i32.const 128))
        (i32.store (i32.const 68) (i32.const 5))
        (if (call $fd_read (local.get $fd) (i32.const 64) (i32.const 1) (i32.const 72))
            (then (return (i32.const 1))))
        (i64.ne (i64.load (i32.const 128)) (i64.load (i32.const 0))))
    (func $open (result i32)
        (if (call $path_open (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 5) (i32.const 0)
                (i64.const 2) (i64.const 2) (i32.const 0) (i32.const 80))
            (then (return (i32.const -1))))
        (i32.load (i32.const 80)))
    (func (export "serve") (param $request i64) (result i32)
        (if (call $is_dirty (i32.const 8) (i32.const 131072)) (then (return (i32.const 1))))
        (if (i32.ne (memory.grow (i32.const 1)) (i32.const 2)) (then (return (i32.const 2))))
        (if (call $is_dirty (i32.const 131072) (i32.const 196608))
            (then (return (i32.const 1))))
        (if (global.get $served) (then (return (i32.const 3))))
        (global.set $served (i32.const 1))
        (if (call $fd_tell (i32.const 4) (i32.const 88)) (then (return (i32.const 4))))
        (if (i64.ne (i64.load (i32.const 88)) (i64.const 0)) (then (return (i32.const 4))))
        (if (call $read (i32.const 4)) (then (return (i32.const 6))))
        (if (i32.ne (call $open) (i32.const 5)) (then (return (i32.const 5))))
        (if (i32.ne (call $open) (i32.const 6)) (then (return (i32.const 5))))
        (if (call $read (i32.const 6)) (then (return (i32.const 6))))
        (i64.store (i32.const 96) (local.get $request))
        (i32.store (i32.const 64) (i32.const 96))
        (i32.store (i32.const 68) (i32.const 8))
        (if (call $fd_write (i32.const 1) (i32.const 64) (i32.const 1) (i32.const 72))
            (then (unreachable)))
        (memory.fill (i32.const 8) (i32.const 0xAB) (i32.const 196600))
        (i32.const 0)))"#
    )
}
