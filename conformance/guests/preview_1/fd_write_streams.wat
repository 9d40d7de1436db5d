;; fd_write to standard output and standard error: from several buffers, in their order.
;;
;; It exits with 0, or with the number of the check that failed.
(module
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))

  (memory (export "memory") 1)

  ;; Errnos.
  (global $success i32 (i32.const 0))

  ;; Places in memory, and other numbers.
  (global $iovs i32 (i32.const 512))
  (global $written i32 (i32.const 1016))

  (data (i32.const 64) "hello")
  (data (i32.const 72) ", ")
  (data (i32.const 80) "world\0a")
  (data (i32.const 88) "and the ")
  (data (i32.const 104) "other\0a")
  (data (i32.const 112) "one\0a")

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

  ;; Writes buffers, and sees that all bytes were taken.
  (func $writes (param $check i32) (param $fd i32) (param $buffers i32) (param $wanted i32)
    (call $expect (local.get $check)
      (call $fd_write (local.get $fd) (global.get $iovs) (local.get $buffers)
        (global.get $written))
      (global.get $success))
    (call $is (local.get $check) (i32.load (global.get $written)) (local.get $wanted)))

  (func (export "_start")
    ;; 1: three buffers with text, and an empty one.
    (call $iovec (global.get $iovs) (i32.const 64) (i32.const 5))
    (call $iovec (i32.add (global.get $iovs) (i32.const 8)) (i32.const -1) (i32.const 0))
    (call $iovec (i32.add (global.get $iovs) (i32.const 16)) (i32.const 72) (i32.const 2))
    (call $iovec (i32.add (global.get $iovs) (i32.const 24)) (i32.const 80) (i32.const 6))
    (call $writes (i32.const 1) (i32.const 1) (i32.const 4) (i32.const 13))
    ;; 2: no buffers.
    (call $writes (i32.const 2) (i32.const 1) (i32.const 0) (i32.const 0))
    ;; 3, 4: the other stream, and this one again.
    (call $iovec (global.get $iovs) (i32.const 88) (i32.const 8))
    (call $iovec (i32.add (global.get $iovs) (i32.const 8)) (i32.const 104) (i32.const 6))
    (call $writes (i32.const 3) (i32.const 2) (i32.const 2) (i32.const 14))
    (call $iovec (global.get $iovs) (i32.const 112) (i32.const 4))
    (call $writes (i32.const 4) (i32.const 1) (i32.const 1) (i32.const 4))))
