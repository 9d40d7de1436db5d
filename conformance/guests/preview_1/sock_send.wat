;; What is sent over a connection, until there is no more room or no more connection.
;;
;; It is given a listening socket as fd 3, to which others connect when it says so on
;; standard output. It exits with 0, or with the number of the check that failed, which
;; stands before it. 2: a stream, or what is told of a descriptor. 1: a connection.
(module
  (import "wasi_snapshot_preview1" "fd_close"
    (func $fd_close (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_fdstat_set_flags"
    (func $fd_fdstat_set_flags (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "sock_accept"
    (func $sock_accept (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "sock_send"
    (func $sock_send (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "sock_shutdown"
    (func $sock_shutdown (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit"
    (func $proc_exit (param i32)))

  (memory (export "memory") 1)

  ;; What calls answer.
  (global $again i32 (i32.const 6))
  (global $badf i32 (i32.const 8))
  (global $inval i32 (i32.const 28))
  (global $notconn i32 (i32.const 53))
  (global $notsock i32 (i32.const 57))
  (global $pipe i32 (i32.const 64))

  ;; Texts, each with a NUL behind it.
  (global $come i32 (i32.const 64)) (data (i32.const 64) "come\0a")
  (global $abc i32 (i32.const 80)) (data (i32.const 80) "abc")
  (global $de i32 (i32.const 96)) (data (i32.const 96) "de")
  (global $fgh i32 (i32.const 112)) (data (i32.const 112) "fgh")
  (global $ij i32 (i32.const 128)) (data (i32.const 128) "ij")
  (global $enough i32 (i32.const 144)) (data (i32.const 144) "enough\0a")

  (func (export "_start")
    (local $fd i32)
    (call $say (global.get $come))
    (local.set $fd (call $accepted))

    ;; Bytes.
    ;; 3: a text.
    (call $ok (i32.const 3) (call $send (local.get $fd) (global.get $abc) (i32.const 0)))
    (call $is (i32.const 3) (i32.load (i32.const 2048)) (i32.const 3))
    (call $iovec (i32.const 0) (global.get $de) (i32.const 2))
    (call $iovec (i32.const 8) (global.get $de) (i32.const 0))
    (call $iovec (i32.const 16) (global.get $fgh) (i32.const 3))
    ;; 4: several buffers, one of them empty.
    (call $ok (i32.const 4)
      (call $sock_send (local.get $fd) (i32.const 0) (i32.const 3) (i32.const 0) (i32.const 2048)))
    (call $is (i32.const 4) (i32.load (i32.const 2048)) (i32.const 5))
    ;; 5: no buffers.
    (call $ok (i32.const 5)
      (call $sock_send (local.get $fd) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 2048)))
    (call $is (i32.const 5) (i32.load (i32.const 2048)) (i32.const 0))
    (call $iovec (i32.const 0) (global.get $ij) (i32.const 2))
    ;; 6: the same as fd_write.
    (call $ok (i32.const 6)
      (call $fd_write (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 2048)))

    ;; There are no flags.
    ;; 7: the lowest.
    (call $expect (i32.const 7) (call $send (local.get $fd) (global.get $abc) (i32.const 1))
      (global.get $inval))
    ;; 8: the highest.
    (call $expect (i32.const 8) (call $send (local.get $fd) (global.get $abc) (i32.const 0x8000))
      (global.get $inval))

    ;; Who listens cannot send.
    ;; 9: the socket that listens.
    (call $expect_either (i32.const 9) (call $send (i32.const 3) (global.get $abc) (i32.const 0))
      (global.get $notsock) (global.get $notconn))

    ;; The other end takes nothing more; 64 KiB at a time have to fill any buffer some time.
    (call $say (global.get $enough))
    (call $iovec (i32.const 0) (i32.const 0) (i32.const 65536))
    ;; 10: it can be told not to wait.
    (call $ok (i32.const 10) (call $fd_fdstat_set_flags (local.get $fd) (i32.const 4)))
    ;; 11: there is no more room.
    (call $expect (i32.const 11) (call $filled (local.get $fd)) (global.get $again))

    ;; The connection is closed to sending.
    ;; 12: it can be said.
    (call $ok (i32.const 12) (call $sock_shutdown (local.get $fd) (i32.const 2)))
    ;; 13: then nothing can be sent.
    (call $expect (i32.const 13) (call $send (local.get $fd) (global.get $abc) (i32.const 0))
      (global.get $pipe))
    ;; 14: of a closed descriptor nothing can.
    (call $ok (i32.const 14) (call $fd_close (local.get $fd)))
    (call $expect (i32.const 14) (call $send (local.get $fd) (global.get $abc) (i32.const 0))
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

  ;; Sends 64 KiB until that fails, 8192 times at most; answers the errno.
  (func $filled (param $fd i32) (result i32)
    (local $left i32)
    (local $errno i32)
    (local.set $left (i32.const 8192))
    (loop $sends
      (local.set $errno
        (call $sock_send (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 0)
          (i32.const 2048)))
      (local.set $left (i32.sub (local.get $left) (i32.const 1)))
      (br_if $sends
        (i32.and (i32.eqz (local.get $errno)) (i32.ne (local.get $left) (i32.const 0)))))
    (local.get $errno))

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

  ;; Describes a buffer.
  (func $iovec (param $at i32) (param $bytes i32) (param $len i32)
    (i32.store (local.get $at) (local.get $bytes))
    (i32.store offset=4 (local.get $at) (local.get $len)))
)
