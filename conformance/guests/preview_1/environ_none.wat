;; environ_sizes_get and environ_get without any variable: nothing is told, and nothing is
;; written.
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

  (func (export "_start")
    ;; 1: no variables, which take no bytes.
    (call $fill (i32.const 1024) (i32.const 64) (i32.const 0xa5))
    (call $expect (i32.const 1) (call $environ_sizes_get (i32.const 1024) (i32.const 1028))
      (global.get $success))
    (call $is (i32.const 1) (i32.load (i32.const 1024)) (i32.const 0))
    (call $is (i32.const 1) (i32.load (i32.const 1028)) (i32.const 0))
    ;; 2: nothing is written.
    (call $fill (i32.const 1024) (i32.const 64) (i32.const 0xa5))
    (call $expect (i32.const 2) (call $environ_get (i32.const 1032) (i32.const 1064))
      (global.get $success))
    (call $all_are (i32.const 2) (i32.const 1024) (i32.const 64) (i32.const 0xa5))))
