;; Made by build-guests from pass.wat: do not edit.
;;
;; A parent that hands all it has to its child, as pass.wat does, and sees every call of
;; WASI's that the child makes: each is bound to a filter, which lets it continue.
(module
  ;; All of these answer an errno, and write what else they answer to the address that
  ;; comes last.
  (import "nanoprocess_0" "module_need"
    (func $module_need (param $module i32) (param $index i32) (param $buf i32)
      (param $buf_len i32) (param $need i32) (result i32)))
  (import "nanoprocess_0" "child_new"
    (func $child_new (param $module i32) (param $child i32) (result i32)))
  (import "nanoprocess_0" "child_module"
    (func $child_module (param $child i32) (param $module i32) (param $number i32)
      (result i32)))
  (import "nanoprocess_0" "child_bind"
    (func $child_bind (param $child i32) (param $what i32) (param $what_len i32)
      (param $binding i32) (param $tag i32) (result i32)))
  (import "nanoprocess_0" "cap_from_fd"
    (func $cap_from_fd (param $fd i32) (param $rights i64) (param $cap i32) (result i32)))
  (import "nanoprocess_0" "cap_drop"
    (func $cap_drop (param $cap i32) (result i32)))
  (import "nanoprocess_0" "child_grant"
    (func $child_grant (param $child i32) (param $cap i32) (param $at i32)
      (param $name i32) (param $name_len i32) (param $fd i32) (result i32)))
  (import "nanoprocess_0" "child_arg"
    (func $child_arg (param $child i32) (param $arg i32) (param $arg_len i32) (result i32)))
  (import "nanoprocess_0" "child_env"
    (func $child_env (param $child i32) (param $name i32) (param $name_len i32)
      (param $value i32) (param $value_len i32) (result i32)))
  (import "nanoprocess_0" "limits_left"
    (func $limits_left (param $limits i32) (result i32)))
  (import "nanoprocess_0" "child_limits"
    (func $child_limits (param $child i32) (param $limits i32) (result i32)))
  (import "nanoprocess_0" "child_link"
    (func $child_link (param $child i32) (param $missing i32) (result i32)))
  (import "nanoprocess_0" "child_missing"
    (func $child_missing (param $child i32) (param $index i32) (param $buf i32)
      (param $buf_len i32) (param $need i32) (result i32)))
  (import "nanoprocess_0" "child_call"
    (func $child_call (param $child i32) (param $export i32) (param $export_len i32)
      (param $args i32) (param $args_len i32) (param $results i32) (param $results_len i32)
      (param $outcome i32) (result i32)))

  (import "wasi_snapshot_preview1" "args_sizes_get"
    (func $args_sizes_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_get"
    (func $args_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_sizes_get"
    (func $environ_sizes_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_get"
    (func $environ_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_prestat_get"
    (func $fd_prestat_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_prestat_dir_name"
    (func $fd_prestat_dir_name (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit"
    (func $proc_exit (param i32)))

  ;; 0 iovec | 8 a byte | 12 bytes written | 16 outcome | 24 missing imports
  ;; 28 a number that is not looked at | 32 digits, up to 64
  ;; 64 child | 68 handle to grant | 72 prestat | 80 a count, and the bytes of all
  ;; 128 limits | 256 need | 512 texts | 4096 names, up to 8192
  ;; 65536 scratch for requests of the child, up to 131072 | arguments and environment
  (memory (export "memory") 2)
  (data (i32.const 512) "class:*")
  (data (i32.const 528) "_start")
  (data (i32.const 544) "parent: refused with errno ")
  (data (i32.const 576) "parent: the child ran out of fuel")
  (data (i32.const 624) "parent: the child took too long")
  (data (i32.const 672) "parent: the child trapped")
  (data (i32.const 704) "parent: the child was ended")
  (data (i32.const 736) "parent: the child asks for ")
  (data (i32.const 768) ", which nobody holds\n")
  (data (i32.const 800) ", which one further out holds\n")
  (data (i32.const 832) "\n")
  (data (i32.const 848) ", which has another type\n")

  (func (export "_start")
    (call $step (call $child_new (i32.const 0) (i32.const 64)))
    (call $limit)
    (call $modules)
    (call $args)
    (call $environment)
    (call $descriptors)
    ;; 2: passed on.
    (call $bind (i32.const 512) (i32.const 7) (i32.const 2))
    (call $bind_more)
    (call $step (call $child_link (i32.load (i32.const 64)) (i32.const 24)))
    (if (i32.load (i32.const 24)) (then (call $lack)))
    (call $step (call $child_call (i32.load (i32.const 64)) (i32.const 528) (i32.const 6)
      (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 16)))
    (call $end))

  ;; Binds the child's calls of some functions.
  (func $bind (param $what i32) (param $len i32) (param $binding i32)
    (call $step (call $child_bind (i32.load (i32.const 64))
      (local.get $what) (local.get $len) (local.get $binding) (i32.const 0))))

  ;; What else is bound.
  (func $bind_more
    ;; 4: filtered.
    (call $bind (i32.const 1024) (i32.const 10) (i32.const 4))
    (call $bind (i32.const 1056) (i32.const 11) (i32.const 4))
    (call $bind (i32.const 1088) (i32.const 13) (i32.const 4))
    (call $bind (i32.const 1120) (i32.const 8) (i32.const 4))
    (call $bind (i32.const 1152) (i32.const 11) (i32.const 4))
    (call $bind (i32.const 1184) (i32.const 13) (i32.const 4))
    (call $bind (i32.const 1216) (i32.const 10) (i32.const 4))
    (call $bind (i32.const 1248) (i32.const 13) (i32.const 4))
    (call $bind (i32.const 1280) (i32.const 12) (i32.const 4)))
  (data (i32.const 1024) "class:args")
  (data (i32.const 1056) "class:clock")
  (data (i32.const 1088) "class:environ")
  (data (i32.const 1120) "class:fd")
  (data (i32.const 1152) "class:files")
  (data (i32.const 1184) "class:network")
  (data (i32.const 1216) "class:poll")
  (data (i32.const 1248) "class:process")
  (data (i32.const 1280) "class:random")

  ;; Limits the child to what is left. A child that is a parent gets a sixteenth of the
  ;; memory and a quarter of the descriptors for itself, and the rest for those inside.
  ;; A sixteenth of the fuel stays here.
  (func $limit (local $memory i64) (local $files i32)
    (call $step (call $limits_left (i32.const 128)))
    (if (i64.ne (i64.load (i32.const 128)) (i64.const -1))
      (then (i64.store (i32.const 128) (i64.sub (i64.load (i32.const 128))
        (i64.shr_u (i64.load (i32.const 128)) (i64.const 4))))))
    (local.set $memory (i64.load (i32.const 136)))
    (local.set $files (i32.load (i32.const 184)))
    ;; As many descriptors as a guest has that nobody limits.
    (if (i32.eq (local.get $files) (i32.const -1))
      (then (i32.store (i32.const 184) (i32.const 4096))))
    (if (call $is_there (i32.const 1))
      (then
        (if (i64.ne (local.get $memory) (i64.const -1))
          (then
            (i64.store (i32.const 136) (i64.shr_u (local.get $memory) (i64.const 4)))
            (i64.store (i32.const 144)
              (i64.sub (local.get $memory) (i64.load (i32.const 136))))))
        (if (i32.ne (local.get $files) (i32.const -1))
          (then
            (i32.store (i32.const 184) (i32.shr_u (local.get $files) (i32.const 2)))
            (i32.store (i32.const 188)
              (i32.sub (local.get $files) (i32.load (i32.const 184)))))))
      (else
        (i64.store (i32.const 144) (i64.const 0))
        (i32.store (i32.const 188) (i32.const 0))))
    (call $step (call $child_limits (i32.load (i32.const 64)) (i32.const 128))))

  ;; Whether this parent was handed a module of this number: 8 is `badf`.
  (func $is_there (param $module i32) (result i32)
    (i32.ne (i32.const 8) (call $module_need (local.get $module)
      (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 256))))

  (func $modules (local $module i32)
    (local.set $module (i32.const 1))
    (block $done
      (loop $next
        (br_if $done (i32.eqz (call $is_there (local.get $module))))
        (call $step (call $child_module (i32.load (i32.const 64))
          (local.get $module) (i32.const 28)))
        (local.set $module (i32.add (local.get $module) (i32.const 1)))
        (br $next))))

  ;; Room for `bytes` from 131072 on.
  (func $room (param $bytes i32) (local $pages i32)
    (local.set $pages (i32.sub
      (i32.shr_u (i32.add (local.get $bytes) (i32.const 196607)) (i32.const 16))
      (memory.size)))
    (if (i32.gt_s (local.get $pages) (i32.const 0))
      (then (if (i32.eq (memory.grow (local.get $pages)) (i32.const -1))
        (then (call $step (i32.const 48)))))))

  ;; Bytes of a text that ends in a NUL.
  (func $length (param $text i32) (result i32) (local $end i32)
    (local.set $end (local.get $text))
    (block $done
      (loop $next
        (br_if $done (i32.eqz (i32.load8_u (local.get $end))))
        (local.set $end (i32.add (local.get $end) (i32.const 1)))
        (br $next)))
    (i32.sub (local.get $end) (local.get $text)))

  ;; A parent that is refused its own arguments has none to hand on. The same holds for
  ;; the environment and for names.
  (func $args (local $at i32) (local $end i32)
    (if (call $args_sizes_get (i32.const 80) (i32.const 84)) (then (return)))
    (local.set $at (i32.const 131072))
    (local.set $end (i32.add (local.get $at) (i32.shl (i32.load (i32.const 80)) (i32.const 2))))
    (call $room (i32.add (i32.shl (i32.load (i32.const 80)) (i32.const 2))
      (i32.load (i32.const 84))))
    (if (call $args_get (local.get $at) (local.get $end)) (then (return)))
    (block $done
      (loop $next
        (br_if $done (i32.eq (local.get $at) (local.get $end)))
        (call $step (call $child_arg (i32.load (i32.const 64))
          (i32.load (local.get $at)) (call $length (i32.load (local.get $at)))))
        (local.set $at (i32.add (local.get $at) (i32.const 4)))
        (br $next))))

  (func $environment (local $at i32) (local $end i32) (local $name i32) (local $value i32)
    (if (call $environ_sizes_get (i32.const 80) (i32.const 84)) (then (return)))
    (local.set $at (i32.const 131072))
    (local.set $end (i32.add (local.get $at) (i32.shl (i32.load (i32.const 80)) (i32.const 2))))
    (call $room (i32.add (i32.shl (i32.load (i32.const 80)) (i32.const 2))
      (i32.load (i32.const 84))))
    (if (call $environ_get (local.get $at) (local.get $end)) (then (return)))
    (block $done
      (loop $next
        (br_if $done (i32.eq (local.get $at) (local.get $end)))
        (local.set $name (i32.load (local.get $at)))
        (local.set $value (local.get $name))
        ;; The value begins behind the first `=`.
        (loop $seek
          (local.set $value (i32.add (local.get $value) (i32.const 1)))
          (br_if $seek (i32.ne (i32.const 61)
            (i32.load8_u (i32.sub (local.get $value) (i32.const 1))))))
        (call $step (call $child_env (i32.load (i32.const 64))
          (local.get $name)
          (i32.sub (i32.sub (local.get $value) (local.get $name)) (i32.const 1))
          (local.get $value) (call $length (local.get $value))))
        (local.set $at (i32.add (local.get $at) (i32.const 4)))
        (br $next))))

  ;; Grants every descriptor, and a directory under its name.
  (func $descriptors (local $fd i32) (local $len i32)
    (block $done
      (loop $next
        (if (i32.eqz (call $cap_from_fd (local.get $fd) (i64.const -1) (i32.const 68)))
          (then
            (local.set $len (i32.const 0))
            (if (i32.eqz (call $fd_prestat_get (local.get $fd) (i32.const 72)))
              (then
                (if (i32.le_u (i32.load (i32.const 76)) (i32.const 4096))
                  (then
                    (if (i32.eqz (call $fd_prestat_dir_name (local.get $fd)
                        (i32.const 4096) (i32.load (i32.const 76))))
                      (then (local.set $len (i32.load (i32.const 76)))))))))
            (call $step (call $child_grant (i32.load (i32.const 64))
              (i32.load (i32.const 68)) (local.get $fd)
              (i32.const 4096) (local.get $len) (i32.const 28)))
            (call $step (call $cap_drop (i32.load (i32.const 68)))))
          (else (br_if $done (i32.gt_u (local.get $fd) (i32.const 2)))))
        (local.set $fd (i32.add (local.get $fd) (i32.const 1)))
        (br $next))))

  ;; Tells what the child asks for in vain: its names and type follow each other.
  (func $lack (local $index i32) (local $at i32)
    (block $done
      (loop $next
        (br_if $done (call $child_missing (i32.load (i32.const 64)) (local.get $index)
          (i32.const 4096) (i32.const 4096) (i32.const 256)))
        (call $say (i32.const 736) (i32.const 27))
        (local.set $at (call $say_part (i32.const 4096) (i32.load (i32.const 256))))
        (i32.store8 (i32.const 8) (i32.const 46))
        (call $say_byte)
        (local.set $at (call $say_part (local.get $at) (i32.load (i32.const 260))))
        (if (i32.load (i32.const 264))
          (then
            (i32.store8 (i32.const 8) (i32.const 32))
            (call $say_byte)
            (local.set $at (call $say_part (local.get $at) (i32.load (i32.const 264))))))
        (if (i32.eq (i32.load (i32.const 276)) (i32.const 3))
          (then (call $say (i32.const 848) (i32.const 25)))
          (else
            (if (i32.load (i32.const 280))
              (then (call $say (i32.const 800) (i32.const 30)))
              (else (call $say (i32.const 768) (i32.const 21))))))
        (local.set $index (i32.add (local.get $index) (i32.const 1)))
        (br $next)))
    (call $proc_exit (i32.const 3)))

  ;; Ends as the child has ended: 0 returned, 1 exited, 2 trapped, 4 took too long, 5 ran
  ;; out of fuel; otherwise it was ended.
  (func $end
    (block $otherwise (block $fuel (block $late (block $trapped (block $exited
      (block $returned
        (br_table $returned $exited $trapped $otherwise $late $fuel $otherwise
          (i32.load (i32.const 16))))
      (return))
      (call $proc_exit (i32.load (i32.const 20))))
      (call $say (i32.const 672) (i32.const 25))
      (call $say (i32.const 832) (i32.const 1))
      (unreachable))
      (call $say (i32.const 624) (i32.const 31))
      (call $say (i32.const 832) (i32.const 1))
      (unreachable))
      (call $say (i32.const 576) (i32.const 33))
      (call $say (i32.const 832) (i32.const 1))
      (unreachable))
    (call $say (i32.const 704) (i32.const 27))
    (call $say (i32.const 832) (i32.const 1))
    (unreachable))

  ;; Says so and exits if a step was refused.
  (func $step (param $errno i32)
    (if (local.get $errno)
      (then
        (call $say (i32.const 544) (i32.const 27))
        (call $say_number (local.get $errno))
        (call $say (i32.const 832) (i32.const 1))
        (call $proc_exit (i32.const 91)))))

  ;; Writes a text to standard error. Whether that succeeds makes no difference.
  (func $say (param $text i32) (param $len i32)
    (i32.store (i32.const 0) (local.get $text))
    (i32.store (i32.const 4) (local.get $len))
    (drop (call $fd_write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 12))))

  ;; The same with as much of a text as there was room for; answers where it ends.
  (func $say_part (param $text i32) (param $len i32) (result i32)
    (local $end i32)
    (local.set $end (i32.add (local.get $text) (local.get $len)))
    (if (i32.gt_u (local.get $end) (i32.const 8192))
      (then (local.set $end (i32.const 8192))))
    (call $say (local.get $text) (i32.sub (local.get $end) (local.get $text)))
    (local.get $end))

  (func $say_byte
    (call $say (i32.const 8) (i32.const 1)))

  ;; Writes a number: its digits fill the space below 64 from the end.
  (func $say_number (param $n i32)
    (local $at i32)
    (local.set $at (i32.const 64))
    (loop $digit
      (local.set $at (i32.sub (local.get $at) (i32.const 1)))
      (i32.store8 (local.get $at)
        (i32.add (i32.const 48) (i32.rem_u (local.get $n) (i32.const 10))))
      (local.set $n (i32.div_u (local.get $n) (i32.const 10)))
      (br_if $digit (local.get $n)))
    (call $say (local.get $at) (i32.sub (i32.const 64) (local.get $at))))

  ;; Room in which the host lays what a call of the child's leads to: the address in the
  ;; lower half, the number of bytes in the upper.
  (func (export "virt_scratch") (result i64)
    (i64.const 0x1_0000_0001_0000))

  ;; The filters, one for all functions of a type: 0 lets the call continue.
  (func
    (export "filter_path_link")
    (param i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)
    (i32.const 0))
  (func
    (export "filter_path_readlink")
    (export "filter_path_rename")
    (export "filter_sock_recv")
    (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)
    (i32.const 0))
  (func
    (export "filter_path_open")
    (param i32 i32 i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)
    (i32.const 0))
  (func
    (export "filter_path_filestat_get")
    (export "filter_path_symlink")
    (export "filter_sock_send")
    (param i32 i32 i32 i32 i32 i32 i32) (result i32)
    (i32.const 0))
  (func
    (export "filter_path_filestat_set_times")
    (param i32 i32 i32 i32 i32 i32 i64 i64 i32) (result i32)
    (i32.const 0))
  (func
    (export "filter_fd_read")
    (export "filter_fd_write")
    (export "filter_poll_oneoff")
    (param i32 i32 i32 i32 i32 i32) (result i32)
    (i32.const 0))
  (func
    (export "filter_fd_pread")
    (export "filter_fd_pwrite")
    (export "filter_fd_readdir")
    (param i32 i32 i32 i32 i32 i64 i32) (result i32)
    (i32.const 0))
  (func
    (export "filter_fd_prestat_dir_name")
    (export "filter_path_create_directory")
    (export "filter_path_remove_directory")
    (export "filter_path_unlink_file")
    (export "filter_sock_accept")
    (param i32 i32 i32 i32 i32) (result i32)
    (i32.const 0))
  (func
    (export "filter_args_get")
    (export "filter_args_sizes_get")
    (export "filter_environ_get")
    (export "filter_environ_sizes_get")
    (export "filter_clock_res_get")
    (export "filter_fd_fdstat_get")
    (export "filter_fd_fdstat_set_flags")
    (export "filter_fd_filestat_get")
    (export "filter_fd_prestat_get")
    (export "filter_fd_renumber")
    (export "filter_fd_tell")
    (export "filter_random_get")
    (export "filter_sock_shutdown")
    (param i32 i32 i32 i32) (result i32)
    (i32.const 0))
  (func
    (export "filter_fd_seek")
    (param i32 i32 i32 i64 i32 i32) (result i32)
    (i32.const 0))
  (func
    (export "filter_clock_time_get")
    (param i32 i32 i32 i64 i32) (result i32)
    (i32.const 0))
  (func
    (export "filter_fd_advise")
    (export "filter_fd_filestat_set_times")
    (param i32 i32 i32 i64 i64 i32) (result i32)
    (i32.const 0))
  (func
    (export "filter_fd_allocate")
    (export "filter_fd_fdstat_set_rights")
    (param i32 i32 i32 i64 i64) (result i32)
    (i32.const 0))
  (func
    (export "filter_fd_filestat_set_size")
    (param i32 i32 i32 i64) (result i32)
    (i32.const 0))
  (func
    (export "filter_fd_close")
    (export "filter_fd_datasync")
    (export "filter_fd_sync")
    (export "filter_proc_exit")
    (export "filter_proc_raise")
    (param i32 i32 i32) (result i32)
    (i32.const 0))
  (func
    (export "filter_sched_yield")
    (param i32 i32) (result i32)
    (i32.const 0))
)
