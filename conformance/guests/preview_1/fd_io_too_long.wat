;; Reads and writes of more bytes than their result can tell, which is 4 GiB and more, made
;; from one buffer that is named very often.
;;
;; It is given `empty.dir` as its one preopen, fd 3. What it makes there it removes. It
;; exits with 0, or with the number of the check that failed.
(module
  (import "wasi_snapshot_preview1" "fd_close"
    (func $fd_close (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_filestat_get"
    (func $fd_filestat_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_pread"
    (func $fd_pread (param i32 i32 i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_pwrite"
    (func $fd_pwrite (param i32 i32 i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read"
    (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_tell"
    (func $fd_tell (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_unlink_file"
    (func $path_unlink_file (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))

  (memory (export "memory") 10)

  ;; Errnos.
  (global $inval i32 (i32.const 28))

  ;; Places in memory, and other numbers.
  (global $iovs i32 (i32.const 65536))
  (global $count i32 (i32.const 65537))
  (global $result i32 (i32.const 1016))

  (data (i32.const 64) "fd_io_too_long.cleanup")
  (data (i32.const 88) "0123456789")

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

  ;; Sees where a descriptor's offset is.
  (func $tells (param $check i32) (param $fd i32) (param $wanted i64)
    (call $expect (local.get $check) (call $fd_tell (local.get $fd) (i32.const 0)) (i32.const 0))
    (call $is64 (local.get $check) (i64.load (i32.const 0)) (local.get $wanted)))

  ;; Closes a descriptor.
  (func $close (param $check i32) (param $fd i32)
    (call $expect (local.get $check) (call $fd_close (local.get $fd)) (i32.const 0)))

  ;; Removes a file beneath fd 3.
  (func $unlink (param $check i32) (param $path i32) (param $length i32)
    (call $expect (local.get $check)
      (call $path_unlink_file (i32.const 3) (local.get $path) (local.get $length))
      (i32.const 0)))

  ;; The list follows the first 64 KiB, which are the buffer.

  (func (export "_start")
    (local $fd i32)
    (local $at i32)

    ;; 1: a file of ten bytes, and a list of 65,537 buffers of 64 KiB.
    (local.set $fd
      (call $open (i32.const 1) (i32.const 64) (i32.const 22) (i32.const 5)
        (i64.const 0x8e001ff) (i32.const 0)))
    (call $write (i32.const 1) (local.get $fd) (i32.const 88) (i32.const 10))
    (local.set $at (global.get $iovs))
    (block $done
      (loop $next
        (br_if $done
          (i32.ge_u (local.get $at)
            (i32.add (global.get $iovs) (i32.mul (global.get $count) (i32.const 8)))))
        (call $iovec (local.get $at) (i32.const 0) (i32.const 65536))
        (local.set $at (i32.add (local.get $at) (i32.const 8)))
        (br $next)))
    ;; 2 to 5: nothing is read, and nothing is written.
    (call $expect (i32.const 2)
      (call $fd_read (local.get $fd) (global.get $iovs) (global.get $count) (global.get $result))
      (global.get $inval))
    (call $expect (i32.const 3)
      (call $fd_write (local.get $fd) (global.get $iovs) (global.get $count) (global.get $result))
      (global.get $inval))
    (call $expect (i32.const 4)
      (call $fd_pread (local.get $fd) (global.get $iovs) (global.get $count) (i64.const 0)
        (global.get $result))
      (global.get $inval))
    (call $expect (i32.const 5)
      (call $fd_pwrite (local.get $fd) (global.get $iovs) (global.get $count) (i64.const 0)
        (global.get $result))
      (global.get $inval))
    (call $tells (i32.const 5) (local.get $fd) (i64.const 10))
    (call $size_is (i32.const 5) (local.get $fd) (i64.const 10))
    ;; 6, 7: a stream.
    (call $expect (i32.const 6)
      (call $fd_read (i32.const 0) (global.get $iovs) (global.get $count) (global.get $result))
      (global.get $inval))
    (call $expect (i32.const 7)
      (call $fd_write (i32.const 1) (global.get $iovs) (global.get $count) (global.get $result))
      (global.get $inval))
    ;; 8: the file goes.
    (call $close (i32.const 8) (local.get $fd))
    (call $unlink (i32.const 8) (i32.const 64) (i32.const 22))))
