//! What a guest is given: arguments, variables, directories.

use crate::support::{ENGINES, Ended, Place, command, guest};
use std::fs;

/// Writes its arguments, each with a NUL behind it.
fn says_args() -> String {
    says_strings("args_sizes_get", "args_get")
}

/// Writes its environment, likewise.
fn says_env() -> String {
    says_strings("environ_sizes_get", "environ_get")
}

fn says_strings(sizes: &str, strings: &str) -> String {
    command(
        &[sizes, strings],
        &format!(
            "(call $need (call ${sizes} (i32.const 16) (i32.const 20)))
            (call $need (call ${strings} (i32.const 1024) (i32.const 4096)))
            (call $say (i32.const 4096) (i32.load (i32.const 20)))"
        ),
    )
}

#[test]
fn args_after_module_verbatim() {
    let place = Place::with(&says_args());
    for engine in ENGINES {
        for (args, expected) in [
            (&["guest.wat"][..], "guest.wat\0"),
            (&["./guest.wat", "a", ""], "./guest.wat\0a\0\0"),
            (
                &["guest.wat", "--engine", "v8", "--", "-x", "--help"],
                "guest.wat\0--engine\0v8\0--\0-x\0--help\0",
            ),
            (
                &["guest.wat", "--dir=nowhere", "a \"b\"\n'c'", "ä"],
                "guest.wat\0--dir=nowhere\0a \"b\"\n'c'\0ä\0",
            ),
            (&["--", "guest.wat", "-x"], "guest.wat\0-x\0"),
        ] {
            assert_eq!(
                place.run(engine, args),
                Ended::new(0, expected, ""),
                "{engine} {args:?}"
            );
        }
    }
}

#[test]
fn env_only_what_is_said() {
    let place = Place::with(&says_env());
    for engine in ENGINES {
        let args = ["run", "--engine", engine];
        let env = [
            "--env",
            "A=1",
            "--env",
            "E=",
            "--env",
            "Q= \"x=y\"\n'z' ",
            "--env",
            "HOSTS",
            "--env",
            "A=2",
            "guest.wat",
        ];
        let output = place
            .command(&[&args[..], &env[..]].concat())
            .env("HOSTS", "own value")
            .env("OTHER", "not told")
            .output()
            .unwrap();
        let expected = "A=2\0E=\0Q= \"x=y\"\n'z' \0HOSTS=own value\0";
        assert_eq!(Ended::from(output), Ended::new(0, expected, ""), "{engine}");
    }
}

#[test]
fn env_nothing_said_empty() {
    let place = Place::with(&says_env());
    for engine in ENGINES {
        assert_eq!(place.run(engine, &["guest.wat"]), Ended::new(0, "", ""));
    }
}

/// Writes the name of each preopen, with a newline behind it.
fn says_preopens() -> String {
    guest(
        &["fd_prestat_get", "fd_prestat_dir_name"],
        r#"(data (i32.const 64) "\n")
        (func (export "_start") (local $fd i32)
          (local.set $fd (i32.const 3))
          (loop $next
            (if (call $fd_prestat_get (local.get $fd) (i32.const 16)) (then (return)))
            (call $need (call $fd_prestat_dir_name
              (local.get $fd) (i32.const 1024) (i32.load (i32.const 20))))
            (call $say (i32.const 1024) (i32.load (i32.const 20)))
            (call $say (i32.const 64) (i32.const 1))
            (local.set $fd (i32.add (local.get $fd) (i32.const 1)))
            (br $next)))"#,
    )
}

#[test]
fn dir_names_told_as_written() {
    let place = Place::with(&says_preopens());
    place.dir("data");
    place.dir("a:b");
    for engine in ENGINES {
        for (dirs, expected) in [
            (&[][..], ""),
            (&["data"], "data\n"),
            (&["./data/", "data::/", "data:ro"], "./data/\n/\ndata\n"),
            (&[".::/x/../y:ro", "a:b"], "/x/../y\na:b\n"),
        ] {
            let options = dirs.iter().flat_map(|dir| ["--dir", dir]);
            let args: Vec<&str> = options.chain(["guest.wat"]).collect();
            assert_eq!(
                place.run(engine, &args),
                Ended::new(0, expected, ""),
                "{engine} {dirs:?}"
            );
        }
    }
}

/// Makes the file `new` in fd 3 with `made` in it, after it has written what lies in `old` to
/// standard output. Exits with the errno that stops it.
fn reads_and_makes() -> String {
    guest(
        &["path_open", "fd_read"],
        r#"(data (i32.const 64) "old") (data (i32.const 72) "new") (data (i32.const 80) "made")
        (func $open (param $name i32) (param $oflags i32) (param $rights i64) (result i32)
          (call $need (call $path_open (i32.const 3) (i32.const 0)
            (local.get $name) (i32.const 3) (local.get $oflags)
            (local.get $rights) (i64.const 0) (i32.const 0) (i32.const 16)))
          (i32.load (i32.const 16)))
        (func (export "_start")
          (i32.store (i32.const 0) (i32.const 1024))
          (i32.store (i32.const 4) (i32.const 1024))
          (call $need (call $fd_read
            (call $open (i32.const 64) (i32.const 0) (i64.const 2))
            (i32.const 0) (i32.const 1) (i32.const 8)))
          (call $say (i32.const 1024) (i32.load (i32.const 8)))
          (i32.store (i32.const 0) (i32.const 80))
          (i32.store (i32.const 4) (i32.const 4))
          (call $need (call $fd_write
            (call $open (i32.const 72) (i32.const 1) (i64.const 0x40))
            (i32.const 0) (i32.const 1) (i32.const 8))))"#,
    )
}

#[test]
fn dir_read_and_written_unless_read_only() {
    const NOTHING_OPEN: i32 = 8;
    const PERM: i32 = 63;
    let place = Place::with(&reads_and_makes());
    place.dir("data");
    place.file("data/old", "content\n");
    let made = place.path("data/new");
    for engine in ENGINES {
        assert_eq!(
            place.run(engine, &["guest.wat"]),
            Ended::new(NOTHING_OPEN, "", ""),
            "{engine}"
        );
        assert_eq!(
            place.run(engine, &["--dir", "data:ro", "guest.wat"]),
            Ended::new(PERM, "content\n", ""),
            "{engine}"
        );
        assert!(!made.exists(), "{engine}");
        assert_eq!(
            place.run(engine, &["--dir", "data::/x", "guest.wat"]),
            Ended::new(0, "content\n", ""),
            "{engine}"
        );
        assert_eq!(fs::read(&made).unwrap(), b"made", "{engine}");
        fs::remove_file(&made).unwrap();
    }
}
