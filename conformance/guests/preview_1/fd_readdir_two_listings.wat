;; fd_readdir through two descriptors of one directory: neither disturbs the other, nor does
;; an entry that is longer than the buffer stop a listing.
;;
;; It is given `listing.dir` as its one preopen, fd 3. What it makes there it removes. It
;; exits with 0, or with the number of the check that failed.
(module
  (import "wasi_snapshot_preview1" "fd_close"
    (func $fd_close (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_readdir"
    (func $fd_readdir (param i32 i32 i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))

  (memory (export "memory") 1)

  ;; Errnos.
  (global $success i32 (i32.const 0))

  ;; Places in memory, and other numbers.
  (global $used i32 (i32.const 1016))
  (global $first i32 (i32.const 2048))
  (global $second i32 (i32.const 4096))

  (data (i32.const 64) ".")

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

  ;; Reads the entry behind a cookie, cut behind its head; answers the next cookie, or 0.
  (func $next (param $check i32) (param $fd i32) (param $at i32) (param $cookie i64) (result i64)
    (call $expect (local.get $check)
      (call $fd_readdir (local.get $fd) (local.get $at) (i32.const 24) (local.get $cookie)
        (global.get $used))
      (global.get $success))
    (if (i32.lt_u (i32.load (global.get $used)) (i32.const 24))
      (then
        (return (i64.const 0))))
    (return (i64.load (local.get $at))))

  (func (export "_start")
    (local $directory i32)
    (local $entries i32)
    (local $one i64)
    (local $other i64)

    (local.set $directory
      (call $open (i32.const 1) (i32.const 64) (i32.const 1) (i32.const 2) (i64.const 0)
        (i32.const 0)))
    ;; 1 to 4: side by side, they tell the same entries, though only the head of each fits.
    (local.set $entries (i32.const 0))
    (local.set $one (call $next (i32.const 1) (i32.const 3) (global.get $first) (i64.const 0)))
    (local.set $other
      (call $next (i32.const 1) (local.get $directory) (global.get $second) (i64.const 0)))
    (block $done
      (loop $next
        (br_if $done (i64.eq (local.get $one) (i64.const 0)))
        (call $is64 (i32.const 2) (local.get $one) (local.get $other))
        (call $is64 (i32.const 3) (i64.load offset=8 (global.get $first))
          (i64.load offset=8 (global.get $second)))
        (call $is (i32.const 3) (i32.load offset=16 (global.get $first))
          (i32.load offset=16 (global.get $second)))
        (local.set $entries (i32.add (local.get $entries) (i32.const 1)))
        (local.set $one
          (call $next (i32.const 4) (i32.const 3) (global.get $first) (local.get $one)))
        (local.set $other
          (call $next (i32.const 4) (local.get $directory) (global.get $second)
            (local.get $other)))
        (br $next)))
    (call $is64 (i32.const 4) (local.get $other) (i64.const 0))
    (call $is (i32.const 4) (local.get $entries) (i32.const 5))
    ;; 5: one goes on from a cookie while the other begins anew.
    (local.set $one (call $next (i32.const 5) (i32.const 3) (global.get $first) (i64.const 0)))
    (local.set $one (call $next (i32.const 5) (i32.const 3) (global.get $first) (local.get $one)))
    (local.set $other
      (call $next (i32.const 5) (local.get $directory) (global.get $second) (i64.const 0)))
    (local.set $other
      (call $next (i32.const 5) (local.get $directory) (global.get $second) (local.get $other)))
    (call $is64 (i32.const 5) (i64.load offset=8 (global.get $first))
      (i64.load offset=8 (global.get $second)))
    ;; 6: closing one leaves the other.
    (call $close (i32.const 6) (local.get $directory))
    (local.set $one (call $next (i32.const 6) (i32.const 3) (global.get $first) (local.get $one)))
    (call $holds (i32.const 6) (i64.ne (local.get $one) (i64.const 0)))))
