;; Waits in poll_oneoff: for a timer alone, then for stdout beside a long timer.
;;
;; Exits with 0, or with the number of the step that failed.
(module
  (import "wasi_snapshot_preview1" "poll_oneoff"
    (func $poll_oneoff (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "clock_time_get"
    (func $clock_time_get (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit"
    (func $proc_exit (param i32)))

  ;; 0 iovec | 8 one result | 16 two subscriptions of 48 bytes
  ;; 128 two events of 32 bytes | 256 texts
  (memory (export "memory") 1)
  (data (i32.const 256) "a timer of 20 ms fired, not before 20 ms had passed\n")
  (data (i32.const 320) "stdout is ready for writing, long before a timer of 10 s\n")

  (func (export "_start")
    (local $start i64)

    ;; 1, 2: one timer, one event.
    (local.set $start (call $now))
    (call $subscribe_timer (i32.const 16) (i64.const 20_000_000))
    (call $step (i32.const 1) (i32.const 0)
      (call $poll_oneoff (i32.const 16) (i32.const 128) (i32.const 1) (i32.const 8)))
    (call $step (i32.const 2) (i32.const 1) (i32.load (i32.const 8)))
    ;; 3, 4, 5: it is the timer's: its userdata, no error, type clock (0).
    (call $step (i32.const 3) (i32.const 0x71) (i32.load (i32.const 128)))
    (call $step (i32.const 4) (i32.const 0) (i32.load16_u (i32.const 136)))
    (call $step (i32.const 5) (i32.const 0) (i32.load8_u (i32.const 138)))
    ;; 6: the time has really passed.
    (call $step (i32.const 6) (i32.const 1)
      (i64.ge_u (i64.sub (call $now) (local.get $start)) (i64.const 20_000_000)))
    (call $say (i32.const 256) (i32.const 52))

    ;; 7, 8: stdout and a timer that is far away, still one event.
    (local.set $start (call $now))
    (call $subscribe_timer (i32.const 16) (i64.const 10_000_000_000))
    (call $subscribe_stdout (i32.const 64))
    (call $step (i32.const 7) (i32.const 0)
      (call $poll_oneoff (i32.const 16) (i32.const 128) (i32.const 2) (i32.const 8)))
    (call $step (i32.const 8) (i32.const 1) (i32.load (i32.const 8)))
    ;; 9, 10, 11: it is that of stdout: userdata, no error, type fd_write (2).
    (call $step (i32.const 9) (i32.const 0x72) (i32.load (i32.const 128)))
    (call $step (i32.const 10) (i32.const 0) (i32.load16_u (i32.const 136)))
    (call $step (i32.const 11) (i32.const 2) (i32.load8_u (i32.const 138)))
    ;; 12: nobody waited for the timer.
    (call $step (i32.const 12) (i32.const 1)
      (i64.lt_u (i64.sub (call $now) (local.get $start)) (i64.const 10_000_000_000)))
    (call $say (i32.const 320) (i32.const 57)))

  ;; A subscription with userdata 0x71: so many nanoseconds from now on the
  ;; monotonic clock.
  (func $subscribe_timer (param $at i32) (param $timeout i64)
    (i64.store (local.get $at) (i64.const 0x71))
    (i32.store8 offset=8 (local.get $at) (i32.const 0))           ;; type: clock
    (i32.store offset=16 (local.get $at) (i32.const 1))           ;; monotonic
    (i64.store offset=24 (local.get $at) (local.get $timeout))
    (i64.store offset=32 (local.get $at) (i64.const 0))           ;; precision
    (i32.store16 offset=40 (local.get $at) (i32.const 0)))        ;; relative

  ;; A subscription with userdata 0x72: when stdout is ready for writing.
  (func $subscribe_stdout (param $at i32)
    (i64.store (local.get $at) (i64.const 0x72))
    (i32.store8 offset=8 (local.get $at) (i32.const 2))           ;; type: fd_write
    (i32.store offset=16 (local.get $at) (i32.const 1)))          ;; fd 1

  ;; Monotonic time in nanoseconds (step 81 if the host tells none).
  (func $now (result i64)
    (call $step (i32.const 81) (i32.const 0)
      (call $clock_time_get (i32.const 1) (i64.const 0) (i32.const 8)))
    (i64.load (i32.const 8)))

  ;; Ends the guest with the step's number unless the step found what it wanted.
  (func $step (param $number i32) (param $wanted i32) (param $found i32)
    (if (i32.ne (local.get $wanted) (local.get $found))
      (then (call $proc_exit (local.get $number)))))

  ;; Writes a text to stdout (step 90).
  (func $say (param $text i32) (param $len i32)
    (i32.store (i32.const 0) (local.get $text))
    (i32.store (i32.const 4) (local.get $len))
    (call $step (i32.const 90) (i32.const 0)
      (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))
)
