;; fd_pwrite: at any offset; the descriptor's own offset stays. What cannot be written so.
;;
;; It is given `empty.dir` as its one preopen, fd 3. What it makes there it removes. It
;; exits with 0, or with the number of the check that failed.
(module
  (import "wasi_snapshot_preview1" "fd_close"
    (func $fd_close (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_filestat_get"
    (func $fd_filestat_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_pread"
    (func $fd_pread (param i32 i32 i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_pwrite"
    (func $fd_pwrite (param i32 i32 i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_seek"
    (func $fd_seek (param i32 i64 i32 i32) (result i32)))
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
  (global $inval i32 (i32.const 28))
  (global $spipe i32 (i32.const 70))

  ;; Places in memory, and other numbers.
  (global $iovs i32 (i32.const 512))
  (global $written i32 (i32.const 1016))

  (data (i32.const 64) "fd_pwrite.cleanup")
  (data (i32.const 88) "0123456789")
  (data (i32.const 104) "abc")
  (data (i32.const 112) "0123abc789")
  (data (i32.const 128) "abcxyab")
  (data (i32.const 136) "0123abc7abcxyab")

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

  ;; Moves a descriptor's offset.
  (func $goes_to (param $check i32) (param $fd i32) (param $offset i64)
    (call $expect (local.get $check)
      (call $fd_seek (local.get $fd) (local.get $offset) (i32.const 0) (i32.const 0))
      (i32.const 0)))

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

  ;; Writes buffers, and sees how many bytes were taken.
  (func $writes (param $check i32) (param $fd i32) (param $buffers i32) (param $offset i64)
    (param $wanted i32)
    (call $expect (local.get $check)
      (call $fd_pwrite (local.get $fd) (global.get $iovs) (local.get $buffers)
        (local.get $offset) (global.get $written))
      (global.get $success))
    (call $is (local.get $check) (i32.load (global.get $written)) (local.get $wanted)))

  (func (export "_start")
    (local $fd i32)
    (local $errno i32)

    ;; 1: a file of ten bytes, at offset 2.
    (local.set $fd
      (call $open (i32.const 1) (i32.const 64) (i32.const 17) (i32.const 5)
        (i64.const 0x8e001ff) (i32.const 0)))
    (call $write (i32.const 1) (local.get $fd) (i32.const 88) (i32.const 10))
    (call $goes_to (i32.const 1) (local.get $fd) (i64.const 2))
    ;; 2: one buffer.
    (call $iovec (global.get $iovs) (i32.const 104) (i32.const 3))
    (call $writes (i32.const 2) (local.get $fd) (i32.const 1) (i64.const 4) (i32.const 3))
    (call $holds_file (i32.const 2) (local.get $fd) (i32.const 112) (i32.const 10))
    ;; 3: across the end, behind an empty buffer which may be anywhere.
    (call $iovec (global.get $iovs) (i32.const -1) (i32.const 0))
    (call $iovec (i32.add (global.get $iovs) (i32.const 8)) (i32.const 128) (i32.const 7))
    (call $writes (i32.const 3) (local.get $fd) (i32.const 2) (i64.const 8) (i32.const 7))
    (call $holds_file (i32.const 3) (local.get $fd) (i32.const 136) (i32.const 15))
    ;; 4: beyond the end, with zeros before.
    (call $iovec (global.get $iovs) (i32.const 104) (i32.const 3))
    (call $writes (i32.const 4) (local.get $fd) (i32.const 1) (i64.const 18) (i32.const 3))
    (call $size_is (i32.const 4) (local.get $fd) (i64.const 21))
    (call $read_at (i32.const 4) (local.get $fd) (i64.const 15) (i32.const 6))
    (call $all_are (i32.const 4) (i32.const 1024) (i32.const 3) (i32.const 0))
    (call $holds_text (i32.const 4) (i32.const 1027) (i32.const 104) (i32.const 3))
    ;; 5: nothing at all, beyond the end, does not make it longer.
    (call $writes (i32.const 5) (local.get $fd) (i32.const 0) (i64.const 100) (i32.const 0))
    (call $iovec (global.get $iovs) (i32.const 104) (i32.const 0))
    (call $writes (i32.const 5) (local.get $fd) (i32.const 1) (i64.const 100) (i32.const 0))
    (call $size_is (i32.const 5) (local.get $fd) (i64.const 21))
    ;; 6: the offset is where it was.
    (call $tells (i32.const 6) (local.get $fd) (i64.const 2))
    ;; 7: offsets beyond the largest.
    (call $iovec (global.get $iovs) (i32.const 104) (i32.const 3))
    (call $expect (i32.const 7)
      (call $fd_pwrite (local.get $fd) (global.get $iovs) (i32.const 1) (i64.const -1)
        (global.get $written))
      (global.get $inval))
    (call $expect (i32.const 7)
      (call $fd_pwrite (local.get $fd) (global.get $iovs) (i32.const 1)
        (i64.const 0x8000000000000000) (global.get $written))
      (global.get $inval))
    (call $size_is (i32.const 7) (local.get $fd) (i64.const 21))
    (call $close (i32.const 7) (local.get $fd))

    ;; 8: a file that is open to be read only, also if nothing is to be written.
    (local.set $fd
      (call $open (i32.const 8) (i32.const 64) (i32.const 17) (i32.const 0)
        (i64.const 0x8a000bf) (i32.const 0)))
    (call $expect (i32.const 8)
      (call $fd_pwrite (local.get $fd) (global.get $iovs) (i32.const 1) (i64.const 0)
        (global.get $written))
      (global.get $badf))
    (call $expect (i32.const 8)
      (call $fd_pwrite (local.get $fd) (global.get $iovs) (i32.const 0) (i64.const 0)
        (global.get $written))
      (global.get $badf))
    ;; 9, 10: standard output and error have no offset.
    (call $expect (i32.const 9)
      (call $fd_pwrite (i32.const 1) (global.get $iovs) (i32.const 1) (i64.const 0)
        (global.get $written))
      (global.get $spipe))
    (call $expect (i32.const 10)
      (call $fd_pwrite (i32.const 2) (global.get $iovs) (i32.const 1) (i64.const 0)
        (global.get $written))
      (global.get $spipe))
    ;; 11: nor has input, which besides is not written: either errno will do.
    (local.set $errno
      (call $fd_pwrite (i32.const 0) (global.get $iovs) (i32.const 1) (i64.const 0)
        (global.get $written)))
    (call $holds (i32.const 11)
      (i32.or (i32.eq (local.get $errno) (global.get $spipe))
        (i32.eq (local.get $errno) (global.get $badf))))
    ;; 12: a directory.
    (call $expect (i32.const 12)
      (call $fd_pwrite (i32.const 3) (global.get $iovs) (i32.const 1) (i64.const 0)
        (global.get $written))
      (global.get $badf))
    ;; 13, 14: what is closed, and what there never was.
    (call $close (i32.const 13) (local.get $fd))
    (call $expect (i32.const 13)
      (call $fd_pwrite (local.get $fd) (global.get $iovs) (i32.const 1) (i64.const 0)
        (global.get $written))
      (global.get $badf))
    (call $expect (i32.const 14)
      (call $fd_pwrite (i32.const -1) (global.get $iovs) (i32.const 1) (i64.const 0)
        (global.get $written))
      (global.get $badf))
    ;; 15: the file goes.
    (call $unlink (i32.const 15) (i32.const 64) (i32.const 17))))
