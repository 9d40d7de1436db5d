;; fd_fdstat_set_flags of a standard stream: with nonblock, reading an input that is open
;; and has nothing yet answers at once.
;;
;; It exits with 0, or with the number of the check that failed.
(module
  (import "wasi_snapshot_preview1" "fd_fdstat_get"
    (func $fd_fdstat_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_fdstat_set_flags"
    (func $fd_fdstat_set_flags (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read"
    (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))

  (memory (export "memory") 1)

  ;; Errnos.
  (global $success i32 (i32.const 0))
  (global $again i32 (i32.const 6))
  (global $inval i32 (i32.const 28))

  (data (i32.const 64) "done\0a")

  ;; Exits with the number of a check if an errno is not the one that is wanted.
  (func $expect (param $check i32) (param $errno i32) (param $wanted i32)
    (if (i32.ne (local.get $errno) (local.get $wanted))
      (then (call $proc_exit (local.get $check)))))

  ;; Exits with the number of a check if a number is not the one that is wanted.
  (func $is (param $check i32) (param $found i32) (param $wanted i32)
    (if (i32.ne (local.get $found) (local.get $wanted))
      (then (call $proc_exit (local.get $check)))))

  ;; Writes an iovec: a place, and a number of bytes.
  (func $iovec (param $at i32) (param $start i32) (param $length i32)
    (i32.store (local.get $at) (local.get $start))
    (i32.store offset=4 (local.get $at) (local.get $length)))

  ;; Writes a text at the descriptor's offset.
  (func $write (param $check i32) (param $fd i32) (param $text i32) (param $length i32)
    (call $iovec (i32.const 8) (local.get $text) (local.get $length))
    (call $expect (local.get $check)
      (call $fd_write (local.get $fd) (i32.const 8) (i32.const 1) (i32.const 0)) (i32.const 0))
    (call $is (local.get $check) (i32.load (i32.const 0)) (local.get $length)))

  (func (export "_start")
    ;; 1, 2: standard input does not block from now on.
    (call $expect (i32.const 1) (call $fd_fdstat_set_flags (i32.const 0) (i32.const 4))
      (global.get $success))
    (call $expect (i32.const 2) (call $fd_fdstat_get (i32.const 0) (i32.const 2048))
      (global.get $success))
    (call $is (i32.const 2) (i32.load16_u (i32.const 2050)) (i32.const 4))
    ;; 3, 4: there is nothing to be read, yet it has not ended.
    (call $iovec (i32.const 8) (i32.const 1024) (i32.const 16))
    (call $expect (i32.const 3)
      (call $fd_read (i32.const 0) (i32.const 8) (i32.const 1) (i32.const 0))
      (global.get $again))
    (call $expect (i32.const 4)
      (call $fd_read (i32.const 0) (i32.const 8) (i32.const 1) (i32.const 0))
      (global.get $again))
    ;; 5: nothing wanted is nothing to wait for.
    (call $expect (i32.const 5)
      (call $fd_read (i32.const 0) (i32.const 8) (i32.const 0) (i32.const 0))
      (global.get $success))
    ;; 6: flags that a stream cannot have.
    (call $expect (i32.const 6) (call $fd_fdstat_set_flags (i32.const 0) (i32.const 16))
      (global.get $inval))
    ;; 7, 8: the flags go off again; those of the other streams have not changed.
    (call $expect (i32.const 7) (call $fd_fdstat_set_flags (i32.const 0) (i32.const 0))
      (global.get $success))
    (call $expect (i32.const 7) (call $fd_fdstat_get (i32.const 0) (i32.const 2048))
      (global.get $success))
    (call $is (i32.const 7) (i32.load16_u (i32.const 2050)) (i32.const 0))
    (call $expect (i32.const 8) (call $fd_fdstat_get (i32.const 1) (i32.const 2048))
      (global.get $success))
    (call $is (i32.const 8) (i32.load16_u (i32.const 2050)) (i32.const 0))
    ;; 9: whoever keeps the input open for that long is told.
    (call $write (i32.const 9) (i32.const 1) (i32.const 64) (i32.const 5))))
