//! The operations that are compared.

/// One operation: what a guest does in a loop, in WebAssembly.
pub(crate) struct Op {
    /// What it is called in tables and by `--only`.
    pub(super) name: &'static str,
    /// The export that carries it out, and the name by which natives know it.
    pub(super) export: &'static str,
    /// What is done once before the loop. Leaves nothing.
    pub(super) before: &'static str,
    /// What is done in each turn. Leaves an errno.
    pub(super) body: &'static str,
    /// What is done before such turns and what behind them, without being timed. Each leaves an
    /// errno.
    pub(super) frame: Option<[&'static str; 2]>,
}

impl Op {
    const fn plain(name: &'static str, export: &'static str, body: &'static str) -> Self {
        Self {
            name,
            export,
            before: "",
            body,
            frame: None,
        }
    }

    /// The exports of what is done before and behind.
    pub(super) fn frame_exports(&self) -> Option<[String; 2]> {
        self.frame?;
        Some(["ready", "done"].map(|when| format!("{}_{when}", self.export)))
    }
}

const TO_START: &str =
    "(drop (call $fd_seek (global.get $file) (i64.const 0) (i32.const 0) (i32.const 2048)))";

/// All operations. Addresses are those of [`guest`](super::guest).
pub(super) static OPS: [Op; 36] = [
    Op::plain(
        "clock_time_get, monotonic",
        "clock_monotonic",
        "(call $clock_time_get (i32.const 1) (i64.const 1) (i32.const 2048))",
    ),
    Op::plain(
        "clock_time_get, realtime",
        "clock_realtime",
        "(call $clock_time_get (i32.const 0) (i64.const 1) (i32.const 2048))",
    ),
    Op::plain(
        "random_get 16 B",
        "random_16",
        "(call $random_get (i32.const 65536) (i32.const 16))",
    ),
    Op::plain(
        "random_get 64 KiB",
        "random_64k",
        "(call $random_get (i32.const 65536) (i32.const 65536))",
    ),
    Op::plain(
        "args_get (4)",
        "args_get",
        "(call $args_get (i32.const 4096) (i32.const 8192))",
    ),
    Op::plain(
        "environ_sizes_get (8)",
        "environ_sizes_get",
        "(call $environ_sizes_get (i32.const 2048) (i32.const 2052))",
    ),
    Op::plain(
        "environ_get (8)",
        "environ_get",
        "(call $environ_get (i32.const 4096) (i32.const 8192))",
    ),
    Op::plain("sched_yield", "sched_yield", "(call $sched_yield)"),
    Op::plain(
        "poll_oneoff, clock 0",
        "poll_clock",
        "(call $poll_oneoff (i32.const 1536) (i32.const 2048) (i32.const 1) (i32.const 2040))",
    ),
    Op::plain(
        "fd_write 1 B, null sink",
        "write_null",
        "(call $fd_write (i32.const 1) (i32.const 1032) (i32.const 1) (i32.const 2048))",
    ),
    Op::plain(
        "fd_write 64 B, pipe in memory",
        "pipe_write",
        "(call $all_of (i32.const 64)
            (call $fd_write (i32.const 2) (i32.const 1024) (i32.const 1) (i32.const 2048)))",
    ),
    Op::plain(
        "fd_read 64 B, pipe in memory",
        "pipe_read",
        "(call $all_of (i32.const 64)
            (call $fd_read (i32.const 0) (i32.const 1024) (i32.const 1) (i32.const 2048)))",
    ),
    Op::plain(
        "fd_prestat_get",
        "prestat_get",
        "(call $fd_prestat_get (i32.const 3) (i32.const 2048))",
    ),
    Op::plain(
        "fd_fdstat_get",
        "fdstat_get",
        "(call $fd_fdstat_get (global.get $file) (i32.const 2048))",
    ),
    Op::plain(
        "fd_seek",
        "seek",
        "(call $fd_seek (global.get $file) (i64.const 7) (i32.const 0) (i32.const 2048))",
    ),
    Op::plain(
        "fd_tell",
        "tell",
        "(call $fd_tell (global.get $file) (i32.const 2048))",
    ),
    Op::plain(
        "fd_filestat_get",
        "filestat_get",
        "(call $fd_filestat_get (global.get $file) (i32.const 2048))",
    ),
    Op {
        before: TO_START,
        ..Op::plain(
            "fd_write 1 B",
            "write_1",
            "(call $fd_write (global.get $file) (i32.const 1032) (i32.const 1) (i32.const 2048))",
        )
    },
    Op {
        before: TO_START,
        ..Op::plain(
            "fd_write 64 KiB",
            "write_64k",
            "(call $write_64k (local.get $left))",
        )
    },
    Op {
        before: TO_START,
        ..Op::plain(
            "fd_read 64 KiB",
            "read_64k",
            "(call $read_64k (local.get $left))",
        )
    },
    Op::plain(
        "fd_pread 4 KiB",
        "pread_4k",
        "(call $all_of (i32.const 4096) (call $fd_pread (global.get $file)
            (i32.const 1040) (i32.const 1) (i64.const 4096) (i32.const 2048)))",
    ),
    Op::plain(
        "fd_pwrite 4 KiB",
        "pwrite_4k",
        "(call $all_of (i32.const 4096) (call $fd_pwrite (global.get $file)
            (i32.const 1040) (i32.const 1) (i64.const 4096) (i32.const 2048)))",
    ),
    Op::plain(
        "fd_pread 64 KiB",
        "pread_64k",
        "(call $all_of (i32.const 65536) (call $fd_pread (global.get $file)
            (i32.const 1048) (i32.const 1) (i64.const 4096) (i32.const 2048)))",
    ),
    Op::plain(
        "fd_pwrite 64 KiB",
        "pwrite_64k",
        "(call $all_of (i32.const 65536) (call $fd_pwrite (global.get $file)
            (i32.const 1048) (i32.const 1) (i64.const 4096) (i32.const 2048)))",
    ),
    Op::plain(
        "fd_pwrite 64 KiB, 16 buffers",
        "pwrite_16",
        "(call $pwrite_16)",
    ),
    Op::plain(
        "path_filestat_get, depth 1",
        "stat_1",
        "(call $path_filestat_get (i32.const 3) (i32.const 0)
            (i32.const 0) (i32.const 4) (i32.const 2048))",
    ),
    Op::plain(
        "path_filestat_get, depth 6",
        "stat_6",
        "(call $path_filestat_get (i32.const 3) (i32.const 0)
            (i32.const 16) (i32.const 14) (i32.const 2048))",
    ),
    Op::plain(
        "path_open + fd_close, depth 1",
        "open_1",
        "(call $open_close (i32.const 0) (i32.const 4) (i32.const 0))",
    ),
    Op::plain(
        "path_open + fd_close, depth 6",
        "open_6",
        "(call $open_close (i32.const 16) (i32.const 14) (i32.const 0))",
    ),
    Op::plain(
        "create, close and unlink",
        "create",
        "(call $create_unlink)",
    ),
    Op::plain(
        "path_rename, there and back",
        "rename",
        "(call $rename_twice)",
    ),
    Op::plain(
        "path_create_directory and path_remove_directory",
        "mkdir",
        "(call $mkdir_rmdir)",
    ),
    Op::plain(
        "fd_readdir, 10,000 entries",
        "readdir",
        "(call $list (global.get $many) (i32.const 10000))",
    ),
    Op::plain(
        "fd_readdir, 100,000 entries",
        "readdir_100k",
        "(call $list (global.get $lots) (i32.const 100000))",
    ),
    Op::plain("walking 20,000 files with stat", "walk", "(call $walk_all)"),
    Op {
        frame: Some(["(call $copy_ready)", "(call $copy_done)"]),
        ..Op::plain("copying 256 MiB", "copy", "(call $copy)")
    },
];
