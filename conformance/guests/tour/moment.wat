;; Reads the realtime clock twice and draws 8 random bytes, and says what they
;; are: the same on every run only where time and chance are.
;;
;; Traps if the host refuses either.
(module
  (import "wasi_snapshot_preview1" "clock_time_get"
    (func $clock_time_get (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "random_get"
    (func $random_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))

  ;; 0 iovec | 8 one result | 16 random bytes | up to 64 digits | 128 texts
  (memory (export "memory") 1)
  (data (i32.const 128) "the time is ")
  (data (i32.const 144) ", and stays ")
  (data (i32.const 160) "8 random bytes make the number ")
  (data (i32.const 192) "\n")

  (func (export "_start")
    (call $say (i32.const 128) (i32.const 12))
    (call $say_number (call $now))
    (call $say (i32.const 144) (i32.const 12))
    (call $say_number (call $now))
    (call $say (i32.const 192) (i32.const 1))

    (call $need (call $random_get (i32.const 16) (i32.const 8)))
    (call $say (i32.const 160) (i32.const 31))
    (call $say_number (i64.load (i32.const 16)))
    (call $say (i32.const 192) (i32.const 1)))

  ;; The realtime clock, in nanoseconds since 1970.
  (func $now (result i64)
    (call $need (call $clock_time_get (i32.const 0) (i64.const 0) (i32.const 8)))
    (i64.load (i32.const 8)))

  ;; Traps on any errno but success.
  (func $need (param $errno i32)
    (if (local.get $errno) (then (unreachable))))

  ;; Writes a text to stdout.
  (func $say (param $text i32) (param $len i32)
    (i32.store (i32.const 0) (local.get $text))
    (i32.store (i32.const 4) (local.get $len))
    (call $need
      (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))

  ;; Writes a number to stdout: its digits fill the space below 64 from the end.
  (func $say_number (param $n i64)
    (local $at i32)
    (local.set $at (i32.const 64))
    (loop $digit
      (local.set $at (i32.sub (local.get $at) (i32.const 1)))
      (i64.store8 (local.get $at)
        (i64.add (i64.const 48) (i64.rem_u (local.get $n) (i64.const 10))))
      (local.set $n (i64.div_u (local.get $n) (i64.const 10)))
      (br_if $digit (i64.ne (local.get $n) (i64.const 0))))
    (call $say (local.get $at) (i32.sub (i32.const 64) (local.get $at))))
)
