;; fd_allocate: a file grows to hold the range, with zeros, and never shrinks.
;;
;; It is given `empty.dir` as its one preopen, fd 3. What it makes there it removes. It
;; exits with 0, or with the number of the check that failed.
(module
  (import "wasi_snapshot_preview1" "fd_allocate"
    (func $fd_allocate (param i32 i64 i64) (result i32)))
  (import "wasi_snapshot_preview1" "fd_close"
    (func $fd_close (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_filestat_get"
    (func $fd_filestat_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_pread"
    (func $fd_pread (param i32 i32 i32 i64 i32) (result i32)))
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

  (data (i32.const 64) "fd_allocate.cleanup")
  (data (i32.const 88) "0123456789")
  (data (i32.const 104) "xyz")

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

  ;; Sees how large a file is.
  (func $size_is (param $check i32) (param $fd i32) (param $wanted i64)
    (call $expect (local.get $check) (call $fd_filestat_get (local.get $fd) (i32.const 1984))
      (i32.const 0))
    (call $is64 (local.get $check) (i64.load offset=32 (i32.const 1984)) (local.get $wanted)))

  ;; Sees where a descriptor's offset is.
  (func $tells (param $check i32) (param $fd i32) (param $wanted i64)
    (call $expect (local.get $check) (call $fd_tell (local.get $fd) (i32.const 0)) (i32.const 0))
    (call $is64 (local.get $check) (i64.load (i32.const 0)) (local.get $wanted)))

  ;; Moves a descriptor's offset.
  (func $goes_to (param $check i32) (param $fd i32) (param $offset i64)
    (call $expect (local.get $check)
      (call $fd_seek (local.get $fd) (local.get $offset) (i32.const 0) (i32.const 0))
      (i32.const 0)))

  ;; Sees that there is a text somewhere in memory.
  (func $holds_text (param $check i32) (param $at i32) (param $text i32) (param $length i32)
    (local $end i32)
    (local.set $end (i32.add (local.get $at) (local.get $length)))
    (block $same
      (loop $bytes
        (br_if $same (i32.eq (local.get $at) (local.get $end)))
        (call $is (local.get $check) (i32.load8_u (local.get $at))
          (i32.load8_u (local.get $text)))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (local.set $text (i32.add (local.get $text) (i32.const 1)))
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

    ;; 1, 2: a file of ten bytes.
    (local.set $fd
      (call $open (i32.const 1) (i32.const 64) (i32.const 19) (i32.const 5)
        (i64.const 0x8e001ff) (i32.const 0)))
    (call $write (i32.const 2) (local.get $fd) (i32.const 88) (i32.const 10))
    ;; 3, 4: a range inside of it, and one up to its end, leave it as it is.
    (call $expect (i32.const 3) (call $fd_allocate (local.get $fd) (i64.const 2) (i64.const 3))
      (global.get $success))
    (call $size_is (i32.const 3) (local.get $fd) (i64.const 10))
    (call $expect (i32.const 4)
      (call $fd_allocate (local.get $fd) (i64.const 0) (i64.const 10)) (global.get $success))
    (call $size_is (i32.const 4) (local.get $fd) (i64.const 10))
    ;; 5: a range across the end makes it grow to the end of the range.
    (call $expect (i32.const 5) (call $fd_allocate (local.get $fd) (i64.const 8) (i64.const 8))
      (global.get $success))
    (call $size_is (i32.const 5) (local.get $fd) (i64.const 16))
    ;; 6: so does one beyond the end, with a gap before.
    (call $expect (i32.const 6)
      (call $fd_allocate (local.get $fd) (i64.const 30) (i64.const 10)) (global.get $success))
    (call $size_is (i32.const 6) (local.get $fd) (i64.const 40))
    ;; 7: what was there stays, and the rest is zeros.
    (call $read_at (i32.const 7) (local.get $fd) (i64.const 0) (i32.const 40))
    (call $holds_text (i32.const 7) (i32.const 1024) (i32.const 88) (i32.const 10))
    (call $all_are (i32.const 7) (i32.const 1034) (i32.const 30) (i32.const 0))
    ;; 8: the offset stays.
    (call $tells (i32.const 8) (local.get $fd) (i64.const 10))
    ;; 9: what is written there later is kept.
    (call $goes_to (i32.const 9) (local.get $fd) (i64.const 38))
    (call $write (i32.const 9) (local.get $fd) (i32.const 104) (i32.const 3))
    (call $size_is (i32.const 9) (local.get $fd) (i64.const 41))
    ;; 10: it goes.
    (call $close (i32.const 10) (local.get $fd))
    (call $unlink (i32.const 10) (i32.const 64) (i32.const 19))))
