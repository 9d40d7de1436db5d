;; Where preview 0 lays out what preview 1 lays out otherwise, or what both do
;; alike: every struct that a host writes or reads, field by field, and that
;; nothing is written beside it.
;;
;; It is given `files.dir` as its one preopen, fd 3, under the name `/`. What it
;; makes there it removes. It exits with 0, or with the number of the check that
;; failed; the numbers stand before the checks. WAT guests write nothing.
;;
;; Results go to 2048, second results to 3072. All from 1024 to 4096 is filled
;; with the byte 0xa5 before each call. Padding inside a struct may hold anything.
(module
  (import "wasi_unstable" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_unstable" "path_link"
    (func $path_link (param i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_unstable" "path_unlink_file"
    (func $path_unlink_file (param i32 i32 i32) (result i32)))
  (import "wasi_unstable" "path_filestat_get"
    (func $path_filestat_get (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_unstable" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_unstable" "fd_pread"
    (func $fd_pread (param i32 i32 i32 i64 i32) (result i32)))
  (import "wasi_unstable" "fd_seek"
    (func $fd_seek (param i32 i64 i32 i32) (result i32)))
  (import "wasi_unstable" "fd_tell"
    (func $fd_tell (param i32 i32) (result i32)))
  (import "wasi_unstable" "fd_filestat_set_times"
    (func $fd_filestat_set_times (param i32 i64 i64 i32) (result i32)))
  (import "wasi_unstable" "fd_filestat_get"
    (func $fd_filestat_get (param i32 i32) (result i32)))
  (import "wasi_unstable" "fd_fdstat_get"
    (func $fd_fdstat_get (param i32 i32) (result i32)))
  (import "wasi_unstable" "fd_prestat_get"
    (func $fd_prestat_get (param i32 i32) (result i32)))
  (import "wasi_unstable" "fd_prestat_dir_name"
    (func $fd_prestat_dir_name (param i32 i32 i32) (result i32)))
  (import "wasi_unstable" "fd_readdir"
    (func $fd_readdir (param i32 i32 i32 i64 i32) (result i32)))
  (import "wasi_unstable" "fd_close"
    (func $fd_close (param i32) (result i32)))
  (import "wasi_unstable" "clock_res_get"
    (func $clock_res_get (param i32 i32) (result i32)))
  (import "wasi_unstable" "clock_time_get"
    (func $clock_time_get (param i32 i64 i32) (result i32)))
  (import "wasi_unstable" "poll_oneoff"
    (func $poll_oneoff (param i32 i32 i32 i32) (result i32)))
  (import "wasi_unstable" "proc_exit"
    (func $proc_exit (param i32)))

  (memory (export "memory") 1)

  ;; 0 iovecs | 64 texts | 512 subscriptions | 1024 to 4096 see above
  (data (i32.const 64) "layouts.cleanup")
  (data (i32.const 96) "layouts-link.cleanup")
  (data (i32.const 128) "0123456789")

  (func (export "_start")
    (local $fd i32)
    (local $appending i32)
    (local $ino i64)
    (local $at i32)
    (local $end i32)
    (local $found i32)
    (local $next i64)
    (local $second_ino i64)
    (local $second_namlen i32)
    (local $before i64)
    (local $now i64)

    ;; A file of ten bytes.
    ;; 1, 2: it is made anew (oflags creat|excl), with rights to read, write, seek,
    ;; tell, stat, set times, and be polled. The descriptor takes 4 bytes.
    (call $fill)
    (call $ok (i32.const 1)
      (call $path_open (i32.const 3) (i32.const 0) (i32.const 64) (i32.const 15)
        (i32.const 5) (i64.const 0x8a00066) (i64.const 0) (i32.const 0) (i32.const 2048)))
    (call $edges (i32.const 2) (i32.const 4) (i32.const 0))
    (local.set $fd (i32.load (i32.const 2048)))
    ;; 3 to 5: an iovec is a pointer and a length; the count takes 4 bytes.
    (call $iovec (i32.const 0) (i32.const 128) (i32.const 4))
    (call $iovec (i32.const 8) (i32.const 132) (i32.const 6))
    (call $fill)
    (call $ok (i32.const 3)
      (call $fd_write (local.get $fd) (i32.const 0) (i32.const 2) (i32.const 2048)))
    (call $edges (i32.const 4) (i32.const 4) (i32.const 0))
    ;; Hosts that move one buffer of several are not what this is about.
    (if (i32.eq (i32.load (i32.const 2048)) (i32.const 4))
      (then
        (call $fill)
        (call $ok (i32.const 3)
          (call $fd_write (local.get $fd) (i32.const 8) (i32.const 1) (i32.const 2048)))
        (call $is (i32.const 5) (i32.load (i32.const 2048)) (i32.const 6)))
      (else (call $is (i32.const 5) (i32.load (i32.const 2048)) (i32.const 10))))
    ;; 6 to 9: the bytes go where the iovec says, and none beside.
    (call $iovec (i32.const 0) (i32.const 2048) (i32.const 10))
    (call $fill)
    (call $ok (i32.const 6)
      (call $fd_pread (local.get $fd) (i32.const 0) (i32.const 1) (i64.const 0)
        (i32.const 3072)))
    (call $edges (i32.const 7) (i32.const 10) (i32.const 4))
    (call $is (i32.const 8) (i32.load (i32.const 3072)) (i32.const 10))
    (call $is (i32.const 9) (i32.const 1)
      (call $same (i32.const 2048) (i32.const 128) (i32.const 10)))

    ;; whence is cur 0, end 1, set 2.
    ;; 10 to 12: set 3. With preview 1's numbers this is 3 from the end.
    (call $fill)
    (call $ok (i32.const 10)
      (call $fd_seek (local.get $fd) (i64.const 3) (i32.const 2) (i32.const 2048)))
    (call $edges (i32.const 11) (i32.const 8) (i32.const 0))
    (call $is64 (i32.const 12) (i64.load (i32.const 2048)) (i64.const 3))
    ;; 13 to 15: cur +2. With preview 1's numbers this is 2 from the start.
    (call $fill)
    (call $ok (i32.const 13)
      (call $fd_seek (local.get $fd) (i64.const 2) (i32.const 0) (i32.const 2048)))
    (call $edges (i32.const 14) (i32.const 8) (i32.const 0))
    (call $is64 (i32.const 15) (i64.load (i32.const 2048)) (i64.const 5))
    ;; 16 to 18: end -4. With preview 1's numbers this is 4 back, at 1.
    (call $fill)
    (call $ok (i32.const 16)
      (call $fd_seek (local.get $fd) (i64.const -4) (i32.const 1) (i32.const 2048)))
    (call $edges (i32.const 17) (i32.const 8) (i32.const 0))
    (call $is64 (i32.const 18) (i64.load (i32.const 2048)) (i64.const 6))
    ;; 19 to 21: the offset is told alike.
    (call $fill)
    (call $ok (i32.const 19) (call $fd_tell (local.get $fd) (i32.const 2048)))
    (call $edges (i32.const 20) (i32.const 8) (i32.const 0))
    (call $is64 (i32.const 21) (i64.load (i32.const 2048)) (i64.const 6))

    ;; filestat: 56 bytes, and a link count of 32 bits.
    ;; 22, 23: a second name, and times that can be told apart.
    (call $ok (i32.const 22)
      (call $path_link (i32.const 3) (i32.const 0) (i32.const 64) (i32.const 15)
        (i32.const 3) (i32.const 96) (i32.const 20)))
    (call $ok (i32.const 23)
      (call $fd_filestat_set_times (local.get $fd)
        (i64.const 1573516800000000000) (i64.const 1573516801000000000) (i32.const 5)))
    ;; 24 to 33: of the descriptor.
    (call $fill)
    (call $ok (i32.const 24) (call $fd_filestat_get (local.get $fd) (i32.const 2048)))
    (call $edges (i32.const 25) (i32.const 56) (i32.const 0))
    (call $filestat (i32.const 26))
    (local.set $ino (i64.load (i32.const 2056)))
    ;; 34 to 43: of the second name.
    (call $fill)
    (call $ok (i32.const 34)
      (call $path_filestat_get (i32.const 3) (i32.const 0) (i32.const 96) (i32.const 20)
        (i32.const 2048)))
    (call $edges (i32.const 35) (i32.const 56) (i32.const 0))
    (call $filestat (i32.const 36))
    ;; 44: one file has one number.
    (call $is64 (i32.const 44) (i64.load (i32.const 2056)) (local.get $ino))

    ;; dirent: next 0, ino 8, namlen 16, type 20, and the name from 24.
    ;; 45 to 47: a listing, which does not fill 1000 bytes.
    (call $fill)
    (call $ok (i32.const 45)
      (call $fd_readdir (i32.const 3) (i32.const 2048) (i32.const 1000) (i64.const 0)
        (i32.const 3072)))
    (call $edges (i32.const 46) (i32.const 1000) (i32.const 4))
    (call $is (i32.const 47) (i32.const 1)
      (i32.lt_u (i32.load (i32.const 3072)) (i32.const 1000)))
    ;; 48 to 51: the entries end where the listing does; the file is among them, under
    ;; both names, with its number and its type.
    (local.set $at (i32.const 2048))
    (local.set $end (i32.add (i32.const 2048) (i32.load (i32.const 3072))))
    (block $listed
      (loop $entries
        (br_if $listed (i32.ge_u (local.get $at) (local.get $end)))
        (if (i32.or
              (call $is_named (local.get $at) (i32.const 64) (i32.const 15))
              (call $is_named (local.get $at) (i32.const 96) (i32.const 20)))
          (then
            (call $is64 (i32.const 48) (i64.load offset=8 (local.get $at)) (local.get $ino))
            (call $is (i32.const 49) (i32.load8_u offset=20 (local.get $at)) (i32.const 4))
            (local.set $found (i32.add (local.get $found) (i32.const 1)))))
        (local.set $at (i32.add (local.get $at)
          (i32.add (i32.const 24) (i32.load offset=16 (local.get $at)))))
        (br $entries)))
    (call $is (i32.const 50) (local.get $at) (local.get $end))
    (call $is (i32.const 51) (local.get $found) (i32.const 2))
    ;; 52 to 54: next, as the cookie, goes on at the second entry.
    (local.set $next (i64.load (i32.const 2048)))
    (local.set $at (i32.add (i32.const 2072) (i32.load (i32.const 2064))))
    (local.set $second_ino (i64.load offset=8 (local.get $at)))
    (local.set $second_namlen (i32.load offset=16 (local.get $at)))
    (call $fill)
    (call $ok (i32.const 52)
      (call $fd_readdir (i32.const 3) (i32.const 2048) (i32.const 1000) (local.get $next)
        (i32.const 3072)))
    (call $is64 (i32.const 53) (i64.load (i32.const 2056)) (local.get $second_ino))
    (call $is (i32.const 54) (i32.load (i32.const 2064)) (local.get $second_namlen))
    ;; 55 to 57: an entry is cut where the buffer ends.
    (call $fill)
    (call $ok (i32.const 55)
      (call $fd_readdir (i32.const 3) (i32.const 2048) (i32.const 30) (i64.const 0)
        (i32.const 3072)))
    (call $edges (i32.const 56) (i32.const 30) (i32.const 4))
    (call $is (i32.const 57) (i32.load (i32.const 3072)) (i32.const 30))

    ;; fdstat: filetype 0, flags 2 (16 bits), base rights 8, inheriting rights 16; 24 bytes.
    ;; 58: the file once more, appending, to read and to write.
    (call $fill)
    (call $ok (i32.const 58)
      (call $path_open (i32.const 3) (i32.const 0) (i32.const 64) (i32.const 15)
        (i32.const 0) (i64.const 0x42) (i64.const 0) (i32.const 1) (i32.const 2048)))
    (local.set $appending (i32.load (i32.const 2048)))
    ;; 59 to 64: a file that appends. Its rights are among the 29 that there are.
    (call $fill)
    (call $ok (i32.const 59) (call $fd_fdstat_get (local.get $appending) (i32.const 2048)))
    (call $edges (i32.const 60) (i32.const 24) (i32.const 0))
    (call $is (i32.const 61) (i32.load8_u (i32.const 2048)) (i32.const 4))
    (call $is (i32.const 62) (i32.load16_u (i32.const 2050)) (i32.const 1))
    (call $is64 (i32.const 63)
      (i64.and (i64.load (i32.const 2056)) (i64.const 0xffffffffe0000042)) (i64.const 0x42))
    (call $is64 (i32.const 64)
      (i64.and (i64.load (i32.const 2064)) (i64.const 0xffffffffe0000000)) (i64.const 0))
    ;; 65: it is closed.
    (call $ok (i32.const 65) (call $fd_close (local.get $appending)))
    ;; 66 to 71: the directory, which is without flags. What is opened through it may be
    ;; read and written.
    (call $fill)
    (call $ok (i32.const 66) (call $fd_fdstat_get (i32.const 3) (i32.const 2048)))
    (call $edges (i32.const 67) (i32.const 24) (i32.const 0))
    (call $is (i32.const 68) (i32.load8_u (i32.const 2048)) (i32.const 3))
    (call $is (i32.const 69) (i32.load16_u (i32.const 2050)) (i32.const 0))
    (call $is64 (i32.const 70)
      (i64.and (i64.load (i32.const 2056)) (i64.const 0xffffffffe0002000)) (i64.const 0x2000))
    (call $is64 (i32.const 71)
      (i64.and (i64.load (i32.const 2064)) (i64.const 0xffffffffe0000042)) (i64.const 0x42))

    ;; prestat: tag 0 (8 bits), length of the name 4; 8 bytes.
    ;; 72 to 75: a directory with a name of 1 byte.
    (call $fill)
    (call $ok (i32.const 72) (call $fd_prestat_get (i32.const 3) (i32.const 2048)))
    (call $edges (i32.const 73) (i32.const 8) (i32.const 0))
    (call $is (i32.const 74) (i32.load8_u (i32.const 2048)) (i32.const 0))
    (call $is (i32.const 75) (i32.load (i32.const 2052)) (i32.const 1))
    ;; 76 to 78: which is `/`, without a NUL.
    (call $fill)
    (call $ok (i32.const 76)
      (call $fd_prestat_dir_name (i32.const 3) (i32.const 2048) (i32.const 1)))
    (call $edges (i32.const 77) (i32.const 1) (i32.const 0))
    (call $is (i32.const 78) (i32.load8_u (i32.const 2048)) (i32.const 0x2f))

    ;; Clocks: realtime 0, monotonic 1; times and resolutions of 64 bits.
    ;; 79 to 81: it is later than 2020 began, and earlier than 2200.
    (call $fill)
    (call $ok (i32.const 79)
      (call $clock_time_get (i32.const 0) (i64.const 1) (i32.const 2048)))
    (call $edges (i32.const 80) (i32.const 8) (i32.const 0))
    (call $is (i32.const 81) (i32.const 1)
      (i32.and
        (i64.gt_u (i64.load (i32.const 2048)) (i64.const 1577836800000000000))
        (i64.lt_u (i64.load (i32.const 2048)) (i64.const 7258118400000000000))))
    ;; 82, 83: the other clock.
    (call $fill)
    (call $ok (i32.const 82)
      (call $clock_time_get (i32.const 1) (i64.const 1) (i32.const 2048)))
    (call $edges (i32.const 83) (i32.const 8) (i32.const 0))
    ;; 84 to 89: both have a resolution, of less than a second and more than nothing.
    (call $resolution (i32.const 84) (i32.const 0))
    (call $resolution (i32.const 87) (i32.const 1))
    ;; 90: those of processor time may be missing; then nothing is written.
    (call $fill)
    (call $edges (i32.const 90)
      (select (i32.const 0) (i32.const 8)
        (call $clock_time_get (i32.const 2) (i64.const 1) (i32.const 2048)))
      (i32.const 0))
    (call $fill)
    (call $edges (i32.const 90)
      (select (i32.const 0) (i32.const 8)
        (call $clock_time_get (i32.const 3) (i64.const 1) (i32.const 2048)))
      (i32.const 0))
    ;; subscription: userdata 0, tag 8 (8 bits). A clock has an identifier at 16, and
    ;; only then id 24, timeout 32, precision 40, flags 48 (16 bits); a descriptor is
    ;; at 16. 56 bytes. event: userdata 0, error 8 (16 bits), type 10 (8 bits), nbytes
    ;; 16, flags 24 (16 bits); 32 bytes.
    ;; 91 to 97: a timer of 100 ms, not before that has passed. Where preview 1 has the
    ;; clock there is an identifier that names none.
    (call $subscribe (i32.const 512) (i64.const 0x1112131415161718) (i32.const 0))
    (call $clock (i32.const 512) (i64.const 100000000) (i32.const 0))
    (local.set $before (call $monotonic))
    (call $fill)
    (call $ok (i32.const 91)
      (call $poll_oneoff (i32.const 512) (i32.const 2048) (i32.const 1) (i32.const 3072)))
    (call $edges (i32.const 92) (i32.const 32) (i32.const 4))
    (call $is (i32.const 93) (i32.load (i32.const 3072)) (i32.const 1))
    (call $is64 (i32.const 94) (i64.load (i32.const 2048)) (i64.const 0x1112131415161718))
    (call $is (i32.const 95) (i32.load16_u (i32.const 2056)) (i32.const 0))
    (call $is (i32.const 96) (i32.load8_u (i32.const 2058)) (i32.const 0))
    (local.set $now (call $monotonic))
    (call $is (i32.const 97) (i32.const 1)
      (i64.ge_u (i64.sub (local.get $now) (local.get $before)) (i64.const 100000000)))
    ;; 99 to 101: two timers, one from the other 56 bytes away: one for a moment that is
    ;; past (flags 1), and one for half as long as it is since the clock began. Were
    ;; the flag not seen, the second would fire alone.
    (call $subscribe (i32.const 512) (i64.const 1) (i32.const 0))
    (call $clock (i32.const 512) (local.get $now) (i32.const 1))
    (call $subscribe (i32.const 568) (i64.const 2) (i32.const 0))
    (call $clock (i32.const 568) (i64.shr_u (local.get $now) (i64.const 1)) (i32.const 0))
    (call $fill)
    (call $ok (i32.const 99)
      (call $poll_oneoff (i32.const 512) (i32.const 2048) (i32.const 2) (i32.const 3072)))
    (call $edges (i32.const 100)
      (i32.mul (i32.const 32) (i32.load (i32.const 3072))) (i32.const 4))
    (call $is (i32.const 101) (i32.const 1) (call $has_event (i64.const 1) (i32.const 0)))
    ;; 102 to 106: a file is ready to be read and to be written, long before a timer of
    ;; 10 minutes.
    (call $subscribe (i32.const 512) (i64.const 3) (i32.const 0))
    (call $clock (i32.const 512) (i64.const 600000000000) (i32.const 0))
    (call $subscribe (i32.const 568) (i64.const 4) (i32.const 1))
    (i32.store (i32.const 584) (local.get $fd))
    (call $subscribe (i32.const 624) (i64.const 5) (i32.const 2))
    (i32.store (i32.const 640) (local.get $fd))
    (call $fill)
    (call $ok (i32.const 102)
      (call $poll_oneoff (i32.const 512) (i32.const 2048) (i32.const 3) (i32.const 3072)))
    (call $edges (i32.const 103) (i32.const 64) (i32.const 4))
    (call $is (i32.const 104) (i32.load (i32.const 3072)) (i32.const 2))
    (call $is (i32.const 105) (i32.const 1) (call $has_event (i64.const 4) (i32.const 1)))
    (call $is (i32.const 106) (i32.const 1) (call $has_event (i64.const 5) (i32.const 2)))
    ;; 107, 108: what both tell about the file has been written: of bytes not more than can
    ;; be, and a flag that there is.
    (local.set $at (i32.const 2048))
    (loop $events
      (call $is (i32.const 107) (i32.const 1)
        (i64.lt_u (i64.load offset=16 (local.get $at)) (i64.const 0x8000000000000000)))
      (call $is (i32.const 108) (i32.const 1)
        (i32.le_u (i32.load16_u offset=24 (local.get $at)) (i32.const 1)))
      (local.set $at (i32.add (local.get $at) (i32.const 32)))
      (br_if $events (i32.lt_u (local.get $at) (i32.const 2112))))

    ;; 109 to 111: nothing is left behind.
    (call $ok (i32.const 109) (call $fd_close (local.get $fd)))
    (call $ok (i32.const 110)
      (call $path_unlink_file (i32.const 3) (i32.const 64) (i32.const 15)))
    (call $ok (i32.const 111)
      (call $path_unlink_file (i32.const 3) (i32.const 96) (i32.const 20))))

  ;; Ends the guest unless a call succeeded.
  (func $ok (param $number i32) (param $errno i32)
    (if (local.get $errno) (then (call $proc_exit (local.get $number)))))

  ;; Ends the guest unless both are the same.
  (func $is (param $number i32) (param $one i32) (param $other i32)
    (if (i32.ne (local.get $one) (local.get $other))
      (then (call $proc_exit (local.get $number)))))

  (func $is64 (param $number i32) (param $one i64) (param $other i64)
    (if (i64.ne (local.get $one) (local.get $other))
      (then (call $proc_exit (local.get $number)))))

  ;; Makes everything from 1024 to 4096 recognizable.
  (func $fill
    (local $at i32)
    (local.set $at (i32.const 1024))
    (loop $words
      (i64.store (local.get $at) (i64.const 0xa5a5a5a5a5a5a5a5))
      (local.set $at (i32.add (local.get $at) (i32.const 8)))
      (br_if $words (i32.lt_u (local.get $at) (i32.const 4096)))))

  ;; Ends the guest if anything was written beside so many bytes at 2048 and 3072.
  (func $edges (param $number i32) (param $first i32) (param $second i32)
    (call $untouched (local.get $number) (i32.const 1024) (i32.const 2048))
    (call $untouched (local.get $number)
      (i32.add (i32.const 2048) (local.get $first)) (i32.const 3072))
    (call $untouched (local.get $number)
      (i32.add (i32.const 3072) (local.get $second)) (i32.const 4096)))

  (func $untouched (param $number i32) (param $at i32) (param $end i32)
    (loop $bytes
      (call $is (local.get $number) (i32.load8_u (local.get $at)) (i32.const 0xa5))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br_if $bytes (i32.lt_u (local.get $at) (local.get $end)))))

  ;; Whether two pieces of memory hold the same bytes.
  (func $same (param $one i32) (param $other i32) (param $len i32) (result i32)
    (loop $bytes
      (if (i32.eqz (local.get $len)) (then (return (i32.const 1))))
      (local.set $len (i32.sub (local.get $len) (i32.const 1)))
      (br_if $bytes (i32.eq
        (i32.load8_u (i32.add (local.get $one) (local.get $len)))
        (i32.load8_u (i32.add (local.get $other) (local.get $len))))))
    (i32.const 0))

  (func $iovec (param $at i32) (param $bytes i32) (param $len i32)
    (i32.store (local.get $at) (local.get $bytes))
    (i32.store offset=4 (local.get $at) (local.get $len)))

  ;; Eight checks of a filestat at 2048, from this number on: dev 0, ino 8, filetype 16,
  ;; nlink 20, size 24, atim 32, mtim 40, ctim 48. What cannot be known has been written.
  (func $filestat (param $number i32)
    (call $written (local.get $number) (i32.const 2048))
    (call $written (i32.add (local.get $number) (i32.const 1)) (i32.const 2056))
    (call $is (i32.add (local.get $number) (i32.const 2))
      (i32.load8_u (i32.const 2064)) (i32.const 4))
    (call $is (i32.add (local.get $number) (i32.const 3))
      (i32.load (i32.const 2068)) (i32.const 2))
    (call $is64 (i32.add (local.get $number) (i32.const 4))
      (i64.load (i32.const 2072)) (i64.const 10))
    (call $is64 (i32.add (local.get $number) (i32.const 5))
      (i64.load (i32.const 2080)) (i64.const 1573516800000000000))
    (call $is64 (i32.add (local.get $number) (i32.const 6))
      (i64.load (i32.const 2088)) (i64.const 1573516801000000000))
    (call $written (i32.add (local.get $number) (i32.const 7)) (i32.const 2096)))

  ;; Ends the guest if eight bytes are as they were.
  (func $written (param $number i32) (param $at i32)
    (if (i64.eq (i64.load (local.get $at)) (i64.const 0xa5a5a5a5a5a5a5a5))
      (then (call $proc_exit (local.get $number)))))

  ;; Whether an entry of a listing has this name.
  (func $is_named (param $entry i32) (param $name i32) (param $len i32) (result i32)
    (if (result i32) (i32.eq (i32.load offset=16 (local.get $entry)) (local.get $len))
      (then (call $same
        (i32.add (local.get $entry) (i32.const 24)) (local.get $name) (local.get $len)))
      (else (i32.const 0))))

  ;; Three checks of a clock's resolution, from this number on.
  (func $resolution (param $number i32) (param $clock i32)
    (call $fill)
    (call $ok (local.get $number) (call $clock_res_get (local.get $clock) (i32.const 2048)))
    (call $edges (i32.add (local.get $number) (i32.const 1)) (i32.const 8) (i32.const 0))
    (call $is (i32.add (local.get $number) (i32.const 2)) (i32.const 1)
      (i64.lt_u
        (i64.sub (i64.load (i32.const 2048)) (i64.const 1)) (i64.const 1000000000))))

  ;; The time of the monotonic clock (check 98).
  (func $monotonic (result i64)
    (call $ok (i32.const 98)
      (call $clock_time_get (i32.const 1) (i64.const 1) (i32.const 4096)))
    (i64.load (i32.const 4096)))

  ;; A subscription, with all of its 56 bytes that are not said to be otherwise set.
  (func $subscribe (param $at i32) (param $userdata i64) (param $tag i32)
    (local $byte i32)
    (local.set $byte (local.get $at))
    (loop $bytes
      (i32.store8 (local.get $byte) (i32.const 0xff))
      (local.set $byte (i32.add (local.get $byte) (i32.const 1)))
      (br_if $bytes
        (i32.lt_u (local.get $byte) (i32.add (local.get $at) (i32.const 56)))))
    (i64.store (local.get $at) (local.get $userdata))
    (i32.store8 offset=8 (local.get $at) (local.get $tag)))

  ;; Makes it one for the monotonic clock, with all bits of its identifier set.
  (func $clock (param $at i32) (param $timeout i64) (param $flags i32)
    (i32.store offset=24 (local.get $at) (i32.const 1))
    (i64.store offset=32 (local.get $at) (local.get $timeout))
    (i64.store offset=40 (local.get $at) (i64.const 0))
    (i32.store16 offset=48 (local.get $at) (local.get $flags)))

  ;; Whether there is an event of success with this userdata and type.
  (func $has_event (param $userdata i64) (param $type i32) (result i32)
    (local $at i32)
    (local $end i32)
    (local.set $at (i32.const 2048))
    (local.set $end
      (i32.add (i32.const 2048) (i32.mul (i32.const 32) (i32.load (i32.const 3072)))))
    (loop $events
      (if (i32.ge_u (local.get $at) (local.get $end)) (then (return (i32.const 0))))
      (if (i32.and
            (i64.eq (i64.load (local.get $at)) (local.get $userdata))
            (i32.and
              (i32.eqz (i32.load16_u offset=8 (local.get $at)))
              (i32.eq (i32.load8_u offset=10 (local.get $at)) (local.get $type))))
        (then (return (i32.const 1))))
      (local.set $at (i32.add (local.get $at) (i32.const 32)))
      (br $events))
    (unreachable))
)
