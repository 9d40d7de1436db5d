;; Rights of sockets: what cannot be done without them, and that connections have those
;; that the socket hands on. fd_read is bit 1, fd_write bit 6, sock_shutdown bit 28,
;; sock_accept bit 29.
;;
;; It is given a listening socket as fd 3, to which others connect when it says so on
;; standard output. It exits with 0, or with the number of the check that failed, which
;; stands before it. 2: a stream, or what is told of a descriptor. 1: a connection.
(module
  (import "wasi_snapshot_preview1" "fd_fdstat_get"
    (func $fd_fdstat_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_fdstat_set_rights"
    (func $fd_fdstat_set_rights (param i32 i64 i64) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read"
    (func $fd_read (param i32 i32 i32 i32) (result i32)))
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
  (global $perm i32 (i32.const 63))
  (global $notcapable i32 (i32.const 76))

  ;; Texts, each with a NUL behind it.
  (global $come i32 (i32.const 64)) (data (i32.const 64) "come\0a")
  (global $no i32 (i32.const 80)) (data (i32.const 80) "no")
  (global $yes i32 (i32.const 96)) (data (i32.const 96) "yes")

  (func (export "_start")
    (local $first i32)
    (local $second i32)
    (call $say (global.get $come))
    (local.set $first (call $accepted))

    ;; A connection gives up one after the other.
    ;; 3: to send.
    (call $ok (i32.const 3) (call $drop (local.get $first) (i64.const 0x40) (i64.const 0)))
    ;; 4: nothing is sent.
    (call $expect (i32.const 4) (call $send (local.get $first) (global.get $no) (i32.const 0))
      (global.get $badf))
    ;; 5: nothing is written.
    (call $expect (i32.const 5)
      (call $fd_write (local.get $first) (i32.const 0) (i32.const 1) (i32.const 2048))
      (global.get $badf))
    ;; 6: what comes is received.
    (call $ok (i32.const 6) (call $receive (local.get $first) (i32.const 3) (i32.const 2)))
    (call $is (i32.const 6) (call $received (global.get $yes)) (i32.const 1))
    ;; 7: to receive.
    (call $ok (i32.const 7) (call $drop (local.get $first) (i64.const 2) (i64.const 0)))
    ;; 8: nothing is received.
    (call $expect (i32.const 8) (call $receive (local.get $first) (i32.const 3) (i32.const 0))
      (global.get $badf))
    ;; 9: nothing is read.
    (call $expect (i32.const 9)
      (call $fd_read (local.get $first) (i32.const 0) (i32.const 1) (i32.const 2048))
      (global.get $badf))
    ;; 10: to shut down.
    (call $ok (i32.const 10) (call $drop (local.get $first) (i64.const 0x10000000) (i64.const 0)))
    ;; 11: nothing is shut down.
    (call $expect (i32.const 11) (call $sock_shutdown (local.get $first) (i32.const 3))
      (global.get $perm))
    ;; 12: not even nothing.
    (call $expect (i32.const 12) (call $sock_shutdown (local.get $first) (i32.const 0))
      (global.get $perm))
    ;; 13: it is not had back.
    (call $expect (i32.const 13)
      (call $fd_fdstat_set_rights (local.get $first) (i64.const 0x10000042) (i64.const 0))
      (global.get $notcapable))

    ;; What the socket hands on.
    ;; 14: connections are not to be sent to.
    (call $ok (i32.const 14) (call $drop (i32.const 3) (i64.const 0) (i64.const 0x40)))
    (local.set $second (call $accepted))
    ;; 15: one can be made.
    (call $is (i32.const 15) (i32.gt_u (local.get $second) (i32.const 3)) (i32.const 1))
    ;; 16: it cannot be sent to.
    (call $expect (i32.const 16) (call $send (local.get $second) (global.get $no) (i32.const 0))
      (global.get $badf))
    ;; 17: it can be shut down.
    (call $ok (i32.const 17) (call $sock_shutdown (local.get $second) (i32.const 2)))

    ;; The socket itself.
    ;; 18: to accept.
    (call $ok (i32.const 18) (call $drop (i32.const 3) (i64.const 0x20000000) (i64.const 0)))
    ;; 19: nobody is let in.
    (call $expect (i32.const 19) (call $sock_accept (i32.const 3) (i32.const 0) (i32.const 2048))
      (global.get $perm))
    ;; 20: not with wrong flags either.
    (call $expect (i32.const 20) (call $sock_accept (i32.const 3) (i32.const 16) (i32.const 2048))
      (global.get $perm)))

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

  ;; Gives up rights of a descriptor, for itself and for what it makes.
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
