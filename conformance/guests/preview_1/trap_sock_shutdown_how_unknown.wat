;; A bit of sdflags that means nothing, of a descriptor that is none.
;; The call does not return.
;;
;; It exits with 2 if the call returns.
(module
  (import "wasi_snapshot_preview1" "sock_shutdown"
    (func $sock_shutdown (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit"
    (func $proc_exit (param i32)))

  (memory (export "memory") 1)

  (func (export "_start")
    (drop (call $sock_shutdown (i32.const 9) (i32.const 4)))
    (call $proc_exit (i32.const 2)))
)
