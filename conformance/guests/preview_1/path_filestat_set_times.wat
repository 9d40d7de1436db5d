;; Times of a name: which ones are set, those of a link or of what it leads to, and
;; which flags contradict each other. Flags: atim 1, atim_now 2, mtim 4, mtim_now 8.
;;
;; It is given a directory as fd 3, and makes `path_filestat_set_times.cleanup` in it,
;; where all happens. It exits with 0, or with the number of the check that failed, which
;; stands before it. 1: that directory can be made. 2: so can what is needed in it.
(module
  (import "wasi_snapshot_preview1" "path_create_directory"
    (func $path_create_directory (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_filestat_get"
    (func $path_filestat_get (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_filestat_set_times"
    (func $path_filestat_set_times (param i32 i32 i32 i32 i64 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_symlink"
    (func $path_symlink (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_close"
    (func $fd_close (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit"
    (func $proc_exit (param i32)))

  (memory (export "memory") 1)

  ;; The directory that all happens in.
  (global $root (mut i32) (i32.const -1))

  ;; What calls answer.
  (global $inval i32 (i32.const 28))
  (global $loop i32 (i32.const 32))
  (global $noent i32 (i32.const 44))
  (global $notdir i32 (i32.const 54))

  ;; Texts, each with a NUL behind it.
  (global $file i32 (i32.const 64)) (data (i32.const 64) "file")
  (global $dir i32 (i32.const 80)) (data (i32.const 80) "dir")
  (global $dir/inner i32 (i32.const 96)) (data (i32.const 96) "dir/inner")
  (global $dir/sub i32 (i32.const 112)) (data (i32.const 112) "dir/sub")
  (global $empty i32 (i32.const 128)) (data (i32.const 128) "empty")
  (global $ln i32 (i32.const 144)) (data (i32.const 144) "ln")
  (global $lnd i32 (i32.const 160)) (data (i32.const 160) "lnd")
  (global $nowhere i32 (i32.const 176)) (data (i32.const 176) "nowhere")
  (global $dangling i32 (i32.const 192)) (data (i32.const 192) "dangling")
  (global $ring i32 (i32.const 208)) (data (i32.const 208) "ring")
  (global $dir/ i32 (i32.const 224)) (data (i32.const 224) "dir/")
  (global $lnd/ i32 (i32.const 240)) (data (i32.const 240) "lnd/")
  (global $missing i32 (i32.const 256)) (data (i32.const 256) "missing")
  (global $file/ i32 (i32.const 272)) (data (i32.const 272) "file/")
  (global $file/x i32 (i32.const 288)) (data (i32.const 288) "file/x")
  (global $own i32 (i32.const 304)) (data (i32.const 304) "path_filestat_set_times.cleanup")

  (func (export "_start")
    (call $open_root)
    (call $ok (i32.const 2) (call $make (global.get $file)))
    (call $ok (i32.const 2) (call $create (global.get $dir)))
    (call $ok (i32.const 2) (call $make (global.get $dir/inner)))
    (call $ok (i32.const 2) (call $create (global.get $dir/sub)))
    (call $ok (i32.const 2) (call $create (global.get $empty)))
    (call $ok (i32.const 2) (call $symlink (global.get $file) (global.get $ln)))
    (call $ok (i32.const 2) (call $symlink (global.get $dir) (global.get $lnd)))
    (call $ok (i32.const 2) (call $symlink (global.get $nowhere) (global.get $dangling)))
    (call $ok (i32.const 2) (call $symlink (global.get $ring) (global.get $ring)))

    ;; To the nanosecond.
    ;; 3: both times of a file.
    (call $ok (i32.const 3)
      (call $set_times (global.get $file) (i32.const 0) (i64.const 1000000007)
        (i64.const 1500000000000000009) (i32.const 5)))
    (call $is (i32.const 3)
      (call $has_times (global.get $file) (i64.const 1000000007) (i64.const 1500000000000000009))
      (i32.const 1))
    ;; 4: the access time alone.
    (call $ok (i32.const 4)
      (call $set_times (global.get $file) (i32.const 0) (i64.const 2000000001) (i64.const 77)
        (i32.const 1)))
    (call $is (i32.const 4)
      (call $has_times (global.get $file) (i64.const 2000000001) (i64.const 1500000000000000009))
      (i32.const 1))
    ;; 5: the modification time alone.
    (call $ok (i32.const 5)
      (call $set_times (global.get $file) (i32.const 0) (i64.const 77) (i64.const 3000000003)
        (i32.const 4)))
    (call $is (i32.const 5)
      (call $has_times (global.get $file) (i64.const 2000000001) (i64.const 3000000003))
      (i32.const 1))
    ;; 6: none of them.
    (call $ok (i32.const 6)
      (call $set_times (global.get $file) (i32.const 0) (i64.const 77) (i64.const 77)
        (i32.const 0)))
    (call $is (i32.const 6)
      (call $has_times (global.get $file) (i64.const 2000000001) (i64.const 3000000003))
      (i32.const 1))
    ;; 7: now is later than 2017, and sets nothing else.
    (call $ok (i32.const 7)
      (call $set_times (global.get $file) (i32.const 0) (i64.const 77) (i64.const 77)
        (i32.const 8)))
    (call $is (i32.const 7) (i64.eq (call $atim (global.get $file)) (i64.const 2000000001))
      (i32.const 1))
    (call $is (i32.const 7)
      (i64.gt_u (call $mtim (global.get $file)) (i64.const 1500000000000000000))
      (i32.const 1))
    ;; 8: now, and a time.
    (call $ok (i32.const 8)
      (call $set_times (global.get $file) (i32.const 0) (i64.const 77) (i64.const 3000000003)
        (i32.const 6)))
    (call $is (i32.const 8)
      (i64.gt_u (call $atim (global.get $file)) (i64.const 1500000000000000000))
      (i32.const 1))
    (call $is (i32.const 8) (i64.eq (call $mtim (global.get $file)) (i64.const 3000000003))
      (i32.const 1))
    ;; 9: a directory's.
    (call $ok (i32.const 9)
      (call $set_times (global.get $dir/) (i32.const 0) (i64.const 5000000005)
        (i64.const 6000000006) (i32.const 5)))
    (call $is (i32.const 9)
      (call $has_times (global.get $dir) (i64.const 5000000005) (i64.const 6000000006))
      (i32.const 1))

    ;; Links. To follow one is to read it, so its access time may change then.
    ;; 10: a link's own.
    (call $ok (i32.const 10)
      (call $set_times (global.get $ln) (i32.const 0) (i64.const 7000000007)
        (i64.const 8000000008) (i32.const 5)))
    (call $is (i32.const 10)
      (call $has_times (global.get $ln) (i64.const 7000000007) (i64.const 8000000008))
      (i32.const 1))
    ;; 11: those of what it leads to stay.
    (call $is (i32.const 11) (i64.eq (call $mtim (global.get $file)) (i64.const 3000000003))
      (i32.const 1))
    ;; 12: those of what it leads to.
    (call $ok (i32.const 12)
      (call $set_times (global.get $ln) (i32.const 1) (i64.const 9000000009)
        (i64.const 10000000010) (i32.const 5)))
    (call $is (i32.const 12)
      (call $has_times (global.get $file) (i64.const 9000000009) (i64.const 10000000010))
      (i32.const 1))
    ;; 13: its own stay.
    (call $is (i32.const 13) (i64.eq (call $mtim (global.get $ln)) (i64.const 8000000008))
      (i32.const 1))
    ;; 14: a link to a directory, with a slash.
    (call $ok (i32.const 14)
      (call $set_times (global.get $lnd/) (i32.const 0) (i64.const 11000000011)
        (i64.const 12000000012) (i32.const 5)))
    (call $is (i32.const 14)
      (call $has_times (global.get $dir) (i64.const 11000000011) (i64.const 12000000012))
      (i32.const 1))
    ;; 15: a link to nothing.
    (call $ok (i32.const 15)
      (call $set_times (global.get $dangling) (i32.const 0) (i64.const 13000000013)
        (i64.const 14000000014) (i32.const 5)))
    (call $is (i32.const 15)
      (call $has_times (global.get $dangling) (i64.const 13000000013) (i64.const 14000000014))
      (i32.const 1))

    ;; Contradictions, and nothing is changed by them.
    ;; 16: a time of access, and now.
    (call $expect (i32.const 16)
      (call $set_times (global.get $file) (i32.const 0) (i64.const 77) (i64.const 77)
        (i32.const 3))
      (global.get $inval))
    ;; 17: a time of modification, and now.
    (call $expect (i32.const 17)
      (call $set_times (global.get $file) (i32.const 0) (i64.const 77) (i64.const 77)
        (i32.const 12))
      (global.get $inval))
    ;; 18: all at once.
    (call $expect (i32.const 18)
      (call $set_times (global.get $file) (i32.const 0) (i64.const 77) (i64.const 77)
        (i32.const 15))
      (global.get $inval))
    ;; 19: a contradiction beside what is none.
    (call $expect (i32.const 19)
      (call $set_times (global.get $file) (i32.const 0) (i64.const 77) (i64.const 77)
        (i32.const 7))
      (global.get $inval))
    ;; 20: all times are as they were.
    (call $is (i32.const 20)
      (call $has_times (global.get $file) (i64.const 9000000009) (i64.const 10000000010))
      (i32.const 1))

    ;; Nothing to set the times of.
    ;; 21: a missing name.
    (call $expect (i32.const 21)
      (call $set_times (global.get $missing) (i32.const 0) (i64.const 1) (i64.const 2)
        (i32.const 5))
      (global.get $noent))
    ;; 22: a link to nothing, followed.
    (call $expect (i32.const 22)
      (call $set_times (global.get $dangling) (i32.const 1) (i64.const 1) (i64.const 2)
        (i32.const 5))
      (global.get $noent))
    ;; 23: a link to itself, followed.
    (call $expect (i32.const 23)
      (call $set_times (global.get $ring) (i32.const 1) (i64.const 1) (i64.const 2) (i32.const 5))
      (global.get $loop))
    ;; 24: a file, with a slash.
    (call $expect (i32.const 24)
      (call $set_times (global.get $file/) (i32.const 0) (i64.const 1) (i64.const 2) (i32.const 5))
      (global.get $notdir))
    ;; 25: beneath a file.
    (call $expect (i32.const 25)
      (call $set_times (global.get $file/x) (i32.const 0) (i64.const 1) (i64.const 2)
        (i32.const 5))
      (global.get $notdir)))

  ;; Times of what a path names, where a link is itself.
  (func $atim (param $path i32) (result i64)
    (call $ok (i32.const 2) (call $stat (local.get $path) (i32.const 0)))
    (i64.load offset=40 (i32.const 4096)))

  (func $mtim (param $path i32) (result i64)
    (call $ok (i32.const 2) (call $stat (local.get $path) (i32.const 0)))
    (i64.load offset=48 (i32.const 4096)))

  (func $has_times (param $path i32) (param $atim i64) (param $mtim i64) (result i32)
    (i32.and
      (i64.eq (call $atim (local.get $path)) (local.get $atim))
      (i64.eq (call $mtim (local.get $path)) (local.get $mtim))))

  ;; Ends the guest unless a call succeeded.
  (func $ok (param $check i32) (param $errno i32)
    (if (local.get $errno) (then (call $proc_exit (local.get $check)))))

  ;; Ends the guest unless a call answered what it has to.
  (func $expect (param $check i32) (param $errno i32) (param $wanted i32)
    (if (i32.ne (local.get $errno) (local.get $wanted))
      (then (call $proc_exit (local.get $check)))))

  ;; Ends the guest unless two numbers are the same.
  (func $is (param $check i32) (param $found i32) (param $wanted i32)
    (if (i32.ne (local.get $found) (local.get $wanted))
      (then (call $proc_exit (local.get $check)))))

  ;; The length of a text, which a NUL ends.
  (func $length (param $text i32) (result i32)
    (local $end i32)
    (local.set $end (local.get $text))
    (loop $bytes
      (if (i32.load8_u (local.get $end))
        (then
          (local.set $end (i32.add (local.get $end) (i32.const 1)))
          (br $bytes))))
    (i32.sub (local.get $end) (local.get $text)))

  ;; Makes the directory that all happens in, and opens it (check 1).
  (func $open_root
    (call $ok (i32.const 1)
      (call $path_create_directory (i32.const 3)
        (global.get $own) (call $length (global.get $own))))
    (call $ok (i32.const 1)
      (call $path_open (i32.const 3) (i32.const 0)
        (global.get $own) (call $length (global.get $own))
        (i32.const 2) (i64.const 0x7bffe00) (i64.const 0xfffffff) (i32.const 0) (i32.const 2048)))
    (global.set $root (i32.load (i32.const 2048))))

  ;; Makes an empty file.
  (func $make (param $path i32) (result i32)
    (call $open (local.get $path) (i32.const 0) (i32.const 5)))

  ;; Opens for nothing in particular, and closes what was opened.
  (func $open (param $path i32) (param $follow i32) (param $oflags i32) (result i32)
    (call $open_for
      (local.get $path) (local.get $follow) (local.get $oflags) (i64.const 0)))

  ;; Opens with these rights, and closes what was opened.
  (func $open_for
    (param $path i32) (param $follow i32) (param $oflags i32) (param $rights i64) (result i32)
    (local $errno i32)
    (local.set $errno
      (call $path_open (global.get $root) (local.get $follow)
        (local.get $path) (call $length (local.get $path))
        (local.get $oflags) (local.get $rights) (i64.const 0) (i32.const 0) (i32.const 2048)))
    (if (i32.eqz (local.get $errno))
      (then (call $ok (i32.const 2) (call $fd_close (i32.load (i32.const 2048))))))
    (local.get $errno))

  (func $create (param $path i32) (result i32)
    (call $path_create_directory
      (global.get $root) (local.get $path) (call $length (local.get $path))))

  (func $symlink (param $target i32) (param $path i32) (result i32)
    (call $path_symlink
      (local.get $target) (call $length (local.get $target))
      (global.get $root) (local.get $path) (call $length (local.get $path))))

  ;; What is told of a path goes to 4096.
  (func $stat (param $path i32) (param $follow i32) (result i32)
    (call $path_filestat_get (global.get $root) (local.get $follow)
      (local.get $path) (call $length (local.get $path)) (i32.const 4096)))

  (func $set_times
    (param $path i32) (param $follow i32) (param $atim i64) (param $mtim i64) (param $flags i32)
    (result i32)
    (call $path_filestat_set_times (global.get $root) (local.get $follow)
      (local.get $path) (call $length (local.get $path))
      (local.get $atim) (local.get $mtim) (local.get $flags)))
)
