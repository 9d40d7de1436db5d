;; fd_sync and fd_datasync: files, to be read or to be written, and what is none.
;;
;; It is given `empty.dir` as its one preopen, fd 3. What it makes there it removes. It
;; exits with 0, or with the number of the check that failed.
(module
  (import "wasi_snapshot_preview1" "fd_close"
    (func $fd_close (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_datasync"
    (func $fd_datasync (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_pread"
    (func $fd_pread (param i32 i32 i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_sync"
    (func $fd_sync (param i32) (result i32)))
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

  (data (i32.const 64) "fd_sync.cleanup")
  (data (i32.const 80) "0123456789")
  (data (i32.const 96) "abc")
  (data (i32.const 104) "0123456789abc")

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

  ;; Sees that a file of at most 256 bytes holds a text and nothing else.
  (func $holds_file (param $check i32) (param $fd i32) (param $text i32) (param $length i32)
    (call $read_at (local.get $check) (local.get $fd) (i64.const 0) (local.get $length))
    (call $holds_text (local.get $check) (i32.const 1024) (local.get $text)
      (local.get $length)))

  ;; Sees where a descriptor's offset is.
  (func $tells (param $check i32) (param $fd i32) (param $wanted i64)
    (call $expect (local.get $check) (call $fd_tell (local.get $fd) (i32.const 0)) (i32.const 0))
    (call $is64 (local.get $check) (i64.load (i32.const 0)) (local.get $wanted)))

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
    (local $stream i32)

    ;; 1 to 3: a file with something to write back.
    (local.set $fd
      (call $open (i32.const 1) (i32.const 64) (i32.const 15) (i32.const 5)
        (i64.const 0x8e001ff) (i32.const 0)))
    (call $write (i32.const 1) (local.get $fd) (i32.const 80) (i32.const 10))
    (call $expect (i32.const 2) (call $fd_datasync (local.get $fd)) (global.get $success))
    (call $write (i32.const 3) (local.get $fd) (i32.const 96) (i32.const 3))
    (call $expect (i32.const 3) (call $fd_sync (local.get $fd)) (global.get $success))
    ;; 4: once more, with nothing to do.
    (call $expect (i32.const 4) (call $fd_datasync (local.get $fd)) (global.get $success))
    (call $expect (i32.const 4) (call $fd_sync (local.get $fd)) (global.get $success))
    ;; 5: the file and the offset are as they were.
    (call $tells (i32.const 5) (local.get $fd) (i64.const 13))
    (call $holds_file (i32.const 5) (local.get $fd) (i32.const 104) (i32.const 13))
    (call $close (i32.const 5) (local.get $fd))
    ;; 6, 7: a descriptor that only reads.
    (local.set $fd
      (call $open (i32.const 6) (i32.const 64) (i32.const 15) (i32.const 0)
        (i64.const 0x8a000bf) (i32.const 0)))
    (call $expect (i32.const 6) (call $fd_datasync (local.get $fd)) (global.get $success))
    (call $expect (i32.const 7) (call $fd_sync (local.get $fd)) (global.get $success))

    ;; 8, 9: a directory.
    (call $expect (i32.const 8) (call $fd_datasync (i32.const 3)) (global.get $badf))
    (call $expect (i32.const 9) (call $fd_sync (i32.const 3)) (global.get $badf))
    ;; 10 to 15: the standard streams.
    (local.set $stream (i32.const 0))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $stream) (i32.const 3)))
        (call $expect (i32.add (i32.const 10) (local.get $stream))
          (call $fd_datasync (local.get $stream)) (global.get $badf))
        (call $expect (i32.add (i32.const 13) (local.get $stream))
          (call $fd_sync (local.get $stream)) (global.get $badf))
        (local.set $stream (i32.add (local.get $stream) (i32.const 1)))
        (br $next)))
    ;; 16 to 19: what is closed, and what there never was.
    (call $close (i32.const 16) (local.get $fd))
    (call $expect (i32.const 16) (call $fd_datasync (local.get $fd)) (global.get $badf))
    (call $expect (i32.const 17) (call $fd_sync (local.get $fd)) (global.get $badf))
    (call $expect (i32.const 18) (call $fd_datasync (i32.const -1)) (global.get $badf))
    (call $expect (i32.const 19) (call $fd_sync (i32.const -1)) (global.get $badf))
    ;; 20: the file goes.
    (call $unlink (i32.const 20) (i32.const 64) (i32.const 15))))
