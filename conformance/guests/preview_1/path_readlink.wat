;; What a link holds, how much of it fits a buffer, and what is no link.
;;
;; It is given a directory as fd 3, and makes `path_readlink.cleanup` in it, where all
;; happens. It exits with 0, or with the number of the check that failed, which stands
;; before it. 1: that directory can be made. 2: so can what is needed in it.
(module
  (import "wasi_snapshot_preview1" "path_create_directory"
    (func $path_create_directory (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_readlink"
    (func $path_readlink (param i32 i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_symlink"
    (func $path_symlink (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_close"
    (func $fd_close (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit"
    (func $proc_exit (param i32)))

  (memory (export "memory") 1)

  ;; The directory that all happens in.
  (global $root (mut i32) (i32.const -1))

  ;; What calls answer.
  (global $inval i32 (i32.const 28))
  (global $loop i32 (i32.const 32))
  (global $noent i32 (i32.const 44))
  (global $notdir i32 (i32.const 54))

  ;; Texts, each with a NUL behind it.
  (global $file i32 (i32.const 64)) (data (i32.const 64) "file")
  (global $dir i32 (i32.const 80)) (data (i32.const 80) "dir")
  (global $dir/inner i32 (i32.const 96)) (data (i32.const 96) "dir/inner")
  (global $dir/sub i32 (i32.const 112)) (data (i32.const 112) "dir/sub")
  (global $empty i32 (i32.const 128)) (data (i32.const 128) "empty")
  (global $ln i32 (i32.const 144)) (data (i32.const 144) "ln")
  (global $lnd i32 (i32.const 160)) (data (i32.const 160) "lnd")
  (global $nowhere i32 (i32.const 176)) (data (i32.const 176) "nowhere")
  (global $dangling i32 (i32.const 192)) (data (i32.const 192) "dangling")
  (global $ring i32 (i32.const 208)) (data (i32.const 208) "ring")
  (global $../file i32 (i32.const 224)) (data (i32.const 224) "../file")
  (global $dir/up i32 (i32.const 240)) (data (i32.const 240) "dir/up")
  (global $../../outside i32 (i32.const 256)) (data (i32.const 256) "../../outside")
  (global $out i32 (i32.const 272)) (data (i32.const 272) "out")
  (global $file...... i32 (i32.const 288)) (data (i32.const 288) "file......")
  (global $dir....... i32 (i32.const 304)) (data (i32.const 304) "dir.......")
  (global $nowhere... i32 (i32.const 320)) (data (i32.const 320) "nowhere...")
  (global $ring...... i32 (i32.const 336)) (data (i32.const 336) "ring......")
  (global $lnd/up i32 (i32.const 352)) (data (i32.const 352) "lnd/up")
  (global $../file... i32 (i32.const 368)) (data (i32.const 368) "../file...")
  (global $../../outs i32 (i32.const 384)) (data (i32.const 384) "../../outs")
  (global $.......... i32 (i32.const 400)) (data (i32.const 400) "..........")
  (global $f......... i32 (i32.const 416)) (data (i32.const 416) "f.........")
  (global $fil....... i32 (i32.const 432)) (data (i32.const 432) "fil.......")
  (global $dir/ i32 (i32.const 448)) (data (i32.const 448) "dir/")
  (global $. i32 (i32.const 464)) (data (i32.const 464) ".")
  (global $lnd/ i32 (i32.const 480)) (data (i32.const 480) "lnd/")
  (global $file/ i32 (i32.const 496)) (data (i32.const 496) "file/")
  (global $ln/ i32 (i32.const 512)) (data (i32.const 512) "ln/")
  (global $missing i32 (i32.const 528)) (data (i32.const 528) "missing")
  (global $missing/x i32 (i32.const 544)) (data (i32.const 544) "missing/x")
  (global $file/x i32 (i32.const 560)) (data (i32.const 560) "file/x")
  (global $ring/x i32 (i32.const 576)) (data (i32.const 576) "ring/x")
  (global $own i32 (i32.const 592)) (data (i32.const 592) "path_readlink.cleanup")

  (func (export "_start")
    (call $open_root)
    (call $ok (i32.const 2) (call $make (global.get $file)))
    (call $ok (i32.const 2) (call $create (global.get $dir)))
    (call $ok (i32.const 2) (call $make (global.get $dir/inner)))
    (call $ok (i32.const 2) (call $create (global.get $dir/sub)))
    (call $ok (i32.const 2) (call $create (global.get $empty)))
    (call $ok (i32.const 2) (call $symlink (global.get $file) (global.get $ln)))
    (call $ok (i32.const 2) (call $symlink (global.get $dir) (global.get $lnd)))
    (call $ok (i32.const 2) (call $symlink (global.get $nowhere) (global.get $dangling)))
    (call $ok (i32.const 2) (call $symlink (global.get $ring) (global.get $ring)))

    (call $ok (i32.const 2) (call $symlink (global.get $../file) (global.get $dir/up)))
    (call $ok (i32.const 2) (call $symlink (global.get $../../outside) (global.get $out)))

    ;; What it holds, and no NUL behind it: the buffer is full of dots before.
    ;; 3: a link to a file.
    (call $is (i32.const 3) (call $reads (global.get $ln) (i32.const 100) (global.get $file......))
      (i32.const 4))
    ;; 4: a link to a directory.
    (call $is (i32.const 4) (call $reads (global.get $lnd) (i32.const 100) (global.get $dir.......))
      (i32.const 3))
    ;; 5: a link to nothing.
    (call $is (i32.const 5)
      (call $reads (global.get $dangling) (i32.const 100) (global.get $nowhere...))
      (i32.const 7))
    ;; 6: a link to itself.
    (call $is (i32.const 6)
      (call $reads (global.get $ring) (i32.const 100) (global.get $ring......))
      (i32.const 4))
    ;; 7: a link that leads up, by way of another.
    (call $is (i32.const 7)
      (call $reads (global.get $lnd/up) (i32.const 100) (global.get $../file...))
      (i32.const 7))
    ;; 8: a link that leads out tells where.
    (call $is (i32.const 8) (call $reads (global.get $out) (i32.const 10) (global.get $../../outs))
      (i32.const 10))

    ;; Buffers of other lengths: what fits is told, and nothing beside it is written.
    ;; 9: of no bytes.
    (call $is (i32.const 9) (call $reads (global.get $ln) (i32.const 0) (global.get $..........))
      (i32.const 0))
    ;; 10: of one byte.
    (call $is (i32.const 10) (call $reads (global.get $ln) (i32.const 1) (global.get $f.........))
      (i32.const 1))
    ;; 11: one byte short.
    (call $is (i32.const 11) (call $reads (global.get $ln) (i32.const 3) (global.get $fil.......))
      (i32.const 3))
    ;; 12: of the link's length.
    (call $is (i32.const 12) (call $reads (global.get $ln) (i32.const 4) (global.get $file......))
      (i32.const 4))
    ;; 13: one byte longer.
    (call $is (i32.const 13) (call $reads (global.get $ln) (i32.const 5) (global.get $file......))
      (i32.const 4))
    ;; 14: of no bytes, beyond the memory.
    (call $ok (i32.const 14)
      (call $path_readlink (global.get $root) (global.get $ln) (i32.const 2) (i32.const 0x10001)
        (i32.const 0) (i32.const 2048)))
    (call $is (i32.const 14) (i32.load (i32.const 2048)) (i32.const 0))

    ;; What is no link.
    ;; 15: a file.
    (call $expect (i32.const 15) (call $readlink (global.get $file) (i32.const 100))
      (global.get $inval))
    ;; 16: a directory.
    (call $expect (i32.const 16) (call $readlink (global.get $dir) (i32.const 100))
      (global.get $inval))
    ;; 17: a directory, with a slash.
    (call $expect (i32.const 17) (call $readlink (global.get $dir/) (i32.const 100))
      (global.get $inval))
    ;; 18: the directory itself.
    (call $expect (i32.const 18) (call $readlink (global.get $.) (i32.const 100))
      (global.get $inval))
    ;; 19: the directory behind a link, with a slash.
    (call $expect (i32.const 19) (call $readlink (global.get $lnd/) (i32.const 100))
      (global.get $inval))
    ;; 20: a file, with a slash.
    (call $expect (i32.const 20) (call $readlink (global.get $file/) (i32.const 100))
      (global.get $notdir))
    ;; 21: a file behind a link, with a slash.
    (call $expect (i32.const 21) (call $readlink (global.get $ln/) (i32.const 100))
      (global.get $notdir))
    ;; 22: nothing.
    (call $expect (i32.const 22) (call $readlink (global.get $missing) (i32.const 100))
      (global.get $noent))
    ;; 23: nothing, beneath nothing.
    (call $expect (i32.const 23) (call $readlink (global.get $missing/x) (i32.const 100))
      (global.get $noent))
    ;; 24: nothing, beneath a file.
    (call $expect (i32.const 24) (call $readlink (global.get $file/x) (i32.const 100))
      (global.get $notdir))
    ;; 25: nothing, beneath a link to itself.
    (call $expect (i32.const 25) (call $readlink (global.get $ring/x) (i32.const 100))
      (global.get $loop)))

  ;; Reads a link into a buffer of dots; answers how many bytes are told, -1 unless the first ten
  ;; bytes of the buffer are then those of a text.
  (func $reads (param $path i32) (param $room i32) (param $wanted i32) (result i32)
    (call $fill (i32.const 4096) (i32.const 0x2e) (i32.const 10))
    (call $ok (i32.const 2) (call $readlink (local.get $path) (local.get $room)))
    (i32.store8 offset=10 (i32.const 4096) (i32.const 0))
    (if (result i32) (call $same (i32.const 4096) (local.get $wanted))
      (then (i32.load (i32.const 2048)))
      (else (i32.const -1))))

  ;; Ends the guest unless a call succeeded.
  (func $ok (param $check i32) (param $errno i32)
    (if (local.get $errno) (then (call $proc_exit (local.get $check)))))

  ;; Ends the guest unless a call answered what it has to.
  (func $expect (param $check i32) (param $errno i32) (param $wanted i32)
    (if (i32.ne (local.get $errno) (local.get $wanted))
      (then (call $proc_exit (local.get $check)))))

  ;; Ends the guest unless two numbers are the same.
  (func $is (param $check i32) (param $found i32) (param $wanted i32)
    (if (i32.ne (local.get $found) (local.get $wanted))
      (then (call $proc_exit (local.get $check)))))

  ;; The length of a text, which a NUL ends.
  (func $length (param $text i32) (result i32)
    (local $end i32)
    (local.set $end (local.get $text))
    (loop $bytes
      (if (i32.load8_u (local.get $end))
        (then
          (local.set $end (i32.add (local.get $end) (i32.const 1)))
          (br $bytes))))
    (i32.sub (local.get $end) (local.get $text)))

  ;; Makes the directory that all happens in, and opens it (check 1).
  (func $open_root
    (call $ok (i32.const 1)
      (call $path_create_directory (i32.const 3)
        (global.get $own) (call $length (global.get $own))))
    (call $ok (i32.const 1)
      (call $path_open (i32.const 3) (i32.const 0)
        (global.get $own) (call $length (global.get $own))
        (i32.const 2) (i64.const 0x7bffe00) (i64.const 0xfffffff) (i32.const 0) (i32.const 2048)))
    (global.set $root (i32.load (i32.const 2048))))

  ;; Makes an empty file.
  (func $make (param $path i32) (result i32)
    (call $open (local.get $path) (i32.const 0) (i32.const 5)))

  ;; Opens for nothing in particular, and closes what was opened.
  (func $open (param $path i32) (param $follow i32) (param $oflags i32) (result i32)
    (call $open_for
      (local.get $path) (local.get $follow) (local.get $oflags) (i64.const 0)))

  ;; Opens with these rights, and closes what was opened.
  (func $open_for
    (param $path i32) (param $follow i32) (param $oflags i32) (param $rights i64) (result i32)
    (local $errno i32)
    (local.set $errno
      (call $path_open (global.get $root) (local.get $follow)
        (local.get $path) (call $length (local.get $path))
        (local.get $oflags) (local.get $rights) (i64.const 0) (i32.const 0) (i32.const 2048)))
    (if (i32.eqz (local.get $errno))
      (then (call $ok (i32.const 2) (call $fd_close (i32.load (i32.const 2048))))))
    (local.get $errno))

  (func $create (param $path i32) (result i32)
    (call $path_create_directory
      (global.get $root) (local.get $path) (call $length (local.get $path))))

  (func $symlink (param $target i32) (param $path i32) (result i32)
    (call $path_symlink
      (local.get $target) (call $length (local.get $target))
      (global.get $root) (local.get $path) (call $length (local.get $path))))

  ;; What a link holds goes to 4096, its length to 2048.
  (func $readlink (param $path i32) (param $room i32) (result i32)
    (call $path_readlink (global.get $root) (local.get $path) (call $length (local.get $path))
      (i32.const 4096) (local.get $room) (i32.const 2048)))

  ;; Whether two texts are the same.
  (func $same (param $one i32) (param $other i32) (result i32)
    (loop $bytes
      (if (i32.ne (i32.load8_u (local.get $one)) (i32.load8_u (local.get $other)))
        (then (return (i32.const 0))))
      (if (i32.load8_u (local.get $one))
        (then
          (local.set $one (i32.add (local.get $one) (i32.const 1)))
          (local.set $other (i32.add (local.get $other) (i32.const 1)))
          (br $bytes))))
    (i32.const 1))

  ;; Writes one byte many times.
  (func $fill (param $at i32) (param $byte i32) (param $count i32)
    (loop $bytes
      (if (i32.eqz (local.get $count)) (then (return)))
      (i32.store8 (local.get $at) (local.get $byte))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (local.set $count (i32.sub (local.get $count) (i32.const 1)))
      (br $bytes)))
)
