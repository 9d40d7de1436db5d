;; Serves a directory that can only be read, in context 7:
;;
;;   hello.txt            "Hello from the parent\n"
;;   link -> sub/deep.txt
;;   sub/deep.txt         "deep\n"
;;   up -> ../secret
;;
;; Objects: 1 the directory, 2 hello.txt, 3 sub, 4 sub/deep.txt. What is given back is written
;; down from 2048, 8 bytes each, and how many there are at 2040.
(module
  (memory (export "memory") 2)
  (data (i32.const 16) "hello.txt")
  (data (i32.const 32) "link")
  (data (i32.const 48) "sub")
  (data (i32.const 64) "up")
  (data (i32.const 80) "deep.txt")
  (data (i32.const 96) "sub/deep.txt")
  (data (i32.const 112) "../secret")
  (data (i32.const 256) "Hello from the parent\n")
  (data (i32.const 512) "deep\n")

  (func (export "virt_scratch") (result i64) (i64.const 0x1_0000_0001_0000))

  ;; Whether a name is the text at an address.
  (func $is (param $name i32) (param $len i32) (param $text i32) (param $text_len i32) (result i32)
    (if (i32.ne (local.get $len) (local.get $text_len)) (then (return (i32.const 0))))
    (block $differ
      (loop $each
        (if (i32.eqz (local.get $len)) (then (return (i32.const 1))))
        (local.set $len (i32.sub (local.get $len) (i32.const 1)))
        (br_if $differ (i32.ne
          (i32.load8_u (i32.add (local.get $name) (local.get $len)))
          (i32.load8_u (i32.add (local.get $text) (local.get $len)))))
        (br $each)))
    (i32.const 0))

  (func $entry (param $out i32) (param $object i64) (param $size i64) (param $type i32) (result i32)
    (i64.store offset=0 (local.get $out) (local.get $object))
    (i64.store offset=8 (local.get $out) (local.get $size))
    (i32.store8 offset=56 (local.get $out) (local.get $type))
    (i32.const 0))

  (func (export "dir_open")
    (param $ctx i32) (param $dir i64) (param $name i32) (param $len i32) (param $out i32)
    (result i32)
    (if (i32.ne (local.get $ctx) (i32.const 7)) (then (return (i32.const -28))))
    (if (i64.eq (local.get $dir) (i64.const 1)) (then
      (if (call $is (local.get $name) (local.get $len) (i32.const 16) (i32.const 9))
        (then (return (call $entry (local.get $out) (i64.const 2) (i64.const 22) (i32.const 4)))))
      (if (call $is (local.get $name) (local.get $len) (i32.const 32) (i32.const 4))
        (then (return (call $entry (local.get $out) (i64.const 0) (i64.const 12) (i32.const 7)))))
      (if (call $is (local.get $name) (local.get $len) (i32.const 48) (i32.const 3))
        (then (return (call $entry (local.get $out) (i64.const 3) (i64.const 0) (i32.const 3)))))
      (if (call $is (local.get $name) (local.get $len) (i32.const 64) (i32.const 2))
        (then (return (call $entry (local.get $out) (i64.const 0) (i64.const 9) (i32.const 7)))))))
    (if (i64.eq (local.get $dir) (i64.const 3)) (then
      (if (call $is (local.get $name) (local.get $len) (i32.const 80) (i32.const 8))
        (then (return (call $entry (local.get $out) (i64.const 4) (i64.const 5) (i32.const 4)))))))
    (i32.const -44))

  (func (export "dir_readlink")
    (param $ctx i32) (param $dir i64) (param $name i32) (param $len i32)
    (param $buf i32) (param $room i32) (result i32)
    (if (call $is (local.get $name) (local.get $len) (i32.const 32) (i32.const 4)) (then
      (memory.copy (local.get $buf) (i32.const 96) (i32.const 12))
      (return (i32.const 12))))
    (memory.copy (local.get $buf) (i32.const 112) (i32.const 9))
    (i32.const 9))

  (func $tell (param $buf i32) (param $text i32) (param $len i32) (param $type i32) (result i32)
    (i32.store offset=8 (local.get $buf) (local.get $len))
    (i32.store8 offset=12 (local.get $buf) (local.get $type))
    (memory.copy (i32.add (local.get $buf) (i32.const 16)) (local.get $text) (local.get $len))
    (i32.add (i32.const 16) (local.get $len)))

  ;; One name each time.
  (func (export "dir_list")
    (param $ctx i32) (param $dir i64) (param $after i32) (param $len i32)
    (param $buf i32) (param $room i32) (result i32)
    ;; What the room held before is none of the answer.
    (memory.fill (local.get $buf) (i32.const 0) (i32.const 64))
    (if (i64.eq (local.get $dir) (i64.const 3)) (then
      (if (local.get $len) (then (return (i32.const 0))))
      (return (call $tell (local.get $buf) (i32.const 80) (i32.const 8) (i32.const 4)))))
    (if (i32.eqz (local.get $len))
      (then (return (call $tell (local.get $buf) (i32.const 16) (i32.const 9) (i32.const 4)))))
    (if (call $is (local.get $after) (local.get $len) (i32.const 16) (i32.const 9))
      (then (return (call $tell (local.get $buf) (i32.const 32) (i32.const 4) (i32.const 7)))))
    (if (call $is (local.get $after) (local.get $len) (i32.const 32) (i32.const 4))
      (then (return (call $tell (local.get $buf) (i32.const 48) (i32.const 3) (i32.const 3)))))
    (if (call $is (local.get $after) (local.get $len) (i32.const 48) (i32.const 3))
      (then (return (call $tell (local.get $buf) (i32.const 64) (i32.const 2) (i32.const 7)))))
    (i32.const 0))

  (func (export "obj_read")
    (param $ctx i32) (param $object i64) (param $offset i64) (param $buf i32) (param $len i32)
    (result i32)
    (local $text i32) (local $size i32) (local $left i32)
    (local.set $text (select (i32.const 256) (i32.const 512)
      (i64.eq (local.get $object) (i64.const 2))))
    (local.set $size (select (i32.const 22) (i32.const 5)
      (i64.eq (local.get $object) (i64.const 2))))
    (if (i64.ge_u (local.get $offset) (i64.extend_i32_u (local.get $size)))
      (then (return (i32.const 0))))
    (local.set $left (i32.sub (local.get $size) (i32.wrap_i64 (local.get $offset))))
    (local.set $left (select (local.get $left) (local.get $len)
      (i32.lt_u (local.get $left) (local.get $len))))
    (memory.copy (local.get $buf)
      (i32.add (local.get $text) (i32.wrap_i64 (local.get $offset))) (local.get $left))
    (local.get $left))

  (func (export "obj_drop") (param $ctx i32) (param $object i64) (result i32)
    (i64.store
      (i32.add (i32.const 2048) (i32.shl (i32.load (i32.const 2040)) (i32.const 3)))
      (local.get $object))
    (i32.store (i32.const 2040) (i32.add (i32.load (i32.const 2040)) (i32.const 1)))
    (i32.const 0))
)
