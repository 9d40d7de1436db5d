;; Pointers beyond memory to nothing at all are never followed, so they do no harm.
;;
;; It is given `empty.dir` as its one preopen, fd 3. What it makes there it removes. It
;; exits with 0, or with the number of the check that failed.
(module
  (import "wasi_snapshot_preview1" "environ_get"
    (func $environ_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_close"
    (func $fd_close (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_pread"
    (func $fd_pread (param i32 i32 i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_prestat_dir_name"
    (func $fd_prestat_dir_name (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_pwrite"
    (func $fd_pwrite (param i32 i32 i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read"
    (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_readdir"
    (func $fd_readdir (param i32 i32 i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_unlink_file"
    (func $path_unlink_file (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "random_get"
    (func $random_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))

  (memory (export "memory") 1)

  ;; Errnos.
  (global $success i32 (i32.const 0))
  (global $nametoolong i32 (i32.const 37))

  ;; Places in memory, and other numbers.
  (global $result i32 (i32.const 1016))

  (data (i32.const 64) "nothing_beyond_memory.cleanup")

  ;; Exits with the number of a check if an errno is not the one that is wanted.
  (func $expect (param $check i32) (param $errno i32) (param $wanted i32)
    (if (i32.ne (local.get $errno) (local.get $wanted))
      (then (call $proc_exit (local.get $check)))))

  ;; Writes an iovec: a place, and a number of bytes.
  (func $iovec (param $at i32) (param $start i32) (param $length i32)
    (i32.store (local.get $at) (local.get $start))
    (i32.store offset=4 (local.get $at) (local.get $length)))

  ;; Opens what lies beneath fd 3, as it is asked; answers the descriptor.
  (func $open (param $check i32) (param $path i32) (param $length i32) (param $oflags i32)
    (param $rights i64) (param $fdflags i32) (result i32)
    (call $expect (local.get $check)
      (call $path_open (i32.const 3) (i32.const 0) (local.get $path) (local.get $length)
        (local.get $oflags) (local.get $rights) (i64.const 0) (local.get $fdflags)
        (i32.const 0))
      (i32.const 0))
    (i32.load (i32.const 0)))

  ;; Closes a descriptor.
  (func $close (param $check i32) (param $fd i32)
    (call $expect (local.get $check) (call $fd_close (local.get $fd)) (i32.const 0)))

  ;; Removes a file beneath fd 3.
  (func $unlink (param $check i32) (param $path i32) (param $length i32)
    (call $expect (local.get $check)
      (call $path_unlink_file (i32.const 3) (local.get $path) (local.get $length))
      (i32.const 0)))

  (func (export "_start")
    (local $fd i32)

    ;; 1: random bytes, none of them.
    (call $expect (i32.const 1) (call $random_get (i32.const -1) (i32.const 0))
      (global.get $success))
    ;; 2: a listing without room.
    (call $expect (i32.const 2)
      (call $fd_readdir (i32.const 3) (i32.const -1) (i32.const 0) (i64.const 0)
        (global.get $result))
      (global.get $success))
    ;; 3: a preopen's name without room.
    (call $expect (i32.const 3)
      (call $fd_prestat_dir_name (i32.const 3) (i32.const -1) (i32.const 0))
      (global.get $nametoolong))
    ;; 4, 5: lists of no buffers, at the file's offset or at another.
    (local.set $fd
      (call $open (i32.const 4) (i32.const 64) (i32.const 29) (i32.const 5)
        (i64.const 0x8e001ff) (i32.const 0)))
    (call $expect (i32.const 4)
      (call $fd_read (local.get $fd) (i32.const -8) (i32.const 0) (global.get $result))
      (global.get $success))
    (call $expect (i32.const 4)
      (call $fd_write (local.get $fd) (i32.const -8) (i32.const 0) (global.get $result))
      (global.get $success))
    (call $expect (i32.const 5)
      (call $fd_pread (local.get $fd) (i32.const -8) (i32.const 0) (i64.const 0)
        (global.get $result))
      (global.get $success))
    (call $expect (i32.const 5)
      (call $fd_pwrite (local.get $fd) (i32.const -8) (i32.const 0) (i64.const 0)
        (global.get $result))
      (global.get $success))
    ;; 6, 7: buffers of no bytes.
    (call $iovec (i32.const 512) (i32.const -1) (i32.const 0))
    (call $iovec (i32.const 520) (i32.const -1) (i32.const 0))
    (call $expect (i32.const 6)
      (call $fd_read (local.get $fd) (i32.const 512) (i32.const 2) (global.get $result))
      (global.get $success))
    (call $expect (i32.const 6)
      (call $fd_write (local.get $fd) (i32.const 512) (i32.const 2) (global.get $result))
      (global.get $success))
    (call $expect (i32.const 7)
      (call $fd_pread (local.get $fd) (i32.const 512) (i32.const 2) (i64.const 0)
        (global.get $result))
      (global.get $success))
    (call $expect (i32.const 7)
      (call $fd_pwrite (local.get $fd) (i32.const 512) (i32.const 2) (i64.const 0)
        (global.get $result))
      (global.get $success))
    ;; 8: the same for a stream.
    (call $expect (i32.const 8)
      (call $fd_write (i32.const 1) (i32.const -8) (i32.const 0) (global.get $result))
      (global.get $success))
    (call $expect (i32.const 8)
      (call $fd_write (i32.const 1) (i32.const 512) (i32.const 2) (global.get $result))
      (global.get $success))
    ;; 9: an environment of no variables.
    (call $expect (i32.const 9) (call $environ_get (i32.const -4) (i32.const -1))
      (global.get $success))
    ;; 10: the file goes.
    (call $close (i32.const 10) (local.get $fd))
    (call $unlink (i32.const 10) (i32.const 64) (i32.const 29))))
