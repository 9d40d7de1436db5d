;; What a connection brings: as much as fits, seen before it is taken, all that is asked
;; for, or nothing yet. riflags: peek 1, waitall 2.
;;
;; It is given a listening socket as fd 3, to which others connect when it says so on
;; standard output. It exits with 0, or with the number of the check that failed, which
;; stands before it. 2: a stream, or what is told of a descriptor. 1: a connection.
(module
  (import "wasi_snapshot_preview1" "fd_close"
    (func $fd_close (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_fdstat_set_flags"
    (func $fd_fdstat_set_flags (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read"
    (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "sock_accept"
    (func $sock_accept (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "sock_recv"
    (func $sock_recv (param i32 i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "sock_shutdown"
    (func $sock_shutdown (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit"
    (func $proc_exit (param i32)))

  (memory (export "memory") 1)

  ;; What calls answer.
  (global $again i32 (i32.const 6))
  (global $badf i32 (i32.const 8))
  (global $notconn i32 (i32.const 53))
  (global $notsock i32 (i32.const 57))

  ;; Texts, each with a NUL behind it.
  (global $come i32 (i32.const 64)) (data (i32.const 64) "come\0a")
  (global $talk i32 (i32.const 80)) (data (i32.const 80) "talk\0a")
  (global $abcd i32 (i32.const 96)) (data (i32.const 96) "abcd")
  (global $ab i32 (i32.const 112)) (data (i32.const 112) "ab")
  (global $efghcd i32 (i32.const 128)) (data (i32.const 128) "efghcd")
  (global $klmn i32 (i32.const 144)) (data (i32.const 144) "klmn")

  (func (export "_start")
    (local $fd i32)
    (call $say (global.get $come))
    (local.set $fd (call $accepted))

    ;; Nothing yet.
    ;; 3: it can be told not to wait.
    (call $ok (i32.const 3) (call $fd_fdstat_set_flags (local.get $fd) (i32.const 4)))
    ;; 4: nothing is there.
    (call $expect (i32.const 4) (call $receive (local.get $fd) (i32.const 4) (i32.const 0))
      (global.get $again))
    ;; 5: nothing to be seen either.
    (call $expect (i32.const 5) (call $receive (local.get $fd) (i32.const 4) (i32.const 1))
      (global.get $again))
    ;; 6: nor the whole.
    (call $expect (i32.const 6) (call $receive (local.get $fd) (i32.const 4) (i32.const 2))
      (global.get $again))
    ;; 7: it can be told to wait.
    (call $ok (i32.const 7) (call $fd_fdstat_set_flags (local.get $fd) (i32.const 0)))

    ;; abcdefghijklmn
    (call $say (global.get $talk))
    ;; 8: what is there is seen, and not taken.
    (call $ok (i32.const 8) (call $receive (local.get $fd) (i32.const 4) (i32.const 1)))
    (call $is (i32.const 8) (call $received (global.get $abcd)) (i32.const 1))
    ;; 9: as much as fits is taken.
    (call $ok (i32.const 9) (call $receive (local.get $fd) (i32.const 2) (i32.const 0)))
    (call $is (i32.const 9) (call $received (global.get $ab)) (i32.const 1))
    ;; 10: nothing fits.
    (call $ok (i32.const 10) (call $receive (local.get $fd) (i32.const 0) (i32.const 0)))
    (call $is (i32.const 10) (i32.load (i32.const 2048)) (i32.const 0))
    (call $fill (i32.const 4096) (i32.const 0) (i32.const 64))
    (call $iovec (i32.const 0) (i32.const 4100) (i32.const 2))
    (call $iovec (i32.const 8) (i32.const 4099) (i32.const 0))
    (call $iovec (i32.const 16) (i32.const 4096) (i32.const 4))
    ;; 11: several buffers, one of them empty, in their order.
    (call $ok (i32.const 11)
      (call $sock_recv (local.get $fd) (i32.const 0) (i32.const 3) (i32.const 2) (i32.const 2048)
        (i32.const 2052)))
    (call $is (i32.const 11) (i32.load (i32.const 2048)) (i32.const 6))
    (call $is (i32.const 11) (call $same (i32.const 4096) (global.get $efghcd)) (i32.const 1))
    ;; 12: the same as fd_read.
    (call $ok (i32.const 12)
      (call $fd_read (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 2048)))
    (call $is (i32.const 12) (i32.load (i32.const 2048)) (i32.const 2))
    (call $is (i32.const 12) (i32.load16_u (i32.const 4100)) (i32.const 0x6a69))
    ;; 13: the rest, all of it.
    (call $ok (i32.const 13) (call $receive (local.get $fd) (i32.const 4) (i32.const 2)))
    (call $is (i32.const 13) (call $received (global.get $klmn)) (i32.const 1))

    ;; Who listens has nothing to receive.
    ;; 14: the socket that listens.
    (call $expect_either (i32.const 14) (call $receive (i32.const 3) (i32.const 4) (i32.const 0))
      (global.get $notsock) (global.get $notconn))

    ;; Nothing more will be received.
    ;; 15: it can be said.
    (call $ok (i32.const 15) (call $sock_shutdown (local.get $fd) (i32.const 1)))
    ;; 16: then there is an end.
    (call $ok (i32.const 16) (call $receive (local.get $fd) (i32.const 4) (i32.const 0)))
    (call $is (i32.const 16) (i32.load (i32.const 2048)) (i32.const 0))
    ;; 17: of a closed descriptor there is none.
    (call $ok (i32.const 17) (call $fd_close (local.get $fd)))
    (call $expect (i32.const 17) (call $receive (local.get $fd) (i32.const 4) (i32.const 0))
      (global.get $badf)))

  ;; Says a text on standard output.
  (func $say (param $text i32)
    (call $iovec (i32.const 0) (local.get $text) (call $length (local.get $text)))
    (call $ok (i32.const 2)
      (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 2048))))

  ;; Waits for somebody to connect; answers the new descriptor.
  (func $accepted (result i32)
    (call $ok (i32.const 1) (call $sock_accept (i32.const 3) (i32.const 0) (i32.const 2048)))
    (i32.load (i32.const 2048)))

  ;; Receives at most so many bytes to 4096; their number goes to 2048, roflags to 2052.
  (func $receive (param $fd i32) (param $len i32) (param $flags i32) (result i32)
    (call $fill (i32.const 4096) (i32.const 0) (i32.const 64))
    (i32.store (i32.const 2052) (i32.const -1))
    (call $iovec (i32.const 0) (i32.const 4096) (local.get $len))
    (call $sock_recv (local.get $fd) (i32.const 0) (i32.const 1) (local.get $flags)
      (i32.const 2048) (i32.const 2052)))

  ;; Whether what was received is this text, all of it, and no flag was told.
  (func $received (param $text i32) (result i32)
    (i32.and
      (i32.and
        (i32.eq (i32.load (i32.const 2048)) (call $length (local.get $text)))
        (i32.eqz (i32.load16_u (i32.const 2052))))
      (call $same (i32.const 4096) (local.get $text))))

  ;; Ends the guest unless a call succeeded.
  (func $ok (param $check i32) (param $errno i32)
    (if (local.get $errno) (then (call $proc_exit (local.get $check)))))

  ;; Ends the guest unless a call answered what it has to.
  (func $expect (param $check i32) (param $errno i32) (param $wanted i32)
    (if (i32.ne (local.get $errno) (local.get $wanted))
      (then (call $proc_exit (local.get $check)))))

  ;; The same where a host may choose.
  (func $expect_either (param $check i32) (param $errno i32) (param $one i32) (param $other i32)
    (if (i32.and
          (i32.ne (local.get $errno) (local.get $one))
          (i32.ne (local.get $errno) (local.get $other)))
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

  ;; Whether two texts are the same.
  (func $same (param $one i32) (param $other i32) (result i32)
    (loop $bytes
      (if (i32.ne (i32.load8_u (local.get $one)) (i32.load8_u (local.get $other)))
        (then (return (i32.const 0))))
      (if (i32.load8_u (local.get $one))
        (then
          (local.set $one (i32.add (local.get $one) (i32.const 1)))
          (local.set $other (i32.add (local.get $other) (i32.const 1)))
          (br $bytes))))
    (i32.const 1))

  ;; Writes one byte many times.
  (func $fill (param $at i32) (param $byte i32) (param $count i32)
    (loop $bytes
      (if (i32.eqz (local.get $count)) (then (return)))
      (i32.store8 (local.get $at) (local.get $byte))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (local.set $count (i32.sub (local.get $count) (i32.const 1)))
      (br $bytes)))

  ;; Describes a buffer.
  (func $iovec (param $at i32) (param $bytes i32) (param $len i32)
    (i32.store (local.get $at) (local.get $bytes))
    (i32.store offset=4 (local.get $at) (local.get $len)))
)
