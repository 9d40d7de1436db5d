;; fd_write with a list of buffers whose size in bytes, 4 GiB, is 0 in 32 bits ends the
;; guest.
;;
;; A host that lets it go on sees it exit with 100.
(module
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))

  (memory (export "memory") 1)

  (func (export "_start")
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 0x20000000) (i32.const 1016)))
    (call $proc_exit (i32.const 100))))
