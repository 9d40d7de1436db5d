;; Where the listening socket is if there is a preopen too: behind it. Who looks for
;; preopens is told that there are no more.
;;
;; It is given a listening socket as fd 4, behind a directory, to which others connect when
;; it says so on standard output. It exits with 0, or with the number of the check that
;; failed, which stands before it. 2: what it says.
(module
  (import "wasi_snapshot_preview1" "fd_close"
    (func $fd_close (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_fdstat_get"
    (func $fd_fdstat_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_prestat_get"
    (func $fd_prestat_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "sock_accept"
    (func $sock_accept (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "sock_shutdown"
    (func $sock_shutdown (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit"
    (func $proc_exit (param i32)))

  (memory (export "memory") 1)

  ;; What calls answer.
  (global $badf i32 (i32.const 8))
  (global $notsock i32 (i32.const 57))

  ;; Texts, each with a NUL behind it.
  (global $come i32 (i32.const 64)) (data (i32.const 64) "come\0a")

  (func (export "_start")
    ;; 3: the preopen.
    (call $ok (i32.const 3) (call $fd_prestat_get (i32.const 3) (i32.const 4096)))
    ;; 4: the socket is no preopen.
    (call $expect (i32.const 4) (call $fd_prestat_get (i32.const 4) (i32.const 4096))
      (global.get $badf))
    ;; 5: it is a stream of sockets (type 6).
    (call $ok (i32.const 5) (call $fd_fdstat_get (i32.const 4) (i32.const 4096)))
    (call $is (i32.const 5) (i32.load8_u (i32.const 4096)) (i32.const 6))
    ;; 6: behind it is nothing.
    (call $expect (i32.const 6) (call $fd_fdstat_get (i32.const 5) (i32.const 4096))
      (global.get $badf))
    (call $say (global.get $come))
    ;; 7: somebody connects.
    (call $ok (i32.const 7) (call $sock_accept (i32.const 4) (i32.const 0) (i32.const 2048)))
    ;; 8: the connection has the next number.
    (call $is (i32.const 8) (i32.load (i32.const 2048)) (i32.const 5))
    ;; 9: nobody connects to the preopen.
    (call $expect (i32.const 9) (call $sock_accept (i32.const 3) (i32.const 0) (i32.const 2048))
      (global.get $notsock))
    ;; 10: to close the socket leaves the connection.
    (call $ok (i32.const 10) (call $fd_close (i32.const 4)))
    (call $ok (i32.const 10) (call $sock_shutdown (i32.const 5) (i32.const 3)))
    ;; 11: and the preopen.
    (call $ok (i32.const 11) (call $fd_prestat_get (i32.const 3) (i32.const 4096))))

  ;; Says a text on standard output.
  (func $say (param $text i32)
    (call $iovec (i32.const 0) (local.get $text) (call $length (local.get $text)))
    (call $ok (i32.const 2)
      (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 2048))))

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

  ;; Describes a buffer.
  (func $iovec (param $at i32) (param $bytes i32) (param $len i32)
    (i32.store (local.get $at) (local.get $bytes))
    (i32.store offset=4 (local.get $at) (local.get $len)))
)
