;; random_get into a buffer that ends beyond memory ends the guest.
;;
;; A host that lets it go on sees it exit with 100.
(module
  (import "wasi_snapshot_preview1" "random_get"
    (func $random_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))

  (memory (export "memory") 1)

  (func (export "_start")
    (drop (call $random_get (i32.const 65535) (i32.const 2)))
    (call $proc_exit (i32.const 100))))
