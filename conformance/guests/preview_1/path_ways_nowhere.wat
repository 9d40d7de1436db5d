;; Paths of which a name before the last leads nowhere, or to a file, for every function
;; that takes one.
;;
;; A check goes through every function, so its number is the first of a row. To it is
;; added:
;;   0 path_create_directory
;;   1 path_filestat_get
;;   2 path_filestat_get, following
;;   3 path_filestat_set_times, of no time
;;   4 path_link, the old name
;;   5 path_link, the new name
;;   6 path_open
;;   7 path_open, following and creating
;;   8 path_readlink
;;   9 path_remove_directory
;;   10 path_rename, the old name
;;   11 path_rename, the new name
;;   12 path_symlink
;;   13 path_unlink_file
;;
;; It is given a directory as fd 3, and makes `path_ways_nowhere.cleanup` in it, where all
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
  (global $ln i32 (i32.const 80)) (data (i32.const 80) "ln")
  (global $nowhere i32 (i32.const 96)) (data (i32.const 96) "nowhere")
  (global $dangling i32 (i32.const 112)) (data (i32.const 112) "dangling")
  (global $ring i32 (i32.const 128)) (data (i32.const 128) "ring")
  (global $missing/x i32 (i32.const 144)) (data (i32.const 144) "missing/x")
  (global $missing/../file i32 (i32.const 160)) (data (i32.const 160) "missing/../file")
  (global $dangling/x i32 (i32.const 176)) (data (i32.const 176) "dangling/x")
  (global $file/x i32 (i32.const 192)) (data (i32.const 192) "file/x")
  (global $file/../file i32 (i32.const 208)) (data (i32.const 208) "file/../file")
  (global $ln/x i32 (i32.const 224)) (data (i32.const 224) "ln/x")
  (global $ring/x i32 (i32.const 240)) (data (i32.const 240) "ring/x")
  (global $ring/../file i32 (i32.const 256)) (data (i32.const 256) "ring/../file")
  (global $new i32 (i32.const 272)) (data (i32.const 272) "new")
  (global $own i32 (i32.const 288)) (data (i32.const 288) "path_ways_nowhere.cleanup")

  (func (export "_start")
    (call $open_root)
    (call $ok (i32.const 2) (call $make (global.get $file)))
    (call $ok (i32.const 2) (call $symlink (global.get $file) (global.get $ln)))
    (call $ok (i32.const 2) (call $symlink (global.get $nowhere) (global.get $dangling)))
    (call $ok (i32.const 2) (call $symlink (global.get $ring) (global.get $ring)))

    ;; 3 to 16: beneath a name that is missing.
    (call $each (i32.const 3)
      (global.get $root) (global.get $missing/x) (i32.const 9) (global.get $noent))
    ;; 17 to 30: beneath a name that is missing, and up again.
    (call $each (i32.const 17)
      (global.get $root) (global.get $missing/../file) (i32.const 15) (global.get $noent))
    ;; 31 to 44: beneath a link to nothing.
    (call $each (i32.const 31)
      (global.get $root) (global.get $dangling/x) (i32.const 10) (global.get $noent))
    ;; 45 to 58: beneath a file.
    (call $each (i32.const 45)
      (global.get $root) (global.get $file/x) (i32.const 6) (global.get $notdir))
    ;; 59 to 72: beneath a file, and up again.
    (call $each (i32.const 59)
      (global.get $root) (global.get $file/../file) (i32.const 12) (global.get $notdir))
    ;; 73 to 86: beneath a link to a file.
    (call $each (i32.const 73)
      (global.get $root) (global.get $ln/x) (i32.const 4) (global.get $notdir))
    ;; 87 to 100: beneath a link to itself.
    (call $each (i32.const 87)
      (global.get $root) (global.get $ring/x) (i32.const 6) (global.get $loop))
    ;; 101 to 114: up from a link to itself.
    (call $each (i32.const 101)
      (global.get $root) (global.get $ring/../file) (i32.const 12) (global.get $loop)))

  ;; Every function on one path; of the other one that it may take nothing is wrong.
  (table funcref (elem
    $try_create
    $try_filestat_get
    $try_filestat_get_followed
    $try_set_times
    $try_link_from
    $try_link_to
    $try_open
    $try_open_creating
    $try_readlink
    $try_remove
    $try_rename_from
    $try_rename_to
    $try_symlink
    $try_unlink))
  (type $operation (func (param $fd i32) (param $path i32) (param $len i32) (result i32)))

  (func $try_create (type $operation)
    (param $fd i32) (param $path i32) (param $len i32) (result i32)
    (call $path_create_directory (local.get $fd) (local.get $path) (local.get $len)))
  (func $try_filestat_get (type $operation)
    (param $fd i32) (param $path i32) (param $len i32) (result i32)
    (call $path_filestat_get (local.get $fd) (i32.const 0)
      (local.get $path) (local.get $len) (i32.const 4096)))
  (func $try_filestat_get_followed (type $operation)
    (param $fd i32) (param $path i32) (param $len i32) (result i32)
    (call $path_filestat_get (local.get $fd) (i32.const 1)
      (local.get $path) (local.get $len) (i32.const 4096)))
  (func $try_set_times (type $operation)
    (param $fd i32) (param $path i32) (param $len i32) (result i32)
    (call $path_filestat_set_times (local.get $fd) (i32.const 0) (local.get $path) (local.get $len)
      (i64.const 1) (i64.const 1) (i32.const 5)))
  (func $try_link_from (type $operation)
    (param $fd i32) (param $path i32) (param $len i32) (result i32)
    (call $path_link (local.get $fd) (i32.const 0) (local.get $path) (local.get $len)
      (global.get $root) (global.get $new) (i32.const 3)))
  (func $try_link_to (type $operation)
    (param $fd i32) (param $path i32) (param $len i32) (result i32)
    (call $path_link (global.get $root) (i32.const 0) (global.get $file) (i32.const 4)
      (local.get $fd) (local.get $path) (local.get $len)))
  (func $try_open (type $operation) (param $fd i32) (param $path i32) (param $len i32) (result i32)
    (call $path_open (local.get $fd) (i32.const 0) (local.get $path) (local.get $len)
      (i32.const 0) (i64.const 0) (i64.const 0) (i32.const 0) (i32.const 2048)))
  (func $try_open_creating (type $operation)
    (param $fd i32) (param $path i32) (param $len i32) (result i32)
    (call $path_open (local.get $fd) (i32.const 1) (local.get $path) (local.get $len)
      (i32.const 1) (i64.const 0x42) (i64.const 0) (i32.const 0) (i32.const 2048)))
  (func $try_readlink (type $operation)
    (param $fd i32) (param $path i32) (param $len i32) (result i32)
    (call $path_readlink (local.get $fd) (local.get $path) (local.get $len)
      (i32.const 4096) (i32.const 100) (i32.const 2048)))
  (func $try_remove (type $operation)
    (param $fd i32) (param $path i32) (param $len i32) (result i32)
    (call $path_remove_directory (local.get $fd) (local.get $path) (local.get $len)))
  (func $try_rename_from (type $operation)
    (param $fd i32) (param $path i32) (param $len i32) (result i32)
    (call $path_rename (local.get $fd) (local.get $path) (local.get $len)
      (global.get $root) (global.get $new) (i32.const 3)))
  (func $try_rename_to (type $operation)
    (param $fd i32) (param $path i32) (param $len i32) (result i32)
    (call $path_rename (global.get $root) (global.get $file) (i32.const 4)
      (local.get $fd) (local.get $path) (local.get $len)))
  (func $try_symlink (type $operation)
    (param $fd i32) (param $path i32) (param $len i32) (result i32)
    (call $path_symlink (global.get $file) (i32.const 4)
      (local.get $fd) (local.get $path) (local.get $len)))
  (func $try_unlink (type $operation)
    (param $fd i32) (param $path i32) (param $len i32) (result i32)
    (call $path_unlink_file (local.get $fd) (local.get $path) (local.get $len)))

  ;; Ends the guest with the number of the check unless every function answers this.
  (func $each
    (param $check i32) (param $fd i32) (param $path i32) (param $len i32) (param $wanted i32)
    (local $operation i32)
    (loop $operations
      (call $expect (i32.add (local.get $check) (local.get $operation))
        (call_indirect (type $operation)
          (local.get $fd) (local.get $path) (local.get $len) (local.get $operation))
        (local.get $wanted))
      (local.set $operation (i32.add (local.get $operation) (i32.const 1)))
      (br_if $operations (i32.lt_u (local.get $operation) (i32.const 14)))))

  ;; Ends the guest unless a call succeeded.
  (func $ok (param $check i32) (param $errno i32)
    (if (local.get $errno) (then (call $proc_exit (local.get $check)))))

  ;; Ends the guest unless a call answered what it has to.
  (func $expect (param $check i32) (param $errno i32) (param $wanted i32)
    (if (i32.ne (local.get $errno) (local.get $wanted))
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

  (func $symlink (param $target i32) (param $path i32) (result i32)
    (call $path_symlink
      (local.get $target) (call $length (local.get $target))
      (global.get $root) (local.get $path) (call $length (local.get $path))))
)
