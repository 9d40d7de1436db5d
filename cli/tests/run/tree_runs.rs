//! `turnkey tree`: applications that are run.

use crate::support::{ENGINES, Ended, Place, command, guest};

/// The engines of two modules of a tree: each that is built in for both, and mixed.
pub(crate) fn pairs() -> Vec<(&'static str, &'static str)> {
    let mut pairs = Vec::new();
    // What one of tinywasm's guests calls would be called on that guest's own thread.
    for one in ENGINES.iter().filter(|engine| **engine != "tinywasm") {
        pairs.extend(ENGINES.iter().map(|other| (*one, *other)));
    }
    pairs
}

/// Those of them of which the second can call the first back.
pub(crate) fn pairs_that_call_back() -> impl Iterator<Item = (&'static str, &'static str)> {
    let pairs = pairs().into_iter();
    pairs.filter(|(_, other)| *other != "tinywasm")
}

/// A module of a tree's file; `more` are further lines.
pub(crate) fn module(name: &str, parent: &str, engine: &str, more: &str) -> String {
    let parent = match parent {
        "" => String::new(),
        parent => format!("parent = '{parent}'\n"),
    };
    format!(
        "[[module]]\nname = '{name}'\nfile = '{name}.wat'\nengine = '{engine}'\n{parent}{more}\n"
    )
}

pub(crate) fn link(import: &str, from: &str, export: &str) -> String {
    let (module, name) = import.split_once('.').unwrap();
    format!(
        "[[module.link]]\nmodule = '{module}'\nname = '{name}'\nfrom = '{from}'\n\
         export = '{export}'\n"
    )
}

pub(crate) fn run(place: &Place, modules: &[String]) -> Ended {
    place.file("tree.toml", format!("version = 1\n{}", modules.concat()));
    place.turnkey(&["tree", "tree.toml"])
}

/// A reactor: exports `add`, which adds what it was initialized with, and calls nobody.
const ADDER: &str = r#"(module (global $more (mut i64) (i64.const 0))
    (func (export "_initialize")
        (global.set $more (i64.add (global.get $more) (i64.const 1000))))
    (func (export "add") (param i64 f32) (result i64)
        (i64.add (global.get $more)
            (i64.add (local.get 0) (i64.trunc_f32_s (local.get 1))))))"#;

/// A reactor that doubles what the adder answers.
const DOUBLER: &str = r#"(module
    (import "math" "add" (func $add (param i64 f32) (result i64)))
    (memory (export "memory") 1)
    (func (export "double") (param i64) (result i64)
        (i64.mul (i64.const 2) (call $add (local.get 0) (f32.const 1.5)))))"#;

#[test]
fn tree_three_levels_call_each_other_and_exit_with_the_roots_code() {
    let place = Place::new();
    place.file("adder.wat", ADDER);
    place.file("doubler.wat", DOUBLER);
    // 2 * (1000 + 20 + 1), twice: initialized once.
    place.file(
        "root.wat",
        r#"(module
            (import "twice" "double" (func $double (param i64) (result i64)))
            (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
            (memory (export "memory") 1)
            (func $check (if (i64.ne (call $double (i64.const 20)) (i64.const 2042))
                (then (unreachable))))
            (func (export "_start") (call $check) (call $check) (call $exit (i32.const 42))))"#,
    );
    for (one, other) in pairs() {
        for (root, doubler, adder) in [(one, one, other), (ENGINES[0], one, other)] {
            let ended = run(
                &place,
                &[
                    module("root", "", root, &link("twice.double", "doubler", "double")),
                    module(
                        "doubler",
                        "root",
                        doubler,
                        &link("math.add", "adder", "add"),
                    ),
                    module("adder", "doubler", adder, ""),
                ],
            );
            assert_eq!(ended, Ended::new(42, "", ""), "{root} {doubler} {adder}");
        }
    }
}

#[test]
fn tree_root_that_is_no_command_its_childrens_are_run_in_order() {
    let place = Place::new();
    // Each says its name through the root's count of calls.
    place.file(
        "root.wat",
        r#"(module (global $calls (mut i32) (i32.const 0))
            (func (export "next") (result i32)
                (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
                (global.get $calls)))"#,
    );
    let says = |code: &str| {
        command(
            &[],
            &format!(
                "(i32.store8 (i32.const 64) (i32.add (i32.const 48) (call $next)))
                (call $say (i32.const 64) (i32.const 1)) {code}"
            ),
        )
        .replacen(
            "(import",
            r#"(import "count" "next" (func $next (result i32))) (import"#,
            1,
        )
    };
    place.file("first.wat", says(""));
    place.file("second.wat", says("(call $proc_exit (i32.const 0))"));
    place.file("third.wat", says("(call $proc_exit (i32.const 3))"));
    place.file("fourth.wat", says(""));
    for (one, other) in pairs() {
        let with = format!("fds = [1]\n{}", link("count.next", "root", "next"));
        let ended = run(
            &place,
            &[
                module("root", "", other, "fds = [0, 1, 2]\n"),
                module("first", "root", one, &with),
                module("second", "root", one, &with),
                module("third", "root", one, &with),
                module("fourth", "root", one, &with),
            ],
        );
        assert_eq!(ended, Ended::new(3, "123", ""), "{one} {other}");
    }
}

/// A grandchild that reads a file, the clock and a random byte, its argument and variable.
fn reading() -> String {
    guest(
        &[
            "path_open",
            "fd_read",
            "clock_time_get",
            "random_get",
            "args_get",
            "environ_get",
            "poll_oneoff",
        ],
        r#"(data (i32.const 512) "file") (data (i32.const 520) "new")
        (func (export "_start")
            (call $need (call $path_open (i32.const 3) (i32.const 0) (i32.const 512) (i32.const 4)
                (i32.const 0) (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 16)))
            (i32.store (i32.const 24) (i32.const 1024))
            (i32.store (i32.const 28) (i32.const 100))
            (call $need (call $fd_read (i32.load (i32.const 16)) (i32.const 24) (i32.const 1)
                (i32.const 20)))
            (call $say (i32.const 1024) (i32.load (i32.const 20)))
            (call $need (call $args_get (i32.const 16) (i32.const 1024)))
            (call $say (i32.const 1024) (i32.const 1))
            (call $need (call $environ_get (i32.const 16) (i32.const 1024)))
            (call $say (i32.const 1024) (i32.const 3))
            ;; An hour passes at once.
            (i32.store (i32.const 32) (i32.const 0))
            (i32.store (i32.const 48) (i32.const 1))
            (i64.store (i32.const 56) (i64.const 3600000000000))
            (call $need (call $poll_oneoff (i32.const 32) (i32.const 128) (i32.const 1)
                (i32.const 12)))
            (call $need (call $clock_time_get (i32.const 0) (i64.const 0) (i32.const 16)))
            (if (i64.ne (i64.load (i32.const 16)) (i64.const 3600000000000))
                (then (unreachable)))
            (call $need (call $random_get (i32.const 16) (i32.const 1)))
            ;; The directory can only be read: 76 is `notcapable`.
            (call $proc_exit (call $path_open (i32.const 3) (i32.const 0) (i32.const 520)
                (i32.const 3) (i32.const 1) (i64.const 64) (i64.const 0) (i32.const 0)
                (i32.const 16))))"#,
    )
}

#[test]
fn tree_grandchild_has_what_it_is_granted_and_no_more() {
    let place = Place::new();
    place.dir("app");
    place.dir("app/data");
    place.dir("app/data/in");
    place.file("app/data/in/file", "contents\n");
    place.file("app/root.wat", "(module)");
    place.file("app/between.wat", "(module)");
    place.file("app/reading.wat", reading());
    for (one, other) in pairs() {
        let modules = [
            "version = 1\n".to_owned(),
            module(
                "root",
                "",
                other,
                "fds = [1, 2]\n[[module.dir]]\nfrom = 'data'\nname = '/data'\n",
            ),
            module(
                "between",
                "root",
                other,
                "fds = [1]\n[[module.dir]]\nfrom = '/data'\nname = '/'\nread-only = true\n",
            ),
            module(
                "reading",
                "between",
                one,
                "fds = [1]\nargs = ['a']\nenv = { B = '1' }\nrandom = 'virtual:7'\n\
                 clocks = 'virtual:1970-01-01T00:00:00Z'\n[[module.dir]]\nfrom = '/in'\n\
                 read-only = true\n",
            ),
        ];
        place.file("app/tree.toml", modules.concat());
        let ended = place.turnkey(&["tree", "app/tree.toml"]);
        let stdout = "contents\naB=1";
        assert!(
            ended == Ended::new(76, stdout, "") || ended == Ended::new(63, stdout, ""),
            "{one} {other} {ended:?}"
        );
    }
}

#[test]
fn tree_trap_of_a_child_ends_its_callers_and_names_it() {
    let place = Place::new();
    let passing = |body: &str| {
        format!(
            r#"(module (import "below" "f" (func $f)) (func (export "f") (call $f) {body})
            (func (export "_start") (call $f) {body}))"#
        )
    };
    place.file("app.wat", passing("(unreachable)"));
    place.file("middle.wat", passing(""));
    place.file(
        "deep.wat",
        r#"(module (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
            (memory (export "memory") 1)
            (func (export "f") (unreachable))
            (func (export "leave") (call $exit (i32.const 0)))
            (func (export "loop") (loop (br 0))))"#,
    );
    for (one, other) in pairs() {
        for (export, limits, told) in [
            ("f", "", "trapped: app > middle > deep: "),
            (
                "leave",
                "",
                "trapped: app > middle > deep: it exited with 0\n",
            ),
            (
                "loop",
                "[module.limits]\nfuel = 100000\n",
                "trapped: app > middle > deep: it ran out of fuel\n",
            ),
            (
                "loop",
                "[module.limits]\ntime = '50ms'\n",
                "trapped: app > middle > deep: its time was over\n",
            ),
        ] {
            let ended = run(
                &place,
                &[
                    module("app", "", one, &link("below.f", "middle", "f")),
                    module("middle", "app", one, &link("below.f", "deep", export)),
                    module("deep", "middle", other, limits),
                ],
            );
            assert_eq!(ended.code, Some(134), "{ended:?}");
            let told = format!("error: the guest {told}");
            assert_eq!(ended.stderr.matches("app >").count(), 1, "{ended:?}");
            assert!(
                ended.stderr.starts_with(&told),
                "{one} {other} {export}: {ended:?}"
            );
        }
    }
}

#[test]
fn tree_caller_whose_time_is_over_ends_with_what_it_waits_for() {
    let place = Place::new();
    place.file(
        "app.wat",
        r#"(module (import "b" "f" (func $f)) (func (export "_start") (call $f)))"#,
    );
    place.file("b.wat", r#"(module (func (export "f") (loop (br 0))))"#);
    place.file("root.wat", "(module)");
    for (one, other) in pairs() {
        let with = format!("limits = {{ time = '100ms' }}\n{}", link("b.f", "b", "f"));
        let ended = run(
            &place,
            &[
                module("root", "", one, ""),
                module("app", "root", one, &with),
                module("b", "root", other, ""),
            ],
        );
        let told = "error: the guest trapped: root > app: its time was over\n";
        assert_eq!(ended, Ended::new(134, "", told), "{one} {other}");
    }
}

#[test]
fn tree_module_that_is_in_a_call_cannot_be_called_again() {
    let place = Place::new();
    place.file(
        "app.wat",
        r#"(module (import "below" "f" (func $f)) (func (export "again"))
            (func (export "_start") (call $f)))"#,
    );
    place.file(
        "below.wat",
        r#"(module (import "app" "again" (func $again)) (func (export "f") (call $again)))"#,
    );
    for (one, other) in pairs_that_call_back() {
        let ended = run(
            &place,
            &[
                module("app", "", one, &link("below.f", "below", "f")),
                module("below", "app", other, &link("app.again", "app", "again")),
            ],
        );
        let told = "error: the guest trapped: app: it is in a call already, and `again` cannot be \
                    called\n";
        assert_eq!(ended, Ended::new(134, "", told), "{one} {other}");
    }
}

#[test]
fn tree_command_by_a_link_returns_where_it_exits_with_0() {
    let place = Place::new();
    place.file(
        "app.wat",
        r#"(module (import "run" "one" (func $one)) (import "run" "two" (func $two))
            (func (export "_start") (call $one) (call $two)))"#,
    );
    let exiting = |code: u32| command(&[], &format!("(call $proc_exit (i32.const {code}))"));
    place.file("one.wat", exiting(0));
    place.file("two.wat", exiting(9));
    for (one, other) in pairs() {
        let links = link("run.one", "one", "_start") + &link("run.two", "two", "_start");
        let ended = run(
            &place,
            &[
                module("app", "", one, &links),
                module("one", "app", other, ""),
                module("two", "app", other, ""),
            ],
        );
        let told = "error: the guest trapped: app > two: it exited with 9\n";
        assert_eq!(ended, Ended::new(134, "", told), "{one} {other}");
    }
}

#[test]
fn tree_what_modules_lack_all_told_and_nothing_runs() {
    let place = Place::new();
    place.file("root.wat", "(module)");
    place.file(
        "loud.wat",
        command(&[], "(call $say (i32.const 64) (i32.const 1))"),
    );
    place.file(
        "asks.wat",
        r#"(module (import "wasi_snapshot_preview1" "clock_time_get"
                (func (param i32 i64 i32) (result i32)))
            (import "wasi_snapshot_preview1" "random_get" (func (param i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "fd_sync" (func (param i32 i32)))
            (import "nanoprocess_0" "child_kill" (func (param i32) (result i32)))
            (func $start unreachable) (start $start))"#,
    );
    let engine = ENGINES[0];
    let ended = run(
        &place,
        &[
            module(
                "root",
                "",
                engine,
                "fds = [1]\n[[module.dir]]\nfrom = 'none'\nname = '/'\n",
            ),
            module("loud", "root", engine, "fds = [1]\n"),
            module("asks", "loud", engine, ""),
        ],
    );
    let mut lines: Vec<_> = ended.stderr.lines().collect();
    lines.sort_unstable();
    let asks = "error: tree.toml:18: root > loud > asks";
    let told = [
        format!(
            "{asks} asks for `nanoprocess_0.child_kill` [nanoprocess.child], which it is not granted"
        ),
        format!(
            "{asks} asks for `wasi_snapshot_preview1.clock_time_get` [clock], which it is not \
             granted; say `clocks`"
        ),
        format!(
            "{asks} asks for `wasi_snapshot_preview1.random_get` [random], which it is not granted; \
             say `random`"
        ),
        format!(
            "{asks} cannot be linked: it imports `wasi_snapshot_preview1.fd_sync` as (i32, i32) -> \
             (), but that function is (i32) -> (i32)"
        ),
    ];
    assert_eq!(lines.len(), 5, "{lines:?}");
    assert!(
        lines.iter().any(|line| line.starts_with(
            "error: tree.toml:7: the directory `none` \
        cannot be opened: "
        )),
        "{lines:?}"
    );
    for line in told {
        assert!(lines.contains(&&*line), "{line}\n{lines:?}");
    }
    assert_eq!((ended.code, &*ended.stdout), (Some(2), ""));
}

#[test]
fn tree_that_cannot_run_told() {
    let place = Place::new();
    place.file("root.wat", "(module)");
    let ended = run(&place, &[module("root", "", ENGINES[0], "")]);
    let told = "error: tree.toml:2: no module of the tree can be run: none exports `_start`\n";
    assert_eq!(ended, Ended::new(2, "", told));
    if ENGINES.contains(&"tinywasm") {
        place.file(
            "app.wat",
            r#"(module (import "m" "f" (func)) (func (export "_start")))"#,
        );
        place.file("root.wat", r#"(module (func (export "f")))"#);
        let ended = run(
            &place,
            &[
                module("root", "", ENGINES[0], ""),
                module("app", "root", "tinywasm", &link("m.f", "root", "f")),
            ],
        );
        let told = "error: tree.toml:7: app is called on a thread of its own by its engine, from \
                    where it cannot call others; choose another engine for it\n";
        assert_eq!(ended, Ended::new(2, "", told));
    }
}
