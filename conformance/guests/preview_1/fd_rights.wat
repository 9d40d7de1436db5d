;; What each function of a descriptor answers if the one right that it needs is missing:
;; badf if it reads or writes, perm if not.
;;
;; It is given `empty.dir` as its one preopen, fd 3. What it makes there it removes. It
;; exits with 0, or with the number of the check that failed.
(module
  (import "wasi_snapshot_preview1" "fd_advise"
    (func $fd_advise (param i32 i64 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_allocate"
    (func $fd_allocate (param i32 i64 i64) (result i32)))
  (import "wasi_snapshot_preview1" "fd_close"
    (func $fd_close (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_datasync"
    (func $fd_datasync (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_fdstat_get"
    (func $fd_fdstat_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_fdstat_set_flags"
    (func $fd_fdstat_set_flags (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_fdstat_set_rights"
    (func $fd_fdstat_set_rights (param i32 i64 i64) (result i32)))
  (import "wasi_snapshot_preview1" "fd_filestat_get"
    (func $fd_filestat_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_filestat_set_size"
    (func $fd_filestat_set_size (param i32 i64) (result i32)))
  (import "wasi_snapshot_preview1" "fd_filestat_set_times"
    (func $fd_filestat_set_times (param i32 i64 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_pread"
    (func $fd_pread (param i32 i32 i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_pwrite"
    (func $fd_pwrite (param i32 i32 i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read"
    (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_readdir"
    (func $fd_readdir (param i32 i32 i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_seek"
    (func $fd_seek (param i32 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_sync"
    (func $fd_sync (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_tell"
    (func $fd_tell (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_unlink_file"
    (func $path_unlink_file (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))

  (memory (export "memory") 1)

  ;; Errnos.
  (global $success i32 (i32.const 0))
  (global $badf i32 (i32.const 8))
  (global $perm i32 (i32.const 63))

  ;; Places in memory, and other numbers.
  (global $fdstat i32 (i32.const 2048))
  (global $iovs i32 (i32.const 512))
  (global $result i32 (i32.const 1016))

  (data (i32.const 64) "fd_rights.cleanup")
  (data (i32.const 88) "0123456789")
  (data (i32.const 104) ".")

  ;; Exits with the number of a check if an errno is not the one that is wanted.
  (func $expect (param $check i32) (param $errno i32) (param $wanted i32)
    (if (i32.ne (local.get $errno) (local.get $wanted))
      (then (call $proc_exit (local.get $check)))))

  ;; Exits with the number of a check if a number is not the one that is wanted.
  (func $is (param $check i32) (param $found i32) (param $wanted i32)
    (if (i32.ne (local.get $found) (local.get $wanted))
      (then (call $proc_exit (local.get $check)))))

  ;; The same, for a number of 64 bits.
  (func $is64 (param $check i32) (param $found i64) (param $wanted i64)
    (if (i64.ne (local.get $found) (local.get $wanted))
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

  ;; Writes a text at the descriptor's offset.
  (func $write (param $check i32) (param $fd i32) (param $text i32) (param $length i32)
    (call $iovec (i32.const 8) (local.get $text) (local.get $length))
    (call $expect (local.get $check)
      (call $fd_write (local.get $fd) (i32.const 8) (i32.const 1) (i32.const 0)) (i32.const 0))
    (call $is (local.get $check) (i32.load (i32.const 0)) (local.get $length)))

  ;; Sees how large a file is.
  (func $size_is (param $check i32) (param $fd i32) (param $wanted i64)
    (call $expect (local.get $check) (call $fd_filestat_get (local.get $fd) (i32.const 1984))
      (i32.const 0))
    (call $is64 (local.get $check) (i64.load offset=32 (i32.const 1984)) (local.get $wanted)))

  ;; Closes a descriptor.
  (func $close (param $check i32) (param $fd i32)
    (call $expect (local.get $check) (call $fd_close (local.get $fd)) (i32.const 0)))

  ;; Removes a file beneath fd 3.
  (func $unlink (param $check i32) (param $path i32) (param $length i32)
    (call $expect (local.get $check)
      (call $path_unlink_file (i32.const 3) (local.get $path) (local.get $length))
      (i32.const 0)))

  ;; Opens the file with all rights but those; answers its descriptor.
  (func $without (param $check i32) (param $rights i64) (result i32)
    (local $fd i32)

    (local.set $fd
      (call $open (local.get $check) (i32.const 64) (i32.const 17) (i32.const 0)
        (i64.const 0x8e001ff) (i32.const 0)))
    (call $lose (local.get $check) (local.get $fd) (local.get $rights))
    (return (local.get $fd)))

  ;; Takes rights from a descriptor that has them.
  (func $lose (param $check i32) (param $fd i32) (param $rights i64)
    (call $expect (local.get $check) (call $fd_fdstat_get (local.get $fd) (global.get $fdstat))
      (global.get $success))
    (call $is64 (local.get $check)
      (i64.and (i64.load offset=8 (global.get $fdstat)) (local.get $rights))
      (local.get $rights))
    (call $expect (local.get $check)
      (call $fd_fdstat_set_rights (local.get $fd)
        (i64.sub (i64.load offset=8 (global.get $fdstat)) (local.get $rights))
        (i64.load offset=16 (global.get $fdstat)))
      (global.get $success)))

  (func (export "_start")
    (local $fd i32)

    ;; 1: a file of ten bytes.
    (local.set $fd
      (call $open (i32.const 1) (i32.const 64) (i32.const 17) (i32.const 5)
        (i64.const 0x8e001ff) (i32.const 0)))
    (call $write (i32.const 1) (local.get $fd) (i32.const 88) (i32.const 10))
    (call $close (i32.const 1) (local.get $fd))
    (call $iovec (global.get $iovs) (i32.const 1024) (i32.const 4))
    ;; 2, 3: to read, also where nothing is wanted.
    (local.set $fd (call $without (i32.const 2) (i64.const 0x2)))
    (call $expect (i32.const 2)
      (call $fd_read (local.get $fd) (global.get $iovs) (i32.const 1) (global.get $result))
      (global.get $badf))
    (call $expect (i32.const 2)
      (call $fd_read (local.get $fd) (global.get $iovs) (i32.const 0) (global.get $result))
      (global.get $badf))
    (call $expect (i32.const 3)
      (call $fd_pread (local.get $fd) (global.get $iovs) (i32.const 1) (i64.const 0)
        (global.get $result))
      (global.get $badf))
    (call $close (i32.const 3) (local.get $fd))
    ;; 4, 5: to write.
    (local.set $fd (call $without (i32.const 4) (i64.const 0x40)))
    (call $expect (i32.const 4)
      (call $fd_write (local.get $fd) (global.get $iovs) (i32.const 1) (global.get $result))
      (global.get $badf))
    (call $expect (i32.const 4)
      (call $fd_write (local.get $fd) (global.get $iovs) (i32.const 0) (global.get $result))
      (global.get $badf))
    (call $expect (i32.const 5)
      (call $fd_pwrite (local.get $fd) (global.get $iovs) (i32.const 1) (i64.const 0)
        (global.get $result))
      (global.get $badf))
    (call $close (i32.const 5) (local.get $fd))
    ;; 6 to 8: to seek, which telling is enough for where nothing moves; reading and
    ;; writing elsewhere need it.
    (local.set $fd (call $without (i32.const 6) (i64.const 0x4)))
    (call $expect (i32.const 6)
      (call $fd_seek (local.get $fd) (i64.const 0) (i32.const 0) (global.get $result))
      (global.get $perm))
    (call $expect (i32.const 6)
      (call $fd_seek (local.get $fd) (i64.const 1) (i32.const 1) (global.get $result))
      (global.get $perm))
    (call $expect (i32.const 7)
      (call $fd_seek (local.get $fd) (i64.const 0) (i32.const 1) (global.get $result))
      (global.get $success))
    (call $expect (i32.const 7) (call $fd_tell (local.get $fd) (global.get $result))
      (global.get $success))
    (call $expect (i32.const 8)
      (call $fd_pread (local.get $fd) (global.get $iovs) (i32.const 1) (i64.const 0)
        (global.get $result))
      (global.get $badf))
    (call $expect (i32.const 8)
      (call $fd_pwrite (local.get $fd) (global.get $iovs) (i32.const 1) (i64.const 0)
        (global.get $result))
      (global.get $badf))
    (call $close (i32.const 8) (local.get $fd))
    ;; 9: to tell, which seeking is enough for.
    (local.set $fd (call $without (i32.const 9) (i64.const 0x20)))
    (call $expect (i32.const 9) (call $fd_tell (local.get $fd) (global.get $result))
      (global.get $success))
    (call $lose (i32.const 9) (local.get $fd) (i64.const 0x4))
    (call $expect (i32.const 9) (call $fd_tell (local.get $fd) (global.get $result))
      (global.get $perm))
    (call $expect (i32.const 9)
      (call $fd_seek (local.get $fd) (i64.const 0) (i32.const 1) (global.get $result))
      (global.get $perm))
    (call $close (i32.const 9) (local.get $fd))
    ;; 10, 11: to write back.
    (local.set $fd (call $without (i32.const 10) (i64.const 0x11)))
    (call $expect (i32.const 10) (call $fd_datasync (local.get $fd)) (global.get $perm))
    (call $expect (i32.const 11) (call $fd_sync (local.get $fd)) (global.get $perm))
    (call $close (i32.const 11) (local.get $fd))
    ;; 12 to 14: to set flags, to advise, to allocate.
    (local.set $fd (call $without (i32.const 12) (i64.const 0x188)))
    (call $expect (i32.const 12) (call $fd_fdstat_set_flags (local.get $fd) (i32.const 1))
      (global.get $perm))
    (call $expect (i32.const 13)
      (call $fd_advise (local.get $fd) (i64.const 0) (i64.const 0) (i32.const 0))
      (global.get $perm))
    (call $expect (i32.const 14)
      (call $fd_allocate (local.get $fd) (i64.const 0) (i64.const 100)) (global.get $perm))
    (call $size_is (i32.const 14) (local.get $fd) (i64.const 10))
    (call $close (i32.const 14) (local.get $fd))
    ;; 15 to 17: to stat, to set the size, to set times.
    (local.set $fd (call $without (i32.const 15) (i64.const 0xe00000)))
    (call $expect (i32.const 15) (call $fd_filestat_get (local.get $fd) (i32.const 1984))
      (global.get $perm))
    (call $expect (i32.const 16) (call $fd_filestat_set_size (local.get $fd) (i64.const 0))
      (global.get $perm))
    (call $expect (i32.const 17)
      (call $fd_filestat_set_times (local.get $fd) (i64.const 0) (i64.const 0) (i32.const 4))
      (global.get $perm))
    ;; 18: the right comes before the arguments.
    (call $expect (i32.const 18)
      (call $fd_filestat_set_times (local.get $fd) (i64.const 0) (i64.const 0) (i32.const 12))
      (global.get $perm))
    (call $close (i32.const 18) (local.get $fd))
    (call $unlink (i32.const 18) (i32.const 64) (i32.const 17))
    ;; 19, 20: to list a directory, and to set its times.
    (local.set $fd
      (call $open (i32.const 19) (i32.const 104) (i32.const 1) (i32.const 2) (i64.const 0)
        (i32.const 0)))
    (call $lose (i32.const 19) (local.get $fd) (i64.const 0x804000))
    (call $expect (i32.const 19)
      (call $fd_readdir (local.get $fd) (i32.const 1024) (i32.const 100) (i64.const 0)
        (global.get $result))
      (global.get $perm))
    (call $expect (i32.const 20)
      (call $fd_filestat_set_times (local.get $fd) (i64.const 0) (i64.const 0) (i32.const 4))
      (global.get $perm))
    ;; 21: the preopen has them still.
    (call $expect (i32.const 21)
      (call $fd_readdir (i32.const 3) (i32.const 1024) (i32.const 100) (i64.const 0)
        (global.get $result))
      (global.get $success))))
