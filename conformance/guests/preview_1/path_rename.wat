;; What can be renamed to what, and what a slash demands of either name.
;;
;; It is given a directory as fd 3, and makes `path_rename.cleanup` in it, where all
;; happens. It exits with 0, or with the number of the check that failed, which stands
;; before it. 1: that directory can be made. 2: so can what is needed in it.
(module
  (import "wasi_snapshot_preview1" "path_create_directory"
    (func $path_create_directory (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_filestat_get"
    (func $path_filestat_get (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_link"
    (func $path_link (param i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_rename"
    (func $path_rename (param i32 i32 i32 i32 i32 i32) (result i32)))
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
  (global $busy i32 (i32.const 10))
  (global $inval i32 (i32.const 28))
  (global $isdir i32 (i32.const 31))
  (global $loop i32 (i32.const 32))
  (global $noent i32 (i32.const 44))
  (global $notdir i32 (i32.const 54))
  (global $notempty i32 (i32.const 55))

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
  (global $new i32 (i32.const 224)) (data (i32.const 224) "new")
  (global $dir/new i32 (i32.const 240)) (data (i32.const 240) "dir/new")
  (global $dir/../file i32 (i32.const 256)) (data (i32.const 256) "dir/../file")
  (global $again i32 (i32.const 272)) (data (i32.const 272) "again")
  (global $moved i32 (i32.const 288)) (data (i32.const 288) "moved")
  (global $new/sub i32 (i32.const 304)) (data (i32.const 304) "new/sub")
  (global $new/ i32 (i32.const 320)) (data (i32.const 320) "new/")
  (global $empty/ i32 (i32.const 336)) (data (i32.const 336) "empty/")
  (global $empty/inner i32 (i32.const 352)) (data (i32.const 352) "empty/inner")
  (global $empty/sub/new i32 (i32.const 368)) (data (i32.const 368) "empty/sub/new")
  (global $. i32 (i32.const 384)) (data (i32.const 384) ".")
  (global $file/ i32 (i32.const 400)) (data (i32.const 400) "file/")
  (global $again/ i32 (i32.const 416)) (data (i32.const 416) "again/")
  (global $missing i32 (i32.const 432)) (data (i32.const 432) "missing")
  (global $missing/ i32 (i32.const 448)) (data (i32.const 448) "missing/")
  (global $missing/new i32 (i32.const 464)) (data (i32.const 464) "missing/new")
  (global $again/new i32 (i32.const 480)) (data (i32.const 480) "again/new")
  (global $file/x i32 (i32.const 496)) (data (i32.const 496) "file/x")
  (global $ring/new i32 (i32.const 512)) (data (i32.const 512) "ring/new")
  (global $own i32 (i32.const 528)) (data (i32.const 528) "path_rename.cleanup")

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

    ;; Files.
    ;; 3: to a new name.
    (call $ok (i32.const 3) (call $rename (global.get $file) (global.get $new)))
    (call $is (i32.const 3) (call $type (global.get $file)) (i32.const -1))
    (call $is (i32.const 3) (call $type (global.get $new)) (i32.const 4))
    ;; 4: into a directory.
    (call $ok (i32.const 4) (call $rename (global.get $new) (global.get $dir/new)))
    (call $is (i32.const 4) (call $type (global.get $dir/new)) (i32.const 4))
    ;; 5: in place of another file.
    (call $ok (i32.const 5) (call $rename (global.get $dir/new) (global.get $dir/inner)))
    (call $is (i32.const 5) (call $type (global.get $dir/new)) (i32.const -1))
    (call $is (i32.const 5) (call $type (global.get $dir/inner)) (i32.const 4))
    (call $ok (i32.const 2) (call $make (global.get $file)))
    ;; 6: in place of a link, whose target stays.
    (call $ok (i32.const 6) (call $rename (global.get $file) (global.get $ln)))
    (call $is (i32.const 6) (call $type (global.get $ln)) (i32.const 4))
    (call $ok (i32.const 2) (call $make (global.get $file)))
    ;; 7: onto itself.
    (call $ok (i32.const 7) (call $rename (global.get $file) (global.get $file)))
    (call $is (i32.const 7) (call $type (global.get $file)) (i32.const 4))
    ;; 8: onto itself, by another way.
    (call $ok (i32.const 8) (call $rename (global.get $file) (global.get $dir/../file)))
    (call $is (i32.const 8) (call $type (global.get $file)) (i32.const 4))
    (call $ok (i32.const 2) (call $link (global.get $file) (global.get $again)))
    ;; 9: onto its own second name: both stay.
    (call $ok (i32.const 9) (call $rename (global.get $file) (global.get $again)))
    (call $is (i32.const 9) (call $type (global.get $file)) (i32.const 4))
    (call $is (i32.const 9) (call $type (global.get $again)) (i32.const 4))

    ;; Links are renamed themselves.
    ;; 10: a link to nothing.
    (call $ok (i32.const 10) (call $rename (global.get $dangling) (global.get $moved)))
    (call $is (i32.const 10) (call $type (global.get $dangling)) (i32.const -1))
    (call $is (i32.const 10) (call $type (global.get $moved)) (i32.const 7))
    ;; 11: a link to a directory.
    (call $ok (i32.const 11) (call $rename (global.get $lnd) (global.get $moved)))
    (call $is (i32.const 11) (call $type (global.get $moved)) (i32.const 7))
    (call $is (i32.const 11) (call $type (global.get $dir)) (i32.const 3))

    ;; Directories.
    ;; 12: to a new name.
    (call $ok (i32.const 12) (call $rename (global.get $dir) (global.get $new)))
    (call $is (i32.const 12) (call $type (global.get $dir)) (i32.const -1))
    (call $is (i32.const 12) (call $type (global.get $new/sub)) (i32.const 3))
    ;; 13: with a slash behind the old name.
    (call $ok (i32.const 13) (call $rename (global.get $new/) (global.get $dir)))
    ;; 14: with a slash behind the new one.
    (call $ok (i32.const 14) (call $rename (global.get $dir) (global.get $new/)))
    ;; 15: behind both, in place of an empty directory.
    (call $ok (i32.const 15) (call $rename (global.get $new/) (global.get $empty/)))
    (call $is (i32.const 15) (call $type (global.get $empty/inner)) (i32.const 4))
    ;; 16: onto itself.
    (call $ok (i32.const 16) (call $rename (global.get $empty) (global.get $empty)))
    (call $ok (i32.const 2) (call $create (global.get $dir)))
    ;; 17: in place of one that is not empty.
    (call $expect (i32.const 17) (call $rename (global.get $dir) (global.get $empty))
      (global.get $notempty))
    ;; 18: in place of a file.
    (call $expect (i32.const 18) (call $rename (global.get $dir) (global.get $file))
      (global.get $notdir))
    ;; 19: in place of a link.
    (call $expect (i32.const 19) (call $rename (global.get $dir) (global.get $moved))
      (global.get $notdir))
    ;; 20: into itself.
    (call $expect (i32.const 20) (call $rename (global.get $dir) (global.get $dir/new))
      (global.get $inval))
    ;; 21: far into itself.
    (call $expect (i32.const 21) (call $rename (global.get $empty) (global.get $empty/sub/new))
      (global.get $inval))
    ;; 22: a file in place of a directory.
    (call $expect (i32.const 22) (call $rename (global.get $file) (global.get $dir))
      (global.get $isdir))
    ;; 23: the directory itself.
    (call $expect_either (i32.const 23) (call $rename (global.get $.) (global.get $new))
      (global.get $busy) (global.get $inval))
    ;; 24: in place of the directory itself.
    (call $expect_either (i32.const 24) (call $rename (global.get $empty) (global.get $.))
      (global.get $busy) (global.get $inval))

    ;; Names that nothing can be renamed from, or to.
    ;; 25: a file, with a slash.
    (call $expect (i32.const 25) (call $rename (global.get $file/) (global.get $new))
      (global.get $notdir))
    ;; 26: a file to a name with a slash.
    (call $expect (i32.const 26) (call $rename (global.get $file) (global.get $new/))
      (global.get $notdir))
    ;; 27: a file to a file's name with a slash.
    (call $expect (i32.const 27) (call $rename (global.get $file) (global.get $again/))
      (global.get $notdir))
    ;; 28: nothing.
    (call $expect (i32.const 28) (call $rename (global.get $missing) (global.get $new))
      (global.get $noent))
    ;; 29: nothing, with a slash.
    (call $expect (i32.const 29) (call $rename (global.get $missing/) (global.get $new))
      (global.get $noent))
    ;; 30: into a directory that is missing.
    (call $expect (i32.const 30) (call $rename (global.get $file) (global.get $missing/new))
      (global.get $noent))
    ;; 31: into a file.
    (call $expect (i32.const 31) (call $rename (global.get $file) (global.get $again/new))
      (global.get $notdir))
    ;; 32: from beneath a file.
    (call $expect (i32.const 32) (call $rename (global.get $file/x) (global.get $new))
      (global.get $notdir))
    ;; 33: by way of a link to itself.
    (call $expect (i32.const 33) (call $rename (global.get $file) (global.get $ring/new))
      (global.get $loop))
    ;; 34: nothing came of it.
    (call $is (i32.const 34) (call $type (global.get $file)) (i32.const 4))
    (call $is (i32.const 34) (call $type (global.get $again)) (i32.const 4))
    (call $is (i32.const 34) (call $type (global.get $dir)) (i32.const 3))
    (call $is (i32.const 34) (call $type (global.get $new)) (i32.const -1)))

  ;; Ends the guest unless a call succeeded.
  (func $ok (param $check i32) (param $errno i32)
    (if (local.get $errno) (then (call $proc_exit (local.get $check)))))

  ;; Ends the guest unless a call answered what it has to.
  (func $expect (param $check i32) (param $errno i32) (param $wanted i32)
    (if (i32.ne (local.get $errno) (local.get $wanted))
      (then (call $proc_exit (local.get $check)))))

  ;; The same where a host may choose.
  (func $expect_either (param $check i32) (param $errno i32) (param $one i32) (param $other i32)
    (if (i32.and
          (i32.ne (local.get $errno) (local.get $one))
          (i32.ne (local.get $errno) (local.get $other)))
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
)
