;; Links in the last place of a path that is opened: followed only if that is asked for,
;; unless a slash stands behind.
;;
;; It is given a directory as fd 3, and makes `path_open_links.cleanup` in it, where all
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
  (global $ln2 i32 (i32.const 256)) (data (i32.const 256) "ln2")
  (global $../outside i32 (i32.const 272)) (data (i32.const 272) "../outside")
  (global $out i32 (i32.const 288)) (data (i32.const 288) "out")
  (global $dir/../../outside i32 (i32.const 304)) (data (i32.const 304) "dir/../../outside")
  (global $winding i32 (i32.const 336)) (data (i32.const 336) "winding")
  (global $lnd/inner i32 (i32.const 352)) (data (i32.const 352) "lnd/inner")
  (global $lnd/ i32 (i32.const 368)) (data (i32.const 368) "lnd/")
  (global $ln/ i32 (i32.const 384)) (data (i32.const 384) "ln/")
  (global $dangling/ i32 (i32.const 400)) (data (i32.const 400) "dangling/")
  (global $ring/ i32 (i32.const 416)) (data (i32.const 416) "ring/")
  (global $link0 i32 (i32.const 432)) (data (i32.const 432) "link0")
  (global $linkA i32 (i32.const 448)) (data (i32.const 448) "linkA")
  (global $linkB i32 (i32.const 464)) (data (i32.const 464) "linkB")
  (global $link7 i32 (i32.const 480)) (data (i32.const 480) "link7")
  (global $link40 i32 (i32.const 496)) (data (i32.const 496) "link40")
  (global $own i32 (i32.const 512)) (data (i32.const 512) "path_open_links.cleanup")

  (func (export "_start")
    (local $count i32)
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

    (call $ok (i32.const 2) (call $symlink (global.get $ln) (global.get $ln2)))
    (call $ok (i32.const 2) (call $symlink (global.get $../outside) (global.get $out)))
    (call $ok (i32.const 2) (call $symlink (global.get $dir/../../outside) (global.get $winding)))

    ;; Not followed.
    ;; 3: to a file.
    (call $expect (i32.const 3) (call $open (global.get $ln) (i32.const 0) (i32.const 0))
      (global.get $loop))
    ;; 4: to a directory.
    (call $expect (i32.const 4) (call $open (global.get $lnd) (i32.const 0) (i32.const 0))
      (global.get $loop))
    ;; 5: to nothing.
    (call $expect (i32.const 5) (call $open (global.get $dangling) (i32.const 0) (i32.const 0))
      (global.get $loop))
    ;; 6: to itself.
    (call $expect (i32.const 6) (call $open (global.get $ring) (i32.const 0) (i32.const 0))
      (global.get $loop))
    ;; 7: to outside.
    (call $expect (i32.const 7) (call $open (global.get $out) (i32.const 0) (i32.const 0))
      (global.get $loop))
    ;; 8: to a file, to write.
    (call $expect (i32.const 8)
      (call $open_for (global.get $ln) (i32.const 0) (i32.const 0) (i64.const 0x40))
      (global.get $loop))
    ;; 9: to a file, that is to be created if need be.
    (call $expect (i32.const 9) (call $open (global.get $ln) (i32.const 0) (i32.const 1))
      (global.get $loop))
    ;; 10: to nothing, that is to be created.
    (call $expect (i32.const 10) (call $open (global.get $dangling) (i32.const 0) (i32.const 1))
      (global.get $loop))
    (call $is (i32.const 10) (call $type (global.get $nowhere)) (i32.const -1))
    ;; 11: to a directory, where one is demanded.
    (call $expect_either (i32.const 11) (call $open (global.get $lnd) (i32.const 0) (i32.const 2))
      (global.get $loop) (global.get $notdir))
    ;; 12: to a file, where a directory is demanded.
    (call $expect_either (i32.const 12) (call $open (global.get $ln) (i32.const 0) (i32.const 2))
      (global.get $loop) (global.get $notdir))
    ;; 13: a link before the last place is followed.
    (call $ok (i32.const 13) (call $open (global.get $lnd/inner) (i32.const 0) (i32.const 0)))

    ;; Followed because of a slash.
    ;; 14: to a directory.
    (call $ok (i32.const 14) (call $open (global.get $lnd/) (i32.const 0) (i32.const 0)))
    ;; 15: to a file.
    (call $expect (i32.const 15) (call $open (global.get $ln/) (i32.const 0) (i32.const 0))
      (global.get $notdir))
    ;; 16: to nothing.
    (call $expect (i32.const 16) (call $open (global.get $dangling/) (i32.const 0) (i32.const 0))
      (global.get $noent))
    ;; 17: to itself.
    (call $expect (i32.const 17) (call $open (global.get $ring/) (i32.const 0) (i32.const 0))
      (global.get $loop))

    ;; Followed.
    ;; 18: to a file.
    (call $ok (i32.const 18) (call $open (global.get $ln) (i32.const 1) (i32.const 0)))
    ;; 19: to a file, by way of another.
    (call $ok (i32.const 19) (call $open (global.get $ln2) (i32.const 1) (i32.const 0)))
    ;; 20: to a directory.
    (call $ok (i32.const 20) (call $open (global.get $lnd) (i32.const 1) (i32.const 0)))
    ;; 21: to nothing.
    (call $expect (i32.const 21) (call $open (global.get $dangling) (i32.const 1) (i32.const 0))
      (global.get $noent))
    ;; 22: to itself.
    (call $expect (i32.const 22) (call $open (global.get $ring) (i32.const 1) (i32.const 0))
      (global.get $loop))
    ;; 23: to outside.
    (call $expect (i32.const 23) (call $open (global.get $out) (i32.const 1) (i32.const 0))
      (global.get $perm))
    ;; 24: to outside, by a roundabout way.
    (call $expect (i32.const 24) (call $open (global.get $winding) (i32.const 1) (i32.const 0))
      (global.get $perm))
    ;; 25: to outside, where a file is to be created.
    (call $expect (i32.const 25) (call $open (global.get $out) (i32.const 1) (i32.const 1))
      (global.get $perm))

    ;; Many of them: POSIX demands 8, and here more than 40 are too many.
    ;; link0 leads to file, and each to the one before it.
    (call $ok (i32.const 2) (call $symlink (global.get $file) (global.get $link0)))
    (local.set $count (i32.const 1))
    (loop $links
      (call $named (global.get $linkA) (i32.sub (local.get $count) (i32.const 1)))
      (call $named (global.get $linkB) (local.get $count))
      (call $ok (i32.const 2) (call $symlink (global.get $linkA) (global.get $linkB)))
      (local.set $count (i32.add (local.get $count) (i32.const 1)))
      (br_if $links (i32.le_u (local.get $count) (i32.const 40))))
    ;; 26: eight links.
    (call $ok (i32.const 26) (call $open (global.get $link7) (i32.const 1) (i32.const 0)))
    ;; 27: 41 links.
    (call $expect (i32.const 27) (call $open (global.get $link40) (i32.const 1) (i32.const 0))
      (global.get $loop))
    ;; 28: 41 links, where a file is to be created.
    (call $expect (i32.const 28) (call $open (global.get $link40) (i32.const 1) (i32.const 1))
      (global.get $loop)))

  ;; Writes a number of at most two digits behind `link`.
  (func $named (param $text i32) (param $number i32)
    (local $tens i32)
    (local.set $tens (i32.div_u (local.get $number) (i32.const 10)))
    (i32.store16 offset=4 (local.get $text) (i32.const 0))
    (if (local.get $tens)
      (then
        (i32.store8 offset=4 (local.get $text) (i32.add (i32.const 48) (local.get $tens)))
        (local.set $text (i32.add (local.get $text) (i32.const 1)))))
    (i32.store16 offset=4 (local.get $text)
      (i32.add (i32.const 48) (i32.rem_u (local.get $number) (i32.const 10)))))

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
