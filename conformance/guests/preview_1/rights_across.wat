;; A name that moves between two directories never lets more be done than before: what may
;; not be written beneath one directory is not given a name beneath one where it may be.
;;
;; It is given a directory as fd 3, and makes `rights_across.cleanup` in it, where all
;; happens. It exits with 0, or with the number of the check that failed, which stands
;; before it. 1: that directory can be made. 2: so can what is needed in it.
(module
  (import "wasi_snapshot_preview1" "path_create_directory"
    (func $path_create_directory (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_filestat_get"
    (func $path_filestat_get (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_link"
    (func $path_link (param i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_rename"
    (func $path_rename (param i32 i32 i32 i32 i32 i32) (result i32)))
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

  ;; Texts, each with a NUL behind it.
  (global $from i32 (i32.const 64)) (data (i32.const 64) "from")
  (global $from/file i32 (i32.const 80)) (data (i32.const 80) "from/file")
  (global $from/kept i32 (i32.const 96)) (data (i32.const 96) "from/kept")
  (global $to i32 (i32.const 112)) (data (i32.const 112) "to")
  (global $kept i32 (i32.const 128)) (data (i32.const 128) "kept")
  (global $one i32 (i32.const 144)) (data (i32.const 144) "one")
  (global $file i32 (i32.const 160)) (data (i32.const 160) "file")
  (global $two i32 (i32.const 176)) (data (i32.const 176) "two")
  (global $three i32 (i32.const 192)) (data (i32.const 192) "three")
  (global $four i32 (i32.const 208)) (data (i32.const 208) "four")
  (global $five i32 (i32.const 224)) (data (i32.const 224) "five")
  (global $new i32 (i32.const 240)) (data (i32.const 240) "new")
  (global $from/three i32 (i32.const 256)) (data (i32.const 256) "from/three")
  (global $from/four i32 (i32.const 272)) (data (i32.const 272) "from/four")
  (global $from/five i32 (i32.const 288)) (data (i32.const 288) "from/five")
  (global $own i32 (i32.const 304)) (data (i32.const 304) "rights_across.cleanup")

  (func (export "_start")
    (local $all i32)
    (local $from i32)
    (local $to i32)
    (call $open_root)
    (call $ok (i32.const 2) (call $create (global.get $from)))
    (call $ok (i32.const 2) (call $make (global.get $from/file)))
    (call $ok (i32.const 2) (call $make (global.get $from/kept)))
    (call $ok (i32.const 2) (call $create (global.get $to)))
    (local.set $all (global.get $root))
    (local.set $from (call $opened (global.get $from) (i32.const 2) (i64.const 0)))
    (local.set $to (call $opened (global.get $to) (i32.const 2) (i64.const 0)))

    ;; With the same rights.
    ;; 3: a second name.
    (call $ok (i32.const 3)
      (call $path_link (local.get $from) (i32.const 0) (global.get $kept) (i32.const 4)
        (local.get $to) (global.get $one) (i32.const 3)))
    ;; 4: a new name.
    (call $ok (i32.const 4)
      (call $path_rename (local.get $from) (global.get $file) (i32.const 4) (local.get $to)
        (global.get $file) (i32.const 4)))
    ;; 5: and back.
    (call $ok (i32.const 5)
      (call $path_rename (local.get $to) (global.get $file) (i32.const 4) (local.get $from)
        (global.get $file) (i32.const 4)))

    ;; Beneath `from` nothing is written any more (bit 6).
    ;; 6: it can be given up.
    (call $ok (i32.const 6) (call $drop (local.get $from) (i64.const 0) (i64.const 0x40)))
    ;; 7: a second name, where more may be done.
    (call $expect (i32.const 7)
      (call $path_link (local.get $from) (i32.const 0) (global.get $kept) (i32.const 4)
        (local.get $to) (global.get $two) (i32.const 3))
      (global.get $perm))
    ;; 8: a new name, where more may be done.
    (call $expect (i32.const 8)
      (call $path_rename (local.get $from) (global.get $file) (i32.const 4) (local.get $to)
        (global.get $file) (i32.const 4))
      (global.get $perm))
    ;; 9: a second name, where the same may be done.
    (call $ok (i32.const 9)
      (call $path_link (local.get $from) (i32.const 0) (global.get $kept) (i32.const 4)
        (local.get $from) (global.get $two) (i32.const 3)))
    ;; 10: a new name, where the same may be done.
    (call $ok (i32.const 10)
      (call $path_rename (local.get $from) (global.get $two) (i32.const 3) (local.get $from)
        (global.get $three) (i32.const 5)))
    ;; 11: a second name, where less may be done.
    (call $ok (i32.const 11)
      (call $path_link (local.get $to) (i32.const 0) (global.get $one) (i32.const 3)
        (local.get $from) (global.get $four) (i32.const 4)))
    ;; 12: a new name, where less may be done.
    (call $ok (i32.const 12)
      (call $path_rename (local.get $to) (global.get $one) (i32.const 3) (local.get $from)
        (global.get $five) (i32.const 4)))

    ;; Without the right to do it at all (bits 11, 12, 16 and 17).
    ;; 13: from where no name is given away.
    (call $ok (i32.const 13) (call $drop (local.get $from) (i64.const 0x800) (i64.const 0)))
    (call $expect (i32.const 13)
      (call $path_link (local.get $from) (i32.const 0) (global.get $kept) (i32.const 4)
        (local.get $from) (global.get $new) (i32.const 3))
      (global.get $perm))
    ;; 14: to where no name is taken.
    (call $ok (i32.const 14) (call $drop (local.get $to) (i64.const 0x1000) (i64.const 0)))
    (call $expect (i32.const 14)
      (call $path_link (local.get $to) (i32.const 0) (global.get $one) (i32.const 3)
        (local.get $to) (global.get $new) (i32.const 3))
      (global.get $perm))
    ;; 15: to where nothing is moved.
    (call $ok (i32.const 15) (call $drop (local.get $to) (i64.const 0x20000) (i64.const 0)))
    (call $expect (i32.const 15)
      (call $path_rename (local.get $from) (global.get $kept) (i32.const 4) (local.get $to)
        (global.get $new) (i32.const 3))
      (global.get $perm))
    ;; 16: that counts before any path.
    (call $expect (i32.const 16)
      (call $path_rename (local.get $from) (global.get $kept) (i32.const 0) (local.get $to)
        (global.get $new) (i32.const 0))
      (global.get $perm))
    ;; 17: from where nothing is moved.
    (call $ok (i32.const 17) (call $drop (local.get $from) (i64.const 0x10000) (i64.const 0)))
    (call $expect (i32.const 17)
      (call $path_rename (local.get $from) (global.get $kept) (i32.const 4) (local.get $from)
        (global.get $new) (i32.const 3))
      (global.get $perm))
    ;; 18: all else is where it was.
    (call $is (i32.const 18) (call $type (global.get $from/kept)) (i32.const 4))
    (call $is (i32.const 18) (call $type (global.get $from/file)) (i32.const 4))
    (call $is (i32.const 18) (call $type (global.get $from/three)) (i32.const 4))
    (call $is (i32.const 18) (call $type (global.get $from/four)) (i32.const 4))
    (call $is (i32.const 18) (call $type (global.get $from/five)) (i32.const 4)))

  ;; Opens, and answers the descriptor.
  (func $opened (param $path i32) (param $oflags i32) (param $rights i64) (result i32)
    (call $ok (i32.const 2)
      (call $path_open (global.get $root) (i32.const 0)
        (local.get $path) (call $length (local.get $path))
        (local.get $oflags) (local.get $rights) (i64.const 0xfffffff) (i32.const 0)
        (i32.const 2048)))
    (i32.load (i32.const 2048)))

  ;; Takes rights from a descriptor, for itself and for what is beneath.
  (func $drop (param $fd i32) (param $base i64) (param $inheriting i64) (result i32)
    (call $ok (i32.const 2) (call $fd_fdstat_get (local.get $fd) (i32.const 4096)))
    (call $fd_fdstat_set_rights (local.get $fd)
      (i64.and
        (i64.load offset=8 (i32.const 4096))
        (i64.xor (i64.const -1) (local.get $base)))
      (i64.and
        (i64.load offset=16 (i32.const 4096))
        (i64.xor (i64.const -1) (local.get $inheriting)))))

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
