;; A child that needs to read a file, to know the time and to draw random bytes, and
;; cannot tell who serves it: the host, or a parent such as `parent.wat`.
;;
;; Writes what it was given to stdout. Traps where a request is refused.
(module
  (import "wasi_snapshot_preview1" "clock_time_get"
    (func $clock_time_get (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "random_get"
    (func $random_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open
      (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read"
    (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))

  ;; 0 iovec | 8 one result | 16 random bytes | 32 digits, up to 64
  ;; 64 hex digits | 128 texts | 320 what the file holds, up to 384
  (memory (export "memory") 1)
  (data (i32.const 128) "child: the time is ")
  (data (i32.const 160) ", then ")
  (data (i32.const 176) "\nchild: 8 random bytes are ")
  (data (i32.const 208) "\n")
  (data (i32.const 224) "child: hello.txt holds `")
  (data (i32.const 256) "`\n")
  (data (i32.const 272) "hello.txt")

  (func (export "_start")
    (call $say (i32.const 224) (i32.const 24))
    (call $say (i32.const 320)
      (call $read_file (i32.const 272) (i32.const 9) (i32.const 320) (i32.const 64)))
    (call $say (i32.const 256) (i32.const 2))

    (call $say (i32.const 128) (i32.const 19))
    (call $say_number (call $now))
    (call $say (i32.const 160) (i32.const 7))
    (call $say_number (call $now))

    (call $need (call $random_get (i32.const 16) (i32.const 8)))
    (call $say (i32.const 176) (i32.const 27))
    (call $say_hex (i32.const 16) (i32.const 8))
    (call $say (i32.const 208) (i32.const 1)))

  ;; The realtime clock, in nanoseconds since 1970.
  (func $now (result i64)
    (call $need (call $clock_time_get (i32.const 0) (i64.const 0) (i32.const 8)))
    (i64.load (i32.const 8)))

  ;; Opens a file in the directory, fd 3, with the right to read (2), and reads from its
  ;; beginning; answers how many bytes.
  (func $read_file (param $name i32) (param $len i32) (param $to i32) (param $room i32)
    (result i32)
    (call $need (call $path_open (i32.const 3) (i32.const 0) (local.get $name)
      (local.get $len) (i32.const 0) (i64.const 2) (i64.const 0) (i32.const 0)
      (i32.const 8)))
    (i32.store (i32.const 0) (local.get $to))
    (i32.store (i32.const 4) (local.get $room))
    (call $need (call $fd_read (i32.load (i32.const 8)) (i32.const 0) (i32.const 1)
      (i32.const 8)))
    (i32.load (i32.const 8)))

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

  ;; Writes at most 32 bytes to stdout, each as two hex digits.
  (func $say_hex (param $bytes i32) (param $len i32)
    (local $i i32)
    (local $byte i32)
    (loop $each
      (local.set $byte
        (i32.load8_u (i32.add (local.get $bytes) (local.get $i))))
      (i32.store8 offset=64 (i32.shl (local.get $i) (i32.const 1))
        (call $hex_digit (i32.shr_u (local.get $byte) (i32.const 4))))
      (i32.store8 offset=65 (i32.shl (local.get $i) (i32.const 1))
        (call $hex_digit (i32.and (local.get $byte) (i32.const 15))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $each (i32.lt_u (local.get $i) (local.get $len))))
    (call $say (i32.const 64) (i32.shl (local.get $len) (i32.const 1))))

  ;; `0` to `9`, then `a` to `f`.
  (func $hex_digit (param $value i32) (result i32)
    (i32.add (local.get $value)
      (select (i32.const 48) (i32.const 87)
        (i32.lt_u (local.get $value) (i32.const 10)))))
)
