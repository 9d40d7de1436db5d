;; Second names of files: where they can be given, and to what.
;;
;; It is given a directory as fd 3, and makes `path_link.cleanup` in it, where all happens.
;; It exits with 0, or with the number of the check that failed, which stands before it. 1:
;; that directory can be made. 2: so can what is needed in it.
(module
  (import "wasi_snapshot_preview1" "path_create_directory"
    (func $path_create_directory (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_unlink_file"
    (func $path_unlink_file (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_filestat_get"
    (func $path_filestat_get (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_link"
    (func $path_link (param i32 i32 i32 i32 i32 i32 i32) (result i32)))
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
  (global $exist i32 (i32.const 20))
  (global $inval i32 (i32.const 28))
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
  (global $second i32 (i32.const 224)) (data (i32.const 224) "second")
  (global $dir/third i32 (i32.const 240)) (data (i32.const 240) "dir/third")
  (global $lnd/inner i32 (i32.const 256)) (data (i32.const 256) "lnd/inner")
  (global $empty/inner i32 (i32.const 272)) (data (i32.const 272) "empty/inner")
  (global $ln2 i32 (i32.const 288)) (data (i32.const 288) "ln2")
  (global $dangling2 i32 (i32.const 304)) (data (i32.const 304) "dangling2")
  (global $ring2 i32 (i32.const 320)) (data (i32.const 320) "ring2")
  (global $new i32 (i32.const 336)) (data (i32.const 336) "new")
  (global $dir/ i32 (i32.const 352)) (data (i32.const 352) "dir/")
  (global $. i32 (i32.const 368)) (data (i32.const 368) ".")
  (global $new/ i32 (i32.const 384)) (data (i32.const 384) "new/")
  (global $file/ i32 (i32.const 400)) (data (i32.const 400) "file/")
  (global $ln/ i32 (i32.const 416)) (data (i32.const 416) "ln/")
  (global $missing i32 (i32.const 432)) (data (i32.const 432) "missing")
  (global $file/x i32 (i32.const 448)) (data (i32.const 448) "file/x")
  (global $missing/new i32 (i32.const 464)) (data (i32.const 464) "missing/new")
  (global $file/new i32 (i32.const 480)) (data (i32.const 480) "file/new")
  (global $own i32 (i32.const 496)) (data (i32.const 496) "path_link.cleanup")

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

    ;; A second name.
    ;; 3: of a file.
    (call $ok (i32.const 3) (call $link (global.get $file) (global.get $second)))
    (call $is (i32.const 3) (call $nlink (global.get $file)) (i32.const 2))
    (call $is (i32.const 3) (i64.eq (call $ino (global.get $file)) (call $ino (global.get $second)))
      (i32.const 1))
    ;; 4: a third, in a directory.
    (call $ok (i32.const 4) (call $link (global.get $second) (global.get $dir/third)))
    (call $is (i32.const 4) (call $nlink (global.get $file)) (i32.const 3))
    ;; 5: of a file in a directory, beneath a link.
    (call $ok (i32.const 5) (call $link (global.get $lnd/inner) (global.get $empty/inner)))
    (call $is (i32.const 5) (call $nlink (global.get $dir/inner)) (i32.const 2))
    ;; 6: without its first name the file stays.
    (call $ok (i32.const 6) (call $unlink (global.get $file)))
    (call $is (i32.const 6) (call $type (global.get $second)) (i32.const 4))
    (call $is (i32.const 6) (call $nlink (global.get $second)) (i32.const 2))
    (call $ok (i32.const 2) (call $make (global.get $file)))

    ;; Links are not followed.
    ;; 7: of a link to a file.
    (call $ok (i32.const 7) (call $link (global.get $ln) (global.get $ln2)))
    (call $is (i32.const 7) (call $type (global.get $ln2)) (i32.const 7))
    ;; 8: of a link to nothing.
    (call $ok (i32.const 8) (call $link (global.get $dangling) (global.get $dangling2)))
    (call $is (i32.const 8) (call $type (global.get $dangling2)) (i32.const 7))
    ;; 9: of a link to itself.
    (call $ok (i32.const 9) (call $link (global.get $ring) (global.get $ring2)))
    (call $is (i32.const 9) (call $type (global.get $ring2)) (i32.const 7))
    ;; 10: to follow cannot be asked for.
    (call $expect (i32.const 10) (call $link_followed (global.get $ln) (global.get $new))
      (global.get $inval))
    ;; 11: not even where there is no link.
    (call $expect (i32.const 11) (call $link_followed (global.get $file) (global.get $new))
      (global.get $inval))

    ;; Where a name is already.
    ;; 12: a file.
    (call $expect (i32.const 12) (call $link (global.get $file) (global.get $second))
      (global.get $exist))
    ;; 13: the file itself.
    (call $expect (i32.const 13) (call $link (global.get $file) (global.get $file))
      (global.get $exist))
    ;; 14: a directory.
    (call $expect (i32.const 14) (call $link (global.get $file) (global.get $dir))
      (global.get $exist))
    ;; 15: a directory, with a slash.
    (call $expect (i32.const 15) (call $link (global.get $file) (global.get $dir/))
      (global.get $exist))
    ;; 16: a link to a file.
    (call $expect (i32.const 16) (call $link (global.get $file) (global.get $ln))
      (global.get $exist))
    ;; 17: a link to nothing.
    (call $expect (i32.const 17) (call $link (global.get $file) (global.get $dangling))
      (global.get $exist))
    ;; 18: the directory itself.
    (call $expect (i32.const 18) (call $link (global.get $file) (global.get $.))
      (global.get $exist))

    ;; Names that none can be given to, or by.
    ;; 19: of a directory.
    (call $expect (i32.const 19) (call $link (global.get $dir) (global.get $new))
      (global.get $perm))
    ;; 20: of a directory, with a slash.
    (call $expect (i32.const 20) (call $link (global.get $dir/) (global.get $new))
      (global.get $perm))
    ;; 21: of the directory itself.
    (call $expect (i32.const 21) (call $link (global.get $.) (global.get $new)) (global.get $perm))
    ;; 22: with a slash.
    (call $expect (i32.const 22) (call $link (global.get $file) (global.get $new/))
      (global.get $noent))
    ;; 23: with a slash behind a file's name.
    (call $expect (i32.const 23) (call $link (global.get $file) (global.get $file/))
      (global.get $notdir))
    ;; 24: of a file, with a slash.
    (call $expect (i32.const 24) (call $link (global.get $file/) (global.get $new))
      (global.get $notdir))
    ;; 25: of a link to a file, with a slash.
    (call $expect (i32.const 25) (call $link (global.get $ln/) (global.get $new))
      (global.get $notdir))
    ;; 26: of nothing.
    (call $expect (i32.const 26) (call $link (global.get $missing) (global.get $new))
      (global.get $noent))
    ;; 27: of nothing beneath a file.
    (call $expect (i32.const 27) (call $link (global.get $file/x) (global.get $new))
      (global.get $notdir))
    ;; 28: in a directory that is missing.
    (call $expect (i32.const 28) (call $link (global.get $file) (global.get $missing/new))
      (global.get $noent))
    ;; 29: in a file.
    (call $expect (i32.const 29) (call $link (global.get $file) (global.get $file/new))
      (global.get $notdir))
    ;; 30: nothing came of it.
    (call $is (i32.const 30) (call $type (global.get $new)) (i32.const -1))
    (call $is (i32.const 30) (call $nlink (global.get $file)) (i32.const 1)))

  (func $link_followed (param $from i32) (param $to i32) (result i32)
    (call $path_link
      (global.get $root) (i32.const 1) (local.get $from) (call $length (local.get $from))
      (global.get $root) (local.get $to) (call $length (local.get $to))))

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

  (func $link (param $from i32) (param $to i32) (result i32)
    (call $path_link
      (global.get $root) (i32.const 0) (local.get $from) (call $length (local.get $from))
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

  ;; The number of what a path names, where a link is itself.
  (func $ino (param $path i32) (result i64)
    (call $ok (i32.const 2) (call $stat (local.get $path) (i32.const 0)))
    (i64.load offset=8 (i32.const 4096)))

  ;; The number of names of what a path names.
  (func $nlink (param $path i32) (result i32)
    (call $ok (i32.const 2) (call $stat (local.get $path) (i32.const 0)))
    (i32.wrap_i64 (i64.load offset=24 (i32.const 4096))))
)
