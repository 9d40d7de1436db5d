;; clock_time_get whose result is not aligned to 8 bytes ends the guest.
;;
;; A host that lets it go on sees it exit with 100.
(module
  (import "wasi_snapshot_preview1" "clock_time_get"
    (func $clock_time_get (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))

  (memory (export "memory") 1)

  (func (export "_start")
    (drop (call $clock_time_get (i32.const 1) (i64.const 1) (i32.const 1028)))
    (call $proc_exit (i32.const 100))))
