;; poll_oneoff of standard input: it waits for text to come, and tells of it until it is
;; read.
;;
;; It exits with 0, or with the number of the check that failed.
(module
  (import "wasi_snapshot_preview1" "fd_read"
    (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff"
    (func $poll_oneoff (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))

  (memory (export "memory") 1)

  ;; Errnos.
  (global $success i32 (i32.const 0))

  (data (i32.const 64) "hello")
  (data (i32.const 72) ", world")
  (data (i32.const 80) "done\0a")

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

  ;; Polls for input and a clock of an hour, and sees that there is input.
  (func $has_come (param $check i32)
    (call $subscribe (i32.const 1024) (i64.const 1) (i32.const 1) (i32.const 0))
    (call $clock (i32.const 1072) (i64.const 2) (i32.const 1) (i64.const 3600000000000)
      (i32.const 0))
    (call $poll (local.get $check) (i32.const 2))
    (call $is (local.get $check) (i32.load (i32.const 0)) (i32.const 1))
    (call $event (local.get $check) (i64.const 1) (i32.const 1))
    (call $holds (local.get $check) (i64.ge_u (i64.load (i32.const 4112)) (i64.const 1)))
    (call $is (local.get $check) (i32.load16_u (i32.const 4120)) (i32.const 0)))

  (func (export "_start")
    ;; 1: text comes in.
    (call $has_come (i32.const 1))
    ;; 2: polling has not taken it.
    (call $has_come (i32.const 2))
    ;; 3: nor does reading some of it take the rest.
    (call $iovec (i32.const 8) (i32.const 2048) (i32.const 5))
    (call $expect (i32.const 3)
      (call $fd_read (i32.const 0) (i32.const 8) (i32.const 1) (i32.const 0))
      (global.get $success))
    (call $is (i32.const 3) (i32.load (i32.const 0)) (i32.const 5))
    (call $holds_text (i32.const 3) (i32.const 2048) (i32.const 64) (i32.const 5))
    (call $has_come (i32.const 3))
    ;; 4: the rest.
    (call $iovec (i32.const 8) (i32.const 2048) (i32.const 64))
    (call $expect (i32.const 4)
      (call $fd_read (i32.const 0) (i32.const 8) (i32.const 1) (i32.const 0))
      (global.get $success))
    (call $is (i32.const 4) (i32.load (i32.const 0)) (i32.const 7))
    (call $holds_text (i32.const 4) (i32.const 2048) (i32.const 72) (i32.const 7))
    ;; 5: now there is nothing: a clock of 20 ms comes first.
    (call $subscribe (i32.const 1024) (i64.const 1) (i32.const 1) (i32.const 0))
    (call $clock (i32.const 1072) (i64.const 2) (i32.const 1) (i64.const 20000000) (i32.const 0))
    (call $poll (i32.const 5) (i32.const 2))
    (call $is (i32.const 5) (i32.load (i32.const 0)) (i32.const 1))
    (call $event (i32.const 5) (i64.const 2) (i32.const 0))
    ;; 6: whoever keeps the input open for that long is told.
    (call $write (i32.const 6) (i32.const 1) (i32.const 80) (i32.const 5))))
