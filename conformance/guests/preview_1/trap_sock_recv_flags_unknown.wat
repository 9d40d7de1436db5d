;; A bit of riflags that means nothing, of a descriptor that is none.
;; The call does not return.
;;
;; It exits with 2 if the call returns.
(module
  (import "wasi_snapshot_preview1" "sock_recv"
    (func $sock_recv (param i32 i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit"
    (func $proc_exit (param i32)))

  (memory (export "memory") 1)

  (func (export "_start")
    (drop
      (call $sock_recv (i32.const 9) (i32.const 0) (i32.const 0) (i32.const 4)
        (i32.const 2048) (i32.const 2052)))
    (call $proc_exit (i32.const 2)))
)
