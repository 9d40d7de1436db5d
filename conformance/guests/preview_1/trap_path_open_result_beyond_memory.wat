;; A place for the new descriptor that lies behind the memory.
;; The call does not return.
;;
;; It is given a directory as fd 3. It exits with 2 if the call returns.
(module
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit"
    (func $proc_exit (param i32)))

  (memory (export "memory") 1)

  ;; Texts, each with a NUL behind it.
  (global $. i32 (i32.const 64)) (data (i32.const 64) ".")

  (func (export "_start")
    (drop
      (call $path_open (i32.const 3) (i32.const 0) (global.get $.) (i32.const 1)
        (i32.const 2) (i64.const 0) (i64.const 0) (i32.const 0) (i32.const 0x10000)))
    (call $proc_exit (i32.const 2)))
)
