//! What small children see inside each parent.

use crate::family::{CLOCK_AND_DIR, ECHO, Ended, FEWER_DIRS, LOG, READONLY_DIR, engines, run};
use turnkey_conformance::parents::SERVE;
use turnkey_conformance::tour::TOUR;
use turnkey_snapshots::engine::Engine;
use turnkey_virt::fs::MemoryFs;
use turnkey_wasi_common::{Access, Builder};

fn source(name: &str) -> &'static str {
    let guest = TOUR.iter().find(|guest| guest.name == name);
    guest.unwrap().source
}

fn stdout(name: &str) -> &'static str {
    let guest = TOUR.iter().find(|guest| guest.name == name);
    guest.unwrap().stdout
}

/// A context with a few empty directories.
fn dirs(context: Builder, names: &[&str]) -> Builder {
    names.iter().fold(context, |context, name| {
        context.preopen(*name, MemoryFs::new().root(), Access::ReadWrite)
    })
}

fn on_each(check: impl Fn(&dyn Engine)) {
    for engine in engines() {
        println!("{}", engine.name());
        check(&*engine);
    }
}

fn ended(code: u32, stdout: &str, stderr: &str) -> Ended {
    Ended {
        code,
        stdout: stdout.to_owned(),
        stderr: stderr.to_owned(),
    }
}

/// A child that does `body`, in which `$open` opens a path at an address of a length, with rights
/// and flags, and answers the errno; `$exit` ends it.
fn opening(data: &str, body: &str) -> String {
    format!(
        r#"(module
            (import "wasi_snapshot_preview1" "path_open"
                (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "fd_pread"
                (func $pread (param i32 i32 i32 i64 i32) (result i32)))
            (import "wasi_snapshot_preview1" "fd_write"
                (func $write (param i32 i32 i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
            (memory (export "memory") 1)
            {data}
            (func $open (param $at i32) (param $len i32) (param $oflags i32) (param $rights i64)
                (result i32)
                (call $path_open (i32.const 3) (i32.const 1) (local.get $at) (local.get $len)
                    (local.get $oflags) (local.get $rights) (i64.const 0) (i32.const 0)
                    (i32.const 0)))
            (func (export "_start") {body}))"#
    )
}

#[test]
fn readonly_dir_lists_its_files() {
    on_each(|engine| {
        let seen = run(engine, &[READONLY_DIR], source("list"), |context| context);
        assert_eq!(
            seen,
            ended(0, "hello.txt\nmoon.txt\n2 names beside . and ..\n", "")
        );
    });
}

#[test]
fn readonly_dir_reads_from_any_offset_and_refuses_changes() {
    // 100 iovec of 64 bytes at 200, and what was read | 300 names
    let data = r#"(data (i32.const 100) "\c8\00\00\00\40\00\00\00")
        (data (i32.const 300) "moon.txt") (data (i32.const 320) "none.txt")"#;
    let reading = r#"
        (if (call $open (i32.const 300) (i32.const 8) (i32.const 0) (i64.const 2))
            (then (call $exit (i32.const 1))))
        (if (call $pread (i32.load (i32.const 0)) (i32.const 100) (i32.const 1) (i64.const 4)
                (i32.const 108))
            (then (call $exit (i32.const 2))))
        (i32.store (i32.const 104) (i32.load (i32.const 108)))
        (drop (call $write (i32.const 1) (i32.const 100) (i32.const 1) (i32.const 108)))"#;
    let errno = |at, oflags, rights| {
        format!(
            "(call $exit (call $open (i32.const {at}) (i32.const 8) (i32.const {oflags})
                (i64.const {rights})))"
        )
    };
    on_each(|engine| {
        let seen = |body: &str| {
            run(engine, &[READONLY_DIR], &opening(data, body), |context| {
                context
            })
        };
        let text = "moon is made of green cheese.\n";
        assert_eq!(seen(reading), ended(0, text, ""));
        let (noent, perm) = (44, 63);
        let codes = [
            errno(320, 0, 2),
            // To be made; to be cut; to be written.
            errno(320, 1, 2),
            errno(300, 8, 2),
            errno(300, 0, 64),
        ]
        .map(|body| seen(&body).code);
        assert_eq!(codes, [noent, perm, perm, perm]);
    });
}

#[test]
fn clock_and_dir_in_rust_serves_each_kind_and_filters() {
    let data = r#"(data (i32.const 100) "\c8\00\00\00\40\00\00\00")
        (data (i32.const 300) "moon.txt")"#;
    let reading = r#"
        (if (call $open (i32.const 300) (i32.const 8) (i32.const 0) (i64.const 2))
            (then (call $exit (i32.const 1))))
        (if (call $pread (i32.load (i32.const 0)) (i32.const 100) (i32.const 1) (i64.const 24)
                (i32.const 108))
            (then (call $exit (i32.const 2))))
        (i32.store (i32.const 104) (i32.load (i32.const 108)))
        (drop (call $write (i32.const 1) (i32.const 100) (i32.const 1) (i32.const 108)))
        (call $exit (call $open (i32.const 300) (i32.const 8) (i32.const 8) (i64.const 64)))"#;
    let linking = r#"(module
        (import "wasi_snapshot_preview1" "path_symlink"
            (func $symlink (param i32 i32 i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
        (memory (export "memory") 1)
        (func (export "_start") (call $exit (call $symlink
            (i32.const 0) (i32.const 1) (i32.const 3) (i32.const 8) (i32.const 1)))))"#;
    on_each(|engine| {
        let seen = |wat: &str| run(engine, &[CLOCK_AND_DIR], wat, |context| context);
        let names = "hello.txt\nmoon.txt\nover\n3 names beside . and ..\n";
        assert_eq!(seen(source("list")), ended(0, names, ""));
        let rofs = 69;
        let text = "n cheese.\n";
        assert_eq!(seen(&opening(data, reading)), ended(rofs, text, ""));
        let told = "the time is 1, and stays 2\n\
            8 random bytes make the number 506381209866536711\n";
        assert_eq!(seen(source("moment")), ended(0, told, ""));
        let perm = 63;
        assert_eq!(seen(linking), ended(perm, "", ""));
    });
}

/// A child that does `body`. `$events` asks whether a descriptor can be read, whether it can be
/// written, and does not wait. It says `a` and `b` for what is so, as a capital if the other side has
/// gone, and `c` for the time. `$read` reads to 96, and answers how many bytes.
fn polling(fd: u32, body: &str) -> String {
    format!(
        r#"(module
            (import "wasi_snapshot_preview1" "poll_oneoff"
                (func $poll (param i32 i32 i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "fd_write"
                (func $fd_write (param i32 i32 i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "fd_read"
                (func $fd_read (param i32 i32 i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "fd_sync" (func $sync (param i32) (result i32)))
            (import "wasi_snapshot_preview1" "fd_datasync"
                (func $datasync (param i32) (result i32)))
            (import "wasi_snapshot_preview1" "path_open"
                (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "path_readlink"
                (func $readlink (param i32 i32 i32 i32 i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
            (memory (export "memory") 1)
            (data (i32.const 64) "abcdef") (data (i32.const 80) "over.")
            (data (i32.const 1032) "\01") (data (i32.const 1040) "\{fd:02x}")
            (data (i32.const 1072) "\01") (data (i32.const 1080) "\02")
            (data (i32.const 1088) "\{fd:02x}") (data (i32.const 1120) "\02")
            (func $need (param $errno i32)
                (if (local.get $errno) (then (call $exit (local.get $errno)))))
            (func $write (param $fd i32) (param $at i32) (param $len i32) (result i32)
                (i32.store (i32.const 0) (local.get $at))
                (i32.store (i32.const 4) (local.get $len))
                (call $need (call $fd_write (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 8)))
                (i32.load (i32.const 8)))
            (func $read (result i32)
                (i32.store (i32.const 0) (i32.const 96))
                (i32.store (i32.const 4) (i32.const 16))
                (call $need (call $fd_read (i32.const {fd}) (i32.const 0) (i32.const 1) (i32.const 8)))
                (i32.load (i32.const 8)))
            (func $say (param $at i32) (param $len i32)
                (drop (call $write (i32.const 1) (local.get $at) (local.get $len))))
            (func $events (local $event i32) (local $letter i32)
                (call $need (call $poll (i32.const 1024) (i32.const 2048) (i32.const 3)
                    (i32.const 12)))
                (local.set $event (i32.const 2048))
                (loop $next
                    (local.set $letter (i32.add (i32.const 97) (i32.load (local.get $event))))
                    (if (i32.load16_u offset=24 (local.get $event))
                        (then (local.set $letter (i32.sub (local.get $letter) (i32.const 32)))))
                    (i32.store8 (i32.const 112) (local.get $letter))
                    (call $say (i32.const 112) (i32.const 1))
                    (local.set $event (i32.add (local.get $event) (i32.const 32)))
                    (br_if $next (i32.lt_u (local.get $event)
                        (i32.add (i32.const 2048) (i32.mul (i32.const 32) (i32.load (i32.const 12)))))))
                (i32.store8 (i32.const 112) (i32.const 10))
                (call $say (i32.const 112) (i32.const 1)))
            (func (export "_start") {body}))"#
    )
}

#[test]
fn echo_stream_is_ready_as_its_parent_says() {
    let body = r#"
        (call $events)
        (drop (call $write (i32.const 3) (i32.const 64) (i32.const 2)))
        (call $events)
        (drop (call $write (i32.const 3) (i32.const 66) (i32.const 4)))
        (call $events)
        (call $say (i32.const 96) (call $read))
        (call $events)
        (drop (call $write (i32.const 3) (i32.const 84) (i32.const 1)))
        (call $events)
        (call $say (i32.const 96) (call $read))
        (call $exit (call $read))"#;
    on_each(|engine| {
        let seen = run(engine, &[ECHO], &polling(3, body), |context| context);
        assert_eq!(seen, ended(0, "bc\nabc\nac\nabcdbc\nABc\n.", ""));
    });
}

#[test]
fn clock_and_dir_in_rust_serves_links_syncing_and_readiness() {
    let body = r#"
        (call $events)
        (call $need (call $readlink (i32.const 3) (i32.const 80) (i32.const 4) (i32.const 96)
            (i32.const 16) (i32.const 12)))
        (call $say (i32.const 96) (i32.load (i32.const 12)))
        (call $need (call $path_open (i32.const 3) (i32.const 1) (i32.const 80) (i32.const 4)
            (i32.const 0) (i64.const 0x13) (i64.const 0) (i32.const 0) (i32.const 12)))
        (call $need (call $datasync (i32.load (i32.const 12))))
        (call $exit (i32.add (call $sync (i32.load (i32.const 12)))
            (i32.mul (i32.const 100) (call $write (i32.const 4) (i32.const 64) (i32.const 3)))))"#;
    let nospc = 51;
    on_each(|engine| {
        let seen = run(engine, &[CLOCK_AND_DIR], &polling(4, body), |context| {
            context
        });
        assert_eq!(seen, ended(nospc + 100, "Bc\nmoon.txt", ""));
    });
}

#[test]
fn serve_own_files_clocks_and_randomness_are_those_of_the_host() {
    on_each(|engine| {
        for name in ["files", "clocks", "random", "poll"] {
            let seen = run(engine, &[SERVE], source(name), |context| {
                dirs(context, &["/"])
            });
            assert_eq!(seen, ended(0, stdout(name), ""), "{name}");
        }
    });
}

#[test]
fn serve_frozen_clock_and_seed_the_same_on_every_run() {
    let frozen = |context: Builder| {
        context
            .env("TURNKEY_PARENT_CLOCK", "frozen:2019-11-12T00:00:00Z")
            .env("TURNKEY_PARENT_RANDOM", "seed:7")
    };
    on_each(|engine| {
        // The numbers are those of the seeded source of this project, whose bytes are specified.
        let seen = run(engine, &[SERVE], source("moment"), frozen);
        assert_eq!(seen, ended(0, stdout("moment"), ""));
        // A year passes at once.
        let seen = run(engine, &[SERVE], source("year"), frozen);
        assert_eq!(seen, ended(0, stdout("year"), ""));
        // As far away as there can be parents in between.
        let seen = run(engine, &[SERVE, LOG], source("moment"), frozen);
        assert_eq!((seen.code, seen.stdout.as_str()), (0, stdout("moment")));
    });
}

#[test]
fn serve_read_only_nothing_can_be_made() {
    on_each(|engine| {
        let seen = run(engine, &[SERVE], source("files"), |context| {
            dirs(context, &["/"]).env("TURNKEY_PARENT_FILES", "read-only")
        });
        assert_ne!(seen.code, 0);
    });
}

#[test]
fn serve_mistakes_in_the_environment_are_said() {
    let cases = [
        ("TURNKEY_PARENT_CLOCK", "frozen:2019-13-12T00:00:00Z"),
        ("TURNKEY_PARENT_CLOCK", "frozen:2019-11-12T00:00:00"),
        ("TURNKEY_PARENT_CLOCK", "stopped"),
        ("TURNKEY_PARENT_RANDOM", "seed:"),
        ("TURNKEY_PARENT_RANDOM", "seed:18446744073709551616"),
        ("TURNKEY_PARENT_FILES", "gone"),
    ];
    on_each(|engine| {
        for (name, value) in cases {
            let seen = run(engine, &[SERVE], source("moment"), |context| {
                context.env(name, value)
            });
            let said = format!("error: the parent cannot do its work: {name} is no `");
            assert!(seen.stderr.starts_with(&said), "{value}: {seen:?}");
            assert_eq!((seen.code, seen.stdout.as_str()), (125, ""));
        }
    });
}

#[test]
fn log_each_call_said_with_its_answer() {
    let expected = "fd_write fd 1 bytes 12 = success\n\
        clock_time_get = success\n\
        fd_write fd 1 bytes 19 = success\n";
    on_each(|engine| {
        let seen = run(engine, &[LOG], source("moment"), |context| context);
        assert_eq!(seen.code, 0);
        assert!(seen.stderr.contains(expected), "{}", seen.stderr);
        assert!(seen.stderr.contains("random_get bytes 8 = success\n"));
        assert!(seen.stdout.starts_with("the time is "));
    });
}

#[test]
fn log_a_name_of_the_childs_makes_no_line_of_its_own() {
    let data = r#"(data (i32.const 300) "a\nb\"\1b[1m")"#;
    let body = "(drop (call $open (i32.const 300) (i32.const 8) (i32.const 0) (i64.const 2)))
        (call $exit (i32.const 5))";
    let expected = "path_open fd 3 \"a?b\"?[1m\" = noent\nproc_exit code 5 = the end\n";
    on_each(|engine| {
        let seen = run(engine, &[LOG], &opening(data, body), |context| {
            dirs(context, &["/"])
        });
        assert_eq!(seen, ended(5, "", expected));
    });
}

/// A child that exits with how many descriptors are open behind the standard streams, and 100 times
/// how many variables there are.
const COUNTING: &str = r#"(module
    (import "wasi_snapshot_preview1" "fd_prestat_get" (func $prestat (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "environ_sizes_get"
        (func $environ (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 1)
    (func (export "_start") (local $fd i32)
        (local.set $fd (i32.const 3))
        (loop $next
            (if (i32.eqz (call $prestat (local.get $fd) (i32.const 0))) (then
                (local.set $fd (i32.add (local.get $fd) (i32.const 1)))
                (br $next))))
        (drop (call $environ (i32.const 0) (i32.const 4)))
        (call $exit (i32.add (i32.sub (local.get $fd) (i32.const 3))
            (i32.mul (i32.const 100) (i32.load (i32.const 0)))))))"#;

#[test]
fn fewer_dirs_three_deep_each_level_has_less() {
    let given = |context: Builder| {
        dirs(context, &["/a", "/b", "/c", "/d"])
            .env("TURNKEY_PARENT_X", "kept back")
            .env("OTHER", "handed on")
    };
    on_each(|engine| {
        for depth in 0..4 {
            let parents = vec![FEWER_DIRS; depth];
            let seen = run(engine, &parents, COUNTING, given);
            let variables = if depth == 0 { 200 } else { 100 };
            let dirs = 4 - u32::try_from(depth).unwrap();
            assert_eq!(seen, ended(variables + dirs, "", ""), "{depth}");
        }
        let seen = run(engine, &[FEWER_DIRS; 3], source("files"), given);
        assert_ne!(seen.code, 0, "what is left can only be read");
    });
}

#[test]
fn child_that_asks_for_more_is_refused_in_words() {
    let asking = r#"(module
        (import "env" "f" (func (param i32)))
        (import "wasi_snapshot_preview1" "fd_write" (func (result i32)))
        (func $start unreachable) (start $start) (func (export "_start")))"#;
    let expected = "error: the child asks for what it is not given\n  \
        + env.f (i32) -> ()  there is nothing of this name\n  \
        + wasi_snapshot_preview1.fd_write () -> (i32)  [fd.write]  there is one of another type\n\
        nothing was run\n";
    on_each(|engine| {
        for parent in [READONLY_DIR, SERVE, LOG, FEWER_DIRS, CLOCK_AND_DIR] {
            let seen = run(engine, &[parent], asking, |context| context);
            assert_eq!(seen, ended(3, "", expected));
        }
    });
}

#[test]
fn child_that_traps_is_told_of_and_its_code_is_kept() {
    on_each(|engine| {
        let trapping = r#"(module (func (export "_start") unreachable))"#;
        let seen = run(engine, &[SERVE, FEWER_DIRS], trapping, |context| context);
        assert_eq!(seen, ended(134, "", "error: the child trapped\n"));
    });
}
