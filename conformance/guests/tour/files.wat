;; Makes, writes, reads, renames and unlinks a file in the first preopen (fd 3).
;;
;; Says what it found. Leaves the directory as it was. Exits with 0, or with the
;; number of the step that failed; a file of either name that was there before
;; is left alone and fails step 1 or 7.
(module
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_rename"
    (func $path_rename (param i32 i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_unlink_file"
    (func $path_unlink_file (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_filestat_get"
    (func $path_filestat_get (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read"
    (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_seek"
    (func $fd_seek (param i32 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_close"
    (func $fd_close (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit"
    (func $proc_exit (param i32)))

  ;; 0 iovec | 8 one result | 16 filestat, its size at 48 | 80 digits, up to 112
  ;; 128 what was read | 256 texts
  (memory (export "memory") 1)
  (data (i32.const 256) "draft.txt")
  (data (i32.const 272) "final.txt")
  (data (i32.const 288) "hello")
  (data (i32.const 304) "wrote ")
  (data (i32.const 320) " bytes, read back `")
  (data (i32.const 352) "`\n")
  (data (i32.const 368) "renamed draft.txt to final.txt, which holds ")
  (data (i32.const 416) " bytes\n")
  (data (i32.const 432) "unlinked final.txt; it is gone\n")

  (func (export "_start")
    (local $fd i32)
    (local $wrote i32)

    ;; 1: create, and only create (oflags creat|excl), with rights to read,
    ;; seek and write.
    (call $step (i32.const 1) (i32.const 0)
      (call $path_open (i32.const 3) (i32.const 0) (i32.const 256) (i32.const 9)
        (i32.const 5) (i64.const 0x46) (i64.const 0) (i32.const 0) (i32.const 8)))
    (local.set $fd (i32.load (i32.const 8)))

    ;; 2: write `hello`.
    (call $iovec (i32.const 288) (i32.const 5))
    (call $step (i32.const 2) (i32.const 0)
      (call $fd_write (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 8)))
    (local.set $wrote (i32.load (i32.const 8)))

    ;; 3: go back to the start.
    (call $step (i32.const 3) (i32.const 0)
      (call $fd_seek (local.get $fd) (i64.const 0) (i32.const 0) (i32.const 8)))

    ;; 4, 5: read it again, with room for more; as many bytes must come back.
    (call $iovec (i32.const 128) (i32.const 16))
    (call $step (i32.const 4) (i32.const 0)
      (call $fd_read (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 8)))
    (call $step (i32.const 5) (local.get $wrote) (i32.load (i32.const 8)))

    (call $say (i32.const 304) (i32.const 6))
    (call $say_number (i64.extend_i32_u (local.get $wrote)))
    (call $say (i32.const 320) (i32.const 19))
    (call $say (i32.const 128) (local.get $wrote))
    (call $say (i32.const 352) (i32.const 2))

    ;; 6: close.
    (call $step (i32.const 6) (i32.const 0) (call $fd_close (local.get $fd)))

    ;; 7: the new name is free (errno 44, noent). A rename would replace it.
    (call $step (i32.const 7) (i32.const 44)
      (call $path_filestat_get (i32.const 3) (i32.const 0)
        (i32.const 272) (i32.const 9) (i32.const 16)))

    ;; 8: rename.
    (call $step (i32.const 8) (i32.const 0)
      (call $path_rename (i32.const 3) (i32.const 256) (i32.const 9)
        (i32.const 3) (i32.const 272) (i32.const 9)))

    ;; 9, 10: the old name is gone, the new one is there.
    (call $step (i32.const 9) (i32.const 44)
      (call $path_filestat_get (i32.const 3) (i32.const 0)
        (i32.const 256) (i32.const 9) (i32.const 16)))
    (call $step (i32.const 10) (i32.const 0)
      (call $path_filestat_get (i32.const 3) (i32.const 0)
        (i32.const 272) (i32.const 9) (i32.const 16)))
    (call $say (i32.const 368) (i32.const 44))
    (call $say_number (i64.load (i32.const 48)))
    (call $say (i32.const 416) (i32.const 7))

    ;; 11, 12: unlink; after that nothing has this name.
    (call $step (i32.const 11) (i32.const 0)
      (call $path_unlink_file (i32.const 3) (i32.const 272) (i32.const 9)))
    (call $step (i32.const 12) (i32.const 44)
      (call $path_filestat_get (i32.const 3) (i32.const 0)
        (i32.const 272) (i32.const 9) (i32.const 16)))
    (call $say (i32.const 432) (i32.const 31)))

  ;; Ends the guest with the step's number unless the step found what it wanted.
  (func $step (param $number i32) (param $wanted i32) (param $found i32)
    (if (i32.ne (local.get $wanted) (local.get $found))
      (then (call $proc_exit (local.get $number)))))

  ;; Fills the iovec at 0.
  (func $iovec (param $text i32) (param $len i32)
    (i32.store (i32.const 0) (local.get $text))
    (i32.store (i32.const 4) (local.get $len)))

  ;; Writes a text to stdout (step 90).
  (func $say (param $text i32) (param $len i32)
    (call $iovec (local.get $text) (local.get $len))
    (call $step (i32.const 90) (i32.const 0)
      (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))

  ;; Writes a number to stdout: its digits fill the space below 112 from the end.
  (func $say_number (param $n i64)
    (local $at i32)
    (local.set $at (i32.const 112))
    (loop $digit
      (local.set $at (i32.sub (local.get $at) (i32.const 1)))
      (i64.store8 (local.get $at)
        (i64.add (i64.const 48) (i64.rem_u (local.get $n) (i64.const 10))))
      (local.set $n (i64.div_u (local.get $n) (i64.const 10)))
      (br_if $digit (i64.ne (local.get $n) (i64.const 0))))
    (call $say (local.get $at) (i32.sub (i32.const 112) (local.get $at))))
)
