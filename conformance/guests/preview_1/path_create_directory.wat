;; Where a directory can be made, and what is in the way elsewhere.
;;
;; It is given a directory as fd 3, and makes `path_create_directory.cleanup` in it, where
;; all happens. It exits with 0, or with the number of the check that failed, which stands
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
  (global $exist i32 (i32.const 20))
  (global $loop i32 (i32.const 32))
  (global $noent i32 (i32.const 44))
  (global $notdir i32 (i32.const 54))

  ;; Texts, each with a NUL behind it.
  (global $file i32 (i32.const 64)) (data (i32.const 64) "file")
  (global $dir i32 (i32.const 80)) (data (i32.const 80) "dir")
  (global $dir/inner i32 (i32.const 96)) (data (i32.const 96) "dir/inner")
  (global $dir/sub i32 (i32.const 112)) (data (i32.const 112) "dir/sub")
  (global $ln i32 (i32.const 128)) (data (i32.const 128) "ln")
  (global $lnd i32 (i32.const 144)) (data (i32.const 144) "lnd")
  (global $nowhere i32 (i32.const 160)) (data (i32.const 160) "nowhere")
  (global $dangling i32 (i32.const 176)) (data (i32.const 176) "dangling")
  (global $ring i32 (i32.const 192)) (data (i32.const 192) "ring")
  (global $new i32 (i32.const 208)) (data (i32.const 208) "new")
  (global $slash/ i32 (i32.const 224)) (data (i32.const 224) "slash/")
  (global $slash i32 (i32.const 240)) (data (i32.const 240) "slash")
  (global $slashes// i32 (i32.const 256)) (data (i32.const 256) "slashes//")
  (global $slashes i32 (i32.const 272)) (data (i32.const 272) "slashes")
  (global $dir/new i32 (i32.const 288)) (data (i32.const 288) "dir/new")
  (global $lnd/linked/ i32 (i32.const 304)) (data (i32.const 304) "lnd/linked/")
  (global $dir/linked i32 (i32.const 320)) (data (i32.const 320) "dir/linked")
  (global $dir/sub/../up i32 (i32.const 336)) (data (i32.const 336) "dir/sub/../up")
  (global $dir/up i32 (i32.const 352)) (data (i32.const 352) "dir/up")
  (global $./dir/./dots i32 (i32.const 368)) (data (i32.const 368) "./dir/./dots")
  (global $dir/dots i32 (i32.const 384)) (data (i32.const 384) "dir/dots")
  (global $dir/ i32 (i32.const 400)) (data (i32.const 400) "dir/")
  (global $. i32 (i32.const 416)) (data (i32.const 416) ".")
  (global $dir/.. i32 (i32.const 432)) (data (i32.const 432) "dir/..")
  (global $missing/new i32 (i32.const 448)) (data (i32.const 448) "missing/new")
  (global $file/new i32 (i32.const 464)) (data (i32.const 464) "file/new")
  (global $ln/new i32 (i32.const 480)) (data (i32.const 480) "ln/new")
  (global $dangling/new i32 (i32.const 496)) (data (i32.const 496) "dangling/new")
  (global $ring/new i32 (i32.const 512)) (data (i32.const 512) "ring/new")
  (global $own i32 (i32.const 528)) (data (i32.const 528) "path_create_directory.cleanup")

  (func (export "_start")
    (call $open_root)
    (call $ok (i32.const 2) (call $make (global.get $file)))
    (call $ok (i32.const 2) (call $create (global.get $dir)))
    (call $ok (i32.const 2) (call $make (global.get $dir/inner)))
    (call $ok (i32.const 2) (call $create (global.get $dir/sub)))
    (call $ok (i32.const 2) (call $symlink (global.get $file) (global.get $ln)))
    (call $ok (i32.const 2) (call $symlink (global.get $dir) (global.get $lnd)))
    (call $ok (i32.const 2) (call $symlink (global.get $nowhere) (global.get $dangling)))
    (call $ok (i32.const 2) (call $symlink (global.get $ring) (global.get $ring)))

    ;; Where there is room.
    ;; 3: a directory is made.
    (call $ok (i32.const 3) (call $create (global.get $new)))
    (call $is (i32.const 3) (call $type (global.get $new)) (i32.const 3))
    ;; 4: again it is in the way.
    (call $expect (i32.const 4) (call $create (global.get $new)) (global.get $exist))
    ;; 5: with a slash behind the name.
    (call $ok (i32.const 5) (call $create (global.get $slash/)))
    (call $is (i32.const 5) (call $type (global.get $slash)) (i32.const 3))
    ;; 6: with two slashes.
    (call $ok (i32.const 6) (call $create (global.get $slashes//)))
    (call $is (i32.const 6) (call $type (global.get $slashes)) (i32.const 3))
    ;; 7: in a directory.
    (call $ok (i32.const 7) (call $create (global.get $dir/new)))
    (call $is (i32.const 7) (call $type (global.get $dir/new)) (i32.const 3))
    ;; 8: in the directory that a link leads to.
    (call $ok (i32.const 8) (call $create (global.get $lnd/linked/)))
    (call $is (i32.const 8) (call $type (global.get $dir/linked)) (i32.const 3))
    ;; 9: by way of `..`.
    (call $ok (i32.const 9) (call $create (global.get $dir/sub/../up)))
    (call $is (i32.const 9) (call $type (global.get $dir/up)) (i32.const 3))
    ;; 10: by way of `.`.
    (call $ok (i32.const 10) (call $create (global.get $./dir/./dots)))
    (call $is (i32.const 10) (call $type (global.get $dir/dots)) (i32.const 3))

    ;; Where something is already, whatever it is.
    ;; 11: a file.
    (call $expect (i32.const 11) (call $create (global.get $file)) (global.get $exist))
    ;; 12: a directory.
    (call $expect (i32.const 12) (call $create (global.get $dir)) (global.get $exist))
    ;; 13: a directory, with a slash.
    (call $expect (i32.const 13) (call $create (global.get $dir/)) (global.get $exist))
    ;; 14: a link to a file.
    (call $expect (i32.const 14) (call $create (global.get $ln)) (global.get $exist))
    ;; 15: a link to a directory.
    (call $expect (i32.const 15) (call $create (global.get $lnd)) (global.get $exist))
    ;; 16: a link to nothing.
    (call $expect (i32.const 16) (call $create (global.get $dangling)) (global.get $exist))
    ;; 17: a link to itself.
    (call $expect (i32.const 17) (call $create (global.get $ring)) (global.get $exist))
    ;; 18: the directory itself.
    (call $expect (i32.const 18) (call $create (global.get $.)) (global.get $exist))
    ;; 19: the directory itself, from beneath.
    (call $expect (i32.const 19) (call $create (global.get $dir/..)) (global.get $exist))

    ;; Where no directory is to make it in.
    ;; 20: the parent is missing.
    (call $expect (i32.const 20) (call $create (global.get $missing/new)) (global.get $noent))
    ;; 21: the parent is a file.
    (call $expect (i32.const 21) (call $create (global.get $file/new)) (global.get $notdir))
    ;; 22: the parent is a link to a file.
    (call $expect (i32.const 22) (call $create (global.get $ln/new)) (global.get $notdir))
    ;; 23: the parent is a link to nothing.
    (call $expect (i32.const 23) (call $create (global.get $dangling/new)) (global.get $noent))
    ;; 24: the parent is a link to itself.
    (call $expect (i32.const 24) (call $create (global.get $ring/new)) (global.get $loop)))

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
)
