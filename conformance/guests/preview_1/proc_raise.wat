;; proc_raise: no signal of a guest's reaches anything; it goes on after each.
;;
;; It exits with 0, or with the number of the check that failed.
(module
  (import "wasi_snapshot_preview1" "proc_raise"
    (func $proc_raise (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))

  (memory (export "memory") 1)

  ;; Errnos.
  (global $notsup i32 (i32.const 58))

  ;; Exits with the number of a check if an errno is not the one that is wanted.
  (func $expect (param $check i32) (param $errno i32) (param $wanted i32)
    (if (i32.ne (local.get $errno) (local.get $wanted))
      (then (call $proc_exit (local.get $check)))))

  (func (export "_start")
    (local $signal i32)

    ;; 1 to 31: none, hup and int, and all the others up to sys: no support, no effect.
    (local.set $signal (i32.const 0))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $signal) (i32.const 31)))
        (call $expect (i32.add (i32.const 1) (local.get $signal))
          (call $proc_raise (local.get $signal)) (global.get $notsup))
        (local.set $signal (i32.add (local.get $signal) (i32.const 1)))
        (br $next)))))
