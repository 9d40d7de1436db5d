;; Says which directories it has, and whether it can make a file in them.
(module
  (import "wasi_snapshot_preview1" "fd_prestat_get"
    (func $fd_prestat_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_prestat_dir_name"
    (func $fd_prestat_dir_name (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)

  ;; 0 two buffers | 16 result | 24 prestat | 64 texts | 1024 a directory's name
  (data (i32.const 64) "note")
  (data (i32.const 80) " can be written\0a")
  (data (i32.const 112) " can be read\0a")

  (func (export "_start")
    (local $fd i32)
    (local.set $fd (i32.const 3))
    (loop $dirs
      (if (call $fd_prestat_get (local.get $fd) (i32.const 24))
        (then (return)))
      (drop (call $fd_prestat_dir_name (local.get $fd) (i32.const 1024)
        (i32.load (i32.const 28))))
      (i32.store (i32.const 0) (i32.const 1024))
      (i32.store (i32.const 4) (i32.load (i32.const 28)))
      (i32.store (i32.const 8) (i32.const 80))
      (i32.store (i32.const 12) (i32.const 16))
      ;; Made if it is not there (oflags creat), with the right to write.
      (if (call $path_open (local.get $fd) (i32.const 0) (i32.const 64) (i32.const 4)
            (i32.const 1) (i64.const 64) (i64.const 0) (i32.const 0) (i32.const 16))
        (then
          (i32.store (i32.const 8) (i32.const 112))
          (i32.store (i32.const 12) (i32.const 13))))
      (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 2) (i32.const 16)))
      (local.set $fd (i32.add (local.get $fd) (i32.const 1)))
      (br $dirs))))
