//! Copying a file of 256 MiB, in blocks of 64 KiB.

/// Blocks of the file. Each begins with its number, and goes on with what `$copy_ready` leaves in the
/// third page.
pub(in crate::calls) const BLOCKS: u64 = 4096;

/// `$copy_ready` makes the file, `$copy` copies it, and `$copy_done` compares every byte and unlinks
/// both: 253 means that a byte is wrong, 252 that there are too few or too many.
pub(super) fn copy() -> String {
    // Eight words in each turn, so that interpreters are soon done.
    let words = (0..8).fold("(local.get $change)".to_owned(), |change, word| {
        let [copy, made] = [8 * word, 8 * word + 65536]
            .map(|offset| format!("(i64.load offset={offset} (local.get $at))"));
        format!("(i64.or {change} (i64.xor {copy} {made}))")
    });
    format!(
        r#"
    (data (i32.const 64) "big")
    (data (i32.const 72) "copy")
    (data (i32.const 1200) "\00\00\02\00\00\00\01\00")
    (data (i32.const 1208) "\00\00\01\00")
    (func $copy_ready (result i32) (local $errno i32) (local $fd i32) (local $block i64) (local $at i32)
        (local.set $at (i32.const 131072))
        (loop $fill
            (i64.store (local.get $at)
                (i64.mul (i64.extend_i32_u (local.get $at)) (i64.const 0x9E3779B97F4A7C15)))
            (local.set $at (i32.add (local.get $at) (i32.const 8)))
            (br_if $fill (i32.lt_u (local.get $at) (i32.const 196608))))
        (if (local.tee $errno (call $open (i32.const 64) (i32.const 3) (i32.const 9)
                (i64.const 0x40)))
            (then (return (local.get $errno))))
        (local.set $fd (i32.load (i32.const 2048)))
        (loop $again
            (i64.store (i32.const 131072) (local.get $block))
            (if (local.tee $errno (call $all_of (i32.const 65536) (call $fd_write (local.get $fd)
                    (i32.const 1200) (i32.const 1) (i32.const 2048))))
                (then (return (local.get $errno))))
            (local.set $block (i64.add (local.get $block) (i64.const 1)))
            (br_if $again (i64.lt_u (local.get $block) (i64.const 4096))))
        (call $fd_close (local.get $fd)))
    (func $copy (result i32) (local $errno i32) (local $from i32) (local $to i32)
        (if (local.tee $errno (call $open (i32.const 64) (i32.const 3) (i32.const 0)
                (i64.const 2)))
            (then (return (local.get $errno))))
        (local.set $from (i32.load (i32.const 2048)))
        (if (local.tee $errno (call $open (i32.const 72) (i32.const 4) (i32.const 9)
                (i64.const 0x40)))
            (then (return (local.get $errno))))
        (local.set $to (i32.load (i32.const 2048)))
        (block $done
            (loop $again
                (if (local.tee $errno (call $fd_read (local.get $from)
                        (i32.const 1048) (i32.const 1) (i32.const 1212)))
                    (then (return (local.get $errno))))
                (br_if $done (i32.eqz (i32.load (i32.const 1212))))
                (if (local.tee $errno (call $all_of (i32.load (i32.const 1212))
                        (call $fd_write (local.get $to)
                            (i32.const 1208) (i32.const 1) (i32.const 2048))))
                    (then (return (local.get $errno))))
                (br $again)))
        (if (local.tee $errno (call $fd_close (local.get $from)))
            (then (return (local.get $errno))))
        (call $fd_close (local.get $to)))
    (func $copy_done (result i32)
        (local $errno i32) (local $fd i32) (local $block i64) (local $at i32) (local $change i64)
        (if (local.tee $errno (call $open (i32.const 72) (i32.const 4) (i32.const 0)
                (i64.const 2)))
            (then (return (local.get $errno))))
        (local.set $fd (i32.load (i32.const 2048)))
        (loop $again
            (if (local.tee $errno (call $all_of (i32.const 65536) (call $fd_read (local.get $fd)
                    (i32.const 1048) (i32.const 1) (i32.const 2048))))
                (then (return (local.get $errno))))
            (i64.store (i32.const 131072) (local.get $block))
            (local.set $at (i32.const 65536))
            (loop $words
                (local.set $change {words})
                (br_if $words
                    (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 64)))
                        (i32.const 131072))))
            (if (i64.ne (local.get $change) (i64.const 0)) (then (return (i32.const 253))))
            (local.set $block (i64.add (local.get $block) (i64.const 1)))
            (br_if $again (i64.lt_u (local.get $block) (i64.const 4096))))
        (if (local.tee $errno (call $fd_read (local.get $fd)
                (i32.const 1048) (i32.const 1) (i32.const 2048)))
            (then (return (local.get $errno))))
        (if (i32.load (i32.const 2048)) (then (return (i32.const 252))))
        (if (local.tee $errno (call $fd_close (local.get $fd)))
            (then (return (local.get $errno))))
        (if (local.tee $errno
                (call $path_unlink_file (i32.const 3) (i32.const 64) (i32.const 3)))
            (then (return (local.get $errno))))
        (call $path_unlink_file (i32.const 3) (i32.const 72) (i32.const 4)))"#
    )
}
