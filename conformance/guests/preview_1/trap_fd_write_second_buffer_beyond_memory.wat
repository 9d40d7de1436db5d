;; fd_write whose second buffer lies beyond memory ends the guest, before the first
;; is written.
;;
;; A host that lets it go on sees it exit with 100.
(module
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))

  (memory (export "memory") 1)

  (data (i32.const 64) "x")

  ;; Writes an iovec: a place, and a number of bytes.
  (func $iovec (param $at i32) (param $start i32) (param $length i32)
    (i32.store (local.get $at) (local.get $start))
    (i32.store offset=4 (local.get $at) (local.get $length)))

  (func (export "_start")
    (call $iovec (i32.const 512) (i32.const 64) (i32.const 1))
    (call $iovec (i32.const 520) (i32.const 65535) (i32.const 2))
    (drop (call $fd_write (i32.const 1) (i32.const 512) (i32.const 2) (i32.const 1016)))
    (call $proc_exit (i32.const 100))))
