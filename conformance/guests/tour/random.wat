;; Draws random bytes: 16, 16 more, and none.
;;
;; Says what it found, without the bytes themselves, so that the output is the
;; same on every run. Exits with 0, or with the number of the step that failed.
(module
  (import "wasi_snapshot_preview1" "random_get"
    (func $random_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit"
    (func $proc_exit (param i32)))

  ;; 0 iovec | 8 one result | 16 first draw | 32 second draw
  ;; 48 eight bytes that stay zero | 128 texts
  (memory (export "memory") 1)
  (data (i32.const 128) "two draws of 16 bytes differ\n")
  (data (i32.const 192) "16 bytes went where they were asked for, none beside\n")
  (data (i32.const 256) "a draw of 0 bytes succeeds\n")

  (func (export "_start")
    ;; 1, 2: both draws are answered.
    (call $step (i32.const 1) (i32.eqz (call $random_get (i32.const 16) (i32.const 16))))
    (call $step (i32.const 2) (i32.eqz (call $random_get (i32.const 32) (i32.const 16))))

    ;; 3: they differ, in the first or in the second half. Two equal draws of
    ;; 128 bits are no chance that anybody will see.
    (call $step (i32.const 3)
      (i32.or
        (i64.ne (i64.load (i32.const 16)) (i64.load (i32.const 32)))
        (i64.ne (i64.load (i32.const 24)) (i64.load (i32.const 40)))))
    (call $say (i32.const 128) (i32.const 29))

    ;; 4: the bytes behind the second draw are as they were.
    (call $step (i32.const 4) (i64.eqz (i64.load (i32.const 48))))
    (call $say (i32.const 192) (i32.const 53))

    ;; 5, 6: asking for nothing is no mistake, and changes nothing.
    (call $step (i32.const 5) (i32.eqz (call $random_get (i32.const 48) (i32.const 0))))
    (call $step (i32.const 6) (i64.eqz (i64.load (i32.const 48))))
    (call $say (i32.const 256) (i32.const 27)))

  ;; Ends the guest with the step's number unless what the step needs is true.
  (func $step (param $number i32) (param $true i32)
    (if (i32.eqz (local.get $true))
      (then (call $proc_exit (local.get $number)))))

  ;; Writes a text to stdout (step 90).
  (func $say (param $text i32) (param $len i32)
    (i32.store (i32.const 0) (local.get $text))
    (i32.store (i32.const 4) (local.get $len))
    (call $step (i32.const 90)
      (i32.eqz
        (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))
)
