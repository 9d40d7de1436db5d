;; poll_oneoff until a time, by each clock: to come, now, and long past.
;;
;; It exits with 0, or with the number of the check that failed.
(module
  (import "wasi_snapshot_preview1" "clock_time_get"
    (func $clock_time_get (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff"
    (func $poll_oneoff (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))

  (memory (export "memory") 1)

  ;; Places in memory, and other numbers.
  (global $while_ i64 (i64.const 20000000))

  ;; Exits with the number of a check if an errno is not the one that is wanted.
  (func $expect (param $check i32) (param $errno i32) (param $wanted i32)
    (if (i32.ne (local.get $errno) (local.get $wanted))
      (then (call $proc_exit (local.get $check)))))

  ;; Exits with the number of a check if a number is not the one that is wanted.
  (func $is (param $check i32) (param $found i32) (param $wanted i32)
    (if (i32.ne (local.get $found) (local.get $wanted))
      (then (call $proc_exit (local.get $check)))))

  ;; Exits with the number of a check if something does not hold.
  (func $holds (param $check i32) (param $condition i32)
    (if (i32.eqz (local.get $condition))
      (then (call $proc_exit (local.get $check)))))

  ;; Writes a subscription to a clock: a time to come, or a span if the flags are 0.
  (func $clock (param $at i32) (param $userdata i64) (param $id i32) (param $timeout i64)
    (param $flags i32)
    (i64.store (local.get $at) (local.get $userdata))
    (i32.store8 offset=8 (local.get $at) (i32.const 0))
    (i32.store offset=16 (local.get $at) (local.get $id))
    (i64.store offset=24 (local.get $at) (local.get $timeout))
    (i64.store offset=32 (local.get $at) (i64.const 1))
    (i32.store16 offset=40 (local.get $at) (local.get $flags)))

  ;; Polls what is subscribed to at 1024; the events go to 4096, their number to 0.
  (func $poll (param $check i32) (param $count i32)
    (i32.store (i32.const 0) (i32.const 0))
    (call $expect (local.get $check)
      (call $poll_oneoff (i32.const 1024) (i32.const 4096) (local.get $count) (i32.const 0))
      (i32.const 0))
    (call $holds (local.get $check)
      (i32.and
        (i32.ge_u (i32.load (i32.const 0)) (i32.const 1))
        (i32.le_u (i32.load (i32.const 0)) (local.get $count)))))

  ;; Where the event of a subscription is; 0 if it is not there.
  (func $polled (param $userdata i64) (result i32)
    (local $at i32)
    (local $end i32)
    (local.set $at (i32.const 4096))
    (local.set $end
      (i32.add (i32.const 4096) (i32.mul (i32.const 32) (i32.load (i32.const 0)))))
    (loop $events
      (if (i32.eq (local.get $at) (local.get $end)) (then (return (i32.const 0))))
      (if (i64.eq (i64.load (local.get $at)) (local.get $userdata))
        (then (return (local.get $at))))
      (local.set $at (i32.add (local.get $at) (i32.const 32)))
      (br $events))
    (unreachable))

  ;; Sees that a subscription has an event, of its type and without an error.
  (func $event (param $check i32) (param $userdata i64) (param $type i32)
    (local $at i32)
    (local.set $at (call $polled (local.get $userdata)))
    (call $holds (local.get $check) (local.get $at))
    (call $is (local.get $check) (i32.load16_u offset=8 (local.get $at)) (i32.const 0))
    (call $is (local.get $check) (i32.load8_u offset=10 (local.get $at)) (local.get $type)))

  ;; What time a clock tells, in nanoseconds.
  (func $now (param $check i32) (param $id i32) (result i64)
    (call $expect (local.get $check)
      (call $clock_time_get (local.get $id) (i64.const 1) (i32.const 16)) (i32.const 0))
    (i64.load (i32.const 16)))

  ;; 20 ms, in nanoseconds.

  ;; Sees that the one event is that of a clock, with userdata, and without an error.
  (func $one_clock (param $check i32) (param $userdata i64)
    (call $is (local.get $check) (i32.load (i32.const 0)) (i32.const 1))
    (call $event (local.get $check) (local.get $userdata) (i32.const 0)))

  ;; Polls until a time by a clock, and sees that the clock tells no less.
  (func $until (param $check i32) (param $id i32) (param $time i64)
    (call $clock (i32.const 1024) (i64.const 7) (local.get $id) (local.get $time) (i32.const 1))
    (call $poll (local.get $check) (i32.const 1))
    (call $one_clock (local.get $check) (i64.const 7))
    (call $holds (local.get $check)
      (i64.ge_u (call $now (local.get $check) (local.get $id)) (local.get $time))))

  (func (export "_start")
    ;; 1, 2: a time to come.
    (call $until (i32.const 1) (i32.const 1)
      (i64.add (call $now (i32.const 1) (i32.const 1)) (global.get $while_)))
    (call $until (i32.const 2) (i32.const 0)
      (i64.add (call $now (i32.const 2) (i32.const 0)) (global.get $while_)))
    ;; 3, 4: now.
    (call $until (i32.const 3) (i32.const 1) (call $now (i32.const 3) (i32.const 1)))
    (call $until (i32.const 4) (i32.const 0) (call $now (i32.const 4) (i32.const 0)))
    ;; 5, 6: the first time that there is.
    (call $until (i32.const 5) (i32.const 1) (i64.const 0))
    (call $until (i32.const 6) (i32.const 0) (i64.const 0))
    ;; 7: just past.
    (call $until (i32.const 7) (i32.const 0)
      (i64.sub (call $now (i32.const 7) (i32.const 0)) (i64.const 1)))
    ;; 8: one second of 1970, which is long past.
    (call $until (i32.const 8) (i32.const 0) (i64.const 1000000000))
    ;; 9: of two times the earlier one ends the wait, though the other comes first.
    (call $clock (i32.const 1024) (i64.const 91) (i32.const 0)
      (i64.add (call $now (i32.const 9) (i32.const 0)) (i64.const 3600000000000)) (i32.const 1))
    (call $clock (i32.const 1072) (i64.const 92) (i32.const 1)
      (i64.add (call $now (i32.const 9) (i32.const 1)) (global.get $while_)) (i32.const 1))
    (call $poll (i32.const 9) (i32.const 2))
    (call $one_clock (i32.const 9) (i64.const 92))
    ;; 10: the last time that there is does not come.
    (call $clock (i32.const 1024) (i64.const 101) (i32.const 1) (i64.const -1) (i32.const 1))
    (call $clock (i32.const 1072) (i64.const 102) (i32.const 0) (i64.const -1) (i32.const 1))
    (call $clock (i32.const 1120) (i64.const 103) (i32.const 1) (global.get $while_)
      (i32.const 0))
    (call $poll (i32.const 10) (i32.const 3))
    (call $one_clock (i32.const 10) (i64.const 103))))
