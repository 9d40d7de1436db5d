;; fd_readdir from a place that was told before: it leads to the same entries, also when some
;; of them have gone since.
;;
;; The directory holds 100 files a00 to a99, and is listed through a buffer that holds few
;; of them. How often each was seen is counted at 8192, a byte for each.
;;
;; It is given `empty.dir` as its one preopen, fd 3. What it makes there it removes. It
;; exits with 0, or with the number of the check that failed.
(module
  (import "wasi_snapshot_preview1" "fd_close"
    (func $fd_close (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_readdir"
    (func $fd_readdir (param i32 i32 i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_create_directory"
    (func $path_create_directory (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_remove_directory"
    (func $path_remove_directory (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_unlink_file"
    (func $path_unlink_file (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))

  (memory (export "memory") 1)

  ;; Errnos.
  (global $success i32 (i32.const 0))

  ;; Places in memory, and other numbers.
  (global $path i32 (i32.const 512))
  (global $used i32 (i32.const 1016))
  (global $buffer i32 (i32.const 2048))
  (global $room i32 (i32.const 150))
  (global $seen i32 (i32.const 8192))

  (data (i32.const 64) "listed.cleanup")

  ;; Exits with the number of a check if an errno is not the one that is wanted.
  (func $expect (param $check i32) (param $errno i32) (param $wanted i32)
    (if (i32.ne (local.get $errno) (local.get $wanted))
      (then (call $proc_exit (local.get $check)))))

  ;; Exits with the number of a check if a number is not the one that is wanted.
  (func $is (param $check i32) (param $found i32) (param $wanted i32)
    (if (i32.ne (local.get $found) (local.get $wanted))
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

  ;; Closes a descriptor.
  (func $close (param $check i32) (param $fd i32)
    (call $expect (local.get $check) (call $fd_close (local.get $fd)) (i32.const 0)))

  ;; The name of an entry is a letter and two digits: makes that of one from its number.
  (func $name (param $letter i32) (param $number i32)
    (i32.store8 (global.get $path) (local.get $letter))
    (i32.store8 (i32.add (global.get $path) (i32.const 1))
      (i32.add (i32.const 0x30) (i32.div_u (local.get $number) (i32.const 10))))
    (i32.store8 (i32.add (global.get $path) (i32.const 2))
      (i32.add (i32.const 0x30) (i32.rem_u (local.get $number) (i32.const 10)))))

  ;; Makes the files of one letter with the numbers 0 to 99.
  (func $make_all (param $check i32) (param $directory i32) (param $letter i32)
    (local $number i32)

    (local.set $number (i32.const 0))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $number) (i32.const 100)))
        (call $make (local.get $check) (local.get $directory) (local.get $letter)
          (local.get $number))
        (local.set $number (i32.add (local.get $number) (i32.const 1)))
        (br $next))))

  (func $make (param $check i32) (param $directory i32) (param $letter i32) (param $number i32)
    (call $name (local.get $letter) (local.get $number))
    (call $expect (local.get $check)
      (call $path_open (local.get $directory) (i32.const 0) (global.get $path) (i32.const 3)
        (i32.const 5) (i64.const 0) (i64.const 0) (i32.const 0) (i32.const 0))
      (global.get $success))
    (call $close (local.get $check) (i32.load (i32.const 0))))

  (func $remove (param $check i32) (param $directory i32) (param $letter i32) (param $number i32)
    (call $name (local.get $letter) (local.get $number))
    (call $expect (local.get $check)
      (call $path_unlink_file (local.get $directory) (global.get $path) (i32.const 3))
      (global.get $success)))

  ;; Reads the next entries, and counts those that are whole; answers where to go on. What is
  ;; behind the 100 counts is set when the listing has ended.
  (func $step (param $check i32) (param $directory i32) (param $cookie i64) (result i64)
    (local $end i32)
    (local $at i32)
    (local $number i32)

    (call $expect (local.get $check)
      (call $fd_readdir (local.get $directory) (global.get $buffer) (global.get $room)
        (local.get $cookie) (global.get $used))
      (global.get $success))
    (local.set $end (i32.add (global.get $buffer) (i32.load (global.get $used))))
    (local.set $at (global.get $buffer))
    (block $done
      (loop $next
        (br_if $done (i32.gt_u (i32.add (local.get $at) (i32.const 27)) (local.get $end)))
        (local.set $cookie (i64.load (local.get $at)))
        (if (i32.and (i32.eq (i32.load offset=16 (local.get $at)) (i32.const 3))
              (i32.eq (i32.load8_u offset=24 (local.get $at)) (i32.const 0x61)))
          (then
            (local.set $number
              (i32.sub
                (i32.add
                  (i32.mul (i32.const 10)
                    (i32.sub (i32.load8_u offset=25 (local.get $at)) (i32.const 0x30)))
                  (i32.load8_u offset=26 (local.get $at)))
                (i32.const 0x30)))
            (i32.store8 (i32.add (global.get $seen) (local.get $number))
              (i32.add (i32.load8_u (i32.add (global.get $seen) (local.get $number)))
                (i32.const 1)))))
        (local.set $at
          (i32.add (local.get $at) (i32.add (i32.const 24) (i32.load offset=16 (local.get $at)))))
        (br $next)))
    (if (i32.lt_u (i32.load (global.get $used)) (global.get $room))
      (then
        (i32.store8 (i32.add (global.get $seen) (i32.const 100)) (i32.const 1))))
    (return (local.get $cookie)))

  (func (export "_start")
    (local $directory i32)
    (local $early i64)
    (local $number i32)
    (local $cookie i64)

    ;; 1 to 3: a directory with 100 files.
    (call $expect (i32.const 1)
      (call $path_create_directory (i32.const 3) (i32.const 64) (i32.const 14))
      (global.get $success))
    (local.set $directory
      (call $open (i32.const 2) (i32.const 64) (i32.const 14) (i32.const 2) (i64.const 0)
        (i32.const 0)))
    (call $make_all (i32.const 3) (local.get $directory) (i32.const 0x61))
    ;; 4: the place behind the first few entries, and then the whole listing.
    (local.set $early (call $step (i32.const 4) (local.get $directory) (i64.const 0)))
    (local.set $number (i32.const 0))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $number) (i32.const 100)))
        (i32.store8 (i32.add (i32.add (global.get $seen) (i32.const 128)) (local.get $number))
          (i32.load8_u (i32.add (global.get $seen) (local.get $number))))
        (local.set $number (i32.add (local.get $number) (i32.const 1)))
        (br $next)))
    (local.set $cookie (local.get $early))
    (block $done_2
      (loop $next_2
        (br_if $done_2 (i32.load8_u (i32.add (global.get $seen) (i32.const 100))))
        (local.set $cookie (call $step (i32.const 4) (local.get $directory) (local.get $cookie)))
        (br $next_2)))
    ;; 5: of those that come behind it, one in two is removed.
    (local.set $number (i32.const 0))
    (block $done_3
      (loop $next_3
        (br_if $done_3 (i32.ge_u (local.get $number) (i32.const 100)))
        (if (i32.eq
              (i32.load8_u
                (i32.add (i32.add (global.get $seen) (i32.const 128)) (local.get $number)))
              (i32.const 0))
          (then
            (call $remove (i32.const 5) (local.get $directory) (i32.const 0x61)
              (local.get $number))))
        (local.set $number (i32.add (local.get $number) (i32.const 2)))
        (br $next_3)))
    ;; 6: from that place on again, all that are left are seen once more.
    (call $fill (global.get $seen) (i32.const 101) (i32.const 0))
    (local.set $cookie (local.get $early))
    (block $done_4
      (loop $next_4
        (br_if $done_4 (i32.load8_u (i32.add (global.get $seen) (i32.const 100))))
        (local.set $cookie (call $step (i32.const 6) (local.get $directory) (local.get $cookie)))
        (br $next_4)))
    ;; 7: no more than those: what comes before the place is not, and what has gone is not.
    (local.set $number (i32.const 0))
    (block $done_5
      (loop $next_5
        (br_if $done_5 (i32.ge_u (local.get $number) (i32.const 100)))
        (call $is (i32.const 7) (i32.load8_u (i32.add (global.get $seen) (local.get $number)))
          (i32.and (i32.eq (i32.rem_u (local.get $number) (i32.const 2)) (i32.const 1))
            (i32.eq
              (i32.load8_u
                (i32.add (i32.add (global.get $seen) (i32.const 128)) (local.get $number)))
              (i32.const 0))))
        (local.set $number (i32.add (local.get $number) (i32.const 1)))
        (br $next_5)))
    ;; 8: they go.
    (local.set $number (i32.const 0))
    (block $done_6
      (loop $next_6
        (br_if $done_6 (i32.ge_u (local.get $number) (i32.const 100)))
        (if (i32.or
              (i32.load8_u
                (i32.add (i32.add (global.get $seen) (i32.const 128)) (local.get $number)))
              (i32.load8_u (i32.add (global.get $seen) (local.get $number))))
          (then
            (call $remove (i32.const 8) (local.get $directory) (i32.const 0x61)
              (local.get $number))))
        (local.set $number (i32.add (local.get $number) (i32.const 1)))
        (br $next_6)))
    ;; 9: it goes.
    (call $close (i32.const 9) (local.get $directory))
    (call $expect (i32.const 9)
      (call $path_remove_directory (i32.const 3) (i32.const 64) (i32.const 14))
      (global.get $success))))
