;; Finds the file `draft` in the first preopen (fd 3), and writes `final` in its place.
;;
;; Says what the file held before and what it holds then. Exits with 0, or with
;; the number of the step that failed.
(module
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read"
    (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit"
    (func $proc_exit (param i32)))

  ;; 0 iovec | 8 one result | 16 what was read | 128 texts
  (memory (export "memory") 1)
  (data (i32.const 128) "draft")
  (data (i32.const 144) "final")
  (data (i32.const 160) "draft held `")
  (data (i32.const 176) "`, and holds `")
  (data (i32.const 192) "` now\n")

  (func (export "_start")
    (call $say (i32.const 160) (i32.const 12))
    (call $say_contents)

    ;; 3, 4: open it for writing, emptied (oflags trunc), and write.
    (call $open (i32.const 3) (i32.const 8) (i64.const 0x40))
    (call $iovec (i32.const 144) (i32.const 5))
    (call $step (i32.const 4)
      (call $fd_write (i32.load (i32.const 8)) (i32.const 0) (i32.const 1) (i32.const 12)))

    (call $say (i32.const 176) (i32.const 14))
    (call $say_contents)
    (call $say (i32.const 192) (i32.const 6)))

  ;; Says what the file holds (steps 1 and 2).
  (func $say_contents
    (call $open (i32.const 1) (i32.const 0) (i64.const 2))
    (call $iovec (i32.const 16) (i32.const 64))
    (call $step (i32.const 2)
      (call $fd_read (i32.load (i32.const 8)) (i32.const 0) (i32.const 1) (i32.const 12)))
    (call $say (i32.const 16) (i32.load (i32.const 12))))

  ;; Opens the file; its descriptor is left at 8.
  (func $open (param $number i32) (param $oflags i32) (param $rights i64)
    (call $step (local.get $number)
      (call $path_open (i32.const 3) (i32.const 0) (i32.const 128) (i32.const 5)
        (local.get $oflags) (local.get $rights) (i64.const 0) (i32.const 0) (i32.const 8))))

  (func $iovec (param $at i32) (param $len i32)
    (i32.store (i32.const 0) (local.get $at))
    (i32.store (i32.const 4) (local.get $len)))

  ;; Ends the guest with the step's number on any errno but success.
  (func $step (param $number i32) (param $errno i32)
    (if (local.get $errno)
      (then (call $proc_exit (local.get $number)))))

  ;; Writes a text to stdout (step 90).
  (func $say (param $text i32) (param $len i32)
    (call $iovec (local.get $text) (local.get $len))
    (call $step (i32.const 90)
      (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 12))))
)
