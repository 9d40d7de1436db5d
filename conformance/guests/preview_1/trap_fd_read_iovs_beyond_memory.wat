;; fd_read with a list of buffers beyond memory ends the guest.
;;
;; A host that lets it go on sees it exit with 100.
(module
  (import "wasi_snapshot_preview1" "fd_read"
    (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))

  (memory (export "memory") 1)

  (func (export "_start")
    (drop (call $fd_read (i32.const 0) (i32.const -8) (i32.const 1) (i32.const 1016)))
    (call $proc_exit (i32.const 100))))
