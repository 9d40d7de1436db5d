;; fd_fdstat_get: types, flags and rights of files, of a directory and of the standard
;; streams, and the layout of what is told.
;;
;; It is given `empty.dir` as its one preopen, fd 3. What it makes there it removes. It
;; exits with 0, or with the number of the check that failed.
(module
  (import "wasi_snapshot_preview1" "fd_close"
    (func $fd_close (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_fdstat_get"
    (func $fd_fdstat_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_unlink_file"
    (func $path_unlink_file (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))

  (memory (export "memory") 1)

  ;; Errnos.
  (global $success i32 (i32.const 0))
  (global $badf i32 (i32.const 8))

  ;; Places in memory, and other numbers.
  (global $fdstat i32 (i32.const 2048))

  (data (i32.const 64) "fd_fdstat_get.cleanup")

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

  ;; Exits with the number of a check if something does not hold.
  (func $holds (param $check i32) (param $condition i32)
    (if (i32.eqz (local.get $condition))
      (then (call $proc_exit (local.get $check)))))

  ;; Opens what lies beneath fd 3, as it is asked; answers the descriptor.
  (func $open (param $check i32) (param $path i32) (param $length i32) (param $oflags i32)
    (param $rights i64) (param $fdflags i32) (result i32)
    (call $expect (local.get $check)
      (call $path_open (i32.const 3) (i32.const 0) (local.get $path) (local.get $length)
        (local.get $oflags) (local.get $rights) (i64.const 0) (local.get $fdflags)
        (i32.const 0))
      (i32.const 0))
    (i32.load (i32.const 0)))

  ;; Sets bytes to one value.
  (func $fill (param $at i32) (param $length i32) (param $byte i32)
    (local $end i32)
    (local.set $end (i32.add (local.get $at) (local.get $length)))
    (block $done
      (loop $bytes
        (br_if $done (i32.eq (local.get $at) (local.get $end)))
        (i32.store8 (local.get $at) (local.get $byte))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $bytes))))

  ;; Sees that some bytes all have one value.
  (func $all_are (param $check i32) (param $at i32) (param $length i32) (param $byte i32)
    (local $end i32)
    (local.set $end (i32.add (local.get $at) (local.get $length)))
    (block $same
      (loop $bytes
        (br_if $same (i32.eq (local.get $at) (local.get $end)))
        (call $is (local.get $check) (i32.load8_u (local.get $at)) (local.get $byte))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $bytes))))

  ;; Closes a descriptor.
  (func $close (param $check i32) (param $fd i32)
    (call $expect (local.get $check) (call $fd_close (local.get $fd)) (i32.const 0)))

  ;; Removes a file beneath fd 3.
  (func $unlink (param $check i32) (param $path i32) (param $length i32)
    (call $expect (local.get $check)
      (call $path_unlink_file (i32.const 3) (local.get $path) (local.get $length))
      (i32.const 0)))

  ;; Sees what a file tells: its flags, and which of the rights to read and write (2, 0x40).
  (func $file_tells (param $check i32) (param $fd i32) (param $flags i32) (param $rights i64)
    (call $expect (local.get $check) (call $fd_fdstat_get (local.get $fd) (global.get $fdstat))
      (global.get $success))
    (call $is (local.get $check) (i32.load8_u (global.get $fdstat)) (i32.const 4))
    (call $is (local.get $check) (i32.load16_u offset=2 (global.get $fdstat)) (local.get $flags))
    (call $is64 (local.get $check)
      (i64.and (i64.load offset=8 (global.get $fdstat)) (i64.const 0x42)) (local.get $rights))
    (call $close (local.get $check) (local.get $fd)))

  ;; Sees what a standard stream tells: no offset, the one right of 2 and 0x40 that it has,
  ;; and no flags. It is a character device or of no known type.
  (func $stream_tells (param $check i32) (param $fd i32) (param $rights i64)
    (call $expect (local.get $check) (call $fd_fdstat_get (local.get $fd) (global.get $fdstat))
      (global.get $success))
    (call $holds (local.get $check)
      (i32.or (i32.eq (i32.load8_u (global.get $fdstat)) (i32.const 0))
        (i32.eq (i32.load8_u (global.get $fdstat)) (i32.const 2))))
    (call $is (local.get $check) (i32.load16_u offset=2 (global.get $fdstat)) (i32.const 0))
    (call $is64 (local.get $check)
      (i64.and (i64.load offset=8 (global.get $fdstat)) (i64.const 0x66)) (local.get $rights)))

  (func (export "_start")
    ;; 1: 24 bytes are written and nothing beside them.
    (call $fill (i32.sub (global.get $fdstat) (i32.const 8)) (i32.const 40) (i32.const 0xa5))
    (call $expect (i32.const 1) (call $fd_fdstat_get (i32.const 3) (global.get $fdstat))
      (global.get $success))
    (call $all_are (i32.const 1) (i32.sub (global.get $fdstat) (i32.const 8)) (i32.const 8)
      (i32.const 0xa5))
    (call $all_are (i32.const 1) (i32.add (global.get $fdstat) (i32.const 24)) (i32.const 8)
      (i32.const 0xa5))
    ;; 2 to 4: a directory, without flags. It is not for seek, tell, write, allocate and
    ;; set_size (0x400164), but for opening, listing and stat-ing beneath (0x46000).
    (call $is (i32.const 2) (i32.load8_u (global.get $fdstat)) (i32.const 3))
    (call $is (i32.const 3) (i32.load16_u offset=2 (global.get $fdstat)) (i32.const 0))
    (call $is64 (i32.const 4)
      (i64.and (i64.load offset=8 (global.get $fdstat)) (i64.const 0x446164))
      (i64.const 0x46000))
    ;; 5: what is opened through it may be read, sought, and written.
    (call $is64 (i32.const 5)
      (i64.and (i64.load offset=16 (global.get $fdstat)) (i64.const 0x66)) (i64.const 0x66))
    ;; 6: no rights that there are not, which are those from bit 30 on.
    (call $is64 (i32.const 6)
      (i64.and
        (i64.or (i64.load offset=8 (global.get $fdstat))
          (i64.load offset=16 (global.get $fdstat)))
        (i64.const 0xffffffffc0000000))
      (i64.const 0))

    ;; 7 to 10: a file to be read and written, to be read, to be written, and to be neither.
    (call $file_tells (i32.const 7)
      (call $open (i32.const 7) (i32.const 64) (i32.const 21) (i32.const 5)
        (i64.const 0x8e001ff) (i32.const 0))
      (i32.const 0) (i64.const 0x42))
    (call $file_tells (i32.const 8)
      (call $open (i32.const 8) (i32.const 64) (i32.const 21) (i32.const 0)
        (i64.const 0x8a000bf) (i32.const 0))
      (i32.const 0) (i64.const 2))
    (call $file_tells (i32.const 9)
      (call $open (i32.const 9) (i32.const 64) (i32.const 21) (i32.const 0)
        (i64.const 0x8e001fd) (i32.const 0))
      (i32.const 0) (i64.const 0x40))
    (call $file_tells (i32.const 10)
      (call $open (i32.const 10) (i32.const 64) (i32.const 21) (i32.const 0)
        (i64.const 0x8e001bd) (i32.const 0))
      (i32.const 0) (i64.const 0))
    ;; 11, 12: creating or truncating gives no right to write.
    (call $file_tells (i32.const 11)
      (call $open (i32.const 11) (i32.const 64) (i32.const 21) (i32.const 1)
        (i64.const 0x8a000bf) (i32.const 0))
      (i32.const 0) (i64.const 2))
    (call $file_tells (i32.const 12)
      (call $open (i32.const 12) (i32.const 64) (i32.const 21) (i32.const 8)
        (i64.const 0x8a000bf) (i32.const 0))
      (i32.const 0) (i64.const 2))
    ;; 13 to 15: one that appends, one that does not block, one that does both.
    (call $file_tells (i32.const 13)
      (call $open (i32.const 13) (i32.const 64) (i32.const 21) (i32.const 0)
        (i64.const 0x8e001ff) (i32.const 1))
      (i32.const 1) (i64.const 0x42))
    (call $file_tells (i32.const 14)
      (call $open (i32.const 14) (i32.const 64) (i32.const 21) (i32.const 0)
        (i64.const 0x8e001ff) (i32.const 4))
      (i32.const 4) (i64.const 0x42))
    (call $file_tells (i32.const 15)
      (call $open (i32.const 15) (i32.const 64) (i32.const 21) (i32.const 0)
        (i64.const 0x8e001ff) (i32.const 5))
      (i32.const 5) (i64.const 0x42))
    (call $unlink (i32.const 15) (i32.const 64) (i32.const 21))

    ;; 16 to 18: standard input is read, output and error are written.
    (call $stream_tells (i32.const 16) (i32.const 0) (i64.const 2))
    (call $stream_tells (i32.const 17) (i32.const 1) (i64.const 0x40))
    (call $stream_tells (i32.const 18) (i32.const 2) (i64.const 0x40))
    ;; 19, 20: what is not open.
    (call $expect (i32.const 19) (call $fd_fdstat_get (i32.const 4) (global.get $fdstat))
      (global.get $badf))
    (call $expect (i32.const 20) (call $fd_fdstat_get (i32.const -1) (global.get $fdstat))
      (global.get $badf))))
