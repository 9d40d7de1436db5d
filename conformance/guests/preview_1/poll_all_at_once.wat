;; poll_oneoff tells all that is ready in one call, as POSIX's poll does, whatever it is.
;;
;; It is given `listing.dir` as its one preopen, fd 3. What it makes there it removes. It
;; exits with 0, or with the number of the check that failed.
(module
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff"
    (func $poll_oneoff (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))

  (memory (export "memory") 1)

  (data (i32.const 64) "a.txt")
  (data (i32.const 72) "bb.text")

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

  ;; Opens what lies beneath fd 3, as it is asked; answers the descriptor.
  (func $open (param $check i32) (param $path i32) (param $length i32) (param $oflags i32)
    (param $rights i64) (param $fdflags i32) (result i32)
    (call $expect (local.get $check)
      (call $path_open (i32.const 3) (i32.const 0) (local.get $path) (local.get $length)
        (local.get $oflags) (local.get $rights) (i64.const 0) (local.get $fdflags)
        (i32.const 0))
      (i32.const 0))
    (i32.load (i32.const 0)))

  ;; Writes a subscription to a clock: a time to come, or a span if the flags are 0.
  (func $clock (param $at i32) (param $userdata i64) (param $id i32) (param $timeout i64)
    (param $flags i32)
    (i64.store (local.get $at) (local.get $userdata))
    (i32.store8 offset=8 (local.get $at) (i32.const 0))
    (i32.store offset=16 (local.get $at) (local.get $id))
    (i64.store offset=24 (local.get $at) (local.get $timeout))
    (i64.store offset=32 (local.get $at) (i64.const 1))
    (i32.store16 offset=40 (local.get $at) (local.get $flags)))

  ;; Writes a subscription to a descriptor: to read it (type 1), or to write it (type 2).
  (func $subscribe (param $at i32) (param $userdata i64) (param $type i32) (param $fd i32)
    (i64.store (local.get $at) (local.get $userdata))
    (i32.store8 offset=8 (local.get $at) (local.get $type))
    (i32.store offset=16 (local.get $at) (local.get $fd)))

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
    (local $first i32)
    (local $second i32)

    ;; 1, 2: two files, to be read.
    (local.set $first
      (call $open (i32.const 1) (i32.const 64) (i32.const 5) (i32.const 0)
        (i64.const 0x8a000bf) (i32.const 0)))
    (local.set $second
      (call $open (i32.const 2) (i32.const 72) (i32.const 7) (i32.const 0)
        (i64.const 0x8a000bf) (i32.const 0)))
    ;; 3, 4: a clock that has an hour to go, and five that are ready: a file with text, one
    ;; at its end, output, error, and a clock.
    (call $clock (i32.const 1024) (i64.const 1) (i32.const 1) (i64.const 3600000000000)
      (i32.const 0))
    (call $subscribe (i32.const 1072) (i64.const 2) (i32.const 1) (local.get $first))
    (call $subscribe (i32.const 1120) (i64.const 3) (i32.const 2) (i32.const 1))
    (call $clock (i32.const 1168) (i64.const 4) (i32.const 0) (i64.const 1) (i32.const 1))
    (call $subscribe (i32.const 1216) (i64.const 5) (i32.const 1) (local.get $second))
    (call $subscribe (i32.const 1264) (i64.const 6) (i32.const 2) (i32.const 2))
    (call $poll (i32.const 3) (i32.const 6))
    (call $is (i32.const 3) (i32.load (i32.const 0)) (i32.const 5))
    (call $event (i32.const 4) (i64.const 2) (i32.const 1))
    (call $event (i32.const 4) (i64.const 3) (i32.const 2))
    (call $event (i32.const 4) (i64.const 4) (i32.const 0))
    (call $event (i32.const 4) (i64.const 5) (i32.const 1))
    (call $event (i32.const 4) (i64.const 6) (i32.const 2))
    ;; 5: the same descriptor twice makes two events.
    (call $subscribe (i32.const 1024) (i64.const 8) (i32.const 2) (i32.const 1))
    (call $subscribe (i32.const 1072) (i64.const 9) (i32.const 2) (i32.const 1))
    (call $poll (i32.const 5) (i32.const 2))
    (call $is (i32.const 5) (i32.load (i32.const 0)) (i32.const 2))
    (call $event (i32.const 5) (i64.const 8) (i32.const 2))
    (call $event (i32.const 5) (i64.const 9) (i32.const 2))))
