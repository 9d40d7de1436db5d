;; fd_fdstat_set_rights: rights shrink, for good, and what they were needed for fails.
;;
;; It is given `empty.dir` as its one preopen, fd 3. What it makes there it removes. It
;; exits with 0, or with the number of the check that failed.
(module
  (import "wasi_snapshot_preview1" "fd_close"
    (func $fd_close (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_fdstat_get"
    (func $fd_fdstat_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_fdstat_set_rights"
    (func $fd_fdstat_set_rights (param i32 i64 i64) (result i32)))
  (import "wasi_snapshot_preview1" "fd_pread"
    (func $fd_pread (param i32 i32 i32 i64 i32) (result i32)))
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
  (global $notcapable i32 (i32.const 76))

  ;; Places in memory, and other numbers.
  (global $fdstat i32 (i32.const 2048))

  (data (i32.const 64) "fd_fdstat_set_rights.cleanup")
  (data (i32.const 96) "0123456789")
  (data (i32.const 112) ".")

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

  ;; Sees which rights a descriptor has.
  (func $rights_are (param $check i32) (param $fd i32) (param $base i64) (param $inheriting i64)
    (call $expect (local.get $check) (call $fd_fdstat_get (local.get $fd) (global.get $fdstat))
      (global.get $success))
    (call $is64 (local.get $check) (i64.load offset=8 (global.get $fdstat)) (local.get $base))
    (call $is64 (local.get $check) (i64.load offset=16 (global.get $fdstat))
      (local.get $inheriting)))

  (func (export "_start")
    (local $fd i32)
    (local $base i64)
    (local $inheriting i64)
    (local $directory i32)

    ;; 1: a file of ten bytes.
    (local.set $fd
      (call $open (i32.const 1) (i32.const 64) (i32.const 28) (i32.const 5)
        (i64.const 0x8e001ff) (i32.const 0)))
    (call $write (i32.const 1) (local.get $fd) (i32.const 96) (i32.const 10))
    ;; 2: the rights that it has can be set.
    (call $expect (i32.const 2) (call $fd_fdstat_get (local.get $fd) (global.get $fdstat))
      (global.get $success))
    (local.set $base (i64.load offset=8 (global.get $fdstat)))
    (local.set $inheriting (i64.load offset=16 (global.get $fdstat)))
    (call $expect (i32.const 2)
      (call $fd_fdstat_set_rights (local.get $fd) (local.get $base) (local.get $inheriting))
      (global.get $success))
    (call $rights_are (i32.const 2) (local.get $fd) (local.get $base) (local.get $inheriting))
    ;; 3: one that it has not (path_open, 0x2000) cannot; nothing changes.
    (call $expect (i32.const 3)
      (call $fd_fdstat_set_rights (local.get $fd) (i64.or (local.get $base) (i64.const 0x2000))
        (local.get $inheriting))
      (global.get $notcapable))
    (call $rights_are (i32.const 3) (local.get $fd) (local.get $base) (local.get $inheriting))
    ;; 4: without fd_write it can no more be written.
    (call $expect (i32.const 4)
      (call $fd_fdstat_set_rights (local.get $fd) (i64.const 0x26) (i64.const 0))
      (global.get $success))
    (call $rights_are (i32.const 4) (local.get $fd) (i64.const 0x26) (i64.const 0))
    (call $expect (i32.const 4)
      (call $fd_write (local.get $fd) (i32.const 8) (i32.const 1) (i32.const 0))
      (global.get $badf))
    ;; 5: reading still works.
    (call $holds_file (i32.const 5) (local.get $fd) (i32.const 96) (i32.const 10))
    ;; 6: nothing comes back, not even together with less.
    (call $expect (i32.const 6)
      (call $fd_fdstat_set_rights (local.get $fd) (local.get $base) (local.get $inheriting))
      (global.get $notcapable))
    (call $expect (i32.const 6)
      (call $fd_fdstat_set_rights (local.get $fd) (i64.const 0x40) (i64.const 0))
      (global.get $notcapable))
    (call $rights_are (i32.const 6) (local.get $fd) (i64.const 0x26) (i64.const 0))
    ;; 7, 8: down to none; that much can always be told.
    (call $expect (i32.const 7)
      (call $fd_fdstat_set_rights (local.get $fd) (i64.const 0) (i64.const 0))
      (global.get $success))
    (call $rights_are (i32.const 8) (local.get $fd) (i64.const 0) (i64.const 0))
    ;; 9: no right is needed to close it. Another descriptor of the file is as it was made.
    (call $close (i32.const 9) (local.get $fd))
    (local.set $fd
      (call $open (i32.const 9) (i32.const 64) (i32.const 28) (i32.const 0)
        (i64.const 0x8e001ff) (i32.const 0)))
    (call $rights_are (i32.const 9) (local.get $fd) (local.get $base) (local.get $inheriting))

    ;; 10 to 12: a standard stream.
    (call $expect (i32.const 10)
      (call $fd_fdstat_set_rights (i32.const 0) (i64.const 0x2) (i64.const 0))
      (global.get $success))
    (call $rights_are (i32.const 11) (i32.const 0) (i64.const 0x2) (i64.const 0))
    (call $expect (i32.const 12)
      (call $fd_fdstat_set_rights (i32.const 0) (i64.const 0x42) (i64.const 0))
      (global.get $notcapable))
    ;; 13 to 15: a directory, whose inheriting rights shrink apart from its own.
    (local.set $directory
      (call $open (i32.const 13) (i32.const 112) (i32.const 1) (i32.const 2) (i64.const 0)
        (i32.const 0)))
    (call $expect (i32.const 13)
      (call $fd_fdstat_set_rights (local.get $directory) (i64.const 0x42000) (i64.const 0x2))
      (global.get $success))
    (call $rights_are (i32.const 14) (local.get $directory) (i64.const 0x42000) (i64.const 0x2))
    (call $expect (i32.const 15)
      (call $fd_fdstat_set_rights (local.get $directory) (i64.const 0x2000) (i64.const 0x42))
      (global.get $notcapable))
    (call $close (i32.const 15) (local.get $directory))
    ;; 16, 17: what is closed, and what there never was.
    (call $close (i32.const 16) (local.get $fd))
    (call $expect (i32.const 16)
      (call $fd_fdstat_set_rights (local.get $fd) (i64.const 0) (i64.const 0))
      (global.get $badf))
    (call $expect (i32.const 17)
      (call $fd_fdstat_set_rights (i32.const -1) (i64.const 0) (i64.const 0))
      (global.get $badf))
    ;; 18: the file goes.
    (call $unlink (i32.const 18) (i32.const 64) (i32.const 28))))
