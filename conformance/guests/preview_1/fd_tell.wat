;; fd_tell: where reading and writing begin, after each of them; what has no offset.
;;
;; It is given `empty.dir` as its one preopen, fd 3. What it makes there it removes. It
;; exits with 0, or with the number of the check that failed.
(module
  (import "wasi_snapshot_preview1" "fd_close"
    (func $fd_close (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_pread"
    (func $fd_pread (param i32 i32 i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_pwrite"
    (func $fd_pwrite (param i32 i32 i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read"
    (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_seek"
    (func $fd_seek (param i32 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_tell"
    (func $fd_tell (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_unlink_file"
    (func $path_unlink_file (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))

  (memory (export "memory") 1)

  ;; Errnos.
  (global $success i32 (i32.const 0))
  (global $badf i32 (i32.const 8))
  (global $spipe i32 (i32.const 70))

  ;; Places in memory, and other numbers.
  (global $result i32 (i32.const 2048))

  (data (i32.const 64) "fd_tell.cleanup")
  (data (i32.const 80) "0123456789")

  ;; Exits with the number of a check if an errno is not the one that is wanted.
  (func $expect (param $check i32) (param $errno i32) (param $wanted i32)
    (if (i32.ne (local.get $errno) (local.get $wanted))
      (then (call $proc_exit (local.get $check)))))

  ;; Exits with the number of a check if a number is not the one that is wanted.
  (func $is (param $check i32) (param $found i32) (param $wanted i32)
    (if (i32.ne (local.get $found) (local.get $wanted))
      (then (call $proc_exit (local.get $check)))))

  ;; The same, for a number of 64 bits.
  (func $is64 (param $check i32) (param $found i64) (param $wanted i64)
    (if (i64.ne (local.get $found) (local.get $wanted))
      (then (call $proc_exit (local.get $check)))))

  ;; Writes an iovec: a place, and a number of bytes.
  (func $iovec (param $at i32) (param $start i32) (param $length i32)
    (i32.store (local.get $at) (local.get $start))
    (i32.store offset=4 (local.get $at) (local.get $length)))

  ;; Opens what lies beneath fd 3, as it is asked; answers the descriptor.
  (func $open (param $check i32) (param $path i32) (param $length i32) (param $oflags i32)
    (param $rights i64) (param $fdflags i32) (result i32)
    (call $expect (local.get $check)
      (call $path_open (i32.const 3) (i32.const 0) (local.get $path) (local.get $length)
        (local.get $oflags) (local.get $rights) (i64.const 0) (local.get $fdflags)
        (i32.const 0))
      (i32.const 0))
    (i32.load (i32.const 0)))

  ;; Writes a text at the descriptor's offset.
  (func $write (param $check i32) (param $fd i32) (param $text i32) (param $length i32)
    (call $iovec (i32.const 8) (local.get $text) (local.get $length))
    (call $expect (local.get $check)
      (call $fd_write (local.get $fd) (i32.const 8) (i32.const 1) (i32.const 0)) (i32.const 0))
    (call $is (local.get $check) (i32.load (i32.const 0)) (local.get $length)))

  ;; Reads as many bytes of a file as there are, 256 at most, to 1024; sees how many they are.
  (func $read_at (param $check i32) (param $fd i32) (param $offset i64) (param $wanted i32)
    (call $iovec (i32.const 8) (i32.const 1024) (i32.const 256))
    (call $expect (local.get $check)
      (call $fd_pread (local.get $fd) (i32.const 8) (i32.const 1) (local.get $offset)
        (i32.const 0))
      (i32.const 0))
    (call $is (local.get $check) (i32.load (i32.const 0)) (local.get $wanted)))

  ;; Sees where a descriptor's offset is.
  (func $tells (param $check i32) (param $fd i32) (param $wanted i64)
    (call $expect (local.get $check) (call $fd_tell (local.get $fd) (i32.const 0)) (i32.const 0))
    (call $is64 (local.get $check) (i64.load (i32.const 0)) (local.get $wanted)))

  ;; Moves a descriptor's offset.
  (func $goes_to (param $check i32) (param $fd i32) (param $offset i64)
    (call $expect (local.get $check)
      (call $fd_seek (local.get $fd) (local.get $offset) (i32.const 0) (i32.const 0))
      (i32.const 0)))

  ;; Sets bytes to one value.
  (func $fill (param $at i32) (param $length i32) (param $byte i32)
    (local $end i32)
    (local.set $end (i32.add (local.get $at) (local.get $length)))
    (block $done
      (loop $bytes
        (br_if $done (i32.eq (local.get $at) (local.get $end)))
        (i32.store8 (local.get $at) (local.get $byte))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $bytes))))

  ;; Sees that some bytes all have one value.
  (func $all_are (param $check i32) (param $at i32) (param $length i32) (param $byte i32)
    (local $end i32)
    (local.set $end (i32.add (local.get $at) (local.get $length)))
    (block $same
      (loop $bytes
        (br_if $same (i32.eq (local.get $at) (local.get $end)))
        (call $is (local.get $check) (i32.load8_u (local.get $at)) (local.get $byte))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $bytes))))

  ;; Closes a descriptor.
  (func $close (param $check i32) (param $fd i32)
    (call $expect (local.get $check) (call $fd_close (local.get $fd)) (i32.const 0)))

  ;; Removes a file beneath fd 3.
  (func $unlink (param $check i32) (param $path i32) (param $length i32)
    (call $expect (local.get $check)
      (call $path_unlink_file (i32.const 3) (local.get $path) (local.get $length))
      (i32.const 0)))

  (func (export "_start")
    (local $fd i32)
    (local $other i32)

    ;; 1 to 3: a file that is just made is at its start; writing moves on.
    (local.set $fd
      (call $open (i32.const 1) (i32.const 64) (i32.const 15) (i32.const 5)
        (i64.const 0x8e001ff) (i32.const 0)))
    (call $tells (i32.const 2) (local.get $fd) (i64.const 0))
    (call $write (i32.const 3) (local.get $fd) (i32.const 80) (i32.const 10))
    (call $tells (i32.const 3) (local.get $fd) (i64.const 10))
    ;; 4: the result takes 8 bytes, and nothing beside it is written.
    (call $fill (i32.sub (global.get $result) (i32.const 8)) (i32.const 24) (i32.const 0xa5))
    (call $expect (i32.const 4) (call $fd_tell (local.get $fd) (global.get $result))
      (global.get $success))
    (call $all_are (i32.const 4) (i32.sub (global.get $result) (i32.const 8)) (i32.const 8)
      (i32.const 0xa5))
    (call $is64 (i32.const 4) (i64.load (global.get $result)) (i64.const 10))
    (call $all_are (i32.const 4) (i32.add (global.get $result) (i32.const 8)) (i32.const 8)
      (i32.const 0xa5))
    ;; 5: reading moves on by what is read, here 3 of 8 bytes wanted.
    (call $goes_to (i32.const 5) (local.get $fd) (i64.const 7))
    (call $iovec (i32.const 8) (i32.const 1024) (i32.const 8))
    (call $expect (i32.const 5)
      (call $fd_read (local.get $fd) (i32.const 8) (i32.const 1) (i32.const 0))
      (global.get $success))
    (call $tells (i32.const 5) (local.get $fd) (i64.const 10))
    ;; 6: reading and writing elsewhere do not move.
    (call $goes_to (i32.const 6) (local.get $fd) (i64.const 4))
    (call $read_at (i32.const 6) (local.get $fd) (i64.const 2) (i32.const 8))
    (call $expect (i32.const 6)
      (call $fd_pwrite (local.get $fd) (i32.const 8) (i32.const 1) (i64.const 0) (i32.const 0))
      (global.get $success))
    (call $tells (i32.const 6) (local.get $fd) (i64.const 4))
    ;; 7: another descriptor of the same file has an offset of its own.
    (local.set $other
      (call $open (i32.const 7) (i32.const 64) (i32.const 15) (i32.const 0)
        (i64.const 0x8a000bf) (i32.const 0)))
    (call $tells (i32.const 7) (local.get $other) (i64.const 0))
    (call $close (i32.const 7) (local.get $other))

    ;; 8 to 10: the standard streams have no offset.
    (call $expect (i32.const 8) (call $fd_tell (i32.const 0) (global.get $result))
      (global.get $spipe))
    (call $expect (i32.const 9) (call $fd_tell (i32.const 1) (global.get $result))
      (global.get $spipe))
    (call $expect (i32.const 10) (call $fd_tell (i32.const 2) (global.get $result))
      (global.get $spipe))
    ;; 11: nor does a directory.
    (call $expect (i32.const 11) (call $fd_tell (i32.const 3) (global.get $result))
      (global.get $badf))
    ;; 12, 13: what is closed, and what there never was.
    (call $close (i32.const 12) (local.get $fd))
    (call $expect (i32.const 12) (call $fd_tell (local.get $fd) (global.get $result))
      (global.get $badf))
    (call $expect (i32.const 13) (call $fd_tell (i32.const -1) (global.get $result))
      (global.get $badf))
    ;; 14: the file goes.
    (call $unlink (i32.const 14) (i32.const 64) (i32.const 15))))
