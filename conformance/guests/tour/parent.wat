;; A parent that serves its child's directory, clock and randomness: the directory
;; has one file, `hello.txt`, which lies in this memory; the time starts at
;; 2019-11-12T00:00:00Z and goes on by one second with each look at it; and the
;; random bytes count up from 0.
;;
;; Its `_start` runs the child and says how that ended and what was served.
;; While `child_call` is on the stack, the host enters the exports below: one
;; for each request of the child. Exits with 0, with 90 where stdout fails, or with
;; 91 where the host refuses a step.
(module
  ;; All of these answer an errno, and write what else they answer to the address
  ;; that comes last.
  (import "nanoprocess_0" "child_new"
    (func $child_new (param $module i32) (param $child i32) (result i32)))
  (import "nanoprocess_0" "child_bind"
    (func $child_bind (param $child i32) (param $what i32) (param $what_len i32)
      (param $binding i32) (param $tag i32) (result i32)))
  (import "nanoprocess_0" "cap_from_fd"
    (func $cap_from_fd (param $fd i32) (param $rights i64) (param $cap i32) (result i32)))
  (import "nanoprocess_0" "cap_serve"
    (func $cap_serve (param $kind i32) (param $tag i32) (param $object i64)
      (param $rights i64) (param $cap i32) (result i32)))
  (import "nanoprocess_0" "child_grant"
    (func $child_grant (param $child i32) (param $cap i32) (param $at i32)
      (param $name i32) (param $name_len i32) (param $fd i32) (result i32)))
  (import "nanoprocess_0" "child_link"
    (func $child_link (param $child i32) (param $missing i32) (result i32)))
  ;; The outcome is two words, of which the first says 0 for returned, 1 for exited
  ;; with the second as its code, 2 for trapped, and more for other ends.
  (import "nanoprocess_0" "child_call"
    (func $child_call (param $child i32) (param $export i32) (param $export_len i32)
      (param $args i32) (param $args_len i32) (param $results i32) (param $results_len i32)
      (param $outcome i32) (result i32)))
  (import "nanoprocess_0" "child_drop"
    (func $child_drop (param $child i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit"
    (func $proc_exit (param i32)))

  ;; 0 iovec | 8 one result | 16 outcome | 24 missing imports | 32 digits, up to 64
  ;; 64 child | 68 handle to grant | 72 its descriptor | 128 texts and names
  ;; 4096 scratch for the child's requests, up to 8192
  (memory (export "memory") 1)
  (data (i32.const 128) "parent: child returned")
  (data (i32.const 160) "\nparent: requests served: file ")
  (data (i32.const 192) ", clock ")
  (data (i32.const 208) ", random ")
  (data (i32.const 224) "\n")
  (data (i32.const 256) "parent: child exited with ")
  (data (i32.const 288) "parent: child trapped")
  (data (i32.const 320) "parent: child was ended")
  (data (i32.const 352) "parent: missing imports: ")
  (data (i32.const 384) "parent: refused with errno ")
  (data (i32.const 512) "fd_write")
  (data (i32.const 528) "clock_time_get")
  (data (i32.const 544) "random_get")
  (data (i32.const 560) "path_open")
  (data (i32.const 576) "fd_read")
  (data (i32.const 592) "_start")
  (data (i32.const 608) "/")
  (data (i32.const 624) "hello.txt")
  (data (i32.const 640) "Hello from a parent.")

  ;; What was served so far.
  (global $file_requests (mut i32) (i32.const 0))
  (global $clock_requests (mut i32) (i32.const 0))
  (global $random_requests (mut i32) (i32.const 0))
  ;; The next random byte, in its low 8 bits.
  (global $next_byte (mut i32) (i32.const 0))

  (func (export "_start")
    ;; A child of module 0, which has nothing at first.
    (call $step (call $child_new (i32.const 0) (i32.const 64)))
    ;; Calls with a descriptor are passed on (2), and it is given two: this guest's
    ;; standard output, and a directory (1) that this guest serves and knows as 1. The
    ;; time and random bytes it asks this guest for (3: served).
    (call $bind (i32.const 512) (i32.const 8) (i32.const 2))
    (call $bind (i32.const 560) (i32.const 9) (i32.const 2))
    (call $bind (i32.const 576) (i32.const 7) (i32.const 2))
    (call $bind (i32.const 528) (i32.const 14) (i32.const 3))
    (call $bind (i32.const 544) (i32.const 10) (i32.const 3))
    (call $step (call $cap_from_fd (i32.const 1) (i64.const -1) (i32.const 68)))
    (call $step (call $child_grant (i32.load (i32.const 64)) (i32.load (i32.const 68))
      (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 72)))
    (call $step (call $cap_serve (i32.const 1) (i32.const 0) (i64.const 1) (i64.const -1)
      (i32.const 68)))
    (call $step (call $child_grant (i32.load (i32.const 64)) (i32.load (i32.const 68))
      (i32.const 3) (i32.const 608) (i32.const 1) (i32.const 72)))
    (call $step (call $child_link (i32.load (i32.const 64)) (i32.const 24)))

    (if (i32.load (i32.const 24))
      (then
        (call $say (i32.const 352) (i32.const 25))
        (call $say_number (i32.load (i32.const 24)))
        (call $say (i32.const 224) (i32.const 1)))
      (else
        (call $step (call $child_call (i32.load (i32.const 64))
          (i32.const 592) (i32.const 6)
          (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 16)))
        (call $say_outcome)))
    (call $step (call $child_drop (i32.load (i32.const 64))))
    (call $say (i32.const 160) (i32.const 31))
    (call $say_number (global.get $file_requests))
    (call $say (i32.const 192) (i32.const 8))
    (call $say_number (global.get $clock_requests))
    (call $say (i32.const 208) (i32.const 9))
    (call $say_number (global.get $random_requests))
    (call $say (i32.const 224) (i32.const 1)))

  ;; Binds the child's calls of a function.
  (func $bind (param $name i32) (param $len i32) (param $binding i32)
    (call $step (call $child_bind (i32.load (i32.const 64))
      (local.get $name) (local.get $len) (local.get $binding) (i32.const 0))))

  ;; Says so and exits if a step was refused.
  (func $step (param $errno i32)
    (if (local.get $errno)
      (then
        (call $say (i32.const 384) (i32.const 27))
        (call $say_number (local.get $errno))
        (call $say (i32.const 224) (i32.const 1))
        (call $proc_exit (i32.const 91)))))

  ;; Says how the child ended.
  (func $say_outcome
    (block $ended (block $trapped (block $exited (block $returned
      (br_table $returned $exited $trapped $ended
        (i32.load (i32.const 16))))
      (call $say (i32.const 128) (i32.const 22))
      (return))
      (call $say (i32.const 256) (i32.const 26))
      (call $say_number (i32.load (i32.const 20)))
      (return))
      (call $say (i32.const 288) (i32.const 21))
      (return))
    (call $say (i32.const 320) (i32.const 23)))

  ;; Serves path_open: what lies under a name of the directory, told at `entry`, which
  ;; the host has filled with zeros. An errno is answered with its sign turned: 44 is
  ;; `noent`.
  (func (export "dir_open")
    (param $context i32) (param $dir i64) (param $name i32) (param $len i32)
    (param $entry i32) (result i32)
    (global.set $file_requests
      (i32.add (global.get $file_requests) (i32.const 1)))
    (if (i32.ne (local.get $len) (i32.const 9)) (then (return (i32.const -44))))
    (loop $each
      (local.set $len (i32.sub (local.get $len) (i32.const 1)))
      (if (i32.ne
            (i32.load8_u (i32.add (local.get $name) (local.get $len)))
            (i32.load8_u offset=624 (local.get $len)))
        (then (return (i32.const -44))))
      (br_if $each (local.get $len)))
    ;; This guest knows it as 2; it has 20 bytes, and is a regular file (4).
    (i64.store (local.get $entry) (i64.const 2))
    (i64.store offset=8 (local.get $entry) (i64.const 20))
    (i32.store8 offset=56 (local.get $entry) (i32.const 4))
    (i32.const 0))

  ;; Serves fd_read: copies from an offset on, and answers how many bytes.
  (func (export "obj_read")
    (param $context i32) (param $object i64) (param $offset i64) (param $ptr i32)
    (param $len i32) (result i32)
    (local $from i32)
    (local $read i32)
    (global.set $file_requests
      (i32.add (global.get $file_requests) (i32.const 1)))
    (if (i64.ge_u (local.get $offset) (i64.const 20)) (then (return (i32.const 0))))
    (local.set $from (i32.wrap_i64 (local.get $offset)))
    (block $done
      (loop $each
        (br_if $done (i32.eq (local.get $read) (local.get $len)))
        (br_if $done
          (i32.eq (i32.add (local.get $from) (local.get $read)) (i32.const 20)))
        (i32.store8 (i32.add (local.get $ptr) (local.get $read))
          (i32.load8_u offset=640 (i32.add (local.get $from) (local.get $read))))
        (local.set $read (i32.add (local.get $read) (i32.const 1)))
        (br $each)))
    (local.get $read))

  ;; Serves clock_time_get: nanoseconds, the same for every clock.
  (func (export "clock_now") (param $context i32) (param $id i32) (result i64)
    (local $seconds i64)
    (local.set $seconds (i64.extend_i32_u (global.get $clock_requests)))
    (global.set $clock_requests
      (i32.add (global.get $clock_requests) (i32.const 1)))
    (i64.add (i64.const 1_573_516_800_000_000_000)
      (i64.mul (local.get $seconds) (i64.const 1_000_000_000))))

  ;; Serves random_get: fills a piece of this memory, which the host copies to
  ;; the child.
  (func (export "rng_fill")
    (param $context i32) (param $ptr i32) (param $len i32) (result i32)
    (global.set $random_requests
      (i32.add (global.get $random_requests) (i32.const 1)))
    (block $done
      (loop $each
        (br_if $done (i32.eqz (local.get $len)))
        (i32.store8 (local.get $ptr) (global.get $next_byte))
        (global.set $next_byte (i32.add (global.get $next_byte) (i32.const 1)))
        (local.set $ptr (i32.add (local.get $ptr) (i32.const 1)))
        (local.set $len (i32.sub (local.get $len) (i32.const 1)))
        (br $each)))
    (i32.const 0))

  ;; Lends the host the scratch space for the child's requests: the address in
  ;; the lower half, the size in the upper.
  (func (export "virt_scratch") (result i64)
    (i64.const 0x1000_0000_1000))

  ;; Writes a text to stdout.
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
