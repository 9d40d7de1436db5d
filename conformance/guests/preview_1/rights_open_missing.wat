;; What cannot be opened beneath a directory that has given up rights, and what can but is
;; of less use. fd_read is bit 1, fd_write bit 6, path_create_file bit 10, path_open bit
;; 13, path_filestat_set_size bit 19.
;;
;; It is given a directory as fd 3, and makes `rights_open_missing.cleanup` in it, where
;; all happens. It exits with 0, or with the number of the check that failed, which stands
;; before it. 1: that directory can be made. 2: so can what is needed in it.
(module
  (import "wasi_snapshot_preview1" "path_create_directory"
    (func $path_create_directory (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_filestat_get"
    (func $path_filestat_get (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_close"
    (func $fd_close (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_fdstat_get"
    (func $fd_fdstat_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_fdstat_set_rights"
    (func $fd_fdstat_set_rights (param i32 i64 i64) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read"
    (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit"
    (func $proc_exit (param i32)))

  (memory (export "memory") 1)

  ;; The directory that all happens in.
  (global $root (mut i32) (i32.const -1))

  ;; What calls answer.
  (global $badf i32 (i32.const 8))
  (global $notdir i32 (i32.const 54))
  (global $perm i32 (i32.const 63))

  ;; Texts, each with a NUL behind it.
  (global $file i32 (i32.const 64)) (data (i32.const 64) "file")
  (global $contents i32 (i32.const 80)) (data (i32.const 80) "contents")
  (global $dir i32 (i32.const 96)) (data (i32.const 96) "dir")
  (global $. i32 (i32.const 112)) (data (i32.const 112) ".")
  (global $missing i32 (i32.const 128)) (data (i32.const 128) "missing")
  (global $new i32 (i32.const 144)) (data (i32.const 144) "new")
  (global $x i32 (i32.const 160)) (data (i32.const 160) "x")
  (global $.. i32 (i32.const 176)) (data (i32.const 176) "..")
  (global $own i32 (i32.const 192)) (data (i32.const 192) "rights_open_missing.cleanup")

  (func (export "_start")
    (local $all i32)
    (local $fd i32)
    (call $open_root)
    (call $ok (i32.const 2) (call $make (global.get $file)))
    (call $ok (i32.const 2) (call $write (global.get $file) (global.get $contents)))
    (call $ok (i32.const 2) (call $create (global.get $dir)))
    (local.set $all (global.get $root))

    ;; Beneath it nothing is written.
    (global.set $root (call $opened (global.get $.) (i32.const 2) (i64.const 0)))
    ;; 3: it can be given up.
    (call $ok (i32.const 3) (call $drop (global.get $root) (i64.const 0) (i64.const 0x40)))
    ;; 4: to write.
    (call $expect (i32.const 4)
      (call $open_for (global.get $file) (i32.const 0) (i32.const 0) (i64.const 0x40))
      (global.get $perm))
    ;; 5: to read and write.
    (call $expect (i32.const 5)
      (call $open_for (global.get $file) (i32.const 0) (i32.const 0) (i64.const 0x42))
      (global.get $perm))
    ;; 6: to write what is not there.
    (call $expect (i32.const 6)
      (call $open_for (global.get $missing) (i32.const 0) (i32.const 0) (i64.const 0x40))
      (global.get $perm))
    ;; 7: to create, and to write.
    (call $expect (i32.const 7)
      (call $open_for (global.get $new) (i32.const 0) (i32.const 1) (i64.const 0x40))
      (global.get $perm))
    ;; 8: to read.
    (call $ok (i32.const 8)
      (call $open_for (global.get $file) (i32.const 0) (i32.const 0) (i64.const 2)))
    ;; 9: for nothing.
    (call $ok (i32.const 9) (call $open (global.get $file) (i32.const 0) (i32.const 0)))
    ;; 10: what is beneath has less, too.
    (call $ok (i32.const 10) (call $open (global.get $dir) (i32.const 0) (i32.const 2)))
    (global.set $root (call $opened (global.get $dir) (i32.const 2) (i64.const 0)))
    (call $expect (i32.const 10)
      (call $open_for (global.get $x) (i32.const 0) (i32.const 1) (i64.const 0x40))
      (global.get $perm))
    ;; 11: no directory above is reached by that.
    (call $expect (i32.const 11)
      (call $open_for (global.get $..) (i32.const 0) (i32.const 0) (i64.const 0x40))
      (global.get $perm))
    (global.set $root (local.get $all))

    ;; Beneath it nothing is read: files open, but not to be read.
    (global.set $root (call $opened (global.get $.) (i32.const 2) (i64.const 0)))
    ;; 12: it can be given up.
    (call $ok (i32.const 12) (call $drop (global.get $root) (i64.const 0) (i64.const 2)))
    (local.set $fd (call $opened (global.get $file) (i32.const 0) (i64.const 2)))
    ;; 13: to read.
    (call $expect (i32.const 13) (call $read (local.get $fd) (i32.const 1)) (global.get $badf))
    ;; 14: it is told.
    (call $is64 (i32.const 14) (i64.and (call $base (local.get $fd)) (i64.const 2)) (i64.const 0))
    (global.set $root (local.get $all))

    ;; Nothing is created, even what is there already.
    (global.set $root (call $opened (global.get $.) (i32.const 2) (i64.const 0)))
    ;; 15: it can be given up.
    (call $ok (i32.const 15) (call $drop (global.get $root) (i64.const 0x400) (i64.const 0)))
    ;; 16: what is not there.
    (call $expect (i32.const 16) (call $open (global.get $new) (i32.const 0) (i32.const 1))
      (global.get $perm))
    ;; 17: what is there.
    (call $expect (i32.const 17) (call $open (global.get $file) (i32.const 0) (i32.const 1))
      (global.get $perm))
    ;; 18: neither is to be created.
    (call $ok (i32.const 18) (call $open (global.get $file) (i32.const 0) (i32.const 0)))
    (global.set $root (local.get $all))

    ;; Nothing is cut short.
    (global.set $root (call $opened (global.get $.) (i32.const 2) (i64.const 0)))
    ;; 19: it can be given up.
    (call $ok (i32.const 19) (call $drop (global.get $root) (i64.const 0x80000) (i64.const 0)))
    ;; 20: for nothing.
    (call $expect (i32.const 20) (call $open (global.get $file) (i32.const 0) (i32.const 8))
      (global.get $perm))
    ;; 21: to read.
    (call $expect (i32.const 21)
      (call $open_for (global.get $file) (i32.const 0) (i32.const 8) (i64.const 2))
      (global.get $perm))
    ;; 22: to write.
    (call $expect (i32.const 22)
      (call $open_for (global.get $file) (i32.const 0) (i32.const 8) (i64.const 0x40))
      (global.get $perm))
    ;; 23: what is not there.
    (call $expect (i32.const 23) (call $open (global.get $missing) (i32.const 0) (i32.const 8))
      (global.get $perm))
    ;; 24: to write without cutting.
    (call $ok (i32.const 24)
      (call $open_for (global.get $file) (i32.const 0) (i32.const 0) (i64.const 0x40)))
    ;; 25: the file is as it was.
    (call $is (i32.const 25) (call $size (global.get $file)) (i32.const 8))

    ;; Nothing is opened at all; that is told before paths and flags are looked at.
    ;; 26: it can be given up.
    (call $ok (i32.const 26) (call $drop (global.get $root) (i64.const 0x2000) (i64.const 0)))
    ;; 27: a file.
    (call $expect (i32.const 27) (call $open (global.get $file) (i32.const 0) (i32.const 0))
      (global.get $perm))
    ;; 28: the directory itself.
    (call $expect (i32.const 28) (call $open (global.get $.) (i32.const 0) (i32.const 2))
      (global.get $perm))
    ;; 29: an empty path.
    (call $expect (i32.const 29)
      (call $path_open (global.get $root) (i32.const 0) (global.get $file) (i32.const 0)
        (i32.const 0) (i64.const 0) (i64.const 0) (i32.const 0) (i32.const 2048))
      (global.get $perm))
    ;; 30: flags that contradict each other.
    (call $expect (i32.const 30) (call $open (global.get $dir) (i32.const 0) (i32.const 3))
      (global.get $perm))
    ;; 31: a file has no names beneath it, whatever it may do.
    (call $expect (i32.const 31)
      (call $path_open (local.get $fd) (i32.const 0) (global.get $file) (i32.const 4)
        (i32.const 0) (i64.const 0) (i64.const 0) (i32.const 0) (i32.const 2048))
      (global.get $notdir)))

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

  ;; Takes rights from a descriptor, for itself and for what is beneath.
  (func $drop (param $fd i32) (param $base i64) (param $inheriting i64) (result i32)
    (call $ok (i32.const 2) (call $fd_fdstat_get (local.get $fd) (i32.const 4096)))
    (call $fd_fdstat_set_rights (local.get $fd)
      (i64.and
        (i64.load offset=8 (i32.const 4096))
        (i64.xor (i64.const -1) (local.get $base)))
      (i64.and
        (i64.load offset=16 (i32.const 4096))
        (i64.xor (i64.const -1) (local.get $inheriting)))))

  ;; Reads or writes one byte, or none.
  (func $read (param $fd i32) (param $len i32) (result i32)
    (call $iovec (i32.const 0) (i32.const 4096) (local.get $len))
    (call $fd_read (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 2048)))

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

  ;; What is told of a path goes to 4096.
  (func $stat (param $path i32) (param $follow i32) (result i32)
    (call $path_filestat_get (global.get $root) (local.get $follow)
      (local.get $path) (call $length (local.get $path)) (i32.const 4096)))

  ;; The length of what a path names, where a link is no more than that.
  (func $size (param $path i32) (result i32)
    (call $ok (i32.const 2) (call $stat (local.get $path) (i32.const 0)))
    (i32.wrap_i64 (i64.load offset=32 (i32.const 4096))))

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
