;; fd_filestat_set_size: files grow with zeros and shrink; what cannot have a size set.
;;
;; It is given `empty.dir` as its one preopen, fd 3. What it makes there it removes. It
;; exits with 0, or with the number of the check that failed.
(module
  (import "wasi_snapshot_preview1" "fd_close"
    (func $fd_close (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_filestat_get"
    (func $fd_filestat_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_filestat_set_size"
    (func $fd_filestat_set_size (param i32 i64) (result i32)))
  (import "wasi_snapshot_preview1" "fd_pread"
    (func $fd_pread (param i32 i32 i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_tell"
    (func $fd_tell (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_unlink_file"
    (func $path_unlink_file (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))

  (memory (export "memory") 1)

  ;; Errnos.
  (global $success i32 (i32.const 0))
  (global $badf i32 (i32.const 8))
  (global $fbig i32 (i32.const 22))
  (global $inval i32 (i32.const 28))
  (global $perm i32 (i32.const 63))

  (data (i32.const 64) "fd_filestat_set_size.cleanup")
  (data (i32.const 96) "0123456789")
  (data (i32.const 112) "0123")
  (data (i32.const 120) "ab")

  ;; Exits with the number of a check if an errno is not the one that is wanted.
  (func $expect (param $check i32) (param $errno i32) (param $wanted i32)
    (if (i32.ne (local.get $errno) (local.get $wanted))
      (then (call $proc_exit (local.get $check)))))

  ;; Exits with the number of a check if a number is not the one that is wanted.
  (func $is (param $check i32) (param $found i32) (param $wanted i32)
    (if (i32.ne (local.get $found) (local.get $wanted))
      (then (call $proc_exit (local.get $check)))))

  ;; The same, for a number of 64 bits.
  (func $is64 (param $check i32) (param $found i64) (param $wanted i64)
    (if (i64.ne (local.get $found) (local.get $wanted))
      (then (call $proc_exit (local.get $check)))))

  ;; Exits with the number of a check if something does not hold.
  (func $holds (param $check i32) (param $condition i32)
    (if (i32.eqz (local.get $condition))
      (then (call $proc_exit (local.get $check)))))

  ;; Writes an iovec: a place, and a number of bytes.
  (func $iovec (param $at i32) (param $start i32) (param $length i32)
    (i32.store (local.get $at) (local.get $start))
    (i32.store offset=4 (local.get $at) (local.get $length)))

  ;; Opens what lies beneath fd 3, as it is asked; answers the descriptor.
  (func $open (param $check i32) (param $path i32) (param $length i32) (param $oflags i32)
    (param $rights i64) (param $fdflags i32) (result i32)
    (call $expect (local.get $check)
      (call $path_open (i32.const 3) (i32.const 0) (local.get $path) (local.get $length)
        (local.get $oflags) (local.get $rights) (i64.const 0) (local.get $fdflags)
        (i32.const 0))
      (i32.const 0))
    (i32.load (i32.const 0)))

  ;; Writes a text at the descriptor's offset.
  (func $write (param $check i32) (param $fd i32) (param $text i32) (param $length i32)
    (call $iovec (i32.const 8) (local.get $text) (local.get $length))
    (call $expect (local.get $check)
      (call $fd_write (local.get $fd) (i32.const 8) (i32.const 1) (i32.const 0)) (i32.const 0))
    (call $is (local.get $check) (i32.load (i32.const 0)) (local.get $length)))

  ;; Reads as many bytes of a file as there are, 256 at most, to 1024; sees how many they are.
  (func $read_at (param $check i32) (param $fd i32) (param $offset i64) (param $wanted i32)
    (call $iovec (i32.const 8) (i32.const 1024) (i32.const 256))
    (call $expect (local.get $check)
      (call $fd_pread (local.get $fd) (i32.const 8) (i32.const 1) (local.get $offset)
        (i32.const 0))
      (i32.const 0))
    (call $is (local.get $check) (i32.load (i32.const 0)) (local.get $wanted)))

  ;; Sees that a file of at most 256 bytes holds a text and nothing else.
  (func $holds_file (param $check i32) (param $fd i32) (param $text i32) (param $length i32)
    (call $read_at (local.get $check) (local.get $fd) (i64.const 0) (local.get $length))
    (call $holds_text (local.get $check) (i32.const 1024) (local.get $text)
      (local.get $length)))

  ;; Sees how large a file is.
  (func $size_is (param $check i32) (param $fd i32) (param $wanted i64)
    (call $expect (local.get $check) (call $fd_filestat_get (local.get $fd) (i32.const 1984))
      (i32.const 0))
    (call $is64 (local.get $check) (i64.load offset=32 (i32.const 1984)) (local.get $wanted)))

  ;; Sees where a descriptor's offset is.
  (func $tells (param $check i32) (param $fd i32) (param $wanted i64)
    (call $expect (local.get $check) (call $fd_tell (local.get $fd) (i32.const 0)) (i32.const 0))
    (call $is64 (local.get $check) (i64.load (i32.const 0)) (local.get $wanted)))

  ;; Sees that there is a text somewhere in memory.
  (func $holds_text (param $check i32) (param $at i32) (param $text i32) (param $length i32)
    (local $end i32)
    (local.set $end (i32.add (local.get $at) (local.get $length)))
    (block $same
      (loop $bytes
        (br_if $same (i32.eq (local.get $at) (local.get $end)))
        (call $is (local.get $check) (i32.load8_u (local.get $at))
          (i32.load8_u (local.get $text)))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (local.set $text (i32.add (local.get $text) (i32.const 1)))
        (br $bytes))))

  ;; Sees that some bytes all have one value.
  (func $all_are (param $check i32) (param $at i32) (param $length i32) (param $byte i32)
    (local $end i32)
    (local.set $end (i32.add (local.get $at) (local.get $length)))
    (block $same
      (loop $bytes
        (br_if $same (i32.eq (local.get $at) (local.get $end)))
        (call $is (local.get $check) (i32.load8_u (local.get $at)) (local.get $byte))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $bytes))))

  ;; Closes a descriptor.
  (func $close (param $check i32) (param $fd i32)
    (call $expect (local.get $check) (call $fd_close (local.get $fd)) (i32.const 0)))

  ;; Removes a file beneath fd 3.
  (func $unlink (param $check i32) (param $path i32) (param $length i32)
    (call $expect (local.get $check)
      (call $path_unlink_file (i32.const 3) (local.get $path) (local.get $length))
      (i32.const 0)))

  (func (export "_start")
    (local $fd i32)
    (local $errno i32)

    ;; 1: a file of ten bytes.
    (local.set $fd
      (call $open (i32.const 1) (i32.const 64) (i32.const 28) (i32.const 5)
        (i64.const 0x8e001ff) (i32.const 0)))
    (call $write (i32.const 1) (local.get $fd) (i32.const 96) (i32.const 10))
    ;; 2, 3: it shrinks; the offset stays, which is beyond the end now.
    (call $expect (i32.const 2) (call $fd_filestat_set_size (local.get $fd) (i64.const 4))
      (global.get $success))
    (call $holds_file (i32.const 2) (local.get $fd) (i32.const 112) (i32.const 4))
    (call $tells (i32.const 3) (local.get $fd) (i64.const 10))
    ;; 4: it grows; what it had before does not come back, there are zeros.
    (call $expect (i32.const 4) (call $fd_filestat_set_size (local.get $fd) (i64.const 12))
      (global.get $success))
    (call $read_at (i32.const 4) (local.get $fd) (i64.const 0) (i32.const 12))
    (call $holds_text (i32.const 4) (i32.const 1024) (i32.const 112) (i32.const 4))
    (call $all_are (i32.const 4) (i32.const 1028) (i32.const 8) (i32.const 0))
    ;; 5: the size that it has.
    (call $expect (i32.const 5) (call $fd_filestat_set_size (local.get $fd) (i64.const 12))
      (global.get $success))
    (call $size_is (i32.const 5) (local.get $fd) (i64.const 12))
    ;; 6: to nothing.
    (call $expect (i32.const 6) (call $fd_filestat_set_size (local.get $fd) (i64.const 0))
      (global.get $success))
    (call $size_is (i32.const 6) (local.get $fd) (i64.const 0))
    ;; 7: what is written now is written at the offset.
    (call $write (i32.const 7) (local.get $fd) (i32.const 120) (i32.const 2))
    (call $size_is (i32.const 7) (local.get $fd) (i64.const 12))

    ;; 8: a size beyond the largest offset, with the one errno or the other.
    (local.set $errno (call $fd_filestat_set_size (local.get $fd) (i64.const 0x8000000000000000)))
    (call $holds (i32.const 8)
      (i32.or (i32.eq (local.get $errno) (global.get $fbig))
        (i32.eq (local.get $errno) (global.get $inval))))
    (local.set $errno (call $fd_filestat_set_size (local.get $fd) (i64.const -1)))
    (call $holds (i32.const 8)
      (i32.or (i32.eq (local.get $errno) (global.get $fbig))
        (i32.eq (local.get $errno) (global.get $inval))))
    (call $size_is (i32.const 8) (local.get $fd) (i64.const 12))
    (call $close (i32.const 8) (local.get $fd))
    ;; 9: a descriptor that was not opened to be written has not the right.
    (local.set $fd
      (call $open (i32.const 9) (i32.const 64) (i32.const 28) (i32.const 0)
        (i64.const 0x8a000bf) (i32.const 0)))
    (call $expect (i32.const 9) (call $fd_filestat_set_size (local.get $fd) (i64.const 1))
      (global.get $perm))
    (call $size_is (i32.const 9) (local.get $fd) (i64.const 12))

    ;; 10 to 13: a directory and the standard streams.
    (call $expect (i32.const 10) (call $fd_filestat_set_size (i32.const 3) (i64.const 0))
      (global.get $badf))
    (call $expect (i32.const 11) (call $fd_filestat_set_size (i32.const 0) (i64.const 0))
      (global.get $badf))
    (call $expect (i32.const 12) (call $fd_filestat_set_size (i32.const 1) (i64.const 0))
      (global.get $badf))
    (call $expect (i32.const 13) (call $fd_filestat_set_size (i32.const 2) (i64.const 0))
      (global.get $badf))
    ;; 14, 15: what is closed, and what there never was.
    (call $close (i32.const 14) (local.get $fd))
    (call $expect (i32.const 14) (call $fd_filestat_set_size (local.get $fd) (i64.const 0))
      (global.get $badf))
    (call $expect (i32.const 15) (call $fd_filestat_set_size (i32.const -1) (i64.const 0))
      (global.get $badf))
    ;; 16: the file goes.
    (call $unlink (i32.const 16) (i32.const 64) (i32.const 28))))
