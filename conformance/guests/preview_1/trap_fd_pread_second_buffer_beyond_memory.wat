;; fd_pread whose second buffer lies beyond memory ends the guest.
;;
;; It is given `listing.dir` as its one preopen, fd 3. What it makes there it removes. A
;; host that lets it go on sees it exit with 100.
(module
  (import "wasi_snapshot_preview1" "fd_pread"
    (func $fd_pread (param i32 i32 i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))

  (memory (export "memory") 1)

  (data (i32.const 64) "a.txt")

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

  (func (export "_start")
    (local $fd i32)

    (local.set $fd
      (call $open (i32.const 2) (i32.const 64) (i32.const 5) (i32.const 0)
        (i64.const 0x8a000bf) (i32.const 0)))
    (call $iovec (i32.const 512) (i32.const 1024) (i32.const 1))
    (call $iovec (i32.const 520) (i32.const 65535) (i32.const 2))
    (drop
      (call $fd_pread (local.get $fd) (i32.const 512) (i32.const 2) (i64.const 0)
        (i32.const 1016)))
    (call $proc_exit (i32.const 100))))
