;; Each right of a directory: without it, and with all others, what it stands for is not
;; allowed.
;;
;; It is given a directory as fd 3, and makes `rights_directory.cleanup` in it, where all
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
  (import "wasi_snapshot_preview1" "fd_fdstat_get"
    (func $fd_fdstat_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_fdstat_set_rights"
    (func $fd_fdstat_set_rights (param i32 i64 i64) (result i32)))
  (import "wasi_snapshot_preview1" "fd_filestat_get"
    (func $fd_filestat_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_readdir"
    (func $fd_readdir (param i32 i32 i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_filestat_set_times"
    (func $fd_filestat_set_times (param i32 i64 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit"
    (func $proc_exit (param i32)))

  (memory (export "memory") 1)

  ;; The directory that all happens in.
  (global $root (mut i32) (i32.const -1))

  ;; What calls answer.
  (global $perm i32 (i32.const 63))

  ;; Texts, each with a NUL behind it.
  (global $file i32 (i32.const 64)) (data (i32.const 64) "file")
  (global $contents i32 (i32.const 80)) (data (i32.const 80) "contents")
  (global $dir i32 (i32.const 96)) (data (i32.const 96) "dir")
  (global $ln i32 (i32.const 112)) (data (i32.const 112) "ln")
  (global $new i32 (i32.const 128)) (data (i32.const 128) "new")
  (global $. i32 (i32.const 144)) (data (i32.const 144) ".")
  (global $own i32 (i32.const 160)) (data (i32.const 160) "rights_directory.cleanup")

  (func (export "_start")
    (call $open_root)
    (call $ok (i32.const 2) (call $make (global.get $file)))
    (call $ok (i32.const 2) (call $write (global.get $file) (global.get $contents)))
    (call $ok (i32.const 2) (call $create (global.get $dir)))
    (call $ok (i32.const 2) (call $symlink (global.get $file) (global.get $ln)))
    (global.set $all (global.get $root))

    (call $without (i64.const 0x200))
    ;; 3: to make a directory, without path_create_directory (bit 9).
    (call $expect (i32.const 3) (call $create (global.get $new)) (global.get $perm))
    (call $without (i64.const 0x400))
    ;; 4: to open a file that is to be created if need be, without path_create_file (bit 10).
    (call $expect (i32.const 4) (call $open (global.get $file) (i32.const 0) (i32.const 1))
      (global.get $perm))
    (call $without (i64.const 0x400))
    ;; 5: to create one, without path_create_file (bit 10).
    (call $expect (i32.const 5) (call $open (global.get $new) (i32.const 0) (i32.const 1))
      (global.get $perm))
    (call $without (i64.const 0x800))
    ;; 6: to give a second name, without path_link_source (bit 11).
    (call $expect (i32.const 6) (call $link (global.get $file) (global.get $new))
      (global.get $perm))
    (call $without (i64.const 0x1000))
    ;; 7: to give a second name here, without path_link_target (bit 12).
    (call $expect (i32.const 7) (call $link (global.get $file) (global.get $new))
      (global.get $perm))
    (call $without (i64.const 0x2000))
    ;; 8: to open, without path_open (bit 13).
    (call $expect (i32.const 8) (call $open (global.get $file) (i32.const 0) (i32.const 0))
      (global.get $perm))
    (call $without (i64.const 0x2000))
    ;; 9: to open the directory once more, without path_open (bit 13).
    (call $expect (i32.const 9) (call $open (global.get $.) (i32.const 0) (i32.const 2))
      (global.get $perm))
    (call $without (i64.const 0x4000))
    ;; 10: to list, without fd_readdir (bit 14).
    (call $expect (i32.const 10)
      (call $fd_readdir (global.get $root) (i32.const 4096) (i32.const 100) (i64.const 0)
        (i32.const 2048))
      (global.get $perm))
    (call $without (i64.const 0x8000))
    ;; 11: to read a link, without path_readlink (bit 15).
    (call $expect (i32.const 11) (call $readlink (global.get $ln) (i32.const 100))
      (global.get $perm))
    (call $without (i64.const 0x10000))
    ;; 12: to rename, without path_rename_source (bit 16).
    (call $expect (i32.const 12) (call $rename (global.get $file) (global.get $new))
      (global.get $perm))
    (call $without (i64.const 0x20000))
    ;; 13: to rename to here, without path_rename_target (bit 17).
    (call $expect (i32.const 13) (call $rename (global.get $file) (global.get $new))
      (global.get $perm))
    (call $without (i64.const 0x40000))
    ;; 14: to stat a name, without path_filestat_get (bit 18).
    (call $expect (i32.const 14) (call $stat (global.get $file) (i32.const 0)) (global.get $perm))
    (call $without (i64.const 0x80000))
    ;; 15: to cut short while opening, without path_filestat_set_size (bit 19).
    (call $expect (i32.const 15) (call $open (global.get $file) (i32.const 0) (i32.const 8))
      (global.get $perm))
    (call $without (i64.const 0x80000))
    ;; 16: to cut short while opening to write, without path_filestat_set_size (bit 19).
    (call $expect (i32.const 16)
      (call $open_for (global.get $file) (i32.const 0) (i32.const 8) (i64.const 0x40))
      (global.get $perm))
    (call $without (i64.const 0x100000))
    ;; 17: to set times of a name, without path_filestat_set_times (bit 20).
    (call $expect (i32.const 17)
      (call $set_times (global.get $file) (i32.const 0) (i64.const 1) (i64.const 2) (i32.const 5))
      (global.get $perm))
    (call $without (i64.const 0x200000))
    ;; 18: to stat, without fd_filestat_get (bit 21).
    (call $expect (i32.const 18) (call $fd_filestat_get (global.get $root) (i32.const 4096))
      (global.get $perm))
    (call $without (i64.const 0x800000))
    ;; 19: to set times, without fd_filestat_set_times (bit 23).
    (call $expect (i32.const 19)
      (call $fd_filestat_set_times (global.get $root) (i64.const 1) (i64.const 2) (i32.const 5))
      (global.get $perm))
    (call $without (i64.const 0x1000000))
    ;; 20: to make a link, without path_symlink (bit 24).
    (call $expect (i32.const 20) (call $symlink (global.get $file) (global.get $new))
      (global.get $perm))
    (call $without (i64.const 0x2000000))
    ;; 21: to remove a directory, without path_remove_directory (bit 25).
    (call $expect (i32.const 21) (call $remove (global.get $dir)) (global.get $perm))
    (call $without (i64.const 0x4000000))
    ;; 22: to remove a file, without path_unlink_file (bit 26).
    (call $expect (i32.const 22) (call $unlink (global.get $file)) (global.get $perm))

    ;; What is missing is told before anything else is looked at.
    ;; 23: an empty path, without path_unlink_file.
    (call $expect (i32.const 23)
      (call $path_unlink_file (global.get $root) (i32.const 0) (i32.const 0))
      (global.get $perm))
    (global.set $root (global.get $all))
    ;; 24: nothing of that was done.
    (call $is (i32.const 24) (call $type (global.get $new)) (i32.const -1))
    (call $is (i32.const 24) (call $type (global.get $dir)) (i32.const 3))
    (call $is (i32.const 24) (call $size (global.get $file)) (i32.const 8))
    (call $is (i32.const 24) (call $nlink (global.get $file)) (i32.const 1)))

  ;; The directory with all its rights.
  (global $all (mut i32) (i32.const -1))

  ;; Opens the directory once more, and gives up some rights of that descriptor.
  (func $without (param $rights i64)
    (if (i32.ne (global.get $root) (global.get $all))
      (then (call $ok (i32.const 2) (call $fd_close (global.get $root)))))
    (call $ok (i32.const 2)
      (call $path_open (global.get $all) (i32.const 0) (global.get $.) (i32.const 1)
        (i32.const 2) (i64.const 0x7bffe00) (i64.const 0xfffffff) (i32.const 0) (i32.const 2048)))
    (global.set $root (i32.load (i32.const 2048)))
    (call $ok (i32.const 2) (call $fd_fdstat_get (global.get $root) (i32.const 4096)))
    (call $ok (i32.const 2)
      (call $fd_fdstat_set_rights (global.get $root)
        (i64.and
          (i64.load offset=8 (i32.const 4096))
          (i64.xor (i64.const -1) (local.get $rights)))
        (i64.load offset=16 (i32.const 4096)))))

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
