;; Files that are open with append: fd_write writes at the end, wherever the offset is, and
;; moves the offset to the new end.
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
  (global $written i32 (i32.const 1016))

  (data (i32.const 64) "fd_append.cleanup")
  (data (i32.const 88) "0123")
  (data (i32.const 96) "45")
  (data (i32.const 104) "6789a")
  (data (i32.const 112) "0123456789a")
  (data (i32.const 128) "234")
  (data (i32.const 136) "bcd")
  (data (i32.const 144) "e")
  (data (i32.const 152) "0123456789abcde")
  (data (i32.const 168) "67")

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
    (local $other i32)

    ;; 1: a file of four bytes.
    (local.set $fd
      (call $open (i32.const 1) (i32.const 64) (i32.const 17) (i32.const 5)
        (i64.const 0x8e001ff) (i32.const 1)))
    (call $write (i32.const 1) (local.get $fd) (i32.const 88) (i32.const 4))
    (call $tells (i32.const 1) (local.get $fd) (i64.const 4))
    ;; 2: from the start.
    (call $goes_to (i32.const 2) (local.get $fd) (i64.const 0))
    (call $write (i32.const 2) (local.get $fd) (i32.const 96) (i32.const 2))
    (call $tells (i32.const 2) (local.get $fd) (i64.const 6))
    ;; 3: from beyond the end.
    (call $goes_to (i32.const 3) (local.get $fd) (i64.const 50))
    (call $write (i32.const 3) (local.get $fd) (i32.const 104) (i32.const 5))
    (call $tells (i32.const 3) (local.get $fd) (i64.const 11))
    (call $holds_file (i32.const 3) (local.get $fd) (i32.const 112) (i32.const 11))
    ;; 4: nothing at all does not move it.
    (call $goes_to (i32.const 4) (local.get $fd) (i64.const 2))
    (call $expect (i32.const 4)
      (call $fd_write (local.get $fd) (global.get $iovs) (i32.const 0) (global.get $written))
      (global.get $success))
    (call $tells (i32.const 4) (local.get $fd) (i64.const 2))
    ;; 5: reading begins at the offset.
    (call $iovec (global.get $iovs) (i32.const 1024) (i32.const 3))
    (call $expect (i32.const 5)
      (call $fd_read (local.get $fd) (global.get $iovs) (i32.const 1) (i32.const 0))
      (global.get $success))
    (call $holds_text (i32.const 5) (i32.const 1024) (i32.const 128) (i32.const 3))
    (call $tells (i32.const 5) (local.get $fd) (i64.const 5))
    ;; 6, 7: what others write in the meantime is not overwritten.
    (local.set $other
      (call $open (i32.const 6) (i32.const 64) (i32.const 17) (i32.const 0)
        (i64.const 0x8e001ff) (i32.const 0)))
    (call $goes_to (i32.const 6) (local.get $other) (i64.const 11))
    (call $write (i32.const 6) (local.get $other) (i32.const 136) (i32.const 3))
    (call $write (i32.const 7) (local.get $fd) (i32.const 144) (i32.const 1))
    (call $tells (i32.const 7) (local.get $fd) (i64.const 15))
    (call $holds_file (i32.const 7) (local.get $fd) (i32.const 152) (i32.const 15))
    (call $close (i32.const 7) (local.get $other))
    ;; 8: fd_pwrite writes at its offset or at the end; the descriptor's own offset stays.
    (call $goes_to (i32.const 8) (local.get $fd) (i64.const 1))
    (call $iovec (global.get $iovs) (i32.const 168) (i32.const 2))
    (call $expect (i32.const 8)
      (call $fd_pwrite (local.get $fd) (global.get $iovs) (i32.const 1) (i64.const 0)
        (global.get $written))
      (global.get $success))
    (call $is (i32.const 8) (i32.load (global.get $written)) (i32.const 2))
    (call $tells (i32.const 8) (local.get $fd) (i64.const 1))
    (call $expect (i32.const 8) (call $fd_filestat_get (local.get $fd) (i32.const 1984))
      (global.get $success))
    (call $holds (i32.const 8)
      (i32.or (i64.eq (i64.load offset=32 (i32.const 1984)) (i64.const 15))
        (i64.eq (i64.load offset=32 (i32.const 1984)) (i64.const 17))))
    ;; 9: it goes.
    (call $close (i32.const 9) (local.get $fd))
    (call $unlink (i32.const 9) (i32.const 64) (i32.const 17))))
