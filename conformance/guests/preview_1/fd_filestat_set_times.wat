;; fd_filestat_set_times: to a time, to now, one without the other; contradictions.
;;
;; It is given `empty.dir` as its one preopen, fd 3. What it makes there it removes. It
;; exits with 0, or with the number of the check that failed.
(module
  (import "wasi_snapshot_preview1" "fd_close"
    (func $fd_close (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_filestat_get"
    (func $fd_filestat_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_filestat_set_times"
    (func $fd_filestat_set_times (param i32 i64 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_unlink_file"
    (func $path_unlink_file (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))

  (memory (export "memory") 1)

  ;; Errnos.
  (global $success i32 (i32.const 0))
  (global $badf i32 (i32.const 8))
  (global $inval i32 (i32.const 28))

  ;; Places in memory, and other numbers.
  (global $stat i32 (i32.const 2048))
  (global $first i64 (i64.const 1573516800123456789))
  (global $second i64 (i64.const 1573516801987654321))

  (data (i32.const 64) "fd_filestat_set_times.cleanup")
  (data (i32.const 96) ".")

  ;; Exits with the number of a check if an errno is not the one that is wanted.
  (func $expect (param $check i32) (param $errno i32) (param $wanted i32)
    (if (i32.ne (local.get $errno) (local.get $wanted))
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

  ;; Closes a descriptor.
  (func $close (param $check i32) (param $fd i32)
    (call $expect (local.get $check) (call $fd_close (local.get $fd)) (i32.const 0)))

  ;; Removes a file beneath fd 3.
  (func $unlink (param $check i32) (param $path i32) (param $length i32)
    (call $expect (local.get $check)
      (call $path_unlink_file (i32.const 3) (local.get $path) (local.get $length))
      (i32.const 0)))

  ;; The times that are set: seconds of 2019, and not a whole number of them.

  ;; Sees which times a descriptor tells.
  (func $times_are (param $check i32) (param $fd i32) (param $accessed i64) (param $modified i64)
    (call $expect (local.get $check) (call $fd_filestat_get (local.get $fd) (global.get $stat))
      (global.get $success))
    (call $is64 (local.get $check) (i64.load offset=40 (global.get $stat)) (local.get $accessed))
    (call $is64 (local.get $check) (i64.load offset=48 (global.get $stat)) (local.get $modified)))

  ;; Sees that a time lies later than 2020 began: it is not one of those that were set.
  (func $is_recent (param $check i32) (param $time i64)
    (call $holds (local.get $check) (i64.gt_u (local.get $time) (i64.const 1577836800000000000))))

  (func (export "_start")
    (local $fd i32)
    (local $directory i32)

    ;; 1: a file.
    (local.set $fd
      (call $open (i32.const 1) (i32.const 64) (i32.const 29) (i32.const 5)
        (i64.const 0x8e001ff) (i32.const 0)))
    ;; 2: both times, to the nanosecond.
    (call $expect (i32.const 2)
      (call $fd_filestat_set_times (local.get $fd) (global.get $first) (global.get $second)
        (i32.const 5))
      (global.get $success))
    (call $times_are (i32.const 2) (local.get $fd) (global.get $first) (global.get $second))
    ;; 3, 4: one of them; the other stays, and so does a value whose flag is not set.
    (call $expect (i32.const 3)
      (call $fd_filestat_set_times (local.get $fd) (global.get $second) (i64.const 1)
        (i32.const 1))
      (global.get $success))
    (call $times_are (i32.const 3) (local.get $fd) (global.get $second) (global.get $second))
    (call $expect (i32.const 4)
      (call $fd_filestat_set_times (local.get $fd) (i64.const 1) (global.get $first)
        (i32.const 4))
      (global.get $success))
    (call $times_are (i32.const 4) (local.get $fd) (global.get $second) (global.get $first))
    ;; 5: none.
    (call $expect (i32.const 5)
      (call $fd_filestat_set_times (local.get $fd) (i64.const 1) (i64.const 1) (i32.const 0))
      (global.get $success))
    (call $times_are (i32.const 5) (local.get $fd) (global.get $second) (global.get $first))
    ;; 6: the time 0 is one like any other.
    (call $expect (i32.const 6)
      (call $fd_filestat_set_times (local.get $fd) (i64.const 0) (i64.const 0) (i32.const 5))
      (global.get $success))
    (call $times_are (i32.const 6) (local.get $fd) (i64.const 0) (i64.const 0))
    ;; 7: to a time and to now at once; nothing changes.
    (call $expect (i32.const 7)
      (call $fd_filestat_set_times (local.get $fd) (global.get $first) (global.get $first)
        (i32.const 3))
      (global.get $inval))
    (call $expect (i32.const 7)
      (call $fd_filestat_set_times (local.get $fd) (global.get $first) (global.get $first)
        (i32.const 12))
      (global.get $inval))
    (call $expect (i32.const 7)
      (call $fd_filestat_set_times (local.get $fd) (global.get $first) (global.get $first)
        (i32.const 13))
      (global.get $inval))
    (call $times_are (i32.const 7) (local.get $fd) (i64.const 0) (i64.const 0))
    ;; 8, 9: one to now, the other to a time, and the other way round.
    (call $expect (i32.const 8)
      (call $fd_filestat_set_times (local.get $fd) (i64.const 1) (global.get $second)
        (i32.const 6))
      (global.get $success))
    (call $expect (i32.const 8) (call $fd_filestat_get (local.get $fd) (global.get $stat))
      (global.get $success))
    (call $is_recent (i32.const 8) (i64.load offset=40 (global.get $stat)))
    (call $is64 (i32.const 8) (i64.load offset=48 (global.get $stat)) (global.get $second))
    (call $expect (i32.const 9)
      (call $fd_filestat_set_times (local.get $fd) (global.get $first) (i64.const 1)
        (i32.const 9))
      (global.get $success))
    (call $expect (i32.const 9) (call $fd_filestat_get (local.get $fd) (global.get $stat))
      (global.get $success))
    (call $is64 (i32.const 9) (i64.load offset=40 (global.get $stat)) (global.get $first))
    (call $is_recent (i32.const 9) (i64.load offset=48 (global.get $stat)))
    (call $close (i32.const 9) (local.get $fd))
    ;; 10: a descriptor that only reads.
    (local.set $fd
      (call $open (i32.const 10) (i32.const 64) (i32.const 29) (i32.const 0)
        (i64.const 0x8a000bf) (i32.const 0)))
    (call $expect (i32.const 10)
      (call $fd_filestat_set_times (local.get $fd) (global.get $second) (global.get $first)
        (i32.const 5))
      (global.get $success))
    (call $times_are (i32.const 10) (local.get $fd) (global.get $second) (global.get $first))
    (call $unlink (i32.const 10) (i32.const 64) (i32.const 29))

    ;; 11, 12: a directory that was opened, and the preopen.
    (local.set $directory
      (call $open (i32.const 11) (i32.const 96) (i32.const 1) (i32.const 2) (i64.const 0)
        (i32.const 0)))
    (call $expect (i32.const 11)
      (call $fd_filestat_set_times (local.get $directory) (global.get $first)
        (global.get $second) (i32.const 5))
      (global.get $success))
    (call $times_are (i32.const 11) (local.get $directory) (global.get $first)
      (global.get $second))
    (call $close (i32.const 11) (local.get $directory))
    (call $expect (i32.const 12)
      (call $fd_filestat_set_times (i32.const 3) (global.get $second) (global.get $first)
        (i32.const 5))
      (global.get $success))
    (call $times_are (i32.const 12) (i32.const 3) (global.get $second) (global.get $first))
    ;; 13 to 15: the standard streams.
    (call $expect (i32.const 13)
      (call $fd_filestat_set_times (i32.const 0) (i64.const 0) (i64.const 0) (i32.const 8))
      (global.get $badf))
    (call $expect (i32.const 14)
      (call $fd_filestat_set_times (i32.const 1) (i64.const 0) (i64.const 0) (i32.const 8))
      (global.get $badf))
    (call $expect (i32.const 15)
      (call $fd_filestat_set_times (i32.const 2) (i64.const 0) (i64.const 0) (i32.const 8))
      (global.get $badf))
    ;; 16, 17: what is closed, and what there never was.
    (call $close (i32.const 16) (local.get $fd))
    (call $expect (i32.const 16)
      (call $fd_filestat_set_times (local.get $fd) (i64.const 0) (i64.const 0) (i32.const 8))
      (global.get $badf))
    (call $expect (i32.const 17)
      (call $fd_filestat_set_times (i32.const -1) (i64.const 0) (i64.const 0) (i32.const 8))
      (global.get $badf))))
