;; Each right of a file: without it, and with all others, what it stands for is not
;; allowed. What moves bytes answers badf, as of a descriptor that was opened otherwise.
;;
;; It is given a directory as fd 3, and makes `rights_file.cleanup` in it, where all
;; happens. It exits with 0, or with the number of the check that failed, which stands
;; before it. 1: that directory can be made. 2: so can what is needed in it.
(module
  (import "wasi_snapshot_preview1" "path_create_directory"
    (func $path_create_directory (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_close"
    (func $fd_close (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_fdstat_get"
    (func $fd_fdstat_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_fdstat_set_flags"
    (func $fd_fdstat_set_flags (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_fdstat_set_rights"
    (func $fd_fdstat_set_rights (param i32 i64 i64) (result i32)))
  (import "wasi_snapshot_preview1" "fd_filestat_get"
    (func $fd_filestat_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read"
    (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_pread"
    (func $fd_pread (param i32 i32 i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_pwrite"
    (func $fd_pwrite (param i32 i32 i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_seek"
    (func $fd_seek (param i32 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_tell"
    (func $fd_tell (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_sync"
    (func $fd_sync (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_datasync"
    (func $fd_datasync (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_advise"
    (func $fd_advise (param i32 i64 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_allocate"
    (func $fd_allocate (param i32 i64 i64) (result i32)))
  (import "wasi_snapshot_preview1" "fd_filestat_set_size"
    (func $fd_filestat_set_size (param i32 i64) (result i32)))
  (import "wasi_snapshot_preview1" "fd_filestat_set_times"
    (func $fd_filestat_set_times (param i32 i64 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff"
    (func $poll_oneoff (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit"
    (func $proc_exit (param i32)))

  (memory (export "memory") 1)

  ;; The directory that all happens in.
  (global $root (mut i32) (i32.const -1))

  ;; What calls answer.
  (global $badf i32 (i32.const 8))
  (global $perm i32 (i32.const 63))

  ;; Texts, each with a NUL behind it.
  (global $name i32 (i32.const 64)) (data (i32.const 64) "name")
  (global $contents i32 (i32.const 80)) (data (i32.const 80) "contents")
  (global $own i32 (i32.const 96)) (data (i32.const 96) "rights_file.cleanup")

  (func (export "_start")
    (call $open_root)
    (call $ok (i32.const 2) (call $make (global.get $name)))
    (call $ok (i32.const 2) (call $write (global.get $name) (global.get $contents)))

    (call $without (i64.const 0x2))
    ;; 3: to read, without fd_read (bit 1).
    (call $expect (i32.const 3) (call $read (global.get $file) (i32.const 1)) (global.get $badf))
    (call $without (i64.const 0x2))
    ;; 4: to read nothing, without fd_read (bit 1).
    (call $expect (i32.const 4) (call $read (global.get $file) (i32.const 0)) (global.get $badf))
    (call $without (i64.const 0x2))
    ;; 5: to read somewhere, without fd_read (bit 1).
    (call $expect (i32.const 5)
      (call $fd_pread (global.get $file) (i32.const 0) (i32.const 1) (i64.const 0)
        (i32.const 2048))
      (global.get $badf))
    (call $without (i64.const 0x40))
    ;; 6: to write, without fd_write (bit 6).
    (call $expect (i32.const 6) (call $put (global.get $file) (i32.const 1)) (global.get $badf))
    (call $without (i64.const 0x40))
    ;; 7: to write nothing, without fd_write (bit 6).
    (call $expect (i32.const 7) (call $put (global.get $file) (i32.const 0)) (global.get $badf))
    (call $without (i64.const 0x40))
    ;; 8: to write somewhere, without fd_write (bit 6).
    (call $expect (i32.const 8)
      (call $fd_pwrite (global.get $file) (i32.const 0) (i32.const 1) (i64.const 0)
        (i32.const 2048))
      (global.get $badf))
    (call $without (i64.const 0x4))
    ;; 9: to read somewhere, without fd_seek (bit 2).
    (call $expect (i32.const 9)
      (call $fd_pread (global.get $file) (i32.const 0) (i32.const 1) (i64.const 0)
        (i32.const 2048))
      (global.get $badf))
    (call $without (i64.const 0x4))
    ;; 10: to write somewhere, without fd_seek (bit 2).
    (call $expect (i32.const 10)
      (call $fd_pwrite (global.get $file) (i32.const 0) (i32.const 1) (i64.const 0)
        (i32.const 2048))
      (global.get $badf))
    (call $without (i64.const 0x4))
    ;; 11: to move the offset, without fd_seek (bit 2).
    (call $expect (i32.const 11)
      (call $fd_seek (global.get $file) (i64.const 1) (i32.const 0) (i32.const 2048))
      (global.get $perm))
    (call $without (i64.const 0x24))
    ;; 12: to tell the offset, without fd_seek (bit 2) and fd_tell (bit 5).
    (call $expect (i32.const 12) (call $fd_tell (global.get $file) (i32.const 2048))
      (global.get $perm))
    (call $without (i64.const 0x24))
    ;; 13: to tell the offset by moving nowhere, without fd_seek (bit 2) and fd_tell (bit 5).
    (call $expect (i32.const 13)
      (call $fd_seek (global.get $file) (i64.const 0) (i32.const 1) (i32.const 2048))
      (global.get $perm))
    (call $without (i64.const 0x20))
    ;; 14: to tell the offset is part of moving it, without fd_tell (bit 5).
    (call $ok (i32.const 14) (call $fd_tell (global.get $file) (i32.const 2048)))
    (call $without (i64.const 0x8))
    ;; 15: to set flags, without fd_fdstat_set_flags (bit 3).
    (call $expect (i32.const 15) (call $fd_fdstat_set_flags (global.get $file) (i32.const 1))
      (global.get $perm))
    (call $without (i64.const 0x10))
    ;; 16: to sync, without fd_sync (bit 4).
    (call $expect (i32.const 16) (call $fd_sync (global.get $file)) (global.get $perm))
    (call $without (i64.const 0x1))
    ;; 17: to sync the bytes, without fd_datasync (bit 0).
    (call $expect (i32.const 17) (call $fd_datasync (global.get $file)) (global.get $perm))
    (call $without (i64.const 0x80))
    ;; 18: to advise, without fd_advise (bit 7).
    (call $expect (i32.const 18)
      (call $fd_advise (global.get $file) (i64.const 0) (i64.const 1) (i32.const 0))
      (global.get $perm))
    (call $without (i64.const 0x100))
    ;; 19: to allocate, without fd_allocate (bit 8).
    (call $expect (i32.const 19)
      (call $fd_allocate (global.get $file) (i64.const 0) (i64.const 100))
      (global.get $perm))
    (call $without (i64.const 0x200000))
    ;; 20: to stat, without fd_filestat_get (bit 21).
    (call $expect (i32.const 20) (call $fd_filestat_get (global.get $file) (i32.const 4096))
      (global.get $perm))
    (call $without (i64.const 0x400000))
    ;; 21: to set the length, without fd_filestat_set_size (bit 22).
    (call $expect (i32.const 21) (call $fd_filestat_set_size (global.get $file) (i64.const 1))
      (global.get $perm))
    (call $without (i64.const 0x800000))
    ;; 22: to set times, without fd_filestat_set_times (bit 23).
    (call $expect (i32.const 22)
      (call $fd_filestat_set_times (global.get $file) (i64.const 1) (i64.const 2) (i32.const 5))
      (global.get $perm))
    (call $without (i64.const 0x8000000))
    ;; 23: to wait for bytes, without poll_fd_readwrite (bit 27).
    (call $expect (i32.const 23) (call $poll (i32.const 1)) (global.get $perm))
    ;; 24: to wait for room, without it.
    (call $expect (i32.const 24) (call $poll (i32.const 2)) (global.get $perm))

    ;; Of the bytes nothing was read or written, and none were added.
    (call $without (i64.const 0))
    ;; 25: the offset of a new descriptor.
    (call $ok (i32.const 25) (call $fd_tell (global.get $file) (i32.const 2048)))
    (call $is64 (i32.const 25) (i64.load (i32.const 2048)) (i64.const 0))
    ;; 26: the length.
    (call $ok (i32.const 26) (call $fd_filestat_get (global.get $file) (i32.const 4096)))
    (call $is64 (i32.const 26) (i64.load offset=32 (i32.const 4096)) (i64.const 8)))

  ;; The file, of which there is a new descriptor for each check.
  (global $file (mut i32) (i32.const -1))

  ;; Opens the file to read and to write, and gives up some rights of the descriptor.
  (func $without (param $rights i64)
    (if (i32.ne (global.get $file) (i32.const -1))
      (then (call $ok (i32.const 2) (call $fd_close (global.get $file)))))
    (call $ok (i32.const 2)
      (call $path_open (global.get $root) (i32.const 0) (global.get $name) (i32.const 4)
        (i32.const 0) (i64.const 0x8e001ff) (i64.const 0) (i32.const 0) (i32.const 2048)))
    (global.set $file (i32.load (i32.const 2048)))
    (call $ok (i32.const 2) (call $fd_fdstat_get (global.get $file) (i32.const 4096)))
    (call $ok (i32.const 2)
      (call $fd_fdstat_set_rights (global.get $file)
        (i64.and
          (i64.load offset=8 (i32.const 4096))
          (i64.xor (i64.const -1) (local.get $rights)))
        (i64.load offset=16 (i32.const 4096)))))

  ;; Reads or writes one byte, or none.
  (func $read (param $fd i32) (param $len i32) (result i32)
    (call $iovec (i32.const 0) (i32.const 4096) (local.get $len))
    (call $fd_read (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 2048)))

  (func $put (param $fd i32) (param $len i32) (result i32)
    (call $iovec (i32.const 0) (i32.const 4096) (local.get $len))
    (call $fd_write (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 2048)))

  ;; Asks whether the file can be read (1) or written (2), and for no other event.
  (func $poll (param $tag i32) (result i32)
    (call $fill (i32.const 512) (i32.const 0) (i32.const 48))
    (i32.store8 offset=8 (i32.const 512) (local.get $tag))
    (i32.store offset=16 (i32.const 512) (global.get $file))
    (call $poll_oneoff (i32.const 512) (i32.const 4096) (i32.const 1) (i32.const 2048)))

  ;; Ends the guest unless a call succeeded.
  (func $ok (param $check i32) (param $errno i32)
    (if (local.get $errno) (then (call $proc_exit (local.get $check)))))

  ;; Ends the guest unless a call answered what it has to.
  (func $expect (param $check i32) (param $errno i32) (param $wanted i32)
    (if (i32.ne (local.get $errno) (local.get $wanted))
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

  ;; Writes one byte many times.
  (func $fill (param $at i32) (param $byte i32) (param $count i32)
    (loop $bytes
      (if (i32.eqz (local.get $count)) (then (return)))
      (i32.store8 (local.get $at) (local.get $byte))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (local.set $count (i32.sub (local.get $count) (i32.const 1)))
      (br $bytes)))

  ;; Describes a buffer.
  (func $iovec (param $at i32) (param $bytes i32) (param $len i32)
    (i32.store (local.get $at) (local.get $bytes))
    (i32.store offset=4 (local.get $at) (local.get $len)))

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
