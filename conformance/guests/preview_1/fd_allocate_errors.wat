;; fd_allocate: ranges that no file can have, and what is not a file to be written.
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
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_unlink_file"
    (func $path_unlink_file (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))

  (memory (export "memory") 1)

  ;; Errnos.
  (global $badf i32 (i32.const 8))
  (global $fbig i32 (i32.const 22))
  (global $inval i32 (i32.const 28))
  (global $perm i32 (i32.const 63))

  (data (i32.const 64) "fd_allocate_errors.cleanup")
  (data (i32.const 96) "0123456789")

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

  ;; Sees how large a file is.
  (func $size_is (param $check i32) (param $fd i32) (param $wanted i64)
    (call $expect (local.get $check) (call $fd_filestat_get (local.get $fd) (i32.const 1984))
      (i32.const 0))
    (call $is64 (local.get $check) (i64.load offset=32 (i32.const 1984)) (local.get $wanted)))

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
      (call $open (i32.const 1) (i32.const 64) (i32.const 26) (i32.const 5)
        (i64.const 0x8e001ff) (i32.const 0)))
    (call $write (i32.const 2) (local.get $fd) (i32.const 96) (i32.const 10))
    ;; 3, 4: a range of nothing.
    (call $expect (i32.const 3) (call $fd_allocate (local.get $fd) (i64.const 0) (i64.const 0))
      (global.get $inval))
    (call $expect (i32.const 4)
      (call $fd_allocate (local.get $fd) (i64.const 20) (i64.const 0)) (global.get $inval))
    ;; 5 to 7: ranges that end beyond the largest offset.
    (call $expect (i32.const 5)
      (call $fd_allocate (local.get $fd) (i64.const 1) (i64.const 0x7fffffffffffffff))
      (global.get $fbig))
    (call $expect (i32.const 6)
      (call $fd_allocate (local.get $fd) (i64.const 0x7fffffffffffffff) (i64.const 1))
      (global.get $fbig))
    (call $expect (i32.const 7)
      (call $fd_allocate (local.get $fd) (i64.const -1) (i64.const -1)) (global.get $fbig))
    ;; 8: none of them has changed the file.
    (call $size_is (i32.const 8) (local.get $fd) (i64.const 10))
    (call $close (i32.const 8) (local.get $fd))

    ;; 9: a descriptor that was not opened to be written has not the right.
    (local.set $fd
      (call $open (i32.const 9) (i32.const 64) (i32.const 26) (i32.const 0)
        (i64.const 0x8a000bf) (i32.const 0)))
    (call $expect (i32.const 9)
      (call $fd_allocate (local.get $fd) (i64.const 0) (i64.const 20)) (global.get $perm))
    (call $size_is (i32.const 9) (local.get $fd) (i64.const 10))

    ;; 10 to 13: a directory and the standard streams are not files.
    (call $expect (i32.const 10) (call $fd_allocate (i32.const 3) (i64.const 0) (i64.const 1))
      (global.get $badf))
    (call $expect (i32.const 11) (call $fd_allocate (i32.const 0) (i64.const 0) (i64.const 1))
      (global.get $badf))
    (call $expect (i32.const 12) (call $fd_allocate (i32.const 1) (i64.const 0) (i64.const 1))
      (global.get $badf))
    (call $expect (i32.const 13) (call $fd_allocate (i32.const 2) (i64.const 0) (i64.const 1))
      (global.get $badf))
    ;; 14, 15: what is closed, and what there never was.
    (call $close (i32.const 14) (local.get $fd))
    (call $expect (i32.const 14)
      (call $fd_allocate (local.get $fd) (i64.const 0) (i64.const 1)) (global.get $badf))
    (call $expect (i32.const 15) (call $fd_allocate (i32.const -1) (i64.const 0) (i64.const 1))
      (global.get $badf))
    ;; 16: the file goes.
    (call $unlink (i32.const 16) (i32.const 64) (i32.const 26))))
