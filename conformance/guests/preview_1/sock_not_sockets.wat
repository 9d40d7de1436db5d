;; What the four functions of sockets answer of all that is none.
;;
;; It is given a directory as fd 3, and makes `sock_not_sockets.cleanup` in it, where all
;; happens. It exits with 0, or with the number of the check that failed, which stands
;; before it. 1: that directory can be made. 2: so can what is needed in it.
(module
  (import "wasi_snapshot_preview1" "path_create_directory"
    (func $path_create_directory (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_close"
    (func $fd_close (param i32) (result i32)))
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

  ;; The directory that all happens in.
  (global $root (mut i32) (i32.const -1))

  ;; What calls answer.
  (global $badf i32 (i32.const 8))
  (global $notsock i32 (i32.const 57))

  ;; Texts, each with a NUL behind it.
  (global $file i32 (i32.const 64)) (data (i32.const 64) "file")
  (global $own i32 (i32.const 80)) (data (i32.const 80) "sock_not_sockets.cleanup")

  (func (export "_start")
    (local $fd i32)
    (call $open_root)
    (call $ok (i32.const 2) (call $make (global.get $file)))
    (call $ok (i32.const 2)
      (call $path_open (global.get $root) (i32.const 0) (global.get $file) (i32.const 4)
        (i32.const 0) (i64.const 0x42) (i64.const 0) (i32.const 0) (i32.const 2048)))
    (local.set $fd (i32.load (i32.const 2048)))
    (call $iovec (i32.const 0) (i32.const 4096) (i32.const 1))

    ;; A file.
    ;; 3: sock_accept.
    (call $expect (i32.const 3) (call $sock_accept (local.get $fd) (i32.const 0) (i32.const 2048))
      (global.get $notsock))
    ;; 4: sock_recv.
    (call $expect (i32.const 4)
      (call $sock_recv (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 2048)
        (i32.const 2052))
      (global.get $notsock))
    ;; 5: sock_send.
    (call $expect (i32.const 5)
      (call $sock_send (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 2048))
      (global.get $notsock))
    ;; 6: sock_shutdown.
    (call $expect (i32.const 6) (call $sock_shutdown (local.get $fd) (i32.const 3))
      (global.get $notsock))

    ;; A directory.
    ;; 7: sock_accept.
    (call $expect (i32.const 7)
      (call $sock_accept (global.get $root) (i32.const 0) (i32.const 2048))
      (global.get $notsock))
    ;; 8: sock_recv.
    (call $expect (i32.const 8)
      (call $sock_recv (global.get $root) (i32.const 0) (i32.const 1) (i32.const 0)
        (i32.const 2048) (i32.const 2052))
      (global.get $notsock))
    ;; 9: sock_send.
    (call $expect (i32.const 9)
      (call $sock_send (global.get $root) (i32.const 0) (i32.const 1) (i32.const 0)
        (i32.const 2048))
      (global.get $notsock))
    ;; 10: sock_shutdown.
    (call $expect (i32.const 10) (call $sock_shutdown (global.get $root) (i32.const 3))
      (global.get $notsock))

    ;; The preopened directory.
    ;; 11: sock_accept.
    (call $expect (i32.const 11) (call $sock_accept (i32.const 3) (i32.const 0) (i32.const 2048))
      (global.get $notsock))
    ;; 12: sock_recv.
    (call $expect (i32.const 12)
      (call $sock_recv (i32.const 3) (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 2048)
        (i32.const 2052))
      (global.get $notsock))
    ;; 13: sock_send.
    (call $expect (i32.const 13)
      (call $sock_send (i32.const 3) (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 2048))
      (global.get $notsock))
    ;; 14: sock_shutdown.
    (call $expect (i32.const 14) (call $sock_shutdown (i32.const 3) (i32.const 3))
      (global.get $notsock))

    ;; Standard input.
    ;; 15: sock_accept.
    (call $expect (i32.const 15) (call $sock_accept (i32.const 0) (i32.const 0) (i32.const 2048))
      (global.get $notsock))
    ;; 16: sock_recv.
    (call $expect (i32.const 16)
      (call $sock_recv (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 2048)
        (i32.const 2052))
      (global.get $notsock))
    ;; 17: sock_send.
    (call $expect (i32.const 17)
      (call $sock_send (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 2048))
      (global.get $notsock))
    ;; 18: sock_shutdown.
    (call $expect (i32.const 18) (call $sock_shutdown (i32.const 0) (i32.const 3))
      (global.get $notsock))

    ;; Standard output.
    ;; 19: sock_accept.
    (call $expect (i32.const 19) (call $sock_accept (i32.const 1) (i32.const 0) (i32.const 2048))
      (global.get $notsock))
    ;; 20: sock_recv.
    (call $expect (i32.const 20)
      (call $sock_recv (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 2048)
        (i32.const 2052))
      (global.get $notsock))
    ;; 21: sock_send.
    (call $expect (i32.const 21)
      (call $sock_send (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 2048))
      (global.get $notsock))
    ;; 22: sock_shutdown.
    (call $expect (i32.const 22) (call $sock_shutdown (i32.const 1) (i32.const 3))
      (global.get $notsock))

    ;; Standard error.
    ;; 23: sock_accept.
    (call $expect (i32.const 23) (call $sock_accept (i32.const 2) (i32.const 0) (i32.const 2048))
      (global.get $notsock))
    ;; 24: sock_recv.
    (call $expect (i32.const 24)
      (call $sock_recv (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 2048)
        (i32.const 2052))
      (global.get $notsock))
    ;; 25: sock_send.
    (call $expect (i32.const 25)
      (call $sock_send (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 2048))
      (global.get $notsock))
    ;; 26: sock_shutdown.
    (call $expect (i32.const 26) (call $sock_shutdown (i32.const 2) (i32.const 3))
      (global.get $notsock))

    ;; What is no socket is told before flags are looked at.
    ;; 27: siflags, of which there are none.
    (call $expect (i32.const 27)
      (call $sock_send (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 1) (i32.const 2048))
      (global.get $notsock))
    ;; 28: to shut down nothing.
    (call $expect (i32.const 28) (call $sock_shutdown (local.get $fd) (i32.const 0))
      (global.get $notsock))
    ;; 29: a flag that no connection has.
    (call $expect (i32.const 29) (call $sock_accept (local.get $fd) (i32.const 16) (i32.const 2048))
      (global.get $notsock))


    ;; A descriptor that is closed.
    (call $ok (i32.const 2) (call $fd_close (local.get $fd)))
    ;; 30: sock_accept.
    (call $expect (i32.const 30) (call $sock_accept (local.get $fd) (i32.const 0) (i32.const 2048))
      (global.get $badf))
    ;; 31: sock_recv.
    (call $expect (i32.const 31)
      (call $sock_recv (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 2048)
        (i32.const 2052))
      (global.get $badf))
    ;; 32: sock_send.
    (call $expect (i32.const 32)
      (call $sock_send (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 2048))
      (global.get $badf))
    ;; 33: sock_shutdown.
    (call $expect (i32.const 33) (call $sock_shutdown (local.get $fd) (i32.const 3))
      (global.get $badf))

    ;; A number that was never a descriptor.
    ;; 34: sock_accept.
    (call $expect (i32.const 34) (call $sock_accept (i32.const -1) (i32.const 0) (i32.const 2048))
      (global.get $badf))
    ;; 35: sock_recv.
    (call $expect (i32.const 35)
      (call $sock_recv (i32.const -1) (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 2048)
        (i32.const 2052))
      (global.get $badf))
    ;; 36: sock_send.
    (call $expect (i32.const 36)
      (call $sock_send (i32.const -1) (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 2048))
      (global.get $badf))
    ;; 37: sock_shutdown.
    (call $expect (i32.const 37) (call $sock_shutdown (i32.const -1) (i32.const 3))
      (global.get $badf)))

  ;; Ends the guest unless a call succeeded.
  (func $ok (param $check i32) (param $errno i32)
    (if (local.get $errno) (then (call $proc_exit (local.get $check)))))

  ;; Ends the guest unless a call answered what it has to.
  (func $expect (param $check i32) (param $errno i32) (param $wanted i32)
    (if (i32.ne (local.get $errno) (local.get $wanted))
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

  ;; Describes a buffer.
  (func $iovec (param $at i32) (param $bytes i32) (param $len i32)
    (i32.store (local.get $at) (local.get $bytes))
    (i32.store offset=4 (local.get $at) (local.get $len)))
)
