;; random_get: every byte of the buffer and none beside it, each time others.
;;
;; It exits with 0, or with the number of the check that failed.
(module
  (import "wasi_snapshot_preview1" "random_get"
    (func $random_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))

  (memory (export "memory") 20)

  ;; Errnos.
  (global $success i32 (i32.const 0))

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

  (func (export "_start")
    (local $at i32)
    (local $others i32)

    ;; 1: 256 bytes, and none beside them.
    (call $fill (i32.const 1016) (i32.const 272) (i32.const 0xa5))
    (call $expect (i32.const 1) (call $random_get (i32.const 1024) (i32.const 256))
      (global.get $success))
    (call $all_are (i32.const 1) (i32.const 1016) (i32.const 8) (i32.const 0xa5))
    (call $all_are (i32.const 1) (i32.const 1280) (i32.const 8) (i32.const 0xa5))
    ;; 2: they are not all the same, nor those that were there.
    (local.set $at (i32.const 1024))
    (local.set $others (i32.const 0))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $at) (i32.const 1280)))
        (local.set $others
          (i32.add (local.get $others) (i32.ne (i32.load8_u (local.get $at)) (i32.const 0xa5))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $next)))
    (call $holds (i32.const 2) (i32.gt_u (local.get $others) (i32.const 128)))
    ;; 3: once more, 256 others: of 32 numbers of 64 bits none is as it was.
    (call $expect (i32.const 3) (call $random_get (i32.const 2048) (i32.const 256))
      (global.get $success))
    (local.set $at (i32.const 1024))
    (block $done_2
      (loop $next_2
        (br_if $done_2 (i32.ge_u (local.get $at) (i32.const 1280)))
        (call $holds (i32.const 3)
          (i64.ne (i64.load (local.get $at))
            (i64.load (i32.add (local.get $at) (i32.const 1024)))))
        (local.set $at (i32.add (local.get $at) (i32.const 8)))
        (br $next_2)))
    ;; 4: none at all.
    (call $fill (i32.const 1024) (i32.const 16) (i32.const 0xa5))
    (call $expect (i32.const 4) (call $random_get (i32.const 1024) (i32.const 0))
      (global.get $success))
    (call $all_are (i32.const 4) (i32.const 1024) (i32.const 16) (i32.const 0xa5))
    ;; 5: more than a mebibyte, to the last byte of the memory: its end is filled too.
    (call $expect (i32.const 5) (call $random_get (i32.const 65536) (i32.const 1245184))
      (global.get $success))
    (call $holds (i32.const 5) (i64.ne (i64.load (i32.const 1310712)) (i64.const 0)))
    (call $holds (i32.const 5)
      (i64.ne (i64.load (i32.const 1310704)) (i64.load (i32.const 1310712))))))
