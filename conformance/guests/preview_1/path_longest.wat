;; The longest name and the longest path that there are: 255 bytes, and 4095 with all of
;; its names short.
;;
;; It is given a directory as fd 3, and makes `path_longest.cleanup` in it, where all
;; happens. It exits with 0, or with the number of the check that failed, which stands
;; before it. 1: that directory can be made. 2: so can what is needed in it.
(module
  (import "wasi_snapshot_preview1" "path_create_directory"
    (func $path_create_directory (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_unlink_file"
    (func $path_unlink_file (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_filestat_get"
    (func $path_filestat_get (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_link"
    (func $path_link (param i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_close"
    (func $fd_close (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit"
    (func $proc_exit (param i32)))

  (memory (export "memory") 1)

  ;; The directory that all happens in.
  (global $root (mut i32) (i32.const -1))

  ;; What calls answer.
  (global $nametoolong i32 (i32.const 37))

  ;; Texts, each with a NUL behind it.
  (global $seventh i32 (i32.const 64)) (data (i32.const 64) "seventh")
  (global $own i32 (i32.const 80)) (data (i32.const 80) "path_longest.cleanup")

  (func (export "_start")
    (call $open_root)
    (call $fill (global.get $name) (i32.const 0x6e) (i32.const 255))
    ;; 3: a name of 255 bytes is created.
    (call $ok (i32.const 3) (call $open (global.get $name) (i32.const 0) (i32.const 5)))
    ;; 4: and told.
    (call $ok (i32.const 4) (call $stat (global.get $name) (i32.const 0)))
    (call $is (i32.const 4) (i32.load8_u offset=16 (i32.const 4096)) (i32.const 4))
    ;; 5: and linked.
    (call $ok (i32.const 5) (call $link (global.get $name) (global.get $seventh)))
    (call $is (i32.const 5) (call $nlink (global.get $seventh)) (i32.const 2))
    ;; 6: and unlinked.
    (call $ok (i32.const 6) (call $unlink (global.get $name)))
    (i32.store8 offset=255 (global.get $name) (i32.const 0x6e))
    ;; 7: one byte more is too much.
    (call $expect (i32.const 7) (call $open (global.get $name) (i32.const 0) (i32.const 5))
      (global.get $nametoolong))
    (call $wind)
    ;; 8: a path of 4095 bytes.
    (call $ok (i32.const 8) (call $open (global.get $long) (i32.const 0) (i32.const 0)))
    ;; 9: by it a file is unlinked, and a directory made.
    (call $ok (i32.const 9) (call $unlink (global.get $long)))
    (call $ok (i32.const 9) (call $create (global.get $long)))
    (call $is (i32.const 9) (call $type (global.get $seventh)) (i32.const 3))
    (i32.store8 offset=4095 (global.get $long) (i32.const 0x64))
    ;; 10: one byte more is too much.
    (call $expect (i32.const 10) (call $stat (global.get $long) (i32.const 0))
      (global.get $nametoolong)))

  ;; Texts that are made: a name of 255 bytes, and a path of 4095 bytes.
  (global $name i32 (i32.const 8192))
  (global $long i32 (i32.const 12288))

  ;; Writes `./` 2044 times, and a name of 7 bytes behind it.
  (func $wind
    (local $at i32)
    (local.set $at (global.get $long))
    (loop $steps
      (i32.store16 (local.get $at) (i32.const 0x2f2e))
      (local.set $at (i32.add (local.get $at) (i32.const 2)))
      (br_if $steps
        (i32.lt_u (local.get $at) (i32.add (global.get $long) (i32.const 4088)))))
    (i64.store (local.get $at) (i64.load (global.get $seventh))))

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

  (func $unlink (param $path i32) (result i32)
    (call $path_unlink_file
      (global.get $root) (local.get $path) (call $length (local.get $path))))

  (func $link (param $from i32) (param $to i32) (result i32)
    (call $path_link
      (global.get $root) (i32.const 0) (local.get $from) (call $length (local.get $from))
      (global.get $root) (local.get $to) (call $length (local.get $to))))

  ;; What is told of a path goes to 4096.
  (func $stat (param $path i32) (param $follow i32) (result i32)
    (call $path_filestat_get (global.get $root) (local.get $follow)
      (local.get $path) (call $length (local.get $path)) (i32.const 4096)))

  ;; The type of what a path names, where a link is one; -1 if there is nothing.
  (func $type (param $path i32) (result i32)
    (if (result i32) (call $stat (local.get $path) (i32.const 0))
      (then (i32.const -1))
      (else (i32.load8_u offset=16 (i32.const 4096)))))

  ;; The number of names of what a path names.
  (func $nlink (param $path i32) (result i32)
    (call $ok (i32.const 2) (call $stat (local.get $path) (i32.const 0)))
    (i32.wrap_i64 (i64.load offset=24 (i32.const 4096))))

  ;; Writes one byte many times.
  (func $fill (param $at i32) (param $byte i32) (param $count i32)
    (loop $bytes
      (if (i32.eqz (local.get $count)) (then (return)))
      (i32.store8 (local.get $at) (local.get $byte))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (local.set $count (i32.sub (local.get $count) (i32.const 1)))
      (br $bytes)))
)
