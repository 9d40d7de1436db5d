;; Says that it leaves, and exits with 7.
;;
;; Any other exit code is a failure; 99 says that proc_exit came back.
(module
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit"
    (func $proc_exit (param i32)))

  ;; 0 iovec | 8 one result | 128 text
  (memory (export "memory") 1)
  (data (i32.const 128) "leaving with exit code 7\n")

  (func (export "_start")
    (i32.store (i32.const 0) (i32.const 128))
    (i32.store (i32.const 4) (i32.const 25))
    (if (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))
      (then (call $proc_exit (i32.const 90))))

    (call $proc_exit (i32.const 7))

    ;; Never reached: proc_exit does not return.
    (call $proc_exit (i32.const 99)))
)
