;; What the three standard streams may do, and that it can be given up. fd_read is bit 1,
;; fd_fdstat_set_flags bit 3, fd_write bit 6, fd_filestat_get bit 21, poll_fd_readwrite
;; bit 27. Nothing is read, and nothing is written but a byte or two.
;;
;; It exits with 0, or with the number of the check that failed, which stands before it.
(module
  (import "wasi_snapshot_preview1" "fd_fdstat_get"
    (func $fd_fdstat_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_fdstat_set_flags"
    (func $fd_fdstat_set_flags (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_fdstat_set_rights"
    (func $fd_fdstat_set_rights (param i32 i64 i64) (result i32)))
  (import "wasi_snapshot_preview1" "fd_filestat_get"
    (func $fd_filestat_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read"
    (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_tell"
    (func $fd_tell (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit"
    (func $proc_exit (param i32)))

  (memory (export "memory") 1)

  ;; What calls answer.
  (global $badf i32 (i32.const 8))
  (global $perm i32 (i32.const 63))
  (global $spipe i32 (i32.const 70))
  (global $notcapable i32 (i32.const 76))

  (func (export "_start")
    ;; 1: standard input is read.
    (call $is64 (i32.const 1) (call $base (i32.const 0)) (i64.const 0x820000a))
    ;; 2: standard output is written.
    (call $is64 (i32.const 2) (call $base (i32.const 1)) (i64.const 0x8200048))
    ;; 3: so is standard error.
    (call $is64 (i32.const 3) (call $base (i32.const 2)) (i64.const 0x8200048))
    ;; 4: input is not written.
    (call $expect (i32.const 4) (call $put (i32.const 0) (i32.const 1)) (global.get $badf))
    ;; 5: not even with nothing.
    (call $expect (i32.const 5) (call $put (i32.const 0) (i32.const 0)) (global.get $badf))
    ;; 6: output is not read.
    (call $expect (i32.const 6) (call $read (i32.const 1) (i32.const 1)) (global.get $badf))
    ;; 7: not even nothing.
    (call $expect (i32.const 7) (call $read (i32.const 2) (i32.const 0)) (global.get $badf))
    ;; 8: no stream has an offset, whatever it may do.
    (call $expect (i32.const 8) (call $fd_tell (i32.const 1) (i32.const 2048)) (global.get $spipe))
    ;; 9: output can be written.
    (call $ok (i32.const 9) (call $put (i32.const 1) (i32.const 1)))

    ;; Output is given up.
    ;; 10: no more can be had.
    (call $expect (i32.const 10)
      (call $fd_fdstat_set_rights (i32.const 1) (i64.or (call $base (i32.const 1)) (i64.const 4))
        (i64.const 0))
      (global.get $notcapable))
    ;; 11: less can.
    (call $ok (i32.const 11)
      (call $fd_fdstat_set_rights (i32.const 1) (i64.const 0x200000) (i64.const 0)))
    (call $is64 (i32.const 11) (call $base (i32.const 1)) (i64.const 0x200000))
    ;; 12: it cannot be written.
    (call $expect (i32.const 12) (call $put (i32.const 1) (i32.const 1)) (global.get $badf))
    ;; 13: not even with nothing.
    (call $expect (i32.const 13) (call $put (i32.const 1) (i32.const 0)) (global.get $badf))
    ;; 14: its flags cannot be set.
    (call $expect (i32.const 14) (call $fd_fdstat_set_flags (i32.const 1) (i32.const 4))
      (global.get $perm))
    ;; 15: it is told what it is.
    (call $ok (i32.const 15) (call $fd_filestat_get (i32.const 1) (i32.const 4096)))
    ;; 16: it is not had back.
    (call $expect (i32.const 16)
      (call $fd_fdstat_set_rights (i32.const 1) (i64.const 0x200040) (i64.const 0))
      (global.get $notcapable))
    ;; 17: the other stream is another one.
    (call $ok (i32.const 17) (call $put (i32.const 2) (i32.const 0))))

  ;; What a descriptor may do, and what may be done beneath it.
  (func $base (param $fd i32) (result i64)
    (call $ok (i32.const 125) (call $fd_fdstat_get (local.get $fd) (i32.const 4096)))
    (i64.load offset=8 (i32.const 4096)))

  ;; Reads or writes one byte, or none.
  (func $read (param $fd i32) (param $len i32) (result i32)
    (call $iovec (i32.const 0) (i32.const 4096) (local.get $len))
    (call $fd_read (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 2048)))

  (func $put (param $fd i32) (param $len i32) (result i32)
    (call $iovec (i32.const 0) (i32.const 4096) (local.get $len))
    (call $fd_write (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 2048)))

  ;; Ends the guest unless a call succeeded.
  (func $ok (param $check i32) (param $errno i32)
    (if (local.get $errno) (then (call $proc_exit (local.get $check)))))

  ;; Ends the guest unless a call answered what it has to.
  (func $expect (param $check i32) (param $errno i32) (param $wanted i32)
    (if (i32.ne (local.get $errno) (local.get $wanted))
      (then (call $proc_exit (local.get $check)))))

  ;; Ends the guest unless two numbers are the same.
  (func $is64 (param $check i32) (param $found i64) (param $wanted i64)
    (if (i64.ne (local.get $found) (local.get $wanted))
      (then (call $proc_exit (local.get $check)))))

  ;; Describes a buffer.
  (func $iovec (param $at i32) (param $bytes i32) (param $len i32)
    (i32.store (local.get $at) (local.get $bytes))
    (i32.store offset=4 (local.get $at) (local.get $len)))
)
