;; poll_oneoff with subscriptions that end beyond memory ends the guest.
;;
;; A host that lets it go on sees it exit with 100.
(module
  (import "wasi_snapshot_preview1" "poll_oneoff"
    (func $poll_oneoff (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))

  (memory (export "memory") 1)

  (func (export "_start")
    (drop (call $poll_oneoff (i32.const 65496) (i32.const 1024) (i32.const 1) (i32.const 0)))
    (call $proc_exit (i32.const 100))))
