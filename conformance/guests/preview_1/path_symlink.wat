;; Where links can be made, and to what.
;;
;; It is given a directory as fd 3, and makes `path_symlink.cleanup` in it, where all
;; happens. It exits with 0, or with the number of the check that failed, which stands
;; before it. 1: that directory can be made. 2: so can what is needed in it.
(module
  (import "wasi_snapshot_preview1" "path_create_directory"
    (func $path_create_directory (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_filestat_get"
    (func $path_filestat_get (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_readlink"
    (func $path_readlink (param i32 i32 i32 i32 i32 i32) (result i32)))
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
  (global $ilseq i32 (i32.const 25))
  (global $inval i32 (i32.const 28))
  (global $loop i32 (i32.const 32))
  (global $nametoolong i32 (i32.const 37))
  (global $noent i32 (i32.const 44))
  (global $notdir i32 (i32.const 54))
  (global $perm i32 (i32.const 63))

  ;; Texts, each with a NUL behind it.
  (global $file i32 (i32.const 64)) (data (i32.const 64) "file")
  (global $dir i32 (i32.const 80)) (data (i32.const 80) "dir")
  (global $dir/inner i32 (i32.const 96)) (data (i32.const 96) "dir/inner")
  (global $dir/sub i32 (i32.const 112)) (data (i32.const 112) "dir/sub")
  (global $empty i32 (i32.const 128)) (data (i32.const 128) "empty")
  (global $lnd i32 (i32.const 144)) (data (i32.const 144) "lnd")
  (global $nowhere i32 (i32.const 160)) (data (i32.const 160) "nowhere")
  (global $dangling i32 (i32.const 176)) (data (i32.const 176) "dangling")
  (global $ring i32 (i32.const 192)) (data (i32.const 192) "ring")
  (global $ln i32 (i32.const 208)) (data (i32.const 208) "ln")
  (global $missing i32 (i32.const 224)) (data (i32.const 224) "missing")
  (global $l1 i32 (i32.const 240)) (data (i32.const 240) "l1")
  (global $dir/ i32 (i32.const 256)) (data (i32.const 256) "dir/")
  (global $l2 i32 (i32.const 272)) (data (i32.const 272) "l2")
  (global $../file i32 (i32.const 288)) (data (i32.const 288) "../file")
  (global $dir/up i32 (i32.const 304)) (data (i32.const 304) "dir/up")
  (global $../../outside i32 (i32.const 320)) (data (i32.const 320) "../../outside")
  (global $l3 i32 (i32.const 336)) (data (i32.const 336) "l3")
  (global $umlauts i32 (i32.const 352)) (data (i32.const 352) "gr\c3\bc\c3\9fe")
  (global $l4 i32 (i32.const 368)) (data (i32.const 368) "l4")
  (global $lnd/l5 i32 (i32.const 384)) (data (i32.const 384) "lnd/l5")
  (global $dir/l5 i32 (i32.const 400)) (data (i32.const 400) "dir/l5")
  (global $/file i32 (i32.const 416)) (data (i32.const 416) "/file")
  (global $new i32 (i32.const 432)) (data (i32.const 432) "new")
  (global $/ i32 (i32.const 448)) (data (i32.const 448) "/")
  (global $nothing i32 (i32.const 464)) (data (i32.const 464) "")
  (global $with\0nul i32 (i32.const 480)) (data (i32.const 480) "a\00b")
  (global $\ff i32 (i32.const 496)) (data (i32.const 496) "\ff")
  (global $. i32 (i32.const 512)) (data (i32.const 512) ".")
  (global $file/ i32 (i32.const 528)) (data (i32.const 528) "file/")
  (global $new/ i32 (i32.const 544)) (data (i32.const 544) "new/")
  (global $missing/new i32 (i32.const 560)) (data (i32.const 560) "missing/new")
  (global $file/new i32 (i32.const 576)) (data (i32.const 576) "file/new")
  (global $ring/new i32 (i32.const 592)) (data (i32.const 592) "ring/new")
  (global $own i32 (i32.const 608)) (data (i32.const 608) "path_symlink.cleanup")

  (func (export "_start")
    (call $open_root)
    (call $ok (i32.const 2) (call $make (global.get $file)))
    (call $ok (i32.const 2) (call $create (global.get $dir)))
    (call $ok (i32.const 2) (call $make (global.get $dir/inner)))
    (call $ok (i32.const 2) (call $create (global.get $dir/sub)))
    (call $ok (i32.const 2) (call $create (global.get $empty)))
    (call $ok (i32.const 2) (call $symlink (global.get $dir) (global.get $lnd)))
    (call $ok (i32.const 2) (call $symlink (global.get $nowhere) (global.get $dangling)))
    (call $ok (i32.const 2) (call $symlink (global.get $ring) (global.get $ring)))

    ;; To anything that is not absolute.
    ;; 3: to a file.
    (call $ok (i32.const 3) (call $symlink (global.get $file) (global.get $ln)))
    (call $is (i32.const 3) (call $holds (global.get $ln) (global.get $file)) (i32.const 1))
    ;; 4: to nothing.
    (call $ok (i32.const 4) (call $symlink (global.get $missing) (global.get $l1)))
    (call $is (i32.const 4) (call $holds (global.get $l1) (global.get $missing)) (i32.const 1))
    ;; 5: with a slash behind the target.
    (call $ok (i32.const 5) (call $symlink (global.get $dir/) (global.get $l2)))
    (call $is (i32.const 5) (call $holds (global.get $l2) (global.get $dir/)) (i32.const 1))
    ;; 6: upwards, from a directory.
    (call $ok (i32.const 6) (call $symlink (global.get $../file) (global.get $dir/up)))
    (call $ok (i32.const 6) (call $stat (global.get $dir/up) (i32.const 1)))
    ;; 7: to what lies outside: it is told when the link is used.
    (call $ok (i32.const 7) (call $symlink (global.get $../../outside) (global.get $l3)))
    (call $is (i32.const 7) (call $holds (global.get $l3) (global.get $../../outside))
      (i32.const 1))
    (call $expect (i32.const 7) (call $stat (global.get $l3) (i32.const 1)) (global.get $perm))
    ;; 8: to a name with letters of other alphabets.
    (call $ok (i32.const 8) (call $symlink (global.get $umlauts) (global.get $l4)))
    (call $is (i32.const 8) (call $holds (global.get $l4) (global.get $umlauts)) (i32.const 1))
    ;; 9: beneath a link to a directory.
    (call $ok (i32.const 9) (call $symlink (global.get $file) (global.get $lnd/l5)))
    (call $is (i32.const 9) (call $type (global.get $dir/l5)) (i32.const 7))

    ;; Targets that no link can have.
    ;; 10: an absolute path.
    (call $expect (i32.const 10) (call $symlink (global.get $/file) (global.get $new))
      (global.get $perm))
    ;; 11: the root.
    (call $expect (i32.const 11) (call $symlink (global.get $/) (global.get $new))
      (global.get $perm))
    ;; 12: the empty path.
    (call $expect (i32.const 12) (call $symlink (global.get $nothing) (global.get $new))
      (global.get $noent))
    ;; 13: a path with a NUL in it.
    (call $expect (i32.const 13)
      (call $path_symlink (global.get $with\0nul) (i32.const 3) (global.get $root)
        (global.get $new) (i32.const 3))
      (global.get $inval))
    ;; 14: a path with a NUL behind it.
    (call $expect (i32.const 14)
      (call $path_symlink (global.get $file) (i32.const 5) (global.get $root) (global.get $new)
        (i32.const 3))
      (global.get $inval))
    ;; 15: bytes that are not UTF-8.
    (call $expect (i32.const 15) (call $symlink (global.get $\ff) (global.get $new))
      (global.get $ilseq))
    (call $fill (i32.const 8192) (i32.const 0x78) (i32.const 4096))
    ;; 16: a path of 4096 bytes.
    (call $expect (i32.const 16)
      (call $path_symlink (i32.const 8192) (i32.const 4096) (global.get $root) (global.get $new)
        (i32.const 3))
      (global.get $nametoolong))
    ;; 17: nothing came of it.
    (call $is (i32.const 17) (call $type (global.get $new)) (i32.const -1))

    ;; Places where none can be made.
    ;; 18: where a file is.
    (call $expect (i32.const 18) (call $symlink (global.get $file) (global.get $file))
      (global.get $exist))
    ;; 19: where a directory is.
    (call $expect (i32.const 19) (call $symlink (global.get $file) (global.get $dir))
      (global.get $exist))
    ;; 20: where a link is.
    (call $expect (i32.const 20) (call $symlink (global.get $file) (global.get $ln))
      (global.get $exist))
    ;; 21: where a link to nothing is.
    (call $expect (i32.const 21) (call $symlink (global.get $file) (global.get $dangling))
      (global.get $exist))
    ;; 22: where the directory itself is.
    (call $expect (i32.const 22) (call $symlink (global.get $file) (global.get $.))
      (global.get $exist))
    ;; 23: where a directory is, with a slash.
    (call $expect (i32.const 23) (call $symlink (global.get $file) (global.get $dir/))
      (global.get $exist))
    ;; 24: where a file is, with a slash.
    (call $expect (i32.const 24) (call $symlink (global.get $file) (global.get $file/))
      (global.get $notdir))
    ;; 25: where nothing is, with a slash.
    (call $expect (i32.const 25) (call $symlink (global.get $file) (global.get $new/))
      (global.get $noent))
    ;; 26: in a directory that is missing.
    (call $expect (i32.const 26) (call $symlink (global.get $file) (global.get $missing/new))
      (global.get $noent))
    ;; 27: in a file.
    (call $expect (i32.const 27) (call $symlink (global.get $file) (global.get $file/new))
      (global.get $notdir))
    ;; 28: in what a link to itself leads to.
    (call $expect (i32.const 28) (call $symlink (global.get $file) (global.get $ring/new))
      (global.get $loop)))

  ;; Whether a link holds a text.
  (func $holds (param $path i32) (param $text i32) (result i32)
    (call $fill (i32.const 4096) (i32.const 0) (i32.const 128))
    (call $ok (i32.const 2) (call $readlink (local.get $path) (i32.const 100)))
    (call $same (i32.const 4096) (local.get $text)))

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

  ;; The type of what a path names, where a link is one; -1 if there is nothing.
  (func $type (param $path i32) (result i32)
    (if (result i32) (call $stat (local.get $path) (i32.const 0))
      (then (i32.const -1))
      (else (i32.load8_u offset=16 (i32.const 4096)))))

  ;; What a link holds goes to 4096, its length to 2048.
  (func $readlink (param $path i32) (param $room i32) (result i32)
    (call $path_readlink (global.get $root) (local.get $path) (call $length (local.get $path))
      (i32.const 4096) (local.get $room) (i32.const 2048)))

  ;; Whether two texts are the same.
  (func $same (param $one i32) (param $other i32) (result i32)
    (loop $bytes
      (if (i32.ne (i32.load8_u (local.get $one)) (i32.load8_u (local.get $other)))
        (then (return (i32.const 0))))
      (if (i32.load8_u (local.get $one))
        (then
          (local.set $one (i32.add (local.get $one) (i32.const 1)))
          (local.set $other (i32.add (local.get $other) (i32.const 1)))
          (br $bytes))))
    (i32.const 1))

  ;; Writes one byte many times.
  (func $fill (param $at i32) (param $byte i32) (param $count i32)
    (loop $bytes
      (if (i32.eqz (local.get $count)) (then (return)))
      (i32.store8 (local.get $at) (local.get $byte))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (local.set $count (i32.sub (local.get $count) (i32.const 1)))
      (br $bytes)))
)
