;; fd_read of standard input: into several buffers, as much as has come.
;;
;; It exits with 0, or with the number of the check that failed.
(module
  (import "wasi_snapshot_preview1" "fd_read"
    (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))

  (memory (export "memory") 1)

  ;; Errnos.
  (global $success i32 (i32.const 0))

  ;; Places in memory, and other numbers.
  (global $iovs i32 (i32.const 512))
  (global $nread i32 (i32.const 1016))

  (data (i32.const 64) "hello")
  (data (i32.const 72) ", world")

  ;; Exits with the number of a check if an errno is not the one that is wanted.
  (func $expect (param $check i32) (param $errno i32) (param $wanted i32)
    (if (i32.ne (local.get $errno) (local.get $wanted))
      (then (call $proc_exit (local.get $check)))))

  ;; Exits with the number of a check if a number is not the one that is wanted.
  (func $is (param $check i32) (param $found i32) (param $wanted i32)
    (if (i32.ne (local.get $found) (local.get $wanted))
      (then (call $proc_exit (local.get $check)))))

  ;; Writes an iovec: a place, and a number of bytes.
  (func $iovec (param $at i32) (param $start i32) (param $length i32)
    (i32.store (local.get $at) (local.get $start))
    (i32.store offset=4 (local.get $at) (local.get $length)))

  ;; Sees that there is a text somewhere in memory.
  (func $holds_text (param $check i32) (param $at i32) (param $text i32) (param $length i32)
    (local $end i32)
    (local.set $end (i32.add (local.get $at) (local.get $length)))
    (block $same
      (loop $bytes
        (br_if $same (i32.eq (local.get $at) (local.get $end)))
        (call $is (local.get $check) (i32.load8_u (local.get $at))
          (i32.load8_u (local.get $text)))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (local.set $text (i32.add (local.get $text) (i32.const 1)))
        (br $bytes))))

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

  (func (export "_start")
    ;; 1: two buffers, of which the second has more room than there is text. It waits for
    ;; the text to come, and for nothing beyond it.
    (call $fill (i32.const 1024) (i32.const 64) (i32.const 0xa5))
    (call $iovec (global.get $iovs) (i32.const 1040) (i32.const 5))
    (call $iovec (i32.add (global.get $iovs) (i32.const 8)) (i32.const 1024) (i32.const 10))
    (call $expect (i32.const 1)
      (call $fd_read (i32.const 0) (global.get $iovs) (i32.const 2) (global.get $nread))
      (global.get $success))
    ;; 2: all of the text.
    (call $is (i32.const 2) (i32.load (global.get $nread)) (i32.const 12))
    (call $holds_text (i32.const 2) (i32.const 1040) (i32.const 64) (i32.const 5))
    (call $holds_text (i32.const 2) (i32.const 1024) (i32.const 72) (i32.const 7))
    (call $all_are (i32.const 2) (i32.const 1031) (i32.const 9) (i32.const 0xa5))
    ;; 3: no buffers are filled at once.
    (call $expect (i32.const 3)
      (call $fd_read (i32.const 0) (global.get $iovs) (i32.const 0) (global.get $nread))
      (global.get $success))
    (call $is (i32.const 3) (i32.load (global.get $nread)) (i32.const 0))))
