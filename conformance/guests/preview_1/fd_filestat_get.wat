;; fd_filestat_get: what a file, a directory and the standard streams tell of themselves,
;; and that the same is told by name and by the listing.
;;
;; It is given `empty.dir` as its one preopen, fd 3. What it makes there it removes. It
;; exits with 0, or with the number of the check that failed.
(module
  (import "wasi_snapshot_preview1" "fd_close"
    (func $fd_close (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_filestat_get"
    (func $fd_filestat_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_readdir"
    (func $fd_readdir (param i32 i32 i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_filestat_get"
    (func $path_filestat_get (param i32 i32 i32 i32 i32) (result i32)))
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
  (global $stat i32 (i32.const 2048))
  (global $named i32 (i32.const 2176))
  (global $used i32 (i32.const 0))

  (data (i32.const 64) "fd_filestat_get.cleanup")
  (data (i32.const 88) "0123456789")
  (data (i32.const 104) "abc")

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

  ;; The number of what is listed under a name that has a certain length; 0 if nothing is.
  (func $listed (param $length i32) (result i64)
    (local $at i32)
    (local $end i32)

    (local.set $at (i32.const 4096))
    (local.set $end (i32.add (local.get $at) (i32.load (global.get $used))))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
        (if (i32.eq (i32.load offset=16 (local.get $at)) (local.get $length))
          (then
            (return (i64.load offset=8 (local.get $at)))))
        (local.set $at
          (i32.add (local.get $at) (i32.add (i32.const 24) (i32.load offset=16 (local.get $at)))))
        (br $next)))
    (return (i64.const 0)))

  ;; Sees that a standard stream tells nothing but its type: no size, and no times.
  (func $stream_tells (param $check i32) (param $fd i32)
    (call $expect (local.get $check) (call $fd_filestat_get (local.get $fd) (global.get $stat))
      (global.get $success))
    (call $holds (local.get $check)
      (i32.or (i32.eq (i32.load8_u offset=16 (global.get $stat)) (i32.const 0))
        (i32.eq (i32.load8_u offset=16 (global.get $stat)) (i32.const 2))))
    (call $is64 (local.get $check) (i64.load offset=32 (global.get $stat)) (i64.const 0))
    (call $is64 (local.get $check) (i64.load offset=40 (global.get $stat)) (i64.const 0))
    (call $is64 (local.get $check) (i64.load offset=48 (global.get $stat)) (i64.const 0))
    (call $is64 (local.get $check) (i64.load offset=56 (global.get $stat)) (i64.const 0)))

  (func (export "_start")
    (local $fd i32)

    ;; 1: a file of ten bytes.
    (local.set $fd
      (call $open (i32.const 1) (i32.const 64) (i32.const 23) (i32.const 5)
        (i64.const 0x8e001ff) (i32.const 0)))
    (call $write (i32.const 1) (local.get $fd) (i32.const 88) (i32.const 10))
    ;; 2, 3: 64 bytes are written and nothing beside them: type 4, one name, ten bytes.
    (call $fill (i32.sub (global.get $stat) (i32.const 8)) (i32.const 80) (i32.const 0xa5))
    (call $expect (i32.const 2) (call $fd_filestat_get (local.get $fd) (global.get $stat))
      (global.get $success))
    (call $all_are (i32.const 2) (i32.sub (global.get $stat) (i32.const 8)) (i32.const 8)
      (i32.const 0xa5))
    (call $all_are (i32.const 2) (i32.add (global.get $stat) (i32.const 64)) (i32.const 8)
      (i32.const 0xa5))
    (call $is (i32.const 3) (i32.load8_u offset=16 (global.get $stat)) (i32.const 4))
    (call $is64 (i32.const 3) (i64.load offset=24 (global.get $stat)) (i64.const 1))
    (call $is64 (i32.const 3) (i64.load offset=32 (global.get $stat)) (i64.const 10))
    ;; 4: by name: the same device, number, size and times.
    (call $expect (i32.const 4)
      (call $path_filestat_get (i32.const 3) (i32.const 0) (i32.const 64) (i32.const 23)
        (global.get $named))
      (global.get $success))
    (call $is64 (i32.const 4) (i64.load (global.get $named)) (i64.load (global.get $stat)))
    (call $is64 (i32.const 4) (i64.load offset=8 (global.get $named))
      (i64.load offset=8 (global.get $stat)))
    (call $is64 (i32.const 4) (i64.load offset=32 (global.get $named))
      (i64.load offset=32 (global.get $stat)))
    (call $is64 (i32.const 4) (i64.load offset=48 (global.get $named))
      (i64.load offset=48 (global.get $stat)))
    ;; 5: in the listing: the same number.
    (call $expect (i32.const 5)
      (call $fd_readdir (i32.const 3) (i32.const 4096) (i32.const 4096) (i64.const 0)
        (global.get $used))
      (global.get $success))
    (call $is64 (i32.const 5) (call $listed (i32.const 23))
      (i64.load offset=8 (global.get $stat)))
    ;; 6: the size that is told is that of now.
    (call $write (i32.const 6) (local.get $fd) (i32.const 104) (i32.const 3))
    (call $size_is (i32.const 6) (local.get $fd) (i64.const 13))
    ;; 7: without its name there is no name, and all the rest is still told.
    (call $unlink (i32.const 7) (i32.const 64) (i32.const 23))
    (call $expect (i32.const 7) (call $fd_filestat_get (local.get $fd) (global.get $named))
      (global.get $success))
    (call $is64 (i32.const 7) (i64.load offset=24 (global.get $named)) (i64.const 0))
    (call $is64 (i32.const 7) (i64.load offset=32 (global.get $named)) (i64.const 13))
    (call $is64 (i32.const 7) (i64.load offset=8 (global.get $named))
      (i64.load offset=8 (global.get $stat)))

    ;; 8: a directory has type 3, and another number than the file.
    (call $expect (i32.const 8) (call $fd_filestat_get (i32.const 3) (global.get $stat))
      (global.get $success))
    (call $is (i32.const 8) (i32.load8_u offset=16 (global.get $stat)) (i32.const 3))
    (call $holds (i32.const 8)
      (i64.ne (i64.load offset=8 (global.get $stat)) (i64.load offset=8 (global.get $named))))
    ;; 9: it is listed as `.` with that number.
    (call $is64 (i32.const 9) (call $listed (i32.const 1)) (i64.load offset=8 (global.get $stat)))
    ;; 10 to 12: the standard streams.
    (call $stream_tells (i32.const 10) (i32.const 0))
    (call $stream_tells (i32.const 11) (i32.const 1))
    (call $stream_tells (i32.const 12) (i32.const 2))
    ;; 13, 14: what is closed, and what there never was.
    (call $close (i32.const 13) (local.get $fd))
    (call $expect (i32.const 13) (call $fd_filestat_get (local.get $fd) (global.get $stat))
      (global.get $badf))
    (call $expect (i32.const 14) (call $fd_filestat_get (i32.const -1) (global.get $stat))
      (global.get $badf))))
