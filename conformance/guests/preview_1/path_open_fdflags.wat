;; Each of fdflags at opening: append 1, dsync 2, nonblock 4, rsync 8, sync 16. A host
;; that has no such flag says so; one that has it shows it.
;;
;; It is given a directory as fd 3, and makes `path_open_fdflags.cleanup` in it, where all
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
  (import "wasi_snapshot_preview1" "proc_exit"
    (func $proc_exit (param i32)))

  (memory (export "memory") 1)

  ;; The directory that all happens in.
  (global $root (mut i32) (i32.const -1))

  ;; What calls answer.
  (global $notsup i32 (i32.const 58))

  ;; Texts, each with a NUL behind it.
  (global $file i32 (i32.const 64)) (data (i32.const 64) "file")
  (global $dir i32 (i32.const 80)) (data (i32.const 80) "dir")
  (global $. i32 (i32.const 96)) (data (i32.const 96) ".")
  (global $own i32 (i32.const 112)) (data (i32.const 112) "path_open_fdflags.cleanup")

  (func (export "_start")
    (call $open_root)
    (call $ok (i32.const 2) (call $make (global.get $file)))
    (call $ok (i32.const 2) (call $create (global.get $dir)))

    ;; 3: none.
    (call $is (i32.const 3) (call $flags (global.get $file) (i32.const 0)) (i32.const 0))
    ;; 4: append.
    (call $is (i32.const 4) (call $flags (global.get $file) (i32.const 1)) (i32.const 1))
    ;; 5: nonblock.
    (call $is (i32.const 5) (call $flags (global.get $file) (i32.const 4)) (i32.const 4))
    ;; 6: both.
    (call $is (i32.const 6) (call $flags (global.get $file) (i32.const 5)) (i32.const 5))
    ;; 7: a directory never waits, and shows no flags.
    (call $is (i32.const 7) (call $flags (global.get $dir) (i32.const 4)) (i32.const 0))
    ;; 8: nor does the directory itself.
    (call $is (i32.const 8) (call $flags (global.get $.) (i32.const 4)) (i32.const 0))
    ;; 9: dsync.
    (call $is (i32.const 9) (call $shown_or_notsup (i32.const 2)) (i32.const 1))
    ;; 10: rsync.
    (call $is (i32.const 10) (call $shown_or_notsup (i32.const 8)) (i32.const 1))
    ;; 11: sync.
    (call $is (i32.const 11) (call $shown_or_notsup (i32.const 16)) (i32.const 1))
    ;; 12: sync and append.
    (call $is (i32.const 12) (call $shown_or_notsup (i32.const 17)) (i32.const 1)))

  ;; Opens to read with these flags, and answers those that are shown; minus an errno.
  (func $flags (param $path i32) (param $flags i32) (result i32)
    (local $fd i32)
    (local $errno i32)
    (local.set $errno
      (call $path_open (global.get $root) (i32.const 0)
        (local.get $path) (call $length (local.get $path))
        (i32.const 0) (i64.const 0x200002) (i64.const 0) (local.get $flags) (i32.const 2048)))
    (if (local.get $errno) (then (return (i32.sub (i32.const 0) (local.get $errno)))))
    (local.set $fd (i32.load (i32.const 2048)))
    (call $ok (i32.const 2) (call $fd_fdstat_get (local.get $fd) (i32.const 4096)))
    (call $ok (i32.const 2) (call $fd_close (local.get $fd)))
    (i32.load16_u offset=2 (i32.const 4096)))

  ;; Whether these flags are shown when a file is opened with them, or not supported.
  (func $shown_or_notsup (param $flags i32) (result i32)
    (local $shown i32)
    (local.set $shown (call $flags (global.get $file) (local.get $flags)))
    (i32.or
      (i32.eq (i32.and (local.get $shown) (local.get $flags)) (local.get $flags))
      (i32.eq (i32.sub (i32.const 0) (local.get $shown)) (global.get $notsup))))

  ;; Ends the guest unless a call succeeded.
  (func $ok (param $check i32) (param $errno i32)
    (if (local.get $errno) (then (call $proc_exit (local.get $check)))))

  ;; Ends the guest unless two numbers are the same.
  (func $is (param $check i32) (param $found i32) (param $wanted i32)
    (if (i32.ne (local.get $found) (local.get $wanted))
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
)
