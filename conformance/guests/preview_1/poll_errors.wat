;; poll_oneoff of what cannot be waited for: the whole call fails, also if something else is
;; ready.
;;
;; It is given `empty.dir` as its one preopen, fd 3. It exits with 0, or with the number
;; of the check that failed.
(module
  (import "wasi_snapshot_preview1" "poll_oneoff"
    (func $poll_oneoff (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))

  (memory (export "memory") 1)

  ;; Errnos.
  (global $badf i32 (i32.const 8))
  (global $inval i32 (i32.const 28))

  ;; Exits with the number of a check if an errno is not the one that is wanted.
  (func $expect (param $check i32) (param $errno i32) (param $wanted i32)
    (if (i32.ne (local.get $errno) (local.get $wanted))
      (then (call $proc_exit (local.get $check)))))

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

  ;; Polls for one thing that cannot be, alone and behind a clock that has run out. It is
  ;; at 1072.
  (func $fails (param $check i32) (param $errno i32)
    (call $clock (i32.const 1024) (i64.const 1) (i32.const 1) (i64.const 0) (i32.const 0))
    (call $expect (local.get $check)
      (call $poll_oneoff (i32.const 1024) (i32.const 4096) (i32.const 2) (i32.const 0))
      (local.get $errno))
    (call $expect (local.get $check)
      (call $poll_oneoff (i32.const 1072) (i32.const 4096) (i32.const 1) (i32.const 0))
      (local.get $errno)))

  (func (export "_start")
    ;; 1: nothing at all.
    (call $expect (i32.const 1)
      (call $poll_oneoff (i32.const 1024) (i32.const 4096) (i32.const 0) (i32.const 0))
      (global.get $inval))
    ;; 2 to 4: descriptors that are not open.
    (call $subscribe (i32.const 1072) (i64.const 2) (i32.const 1) (i32.const 9))
    (call $fails (i32.const 2) (global.get $badf))
    (call $subscribe (i32.const 1072) (i64.const 3) (i32.const 2) (i32.const 9))
    (call $fails (i32.const 3) (global.get $badf))
    (call $subscribe (i32.const 1072) (i64.const 4) (i32.const 1) (i32.const -1))
    (call $fails (i32.const 4) (global.get $badf))
    ;; 5, 6: a directory.
    (call $subscribe (i32.const 1072) (i64.const 5) (i32.const 1) (i32.const 3))
    (call $fails (i32.const 5) (global.get $badf))
    (call $subscribe (i32.const 1072) (i64.const 6) (i32.const 2) (i32.const 3))
    (call $fails (i32.const 6) (global.get $badf))
    ;; 7 to 9: the standard streams, in the way that they do not go.
    (call $subscribe (i32.const 1072) (i64.const 7) (i32.const 2) (i32.const 0))
    (call $fails (i32.const 7) (global.get $badf))
    (call $subscribe (i32.const 1072) (i64.const 8) (i32.const 1) (i32.const 1))
    (call $fails (i32.const 8) (global.get $badf))
    (call $subscribe (i32.const 1072) (i64.const 9) (i32.const 1) (i32.const 2))
    (call $fails (i32.const 9) (global.get $badf))
    ;; 10, 11: types of event that there are not.
    (call $subscribe (i32.const 1072) (i64.const 10) (i32.const 3) (i32.const 1))
    (call $fails (i32.const 10) (global.get $inval))
    (call $subscribe (i32.const 1072) (i64.const 11) (i32.const 0xff) (i32.const 1))
    (call $fails (i32.const 11) (global.get $inval))
    ;; 12 to 14: clocks of processor time, and a clock that there is not.
    (call $clock (i32.const 1072) (i64.const 12) (i32.const 2) (i64.const 0) (i32.const 0))
    (call $fails (i32.const 12) (global.get $inval))
    (call $clock (i32.const 1072) (i64.const 13) (i32.const 3) (i64.const 0) (i32.const 0))
    (call $fails (i32.const 13) (global.get $inval))
    (call $clock (i32.const 1072) (i64.const 14) (i32.const 4) (i64.const 0) (i32.const 0))
    (call $fails (i32.const 14) (global.get $inval))
    ;; 15: a flag that there is not.
    (call $clock (i32.const 1072) (i64.const 15) (i32.const 1) (i64.const 0) (i32.const 2))
    (call $fails (i32.const 15) (global.get $inval))))
