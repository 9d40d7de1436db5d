;; sched_yield: succeeds, however often, and takes no time to speak of.
;;
;; It exits with 0, or with the number of the check that failed.
(module
  (import "wasi_snapshot_preview1" "sched_yield"
    (func $sched_yield (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))

  (memory (export "memory") 1)

  ;; Errnos.
  (global $success i32 (i32.const 0))

  ;; Exits with the number of a check if an errno is not the one that is wanted.
  (func $expect (param $check i32) (param $errno i32) (param $wanted i32)
    (if (i32.ne (local.get $errno) (local.get $wanted))
      (then (call $proc_exit (local.get $check)))))

  (func (export "_start")
    (local $times i32)

    ;; 1: a thousand times.
    (local.set $times (i32.const 0))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $times) (i32.const 1000)))
        (call $expect (i32.const 1) (call $sched_yield) (global.get $success))
        (local.set $times (i32.add (local.get $times) (i32.const 1)))
        (br $next)))))
