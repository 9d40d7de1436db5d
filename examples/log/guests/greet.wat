;; Writes the file `greeting` of its first directory to standard output.
(module
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read"
    (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_close" (func $fd_close (param i32) (result i32)))
  (memory (export "memory") 1)

  ;; 0 buffer | 8 result | 16 path | 64 contents
  (data (i32.const 16) "greeting")

  (func (export "_start")
    ;; With the right to read.
    (if (call $path_open (i32.const 3) (i32.const 0) (i32.const 16) (i32.const 8)
          (i32.const 0) (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 8))
      (then (unreachable)))
    (i32.store (i32.const 0) (i32.const 64))
    (i32.store (i32.const 4) (i32.const 100))
    (drop (call $fd_read (i32.load (i32.const 8)) (i32.const 0) (i32.const 1) (i32.const 12)))
    (drop (call $fd_close (i32.load (i32.const 8))))
    (i32.store (i32.const 4) (i32.load (i32.const 12)))
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 12)))))
