//! `turnkey tree`: arguments, a lock, and a trace of what is run.

use crate::support::{ENGINES, Ended, Place, guest};
use crate::tree_runs::{link, module};

/// Says its arguments, each ended by a NUL.
fn telling() -> String {
    guest(
        &["args_sizes_get", "args_get"],
        r#"(func (export "tell")
            (call $need (call $args_sizes_get (i32.const 16) (i32.const 20)))
            (call $need (call $args_get (i32.const 1024) (i32.const 2048)))
            (call $say (i32.const 2048) (i32.load (i32.const 20))))
        (func (export "_start")
            (call $need (call $args_sizes_get (i32.const 16) (i32.const 20)))
            (call $need (call $args_get (i32.const 1024) (i32.const 2048)))
            (call $say (i32.const 2048) (i32.load (i32.const 20))))"#,
    )
}

fn place(modules: &[String]) -> Place {
    let place = Place::new();
    place.file("root.wat", "(module)");
    place.file("app.wat", telling());
    place.file("tool.wat", telling());
    place.file("tree.toml", format!("version = 1\n{}", modules.concat()));
    place
}

#[test]
fn tree_arguments_of_the_root_or_of_who_takes_them() {
    let engine = ENGINES[0];
    let alone = |more: &str| vec![module("app", "", engine, &format!("fds = [1]\n{more}"))];
    let both = |app: &str, tool: &str| {
        vec![
            module("root", "", engine, "fds = [1]\n"),
            module("app", "root", engine, &format!("fds = [1]\n{app}")),
            module("tool", "root", engine, &format!("fds = [1]\n{tool}")),
        ]
    };
    for (modules, args, said) in [
        (alone(""), &[][..], ""),
        (alone(""), &["--", "-x", "y"], "app.wat\0-x\0y\0"),
        (alone("args = ['a', 'b']\n"), &["--"], "a\0b\0"),
        (
            alone("args = ['a', 'b']\n"),
            &["--", "--check"],
            "a\0b\0--check\0",
        ),
        (both("", "takes-args = true\n"), &[], ""),
        (
            both("args = ['a']\n", "takes-args = true\n"),
            &["--", "c"],
            "a\0tool.wat\0c\0",
        ),
        (
            both("takes-args = true\n", "args = ['t']\ntakes-args = true\n"),
            &["--", "c"],
            "app.wat\0c\0t\0c\0",
        ),
    ] {
        let place = place(&modules);
        let ended = place.turnkey(&[&["tree", "tree.toml"], args].concat());
        assert_eq!(ended, Ended::new(0, said, ""), "{modules:?} {args:?}");
    }
    let place = place(&both("", ""));
    let told = "error: tree.toml:1: there are arguments, and the root is no command that takes \
                them; write `takes-args = true` in a module that is to have them\n";
    let ended = place.turnkey(&["tree", "tree.toml", "--", "c"]);
    assert_eq!(ended, Ended::new(2, "", told));
    let ended = place.turnkey(&["tree", "tree.toml", "c"]);
    assert_eq!((ended.code, &*ended.stdout), (Some(2), ""));
}

#[test]
fn tree_beyond_its_lock_refused_and_nothing_has_run() {
    let says = |functions: &[&str]| {
        let body = r#"(data (i32.const 64) "I ran\n")
            (func (export "_start") (call $say (i32.const 64) (i32.const 6)))"#;
        guest(functions, body)
    };
    let engine = ENGINES[0];
    let place = place(&[
        module("root", "", engine, "fds = [1]\n"),
        module("app", "root", engine, "fds = [1]\n"),
        module("tool", "root", engine, "fds = [1]\n"),
    ]);
    place.file("app.wat", says(&[]));
    place.file("tool.wat", says(&[]));
    assert_eq!(place.turnkey(&["lock", "tree.toml"]).code, Some(0));
    let locked = ["tree", "--lock", "turnkey.lock", "tree.toml"];
    assert_eq!(place.turnkey(&locked), Ended::new(0, "I ran\nI ran\n", ""));
    place.file("tool.wat", says(&["sock_send"]));
    let ended = place.turnkey(&locked);
    assert_eq!((ended.code, &*ended.stdout), (Some(3), ""));
    let told = "error: tool (root > tool) asks for new authority\n  \
                + wasi_snapshot_preview1.sock_send  [network.send]  ";
    assert!(ended.stderr.starts_with(told), "{}", ended.stderr);
    assert!(
        ended
            .stderr
            .ends_with("nothing was run. accept: turnkey lock --accept tool\n"),
        "{}",
        ended.stderr
    );
    // What the tree grants is compared as well, and `turnkey check` says the same.
    let tree = std::fs::read_to_string(place.path("tree.toml")).unwrap();
    place.file("tree.toml", format!("{tree}env = {{ A = 'b' }}\n"));
    let ended = place.turnkey(&locked);
    assert!(ended.stderr.contains("\n  + A  "), "{}", ended.stderr);
    assert_eq!(place.turnkey(&["check"]), ended);
    let ended = place.turnkey(&["tree", "--lock", "none.lock", "tree.toml"]);
    let told = "error: none.lock: there is no such lock; `turnkey lock` writes one\n";
    assert_eq!(ended, Ended::new(2, "", told));
}

#[test]
fn tree_trace_each_call_with_its_module() {
    let place = Place::new();
    place.file(
        "app.wat",
        telling()
            .replacen(
                "(import",
                r#"(import "tool" "tell" (func $tell)) (import"#,
                1,
            )
            .replace(
                "(func (export \"_start\")",
                "(func (export \"_start\") (call $tell)",
            ),
    );
    place.file("tool.wat", telling());
    for engine in ENGINES.iter().filter(|engine| **engine != "tinywasm") {
        let modules = [
            module(
                "app",
                "",
                engine,
                &format!("fds = [1, 2]\n{}", link("tool.tell", "tool", "tell")),
            ),
            module("tool", "app", engine, "fds = [1]\n"),
        ];
        place.file("tree.toml", format!("version = 1\n{}", modules.concat()));
        let calls = ["args_sizes_get", "args_get", "fd_write"];
        let guests = ["app > tool", "app"];
        let expected: Vec<_> = guests
            .iter()
            .flat_map(|guest| calls.iter().map(move |call| (*guest, *call)))
            .collect();

        let ended = place.turnkey(&["tree", "--trace", "tree.toml"]);
        assert_eq!((ended.code, &*ended.stdout), (Some(0), ""), "{engine}");
        let told: Vec<_> = ended
            .stderr
            .lines()
            .map(|line| {
                let (guest, call) = line.split_once(": ").unwrap();
                (guest, call.split('(').next().unwrap())
            })
            .collect();
        assert_eq!(told, expected, "{engine}");

        let args = ["tree", "--trace=calls", "--trace-format=json", "tree.toml"];
        assert_eq!(place.turnkey(&args), Ended::new(0, "", ""), "{engine}");
        let text = std::fs::read_to_string(place.path("calls")).unwrap();
        for (number, (line, (guest, call))) in (1..).zip(text.lines().zip(&expected)) {
            let object: serde_json::Value = serde_json::from_str(line).unwrap();
            assert_eq!(object["guest"], *guest);
            assert_eq!(object["function"], *call);
            assert_eq!(object["call"], number);
        }
        assert_eq!(text.lines().count(), expected.len());
    }
    for args in [
        &["tree", "--check", "--trace", "tree.toml"][..],
        &["tree", "--check", "--lock", "l", "tree.toml"],
        &["tree", "--check", "tree.toml", "--", "a"],
        &["tree", "--trace=no/such/file", "tree.toml"],
    ] {
        let ended = place.turnkey(args);
        assert_eq!((ended.code, &*ended.stdout), (Some(2), ""), "{args:?}");
        assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
    }
}
