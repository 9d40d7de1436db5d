;; Sleeps for 365 days by the monotonic clock, and says how many days have gone by
;; on it. Only with virtual time does that come back while somebody watches.
;;
;; Exits with 0, or with the number of the step that failed.
(module
  (import "wasi_snapshot_preview1" "clock_time_get"
    (func $clock_time_get (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff"
    (func $poll_oneoff (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit"
    (func $proc_exit (param i32)))

  ;; 0 iovec | 8 one result | 16 a subscription | 64 an event | 128 texts
  (memory (export "memory") 1)
  (data (i32.const 128) "slept for ... days\n")

  (func (export "_start")
    (local $start i64)
    (local $days i64)
    (local.set $start (call $now))

    ;; 2: a subscription to the monotonic clock, 365 times 86400 seconds from now.
    (i32.store (i32.const 32) (i32.const 1))
    (i64.store (i32.const 40) (i64.const 31_536_000_000_000_000))
    (call $step (i32.const 2)
      (call $poll_oneoff (i32.const 16) (i32.const 64) (i32.const 1) (i32.const 8)))

    (local.set $days
      (i64.div_u (i64.sub (call $now) (local.get $start)) (i64.const 86_400_000_000_000)))
    ;; 3: a year has three digits.
    (call $step (i32.const 3) (i64.gt_u (local.get $days) (i64.const 999)))
    (i64.store8 (i32.const 138) (call $digit (local.get $days) (i64.const 100)))
    (i64.store8 (i32.const 139) (call $digit (local.get $days) (i64.const 10)))
    (i64.store8 (i32.const 140) (call $digit (local.get $days) (i64.const 1)))
    (i32.store (i32.const 0) (i32.const 128))
    (i32.store (i32.const 4) (i32.const 19))
    (call $step (i32.const 90)
      (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))

  ;; The monotonic clock, in nanoseconds (step 1).
  (func $now (result i64)
    (call $step (i32.const 1)
      (call $clock_time_get (i32.const 1) (i64.const 0) (i32.const 8)))
    (i64.load (i32.const 8)))

  ;; A digit of a number, as a character.
  (func $digit (param $n i64) (param $place i64) (result i64)
    (i64.add (i64.const 48)
      (i64.rem_u (i64.div_u (local.get $n) (local.get $place)) (i64.const 10))))

  ;; Ends the guest with the step's number on any errno but success.
  (func $step (param $number i32) (param $errno i32)
    (if (local.get $errno)
      (then (call $proc_exit (local.get $number)))))
)
