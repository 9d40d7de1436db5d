;; Which names can be removed, that links are never followed, and that directories
;; stay.
;;
;; It is given a directory as fd 3, and makes `path_unlink_file.cleanup` in it, where all
;; happens. It exits with 0, or with the number of the check that failed, which stands
;; before it. 1: that directory can be made. 2: so can what is needed in it.
(module
  (import "wasi_snapshot_preview1" "path_create_directory"
    (func $path_create_directory (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_unlink_file"
    (func $path_unlink_file (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_filestat_get"
    (func $path_filestat_get (param i32 i32 i32 i32 i32) (result i32)))
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
  (global $isdir i32 (i32.const 31))
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
  (global $../dir i32 (i32.const 224)) (data (i32.const 224) "../dir")
  (global $dir/up i32 (i32.const 240)) (data (i32.const 240) "dir/up")
  (global $dir/second i32 (i32.const 256)) (data (i32.const 256) "dir/second")
  (global $lnd/second i32 (i32.const 272)) (data (i32.const 272) "lnd/second")
  (global $dir/sub/../up i32 (i32.const 288)) (data (i32.const 288) "dir/sub/../up")
  (global $dir/ i32 (i32.const 304)) (data (i32.const 304) "dir/")
  (global $. i32 (i32.const 320)) (data (i32.const 320) ".")
  (global $file/ i32 (i32.const 336)) (data (i32.const 336) "file/")
  (global $ln/ i32 (i32.const 352)) (data (i32.const 352) "ln/")
  (global $lnd/ i32 (i32.const 368)) (data (i32.const 368) "lnd/")
  (global $missing i32 (i32.const 384)) (data (i32.const 384) "missing")
  (global $missing/ i32 (i32.const 400)) (data (i32.const 400) "missing/")
  (global $missing/x i32 (i32.const 416)) (data (i32.const 416) "missing/x")
  (global $file/x i32 (i32.const 432)) (data (i32.const 432) "file/x")
  (global $own i32 (i32.const 448)) (data (i32.const 448) "path_unlink_file.cleanup")

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

    (call $ok (i32.const 2) (call $symlink (global.get $../dir) (global.get $dir/up)))
    (call $ok (i32.const 2) (call $make (global.get $dir/second)))

    ;; Names of files.
    ;; 3: a file's name is removed.
    (call $ok (i32.const 3) (call $unlink (global.get $file)))
    (call $is (i32.const 3) (call $type (global.get $file)) (i32.const -1))
    ;; 4: it is gone.
    (call $expect (i32.const 4) (call $unlink (global.get $file)) (global.get $noent))
    ;; 5: in a directory.
    (call $ok (i32.const 5) (call $unlink (global.get $dir/inner)))
    ;; 6: beneath a link to a directory.
    (call $ok (i32.const 6) (call $unlink (global.get $lnd/second)))
    (call $is (i32.const 6) (call $type (global.get $dir/second)) (i32.const -1))
    ;; 7: by way of `..`.
    (call $ok (i32.const 7) (call $unlink (global.get $dir/sub/../up)))
    (call $is (i32.const 7) (call $type (global.get $dir/up)) (i32.const -1))

    ;; Links.
    ;; 8: a link to nothing.
    (call $ok (i32.const 8) (call $unlink (global.get $dangling)))
    (call $is (i32.const 8) (call $type (global.get $dangling)) (i32.const -1))
    ;; 9: a link to itself.
    (call $ok (i32.const 9) (call $unlink (global.get $ring)))
    (call $is (i32.const 9) (call $type (global.get $ring)) (i32.const -1))
    ;; 10: a link to a directory.
    (call $ok (i32.const 10) (call $unlink (global.get $lnd)))
    (call $is (i32.const 10) (call $type (global.get $lnd)) (i32.const -1))
    ;; 11: which itself stays.
    (call $is (i32.const 11) (call $type (global.get $dir)) (i32.const 3))
    ;; 12: a link to a file; the file stays.
    (call $ok (i32.const 12) (call $make (global.get $file)))
    (call $ok (i32.const 12) (call $unlink (global.get $ln)))
    (call $is (i32.const 12) (call $type (global.get $file)) (i32.const 4))

    ;; What has to stay.
    (call $ok (i32.const 2) (call $symlink (global.get $file) (global.get $ln)))
    (call $ok (i32.const 2) (call $symlink (global.get $dir) (global.get $lnd)))
    ;; 13: a directory.
    (call $expect (i32.const 13) (call $unlink (global.get $dir)) (global.get $isdir))
    ;; 14: a directory, with a slash.
    (call $expect (i32.const 14) (call $unlink (global.get $dir/)) (global.get $isdir))
    ;; 15: an empty directory.
    (call $expect (i32.const 15) (call $unlink (global.get $empty)) (global.get $isdir))
    ;; 16: the directory itself.
    (call $expect (i32.const 16) (call $unlink (global.get $.)) (global.get $isdir))
    ;; 17: a file, with a slash.
    (call $expect (i32.const 17) (call $unlink (global.get $file/)) (global.get $notdir))
    ;; 18: a link to a file, with a slash.
    (call $expect (i32.const 18) (call $unlink (global.get $ln/)) (global.get $notdir))
    ;; 19: a link to a directory, with a slash.
    (call $expect (i32.const 19) (call $unlink (global.get $lnd/)) (global.get $notdir))
    ;; 20: nothing.
    (call $expect (i32.const 20) (call $unlink (global.get $missing)) (global.get $noent))
    ;; 21: nothing, with a slash.
    (call $expect (i32.const 21) (call $unlink (global.get $missing/)) (global.get $noent))
    ;; 22: nothing, beneath nothing.
    (call $expect (i32.const 22) (call $unlink (global.get $missing/x)) (global.get $noent))
    ;; 23: nothing, beneath a file.
    (call $expect (i32.const 23) (call $unlink (global.get $file/x)) (global.get $notdir))
    ;; 24: all of them stay.
    (call $is (i32.const 24) (call $type (global.get $dir)) (i32.const 3))
    (call $is (i32.const 24) (call $type (global.get $empty)) (i32.const 3))
    (call $is (i32.const 24) (call $type (global.get $file)) (i32.const 4))
    (call $is (i32.const 24) (call $type (global.get $ln)) (i32.const 7))
    (call $is (i32.const 24) (call $type (global.get $lnd)) (i32.const 7)))

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

  (func $unlink (param $path i32) (result i32)
    (call $path_unlink_file
      (global.get $root) (local.get $path) (call $length (local.get $path))))

  (func $symlink (param $target i32) (param $path i32) (result i32)
    (call $path_symlink
      (local.get $target) (call $length (local.get $target))
      (global.get $root) (local.get $path) (call $length (local.get $path))))

  ;; What is told of a path goes to 4096.
  (func $stat (param $path i32) (param $follow i32) (result i32)
    (call $path_filestat_get (global.get $root) (local.get $follow)
      (local.get $path) (call $length (local.get $path)) (i32.const 4096)))

  ;; The type of what a path names, where a link is one; -1 if there is nothing.
  (func $type (param $path i32) (result i32)
    (if (result i32) (call $stat (local.get $path) (i32.const 0))
      (then (i32.const -1))
      (else (i32.load8_u offset=16 (i32.const 4096)))))
)
