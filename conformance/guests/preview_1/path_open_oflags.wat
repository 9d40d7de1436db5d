;; Each of oflags, and which of them contradict each other: creat 1, directory 2, excl 4,
;; trunc 8. Nothing is asked for that a handle could do: files are created and cut short
;; all the same.
;;
;; It is given a directory as fd 3, and makes `path_open_oflags.cleanup` in it, where all
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
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit"
    (func $proc_exit (param i32)))

  (memory (export "memory") 1)

  ;; The directory that all happens in.
  (global $root (mut i32) (i32.const -1))

  ;; What calls answer.
  (global $exist i32 (i32.const 20))
  (global $inval i32 (i32.const 28))
  (global $isdir i32 (i32.const 31))
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
  (global $../file i32 (i32.const 224)) (data (i32.const 224) "../file")
  (global $dir/up i32 (i32.const 240)) (data (i32.const 240) "dir/up")
  (global $contents i32 (i32.const 256)) (data (i32.const 256) "contents")
  (global $dir/ i32 (i32.const 272)) (data (i32.const 272) "dir/")
  (global $missing i32 (i32.const 288)) (data (i32.const 288) "missing")
  (global $new i32 (i32.const 304)) (data (i32.const 304) "new")
  (global $dir/new i32 (i32.const 320)) (data (i32.const 320) "dir/new")
  (global $lnd/second i32 (i32.const 336)) (data (i32.const 336) "lnd/second")
  (global $dir/second i32 (i32.const 352)) (data (i32.const 352) "dir/second")
  (global $missing/new i32 (i32.const 368)) (data (i32.const 368) "missing/new")
  (global $file/new i32 (i32.const 384)) (data (i32.const 384) "file/new")
  (global $new2/ i32 (i32.const 400)) (data (i32.const 400) "new2/")
  (global $file/ i32 (i32.const 416)) (data (i32.const 416) "file/")
  (global $. i32 (i32.const 432)) (data (i32.const 432) ".")
  (global $new3 i32 (i32.const 448)) (data (i32.const 448) "new3")
  (global $own i32 (i32.const 464)) (data (i32.const 464) "path_open_oflags.cleanup")

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
    (call $ok (i32.const 2) (call $symlink (global.get $../file) (global.get $dir/up)))

    (call $ok (i32.const 2) (call $write (global.get $file) (global.get $contents)))

    ;; None, and directory alone.
    ;; 3: a directory, demanded.
    (call $ok (i32.const 3) (call $open (global.get $dir) (i32.const 1) (i32.const 2)))
    ;; 4: a directory, demanded by both.
    (call $ok (i32.const 4) (call $open (global.get $dir/) (i32.const 1) (i32.const 2)))
    ;; 5: a directory behind a link, demanded.
    (call $ok (i32.const 5) (call $open (global.get $lnd) (i32.const 1) (i32.const 2)))
    ;; 6: a file where a directory is demanded.
    (call $expect (i32.const 6) (call $open (global.get $file) (i32.const 1) (i32.const 2))
      (global.get $notdir))
    ;; 7: a link to a file where a directory is demanded.
    (call $expect (i32.const 7) (call $open (global.get $ln) (i32.const 1) (i32.const 2))
      (global.get $notdir))
    ;; 8: nothing where a directory is demanded.
    (call $expect (i32.const 8) (call $open (global.get $missing) (i32.const 1) (i32.const 2))
      (global.get $noent))
    ;; 9: a link to nothing where a directory is demanded.
    (call $expect (i32.const 9) (call $open (global.get $dangling) (i32.const 1) (i32.const 2))
      (global.get $noent))

    ;; creat.
    ;; 10: a file is created.
    (call $ok (i32.const 10) (call $open (global.get $new) (i32.const 1) (i32.const 1)))
    (call $is (i32.const 10) (call $type (global.get $new)) (i32.const 4))
    ;; 11: one that is there is opened.
    (call $ok (i32.const 11) (call $open (global.get $file) (i32.const 1) (i32.const 1)))
    ;; 12: and is as it was.
    (call $is (i32.const 12) (call $size (global.get $file)) (i32.const 8))
    ;; 13: in a directory.
    (call $ok (i32.const 13) (call $open (global.get $dir/new) (i32.const 0) (i32.const 1)))
    (call $is (i32.const 13) (call $type (global.get $dir/new)) (i32.const 4))
    ;; 14: in what a link leads to.
    (call $ok (i32.const 14) (call $open (global.get $lnd/second) (i32.const 0) (i32.const 1)))
    (call $is (i32.const 14) (call $type (global.get $dir/second)) (i32.const 4))
    ;; 15: what a link to nothing leads to.
    (call $ok (i32.const 15) (call $open (global.get $dangling) (i32.const 1) (i32.const 1)))
    (call $is (i32.const 15) (call $type (global.get $nowhere)) (i32.const 4))
    (call $is (i32.const 15) (call $type (global.get $dangling)) (i32.const 7))
    ;; 16: not in a directory that is missing.
    (call $expect (i32.const 16) (call $open (global.get $missing/new) (i32.const 1) (i32.const 1))
      (global.get $noent))
    ;; 17: not in a file.
    (call $expect (i32.const 17) (call $open (global.get $file/new) (i32.const 1) (i32.const 1))
      (global.get $notdir))
    ;; 18: not with a slash behind the name.
    (call $expect (i32.const 18) (call $open (global.get $new2/) (i32.const 1) (i32.const 1))
      (global.get $isdir))
    ;; 19: not with a slash behind a file's name.
    (call $expect (i32.const 19) (call $open (global.get $file/) (i32.const 1) (i32.const 1))
      (global.get $isdir))
    ;; 20: not where a directory is.
    (call $expect (i32.const 20) (call $open (global.get $dir) (i32.const 1) (i32.const 1))
      (global.get $isdir))
    ;; 21: not where a directory is, with a slash.
    (call $expect (i32.const 21) (call $open (global.get $dir/) (i32.const 1) (i32.const 1))
      (global.get $isdir))
    ;; 22: not where the directory itself is.
    (call $expect (i32.const 22) (call $open (global.get $.) (i32.const 1) (i32.const 1))
      (global.get $isdir))
    ;; 23: not what a link to itself leads to.
    (call $expect (i32.const 23) (call $open (global.get $ring) (i32.const 1) (i32.const 1))
      (global.get $loop))

    ;; creat and excl.
    ;; 24: a file is created.
    (call $ok (i32.const 24) (call $open (global.get $new3) (i32.const 1) (i32.const 5)))
    (call $is (i32.const 24) (call $type (global.get $new3)) (i32.const 4))
    ;; 25: not where a file is.
    (call $expect (i32.const 25) (call $open (global.get $file) (i32.const 1) (i32.const 5))
      (global.get $exist))
    ;; 26: not where a directory is.
    (call $expect (i32.const 26) (call $open (global.get $dir) (i32.const 1) (i32.const 5))
      (global.get $exist))
    ;; 27: not where a link to a file is.
    (call $expect (i32.const 27) (call $open (global.get $ln) (i32.const 1) (i32.const 5))
      (global.get $exist))
    ;; 28: not where a link to a file is, not following.
    (call $expect (i32.const 28) (call $open (global.get $ln) (i32.const 0) (i32.const 5))
      (global.get $exist))
    (call $ok (i32.const 2) (call $unlink (global.get $nowhere)))
    ;; 29: not where a link to nothing is.
    (call $expect (i32.const 29) (call $open (global.get $dangling) (i32.const 1) (i32.const 5))
      (global.get $exist))
    (call $is (i32.const 29) (call $type (global.get $nowhere)) (i32.const -1))
    ;; 30: not where a link to itself is.
    (call $expect (i32.const 30) (call $open (global.get $ring) (i32.const 1) (i32.const 5))
      (global.get $exist))

    ;; excl without creat says nothing.
    ;; 31: a file.
    (call $ok (i32.const 31) (call $open (global.get $file) (i32.const 1) (i32.const 4)))
    ;; 32: nothing.
    (call $expect (i32.const 32) (call $open (global.get $missing) (i32.const 1) (i32.const 4))
      (global.get $noent))

    ;; trunc.
    ;; 33: nothing.
    (call $expect (i32.const 33) (call $open (global.get $missing) (i32.const 1) (i32.const 8))
      (global.get $noent))
    ;; 34: a directory.
    (call $expect (i32.const 34) (call $open (global.get $dir) (i32.const 1) (i32.const 8))
      (global.get $isdir))
    ;; 35: the directory itself.
    (call $expect (i32.const 35) (call $open (global.get $.) (i32.const 1) (i32.const 8))
      (global.get $isdir))
    ;; 36: a link to nothing.
    (call $expect (i32.const 36) (call $open (global.get $dangling) (i32.const 1) (i32.const 8))
      (global.get $noent))
    ;; 37: no link was followed that was not to be.
    (call $expect (i32.const 37) (call $open (global.get $ln) (i32.const 0) (i32.const 8))
      (global.get $loop))
    (call $is (i32.const 37) (call $size (global.get $file)) (i32.const 8))
    ;; 38: a file is cut short.
    (call $ok (i32.const 38) (call $open (global.get $file) (i32.const 1) (i32.const 8)))
    (call $is (i32.const 38) (call $size (global.get $file)) (i32.const 0))
    (call $ok (i32.const 2) (call $write (global.get $file) (global.get $contents)))
    ;; 39: what a link leads to is.
    (call $ok (i32.const 39) (call $open (global.get $ln) (i32.const 1) (i32.const 9)))
    (call $is (i32.const 39) (call $size (global.get $file)) (i32.const 0))
    (call $ok (i32.const 2) (call $write (global.get $file) (global.get $contents)))
    ;; 40: a file that is to be created if need be.
    (call $ok (i32.const 40) (call $open (global.get $file) (i32.const 1) (i32.const 9)))
    (call $is (i32.const 40) (call $size (global.get $file)) (i32.const 0))
    ;; 41: a file that is opened to read.
    (call $ok (i32.const 41)
      (call $open_for (global.get $file) (i32.const 1) (i32.const 8) (i64.const 2)))

    ;; directory beside others.
    ;; 42: creat, where nothing is.
    (call $expect (i32.const 42) (call $open (global.get $missing) (i32.const 1) (i32.const 3))
      (global.get $inval))
    ;; 43: creat, where a directory is.
    (call $expect (i32.const 43) (call $open (global.get $dir) (i32.const 1) (i32.const 3))
      (global.get $inval))
    ;; 44: creat, where a file is.
    (call $expect (i32.const 44) (call $open (global.get $file) (i32.const 1) (i32.const 3))
      (global.get $inval))
    ;; 45: nothing came of it.
    (call $is (i32.const 45) (call $type (global.get $missing)) (i32.const -1)))

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

  ;; The length of what a path names, where a link is no more than that.
  (func $size (param $path i32) (result i32)
    (call $ok (i32.const 2) (call $stat (local.get $path) (i32.const 0)))
    (i32.wrap_i64 (i64.load offset=32 (i32.const 4096))))

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
