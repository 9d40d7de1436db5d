;; A path whose last byte lies behind the memory.
;; The call does not return.
;;
;; It is given a directory as fd 3. It exits with 2 if the call returns.
(module
  (import "wasi_snapshot_preview1" "path_unlink_file"
    (func $path_unlink_file (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit"
    (func $proc_exit (param i32)))

  (memory (export "memory") 1)

  (func (export "_start")
    (drop (call $path_unlink_file (i32.const 3) (i32.const 0xfffe) (i32.const 3)))
    (call $proc_exit (i32.const 2)))
)
