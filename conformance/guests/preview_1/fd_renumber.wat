;; fd_renumber: a descriptor takes the number of another one, with all that it has.
;;
;; It is given `empty.dir` as its one preopen, fd 3. What it makes there it removes. It
;; exits with 0, or with the number of the check that failed.
(module
  (import "wasi_snapshot_preview1" "fd_fdstat_get"
    (func $fd_fdstat_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_fdstat_set_flags"
    (func $fd_fdstat_set_flags (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_pread"
    (func $fd_pread (param i32 i32 i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_prestat_dir_name"
    (func $fd_prestat_dir_name (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_prestat_get"
    (func $fd_prestat_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_renumber"
    (func $fd_renumber (param i32 i32) (result i32)))
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
  (global $notdir i32 (i32.const 54))

  ;; Places in memory, and other numbers.
  (global $fdstat i32 (i32.const 2048))

  (data (i32.const 64) "fd_renumber-1.cleanup")
  (data (i32.const 88) "0123456789")
  (data (i32.const 104) "fd_renumber-2.cleanup")
  (data (i32.const 128) "abcd")
  (data (i32.const 136) ".")

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

  ;; Removes a file beneath fd 3.
  (func $unlink (param $check i32) (param $path i32) (param $length i32)
    (call $expect (local.get $check)
      (call $path_unlink_file (i32.const 3) (local.get $path) (local.get $length))
      (i32.const 0)))

  ;; Makes a file that holds a text.
  (func $make (param $check i32) (param $path i32) (param $path_length i32) (param $text i32)
    (param $length i32) (result i32)
    (local $fd i32)

    (local.set $fd
      (call $open (local.get $check) (local.get $path) (local.get $path_length) (i32.const 5)
        (i64.const 0x8e001ff) (i32.const 0)))
    (call $write (local.get $check) (local.get $fd) (local.get $text) (local.get $length))
    (return (local.get $fd)))

  (func (export "_start")
    (local $first i32)
    (local $second i32)
    (local $directory i32)

    ;; 1, 2: two files, each at another offset.
    (local.set $first
      (call $make (i32.const 1) (i32.const 64) (i32.const 21) (i32.const 88) (i32.const 10)))
    (local.set $second
      (call $make (i32.const 2) (i32.const 104) (i32.const 21) (i32.const 128) (i32.const 4)))
    (call $goes_to (i32.const 2) (local.get $first) (i64.const 7))
    ;; 3: to its own number: nothing happens.
    (call $expect (i32.const 3) (call $fd_renumber (local.get $first) (local.get $first))
      (global.get $success))
    (call $tells (i32.const 3) (local.get $first) (i64.const 7))
    ;; 4, 5: the first takes the number of the second; its own is free.
    (call $expect (i32.const 4) (call $fd_fdstat_set_flags (local.get $first) (i32.const 1))
      (global.get $success))
    (call $expect (i32.const 4) (call $fd_renumber (local.get $first) (local.get $second))
      (global.get $success))
    (call $expect (i32.const 5) (call $fd_tell (local.get $first) (i32.const 0))
      (global.get $badf))
    (call $expect (i32.const 5) (call $fd_renumber (local.get $first) (local.get $first))
      (global.get $badf))
    ;; 6, 7: offset, contents and flags have moved along.
    (call $tells (i32.const 6) (local.get $second) (i64.const 7))
    (call $holds_file (i32.const 6) (local.get $second) (i32.const 88) (i32.const 10))
    (call $expect (i32.const 7) (call $fd_fdstat_get (local.get $second) (global.get $fdstat))
      (global.get $success))
    (call $is (i32.const 7) (i32.load16_u offset=2 (global.get $fdstat)) (i32.const 1))
    ;; 8: a number that is not open cannot be taken, and nothing happens.
    (call $expect (i32.const 8) (call $fd_renumber (local.get $second) (local.get $first))
      (global.get $badf))
    (call $expect (i32.const 8) (call $fd_renumber (local.get $second) (i32.const 1000))
      (global.get $badf))
    (call $expect (i32.const 8) (call $fd_renumber (local.get $second) (i32.const -1))
      (global.get $badf))
    (call $tells (i32.const 8) (local.get $second) (i64.const 7))
    ;; 9: nor can what is not open take one.
    (call $expect (i32.const 9) (call $fd_renumber (local.get $first) (local.get $second))
      (global.get $badf))
    (call $expect (i32.const 9) (call $fd_renumber (i32.const -1) (local.get $second))
      (global.get $badf))
    (call $tells (i32.const 9) (local.get $second) (i64.const 7))
    (call $unlink (i32.const 9) (i32.const 64) (i32.const 21))
    (call $unlink (i32.const 9) (i32.const 104) (i32.const 21))

    ;; 10, 11: over a standard stream, and a standard stream over something.
    (local.set $directory
      (call $open (i32.const 10) (i32.const 136) (i32.const 1) (i32.const 2) (i64.const 0)
        (i32.const 0)))
    (call $expect (i32.const 10) (call $fd_renumber (local.get $second) (i32.const 0))
      (global.get $success))
    (call $holds_file (i32.const 10) (i32.const 0) (i32.const 88) (i32.const 10))
    (call $expect (i32.const 11) (call $fd_renumber (i32.const 2) (local.get $directory))
      (global.get $success))
    (call $expect (i32.const 11)
      (call $fd_write (i32.const 2) (i32.const 8) (i32.const 0) (i32.const 0))
      (global.get $badf))
    (call $expect (i32.const 11)
      (call $fd_write (local.get $directory) (i32.const 8) (i32.const 0) (i32.const 0))
      (global.get $success))
    ;; 12, 13: a file over the preopen is no preopen.
    (call $expect (i32.const 12) (call $fd_renumber (i32.const 0) (i32.const 3))
      (global.get $success))
    (call $holds_file (i32.const 12) (i32.const 3) (i32.const 88) (i32.const 10))
    (call $expect (i32.const 13) (call $fd_prestat_get (i32.const 3) (global.get $fdstat))
      (global.get $badf))
    (call $expect (i32.const 13)
      (call $fd_prestat_dir_name (i32.const 3) (global.get $fdstat) (i32.const 16))
      (global.get $notdir))))
