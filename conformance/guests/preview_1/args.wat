;; args_sizes_get and args_get: the program's name and then what it is given, whatever is
;; in it.
;;
;; It exits with 0, or with the number of the check that failed.
(module
  (import "wasi_snapshot_preview1" "args_get"
    (func $args_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_sizes_get"
    (func $args_sizes_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))

  (memory (export "memory") 1)

  ;; Errnos.
  (global $success i32 (i32.const 0))

  ;; Places in memory, and other numbers.
  (global $count i32 (i32.const 0))
  (global $size i32 (i32.const 4))
  (global $pointers i32 (i32.const 1024))
  (global $texts i32 (i32.const 2048))

  (data (i32.const 64) "one")
  (data (i32.const 72) "")
  (data (i32.const 80) "two words")
  (data (i32.const 96) "\22quoted\22 = 'x'")
  (data (i32.const 112) "na\c3\afve \e2\98\83")
  (data (i32.const 128) "line\0abreak")

  ;; Exits with the number of a check if an errno is not the one that is wanted.
  (func $expect (param $check i32) (param $errno i32) (param $wanted i32)
    (if (i32.ne (local.get $errno) (local.get $wanted))
      (then (call $proc_exit (local.get $check)))))

  ;; Exits with the number of a check if a number is not the one that is wanted.
  (func $is (param $check i32) (param $found i32) (param $wanted i32)
    (if (i32.ne (local.get $found) (local.get $wanted))
      (then (call $proc_exit (local.get $check)))))

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

  ;; Sees that an argument is a text, which ends with a NUL.
  (func $argument_is (param $check i32) (param $index i32) (param $text i32) (param $length i32)
    (local $at i32)

    (local.set $at
      (i32.load (i32.add (global.get $pointers) (i32.mul (i32.const 4) (local.get $index)))))
    (call $holds_text (local.get $check) (local.get $at) (local.get $text) (local.get $length))
    (call $is (local.get $check) (i32.load8_u (i32.add (local.get $at) (local.get $length)))
      (i32.const 0)))

  (func (export "_start")
    (local $index i32)
    (local $at i32)

    ;; 1: the two numbers take 4 bytes each.
    (call $fill (i32.const 8) (i32.const 8) (i32.const 0xa5))
    (call $expect (i32.const 1) (call $args_sizes_get (global.get $count) (global.get $size))
      (global.get $success))
    (call $all_are (i32.const 1) (i32.const 8) (i32.const 8) (i32.const 0xa5))
    ;; 2: the name of the program, which may be any, and six arguments.
    (call $is (i32.const 2) (i32.load (global.get $count)) (i32.const 7))
    ;; 3, 4: nothing is written beside the pointers and the texts.
    (call $fill (global.get $pointers) (i32.const 3072) (i32.const 0xa5))
    (call $expect (i32.const 3) (call $args_get (global.get $pointers) (global.get $texts))
      (global.get $success))
    (call $all_are (i32.const 3) (i32.add (global.get $pointers) (i32.const 28))
      (i32.const 996) (i32.const 0xa5))
    (call $all_are (i32.const 4) (i32.add (global.get $texts) (i32.load (global.get $size)))
      (i32.sub (i32.const 2048) (i32.load (global.get $size))) (i32.const 0xa5))
    ;; 5: each text begins where the one before has ended, the first at the start, and the
    ;; last ends where all end.
    (local.set $index (i32.const 0))
    (local.set $at (global.get $texts))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $index) (i32.const 7)))
        (call $is (i32.const 5)
          (i32.load (i32.add (global.get $pointers) (i32.mul (i32.const 4) (local.get $index))))
          (local.get $at))
        (block $done_2
          (loop $next_2
            (br_if $done_2 (i32.eq (i32.load8_u (local.get $at)) (i32.const 0)))
            (local.set $at (i32.add (local.get $at) (i32.const 1)))
            (br $next_2)))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (local.set $index (i32.add (local.get $index) (i32.const 1)))
        (br $next)))
    (call $is (i32.const 5) (local.get $at)
      (i32.add (global.get $texts) (i32.load (global.get $size))))
    ;; 6 to 11: the arguments.
    (call $argument_is (i32.const 6) (i32.const 1) (i32.const 64) (i32.const 3))
    (call $argument_is (i32.const 7) (i32.const 2) (i32.const 72) (i32.const 0))
    (call $argument_is (i32.const 8) (i32.const 3) (i32.const 80) (i32.const 9))
    (call $argument_is (i32.const 9) (i32.const 4) (i32.const 96) (i32.const 14))
    (call $argument_is (i32.const 10) (i32.const 5) (i32.const 112) (i32.const 10))
    (call $argument_is (i32.const 11) (i32.const 6) (i32.const 128) (i32.const 10))
    ;; 12: once more, the same.
    (call $expect (i32.const 12) (call $args_get (global.get $pointers) (global.get $texts))
      (global.get $success))
    (call $argument_is (i32.const 12) (i32.const 5) (i32.const 112) (i32.const 10))))
