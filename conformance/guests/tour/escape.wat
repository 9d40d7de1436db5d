;; Tries to leave the first preopen (fd 3), by `..` and by an absolute path.
;;
;; Says how each attempt was answered. Exits with 0 when both were refused with
;; errno 63 (perm), else with the number of the attempt that was not.
(module
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit"
    (func $proc_exit (param i32)))

  ;; 0 iovec | 8 one result | 32 digits, up to 64 | 128 texts
  (memory (export "memory") 1)
  (data (i32.const 128) "../outside.txt")
  (data (i32.const 160) "/etc/passwd")
  (data (i32.const 192) ": refused with errno ")
  (data (i32.const 224) ": OPENED\n")
  (data (i32.const 240) "\n")

  (func (export "_start")
    (call $attempt (i32.const 1) (i32.const 128) (i32.const 14))
    (call $attempt (i32.const 2) (i32.const 160) (i32.const 11)))

  ;; Opens a path for reading, and says what came of it.
  (func $attempt (param $number i32) (param $path i32) (param $len i32)
    (local $errno i32)
    (local.set $errno
      (call $path_open (i32.const 3) (i32.const 1) (local.get $path) (local.get $len)
        (i32.const 0) (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 8)))

    (call $say (local.get $path) (local.get $len))
    (if (local.get $errno)
      (then
        (call $say (i32.const 192) (i32.const 21))
        (call $say_number (local.get $errno))
        (call $say (i32.const 240) (i32.const 1)))
      (else
        (call $say (i32.const 224) (i32.const 9))))

    (if (i32.ne (local.get $errno) (i32.const 63))
      (then (call $proc_exit (local.get $number)))))

  ;; Writes a text to stdout (step 90).
  (func $say (param $text i32) (param $len i32)
    (i32.store (i32.const 0) (local.get $text))
    (i32.store (i32.const 4) (local.get $len))
    (if (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))
      (then (call $proc_exit (i32.const 90)))))

  ;; Writes a number to stdout: its digits fill the space below 64 from the end.
  (func $say_number (param $n i32)
    (local $at i32)
    (local.set $at (i32.const 64))
    (loop $digit
      (local.set $at (i32.sub (local.get $at) (i32.const 1)))
      (i32.store8 (local.get $at)
        (i32.add (i32.const 48) (i32.rem_u (local.get $n) (i32.const 10))))
      (local.set $n (i32.div_u (local.get $n) (i32.const 10)))
      (br_if $digit (local.get $n)))
    (call $say (local.get $at) (i32.sub (i32.const 64) (local.get $at))))
)
