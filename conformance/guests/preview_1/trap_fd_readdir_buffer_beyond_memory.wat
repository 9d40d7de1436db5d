;; fd_readdir into a buffer that ends beyond memory ends the guest.
;;
;; It is given `empty.dir` as its one preopen, fd 3. A host that lets it go on sees it
;; exit with 100.
(module
  (import "wasi_snapshot_preview1" "fd_readdir"
    (func $fd_readdir (param i32 i32 i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))

  (memory (export "memory") 1)

  (func (export "_start")
    (drop
      (call $fd_readdir (i32.const 3) (i32.const 65535) (i32.const 2) (i64.const 0)
        (i32.const 1016)))
    (call $proc_exit (i32.const 100))))
