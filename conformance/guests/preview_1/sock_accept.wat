;; Connections: nobody there, somebody, and flags that they are given.
;;
;; It is given a listening socket as fd 3, to which others connect when it says so on
;; standard output. It exits with 0, or with the number of the check that failed, which
;; stands before it. 2: a stream, or what is told of a descriptor.
(module
  (import "wasi_snapshot_preview1" "fd_close"
    (func $fd_close (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_fdstat_get"
    (func $fd_fdstat_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_fdstat_set_flags"
    (func $fd_fdstat_set_flags (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read"
    (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "sock_accept"
    (func $sock_accept (param i32 i32 i32) (result i32)))
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

  ;; Texts, each with a NUL behind it.
  (global $come i32 (i32.const 64)) (data (i32.const 64) "come\0a")
  (global $another i32 (i32.const 80)) (data (i32.const 80) "another\0a")
  (global $b i32 (i32.const 96)) (data (i32.const 96) "b")

  (func (export "_start")
    (local $first i32)
    (local $second i32)
    ;; The socket itself.
    ;; 3: it is a stream of sockets (type 6).
    (call $is (i32.const 3) (call $kind (i32.const 3)) (i32.const 6))
    ;; 4: it has no bytes to read.
    (call $expect_either (i32.const 4) (call $take (i32.const 3))
      (global.get $badf) (global.get $notconn))
    ;; 5: a flag that connections cannot have: dsync.
    (call $expect (i32.const 5) (call $sock_accept (i32.const 3) (i32.const 2) (i32.const 2048))
      (global.get $inval))
    ;; 6: another one: rsync.
    (call $expect (i32.const 6) (call $sock_accept (i32.const 3) (i32.const 8) (i32.const 2048))
      (global.get $inval))
    ;; 7: another one: sync.
    (call $expect (i32.const 7) (call $sock_accept (i32.const 3) (i32.const 16) (i32.const 2048))
      (global.get $inval))
    ;; 8: it can be told not to wait.
    (call $ok (i32.const 8) (call $fd_fdstat_set_flags (i32.const 3) (i32.const 4)))
    ;; 9: nobody is there.
    (call $expect (i32.const 9) (call $sock_accept (i32.const 3) (i32.const 0) (i32.const 2048))
      (global.get $again))
    ;; 10: it can be told to wait.
    (call $ok (i32.const 10) (call $fd_fdstat_set_flags (i32.const 3) (i32.const 0)))

    ;; Somebody connects.
    (call $say (global.get $come))
    ;; 11: a connection.
    (call $ok (i32.const 11) (call $sock_accept (i32.const 3) (i32.const 0) (i32.const 2048)))
    (local.set $first (i32.load (i32.const 2048)))
    ;; 12: it is a descriptor of its own.
    (call $is (i32.const 12) (i32.gt_u (local.get $first) (i32.const 3)) (i32.const 1))
    ;; 13: it is a stream of sockets without flags.
    (call $is (i32.const 13) (call $kind (local.get $first)) (i32.const 6))
    (call $is (i32.const 13) (call $flags (local.get $first)) (i32.const 0))
    ;; 14: what was sent comes.
    (call $ok (i32.const 14) (call $take (local.get $first)))
    (call $is (i32.const 14) (i32.load (i32.const 2048)) (i32.const 1))
    (call $is (i32.const 14) (i32.load8_u (i32.const 4096)) (i32.const 0x61))
    ;; 15: on a connection nobody can connect.
    (call $expect (i32.const 15)
      (call $sock_accept (local.get $first) (i32.const 0) (i32.const 2048))
      (global.get $inval))

    ;; Another one.
    (call $say (global.get $another))
    ;; 16: a connection that does not wait.
    (call $ok (i32.const 16) (call $sock_accept (i32.const 3) (i32.const 4) (i32.const 2048)))
    (local.set $second (i32.load (i32.const 2048)))
    ;; 17: that is told.
    (call $is (i32.const 17) (call $flags (local.get $second)) (i32.const 4))
    ;; 18: there is nothing to read yet.
    (call $expect (i32.const 18) (call $take (local.get $second)) (global.get $again))
    ;; 19: the first still waits.
    (call $is (i32.const 19) (call $flags (local.get $first)) (i32.const 0))
    ;; 20: the first is closed.
    (call $ok (i32.const 20) (call $fd_close (local.get $first)))
    ;; 21: it is no descriptor then.
    (call $expect (i32.const 21) (call $sock_shutdown (local.get $first) (i32.const 3))
      (global.get $badf))
    ;; 22: the second is none the worse.
    (call $ok (i32.const 22) (call $give (local.get $second))))

  ;; Says a text on standard output.
  (func $say (param $text i32)
    (call $iovec (i32.const 0) (local.get $text) (call $length (local.get $text)))
    (call $ok (i32.const 2)
      (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 2048))))

  ;; The type of a descriptor, and its flags.
  (func $kind (param $fd i32) (result i32)
    (call $ok (i32.const 2) (call $fd_fdstat_get (local.get $fd) (i32.const 4096)))
    (i32.load8_u (i32.const 4096)))

  (func $flags (param $fd i32) (result i32)
    (call $ok (i32.const 2) (call $fd_fdstat_get (local.get $fd) (i32.const 4096)))
    (i32.load16_u offset=2 (i32.const 4096)))

  ;; Reads a byte to 4096.
  (func $take (param $fd i32) (result i32)
    (call $iovec (i32.const 0) (i32.const 4096) (i32.const 1))
    (call $fd_read (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 2048)))

  ;; Writes a byte.
  (func $give (param $fd i32) (result i32)
    (call $iovec (i32.const 0) (global.get $b) (i32.const 1))
    (call $fd_write (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 2048)))

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
