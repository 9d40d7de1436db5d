;; The ways of a path to what is opened: slashes, `.` and `..`, and what is not there.
;;
;; It is given a directory as fd 3, and makes `path_open_ways.cleanup` in it, where all
;; happens. It exits with 0, or with the number of the check that failed, which stands
;; before it. 1: that directory can be made. 2: so can what is needed in it.
(module
  (import "wasi_snapshot_preview1" "path_create_directory"
    (func $path_create_directory (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_symlink"
    (func $path_symlink (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_close"
    (func $fd_close (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_fdstat_get"
    (func $fd_fdstat_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit"
    (func $proc_exit (param i32)))

  (memory (export "memory") 1)

  ;; The directory that all happens in.
  (global $root (mut i32) (i32.const -1))

  ;; What calls answer.
  (global $loop i32 (i32.const 32))
  (global $noent i32 (i32.const 44))
  (global $notdir i32 (i32.const 54))
  (global $perm i32 (i32.const 63))

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
  (global $../file i32 (i32.const 224)) (data (i32.const 224) "../file")
  (global $dir/up i32 (i32.const 240)) (data (i32.const 240) "dir/up")
  (global $dir/ i32 (i32.const 256)) (data (i32.const 256) "dir/")
  (global $dir// i32 (i32.const 272)) (data (i32.const 272) "dir//")
  (global $. i32 (i32.const 288)) (data (i32.const 288) ".")
  (global $./ i32 (i32.const 304)) (data (i32.const 304) "./")
  (global $./. i32 (i32.const 320)) (data (i32.const 320) "./.")
  (global $dir/.. i32 (i32.const 336)) (data (i32.const 336) "dir/..")
  (global $dir//inner i32 (i32.const 352)) (data (i32.const 352) "dir//inner")
  (global $dir/./sub//../inner i32 (i32.const 368)) (data (i32.const 368) "dir/./sub//../inner")
  (global $dir/../file i32 (i32.const 400)) (data (i32.const 400) "dir/../file")
  (global $lnd/inner i32 (i32.const 416)) (data (i32.const 416) "lnd/inner")
  (global $lnd/../file i32 (i32.const 432)) (data (i32.const 432) "lnd/../file")
  (global $lnd/ i32 (i32.const 448)) (data (i32.const 448) "lnd/")
  (global $missing i32 (i32.const 464)) (data (i32.const 464) "missing")
  (global $missing/ i32 (i32.const 480)) (data (i32.const 480) "missing/")
  (global $missing/x i32 (i32.const 496)) (data (i32.const 496) "missing/x")
  (global $missing/../file i32 (i32.const 512)) (data (i32.const 512) "missing/../file")
  (global $file/ i32 (i32.const 528)) (data (i32.const 528) "file/")
  (global $file// i32 (i32.const 544)) (data (i32.const 544) "file//")
  (global $ln/ i32 (i32.const 560)) (data (i32.const 560) "ln/")
  (global $file/x i32 (i32.const 576)) (data (i32.const 576) "file/x")
  (global $file/../dir i32 (i32.const 592)) (data (i32.const 592) "file/../dir")
  (global $ln/x i32 (i32.const 608)) (data (i32.const 608) "ln/x")
  (global $dangling/x i32 (i32.const 624)) (data (i32.const 624) "dangling/x")
  (global $ring/x i32 (i32.const 640)) (data (i32.const 640) "ring/x")
  (global $inner i32 (i32.const 656)) (data (i32.const 656) "inner")
  (global $sub/.. i32 (i32.const 672)) (data (i32.const 672) "sub/..")
  (global $.. i32 (i32.const 688)) (data (i32.const 688) "..")
  (global $sub/../../file i32 (i32.const 704)) (data (i32.const 704) "sub/../../file")
  (global $up i32 (i32.const 720)) (data (i32.const 720) "up")
  (global $own i32 (i32.const 736)) (data (i32.const 736) "path_open_ways.cleanup")

  (func (export "_start")
    (local $all i32)
    (local $sub i32)
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
    (call $ok (i32.const 2) (call $symlink (global.get $../file) (global.get $dir/up)))

    ;; Types: 3 is a directory, 4 a file.
    ;; 3: a file.
    (call $is (i32.const 3) (call $kind (global.get $file)) (i32.const 4))
    ;; 4: a directory.
    (call $is (i32.const 4) (call $kind (global.get $dir)) (i32.const 3))
    ;; 5: a directory, with a slash.
    (call $is (i32.const 5) (call $kind (global.get $dir/)) (i32.const 3))
    ;; 6: a directory, with two slashes.
    (call $is (i32.const 6) (call $kind (global.get $dir//)) (i32.const 3))
    ;; 7: the directory itself.
    (call $is (i32.const 7) (call $kind (global.get $.)) (i32.const 3))
    ;; 8: the directory itself, with a slash.
    (call $is (i32.const 8) (call $kind (global.get $./)) (i32.const 3))
    ;; 9: the directory itself, twice.
    (call $is (i32.const 9) (call $kind (global.get $./.)) (i32.const 3))
    ;; 10: the directory itself, from beneath.
    (call $is (i32.const 10) (call $kind (global.get $dir/..)) (i32.const 3))
    ;; 11: a file in a directory, with two slashes between.
    (call $is (i32.const 11) (call $kind (global.get $dir//inner)) (i32.const 4))
    ;; 12: by roundabout ways.
    (call $is (i32.const 12) (call $kind (global.get $dir/./sub//../inner)) (i32.const 4))
    ;; 13: up to a file.
    (call $is (i32.const 13) (call $kind (global.get $dir/../file)) (i32.const 4))
    ;; 14: beneath a link.
    (call $is (i32.const 14) (call $kind (global.get $lnd/inner)) (i32.const 4))
    ;; 15: up from what a link leads to.
    (call $is (i32.const 15) (call $kind (global.get $lnd/../file)) (i32.const 4))
    ;; 16: a link to a file.
    (call $is (i32.const 16) (call $kind (global.get $ln)) (i32.const 4))
    ;; 17: a link to a directory.
    (call $is (i32.const 17) (call $kind (global.get $lnd)) (i32.const 3))
    ;; 18: a link to a directory, with a slash.
    (call $is (i32.const 18) (call $kind (global.get $lnd/)) (i32.const 3))
    ;; 19: a link that leads up.
    (call $is (i32.const 19) (call $kind (global.get $dir/up)) (i32.const 4))

    ;; What is not there.
    ;; 20: nothing.
    (call $expect (i32.const 20) (call $open (global.get $missing) (i32.const 1) (i32.const 0))
      (global.get $noent))
    ;; 21: nothing, with a slash.
    (call $expect (i32.const 21) (call $open (global.get $missing/) (i32.const 1) (i32.const 0))
      (global.get $noent))
    ;; 22: nothing, beneath nothing.
    (call $expect (i32.const 22) (call $open (global.get $missing/x) (i32.const 1) (i32.const 0))
      (global.get $noent))
    ;; 23: nothing, and up again.
    (call $expect (i32.const 23)
      (call $open (global.get $missing/../file) (i32.const 1) (i32.const 0))
      (global.get $noent))
    ;; 24: a file, with a slash.
    (call $expect (i32.const 24) (call $open (global.get $file/) (i32.const 1) (i32.const 0))
      (global.get $notdir))
    ;; 25: a file, with two slashes, not following.
    (call $expect (i32.const 25) (call $open (global.get $file//) (i32.const 0) (i32.const 0))
      (global.get $notdir))
    ;; 26: a link to a file, with a slash.
    (call $expect (i32.const 26) (call $open (global.get $ln/) (i32.const 1) (i32.const 0))
      (global.get $notdir))
    ;; 27: beneath a file.
    (call $expect (i32.const 27) (call $open (global.get $file/x) (i32.const 1) (i32.const 0))
      (global.get $notdir))
    ;; 28: a file, and up again.
    (call $expect (i32.const 28) (call $open (global.get $file/../dir) (i32.const 1) (i32.const 0))
      (global.get $notdir))
    ;; 29: beneath a link to a file.
    (call $expect (i32.const 29) (call $open (global.get $ln/x) (i32.const 1) (i32.const 0))
      (global.get $notdir))
    ;; 30: beneath a link to nothing.
    (call $expect (i32.const 30) (call $open (global.get $dangling/x) (i32.const 1) (i32.const 0))
      (global.get $noent))
    ;; 31: beneath a link to itself.
    (call $expect (i32.const 31) (call $open (global.get $ring/x) (i32.const 1) (i32.const 0))
      (global.get $loop))

    ;; A directory that is opened is a root of its own.
    (local.set $all (global.get $root))
    ;; 32: it opens.
    (call $ok (i32.const 32)
      (call $path_open (global.get $root) (i32.const 0) (global.get $dir) (i32.const 3)
        (i32.const 2) (i64.const 0x7bffe00) (i64.const 0xfffffff) (i32.const 0) (i32.const 2048)))
    (local.set $sub (i32.load (i32.const 2048)))
    (global.set $root (local.get $sub))
    ;; 33: what is in it can be opened.
    (call $ok (i32.const 33) (call $open (global.get $inner) (i32.const 1) (i32.const 0)))
    ;; 34: so can it, from beneath.
    (call $ok (i32.const 34) (call $open (global.get $sub/..) (i32.const 1) (i32.const 0)))
    ;; 35: what is above cannot.
    (call $expect (i32.const 35) (call $open (global.get $..) (i32.const 1) (i32.const 0))
      (global.get $perm))
    ;; 36: nor can what is beside.
    (call $expect (i32.const 36) (call $open (global.get $../file) (i32.const 1) (i32.const 0))
      (global.get $perm))
    ;; 37: nor by way of what is in it.
    (call $expect (i32.const 37)
      (call $open (global.get $sub/../../file) (i32.const 1) (i32.const 0))
      (global.get $perm))
    ;; 38: nor by a link, which from above leads inside.
    (call $expect (i32.const 38) (call $open (global.get $up) (i32.const 1) (i32.const 0))
      (global.get $perm))
    ;; 39: to close it leaves the other one open.
    (call $ok (i32.const 39) (call $fd_close (local.get $sub)))
    (global.set $root (local.get $all))
    (call $ok (i32.const 39) (call $open (global.get $file) (i32.const 1) (i32.const 0))))

  ;; The type of what is opened, following links.
  (func $kind (param $path i32) (result i32)
    (local $fd i32)
    (call $ok (i32.const 2)
      (call $path_open (global.get $root) (i32.const 1)
        (local.get $path) (call $length (local.get $path))
        (i32.const 0) (i64.const 0x200002) (i64.const 0) (i32.const 0) (i32.const 2048)))
    (local.set $fd (i32.load (i32.const 2048)))
    (call $ok (i32.const 2) (call $fd_fdstat_get (local.get $fd) (i32.const 4096)))
    (call $ok (i32.const 2) (call $fd_close (local.get $fd)))
    (i32.load8_u (i32.const 4096)))

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
)
