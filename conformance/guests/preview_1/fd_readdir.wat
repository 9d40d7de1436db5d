;; fd_readdir: what a listing holds, how it is cut, and where it goes on.
;;
;; It is given `listing.dir` as its one preopen, fd 3. What it makes there it removes. It
;; exits with 0, or with the number of the check that failed.
(module
  (import "wasi_snapshot_preview1" "fd_close"
    (func $fd_close (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_readdir"
    (func $fd_readdir (param i32 i32 i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_filestat_get"
    (func $path_filestat_get (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))

  (memory (export "memory") 1)

  ;; Errnos.
  (global $success i32 (i32.const 0))
  (global $badf i32 (i32.const 8))
  (global $notdir i32 (i32.const 54))

  ;; Places in memory, and other numbers.
  (global $used i32 (i32.const 0))
  (global $listing i32 (i32.const 4096))
  (global $second i32 (i32.const 8192))

  (data (i32.const 64) "a.txt")
  (data (i32.const 72) "bb.text")
  (data (i32.const 80) "directory")
  (data (i32.const 96) ".")
  (data (i32.const 104) "..")

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

  ;; Opens what lies beneath fd 3, as it is asked; answers the descriptor.
  (func $open (param $check i32) (param $path i32) (param $length i32) (param $oflags i32)
    (param $rights i64) (param $fdflags i32) (result i32)
    (call $expect (local.get $check)
      (call $path_open (i32.const 3) (i32.const 0) (local.get $path) (local.get $length)
        (local.get $oflags) (local.get $rights) (i64.const 0) (local.get $fdflags)
        (i32.const 0))
      (i32.const 0))
    (i32.load (i32.const 0)))

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

  ;; Lists a directory into some bytes at a place, from a cookie on; answers how many it took.
  (func $list (param $check i32) (param $at i32) (param $length i32)
    (param $cookie i64) (result i32)
    (call $fill (local.get $at) (i32.const 1024) (i32.const 0xa5))
    (call $expect (local.get $check)
      (call $fd_readdir (i32.const 3) (local.get $at) (local.get $length) (local.get $cookie)
        (global.get $used))
      (global.get $success))
    (call $all_are (local.get $check) (i32.add (local.get $at) (i32.load (global.get $used)))
      (i32.sub (i32.const 1024) (i32.load (global.get $used))) (i32.const 0xa5))
    (return (i32.load (global.get $used))))

  ;; Where an entry is, of which the length of the name is known; 0 if there is none.
  (func $find (param $end i32) (param $length i32) (result i32)
    (local $at i32)

    (local.set $at (global.get $listing))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
        (if (i32.eq (i32.load offset=16 (local.get $at)) (local.get $length))
          (then
            (return (local.get $at))))
        (local.set $at
          (i32.add (local.get $at) (i32.add (i32.const 24) (i32.load offset=16 (local.get $at)))))
        (br $next)))
    (return (i32.const 0)))

  ;; Sees that an entry is listed: its name, its type, and its number.
  (func $is_listed (param $check i32) (param $end i32) (param $name i32) (param $length i32)
    (param $type i32)
    (local $at i32)

    (local.set $at (call $find (local.get $end) (local.get $length)))
    (call $holds (local.get $check) (local.get $at))
    (call $holds_text (local.get $check) (i32.add (local.get $at) (i32.const 24))
      (local.get $name) (local.get $length))
    (call $is (local.get $check) (i32.load8_u offset=20 (local.get $at)) (local.get $type))
    (call $expect (local.get $check)
      (call $path_filestat_get (i32.const 3) (i32.const 0) (local.get $name)
        (local.get $length) (i32.const 1984))
      (global.get $success))
    (call $is64 (local.get $check) (i64.load offset=8 (local.get $at))
      (i64.load (i32.const 1992))))

  (func (export "_start")
    (local $length i32)
    (local $end i32)
    (local $at i32)
    (local $cut i32)
    (local $fd i32)
    (local $cookie i64)
    (local $rest i32)

    ;; 1: the whole listing takes less than there is room for.
    (local.set $length
      (call $list (i32.const 1) (global.get $listing) (i32.const 1000) (i64.const 0)))
    (local.set $end (i32.add (global.get $listing) (local.get $length)))
    (call $holds (i32.const 1) (i32.lt_u (local.get $length) (i32.const 1000)))
    ;; 2: it is as long as its five entries are: `.`, `..`, and those of 5, 7 and 9 bytes.
    (call $is (i32.const 2) (local.get $length) (i32.const 144))
    ;; 3 to 5: a file, an empty file, and a directory.
    (call $is_listed (i32.const 3) (local.get $end) (i32.const 64) (i32.const 5) (i32.const 4))
    (call $is_listed (i32.const 4) (local.get $end) (i32.const 72) (i32.const 7) (i32.const 4))
    (call $is_listed (i32.const 5) (local.get $end) (i32.const 80) (i32.const 9) (i32.const 3))
    ;; 6, 7: the directory itself, and the one above, of which nothing more is told.
    (call $is_listed (i32.const 6) (local.get $end) (i32.const 96) (i32.const 1) (i32.const 3))
    (local.set $at (call $find (local.get $end) (i32.const 2)))
    (call $holds (i32.const 7) (local.get $at))
    (call $holds_text (i32.const 7) (i32.add (local.get $at) (i32.const 24)) (i32.const 104)
      (i32.const 2))
    (call $is (i32.const 7) (i32.load8_u offset=20 (local.get $at)) (i32.const 3))

    ;; 8 to 10: from behind each entry, what follows is what followed.
    (local.set $at (global.get $listing))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
        (local.set $cookie (i64.load (local.get $at)))
        (local.set $at
          (i32.add (local.get $at) (i32.add (i32.const 24) (i32.load offset=16 (local.get $at)))))
        (local.set $rest (i32.sub (local.get $end) (local.get $at)))
        (call $is (i32.const 8)
          (call $list (i32.const 8) (global.get $second) (i32.const 1000) (local.get $cookie))
          (local.get $rest))
        (call $holds_text (i32.const 9) (global.get $second) (local.get $at) (local.get $rest))
        (br $next)))
    ;; 10: behind the last there is nothing, however often it is asked.
    (call $is (i32.const 10)
      (call $list (i32.const 10) (global.get $second) (i32.const 1000) (local.get $cookie))
      (i32.const 0))
    (call $is (i32.const 10)
      (call $list (i32.const 10) (global.get $second) (i32.const 1000) (local.get $cookie))
      (i32.const 0))

    ;; 11 to 13: the buffer is filled to its last byte, wherever that cuts an entry.
    (local.set $cut (i32.const 0))
    (block $done_2
      (loop $next_2
        (br_if $done_2 (i32.ge_u (local.get $cut) (local.get $length)))
        (call $is (i32.const 11)
          (call $list (i32.const 11) (global.get $second) (local.get $cut) (i64.const 0))
          (local.get $cut))
        (call $holds_text (i32.const 12) (global.get $second) (global.get $listing)
          (local.get $cut))
        (local.set $cut (i32.add (local.get $cut) (i32.const 1)))
        (br $next_2)))
    ;; 13: one that is filled by the whole listing.
    (call $is (i32.const 13)
      (call $list (i32.const 13) (global.get $second) (local.get $length) (i64.const 0))
      (local.get $length))
    ;; 14: a buffer of nothing may be anywhere.
    (call $expect (i32.const 14)
      (call $fd_readdir (i32.const 3) (i32.const -1) (i32.const 0) (i64.const 0)
        (global.get $used))
      (global.get $success))
    (call $is (i32.const 14) (i32.load (global.get $used)) (i32.const 0))

    ;; 15 to 18: what is no directory.
    (local.set $fd
      (call $open (i32.const 15) (i32.const 64) (i32.const 5) (i32.const 0)
        (i64.const 0x8a000bf) (i32.const 0)))
    (call $expect (i32.const 15)
      (call $fd_readdir (local.get $fd) (global.get $listing) (i32.const 1000) (i64.const 0)
        (global.get $used))
      (global.get $notdir))
    (call $expect (i32.const 16)
      (call $fd_readdir (i32.const 0) (global.get $listing) (i32.const 1000) (i64.const 0)
        (global.get $used))
      (global.get $notdir))
    (call $expect (i32.const 17)
      (call $fd_readdir (i32.const 1) (global.get $listing) (i32.const 1000) (i64.const 0)
        (global.get $used))
      (global.get $notdir))
    (call $expect (i32.const 18)
      (call $fd_readdir (i32.const 2) (global.get $listing) (i32.const 1000) (i64.const 0)
        (global.get $used))
      (global.get $notdir))
    ;; 19, 20: what is closed, and what there never was.
    (call $close (i32.const 19) (local.get $fd))
    (call $expect (i32.const 19)
      (call $fd_readdir (local.get $fd) (global.get $listing) (i32.const 1000) (i64.const 0)
        (global.get $used))
      (global.get $badf))
    (call $expect (i32.const 20)
      (call $fd_readdir (i32.const -1) (global.get $listing) (i32.const 1000) (i64.const 0)
        (global.get $used))
      (global.get $badf))))
