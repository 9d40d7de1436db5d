;; poll_oneoff of files, which never wait: how much is left to be read, the end, and room to
;; write; a file that is not open for it.
;;
;; It is given `empty.dir` as its one preopen, fd 3. What it makes there it removes. It
;; exits with 0, or with the number of the check that failed.
(module
  (import "wasi_snapshot_preview1" "fd_close"
    (func $fd_close (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_seek"
    (func $fd_seek (param i32 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_tell"
    (func $fd_tell (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_unlink_file"
    (func $path_unlink_file (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff"
    (func $poll_oneoff (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))

  (memory (export "memory") 1)

  ;; Errnos.
  (global $badf i32 (i32.const 8))

  ;; Places in memory, and other numbers.
  (global $hangup i32 (i32.const 1))

  (data (i32.const 64) "poll_files.cleanup")
  (data (i32.const 88) "0123456789")
  (data (i32.const 104) "ab")

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

  ;; Writes an iovec: a place, and a number of bytes.
  (func $iovec (param $at i32) (param $start i32) (param $length i32)
    (i32.store (local.get $at) (local.get $start))
    (i32.store offset=4 (local.get $at) (local.get $length)))

  ;; Opens what lies beneath fd 3, as it is asked; answers the descriptor.
  (func $open (param $check i32) (param $path i32) (param $length i32) (param $oflags i32)
    (param $rights i64) (param $fdflags i32) (result i32)
    (call $expect (local.get $check)
      (call $path_open (i32.const 3) (i32.const 0) (local.get $path) (local.get $length)
        (local.get $oflags) (local.get $rights) (i64.const 0) (local.get $fdflags)
        (i32.const 0))
      (i32.const 0))
    (i32.load (i32.const 0)))

  ;; Writes a text at the descriptor's offset.
  (func $write (param $check i32) (param $fd i32) (param $text i32) (param $length i32)
    (call $iovec (i32.const 8) (local.get $text) (local.get $length))
    (call $expect (local.get $check)
      (call $fd_write (local.get $fd) (i32.const 8) (i32.const 1) (i32.const 0)) (i32.const 0))
    (call $is (local.get $check) (i32.load (i32.const 0)) (local.get $length)))

  ;; Sees where a descriptor's offset is.
  (func $tells (param $check i32) (param $fd i32) (param $wanted i64)
    (call $expect (local.get $check) (call $fd_tell (local.get $fd) (i32.const 0)) (i32.const 0))
    (call $is64 (local.get $check) (i64.load (i32.const 0)) (local.get $wanted)))

  ;; Moves a descriptor's offset.
  (func $goes_to (param $check i32) (param $fd i32) (param $offset i64)
    (call $expect (local.get $check)
      (call $fd_seek (local.get $fd) (local.get $offset) (i32.const 0) (i32.const 0))
      (i32.const 0)))

  ;; Closes a descriptor.
  (func $close (param $check i32) (param $fd i32)
    (call $expect (local.get $check) (call $fd_close (local.get $fd)) (i32.const 0)))

  ;; Removes a file beneath fd 3.
  (func $unlink (param $check i32) (param $path i32) (param $length i32)
    (call $expect (local.get $check)
      (call $path_unlink_file (i32.const 3) (local.get $path) (local.get $length))
      (i32.const 0)))

  ;; Writes a subscription to a clock: a time to come, or a span if the flags are 0.
  (func $clock (param $at i32) (param $userdata i64) (param $id i32) (param $timeout i64)
    (param $flags i32)
    (i64.store (local.get $at) (local.get $userdata))
    (i32.store8 offset=8 (local.get $at) (i32.const 0))
    (i32.store offset=16 (local.get $at) (local.get $id))
    (i64.store offset=24 (local.get $at) (local.get $timeout))
    (i64.store offset=32 (local.get $at) (i64.const 1))
    (i32.store16 offset=40 (local.get $at) (local.get $flags)))

  ;; Writes a subscription to a descriptor: to read it (type 1), or to write it (type 2).
  (func $subscribe (param $at i32) (param $userdata i64) (param $type i32) (param $fd i32)
    (i64.store (local.get $at) (local.get $userdata))
    (i32.store8 offset=8 (local.get $at) (local.get $type))
    (i32.store offset=16 (local.get $at) (local.get $fd)))

  ;; Polls what is subscribed to at 1024; the events go to 4096, their number to 0.
  (func $poll (param $check i32) (param $count i32)
    (i32.store (i32.const 0) (i32.const 0))
    (call $expect (local.get $check)
      (call $poll_oneoff (i32.const 1024) (i32.const 4096) (local.get $count) (i32.const 0))
      (i32.const 0))
    (call $holds (local.get $check)
      (i32.and
        (i32.ge_u (i32.load (i32.const 0)) (i32.const 1))
        (i32.le_u (i32.load (i32.const 0)) (local.get $count)))))

  ;; Where the event of a subscription is; 0 if it is not there.
  (func $polled (param $userdata i64) (result i32)
    (local $at i32)
    (local $end i32)
    (local.set $at (i32.const 4096))
    (local.set $end
      (i32.add (i32.const 4096) (i32.mul (i32.const 32) (i32.load (i32.const 0)))))
    (loop $events
      (if (i32.eq (local.get $at) (local.get $end)) (then (return (i32.const 0))))
      (if (i64.eq (i64.load (local.get $at)) (local.get $userdata))
        (then (return (local.get $at))))
      (local.set $at (i32.add (local.get $at) (i32.const 32)))
      (br $events))
    (unreachable))

  ;; Sees that a subscription has an event, of its type and without an error.
  (func $event (param $check i32) (param $userdata i64) (param $type i32)
    (local $at i32)
    (local.set $at (call $polled (local.get $userdata)))
    (call $holds (local.get $check) (local.get $at))
    (call $is (local.get $check) (i32.load16_u offset=8 (local.get $at)) (i32.const 0))
    (call $is (local.get $check) (i32.load8_u offset=10 (local.get $at)) (local.get $type)))

  ;; Polls for one descriptor, and sees that its event has come, not that of an hour's clock.
  (func $ready (param $check i32) (param $type i32) (param $fd i32)
    (call $subscribe (i32.const 1024) (i64.const 7) (local.get $type) (local.get $fd))
    (call $clock (i32.const 1072) (i64.const 8) (i32.const 1) (i64.const 3600000000000)
      (i32.const 0))
    (call $poll (local.get $check) (i32.const 2))
    (call $is (local.get $check) (i32.load (i32.const 0)) (i32.const 1))
    (call $event (local.get $check) (i64.const 7) (local.get $type)))

  ;; Sees how many bytes the first event tells, and whether the end.
  (func $tells_left (param $check i32) (param $bytes i64) (param $flags i32)
    (call $is64 (local.get $check) (i64.load (i32.const 4112)) (local.get $bytes))
    (call $is (local.get $check) (i32.load16_u (i32.const 4120)) (local.get $flags)))

  (func (export "_start")
    (local $fd i32)
    (local $other i32)

    ;; 1: a file of ten bytes.
    (local.set $fd
      (call $open (i32.const 1) (i32.const 64) (i32.const 18) (i32.const 5)
        (i64.const 0x8e001ff) (i32.const 0)))
    (call $write (i32.const 1) (local.get $fd) (i32.const 88) (i32.const 10))
    ;; 2: from the start, ten bytes can be read.
    (call $goes_to (i32.const 2) (local.get $fd) (i64.const 0))
    (call $ready (i32.const 2) (i32.const 1) (local.get $fd))
    (call $tells_left (i32.const 2) (i64.const 10) (i32.const 0))
    ;; 3: from 4 on, six.
    (call $goes_to (i32.const 3) (local.get $fd) (i64.const 4))
    (call $ready (i32.const 3) (i32.const 1) (local.get $fd))
    (call $tells_left (i32.const 3) (i64.const 6) (i32.const 0))
    ;; 4, 5: at the end, and beyond it, the end.
    (call $goes_to (i32.const 4) (local.get $fd) (i64.const 10))
    (call $ready (i32.const 4) (i32.const 1) (local.get $fd))
    (call $is (i32.const 4) (i32.load16_u (i32.const 4120)) (global.get $hangup))
    (call $goes_to (i32.const 5) (local.get $fd) (i64.const 1000))
    (call $ready (i32.const 5) (i32.const 1) (local.get $fd))
    (call $is (i32.const 5) (i32.load16_u (i32.const 4120)) (global.get $hangup))
    ;; 6: what comes can be read.
    (local.set $other
      (call $open (i32.const 6) (i32.const 64) (i32.const 18) (i32.const 0)
        (i64.const 0x8e001fd) (i32.const 1)))
    (call $goes_to (i32.const 6) (local.get $fd) (i64.const 10))
    (call $write (i32.const 6) (local.get $other) (i32.const 104) (i32.const 2))
    (call $ready (i32.const 6) (i32.const 1) (local.get $fd))
    (call $tells_left (i32.const 6) (i64.const 2) (i32.const 0))
    ;; 7: a file can be written, anywhere.
    (call $ready (i32.const 7) (i32.const 2) (local.get $fd))
    (call $holds (i32.const 7) (i64.ge_u (i64.load (i32.const 4112)) (i64.const 1)))
    (call $is (i32.const 7) (i32.load16_u (i32.const 4120)) (i32.const 0))
    ;; 8: to be read and to be written at once, which makes two events.
    (call $subscribe (i32.const 1024) (i64.const 81) (i32.const 1) (local.get $fd))
    (call $subscribe (i32.const 1072) (i64.const 82) (i32.const 2) (local.get $fd))
    (call $poll (i32.const 8) (i32.const 2))
    (call $is (i32.const 8) (i32.load (i32.const 0)) (i32.const 2))
    (call $event (i32.const 8) (i64.const 81) (i32.const 1))
    (call $event (i32.const 8) (i64.const 82) (i32.const 2))
    ;; 9: polling moves nothing.
    (call $tells (i32.const 9) (local.get $fd) (i64.const 10))
    (call $close (i32.const 9) (local.get $fd))

    ;; 10: a file that is open to be written only is not polled for reading.
    (call $subscribe (i32.const 1024) (i64.const 1) (i32.const 1) (local.get $other))
    (call $expect (i32.const 10)
      (call $poll_oneoff (i32.const 1024) (i32.const 4096) (i32.const 1) (i32.const 0))
      (global.get $badf))
    (call $close (i32.const 10) (local.get $other))
    ;; 11: nor one that is open to be read only for writing.
    (local.set $fd
      (call $open (i32.const 11) (i32.const 64) (i32.const 18) (i32.const 0)
        (i64.const 0x8a000bf) (i32.const 0)))
    (call $subscribe (i32.const 1024) (i64.const 1) (i32.const 2) (local.get $fd))
    (call $expect (i32.const 11)
      (call $poll_oneoff (i32.const 1024) (i32.const 4096) (i32.const 1) (i32.const 0))
      (global.get $badf))
    ;; 12: the file goes.
    (call $close (i32.const 12) (local.get $fd))
    (call $unlink (i32.const 12) (i32.const 64) (i32.const 18))))
