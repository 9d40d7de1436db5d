;; poll_oneoff of a span of time, by each clock: it passes, and one event tells so.
;;
;; It exits with 0, or with the number of the check that failed.
(module
  (import "wasi_snapshot_preview1" "clock_time_get"
    (func $clock_time_get (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff"
    (func $poll_oneoff (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))

  (memory (export "memory") 1)

  ;; Errnos.
  (global $success i32 (i32.const 0))

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

  ;; Sets bytes to one value.
  (func $fill (param $at i32) (param $length i32) (param $byte i32)
    (local $end i32)
    (local.set $end (i32.add (local.get $at) (local.get $length)))
    (block $done
      (loop $bytes
        (br_if $done (i32.eq (local.get $at) (local.get $end)))
        (i32.store8 (local.get $at) (local.get $byte))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
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

  (func (export "_start")
    (local $before i64)

    ;; 1: monotonic. The number of events takes 4 bytes, the event 32; nothing is written
    ;; beside them.
    (call $fill (i32.const 0) (i32.const 16) (i32.const 0xa5))
    (call $fill (i32.const 4088) (i32.const 48) (i32.const 0xa5))
    (call $clock (i32.const 1024) (i64.const 0x123456789abcdef0) (i32.const 1)
      (global.get $while_) (i32.const 0))
    (local.set $before (call $now (i32.const 1) (i32.const 1)))
    (call $expect (i32.const 1)
      (call $poll_oneoff (i32.const 1024) (i32.const 4096) (i32.const 1) (i32.const 0))
      (global.get $success))
    (call $holds (i32.const 1)
      (i64.ge_u (i64.sub (call $now (i32.const 1) (i32.const 1)) (local.get $before))
        (global.get $while_)))
    (call $all_are (i32.const 1) (i32.const 4) (i32.const 12) (i32.const 0xa5))
    (call $all_are (i32.const 1) (i32.const 4088) (i32.const 8) (i32.const 0xa5))
    (call $all_are (i32.const 1) (i32.const 4128) (i32.const 8) (i32.const 0xa5))
    ;; 2: the event.
    (call $one_clock (i32.const 2) (i64.const 0x123456789abcdef0))
    ;; 3: realtime, whose span is no shorter by the clock that nobody sets.
    (call $clock (i32.const 1024) (i64.const 3) (i32.const 0) (global.get $while_) (i32.const 0))
    (local.set $before (call $now (i32.const 3) (i32.const 1)))
    (call $poll (i32.const 3) (i32.const 1))
    (call $holds (i32.const 3)
      (i64.ge_u (i64.sub (call $now (i32.const 3) (i32.const 1)) (local.get $before))
        (global.get $while_)))
    (call $one_clock (i32.const 3) (i64.const 3))
    ;; 4, 5: a span of nothing has passed.
    (call $clock (i32.const 1024) (i64.const 4) (i32.const 1) (i64.const 0) (i32.const 0))
    (call $poll (i32.const 4) (i32.const 1))
    (call $one_clock (i32.const 4) (i64.const 4))
    (call $clock (i32.const 1024) (i64.const 5) (i32.const 0) (i64.const 0) (i32.const 0))
    (call $poll (i32.const 5) (i32.const 1))
    (call $one_clock (i32.const 5) (i64.const 5))
    ;; 6: a nanosecond.
    (call $clock (i32.const 1024) (i64.const 6) (i32.const 1) (i64.const 1) (i32.const 0))
    (call $poll (i32.const 6) (i32.const 1))
    (call $one_clock (i32.const 6) (i64.const 6))
    ;; 7: of two spans the shorter one ends the wait; the other, an hour, has not passed.
    (call $clock (i32.const 1024) (i64.const 71) (i32.const 1) (i64.const 3600000000000)
      (i32.const 0))
    (call $clock (i32.const 1072) (i64.const 72) (i32.const 0) (global.get $while_) (i32.const 0))
    (call $poll (i32.const 7) (i32.const 2))
    (call $one_clock (i32.const 7) (i64.const 72))
    ;; 8: the longest span that there is, which lasts for centuries.
    (call $clock (i32.const 1024) (i64.const 81) (i32.const 1) (i64.const -1) (i32.const 0))
    (call $clock (i32.const 1072) (i64.const 82) (i32.const 1) (global.get $while_) (i32.const 0))
    (call $poll (i32.const 8) (i32.const 2))
    (call $one_clock (i32.const 8) (i64.const 82))))
