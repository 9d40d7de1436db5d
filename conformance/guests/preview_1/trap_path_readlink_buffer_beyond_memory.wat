;; A buffer whose end lies behind the memory, for a link that reaches behind it as well.
;; The call does not return.
;;
;; It is given a directory as fd 3. It exits with 2 if the call returns.
(module
  (import "wasi_snapshot_preview1" "path_readlink"
    (func $path_readlink (param i32 i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_symlink"
    (func $path_symlink (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit"
    (func $proc_exit (param i32)))

  (memory (export "memory") 1)

  ;; Texts, each with a NUL behind it.
  (global $a-target-of-twenty-x i32 (i32.const 64)) (data (i32.const 64) "a-target-of-twenty-x")
  (global $link.cleanup i32 (i32.const 96)) (data (i32.const 96) "link.cleanup")

  (func (export "_start")
    (drop
      (call $path_symlink (global.get $a-target-of-twenty-x) (i32.const 20)
        (i32.const 3) (global.get $link.cleanup) (i32.const 12)))
    (drop
      (call $path_readlink (i32.const 3) (global.get $link.cleanup) (i32.const 12)
        (i32.const 0xfff0) (i32.const 32) (i32.const 2048)))
    (call $proc_exit (i32.const 2)))
)
