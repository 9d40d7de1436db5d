;; Links that lead out of the directory. They can be made, told, moved and removed, but
;; never followed; and nothing is done to what they lead to.
;;
;; It is given a directory as fd 3, and makes `path_symlink_out.cleanup` in it, where all
;; happens. It exits with 0, or with the number of the check that failed, which stands
;; before it. 1: that directory can be made. 2: so can what is needed in it.
(module
  (import "wasi_snapshot_preview1" "path_create_directory"
    (func $path_create_directory (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_remove_directory"
    (func $path_remove_directory (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_unlink_file"
    (func $path_unlink_file (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_filestat_get"
    (func $path_filestat_get (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_filestat_set_times"
    (func $path_filestat_set_times (param i32 i32 i32 i32 i64 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_link"
    (func $path_link (param i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_readlink"
    (func $path_readlink (param i32 i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_rename"
    (func $path_rename (param i32 i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_symlink"
    (func $path_symlink (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_close"
    (func $fd_close (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit"
    (func $proc_exit (param i32)))

  (memory (export "memory") 1)

  ;; The directory that all happens in.
  (global $root (mut i32) (i32.const -1))

  ;; What calls answer.
  (global $perm i32 (i32.const 63))

  ;; Texts, each with a NUL behind it.
  (global $in i32 (i32.const 64)) (data (i32.const 64) "in")
  (global $in/sub i32 (i32.const 80)) (data (i32.const 80) "in/sub")
  (global $secret i32 (i32.const 96)) (data (i32.const 96) "secret")
  (global $contents i32 (i32.const 112)) (data (i32.const 112) "contents")
  (global $../secret i32 (i32.const 128)) (data (i32.const 128) "../secret")
  (global $file i32 (i32.const 144)) (data (i32.const 144) "file")
  (global $.. i32 (i32.const 160)) (data (i32.const 160) "..")
  (global $dir i32 (i32.const 176)) (data (i32.const 176) "dir")
  (global $sub/../../secret i32 (i32.const 192)) (data (i32.const 192) "sub/../../secret")
  (global $winding i32 (i32.const 224)) (data (i32.const 224) "winding")
  (global $../new i32 (i32.const 240)) (data (i32.const 240) "../new")
  (global $new i32 (i32.const 256)) (data (i32.const 256) "new")
  (global $again i32 (i32.const 272)) (data (i32.const 272) "again")
  (global $sub/.././../in/sub i32 (i32.const 288)) (data (i32.const 288) "sub/.././../in/sub")
  (global $return i32 (i32.const 320)) (data (i32.const 320) "return")
  (global $target i32 (i32.const 336)) (data (i32.const 336) "target")
  (global $dir/ i32 (i32.const 352)) (data (i32.const 352) "dir/")
  (global $dir/secret i32 (i32.const 368)) (data (i32.const 368) "dir/secret")
  (global $return/. i32 (i32.const 384)) (data (i32.const 384) "return/.")
  (global $dir/x i32 (i32.const 400)) (data (i32.const 400) "dir/x")
  (global $x i32 (i32.const 416)) (data (i32.const 416) "x")
  (global $dir/in i32 (i32.const 432)) (data (i32.const 432) "dir/in")
  (global $second i32 (i32.const 448)) (data (i32.const 448) "second")
  (global $third i32 (i32.const 464)) (data (i32.const 464) "third")
  (global $own i32 (i32.const 480)) (data (i32.const 480) "path_symlink_out.cleanup")

  (func (export "_start")
    (local $all i32)
    (call $open_root)
    (call $ok (i32.const 2) (call $create (global.get $in)))
    (call $ok (i32.const 2) (call $create (global.get $in/sub)))
    (call $ok (i32.const 2) (call $make (global.get $secret)))
    (call $ok (i32.const 2) (call $write (global.get $secret) (global.get $contents)))
    (local.set $all (global.get $root))
    (call $ok (i32.const 2)
      (call $path_open (global.get $root) (i32.const 0) (global.get $in) (i32.const 2)
        (i32.const 2) (i64.const 0x7bffe00) (i64.const 0xfffffff) (i32.const 0) (i32.const 2048)))
    (global.set $root (i32.load (i32.const 2048)))

    ;; A file, a directory and a new name outside, by several ways.
    ;; 3: they can be made.
    (call $ok (i32.const 3) (call $symlink (global.get $../secret) (global.get $file)))
    (call $ok (i32.const 3) (call $symlink (global.get $..) (global.get $dir)))
    (call $ok (i32.const 3) (call $symlink (global.get $sub/../../secret) (global.get $winding)))
    (call $ok (i32.const 3) (call $symlink (global.get $../new) (global.get $new)))
    (call $ok (i32.const 3) (call $symlink (global.get $dir) (global.get $again)))
    (call $ok (i32.const 3) (call $symlink (global.get $sub/.././../in/sub) (global.get $return)))
    (call $ok (i32.const 3) (call $make (global.get $target)))

    ;; Followed.
    ;; 4: to open.
    (call $expect (i32.const 4) (call $open (global.get $file) (i32.const 1) (i32.const 0))
      (global.get $perm))
    ;; 5: to open by a roundabout way.
    (call $expect (i32.const 5) (call $open (global.get $winding) (i32.const 1) (i32.const 0))
      (global.get $perm))
    ;; 6: to open by way of another link.
    (call $expect (i32.const 6) (call $open (global.get $again) (i32.const 1) (i32.const 0))
      (global.get $perm))
    ;; 7: to open, out and in again.
    (call $expect (i32.const 7) (call $open (global.get $return) (i32.const 1) (i32.const 0))
      (global.get $perm))
    ;; 8: to open a directory.
    (call $expect (i32.const 8) (call $open (global.get $dir) (i32.const 1) (i32.const 2))
      (global.get $perm))
    ;; 9: to cut short.
    (call $expect (i32.const 9) (call $open (global.get $file) (i32.const 1) (i32.const 8))
      (global.get $perm))
    ;; 10: to write.
    (call $expect (i32.const 10)
      (call $open_for (global.get $file) (i32.const 1) (i32.const 0) (i64.const 0x42))
      (global.get $perm))
    ;; 11: to create.
    (call $expect (i32.const 11) (call $open (global.get $new) (i32.const 1) (i32.const 1))
      (global.get $perm))
    ;; 12: to stat.
    (call $expect (i32.const 12) (call $stat (global.get $file) (i32.const 1)) (global.get $perm))
    ;; 13: to set times.
    (call $expect (i32.const 13)
      (call $set_times (global.get $file) (i32.const 1) (i64.const 1) (i64.const 2) (i32.const 5))
      (global.get $perm))

    ;; Followed because of a slash.
    ;; 14: to open.
    (call $expect (i32.const 14) (call $open (global.get $dir/) (i32.const 0) (i32.const 0))
      (global.get $perm))
    ;; 15: to stat.
    (call $expect (i32.const 15) (call $stat (global.get $dir/) (i32.const 0)) (global.get $perm))

    ;; On the way.
    ;; 16: to open.
    (call $expect (i32.const 16) (call $open (global.get $dir/secret) (i32.const 0) (i32.const 0))
      (global.get $perm))
    ;; 17: to open, in again.
    (call $expect (i32.const 17) (call $open (global.get $return/.) (i32.const 0) (i32.const 0))
      (global.get $perm))
    ;; 18: to make a directory.
    (call $expect (i32.const 18) (call $create (global.get $dir/x)) (global.get $perm))
    ;; 19: to make a link.
    (call $expect (i32.const 19) (call $symlink (global.get $target) (global.get $dir/x))
      (global.get $perm))
    ;; 20: to give a name.
    (call $expect (i32.const 20) (call $link (global.get $target) (global.get $dir/x))
      (global.get $perm))
    ;; 21: to name what is outside.
    (call $expect (i32.const 21) (call $link (global.get $dir/secret) (global.get $x))
      (global.get $perm))
    ;; 22: to move out.
    (call $expect (i32.const 22) (call $rename (global.get $target) (global.get $dir/x))
      (global.get $perm))
    ;; 23: to move in.
    (call $expect (i32.const 23) (call $rename (global.get $dir/secret) (global.get $x))
      (global.get $perm))
    ;; 24: to remove a file.
    (call $expect (i32.const 24) (call $unlink (global.get $dir/secret)) (global.get $perm))
    ;; 25: to remove a directory.
    (call $expect (i32.const 25) (call $remove (global.get $dir/in)) (global.get $perm))
    ;; 26: to read a link.
    (call $expect (i32.const 26) (call $readlink (global.get $dir/x) (i32.const 100))
      (global.get $perm))

    ;; The links themselves.
    ;; 27: to stat.
    (call $is (i32.const 27) (call $type (global.get $file)) (i32.const 7))
    ;; 28: to read.
    (call $ok (i32.const 28) (call $readlink (global.get $file) (i32.const 100)))
    ;; 29: to set times.
    (call $ok (i32.const 29)
      (call $set_times (global.get $file) (i32.const 0) (i64.const 1) (i64.const 2) (i32.const 5)))
    ;; 30: to name.
    (call $ok (i32.const 30) (call $link (global.get $file) (global.get $second)))
    (call $is (i32.const 30) (call $type (global.get $second)) (i32.const 7))
    ;; 31: to move.
    (call $ok (i32.const 31) (call $rename (global.get $file) (global.get $third)))
    (call $is (i32.const 31) (call $type (global.get $third)) (i32.const 7))
    ;; 32: to replace one by moving.
    (call $ok (i32.const 32) (call $rename (global.get $target) (global.get $new)))
    (call $is (i32.const 32) (call $type (global.get $new)) (i32.const 4))
    ;; 33: to unlink.
    (call $ok (i32.const 33) (call $unlink (global.get $winding)))
    (call $ok (i32.const 33) (call $unlink (global.get $dir)))

    ;; Outside all is as it was.
    (global.set $root (local.get $all))
    ;; 34: the file.
    (call $is (i32.const 34) (call $type (global.get $secret)) (i32.const 4))
    (call $is (i32.const 34) (call $size (global.get $secret)) (i32.const 8))
    (call $is (i32.const 34) (call $nlink (global.get $secret)) (i32.const 1))
    ;; 35: the new names.
    (call $is (i32.const 35) (call $type (global.get $new)) (i32.const -1))
    (call $is (i32.const 35) (call $type (global.get $x)) (i32.const -1))
    (call $ok (i32.const 2) (call $stat (global.get $secret) (i32.const 0)))
    ;; 36: its times are none of those that were set.
    (call $is (i32.const 36) (i64.gt_u (i64.load offset=48 (i32.const 4096)) (i64.const 2))
      (i32.const 1)))

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

  (func $remove (param $path i32) (result i32)
    (call $path_remove_directory
      (global.get $root) (local.get $path) (call $length (local.get $path))))

  (func $unlink (param $path i32) (result i32)
    (call $path_unlink_file
      (global.get $root) (local.get $path) (call $length (local.get $path))))

  (func $symlink (param $target i32) (param $path i32) (result i32)
    (call $path_symlink
      (local.get $target) (call $length (local.get $target))
      (global.get $root) (local.get $path) (call $length (local.get $path))))

  (func $link (param $from i32) (param $to i32) (result i32)
    (call $path_link
      (global.get $root) (i32.const 0) (local.get $from) (call $length (local.get $from))
      (global.get $root) (local.get $to) (call $length (local.get $to))))

  (func $rename (param $from i32) (param $to i32) (result i32)
    (call $path_rename
      (global.get $root) (local.get $from) (call $length (local.get $from))
      (global.get $root) (local.get $to) (call $length (local.get $to))))

  ;; What is told of a path goes to 4096.
  (func $stat (param $path i32) (param $follow i32) (result i32)
    (call $path_filestat_get (global.get $root) (local.get $follow)
      (local.get $path) (call $length (local.get $path)) (i32.const 4096)))

  ;; The type of what a path names, where a link is one; -1 if there is nothing.
  (func $type (param $path i32) (result i32)
    (if (result i32) (call $stat (local.get $path) (i32.const 0))
      (then (i32.const -1))
      (else (i32.load8_u offset=16 (i32.const 4096)))))

  ;; The length of what a path names, where a link is no more than that.
  (func $size (param $path i32) (result i32)
    (call $ok (i32.const 2) (call $stat (local.get $path) (i32.const 0)))
    (i32.wrap_i64 (i64.load offset=32 (i32.const 4096))))

  ;; The number of names of what a path names.
  (func $nlink (param $path i32) (result i32)
    (call $ok (i32.const 2) (call $stat (local.get $path) (i32.const 0)))
    (i32.wrap_i64 (i64.load offset=24 (i32.const 4096))))

  ;; What a link holds goes to 4096, its length to 2048.
  (func $readlink (param $path i32) (param $room i32) (result i32)
    (call $path_readlink (global.get $root) (local.get $path) (call $length (local.get $path))
      (i32.const 4096) (local.get $room) (i32.const 2048)))

  (func $set_times
    (param $path i32) (param $follow i32) (param $atim i64) (param $mtim i64) (param $flags i32)
    (result i32)
    (call $path_filestat_set_times (global.get $root) (local.get $follow)
      (local.get $path) (call $length (local.get $path))
      (local.get $atim) (local.get $mtim) (local.get $flags)))

  ;; Opens a file to write, and writes a text over its start; answers the first errno.
  (func $write (param $path i32) (param $text i32) (result i32)
    (local $fd i32)
    (call $ok (i32.const 2)
      (call $path_open (global.get $root) (i32.const 0)
        (local.get $path) (call $length (local.get $path))
        (i32.const 0) (i64.const 0x42) (i64.const 0) (i32.const 0) (i32.const 2048)))
    (local.set $fd (i32.load (i32.const 2048)))
    (i32.store (i32.const 0) (local.get $text))
    (i32.store (i32.const 4) (call $length (local.get $text)))
    (call $ok (i32.const 2)
      (call $fd_write (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 2048)))
    (call $fd_close (local.get $fd)))
)
