;; fd_prestat_get and fd_prestat_dir_name: the one preopen, which is named `/`; how guests
;; find where the preopens end.
;;
;; It is given `empty.dir` as its one preopen, fd 3. What it makes there it removes. It
;; exits with 0, or with the number of the check that failed.
(module
  (import "wasi_snapshot_preview1" "fd_close"
    (func $fd_close (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_prestat_dir_name"
    (func $fd_prestat_dir_name (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_prestat_get"
    (func $fd_prestat_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))

  (memory (export "memory") 1)

  ;; Errnos.
  (global $success i32 (i32.const 0))
  (global $badf i32 (i32.const 8))
  (global $nametoolong i32 (i32.const 37))
  (global $notdir i32 (i32.const 54))

  ;; Places in memory, and other numbers.
  (global $prestat i32 (i32.const 2048))
  (global $name i32 (i32.const 2176))

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

  ;; Sets bytes to one value.
  (func $fill (param $at i32) (param $length i32) (param $byte i32)
    (local $end i32)
    (local.set $end (i32.add (local.get $at) (local.get $length)))
    (block $done
      (loop $bytes
        (br_if $done (i32.eq (local.get $at) (local.get $end)))
        (i32.store8 (local.get $at) (local.get $byte))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $bytes))))

  ;; Sees that some bytes all have one value.
  (func $all_are (param $check i32) (param $at i32) (param $length i32) (param $byte i32)
    (local $end i32)
    (local.set $end (i32.add (local.get $at) (local.get $length)))
    (block $same
      (loop $bytes
        (br_if $same (i32.eq (local.get $at) (local.get $end)))
        (call $is (local.get $check) (i32.load8_u (local.get $at)) (local.get $byte))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $bytes))))

  ;; Closes a descriptor.
  (func $close (param $check i32) (param $fd i32)
    (call $expect (local.get $check) (call $fd_close (local.get $fd)) (i32.const 0)))

  (func (export "_start")
    (local $directory i32)

    ;; 1, 2: the preopen: 8 bytes, of which the first is the type 0, and from 4 on the
    ;; length of the name. Nothing is written beside them.
    (call $fill (i32.sub (global.get $prestat) (i32.const 8)) (i32.const 24) (i32.const 0xa5))
    (call $expect (i32.const 1) (call $fd_prestat_get (i32.const 3) (global.get $prestat))
      (global.get $success))
    (call $all_are (i32.const 1) (i32.sub (global.get $prestat) (i32.const 8)) (i32.const 8)
      (i32.const 0xa5))
    (call $all_are (i32.const 1) (i32.add (global.get $prestat) (i32.const 8)) (i32.const 8)
      (i32.const 0xa5))
    (call $is (i32.const 2) (i32.load8_u (global.get $prestat)) (i32.const 0))
    (call $is (i32.const 2) (i32.load offset=4 (global.get $prestat)) (i32.const 1))
    ;; 3: the name, without a NUL.
    (call $fill (global.get $name) (i32.const 16) (i32.const 0xa5))
    (call $expect (i32.const 3)
      (call $fd_prestat_dir_name (i32.const 3) (global.get $name) (i32.const 1))
      (global.get $success))
    (call $is (i32.const 3) (i32.load8_u (global.get $name)) (i32.const 0x2f))
    (call $all_are (i32.const 3) (i32.add (global.get $name) (i32.const 1)) (i32.const 15)
      (i32.const 0xa5))
    ;; 4: into a buffer with more room, which is left as it is.
    (call $fill (global.get $name) (i32.const 16) (i32.const 0xa5))
    (call $expect (i32.const 4)
      (call $fd_prestat_dir_name (i32.const 3) (global.get $name) (i32.const 16))
      (global.get $success))
    (call $is (i32.const 4) (i32.load8_u (global.get $name)) (i32.const 0x2f))
    (call $all_are (i32.const 4) (i32.add (global.get $name) (i32.const 1)) (i32.const 15)
      (i32.const 0xa5))
    ;; 5: into one with less.
    (call $fill (global.get $name) (i32.const 16) (i32.const 0xa5))
    (call $expect (i32.const 5)
      (call $fd_prestat_dir_name (i32.const 3) (global.get $name) (i32.const 0))
      (global.get $nametoolong))
    (call $all_are (i32.const 5) (global.get $name) (i32.const 16) (i32.const 0xa5))

    ;; 6: the numbers behind the preopens are no preopens.
    (call $expect (i32.const 6) (call $fd_prestat_get (i32.const 4) (global.get $prestat))
      (global.get $badf))
    ;; 7, 8: nor are the standard streams.
    (call $expect (i32.const 7) (call $fd_prestat_get (i32.const 0) (global.get $prestat))
      (global.get $badf))
    (call $expect (i32.const 7) (call $fd_prestat_get (i32.const 1) (global.get $prestat))
      (global.get $badf))
    (call $expect (i32.const 7) (call $fd_prestat_get (i32.const 2) (global.get $prestat))
      (global.get $badf))
    (call $expect (i32.const 8)
      (call $fd_prestat_dir_name (i32.const 0) (global.get $name) (i32.const 16))
      (global.get $notdir))
    (call $expect (i32.const 8)
      (call $fd_prestat_dir_name (i32.const 1) (global.get $name) (i32.const 16))
      (global.get $notdir))
    (call $expect (i32.const 8)
      (call $fd_prestat_dir_name (i32.const 2) (global.get $name) (i32.const 16))
      (global.get $notdir))
    ;; 9, 10: nor is a directory that was opened.
    (local.set $directory
      (call $open (i32.const 9) (i32.const 64) (i32.const 1) (i32.const 2) (i64.const 0)
        (i32.const 0)))
    (call $expect (i32.const 9)
      (call $fd_prestat_get (local.get $directory) (global.get $prestat)) (global.get $badf))
    (call $expect (i32.const 10)
      (call $fd_prestat_dir_name (local.get $directory) (global.get $name) (i32.const 16))
      (global.get $notdir))
    ;; 11, 12: what is closed, and what there never was.
    (call $close (i32.const 11) (local.get $directory))
    (call $expect (i32.const 11)
      (call $fd_prestat_dir_name (local.get $directory) (global.get $name) (i32.const 16))
      (global.get $badf))
    (call $expect (i32.const 12) (call $fd_prestat_get (i32.const -1) (global.get $prestat))
      (global.get $badf))
    (call $expect (i32.const 12)
      (call $fd_prestat_dir_name (i32.const -1) (global.get $name) (i32.const 16))
      (global.get $badf))))
