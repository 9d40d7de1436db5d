;; Prints the text that it is handed, and answers the errno.
(module
  (@custom "witx" ";;; @exports\n(module $notify (@interface func (export \"notify\") (param $text string) (result $error (expected (error u16)))))")
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  ;; Room for one text.
  (func (export "virt_alloc") (param $size i32) (param $align i32) (result i32)
    (select (i32.const 1024) (i32.const 0) (i32.le_u (local.get $size) (i32.const 4096))))
  (func $print (param $text i32) (param $len i32) (result i32)
    (i32.store (i32.const 0) (local.get $text))
    (i32.store (i32.const 4) (local.get $len))
    (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
  (func (export "notify") (param $text i32) (param $len i32) (result i32)
    (call $print (local.get $text) (local.get $len))))
