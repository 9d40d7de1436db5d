;; Reading and writing with several buffers in one call: all of them are used, in their own
;; order and not in that of memory, at the offset and elsewhere.
;;
;; It is given `empty.dir` as its one preopen, fd 3. What it makes there it removes. It
;; exits with 0, or with the number of the check that failed.
(module
  (import "wasi_snapshot_preview1" "fd_close"
    (func $fd_close (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_fdstat_set_flags"
    (func $fd_fdstat_set_flags (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_pread"
    (func $fd_pread (param i32 i32 i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_pwrite"
    (func $fd_pwrite (param i32 i32 i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read"
    (func $fd_read (param i32 i32 i32 i32) (result i32)))
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

  ;; Places in memory, and other numbers.
  (global $iovs i32 (i32.const 512))
  (global $result i32 (i32.const 1016))

  (data (i32.const 64) "fd_several_buffers.cleanup")
  (data (i32.const 96) "abc")
  (data (i32.const 104) "0123456789")
  (data (i32.const 120) "abc0123456789abc")
  (data (i32.const 144) "xyz")
  (data (i32.const 152) "abc012345678xxyz")
  (data (i32.const 176) "c01234567")
  (data (i32.const 192) "45678xxyz")
  (data (i32.const 208) "8xx")
  (data (i32.const 216) "yz")
  (data (i32.const 224) "xxy")
  (data (i32.const 232) "z")
  (data (i32.const 240) "abc012345678xxyzabcxyz")

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

  ;; Sets bytes to one value.
  (func $fill (param $at i32) (param $length i32) (param $byte i32)
    (local $end i32)
    (local.set $end (i32.add (local.get $at) (local.get $length)))
    (block $done
      (loop $bytes
        (br_if $done (i32.eq (local.get $at) (local.get $end)))
        (i32.store8 (local.get $at) (local.get $byte))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
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

  ;; Three buffers to be read into, and an empty one between them: of 3, 2 and 4 bytes.
  (func $to_read
    (call $fill (i32.const 1024) (i32.const 64) (i32.const 0xa5))
    (call $iovec (global.get $iovs) (i32.const 1056) (i32.const 3))
    (call $iovec (i32.add (global.get $iovs) (i32.const 8)) (i32.const 1024) (i32.const 2))
    (call $iovec (i32.add (global.get $iovs) (i32.const 16)) (i32.const 1048) (i32.const 0))
    (call $iovec (i32.add (global.get $iovs) (i32.const 24)) (i32.const 1040) (i32.const 4)))

  ;; Sees what they hold, and that nothing else has changed.
  (func $are_read (param $check i32) (param $text i32)
    (call $is (local.get $check) (i32.load (global.get $result)) (i32.const 9))
    (call $holds_text (local.get $check) (i32.const 1056) (local.get $text) (i32.const 3))
    (call $holds_text (local.get $check) (i32.const 1024)
      (i32.add (local.get $text) (i32.const 3)) (i32.const 2))
    (call $holds_text (local.get $check) (i32.const 1040)
      (i32.add (local.get $text) (i32.const 5)) (i32.const 4))
    (call $all_are (local.get $check) (i32.const 1026) (i32.const 14) (i32.const 0xa5))
    (call $all_are (local.get $check) (i32.const 1044) (i32.const 12) (i32.const 0xa5))
    (call $all_are (local.get $check) (i32.const 1059) (i32.const 29) (i32.const 0xa5)))

  (func (export "_start")
    (local $fd i32)

    ;; 1, 2: writing: four buffers, one of them empty, and two from the same place.
    (local.set $fd
      (call $open (i32.const 1) (i32.const 64) (i32.const 26) (i32.const 5)
        (i64.const 0x8e001ff) (i32.const 0)))
    (call $iovec (global.get $iovs) (i32.const 96) (i32.const 3))
    (call $iovec (i32.add (global.get $iovs) (i32.const 8)) (i32.const 104) (i32.const 10))
    (call $iovec (i32.add (global.get $iovs) (i32.const 16)) (i32.const -1) (i32.const 0))
    (call $iovec (i32.add (global.get $iovs) (i32.const 24)) (i32.const 96) (i32.const 3))
    (call $expect (i32.const 1)
      (call $fd_write (local.get $fd) (global.get $iovs) (i32.const 4) (global.get $result))
      (global.get $success))
    (call $is (i32.const 1) (i32.load (global.get $result)) (i32.const 16))
    (call $tells (i32.const 2) (local.get $fd) (i64.const 16))
    (call $holds_file (i32.const 2) (local.get $fd) (i32.const 120) (i32.const 16))
    ;; 3, 4: elsewhere; the offset stays.
    (call $iovec (global.get $iovs) (i32.const 144) (i32.const 1))
    (call $iovec (i32.add (global.get $iovs) (i32.const 8)) (i32.const 144) (i32.const 3))
    (call $expect (i32.const 3)
      (call $fd_pwrite (local.get $fd) (global.get $iovs) (i32.const 2) (i64.const 12)
        (global.get $result))
      (global.get $success))
    (call $is (i32.const 3) (i32.load (global.get $result)) (i32.const 4))
    (call $tells (i32.const 4) (local.get $fd) (i64.const 16))
    (call $holds_file (i32.const 4) (local.get $fd) (i32.const 152) (i32.const 16))
    ;; 5, 6: reading.
    (call $goes_to (i32.const 5) (local.get $fd) (i64.const 2))
    (call $to_read)
    (call $expect (i32.const 5)
      (call $fd_read (local.get $fd) (global.get $iovs) (i32.const 4) (global.get $result))
      (global.get $success))
    (call $are_read (i32.const 6) (i32.const 176))
    (call $tells (i32.const 6) (local.get $fd) (i64.const 11))
    ;; 7, 8: elsewhere; the offset stays.
    (call $to_read)
    (call $expect (i32.const 7)
      (call $fd_pread (local.get $fd) (global.get $iovs) (i32.const 4) (i64.const 7)
        (global.get $result))
      (global.get $success))
    (call $are_read (i32.const 8) (i32.const 192))
    (call $tells (i32.const 8) (local.get $fd) (i64.const 11))
    ;; 9, 10: the file ends in the second buffer with room.
    (call $to_read)
    (call $expect (i32.const 9)
      (call $fd_read (local.get $fd) (global.get $iovs) (i32.const 4) (global.get $result))
      (global.get $success))
    (call $is (i32.const 9) (i32.load (global.get $result)) (i32.const 5))
    (call $holds_text (i32.const 9) (i32.const 1056) (i32.const 208) (i32.const 3))
    (call $holds_text (i32.const 9) (i32.const 1024) (i32.const 216) (i32.const 2))
    (call $all_are (i32.const 9) (i32.const 1026) (i32.const 30) (i32.const 0xa5))
    (call $to_read)
    (call $expect (i32.const 10)
      (call $fd_pread (local.get $fd) (global.get $iovs) (i32.const 4) (i64.const 12)
        (global.get $result))
      (global.get $success))
    (call $is (i32.const 10) (i32.load (global.get $result)) (i32.const 4))
    (call $holds_text (i32.const 10) (i32.const 1056) (i32.const 224) (i32.const 3))
    (call $holds_text (i32.const 10) (i32.const 1024) (i32.const 232) (i32.const 1))
    (call $all_are (i32.const 10) (i32.const 1025) (i32.const 31) (i32.const 0xa5))
    ;; 11, 12: at the end of a file that appends.
    (call $expect (i32.const 11) (call $fd_fdstat_set_flags (local.get $fd) (i32.const 1))
      (global.get $success))
    (call $goes_to (i32.const 11) (local.get $fd) (i64.const 0))
    (call $iovec (global.get $iovs) (i32.const 96) (i32.const 3))
    (call $iovec (i32.add (global.get $iovs) (i32.const 8)) (i32.const 144) (i32.const 3))
    (call $expect (i32.const 11)
      (call $fd_write (local.get $fd) (global.get $iovs) (i32.const 2) (global.get $result))
      (global.get $success))
    (call $is (i32.const 11) (i32.load (global.get $result)) (i32.const 6))
    (call $tells (i32.const 12) (local.get $fd) (i64.const 22))
    (call $holds_file (i32.const 12) (local.get $fd) (i32.const 240) (i32.const 22))
    ;; 13: it goes.
    (call $close (i32.const 13) (local.get $fd))
    (call $unlink (i32.const 13) (i32.const 64) (i32.const 26))))
