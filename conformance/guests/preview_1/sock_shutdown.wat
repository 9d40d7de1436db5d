;; Each direction of a connection, closed on its own. sdflags: rd 1, wr 2.
;;
;; It is given a listening socket as fd 3, to which others connect when it says so on
;; standard output. It exits with 0, or with the number of the check that failed, which
;; stands before it. 2: a stream, or what is told of a descriptor. 1: a connection.
(module
  (import "wasi_snapshot_preview1" "fd_close"
    (func $fd_close (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "sock_accept"
    (func $sock_accept (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "sock_recv"
    (func $sock_recv (param i32 i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "sock_send"
    (func $sock_send (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "sock_shutdown"
    (func $sock_shutdown (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit"
    (func $proc_exit (param i32)))

  (memory (export "memory") 1)

  ;; What calls answer.
  (global $badf i32 (i32.const 8))
  (global $inval i32 (i32.const 28))
  (global $notconn i32 (i32.const 53))
  (global $notsock i32 (i32.const 57))
  (global $pipe i32 (i32.const 64))

  ;; Texts, each with a NUL behind it.
  (global $come i32 (i32.const 64)) (data (i32.const 64) "come\0a")
  (global $one i32 (i32.const 80)) (data (i32.const 80) "one")
  (global $no i32 (i32.const 96)) (data (i32.const 96) "no")
  (global $received i32 (i32.const 112)) (data (i32.const 112) "received")
  (global $two i32 (i32.const 128)) (data (i32.const 128) "two")

  (func (export "_start")
    (local $first i32)
    (local $second i32)
    (local $third i32)
    (call $say (global.get $come))
    (local.set $first (call $accepted))
    (local.set $second (call $accepted))
    (local.set $third (call $accepted))

    ;; Nothing.
    ;; 3: no direction at all.
    (call $expect (i32.const 3) (call $sock_shutdown (local.get $first) (i32.const 0))
      (global.get $inval))
    ;; 4: that closed none.
    (call $ok (i32.const 4) (call $send (local.get $first) (global.get $one) (i32.const 0)))

    ;; Sending.
    ;; 5: it is closed.
    (call $ok (i32.const 5) (call $sock_shutdown (local.get $first) (i32.const 2)))
    ;; 6: nothing is sent.
    (call $expect (i32.const 6) (call $send (local.get $first) (global.get $no) (i32.const 0))
      (global.get $pipe))
    ;; 7: nothing is written either.
    (call $expect (i32.const 7)
      (call $fd_write (local.get $first) (i32.const 0) (i32.const 1) (i32.const 2048))
      (global.get $pipe))
    ;; 8: what comes is received.
    (call $ok (i32.const 8) (call $receive (local.get $first) (i32.const 8) (i32.const 2)))
    (call $is (i32.const 8) (call $received (global.get $received)) (i32.const 1))
    ;; 9: it is closed once more.
    (call $ok (i32.const 9) (call $sock_shutdown (local.get $first) (i32.const 2)))

    ;; Receiving.
    ;; 10: it is closed.
    (call $ok (i32.const 10) (call $sock_shutdown (local.get $second) (i32.const 1)))
    ;; 11: it is at its end.
    (call $ok (i32.const 11) (call $receive (local.get $second) (i32.const 8) (i32.const 0)))
    (call $is (i32.const 11) (i32.load (i32.const 2048)) (i32.const 0))
    ;; 12: sending goes on.
    (call $ok (i32.const 12) (call $send (local.get $second) (global.get $two) (i32.const 0)))

    ;; Both.
    ;; 13: they are closed.
    (call $ok (i32.const 13) (call $sock_shutdown (local.get $third) (i32.const 3)))
    ;; 14: it is at its end.
    (call $ok (i32.const 14) (call $receive (local.get $third) (i32.const 8) (i32.const 0)))
    (call $is (i32.const 14) (i32.load (i32.const 2048)) (i32.const 0))
    ;; 15: nothing is sent.
    (call $expect (i32.const 15) (call $send (local.get $third) (global.get $no) (i32.const 0))
      (global.get $pipe))

    ;; The others do not know of that.
    ;; 16: somebody who listens has no connection to close.
    (call $expect_either (i32.const 16) (call $sock_shutdown (i32.const 3) (i32.const 3))
      (global.get $notsock) (global.get $notconn))
    ;; 17: a connection stays a descriptor.
    (call $ok (i32.const 17) (call $fd_close (local.get $third)))
    ;; 18: and is none then.
    (call $expect (i32.const 18) (call $sock_shutdown (local.get $third) (i32.const 3))
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

  ;; Sends a text; the number of bytes that were sent goes to 2048.
  (func $send (param $fd i32) (param $text i32) (param $flags i32) (result i32)
    (call $iovec (i32.const 0) (local.get $text) (call $length (local.get $text)))
    (call $sock_send (local.get $fd) (i32.const 0) (i32.const 1) (local.get $flags)
      (i32.const 2048)))

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
