;; Every function of preview 0, at least once where it succeeds and once where it does not,
;; as far as a guest can bring that about. None of the functions of sockets can succeed: no
;; guest of preview 0 comes by a connection.
;;
;; It is given a directory as fd 3, an argument and a variable, and makes
;; `functions.cleanup`, where all happens. It exits with 0, or with the number of the check
;; that failed, which stands before it. 1: that directory can be made. 2: the same file can
;; be opened once more.
(module
  (import "wasi_unstable" "path_create_directory"
    (func $path_create_directory (param i32 i32 i32) (result i32)))
  (import "wasi_unstable" "path_remove_directory"
    (func $path_remove_directory (param i32 i32 i32) (result i32)))
  (import "wasi_unstable" "path_unlink_file"
    (func $path_unlink_file (param i32 i32 i32) (result i32)))
  (import "wasi_unstable" "path_filestat_get"
    (func $path_filestat_get (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_unstable" "path_filestat_set_times"
    (func $path_filestat_set_times (param i32 i32 i32 i32 i64 i64 i32) (result i32)))
  (import "wasi_unstable" "path_link"
    (func $path_link (param i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_unstable" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_unstable" "path_readlink"
    (func $path_readlink (param i32 i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_unstable" "path_rename"
    (func $path_rename (param i32 i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_unstable" "path_symlink"
    (func $path_symlink (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_unstable" "fd_close"
    (func $fd_close (param i32) (result i32)))
  (import "wasi_unstable" "fd_fdstat_get"
    (func $fd_fdstat_get (param i32 i32) (result i32)))
  (import "wasi_unstable" "fd_fdstat_set_flags"
    (func $fd_fdstat_set_flags (param i32 i32) (result i32)))
  (import "wasi_unstable" "fd_fdstat_set_rights"
    (func $fd_fdstat_set_rights (param i32 i64 i64) (result i32)))
  (import "wasi_unstable" "fd_filestat_get"
    (func $fd_filestat_get (param i32 i32) (result i32)))
  (import "wasi_unstable" "fd_read"
    (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_unstable" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_unstable" "fd_pread"
    (func $fd_pread (param i32 i32 i32 i64 i32) (result i32)))
  (import "wasi_unstable" "fd_pwrite"
    (func $fd_pwrite (param i32 i32 i32 i64 i32) (result i32)))
  (import "wasi_unstable" "fd_seek"
    (func $fd_seek (param i32 i64 i32 i32) (result i32)))
  (import "wasi_unstable" "fd_tell"
    (func $fd_tell (param i32 i32) (result i32)))
  (import "wasi_unstable" "fd_readdir"
    (func $fd_readdir (param i32 i32 i32 i64 i32) (result i32)))
  (import "wasi_unstable" "fd_sync"
    (func $fd_sync (param i32) (result i32)))
  (import "wasi_unstable" "fd_datasync"
    (func $fd_datasync (param i32) (result i32)))
  (import "wasi_unstable" "fd_advise"
    (func $fd_advise (param i32 i64 i64 i32) (result i32)))
  (import "wasi_unstable" "fd_allocate"
    (func $fd_allocate (param i32 i64 i64) (result i32)))
  (import "wasi_unstable" "fd_filestat_set_size"
    (func $fd_filestat_set_size (param i32 i64) (result i32)))
  (import "wasi_unstable" "fd_filestat_set_times"
    (func $fd_filestat_set_times (param i32 i64 i64 i32) (result i32)))
  (import "wasi_unstable" "fd_prestat_get"
    (func $fd_prestat_get (param i32 i32) (result i32)))
  (import "wasi_unstable" "poll_oneoff"
    (func $poll_oneoff (param i32 i32 i32 i32) (result i32)))
  (import "wasi_unstable" "sock_recv"
    (func $sock_recv (param i32 i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_unstable" "sock_send"
    (func $sock_send (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_unstable" "sock_shutdown"
    (func $sock_shutdown (param i32 i32) (result i32)))
  (import "wasi_unstable" "proc_exit"
    (func $proc_exit (param i32)))
  (import "wasi_unstable" "args_get"
    (func $args_get (param i32 i32) (result i32)))
  (import "wasi_unstable" "args_sizes_get"
    (func $args_sizes_get (param i32 i32) (result i32)))
  (import "wasi_unstable" "environ_get"
    (func $environ_get (param i32 i32) (result i32)))
  (import "wasi_unstable" "environ_sizes_get"
    (func $environ_sizes_get (param i32 i32) (result i32)))
  (import "wasi_unstable" "clock_res_get"
    (func $clock_res_get (param i32 i32) (result i32)))
  (import "wasi_unstable" "clock_time_get"
    (func $clock_time_get (param i32 i64 i32) (result i32)))
  (import "wasi_unstable" "fd_prestat_dir_name"
    (func $fd_prestat_dir_name (param i32 i32 i32) (result i32)))
  (import "wasi_unstable" "fd_renumber"
    (func $fd_renumber (param i32 i32) (result i32)))
  (import "wasi_unstable" "proc_raise"
    (func $proc_raise (param i32) (result i32)))
  (import "wasi_unstable" "random_get"
    (func $random_get (param i32 i32) (result i32)))
  (import "wasi_unstable" "sched_yield"
    (func $sched_yield (result i32)))

  (memory (export "memory") 1)

  ;; The directory that all happens in.
  (global $root (mut i32) (i32.const -1))

  ;; What calls answer.
  (global $success i32 (i32.const 0))
  (global $badf i32 (i32.const 8))
  (global $exist i32 (i32.const 20))
  (global $inval i32 (i32.const 28))
  (global $isdir i32 (i32.const 31))
  (global $nametoolong i32 (i32.const 37))
  (global $noent i32 (i32.const 44))
  (global $notdir i32 (i32.const 54))
  (global $notsock i32 (i32.const 57))
  (global $notsup i32 (i32.const 58))
  (global $perm i32 (i32.const 63))
  (global $notcapable i32 (i32.const 76))

  ;; Texts, each with a NUL behind it.
  (global $argument i32 (i32.const 64)) (data (i32.const 64) "argument")
  (global $VAR=value! i32 (i32.const 80)) (data (i32.const 80) "VAR=value!")
  (global $file i32 (i32.const 96)) (data (i32.const 96) "file")
  (global $contents i32 (i32.const 112)) (data (i32.const 112) "contents")
  (global $dir i32 (i32.const 128)) (data (i32.const 128) "dir")
  (global $second i32 (i32.const 144)) (data (i32.const 144) "second")
  (global $new i32 (i32.const 160)) (data (i32.const 160) "new")
  (global $ln i32 (i32.const 176)) (data (i32.const 176) "ln")
  (global $/ i32 (i32.const 192)) (data (i32.const 192) "/")
  (global $third i32 (i32.const 208)) (data (i32.const 208) "third")
  (global $own i32 (i32.const 224)) (data (i32.const 224) "functions.cleanup")

  ;; A subscription to the monotonic clock, for no time: userdata 42, tag 0, identifier 43,
  ;; clock 1, timeout 0, precision 0, flags 0.
  (data (i32.const 512)
    "\2a\00\00\00\00\00\00\00" "\00\00\00\00\00\00\00\00"
    "\2b\00\00\00\00\00\00\00" "\01\00\00\00\00\00\00\00"
    "\00\00\00\00\00\00\00\00" "\00\00\00\00\00\00\00\00" "\00\00\00\00\00\00\00\00")

  (func (export "_start")
    (call $open_root)
    ;; What it was given, and the host. The first four have nothing to refuse.
    ;; 3: the number of arguments: its name, and one more.
    (call $ok (i32.const 3) (call $args_sizes_get (i32.const 2048) (i32.const 2052)))
    (call $is (i32.const 3) (i32.load (i32.const 2048)) (i32.const 2))
    ;; 4: the arguments.
    (call $ok (i32.const 4) (call $args_get (i32.const 4096) (i32.const 5120)))
    (call $is (i32.const 4) (call $same (i32.load (i32.const 4100)) (global.get $argument))
      (i32.const 1))
    ;; 5: the number of variables.
    (call $ok (i32.const 5) (call $environ_sizes_get (i32.const 2048) (i32.const 2052)))
    (call $is (i32.const 5) (i32.load (i32.const 2048)) (i32.const 1))
    (call $is (i32.const 5) (i32.load (i32.const 2052)) (i32.const 11))
    ;; 6: the variables.
    (call $ok (i32.const 6) (call $environ_get (i32.const 4096) (i32.const 5120)))
    (call $is (i32.const 6) (call $same (i32.load (i32.const 4096)) (global.get $VAR=value!))
      (i32.const 1))
    ;; 7: the resolution of the realtime clock.
    (call $ok (i32.const 7) (call $clock_res_get (i32.const 0) (i32.const 2048)))
    ;; 8: of a clock of processor time, where it is there.
    (call $expect_either (i32.const 8) (call $clock_res_get (i32.const 2) (i32.const 2048))
      (global.get $inval) (global.get $success))
    ;; 9: the time of the monotonic clock.
    (call $ok (i32.const 9) (call $clock_time_get (i32.const 1) (i64.const 1) (i32.const 2048)))
    ;; 10: of a clock of processor time, where it is there.
    (call $expect_either (i32.const 10)
      (call $clock_time_get (i32.const 3) (i64.const 1) (i32.const 2048))
      (global.get $inval) (global.get $success))
    ;; 11: random bytes.
    (call $ok (i32.const 11) (call $random_get (i32.const 4096) (i32.const 16)))
    (call $is (i32.const 11)
      (i64.eqz (i64.or (i64.load (i32.const 4096)) (i64.load (i32.const 4104))))
      (i32.const 0))
    ;; 12: another one's turn.
    (call $ok (i32.const 12) (call $sched_yield))
    ;; 13: no signal: none reaches the host.
    (call $expect (i32.const 13) (call $proc_raise (i32.const 15)) (global.get $notsup))
    ;; 14: to wait for the end of no time.
    (call $ok (i32.const 14)
      (call $poll_oneoff (i32.const 512) (i32.const 4096) (i32.const 1) (i32.const 2048)))
    (call $is (i32.const 14) (i32.load (i32.const 2048)) (i32.const 1))
    (call $is64 (i32.const 14) (i64.load (i32.const 4096)) (i64.const 42))
    ;; 15: to wait for nothing.
    (call $expect (i32.const 15)
      (call $poll_oneoff (i32.const 512) (i32.const 4096) (i32.const 0) (i32.const 2048))
      (global.get $inval))

    ;; Preopens.
    ;; 16: fd 3 is one.
    (call $ok (i32.const 16) (call $fd_prestat_get (i32.const 3) (i32.const 2048)))
    (call $is (i32.const 16) (i32.load8_u (i32.const 2048)) (i32.const 0))
    (call $is (i32.const 16) (i32.load (i32.const 2052)) (i32.const 1))
    ;; 17: its directory is none.
    (call $expect (i32.const 17) (call $fd_prestat_get (global.get $root) (i32.const 2048))
      (global.get $badf))
    ;; 18: its name.
    (call $ok (i32.const 18)
      (call $fd_prestat_dir_name (i32.const 3) (i32.const 4096) (i32.const 1)))
    (call $is (i32.const 18) (i32.load8_u (i32.const 4096)) (i32.const 0x2f))
    ;; 19: no room for it.
    (call $expect (i32.const 19)
      (call $fd_prestat_dir_name (i32.const 3) (i32.const 4096) (i32.const 0))
      (global.get $nametoolong))

    ;; A file.
    ;; 20: it is created.
    (call $ok (i32.const 20)
      (call $path_open (global.get $root) (i32.const 0) (global.get $file) (i32.const 4)
        (i32.const 5) (i64.const 0x8e001ff) (i64.const 0) (i32.const 0) (i32.const 2048)))
    (global.set $fd (i32.load (i32.const 2048)))
    ;; 21: it is not created again.
    (call $expect (i32.const 21)
      (call $path_open (global.get $root) (i32.const 0) (global.get $file) (i32.const 4)
        (i32.const 5) (i64.const 0) (i64.const 0) (i32.const 0) (i32.const 2048))
      (global.get $exist))
    (call $iovec (i32.const 0) (global.get $contents) (i32.const 8))
    ;; 22: to write.
    (call $ok (i32.const 22)
      (call $fd_write (global.get $fd) (i32.const 0) (i32.const 1) (i32.const 2048)))
    (call $is (i32.const 22) (i32.load (i32.const 2048)) (i32.const 8))
    ;; 23: a directory is not written.
    (call $expect (i32.const 23)
      (call $fd_write (global.get $root) (i32.const 0) (i32.const 1) (i32.const 2048))
      (global.get $badf))
    ;; 24: to write somewhere.
    (call $ok (i32.const 24)
      (call $fd_pwrite (global.get $fd) (i32.const 0) (i32.const 1) (i64.const 4) (i32.const 2048)))
    (call $is (i32.const 24) (i32.load (i32.const 2048)) (i32.const 8))
    ;; 25: a directory is not.
    (call $expect (i32.const 25)
      (call $fd_pwrite (global.get $root) (i32.const 0) (i32.const 1) (i64.const 4)
        (i32.const 2048))
      (global.get $badf))
    ;; 26: where the offset is.
    (call $ok (i32.const 26) (call $fd_tell (global.get $fd) (i32.const 2048)))
    (call $is64 (i32.const 26) (i64.load (i32.const 2048)) (i64.const 8))
    ;; 27: a directory has none.
    (call $expect (i32.const 27) (call $fd_tell (global.get $root) (i32.const 2048))
      (global.get $badf))
    ;; 28: to the start: set is 2 here.
    (call $ok (i32.const 28)
      (call $fd_seek (global.get $fd) (i64.const 0) (i32.const 2) (i32.const 2048)))
    ;; 29: not before it.
    (call $expect (i32.const 29)
      (call $fd_seek (global.get $fd) (i64.const -1) (i32.const 2) (i32.const 2048))
      (global.get $inval))
    (call $iovec (i32.const 0) (i32.const 4096) (i32.const 4))
    ;; 30: to read.
    (call $ok (i32.const 30)
      (call $fd_read (global.get $fd) (i32.const 0) (i32.const 1) (i32.const 2048)))
    (call $is (i32.const 30) (i32.load (i32.const 4096)) (i32.const 0x746e6f63))
    ;; 31: a directory is not read.
    (call $expect (i32.const 31)
      (call $fd_read (global.get $root) (i32.const 0) (i32.const 1) (i32.const 2048))
      (global.get $badf))
    ;; 32: to read somewhere.
    (call $ok (i32.const 32)
      (call $fd_pread (global.get $fd) (i32.const 0) (i32.const 1) (i64.const 4) (i32.const 2048)))
    (call $is (i32.const 32) (i32.load (i32.const 4096)) (i32.const 0x746e6f63))
    ;; 33: a directory is not.
    (call $expect (i32.const 33)
      (call $fd_pread (global.get $root) (i32.const 0) (i32.const 1) (i64.const 4)
        (i32.const 2048))
      (global.get $badf))
    ;; 34: to advise.
    (call $ok (i32.const 34)
      (call $fd_advise (global.get $fd) (i64.const 0) (i64.const 4) (i32.const 1)))
    ;; 35: a directory takes no advice.
    (call $expect (i32.const 35)
      (call $fd_advise (global.get $root) (i64.const 0) (i64.const 4) (i32.const 1))
      (global.get $badf))
    ;; 36: to allocate, where the host can.
    (call $expect_either (i32.const 36)
      (call $fd_allocate (global.get $fd) (i64.const 0) (i64.const 100))
      (global.get $success) (global.get $notsup))
    ;; 37: nothing to allocate of a directory.
    (call $expect (i32.const 37)
      (call $fd_allocate (global.get $root) (i64.const 0) (i64.const 100))
      (global.get $badf))
    ;; 38: to sync.
    (call $ok (i32.const 38) (call $fd_sync (global.get $fd)))
    ;; 39: a directory is not synced.
    (call $expect (i32.const 39) (call $fd_sync (global.get $root)) (global.get $badf))
    ;; 40: to sync the bytes.
    (call $ok (i32.const 40) (call $fd_datasync (global.get $fd)))
    ;; 41: a directory has none.
    (call $expect (i32.const 41) (call $fd_datasync (global.get $root)) (global.get $badf))
    ;; 42: to set the length.
    (call $ok (i32.const 42) (call $fd_filestat_set_size (global.get $fd) (i64.const 5)))
    ;; 43: a directory has none.
    (call $expect (i32.const 43) (call $fd_filestat_set_size (global.get $root) (i64.const 5))
      (global.get $badf))
    ;; 44: to set the times.
    (call $ok (i32.const 44)
      (call $fd_filestat_set_times (global.get $fd) (i64.const 1000000007) (i64.const 2000000007)
        (i32.const 5)))
    ;; 45: a time and now.
    (call $expect (i32.const 45)
      (call $fd_filestat_set_times (global.get $fd) (i64.const 1) (i64.const 1) (i32.const 3))
      (global.get $inval))
    ;; 46: to stat.
    (call $ok (i32.const 46) (call $fd_filestat_get (global.get $fd) (i32.const 4096)))
    (call $is64 (i32.const 46) (i64.load offset=24 (i32.const 4096)) (i64.const 5))
    (call $is64 (i32.const 46) (i64.load offset=40 (i32.const 4096)) (i64.const 2000000007))
    ;; 47: a closed one.
    (call $expect (i32.const 47) (call $fd_filestat_get (i32.const -1) (i32.const 4096))
      (global.get $badf))
    ;; 48: to set flags.
    (call $ok (i32.const 48) (call $fd_fdstat_set_flags (global.get $fd) (i32.const 1)))
    ;; 49: those of a directory are not set.
    (call $expect (i32.const 49) (call $fd_fdstat_set_flags (global.get $root) (i32.const 1))
      (global.get $badf))
    ;; 50: to tell of a descriptor.
    (call $ok (i32.const 50) (call $fd_fdstat_get (global.get $fd) (i32.const 4096)))
    (call $is (i32.const 50) (i32.load16_u offset=2 (i32.const 4096)) (i32.const 1))
    ;; 51: of none.
    (call $expect (i32.const 51) (call $fd_fdstat_get (i32.const -1) (i32.const 4096))
      (global.get $badf))
    ;; 52: to give up rights.
    (call $ok (i32.const 52)
      (call $fd_fdstat_set_rights (global.get $fd) (i64.const 0x200042) (i64.const 0)))
    ;; 53: they do not come back.
    (call $expect (i32.const 53)
      (call $fd_fdstat_set_rights (global.get $fd) (i64.const 0x200046) (i64.const 0))
      (global.get $notcapable))
    ;; 54: no sockets: to receive.
    (call $expect (i32.const 54)
      (call $sock_recv (global.get $fd) (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 2048)
        (i32.const 2052))
      (global.get $notsock))
    ;; 55: to receive from none.
    (call $expect (i32.const 55)
      (call $sock_recv (i32.const -1) (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 2048)
        (i32.const 2052))
      (global.get $badf))
    ;; 56: to send.
    (call $expect (i32.const 56)
      (call $sock_send (global.get $fd) (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 2048))
      (global.get $notsock))
    ;; 57: to send to none.
    (call $expect (i32.const 57)
      (call $sock_send (i32.const -1) (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 2048))
      (global.get $badf))
    ;; 58: to shut down.
    (call $expect (i32.const 58) (call $sock_shutdown (global.get $fd) (i32.const 3))
      (global.get $notsock))
    ;; 59: to shut down none.
    (call $expect (i32.const 59) (call $sock_shutdown (i32.const -1) (i32.const 3))
      (global.get $badf))

    ;; Names.
    ;; 60: to make a directory.
    (call $ok (i32.const 60)
      (call $path_create_directory (global.get $root) (global.get $dir) (i32.const 3)))
    ;; 61: once only.
    (call $expect (i32.const 61)
      (call $path_create_directory (global.get $root) (global.get $dir) (i32.const 3))
      (global.get $exist))
    ;; 62: to link.
    (call $ok (i32.const 62)
      (call $path_link (global.get $root) (i32.const 0) (global.get $file) (i32.const 4)
        (global.get $root) (global.get $second) (i32.const 6)))
    ;; 63: not a directory.
    (call $expect (i32.const 63)
      (call $path_link (global.get $root) (i32.const 0) (global.get $dir) (i32.const 3)
        (global.get $root) (global.get $new) (i32.const 3))
      (global.get $perm))
    ;; 64: to make a symbolic link.
    (call $ok (i32.const 64)
      (call $path_symlink (global.get $file) (i32.const 4) (global.get $root) (global.get $ln)
        (i32.const 2)))
    ;; 65: not an absolute one.
    (call $expect (i32.const 65)
      (call $path_symlink (global.get $/) (i32.const 1) (global.get $root) (global.get $new)
        (i32.const 3))
      (global.get $perm))
    ;; 66: to read it.
    (call $ok (i32.const 66)
      (call $path_readlink (global.get $root) (global.get $ln) (i32.const 2) (i32.const 4096)
        (i32.const 100) (i32.const 2048)))
    (call $is (i32.const 66) (i32.load (i32.const 2048)) (i32.const 4))
    ;; 67: a file is none.
    (call $expect (i32.const 67)
      (call $path_readlink (global.get $root) (global.get $file) (i32.const 4) (i32.const 4096)
        (i32.const 100) (i32.const 2048))
      (global.get $inval))
    ;; 68: to stat what it leads to.
    (call $ok (i32.const 68)
      (call $path_filestat_get (global.get $root) (i32.const 1) (global.get $ln) (i32.const 2)
        (i32.const 4096)))
    (call $is64 (i32.const 68) (i64.load offset=24 (i32.const 4096)) (i64.const 5))
    ;; 69: a name that is missing.
    (call $expect (i32.const 69)
      (call $path_filestat_get (global.get $root) (i32.const 0) (global.get $new) (i32.const 3)
        (i32.const 4096))
      (global.get $noent))
    ;; 70: to set its times.
    (call $ok (i32.const 70)
      (call $path_filestat_set_times (global.get $root) (i32.const 0) (global.get $ln)
        (i32.const 2) (i64.const 1) (i64.const 2) (i32.const 5)))
    ;; 71: those of a name that is missing.
    (call $expect (i32.const 71)
      (call $path_filestat_set_times (global.get $root) (i32.const 0) (global.get $new)
        (i32.const 3) (i64.const 1) (i64.const 2) (i32.const 5))
      (global.get $noent))
    ;; 72: to list.
    (call $ok (i32.const 72)
      (call $fd_readdir (global.get $root) (i32.const 4096) (i32.const 1000) (i64.const 0)
        (i32.const 2048)))
    (call $is (i32.const 72) (i32.gt_u (i32.load (i32.const 2048)) (i32.const 24)) (i32.const 1))
    ;; 73: a file lists nothing.
    (call $expect (i32.const 73)
      (call $fd_readdir (global.get $fd) (i32.const 4096) (i32.const 1000) (i64.const 0)
        (i32.const 2048))
      (global.get $notdir))
    ;; 74: to rename.
    (call $ok (i32.const 74)
      (call $path_rename (global.get $root) (global.get $second) (i32.const 6) (global.get $root)
        (global.get $third) (i32.const 5)))
    ;; 75: a directory is not replaced by a file.
    (call $expect (i32.const 75)
      (call $path_rename (global.get $root) (global.get $third) (i32.const 5) (global.get $root)
        (global.get $dir) (i32.const 3))
      (global.get $isdir))
    ;; 76: to unlink.
    (call $ok (i32.const 76)
      (call $path_unlink_file (global.get $root) (global.get $third) (i32.const 5)))
    ;; 77: not a directory.
    (call $expect (i32.const 77)
      (call $path_unlink_file (global.get $root) (global.get $dir) (i32.const 3))
      (global.get $isdir))
    ;; 78: to remove a directory.
    (call $ok (i32.const 78)
      (call $path_remove_directory (global.get $root) (global.get $dir) (i32.const 3)))
    ;; 79: a file is none.
    (call $expect (i32.const 79)
      (call $path_remove_directory (global.get $root) (global.get $file) (i32.const 4))
      (global.get $notdir))

    ;; The end of descriptors.
    (call $ok (i32.const 2)
      (call $path_open (global.get $root) (i32.const 0) (global.get $file) (i32.const 4)
        (i32.const 0) (i64.const 0) (i64.const 0) (i32.const 0) (i32.const 2048)))
    ;; 80: one in place of another.
    (call $ok (i32.const 80) (call $fd_renumber (i32.load (i32.const 2048)) (global.get $fd)))
    ;; 81: none in place of one.
    (call $expect (i32.const 81) (call $fd_renumber (i32.const -1) (global.get $fd))
      (global.get $badf))
    ;; 82: to close.
    (call $ok (i32.const 82) (call $fd_close (global.get $fd)))
    ;; 83: once only.
    (call $expect (i32.const 83) (call $fd_close (global.get $fd)) (global.get $badf))
    (call $proc_exit (i32.const 0)))

  ;; The file that all is done with.
  (global $fd (mut i32) (i32.const -1))

  ;; Ends the guest unless a call succeeded.
  (func $ok (param $check i32) (param $errno i32)
    (if (local.get $errno) (then (call $proc_exit (local.get $check)))))

  ;; Ends the guest unless a call answered what it has to.
  (func $expect (param $check i32) (param $errno i32) (param $wanted i32)
    (if (i32.ne (local.get $errno) (local.get $wanted))
      (then (call $proc_exit (local.get $check)))))

  ;; The same where a host may choose.
  (func $expect_either (param $check i32) (param $errno i32) (param $one i32) (param $other i32)
    (if (i32.and
          (i32.ne (local.get $errno) (local.get $one))
          (i32.ne (local.get $errno) (local.get $other)))
      (then (call $proc_exit (local.get $check)))))

  ;; Ends the guest unless two numbers are the same.
  (func $is (param $check i32) (param $found i32) (param $wanted i32)
    (if (i32.ne (local.get $found) (local.get $wanted))
      (then (call $proc_exit (local.get $check)))))

  ;; Ends the guest unless two numbers are the same.
  (func $is64 (param $check i32) (param $found i64) (param $wanted i64)
    (if (i64.ne (local.get $found) (local.get $wanted))
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

  ;; Describes a buffer.
  (func $iovec (param $at i32) (param $bytes i32) (param $len i32)
    (i32.store (local.get $at) (local.get $bytes))
    (i32.store offset=4 (local.get $at) (local.get $len)))
)
