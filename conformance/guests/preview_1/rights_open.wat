;; With which rights files and directories are opened: those to read and to write as they
;; are asked for, all others as they fit. fd_read is bit 1, fd_write bit 6, fd_allocate
;; bit 8, fd_filestat_set_size bit 22; 0x8a000bd is all else that a file can do.
;;
;; It is given a directory as fd 3, and makes `rights_open.cleanup` in it, where all
;; happens. It exits with 0, or with the number of the check that failed, which stands
;; before it. 1: that directory can be made. 2: so can what is needed in it.
(module
  (import "wasi_snapshot_preview1" "path_create_directory"
    (func $path_create_directory (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_unlink_file"
    (func $path_unlink_file (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_close"
    (func $fd_close (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_fdstat_get"
    (func $fd_fdstat_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_filestat_get"
    (func $fd_filestat_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read"
    (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_allocate"
    (func $fd_allocate (param i32 i64 i64) (result i32)))
  (import "wasi_snapshot_preview1" "fd_filestat_set_size"
    (func $fd_filestat_set_size (param i32 i64) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit"
    (func $proc_exit (param i32)))

  (memory (export "memory") 1)

  ;; The directory that all happens in.
  (global $root (mut i32) (i32.const -1))

  ;; What calls answer.
  (global $badf i32 (i32.const 8))
  (global $isdir i32 (i32.const 31))
  (global $perm i32 (i32.const 63))

  ;; Texts, each with a NUL behind it.
  (global $file i32 (i32.const 64)) (data (i32.const 64) "file")
  (global $dir i32 (i32.const 80)) (data (i32.const 80) "dir")
  (global $dir/file i32 (i32.const 96)) (data (i32.const 96) "dir/file")
  (global $dir/ i32 (i32.const 112)) (data (i32.const 112) "dir/")
  (global $. i32 (i32.const 128)) (data (i32.const 128) ".")
  (global $new i32 (i32.const 144)) (data (i32.const 144) "new")
  (global $own i32 (i32.const 160)) (data (i32.const 160) "rights_open.cleanup")

  (func (export "_start")
    (local $fd i32)
    (call $open_root)
    (call $ok (i32.const 2) (call $make (global.get $file)))
    (call $ok (i32.const 2) (call $create (global.get $dir)))
    (call $ok (i32.const 2) (call $make (global.get $dir/file)))

    ;; Files, opened for this and that; `can` looks at what a file can do only.
    ;; 3: for nothing.
    (call $is (i32.const 3) (i64.eq (call $can (i32.const 0) (i64.const 0)) (i64.const 0x8a000bd))
      (i32.const 1))
    ;; 4: to seek.
    (call $is (i32.const 4) (i64.eq (call $can (i32.const 0) (i64.const 4)) (i64.const 0x8a000bd))
      (i32.const 1))
    ;; 5: to read.
    (call $is (i32.const 5) (i64.eq (call $can (i32.const 0) (i64.const 2)) (i64.const 0x8a000bf))
      (i32.const 1))
    ;; 6: to write.
    (call $is (i32.const 6)
      (i64.eq (call $can (i32.const 0) (i64.const 0x40)) (i64.const 0x8e001fd))
      (i32.const 1))
    ;; 7: to read and write.
    (call $is (i32.const 7)
      (i64.eq (call $can (i32.const 0) (i64.const 0x42)) (i64.const 0x8e001ff))
      (i32.const 1))
    ;; 8: for all.
    (call $is (i32.const 8)
      (i64.eq (call $can (i32.const 0) (i64.const 0xfffffff)) (i64.const 0x8e001ff))
      (i32.const 1))
    ;; 9: cut short, for nothing.
    (call $is (i32.const 9) (i64.eq (call $can (i32.const 8) (i64.const 0)) (i64.const 0x8a000bd))
      (i32.const 1))
    ;; 10: created if need be, to read.
    (call $is (i32.const 10) (i64.eq (call $can (i32.const 1) (i64.const 2)) (i64.const 0x8a000bf))
      (i32.const 1))

    ;; What they were not opened for they do not do.
    (local.set $fd (call $opened (global.get $file) (i32.const 0) (i64.const 0)))
    ;; 11: for nothing: to read.
    (call $expect (i32.const 11) (call $read (local.get $fd) (i32.const 1)) (global.get $badf))
    ;; 12: for nothing: to write.
    (call $expect (i32.const 12) (call $put (local.get $fd) (i32.const 1)) (global.get $badf))
    ;; 13: for nothing: to stat.
    (call $ok (i32.const 13) (call $fd_filestat_get (local.get $fd) (i32.const 4096)))
    (local.set $fd (call $opened (global.get $file) (i32.const 9) (i64.const 2)))
    ;; 14: to read, created if need be and cut short: to read.
    (call $ok (i32.const 14) (call $read (local.get $fd) (i32.const 1)))
    ;; 15: to read: to write.
    (call $expect (i32.const 15) (call $put (local.get $fd) (i32.const 1)) (global.get $badf))
    ;; 16: to read: to write nothing.
    (call $expect (i32.const 16) (call $put (local.get $fd) (i32.const 0)) (global.get $badf))
    ;; 17: to read: to set the length.
    (call $expect (i32.const 17) (call $fd_filestat_set_size (local.get $fd) (i64.const 9))
      (global.get $perm))
    ;; 18: to read: to allocate.
    (call $expect (i32.const 18) (call $fd_allocate (local.get $fd) (i64.const 0) (i64.const 9))
      (global.get $perm))
    (local.set $fd (call $opened (global.get $file) (i32.const 0) (i64.const 0x40)))
    ;; 19: to write: to write.
    (call $ok (i32.const 19) (call $put (local.get $fd) (i32.const 1)))
    ;; 20: to write: to read.
    (call $expect (i32.const 20) (call $read (local.get $fd) (i32.const 1)) (global.get $badf))
    ;; 21: to write: to read nothing.
    (call $expect (i32.const 21) (call $read (local.get $fd) (i32.const 0)) (global.get $badf))

    ;; Directories never seek, tell, write, allocate or have a length.
    (local.set $fd (call $opened (global.get $dir) (i32.const 0) (i64.const 0xfffffbf)))
    ;; 22: for all but writing.
    (call $is64 (i32.const 22) (i64.and (call $base (local.get $fd)) (i64.const 0x400164))
      (i64.const 0))
    ;; 23: what is opened beneath may do all.
    (call $is64 (i32.const 23) (i64.and (call $inheriting (local.get $fd)) (i64.const 0xfffffff))
      (i64.const 0xfffffff))
    ;; 24: they show no flags.
    (call $ok (i32.const 24) (call $fd_fdstat_get (local.get $fd) (i32.const 4096)))
    (call $is (i32.const 24) (i32.load16_u offset=2 (i32.const 4096)) (i32.const 0))
    ;; 25: to write.
    (call $expect (i32.const 25)
      (call $open_for (global.get $dir) (i32.const 0) (i32.const 0) (i64.const 0x40))
      (global.get $isdir))
    ;; 26: to write, where one is demanded.
    (call $expect (i32.const 26)
      (call $open_for (global.get $dir) (i32.const 0) (i32.const 2) (i64.const 0x42))
      (global.get $isdir))
    ;; 27: to write, with a slash.
    (call $expect (i32.const 27)
      (call $open_for (global.get $dir/) (i32.const 0) (i32.const 0) (i64.const 0x40))
      (global.get $isdir))
    ;; 28: the directory itself, to write.
    (call $expect (i32.const 28)
      (call $open_for (global.get $.) (i32.const 0) (i32.const 0) (i64.const 0x40))
      (global.get $isdir))
    ;; 29: for all.
    (call $expect (i32.const 29)
      (call $open_for (global.get $dir) (i32.const 0) (i32.const 0) (i64.const 0xfffffff))
      (global.get $isdir))

    ;; Opened for nothing, with nothing for what is beneath, it can be used all the same.
    (call $ok (i32.const 2)
      (call $path_open (global.get $root) (i32.const 0) (global.get $dir) (i32.const 3)
        (i32.const 2) (i64.const 0) (i64.const 0) (i32.const 0) (i32.const 2048)))
    (global.set $root (i32.load (i32.const 2048)))
    ;; 30: to open beneath to write.
    (call $ok (i32.const 30)
      (call $open_for (global.get $file) (i32.const 0) (i32.const 0) (i64.const 0x42)))
    ;; 31: to make a directory.
    (call $ok (i32.const 31) (call $create (global.get $new)))
    ;; 32: to unlink.
    (call $ok (i32.const 32) (call $unlink (global.get $file))))

  ;; Opens, and answers the descriptor.
  (func $opened (param $path i32) (param $oflags i32) (param $rights i64) (result i32)
    (call $ok (i32.const 2)
      (call $path_open (global.get $root) (i32.const 0)
        (local.get $path) (call $length (local.get $path))
        (local.get $oflags) (local.get $rights) (i64.const 0xfffffff) (i32.const 0)
        (i32.const 2048)))
    (i32.load (i32.const 2048)))

  ;; What a descriptor may do, and what may be done beneath it.
  (func $base (param $fd i32) (result i64)
    (call $ok (i32.const 2) (call $fd_fdstat_get (local.get $fd) (i32.const 4096)))
    (i64.load offset=8 (i32.const 4096)))

  (func $inheriting (param $fd i32) (result i64)
    (call $ok (i32.const 2) (call $fd_fdstat_get (local.get $fd) (i32.const 4096)))
    (i64.load offset=16 (i32.const 4096)))

  ;; Reads or writes one byte, or none.
  (func $read (param $fd i32) (param $len i32) (result i32)
    (call $iovec (i32.const 0) (i32.const 4096) (local.get $len))
    (call $fd_read (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 2048)))

  (func $put (param $fd i32) (param $len i32) (result i32)
    (call $iovec (i32.const 0) (i32.const 4096) (local.get $len))
    (call $fd_write (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 2048)))

  ;; What a file may do that is opened so, of all that files can do.
  (func $can (param $oflags i32) (param $rights i64) (result i64)
    (local $fd i32)
    (local $base i64)
    (local.set $fd (call $opened (global.get $file) (local.get $oflags) (local.get $rights)))
    (local.set $base (call $base (local.get $fd)))
    (call $ok (i32.const 2) (call $fd_close (local.get $fd)))
    (i64.and (local.get $base) (i64.const 0x8e001ff)))

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

  (func $unlink (param $path i32) (result i32)
    (call $path_unlink_file
      (global.get $root) (local.get $path) (call $length (local.get $path))))

  ;; Describes a buffer.
  (func $iovec (param $at i32) (param $bytes i32) (param $len i32)
    (i32.store (local.get $at) (local.get $bytes))
    (i32.store offset=4 (local.get $at) (local.get $len)))
)
