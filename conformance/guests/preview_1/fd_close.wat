;; fd_close: of files, the standard streams and the preopen; what stays open beside.
;;
;; It is given `empty.dir` as its one preopen, fd 3. What it makes there it removes. It
;; exits with 0, or with the number of the check that failed.
(module
  (import "wasi_snapshot_preview1" "fd_close"
    (func $fd_close (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_pread"
    (func $fd_pread (param i32 i32 i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_prestat_get"
    (func $fd_prestat_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read"
    (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_filestat_get"
    (func $path_filestat_get (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_unlink_file"
    (func $path_unlink_file (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))

  (memory (export "memory") 1)

  ;; Errnos.
  (global $success i32 (i32.const 0))
  (global $badf i32 (i32.const 8))

  (data (i32.const 64) "fd_close.cleanup")
  (data (i32.const 88) "0123456789")
  (data (i32.const 104) "0123")
  (data (i32.const 112) ".")

  ;; Exits with the number of a check if an errno is not the one that is wanted.
  (func $expect (param $check i32) (param $errno i32) (param $wanted i32)
    (if (i32.ne (local.get $errno) (local.get $wanted))
      (then (call $proc_exit (local.get $check)))))

  ;; Exits with the number of a check if a number is not the one that is wanted.
  (func $is (param $check i32) (param $found i32) (param $wanted i32)
    (if (i32.ne (local.get $found) (local.get $wanted))
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

  ;; Removes a file beneath fd 3.
  (func $unlink (param $check i32) (param $path i32) (param $length i32)
    (call $expect (local.get $check)
      (call $path_unlink_file (i32.const 3) (local.get $path) (local.get $length))
      (i32.const 0)))

  (func (export "_start")
    (local $fd i32)
    (local $other i32)
    (local $directory i32)

    ;; 1, 2: a file, open twice.
    (local.set $fd
      (call $open (i32.const 1) (i32.const 64) (i32.const 16) (i32.const 5)
        (i64.const 0x8e001ff) (i32.const 0)))
    (call $write (i32.const 1) (local.get $fd) (i32.const 88) (i32.const 10))
    (local.set $other
      (call $open (i32.const 2) (i32.const 64) (i32.const 16) (i32.const 0)
        (i64.const 0x8a000bf) (i32.const 0)))
    ;; 3, 4: one is closed; it cannot be closed again.
    (call $expect (i32.const 3) (call $fd_close (local.get $fd)) (global.get $success))
    (call $expect (i32.const 4) (call $fd_close (local.get $fd)) (global.get $badf))
    ;; 5: the other is still open, and its offset is its own.
    (call $iovec (i32.const 8) (i32.const 1024) (i32.const 4))
    (call $expect (i32.const 5)
      (call $fd_read (local.get $other) (i32.const 8) (i32.const 1) (i32.const 0))
      (global.get $success))
    (call $holds_text (i32.const 5) (i32.const 1024) (i32.const 104) (i32.const 4))
    ;; 6, 7: a file that has no name any more lives as long as it is open.
    (call $unlink (i32.const 6) (i32.const 64) (i32.const 16))
    (call $holds_file (i32.const 7) (local.get $other) (i32.const 88) (i32.const 10))
    (call $expect (i32.const 7) (call $fd_close (local.get $other)) (global.get $success))

    ;; 8 to 10: the directory once more; then the preopen is closed, and cannot be used.
    (local.set $directory
      (call $open (i32.const 8) (i32.const 112) (i32.const 1) (i32.const 2) (i64.const 0)
        (i32.const 0)))
    (call $expect (i32.const 9) (call $fd_close (i32.const 3)) (global.get $success))
    (call $expect (i32.const 9) (call $fd_close (i32.const 3)) (global.get $badf))
    (call $expect (i32.const 10) (call $fd_prestat_get (i32.const 3) (i32.const 0))
      (global.get $badf))
    (call $expect (i32.const 10)
      (call $path_filestat_get (i32.const 3) (i32.const 0) (i32.const 112) (i32.const 1)
        (i32.const 1984))
      (global.get $badf))
    ;; 11, 12: the other descriptor of the directory lives on.
    (call $expect (i32.const 11)
      (call $path_filestat_get (local.get $directory) (i32.const 0) (i32.const 112)
        (i32.const 1) (i32.const 1984))
      (global.get $success))
    (call $expect (i32.const 12) (call $fd_close (local.get $directory)) (global.get $success))

    ;; 13 to 15: the standard streams.
    (call $expect (i32.const 13) (call $fd_close (i32.const 0)) (global.get $success))
    (call $expect (i32.const 13) (call $fd_close (i32.const 0)) (global.get $badf))
    (call $expect (i32.const 14) (call $fd_close (i32.const 1)) (global.get $success))
    (call $expect (i32.const 14)
      (call $fd_write (i32.const 1) (i32.const 8) (i32.const 1) (i32.const 0))
      (global.get $badf))
    (call $expect (i32.const 15) (call $fd_close (i32.const 2)) (global.get $success))
    (call $expect (i32.const 15) (call $fd_close (i32.const 2)) (global.get $badf))
    ;; 16 to 18: what there never was.
    (call $expect (i32.const 16) (call $fd_close (i32.const 1000)) (global.get $badf))
    (call $expect (i32.const 17) (call $fd_close (i32.const 0x7fffffff)) (global.get $badf))
    (call $expect (i32.const 18) (call $fd_close (i32.const -1)) (global.get $badf))))
