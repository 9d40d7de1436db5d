;; fd_read: up to the end of a file, and beyond it; what is not open to be read.
;;
;; It is given `empty.dir` as its one preopen, fd 3. What it makes there it removes. It
;; exits with 0, or with the number of the check that failed.
(module
  (import "wasi_snapshot_preview1" "fd_close"
    (func $fd_close (param i32) (result i32)))
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
  (global $badf i32 (i32.const 8))

  ;; Places in memory, and other numbers.
  (global $iovs i32 (i32.const 512))
  (global $nread i32 (i32.const 1016))

  (data (i32.const 64) "fd_read.cleanup")
  (data (i32.const 80) "0123456789abcdef")
  (data (i32.const 104) "0123")
  (data (i32.const 112) "456789")
  (data (i32.const 120) "abcdef")
  (data (i32.const 128) "34")

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

  ;; Writes a text at the descriptor's offset.
  (func $write (param $check i32) (param $fd i32) (param $text i32) (param $length i32)
    (call $iovec (i32.const 8) (local.get $text) (local.get $length))
    (call $expect (local.get $check)
      (call $fd_write (local.get $fd) (i32.const 8) (i32.const 1) (i32.const 0)) (i32.const 0))
    (call $is (local.get $check) (i32.load (i32.const 0)) (local.get $length)))

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

  ;; Reads into buffers, and sees how many bytes there were.
  (func $reads (param $check i32) (param $fd i32) (param $buffers i32) (param $wanted i32)
    (call $expect (local.get $check)
      (call $fd_read (local.get $fd) (global.get $iovs) (local.get $buffers) (global.get $nread))
      (global.get $success))
    (call $is (local.get $check) (i32.load (global.get $nread)) (local.get $wanted)))

  (func (export "_start")
    (local $fd i32)

    ;; 1: a file of 16 bytes.
    (local.set $fd
      (call $open (i32.const 1) (i32.const 64) (i32.const 15) (i32.const 5)
        (i64.const 0x8e001ff) (i32.const 0)))
    (call $write (i32.const 1) (local.get $fd) (i32.const 80) (i32.const 16))
    ;; 2: one buffer: its bytes, and none beside them.
    (call $goes_to (i32.const 2) (local.get $fd) (i64.const 0))
    (call $fill (i32.const 1024) (i32.const 64) (i32.const 0xa5))
    (call $iovec (global.get $iovs) (i32.const 1032) (i32.const 4))
    (call $reads (i32.const 2) (local.get $fd) (i32.const 1) (i32.const 4))
    (call $all_are (i32.const 2) (i32.const 1024) (i32.const 8) (i32.const 0xa5))
    (call $holds_text (i32.const 2) (i32.const 1032) (i32.const 104) (i32.const 4))
    (call $all_are (i32.const 2) (i32.const 1036) (i32.const 8) (i32.const 0xa5))
    ;; 3: what follows.
    (call $iovec (global.get $iovs) (i32.const 1024) (i32.const 6))
    (call $reads (i32.const 3) (local.get $fd) (i32.const 1) (i32.const 6))
    (call $holds_text (i32.const 3) (i32.const 1024) (i32.const 112) (i32.const 6))
    (call $tells (i32.const 3) (local.get $fd) (i64.const 10))
    ;; 4: the file ends in the buffer; what is behind is not touched.
    (call $fill (i32.const 1024) (i32.const 64) (i32.const 0xa5))
    (call $iovec (global.get $iovs) (i32.const 1024) (i32.const 12))
    (call $reads (i32.const 4) (local.get $fd) (i32.const 1) (i32.const 6))
    (call $holds_text (i32.const 4) (i32.const 1024) (i32.const 120) (i32.const 6))
    (call $all_are (i32.const 4) (i32.const 1030) (i32.const 14) (i32.const 0xa5))
    ;; 5: at the end there is nothing, nor is there beyond it.
    (call $reads (i32.const 5) (local.get $fd) (i32.const 1) (i32.const 0))
    (call $goes_to (i32.const 5) (local.get $fd) (i64.const 100))
    (call $reads (i32.const 5) (local.get $fd) (i32.const 1) (i32.const 0))
    (call $tells (i32.const 5) (local.get $fd) (i64.const 100))
    ;; 6: no buffers, and none but empty ones.
    (call $goes_to (i32.const 6) (local.get $fd) (i64.const 3))
    (call $reads (i32.const 6) (local.get $fd) (i32.const 0) (i32.const 0))
    (call $iovec (global.get $iovs) (i32.const 1024) (i32.const 0))
    (call $iovec (i32.add (global.get $iovs) (i32.const 8)) (i32.const 1032) (i32.const 0))
    (call $reads (i32.const 6) (local.get $fd) (i32.const 2) (i32.const 0))
    (call $tells (i32.const 6) (local.get $fd) (i64.const 3))
    ;; 7: an empty buffer may be anywhere.
    (call $iovec (global.get $iovs) (i32.const -1) (i32.const 0))
    (call $iovec (i32.add (global.get $iovs) (i32.const 8)) (i32.const 1024) (i32.const 2))
    (call $reads (i32.const 7) (local.get $fd) (i32.const 2) (i32.const 2))
    (call $holds_text (i32.const 7) (i32.const 1024) (i32.const 128) (i32.const 2))
    (call $close (i32.const 7) (local.get $fd))

    ;; 8: a file that is open to be written only, also if nothing is wanted.
    (local.set $fd
      (call $open (i32.const 8) (i32.const 64) (i32.const 15) (i32.const 0)
        (i64.const 0x8e001fd) (i32.const 0)))
    (call $expect (i32.const 8)
      (call $fd_read (local.get $fd) (global.get $iovs) (i32.const 2) (global.get $nread))
      (global.get $badf))
    (call $expect (i32.const 8)
      (call $fd_read (local.get $fd) (global.get $iovs) (i32.const 0) (global.get $nread))
      (global.get $badf))
    (call $close (i32.const 8) (local.get $fd))
    ;; 9: one that is open for neither.
    (local.set $fd
      (call $open (i32.const 9) (i32.const 64) (i32.const 15) (i32.const 0)
        (i64.const 0x8e001bd) (i32.const 0)))
    (call $expect (i32.const 9)
      (call $fd_read (local.get $fd) (global.get $iovs) (i32.const 2) (global.get $nread))
      (global.get $badf))
    ;; 10 to 12: a directory, and the streams that are written.
    (call $expect (i32.const 10)
      (call $fd_read (i32.const 3) (global.get $iovs) (i32.const 2) (global.get $nread))
      (global.get $badf))
    (call $expect (i32.const 11)
      (call $fd_read (i32.const 1) (global.get $iovs) (i32.const 2) (global.get $nread))
      (global.get $badf))
    (call $expect (i32.const 12)
      (call $fd_read (i32.const 2) (global.get $iovs) (i32.const 2) (global.get $nread))
      (global.get $badf))
    ;; 13, 14: what is closed, and what there never was.
    (call $close (i32.const 13) (local.get $fd))
    (call $expect (i32.const 13)
      (call $fd_read (local.get $fd) (global.get $iovs) (i32.const 2) (global.get $nread))
      (global.get $badf))
    (call $expect (i32.const 14)
      (call $fd_read (i32.const -1) (global.get $iovs) (i32.const 2) (global.get $nread))
      (global.get $badf))
    ;; 15: the file goes.
    (call $unlink (i32.const 15) (i32.const 64) (i32.const 15))))
