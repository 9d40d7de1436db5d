;; A descriptor that is not fit for a call is told before any pointer is followed, wherever
;; the pointer leads.
;;
;; It is given `empty.dir` as its one preopen, fd 3. It exits with 0, or with the number
;; of the check that failed.
(module
  (import "wasi_snapshot_preview1" "fd_fdstat_get"
    (func $fd_fdstat_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_filestat_get"
    (func $fd_filestat_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_pread"
    (func $fd_pread (param i32 i32 i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_prestat_dir_name"
    (func $fd_prestat_dir_name (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_prestat_get"
    (func $fd_prestat_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_pwrite"
    (func $fd_pwrite (param i32 i32 i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read"
    (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_readdir"
    (func $fd_readdir (param i32 i32 i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_seek"
    (func $fd_seek (param i32 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_tell"
    (func $fd_tell (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))

  (memory (export "memory") 1)

  ;; Errnos.
  (global $badf i32 (i32.const 8))
  (global $notdir i32 (i32.const 54))

  ;; Exits with the number of a check if an errno is not the one that is wanted.
  (func $expect (param $check i32) (param $errno i32) (param $wanted i32)
    (if (i32.ne (local.get $errno) (local.get $wanted))
      (then (call $proc_exit (local.get $check)))))

  (func (export "_start")
    ;; 1 to 4: reading and writing through lists of buffers beyond memory: what is not open.
    (call $expect (i32.const 1)
      (call $fd_read (i32.const 9) (i32.const -8) (i32.const 1) (i32.const -4))
      (global.get $badf))
    (call $expect (i32.const 2)
      (call $fd_write (i32.const 9) (i32.const -8) (i32.const 1) (i32.const -4))
      (global.get $badf))
    (call $expect (i32.const 3)
      (call $fd_pread (i32.const 9) (i32.const -8) (i32.const 1) (i64.const 0) (i32.const -4))
      (global.get $badf))
    (call $expect (i32.const 4)
      (call $fd_pwrite (i32.const 9) (i32.const -8) (i32.const 1) (i64.const 0) (i32.const -4))
      (global.get $badf))
    ;; 5 to 7: the same with a directory, and with streams that go the other way.
    (call $expect (i32.const 5)
      (call $fd_read (i32.const 3) (i32.const -8) (i32.const 1) (i32.const -4))
      (global.get $badf))
    (call $expect (i32.const 5)
      (call $fd_write (i32.const 3) (i32.const -8) (i32.const 1) (i32.const -4))
      (global.get $badf))
    (call $expect (i32.const 6)
      (call $fd_read (i32.const 1) (i32.const -8) (i32.const 1) (i32.const -4))
      (global.get $badf))
    (call $expect (i32.const 7)
      (call $fd_write (i32.const 0) (i32.const -8) (i32.const 1) (i32.const -4))
      (global.get $badf))
    ;; 8 to 10: buffers that would be written.
    (call $expect (i32.const 8)
      (call $fd_readdir (i32.const 9) (i32.const -1) (i32.const 100) (i64.const 0) (i32.const -4))
      (global.get $badf))
    (call $expect (i32.const 9)
      (call $fd_readdir (i32.const 0) (i32.const -1) (i32.const 100) (i64.const 0) (i32.const -4))
      (global.get $notdir))
    (call $expect (i32.const 10)
      (call $fd_prestat_dir_name (i32.const 9) (i32.const -1) (i32.const 100))
      (global.get $badf))
    ;; 11 to 15: results.
    (call $expect (i32.const 11)
      (call $fd_seek (i32.const 9) (i64.const 0) (i32.const 0) (i32.const -8))
      (global.get $badf))
    (call $expect (i32.const 12) (call $fd_tell (i32.const 9) (i32.const -8)) (global.get $badf))
    (call $expect (i32.const 13) (call $fd_fdstat_get (i32.const 9) (i32.const -8))
      (global.get $badf))
    (call $expect (i32.const 14) (call $fd_filestat_get (i32.const 9) (i32.const -8))
      (global.get $badf))
    (call $expect (i32.const 15) (call $fd_prestat_get (i32.const 9) (i32.const -8))
      (global.get $badf))))
