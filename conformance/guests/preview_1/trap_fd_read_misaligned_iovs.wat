;; fd_read with a list of buffers that is not aligned to 4 bytes ends the guest.
;;
;; A host that lets it go on sees it exit with 100.
(module
  (import "wasi_snapshot_preview1" "fd_read"
    (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))

  (memory (export "memory") 1)

  ;; Writes an iovec: a place, and a number of bytes.
  (func $iovec (param $at i32) (param $start i32) (param $length i32)
    (i32.store (local.get $at) (local.get $start))
    (i32.store offset=4 (local.get $at) (local.get $length)))

  (func (export "_start")
    (call $iovec (i32.const 514) (i32.const 1024) (i32.const 0))
    (drop (call $fd_read (i32.const 0) (i32.const 514) (i32.const 1) (i32.const 1016)))
    (call $proc_exit (i32.const 100))))
