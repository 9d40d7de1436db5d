;; Which numbers new descriptors are given: always the lowest that is free.
;;
;; It is given `empty.dir` as its one preopen, fd 3. What it makes there it removes. It
;; exits with 0, or with the number of the check that failed.
(module
  (import "wasi_snapshot_preview1" "fd_close"
    (func $fd_close (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_renumber"
    (func $fd_renumber (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))

  (memory (export "memory") 1)

  ;; Errnos.
  (global $success i32 (i32.const 0))
  (global $noent i32 (i32.const 44))

  (data (i32.const 64) ".")
  (data (i32.const 72) "nothing")

  ;; Exits with the number of a check if an errno is not the one that is wanted.
  (func $expect (param $check i32) (param $errno i32) (param $wanted i32)
    (if (i32.ne (local.get $errno) (local.get $wanted))
      (then (call $proc_exit (local.get $check)))))

  ;; Exits with the number of a check if a number is not the one that is wanted.
  (func $is (param $check i32) (param $found i32) (param $wanted i32)
    (if (i32.ne (local.get $found) (local.get $wanted))
      (then (call $proc_exit (local.get $check)))))

  ;; Opens what lies beneath fd 3, as it is asked; answers the descriptor.
  (func $open (param $check i32) (param $path i32) (param $length i32) (param $oflags i32)
    (param $rights i64) (param $fdflags i32) (result i32)
    (call $expect (local.get $check)
      (call $path_open (i32.const 3) (i32.const 0) (local.get $path) (local.get $length)
        (local.get $oflags) (local.get $rights) (i64.const 0) (local.get $fdflags)
        (i32.const 0))
      (i32.const 0))
    (i32.load (i32.const 0)))

  ;; Closes a descriptor.
  (func $close (param $check i32) (param $fd i32)
    (call $expect (local.get $check) (call $fd_close (local.get $fd)) (i32.const 0)))

  ;; Opens the directory once more, and sees under which number.
  (func $opens (param $check i32) (param $wanted i32)
    (call $is (local.get $check)
      (call $open (local.get $check) (i32.const 64) (i32.const 1) (i32.const 2) (i64.const 0)
        (i32.const 0))
      (local.get $wanted)))

  (func (export "_start")
    ;; 1 to 3: behind the preopen.
    (call $opens (i32.const 1) (i32.const 4))
    (call $opens (i32.const 2) (i32.const 5))
    (call $opens (i32.const 3) (i32.const 6))
    ;; 4 to 6: what was closed first or last makes no difference.
    (call $close (i32.const 4) (i32.const 4))
    (call $close (i32.const 4) (i32.const 5))
    (call $opens (i32.const 5) (i32.const 4))
    (call $opens (i32.const 6) (i32.const 5))
    ;; 7, 8: the other way round.
    (call $close (i32.const 7) (i32.const 5))
    (call $close (i32.const 7) (i32.const 4))
    (call $opens (i32.const 7) (i32.const 4))
    (call $opens (i32.const 8) (i32.const 5))
    ;; 9: an open that fails takes none.
    (call $expect (i32.const 9)
      (call $path_open (i32.const 3) (i32.const 0) (i32.const 72) (i32.const 7) (i32.const 0)
        (i64.const 0) (i64.const 0) (i32.const 0) (i32.const 0))
      (global.get $noent))
    (call $opens (i32.const 9) (i32.const 7))
    ;; 10: the number that a renumbering frees.
    (call $expect (i32.const 10) (call $fd_renumber (i32.const 4) (i32.const 7))
      (global.get $success))
    (call $opens (i32.const 10) (i32.const 4))
    ;; 11: the number of a standard stream.
    (call $close (i32.const 11) (i32.const 1))
    (call $opens (i32.const 11) (i32.const 1))))
