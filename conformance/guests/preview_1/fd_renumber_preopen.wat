;; fd_renumber of the preopen itself: paths lead on through its new number.
;;
;; It is given `empty.dir` as its one preopen, fd 3. What it makes there it removes. It
;; exits with 0, or with the number of the check that failed.
(module
  (import "wasi_snapshot_preview1" "fd_prestat_get"
    (func $fd_prestat_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_renumber"
    (func $fd_renumber (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_filestat_get"
    (func $path_filestat_get (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))

  (memory (export "memory") 1)

  ;; Errnos.
  (global $success i32 (i32.const 0))
  (global $badf i32 (i32.const 8))

  (data (i32.const 64) ".")

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

  (func (export "_start")
    (local $directory i32)

    ;; 1: the directory once more, so that there is a number to take.
    (local.set $directory
      (call $open (i32.const 1) (i32.const 64) (i32.const 1) (i32.const 2) (i64.const 0)
        (i32.const 0)))
    ;; 2: the preopen takes it.
    (call $expect (i32.const 2) (call $fd_renumber (i32.const 3) (local.get $directory))
      (global.get $success))
    ;; 3: nothing can be looked for through its old number.
    (call $expect (i32.const 3)
      (call $path_filestat_get (i32.const 3) (i32.const 0) (i32.const 64) (i32.const 1)
        (i32.const 1984))
      (global.get $badf))
    (call $expect (i32.const 3) (call $fd_prestat_get (i32.const 3) (i32.const 0))
      (global.get $badf))
    ;; 4: everything can through the new one.
    (call $expect (i32.const 4)
      (call $path_filestat_get (local.get $directory) (i32.const 0) (i32.const 64)
        (i32.const 1) (i32.const 1984))
      (global.get $success))
    (call $is (i32.const 4) (i32.load8_u (i32.const 2000)) (i32.const 3))))
