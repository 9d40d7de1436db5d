;; environ_sizes_get and environ_get: every variable, in any order, whatever is in it.
;;
;; It exits with 0, or with the number of the check that failed.
(module
  (import "wasi_snapshot_preview1" "environ_get"
    (func $environ_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_sizes_get"
    (func $environ_sizes_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))

  (memory (export "memory") 1)

  ;; Errnos.
  (global $success i32 (i32.const 0))

  ;; Places in memory, and other numbers.
  (global $count i32 (i32.const 0))
  (global $size i32 (i32.const 4))
  (global $pointers i32 (i32.const 1024))
  (global $texts i32 (i32.const 2048))

  (data (i32.const 64) "PLAIN=value")
  (data (i32.const 80) "EMPTY=")
  (data (i32.const 88) "EQUALS=a=b=c")
  (data (i32.const 104) "lower=\22x\22 'y'")
  (data (i32.const 120) "SNOW=\e2\98\83")
  (data (i32.const 136) "LINES=one\0atwo")

  ;; Exits with the number of a check if an errno is not the one that is wanted.
  (func $expect (param $check i32) (param $errno i32) (param $wanted i32)
    (if (i32.ne (local.get $errno) (local.get $wanted))
      (then (call $proc_exit (local.get $check)))))

  ;; Exits with the number of a check if a number is not the one that is wanted.
  (func $is (param $check i32) (param $found i32) (param $wanted i32)
    (if (i32.ne (local.get $found) (local.get $wanted))
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

  ;; Sees that a variable is there once.
  (func $is_there (param $check i32) (param $text i32) (param $length i32)
    (local $index i32)
    (local $found i32)

    (local.set $index (i32.const 0))
    (local.set $found (i32.const 0))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $index) (i32.const 6)))
        (local.set $found
          (i32.add (local.get $found)
            (call $same
              (i32.load
                (i32.add (global.get $pointers) (i32.mul (i32.const 4) (local.get $index))))
              (local.get $text) (local.get $length))))
        (local.set $index (i32.add (local.get $index) (i32.const 1)))
        (br $next)))
    (call $is (local.get $check) (local.get $found) (i32.const 1)))

  ;; Whether there is a text, which ends with a NUL, somewhere in memory.
  (func $same (param $at i32) (param $text i32) (param $length i32) (result i32)
    (local $end i32)

    (local.set $end (i32.add (local.get $at) (local.get $length)))
    (block $done
      (loop $next
        (br_if $done (i32.eq (local.get $at) (local.get $end)))
        (if (i32.ne (i32.load8_u (local.get $at)) (i32.load8_u (local.get $text)))
          (then
            (return (i32.const 0))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (local.set $text (i32.add (local.get $text) (i32.const 1)))
        (br $next)))
    (return (i32.eqz (i32.load8_u (local.get $at)))))

  (func (export "_start")
    ;; 1: the two numbers take 4 bytes each.
    (call $fill (i32.const 8) (i32.const 8) (i32.const 0xa5))
    (call $expect (i32.const 1)
      (call $environ_sizes_get (global.get $count) (global.get $size)) (global.get $success))
    (call $all_are (i32.const 1) (i32.const 8) (i32.const 8) (i32.const 0xa5))
    ;; 2: six variables and none beside, with an `=` and a NUL in each: 30 bytes of names,
    ;; 12 more, and 5, 0, 5, 7, 3 and 7 bytes of values.
    (call $is (i32.const 2) (i32.load (global.get $count)) (i32.const 6))
    (call $is (i32.const 2) (i32.load (global.get $size)) (i32.const 69))
    ;; 3, 4: nothing is written beside the pointers and the texts.
    (call $fill (global.get $pointers) (i32.const 3072) (i32.const 0xa5))
    (call $expect (i32.const 3) (call $environ_get (global.get $pointers) (global.get $texts))
      (global.get $success))
    (call $all_are (i32.const 3) (i32.add (global.get $pointers) (i32.const 24))
      (i32.const 1000) (i32.const 0xa5))
    (call $all_are (i32.const 4) (i32.add (global.get $texts) (i32.load (global.get $size)))
      (i32.sub (i32.const 2048) (i32.load (global.get $size))) (i32.const 0xa5))
    ;; 5 to 10: the variables.
    (call $is_there (i32.const 5) (i32.const 64) (i32.const 11))
    (call $is_there (i32.const 6) (i32.const 80) (i32.const 6))
    (call $is_there (i32.const 7) (i32.const 88) (i32.const 12))
    (call $is_there (i32.const 8) (i32.const 104) (i32.const 13))
    (call $is_there (i32.const 9) (i32.const 120) (i32.const 8))
    (call $is_there (i32.const 10) (i32.const 136) (i32.const 13))))
