;; Rights that were given up never come back: not by asking for them, not by opening the
;; directory once more, and not by what is opened beneath.
;;
;; It is given a directory as fd 3, and makes `rights_shrink.cleanup` in it, where all
;; happens. It exits with 0, or with the number of the check that failed, which stands
;; before it. 1: that directory can be made. 2: so can what is needed in it.
(module
  (import "wasi_snapshot_preview1" "path_create_directory"
    (func $path_create_directory (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_unlink_file"
    (func $path_unlink_file (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_filestat_get"
    (func $path_filestat_get (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_close"
    (func $fd_close (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_fdstat_get"
    (func $fd_fdstat_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_fdstat_set_rights"
    (func $fd_fdstat_set_rights (param i32 i64 i64) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit"
    (func $proc_exit (param i32)))

  (memory (export "memory") 1)

  ;; The directory that all happens in.
  (global $root (mut i32) (i32.const -1))

  ;; What calls answer.
  (global $perm i32 (i32.const 63))
  (global $notcapable i32 (i32.const 76))

  ;; Texts, each with a NUL behind it.
  (global $dir i32 (i32.const 64)) (data (i32.const 64) "dir")
  (global $dir/file i32 (i32.const 80)) (data (i32.const 80) "dir/file")
  (global $file i32 (i32.const 96)) (data (i32.const 96) "file")
  (global $other i32 (i32.const 112)) (data (i32.const 112) "other")
  (global $. i32 (i32.const 128)) (data (i32.const 128) ".")
  (global $./ i32 (i32.const 144)) (data (i32.const 144) "./")
  (global $dir/.. i32 (i32.const 160)) (data (i32.const 160) "dir/..")
  (global $own i32 (i32.const 176)) (data (i32.const 176) "rights_shrink.cleanup")

  (func (export "_start")
    (local $all i32)
    (local $base i64)
    (local $inheriting i64)
    (call $open_root)
    (call $ok (i32.const 2) (call $create (global.get $dir)))
    (call $ok (i32.const 2) (call $make (global.get $dir/file)))
    (call $ok (i32.const 2) (call $make (global.get $file)))
    (call $ok (i32.const 2) (call $make (global.get $other)))
    (local.set $all (global.get $root))

    ;; path_unlink_file (bit 26) is given up, and beneath it fd_write (bit 6) too.
    (global.set $root (call $opened (global.get $.) (i32.const 2) (i64.const 0x7bffe00)))
    (local.set $base (i64.and (call $base (global.get $root)) (i64.const 0xfffffffffbffffff)))
    (local.set $inheriting
      (i64.and (call $inheriting (global.get $root)) (i64.const 0xfffffffffbffffbf)))
    ;; 3: they can be given up.
    (call $ok (i32.const 3)
      (call $fd_fdstat_set_rights (global.get $root) (local.get $base) (local.get $inheriting)))
    ;; 4: that is told.
    (call $is (i32.const 4) (i64.eq (call $base (global.get $root)) (local.get $base))
      (i32.const 1))
    (call $is (i32.const 4) (i64.eq (call $inheriting (global.get $root)) (local.get $inheriting))
      (i32.const 1))
    ;; 5: what is left can be asked for.
    (call $ok (i32.const 5)
      (call $fd_fdstat_set_rights (global.get $root) (local.get $base) (local.get $inheriting)))
    ;; 6: what was given up cannot.
    (call $expect (i32.const 6)
      (call $fd_fdstat_set_rights (global.get $root)
        (i64.or (local.get $base) (i64.const 0x4000000)) (local.get $inheriting))
      (global.get $notcapable))
    ;; 7: nor can it for what is beneath.
    (call $expect (i32.const 7)
      (call $fd_fdstat_set_rights (global.get $root) (local.get $base)
        (i64.or (local.get $inheriting) (i64.const 0x40)))
      (global.get $notcapable))
    ;; 8: nor all of it.
    (call $expect (i32.const 8)
      (call $fd_fdstat_set_rights (global.get $root) (i64.const 0xfffffff) (i64.const 0xfffffff))
      (global.get $notcapable))
    ;; 9: nor what no directory can do: to seek (bit 2).
    (call $expect (i32.const 9)
      (call $fd_fdstat_set_rights (global.get $root) (i64.or (local.get $base) (i64.const 4))
        (local.get $inheriting))
      (global.get $notcapable))
    ;; 10: more for one and less for the other is more.
    (call $expect (i32.const 10)
      (call $fd_fdstat_set_rights (global.get $root) (i64.const 0) (i64.const 0xfffffff))
      (global.get $notcapable))
    ;; 11: all that changed nothing.
    (call $is (i32.const 11) (i64.eq (call $base (global.get $root)) (local.get $base))
      (i32.const 1))
    (call $is (i32.const 11) (i64.eq (call $inheriting (global.get $root)) (local.get $inheriting))
      (i32.const 1))

    ;; It is enforced.
    ;; 12: no file can be unlinked.
    (call $expect (i32.const 12) (call $unlink (global.get $file)) (global.get $perm))
    ;; 13: none can be opened to write.
    (call $expect (i32.const 13)
      (call $open_for (global.get $file) (i32.const 0) (i32.const 0) (i64.const 0x40))
      (global.get $perm))
    ;; 14: none can be opened to read and to write.
    (call $expect (i32.const 14)
      (call $open_for (global.get $file) (i32.const 0) (i32.const 0) (i64.const 0x42))
      (global.get $perm))
    ;; 15: one can be opened to read.
    (call $ok (i32.const 15)
      (call $open_for (global.get $file) (i32.const 0) (i32.const 0) (i64.const 2)))

    ;; Opened once more, by each of the ways that lead back.
    ;; 16 to 20.
    (call $again (i32.const 16)
      (call $opened (global.get $.) (i32.const 0) (i64.const 0x7bffe00)))
    ;; 21 to 25.
    (call $again (i32.const 21)
      (call $opened (global.get $./) (i32.const 2) (i64.const 0)))
    ;; 26 to 30.
    (call $again (i32.const 26)
      (call $opened (global.get $dir/..) (i32.const 0) (i64.const 0x7bffe00)))
    ;; What is opened beneath it.
    ;; 31 to 35.
    (call $again (i32.const 31)
      (call $opened (global.get $dir) (i32.const 2) (i64.const 0x7bffe00)))

    ;; The other descriptor of the same directory is another one.
    (global.set $root (local.get $all))
    ;; 36: it can still unlink.
    (call $ok (i32.const 36) (call $unlink (global.get $file)))
    ;; 37: and open to write.
    (call $ok (i32.const 37)
      (call $open_for (global.get $other) (i32.const 0) (i32.const 0) (i64.const 0x40)))
    ;; 38: only unlinking was undone of what was there.
    (call $is (i32.const 38) (call $type (global.get $dir/file)) (i32.const 4)))

  ;; Opens, and answers the descriptor.
  (func $opened (param $path i32) (param $oflags i32) (param $rights i64) (result i32)
    (call $ok (i32.const 2)
      (call $path_open (global.get $root) (i32.const 0)
        (local.get $path) (call $length (local.get $path))
        (local.get $oflags) (local.get $rights) (i64.const 0xfffffff) (i32.const 0)
        (i32.const 2048)))
    (i32.load (i32.const 2048)))

  ;; What a descriptor may do, and what may be done beneath it.
  (func $base (param $fd i32) (result i64)
    (call $ok (i32.const 2) (call $fd_fdstat_get (local.get $fd) (i32.const 4096)))
    (i64.load offset=8 (i32.const 4096)))

  (func $inheriting (param $fd i32) (result i64)
    (call $ok (i32.const 2) (call $fd_fdstat_get (local.get $fd) (i32.const 4096)))
    (i64.load offset=16 (i32.const 4096)))

  ;; Five checks of a directory that was opened beneath one with fewer rights: 0, 1: it has no
  ;; more, for itself and for what is beneath; 2: no file in it can be unlinked; 3: none can be
  ;; opened to write; 4: what is missing cannot be asked for.
  (func $again (param $check i32) (param $fd i32)
    (local $before i32)
    (local.set $before (global.get $root))
    (call $is (local.get $check) (i32.const 1)
      (i64.eq (call $base (global.get $root)) (call $base (local.get $fd))))
    (call $is (i32.add (local.get $check) (i32.const 1)) (i32.const 1)
      (i64.eq (call $inheriting (global.get $root)) (call $inheriting (local.get $fd))))
    (global.set $root (local.get $fd))
    (call $expect (i32.add (local.get $check) (i32.const 2))
      (call $unlink (global.get $file)) (global.get $perm))
    (call $expect (i32.add (local.get $check) (i32.const 3))
      (call $open_for (global.get $file) (i32.const 0) (i32.const 0) (i64.const 0x40))
      (global.get $perm))
    (call $expect (i32.add (local.get $check) (i32.const 4))
      (call $fd_fdstat_set_rights (local.get $fd) (i64.const 0xfffffff) (i64.const 0xfffffff))
      (global.get $notcapable))
    (global.set $root (local.get $before)))

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

  (func $unlink (param $path i32) (result i32)
    (call $path_unlink_file
      (global.get $root) (local.get $path) (call $length (local.get $path))))

  ;; What is told of a path goes to 4096.
  (func $stat (param $path i32) (param $follow i32) (result i32)
    (call $path_filestat_get (global.get $root) (local.get $follow)
      (local.get $path) (call $length (local.get $path)) (i32.const 4096)))

  ;; The type of what a path names, where a link is one; -1 if there is nothing.
  (func $type (param $path i32) (result i32)
    (if (result i32) (call $stat (local.get $path) (i32.const 0))
      (then (i32.const -1))
      (else (i32.load8_u offset=16 (i32.const 4096)))))
)
