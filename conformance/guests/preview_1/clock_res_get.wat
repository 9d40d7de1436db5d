;; clock_res_get: of both clocks that there are; clocks of processor time are not told, or
;; are told in full.
;;
;; It exits with 0, or with the number of the check that failed.
(module
  (import "wasi_snapshot_preview1" "clock_res_get"
    (func $clock_res_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))

  (memory (export "memory") 1)

  ;; Errnos.
  (global $success i32 (i32.const 0))
  (global $inval i32 (i32.const 28))

  ;; Places in memory, and other numbers.
  (global $result i32 (i32.const 1024))

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

  ;; Sees that a clock has a resolution, in nanoseconds: more than none, at most a second.
  (func $has_one (param $check i32)
    (call $holds (local.get $check)
      (i32.and (i64.ge_u (i64.load (global.get $result)) (i64.const 1))
        (i64.le_u (i64.load (global.get $result)) (i64.const 1000000000)))))

  ;; Sees that a clock of processor time is not there, or is there with a resolution.
  (func $may_have_one (param $check i32) (param $id i32)
    (local $errno i32)

    (local.set $errno (call $clock_res_get (local.get $id) (global.get $result)))
    (if (i32.eq (local.get $errno) (global.get $success))
      (then
        (call $has_one (local.get $check)))
      (else
        (call $expect (local.get $check) (local.get $errno) (global.get $inval)))))

  (func (export "_start")
    ;; 1: realtime; the result takes 8 bytes, and nothing beside it is written.
    (call $fill (i32.sub (global.get $result) (i32.const 8)) (i32.const 24) (i32.const 0xa5))
    (call $expect (i32.const 1) (call $clock_res_get (i32.const 0) (global.get $result))
      (global.get $success))
    (call $all_are (i32.const 1) (i32.sub (global.get $result) (i32.const 8)) (i32.const 8)
      (i32.const 0xa5))
    (call $all_are (i32.const 1) (i32.add (global.get $result) (i32.const 8)) (i32.const 8)
      (i32.const 0xa5))
    (call $has_one (i32.const 1))
    ;; 2: monotonic.
    (call $expect (i32.const 2) (call $clock_res_get (i32.const 1) (global.get $result))
      (global.get $success))
    (call $has_one (i32.const 2))
    ;; 3, 4: the processor time of the process, and of the thread.
    (call $may_have_one (i32.const 3) (i32.const 2))
    (call $may_have_one (i32.const 4) (i32.const 3))))
