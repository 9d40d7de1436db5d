;; proc_exit from within several functions: the guest ends there, with that code, and what
;; it has written before is not lost.
(module
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))

  (memory (export "memory") 1)

  (data (i32.const 64) "after\0a")
  (data (i32.const 72) "before\0a")

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

  ;; Calls itself some times, and ends the guest.
  (func $ends (param $depth i32)
    (if (i32.eq (local.get $depth) (i32.const 0))
      (then
        (call $proc_exit (i32.const 42))))
    (call $ends (i32.sub (local.get $depth) (i32.const 1)))
    (call $write (i32.const 1) (i32.const 1) (i32.const 64) (i32.const 6)))

  (func (export "_start")
    (call $write (i32.const 2) (i32.const 1) (i32.const 72) (i32.const 7))
    (call $ends (i32.const 100))
    (call $proc_exit (i32.const 3))))
