;; Lists the first preopen (fd 3): one name to a line, sorted, a directory with
;; a slash behind it; then how many names there were beside `.` and `..`.
;;
;; A host may list in any order and in pieces of any length; the sorted output
;; is the same on all of them. Exits with 0, or with the number of the step that
;; failed.
(module
  (import "wasi_snapshot_preview1" "fd_readdir"
    (func $fd_readdir (param i32 i32 i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit"
    (func $proc_exit (param i32)))

  ;; 0 iovec | 8 one result | 32 digits, up to 64 | 128 texts
  ;; 1024 the entries, one behind the other. An entry is 24 bytes, with the next
  ;; cookie at 0, the length of the name at 16 and the type at 20, then the name.
  (memory (export "memory") 2)
  (data (i32.const 128) "/")
  (data (i32.const 132) "\n")
  (data (i32.const 136) " names beside . and ..\n")

  ;; Where the entries end.
  (global $end (mut i32) (i32.const 1024))

  (func (export "_start")
    (local $entry i32)
    (local $names i64)
    (call $read_all)

    ;; The smallest name is written, then the smallest that is greater, and so
    ;; on until there is none.
    (loop $next
      (local.set $entry (call $after (local.get $entry)))
      (if (local.get $entry)
        (then
          (if (i32.eqz (call $is_dots (local.get $entry)))
            (then
              (local.set $names (i64.add (local.get $names) (i64.const 1)))
              (call $say (i32.add (local.get $entry) (i32.const 24))
                (i32.load offset=16 align=1 (local.get $entry)))
              (if (i32.eq (i32.load8_u offset=20 (local.get $entry)) (i32.const 3))
                (then (call $say (i32.const 128) (i32.const 1))))
              (call $say (i32.const 132) (i32.const 1))))
          (br $next))))

    (call $say_number (local.get $names))
    (call $say (i32.const 136) (i32.const 23)))

  ;; Reads all entries, 512 bytes at a time. The last entry of a full piece may
  ;; be cut off anywhere; the next piece starts with it, and is put in its place.
  (func $read_all
    (local $cookie i64)
    (local $piece i32)
    (local $piece_end i32)
    (loop $more
      (local.set $piece (global.get $end))
      ;; 1: there is room for one more piece in the memory of 128 KiB.
      (call $step (i32.const 1) (i32.const 1)
        (i32.le_u (local.get $piece) (i32.const 130560)))
      ;; 2: the host gives a piece, and no more of it than was asked for.
      (call $step (i32.const 2) (i32.const 0)
        (call $fd_readdir (i32.const 3) (local.get $piece) (i32.const 512)
          (local.get $cookie) (i32.const 8)))
      (call $step (i32.const 2) (i32.const 1)
        (i32.le_u (i32.load (i32.const 8)) (i32.const 512)))
      (local.set $piece_end
        (i32.add (local.get $piece) (i32.load (i32.const 8))))

      (block $cut_off
        (loop $entry
          (br_if $cut_off
            (i32.gt_u (i32.add (global.get $end) (i32.const 24))
              (local.get $piece_end)))
          (br_if $cut_off
            (i32.gt_u (call $entry_end (global.get $end)) (local.get $piece_end)))
          (local.set $cookie (i64.load align=1 (global.get $end)))
          (global.set $end (call $entry_end (global.get $end)))
          (br $entry)))

      (if (i32.eq (i32.load (i32.const 8)) (i32.const 512))
        (then
          ;; 3: a full piece holds a whole entry, so the listing goes on.
          (call $step (i32.const 3) (i32.const 1)
            (i32.gt_u (global.get $end) (local.get $piece)))
          (br $more)))))

  ;; The entry whose name comes next after that of `$last` (0: the first of all),
  ;; or 0 where there is none.
  (func $after (param $last i32) (result i32)
    (local $entry i32)
    (local $best i32)
    (local.set $entry (i32.const 1024))
    (block $done
      (loop $each
        (br_if $done (i32.ge_u (local.get $entry) (global.get $end)))
        (if (i32.and (call $less (local.get $last) (local.get $entry))
              (i32.or (i32.eqz (local.get $best))
                (call $less (local.get $entry) (local.get $best))))
          (then (local.set $best (local.get $entry))))
        (local.set $entry (call $entry_end (local.get $entry)))
        (br $each)))
    (local.get $best))

  ;; Whether the name of `$a` sorts before the name of `$b`, byte by byte. The
  ;; entry 0, which is none, sorts before all. It has a length of 0 because the
  ;; bytes at 16 are never written.
  (func $less (param $a i32) (param $b i32) (result i32)
    (local $at i32)
    (local $x i32)
    (local $y i32)
    (if (i32.eqz (local.get $b)) (then (return (i32.const 0))))
    (loop $byte
      (if (i32.eq (local.get $at) (i32.load offset=16 align=1 (local.get $b)))
        (then (return (i32.const 0))))
      (if (i32.eq (local.get $at) (i32.load offset=16 align=1 (local.get $a)))
        (then (return (i32.const 1))))
      (local.set $x
        (i32.load8_u offset=24 (i32.add (local.get $a) (local.get $at))))
      (local.set $y
        (i32.load8_u offset=24 (i32.add (local.get $b) (local.get $at))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br_if $byte (i32.eq (local.get $x) (local.get $y))))
    (i32.lt_u (local.get $x) (local.get $y)))

  ;; Whether the name is `.` or `..`.
  (func $is_dots (param $entry i32) (result i32)
    (local $len i32)
    (local.set $len (i32.load offset=16 align=1 (local.get $entry)))
    (i32.or
      (i32.and (i32.eq (local.get $len) (i32.const 1))
        (i32.eq (i32.load8_u offset=24 (local.get $entry)) (i32.const 46)))
      (i32.and (i32.eq (local.get $len) (i32.const 2))
        (i32.eq (i32.load16_u offset=24 align=1 (local.get $entry))
          (i32.const 0x2e2e)))))

  ;; Where an entry ends: behind its name.
  (func $entry_end (param $entry i32) (result i32)
    (i32.add (i32.add (local.get $entry) (i32.const 24))
      (i32.load offset=16 align=1 (local.get $entry))))

  ;; Ends the guest with the step's number unless the step found what it wanted.
  (func $step (param $number i32) (param $wanted i32) (param $found i32)
    (if (i32.ne (local.get $wanted) (local.get $found))
      (then (call $proc_exit (local.get $number)))))

  ;; Writes a text to stdout (step 90).
  (func $say (param $text i32) (param $len i32)
    (i32.store (i32.const 0) (local.get $text))
    (i32.store (i32.const 4) (local.get $len))
    (call $step (i32.const 90) (i32.const 0)
      (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))

  ;; Writes a number to stdout: its digits fill the space below 64 from the end.
  (func $say_number (param $n i64)
    (local $at i32)
    (local.set $at (i32.const 64))
    (loop $digit
      (local.set $at (i32.sub (local.get $at) (i32.const 1)))
      (i64.store8 (local.get $at)
        (i64.add (i64.const 48) (i64.rem_u (local.get $n) (i64.const 10))))
      (local.set $n (i64.div_u (local.get $n) (i64.const 10)))
      (br_if $digit (i64.ne (local.get $n) (i64.const 0))))
    (call $say (local.get $at) (i32.sub (i32.const 64) (local.get $at))))
)
