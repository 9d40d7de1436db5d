//! `--parent`: programs beneath wasm parents.

use crate::support::{ENGINES, Ended, Place, command, guest};
use turnkey_conformance::parents::{FORWARD, PASS};

/// The engines on which a parent can be asked.
fn engines() -> impl Iterator<Item = &'static str> {
    ENGINES
        .iter()
        .copied()
        .filter(|engine| *engine != "tinywasm")
}

/// A place with a guest and both parents.
fn place(module: &str) -> Place {
    let place = Place::with(module);
    place.file("pass.wat", PASS);
    place.file("forward.wat", FORWARD);
    place
}

/// Trees of parents: none, each alone, and both above each other.
const TREES: [&[&str]; 5] = [
    &[],
    &["pass.wat"],
    &["forward.wat"],
    &["pass.wat", "forward.wat", "pass.wat", "forward.wat"],
    &["forward.wat", "forward.wat", "pass.wat", "pass.wat"],
];

/// Runs the guest beneath parents.
fn beneath(place: &Place, engine: &str, parents: &[&str], args: &[&str]) -> Ended {
    let mut all = Vec::new();
    for parent in parents {
        all.extend(["--parent", parent]);
    }
    place.run(engine, &[&all, args].concat())
}

/// Runs a guest beneath each tree on each engine, and sees that it ends the same.
fn same(module: &str, args: &[&str], expected: &Ended) {
    let place = place(module);
    for engine in engines() {
        for parents in TREES {
            let ended = beneath(&place, engine, parents, args);
            assert_eq!(ended, *expected, "{engine} {parents:?}");
        }
    }
}

/// Says every argument and variable, each ended by a NUL, and the names of two directories.
const TELLING: &str = r#"
    (func (export "_start")
        (call $need (call $args_sizes_get (i32.const 16) (i32.const 20)))
        (call $need (call $args_get (i32.const 1024) (i32.const 2048)))
        (call $say (i32.const 2048) (i32.load (i32.const 20)))
        (call $need (call $environ_sizes_get (i32.const 16) (i32.const 20)))
        (call $need (call $environ_get (i32.const 1024) (i32.const 2048)))
        (call $say (i32.const 2048) (i32.load (i32.const 20)))
        (call $need (call $fd_prestat_dir_name (i32.const 3) (i32.const 2048) (i32.const 2)))
        (call $say (i32.const 2048) (i32.const 2))
        (call $need (call $fd_prestat_dir_name (i32.const 4) (i32.const 2048) (i32.const 1)))
        (call $say (i32.const 2048) (i32.const 1))
        (call $proc_exit (call $fd_prestat_get (i32.const 5) (i32.const 16))))"#;

#[test]
fn parent_child_is_told_what_it_would_be_told_without() {
    let module = guest(
        &[
            "args_sizes_get",
            "args_get",
            "environ_sizes_get",
            "environ_get",
            "fd_prestat_dir_name",
            "fd_prestat_get",
        ],
        TELLING,
    );
    let args = [
        "--env",
        "A=1=2",
        "--env",
        "EMPTY=",
        "--dir",
        ".::/a",
        "--mem-dir",
        "b",
        "guest.wat",
        "",
        "x",
        "--parent",
    ];
    let stdout = "guest.wat\0\0x\0--parent\0A=1=2\0EMPTY=\0/ab";
    // Nothing is open at 5.
    same(&module, &args, &Ended::new(8, stdout, ""));
}

#[test]
fn parent_what_was_given_rules_the_child() {
    let clock = command(
        &["clock_time_get"],
        "(call $need (call $clock_time_get (i32.const 0) (i64.const 0) (i32.const 16)))
        (call $proc_exit (i32.wrap_i64 (i64.div_u (i64.load (i32.const 16))
            (i64.const 1000000000))))",
    );
    let frozen = ["--clock", "frozen:1970-01-01T00:00:42Z", "guest.wat"];
    same(&clock, &frozen, &Ended::new(42, "", ""));

    let draw = command(
        &["random_get"],
        "(call $need (call $random_get (i32.const 16) (i32.const 1)))
        (call $proc_exit (i32.load8_u (i32.const 16)))",
    );
    let drawn = Place::with(&draw).run(ENGINES[0], &["--seed", "7", "guest.wat"]);
    same(&draw, &["--seed", "7", "guest.wat"], &drawn);

    let year = command(
        &["poll_oneoff"],
        "(i32.store (i32.const 32) (i32.const 1))
        (i64.store (i32.const 40) (i64.const 31536000000000000))
        (call $proc_exit (call $poll_oneoff (i32.const 16) (i32.const 128) (i32.const 1)
            (i32.const 12)))",
    );
    same(
        &year,
        &["--virtual-time", "guest.wat"],
        &Ended::new(0, "", ""),
    );
}

#[test]
fn parent_denied_and_failing_calls_are_the_childs() {
    let yielding = command(&["sched_yield"], "(call $proc_exit (call $sched_yield))");
    let denied = ["--deny", "sched_yield=busy", "guest.wat"];
    same(&yielding, &denied, &Ended::new(10, "", ""));
    let failing = ["--fault", "sched_yield=io", "guest.wat"];
    same(&yielding, &failing, &Ended::new(29, "", ""));
    let place = place(&yielding);
    for engine in engines() {
        let denied = ["--deny", "args", "--deny", "environ", "guest.wat"];
        let ended = beneath(&place, engine, &["pass.wat", "forward.wat"], &denied);
        assert_eq!(ended, Ended::new(0, "", ""), "{engine}");
    }
}

#[test]
fn parent_trace_and_audit_see_each_call_of_the_child_once() {
    let module = command(
        &["path_open", "sched_yield"],
        "(drop (call $sched_yield))
        (drop (call $path_open (i32.const 3) (i32.const 0) (i32.const 64) (i32.const 2)
            (i32.const 0) (i64.const 0) (i64.const 0) (i32.const 0) (i32.const 16)))",
    )
    .replace("(memory", "(data (i32.const 64) \"..\") (memory");
    let place = place(&module);
    for engine in engines() {
        for parents in TREES {
            let args = [
                "--trace=trace",
                "--audit",
                "audit",
                "--dir",
                ".",
                "guest.wat",
            ];
            let ended = beneath(&place, engine, parents, &args);
            assert_eq!(ended, Ended::new(0, "", ""), "{engine} {parents:?}");
            let told = |file| std::fs::read_to_string(place.path(file)).unwrap();
            let trace = told("trace");
            assert_eq!(trace.matches("sched_yield() =").count(), 1, "{trace}");
            let audit = told("audit");
            assert_eq!(audit.matches("path_open").count(), 1, "{audit}");
        }
    }
}

#[test]
fn parent_ends_as_its_child() {
    let cases = [
        ("(call $proc_exit (i32.const 77))", 77, ""),
        ("", 0, ""),
        ("(unreachable)", 134, "parent: the child trapped\n"),
    ];
    for (body, code, told) in cases {
        let place = place(&command(&[], body));
        for engine in engines() {
            for parents in &TREES[1..] {
                let ended = beneath(&place, engine, parents, &["guest.wat"]);
                assert_eq!(ended.code, Some(code), "{engine} {parents:?} {ended:?}");
                let lines = match code {
                    134 => parents.len(),
                    _ => 0,
                };
                assert_eq!(ended.stderr.matches("parent: ").count(), lines, "{ended:?}");
                assert!(ended.stderr.starts_with(told), "{ended:?}");
            }
        }
    }
}

#[test]
fn parent_child_that_asks_for_more_all_told_and_nothing_runs() {
    let place = place(
        r#"(module
        (import "env" "f" (func (param i64)))
        (import "wasi_snapshot_preview1" "fd_sync" (func (param i32 i32)))
        (import "wasi_snapshot_preview1" "nothing" (func))
        (func $start unreachable) (start $start) (func (export "_start")))"#,
    );
    for engine in engines() {
        let parents = ["pass.wat", "forward.wat"];
        let mut ended = beneath(&place, engine, &parents, &["guest.wat"]);
        let mut lines: Vec<_> = ended.stderr.lines().collect();
        lines.sort_unstable();
        let told = [
            "parent: the child asks for env.f (i64) -> (), which nobody holds",
            "parent: the child asks for wasi_snapshot_preview1.fd_sync (i32, i32) -> (), which has \
             another type",
            "parent: the child asks for wasi_snapshot_preview1.nothing () -> (), which nobody holds",
        ];
        assert_eq!(lines, told, "{engine}");
        ended.stderr.clear();
        assert_eq!(ended, Ended::new(3, "", ""), "{engine}");
    }
}

#[test]
fn parent_time_limit_ends_a_grandchild_that_sleeps_or_computes() {
    let sleeping = "(i32.store (i32.const 32) (i32.const 1))
        (i64.store (i32.const 40) (i64.const 3600000000000))
        (drop (call $poll_oneoff (i32.const 16) (i32.const 128) (i32.const 1) (i32.const 12)))";
    for body in [sleeping, "(loop (br 0))"] {
        let place = place(&command(&["poll_oneoff"], body));
        for engine in engines() {
            for parents in &TREES[1..] {
                let args = ["--timeout", "200ms", "guest.wat"];
                let ended = beneath(&place, engine, parents, &args);
                let told = "error: the guest was ended: the time limit was reached\n";
                assert_eq!(ended, Ended::new(134, "", told), "{engine} {parents:?}");
            }
        }
    }
}

/// The parents say why before the command does.
#[test]
fn parent_fuel_of_all_ends_the_child() {
    let place = place(&command(&[], "(loop (br 0))"));
    for engine in engines() {
        for parents in &TREES[1..] {
            let ended = beneath(
                &place,
                engine,
                parents,
                &["--fuel", "50000000", "guest.wat"],
            );
            assert_eq!(ended.code, Some(134), "{engine} {parents:?} {ended:?}");
            let told = ended
                .stderr
                .starts_with("parent: the child ran out of fuel\n");
            assert!(told, "{engine} {parents:?} {ended:?}");
        }
    }
}

/// It grows by a page as often as it can, and exits with the number of pages.
const GROWING: &str = "(loop (br_if 0 (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))
    (call $proc_exit (memory.size))";

#[test]
fn parent_memory_and_descriptors_of_all_beneath_are_limited() {
    let place = place(&command(&[], GROWING));
    for engine in engines() {
        let pages = |parents: &[&str]| {
            let args = ["--max-memory", "4MiB", "guest.wat"];
            let ended = beneath(&place, engine, parents, &args);
            assert_eq!(ended.stderr, "", "{engine} {parents:?}");
            ended.code.unwrap()
        };
        assert_eq!(pages(&[]), 64, "{engine}");
        assert_eq!(pages(&["pass.wat"]), 64, "{engine}");
        // The second has a sixteenth of it, and the third a sixteenth of the rest.
        assert_eq!(pages(&["pass.wat", "forward.wat"]), 60, "{engine}");
        assert_eq!(pages(&["pass.wat", "pass.wat", "pass.wat"]), 56, "{engine}");
    }
    let opening = command(
        &["path_open"],
        "(local $n i32)
        (loop
            (local.set $n (i32.add (local.get $n) (i32.const 1)))
            (br_if 0 (i32.eqz (call $path_open (i32.const 3) (i32.const 0) (i32.const 64)
                (i32.const 1) (i32.const 0) (i64.const 0) (i64.const 0) (i32.const 0)
                (i32.const 16)))))
        (call $proc_exit (local.get $n))",
    )
    .replace("(memory", "(data (i32.const 64) \".\") (memory");
    let place = self::place(&opening);
    for engine in engines() {
        let opened = |parents: &[&str]| {
            let args = ["--max-files", "40", "--dir", ".", "guest.wat"];
            let ended = beneath(&place, engine, parents, &args);
            assert_eq!(ended.stderr, "", "{engine} {parents:?}");
            ended.code.unwrap()
        };
        assert_eq!(opened(&[]), 37, "{engine}");
        assert_eq!(opened(&["pass.wat"]), 37, "{engine}");
        assert_eq!(opened(&["pass.wat", "pass.wat"]), 27, "{engine}");
    }
}

#[test]
fn parent_as_many_as_there_can_be_and_not_one_more() {
    let place = place(&command(
        &[],
        "(call $say (i32.const 0) (i32.const 0)) (call $proc_exit (i32.const 5))",
    ));
    for engine in engines() {
        for parent in ["pass.wat", "forward.wat"] {
            let ended = beneath(&place, engine, &[parent; 16], &["guest.wat"]);
            assert_eq!(ended, Ended::new(5, "", ""), "{engine} {parent}");
        }
        let ended = beneath(&place, engine, &["pass.wat"; 17], &["guest.wat"]);
        let told =
            "error: --parent: there are 17 parents, and 16 at most can lie above each other\n";
        assert_eq!(ended, Ended::new(2, "", told), "{engine}");
    }
}

#[test]
fn parent_mistakes_told_before_anything_runs() {
    let place = place(&command(&[], "(unreachable)"));
    place.file(
        "library.wat",
        "(module (import \"nanoprocess_0\" \"child_kill\" (func (param i32) (result i32))))",
    );
    place.file(
        "greedy.wat",
        "(module (import \"nanoprocess_0\" \"child_fly\" (func)) (func (export \"_start\")))",
    );
    let engine = engines().next().unwrap();
    let cases = [
        (
            &["--parent", "none.wat", "guest.wat"][..],
            "none.wat: there is no such file; name a .wasm or .wat file",
        ),
        (
            &["--parent", "guest.wat", "guest.wat"],
            "guest.wat: this is no parent: it imports nothing of `nanoprocess_0`",
        ),
        (
            &["--parent", "greedy.wat", "guest.wat"],
            "greedy.wat: it imports the function `nanoprocess_0.child_fly`, which does not exist here; \
             build it for wasm32-wasip1 without that",
        ),
        (
            &["--parent", "library.wat", "guest.wat"],
            "library.wat: there is no exported function `_start`; call a function with --invoke (it \
             exports none)",
        ),
        (
            &["--parent", "pass.wat", "--invoke", "f", "guest.wat"],
            "the argument '--parent <PARENT>' cannot be used with '--invoke <FUNC>'; --help tells more",
        ),
        (
            &["--parent", "pass.wat", "--record", "log", "guest.wat"],
            "the argument '--parent <PARENT>' cannot be used with '--record <FILE>'; --help tells more",
        ),
    ];
    for (args, told) in cases {
        let ended = place.run(engine, args);
        assert_eq!(ended, Ended::new(2, "", &format!("error: {told}\n")));
    }
    if ENGINES.contains(&"tinywasm") {
        let ended = place.run("tinywasm", &["--parent", "pass.wat", "guest.wat"]);
        let told = "error: --parent: tinywasm runs each guest on a thread of its own, where no parent \
                    can be asked; choose another with --engine\n";
        assert_eq!(ended, Ended::new(2, "", told));
    }
}

#[test]
fn parent_lock_is_of_parents_as_well() {
    let place = place(&command(&[], "(call $proc_exit (i32.const 5))"));
    let engine = engines().next().unwrap();
    let locked = place.turnkey(&["lock", "pass.wat", "guest.wat"]);
    assert_eq!(locked.code, Some(0), "{locked:?}");
    let run = |parent| {
        let args = ["--lock", "turnkey.lock", "--parent", parent, "guest.wat"];
        place.run(engine, &args)
    };
    assert_eq!(run("pass.wat"), Ended::new(5, "", ""));
    let refused = run("forward.wat");
    assert_eq!(refused.code, Some(3), "{refused:?}");
    assert!(refused.stderr.contains("forward"), "{refused:?}");
}
