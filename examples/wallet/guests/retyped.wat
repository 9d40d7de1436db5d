;; A notify that imports `fd_write` as a function of another type.
(module
  (@custom "witx" ";;; @exports\n(module $notify (@interface func (export \"notify\") (param $text string) (result $error (expected (error u16)))))")
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i64) (result i32)))
  (memory (export "memory") 1)
  ;; Room for one text.
  (func (export "virt_alloc") (param $size i32) (param $align i32) (result i32)
    (select (i32.const 1024) (i32.const 0) (i32.le_u (local.get $size) (i32.const 4096))))
  (func (export "notify") (param $text i32) (param $len i32) (result i32)
    (call $fd_write (i64.const 0))))
