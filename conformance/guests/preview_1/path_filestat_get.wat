;; What is told of a name, with links and without, and what a slash demands.
;;
;; It is given a directory as fd 3, and makes `path_filestat_get.cleanup` in it, where all
;; happens. It exits with 0, or with the number of the check that failed, which stands
;; before it. 1: that directory can be made. 2: so can what is needed in it.
(module
  (import "wasi_snapshot_preview1" "path_create_directory"
    (func $path_create_directory (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_filestat_get"
    (func $path_filestat_get (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_symlink"
    (func $path_symlink (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_close"
    (func $fd_close (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_filestat_get"
    (func $fd_filestat_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit"
    (func $proc_exit (param i32)))

  (memory (export "memory") 1)

  ;; The directory that all happens in.
  (global $root (mut i32) (i32.const -1))

  ;; What calls answer.
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
  (global $eight i32 (i32.const 224)) (data (i32.const 224) "contents")
  (global $five! i32 (i32.const 240)) (data (i32.const 240) "inner")
  (global $../file i32 (i32.const 256)) (data (i32.const 256) "../file")
  (global $dir/up i32 (i32.const 272)) (data (i32.const 272) "dir/up")
  (global $dir/ i32 (i32.const 288)) (data (i32.const 288) "dir/")
  (global $. i32 (i32.const 304)) (data (i32.const 304) ".")
  (global $dir/.. i32 (i32.const 320)) (data (i32.const 320) "dir/..")
  (global $dir/./sub//../inner i32 (i32.const 336)) (data (i32.const 336) "dir/./sub//../inner")
  (global $lnd/ i32 (i32.const 368)) (data (i32.const 368) "lnd/")
  (global $lnd/inner i32 (i32.const 384)) (data (i32.const 384) "lnd/inner")
  (global $dir/../file i32 (i32.const 400)) (data (i32.const 400) "dir/../file")
  (global $missing i32 (i32.const 416)) (data (i32.const 416) "missing")
  (global $missing/ i32 (i32.const 432)) (data (i32.const 432) "missing/")
  (global $missing/x i32 (i32.const 448)) (data (i32.const 448) "missing/x")
  (global $file/ i32 (i32.const 464)) (data (i32.const 464) "file/")
  (global $ln/ i32 (i32.const 480)) (data (i32.const 480) "ln/")
  (global $dangling/ i32 (i32.const 496)) (data (i32.const 496) "dangling/")
  (global $ring/ i32 (i32.const 512)) (data (i32.const 512) "ring/")
  (global $file/x i32 (i32.const 528)) (data (i32.const 528) "file/x")
  (global $file/../dir i32 (i32.const 544)) (data (i32.const 544) "file/../dir")
  (global $own i32 (i32.const 560)) (data (i32.const 560) "path_filestat_get.cleanup")

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

    (call $ok (i32.const 2) (call $write (global.get $file) (global.get $eight)))
    (call $ok (i32.const 2) (call $write (global.get $dir/inner) (global.get $five!)))
    (call $ok (i32.const 2) (call $symlink (global.get $../file) (global.get $dir/up)))

    ;; Types: 3 is a directory, 4 a file, 7 a link.
    ;; 3: a file, not following.
    (call $is (i32.const 3) (call $type (global.get $file)) (i32.const 4))
    (call $is (i32.const 3) (call $size (global.get $file)) (i32.const 8))
    ;; 4: a file, following.
    (call $ok (i32.const 4) (call $stat (global.get $file) (i32.const 1)))
    (call $is (i32.const 4) (i32.load8_u offset=16 (i32.const 4096)) (i32.const 4))
    (call $is64 (i32.const 4) (i64.load offset=32 (i32.const 4096)) (i64.const 8))
    ;; 5: it has one name.
    (call $is (i32.const 5) (call $nlink (global.get $file)) (i32.const 1))
    ;; 6: a directory.
    (call $is (i32.const 6) (call $type (global.get $dir)) (i32.const 3))
    ;; 7: a directory, with a slash.
    (call $is (i32.const 7) (call $type (global.get $dir/)) (i32.const 3))
    ;; 8: the directory itself.
    (call $is (i32.const 8) (call $type (global.get $.)) (i32.const 3))
    ;; 9: the directory itself, from beneath.
    (call $is (i32.const 9) (call $type (global.get $dir/..)) (i32.const 3))
    ;; 10: beneath a directory, by roundabout ways.
    (call $is (i32.const 10) (call $type (global.get $dir/./sub//../inner)) (i32.const 4))
    (call $is (i32.const 10) (call $size (global.get $dir/inner)) (i32.const 5))

    ;; Links.
    ;; 11: a link's own type and length.
    (call $is (i32.const 11) (call $type (global.get $ln)) (i32.const 7))
    (call $is (i32.const 11) (call $size (global.get $ln)) (i32.const 4))
    ;; 12: what it leads to.
    (call $ok (i32.const 12) (call $stat (global.get $ln) (i32.const 1)))
    (call $is (i32.const 12) (i32.load8_u offset=16 (i32.const 4096)) (i32.const 4))
    (call $is64 (i32.const 12) (i64.load offset=32 (i32.const 4096)) (i64.const 8))
    ;; 13: a link to a directory.
    (call $is (i32.const 13) (call $type (global.get $lnd)) (i32.const 7))
    (call $is (i32.const 13) (call $size (global.get $lnd)) (i32.const 3))
    ;; 14: with a slash it is the directory, followed or not.
    (call $is (i32.const 14) (call $type (global.get $lnd/)) (i32.const 3))
    (call $ok (i32.const 14) (call $stat (global.get $lnd/) (i32.const 1)))
    (call $is (i32.const 14) (i32.load8_u offset=16 (i32.const 4096)) (i32.const 3))
    ;; 15: beneath it nothing has to be followed.
    (call $is (i32.const 15) (call $type (global.get $lnd/inner)) (i32.const 4))
    ;; 16: a link that leads up.
    (call $is (i32.const 16) (call $type (global.get $dir/up)) (i32.const 7))
    (call $ok (i32.const 16) (call $stat (global.get $dir/up) (i32.const 1)))
    (call $is (i32.const 16) (i32.load8_u offset=16 (i32.const 4096)) (i32.const 4))
    ;; 17: a link to nothing.
    (call $is (i32.const 17) (call $type (global.get $dangling)) (i32.const 7))
    (call $is (i32.const 17) (call $size (global.get $dangling)) (i32.const 7))
    ;; 18: followed it is nothing.
    (call $expect (i32.const 18) (call $stat (global.get $dangling) (i32.const 1))
      (global.get $noent))
    ;; 19: a link to itself.
    (call $is (i32.const 19) (call $type (global.get $ring)) (i32.const 7))
    ;; 20: followed it leads nowhere.
    (call $expect (i32.const 20) (call $stat (global.get $ring) (i32.const 1)) (global.get $loop))

    ;; Numbers: the same for the same file, others for others.
    ;; 21: of a file, by two ways.
    (call $is (i32.const 21) (call $same_ino (global.get $file) (global.get $dir/../file))
      (i32.const 1))
    ;; 22: of a link and what it leads to.
    (call $is (i32.const 22) (call $same_ino (global.get $file) (global.get $ln)) (i32.const 0))
    ;; 23: of the link to a directory, with a slash and without.
    (call $is (i32.const 23) (call $same_ino (global.get $lnd) (global.get $lnd/)) (i32.const 0))
    ;; 24: of the directory behind it.
    (call $is (i32.const 24) (call $same_ino (global.get $dir) (global.get $lnd/)) (i32.const 1))
    ;; 25: of a directory and the one in it.
    (call $is (i32.const 25) (call $same_ino (global.get $dir) (global.get $dir/sub)) (i32.const 0))
    ;; 26: of a directory, opened and by name.
    (call $ok (i32.const 26) (call $fd_filestat_get (global.get $root) (i32.const 4096)))
    (call $is (i32.const 26)
      (i64.eq (i64.load offset=8 (i32.const 4096)) (call $ino (global.get $.)))
      (i32.const 1))

    ;; Nothing.
    ;; 27: a missing name.
    (call $expect (i32.const 27) (call $stat (global.get $missing) (i32.const 0))
      (global.get $noent))
    ;; 28: a missing name, with a slash.
    (call $expect (i32.const 28) (call $stat (global.get $missing/) (i32.const 0))
      (global.get $noent))
    ;; 29: beneath what is missing.
    (call $expect (i32.const 29) (call $stat (global.get $missing/x) (i32.const 0))
      (global.get $noent))
    ;; 30: a file, with a slash.
    (call $expect (i32.const 30) (call $stat (global.get $file/) (i32.const 0))
      (global.get $notdir))
    (call $expect (i32.const 30) (call $stat (global.get $file/) (i32.const 1))
      (global.get $notdir))
    ;; 31: a link to a file, with a slash.
    (call $expect (i32.const 31) (call $stat (global.get $ln/) (i32.const 0)) (global.get $notdir))
    (call $expect (i32.const 31) (call $stat (global.get $ln/) (i32.const 1)) (global.get $notdir))
    ;; 32: a link to nothing, with a slash.
    (call $expect (i32.const 32) (call $stat (global.get $dangling/) (i32.const 0))
      (global.get $noent))
    ;; 33: a link to itself, with a slash.
    (call $expect (i32.const 33) (call $stat (global.get $ring/) (i32.const 0)) (global.get $loop))
    ;; 34: beneath a file.
    (call $expect (i32.const 34) (call $stat (global.get $file/x) (i32.const 0))
      (global.get $notdir))
    ;; 35: beneath a file, and up again.
    (call $expect (i32.const 35) (call $stat (global.get $file/../dir) (i32.const 0))
      (global.get $notdir)))

  ;; Whether two names are those of one file, where a link is a file of its own.
  (func $same_ino (param $one i32) (param $other i32) (result i32)
    (i64.eq (call $ino (local.get $one)) (call $ino (local.get $other))))

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

  ;; Ends the guest unless two numbers are the same.
  (func $is64 (param $check i32) (param $found i64) (param $wanted i64)
    (if (i64.ne (local.get $found) (local.get $wanted))
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

  ;; The type of what a path names, where a link is one; -1 if there is nothing.
  (func $type (param $path i32) (result i32)
    (if (result i32) (call $stat (local.get $path) (i32.const 0))
      (then (i32.const -1))
      (else (i32.load8_u offset=16 (i32.const 4096)))))

  ;; The length of what a path names, where a link is no more than that.
  (func $size (param $path i32) (result i32)
    (call $ok (i32.const 2) (call $stat (local.get $path) (i32.const 0)))
    (i32.wrap_i64 (i64.load offset=32 (i32.const 4096))))

  ;; The number of what a path names, where a link is itself.
  (func $ino (param $path i32) (result i64)
    (call $ok (i32.const 2) (call $stat (local.get $path) (i32.const 0)))
    (i64.load offset=8 (i32.const 4096)))

  ;; The number of names of what a path names.
  (func $nlink (param $path i32) (result i32)
    (call $ok (i32.const 2) (call $stat (local.get $path) (i32.const 0)))
    (i32.wrap_i64 (i64.load offset=24 (i32.const 4096))))

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
