;; poll_oneoff tells all that has come by then: every clock that has run out, also if there
;; are many, and none that has not.
;;
;; It exits with 0, or with the number of the check that failed.
(module
  (import "wasi_snapshot_preview1" "poll_oneoff"
    (func $poll_oneoff (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))

  (memory (export "memory") 3)

  ;; Errnos.
  (global $success i32 (i32.const 0))

  ;; Places in memory, and other numbers.
  (global $subscriptions i32 (i32.const 65536))
  (global $events i32 (i32.const 1024))

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

  (func (export "_start")
    (local $number i32)
    (local $sum i64)

    ;; 1 to 4: four clocks that have run out, in each way, and one that has not.
    (call $clock (i32.const 1024) (i64.const 1) (i32.const 1) (i64.const 0) (i32.const 0))
    (call $clock (i32.const 1072) (i64.const 2) (i32.const 0) (i64.const 0) (i32.const 0))
    (call $clock (i32.const 1120) (i64.const 3) (i32.const 1) (i64.const 3600000000000)
      (i32.const 0))
    (call $clock (i32.const 1168) (i64.const 4) (i32.const 1) (i64.const 0) (i32.const 1))
    (call $clock (i32.const 1216) (i64.const 5) (i32.const 0) (i64.const 1) (i32.const 1))
    (call $poll (i32.const 1) (i32.const 5))
    (call $is (i32.const 2) (i32.load (i32.const 0)) (i32.const 4))
    (call $event (i32.const 3) (i64.const 1) (i32.const 0))
    (call $event (i32.const 3) (i64.const 2) (i32.const 0))
    (call $event (i32.const 3) (i64.const 4) (i32.const 0))
    (call $event (i32.const 3) (i64.const 5) (i32.const 0))
    (call $holds (i32.const 4) (i32.eqz (call $polled (i64.const 3))))
    ;; 5: the same userdata twice is told twice.
    (call $clock (i32.const 1024) (i64.const 6) (i32.const 1) (i64.const 0) (i32.const 0))
    (call $clock (i32.const 1072) (i64.const 6) (i32.const 1) (i64.const 0) (i32.const 0))
    (call $poll (i32.const 5) (i32.const 2))
    (call $is (i32.const 5) (i32.load (i32.const 0)) (i32.const 2))
    (call $is64 (i32.const 5) (i64.load (i32.const 4096)) (i64.const 6))
    (call $is64 (i32.const 5) (i64.load (i32.const 4128)) (i64.const 6))
    ;; 6 to 8: 1000 clocks; each is told once.
    (local.set $number (i32.const 0))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $number) (i32.const 1000)))
        (call $clock
          (i32.add (global.get $subscriptions) (i32.mul (i32.const 48) (local.get $number)))
          (i64.extend_i32_u (local.get $number)) (i32.const 1) (i64.const 0) (i32.const 0))
        (local.set $number (i32.add (local.get $number) (i32.const 1)))
        (br $next)))
    (call $expect (i32.const 6)
      (call $poll_oneoff (global.get $subscriptions) (global.get $events) (i32.const 1000)
        (i32.const 0))
      (global.get $success))
    (call $is (i32.const 7) (i32.load (i32.const 0)) (i32.const 1000))
    (local.set $number (i32.const 0))
    (local.set $sum (i64.const 0))
    (block $done_2
      (loop $next_2
        (br_if $done_2 (i32.ge_u (local.get $number) (i32.const 1000)))
        (call $is (i32.const 8)
          (i32.load16_u offset=8
            (i32.add (global.get $events) (i32.mul (i32.const 32) (local.get $number))))
          (i32.const 0))
        (local.set $sum
          (i64.add (local.get $sum)
            (i64.load (i32.add (global.get $events) (i32.mul (i32.const 32) (local.get $number))))))
        (local.set $number (i32.add (local.get $number) (i32.const 1)))
        (br $next_2)))
    (call $is64 (i32.const 8) (local.get $sum) (i64.const 499500))))
