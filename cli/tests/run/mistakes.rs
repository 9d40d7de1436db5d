//! What is wrong before anything runs: exit code 2, one line, no guest.

use crate::support::{ENGINES, Ended, Place, command, guest};

/// A guest that shows that it has run.
fn shows_itself() -> String {
    guest(
        &[],
        r#"(data (i32.const 64) "I ran\n")
        (func $first (call $say (i32.const 64) (i32.const 6)))
        (start $first)
        (func (export "_start"))"#,
    )
}

/// Each case: arguments of `turnkey run`, and what the line says behind `error: `.
fn check(place: &Place, cases: &[(&[&str], &str)]) {
    for engine in ENGINES {
        for (args, why) in cases {
            assert_eq!(
                place.run(engine, args),
                Ended::new(2, "", &format!("error: {why}\n")),
                "{engine} {args:?}"
            );
        }
    }
}

#[test]
fn options_that_make_no_sense() {
    let place = Place::with(&shows_itself());
    let size = "write bytes such as 65536, or a unit such as 64KiB, 16MiB, 1GiB";
    let address = "write HOST:PORT such as 127.0.0.1:8080, or unix:PATH";
    let invalid = |value: &str, option: &str, why: &str| {
        format!("invalid value '{value}' for '{option}': {why}")
    };
    const CLOCK: &str = "--clock <real|frozen:TIME|offset:DURATION|scale:FACTOR|tick:DURATION>";
    let cases: &[(&[&str], String)] = &[
        (
            &["--dirs", ".", "guest.wat"],
            "unexpected argument '--dirs' found; a similar argument exists: '--dir'; --help tells \
             more"
                .into(),
        ),
        (
            &["-x", "guest.wat"],
            "unexpected argument '-x' found; --help tells more".into(),
        ),
        (
            &[],
            "the following required arguments were not provided: <MODULE>...; --help tells more"
                .into(),
        ),
        (
            &["--timeout", "soon", "guest.wat"],
            invalid("soon", "--timeout <DURATION>", "expected number at 0"),
        ),
        (
            &["--timeout", "10", "guest.wat"],
            invalid(
                "10",
                "--timeout <DURATION>",
                "time unit needed, for example 10sec or 10ms",
            ),
        ),
        (
            &["--max-memory", "much", "guest.wat"],
            invalid("much", "--max-memory <SIZE>", size),
        ),
        (
            &["--max-memory", "64KB", "guest.wat"],
            invalid("64KB", "--max-memory <SIZE>", size),
        ),
        (
            &["--fuel", "-1", "guest.wat"],
            "unexpected argument '-1' found; --help tells more".into(),
        ),
        (
            &["--fuel=lots", "guest.wat"],
            invalid("lots", "--fuel <N>", "invalid digit found in string"),
        ),
        (
            &["--listen", "localhost", "guest.wat"],
            invalid("localhost", "--listen <ADDR>", address),
        ),
        (
            &["--listen", "127.0.0.1:65536", "guest.wat"],
            invalid("127.0.0.1:65536", "--listen <ADDR>", address),
        ),
        (
            &["--env", "=x", "guest.wat"],
            invalid(
                "=x",
                "--env <NAME[=VALUE]>",
                "the name is empty; write NAME=VALUE, or NAME for the host's value",
            ),
        ),
        (
            &["--dir", "::/", "guest.wat"],
            invalid(
                "::/",
                "--dir <HOST[::GUEST][:ro]>",
                "a name is empty; write HOST, HOST::GUEST, HOST:ro or HOST::GUEST:ro",
            ),
        ),
        (
            &["--deny", "path_opne", "guest.wat"],
            invalid(
                "path_opne",
                "--deny <FUNC|CLASS[=ERRNO]>",
                "`path_opne` is neither a WASI function nor a class of them; did you mean \
                 path_open?",
            ),
        ),
        (
            &["--deny", "network=never", "guest.wat"],
            invalid(
                "network=never",
                "--deny <FUNC|CLASS[=ERRNO]>",
                "`never` is no errno",
            ),
        ),
        (
            &[
                "--max-files",
                "4",
                "--dir",
                ".",
                "--dir",
                ".::/x",
                "guest.wat",
            ],
            "--max-files 4: the guest begins with 5 descriptors; allow as many".into(),
        ),
        (
            &[
                "--max-files=6",
                "--mem-dir=/a",
                "--overlay=.::/b",
                "--map-file=guest.wat::/c/f",
                "--map-file=guest.wat::/c/g",
                "--map-file=guest.wat::/d/f",
                "guest.wat",
            ],
            "--max-files 6: the guest begins with 7 descriptors; allow as many".into(),
        ),
        (
            &["--mem-dir", "", "guest.wat"],
            invalid(
                "",
                "--mem-dir <[HOST::]GUEST[:ro]>",
                "a name is empty; write GUEST, HOST::GUEST or HOST::GUEST:ro",
            ),
        ),
        (
            &["--mem-dir", "data::", "guest.wat"],
            invalid(
                "data::",
                "--mem-dir <[HOST::]GUEST[:ro]>",
                "a name is empty; write GUEST, HOST::GUEST or HOST::GUEST:ro",
            ),
        ),
        (
            &["--mem-dir", "/tmp:ro", "guest.wat"],
            invalid(
                "/tmp:ro",
                "--mem-dir <[HOST::]GUEST[:ro]>",
                "a directory that is empty and read only holds nothing; write HOST::GUEST:ro",
            ),
        ),
        (
            &["--map-file", "guest.wat::/etc/", "guest.wat"],
            invalid(
                "guest.wat::/etc/",
                "--map-file <HOST[::GUEST][:ro]>",
                "GUEST has to end in the name of a file; write it as in HOST::/etc/app.conf",
            ),
        ),
        (
            &["--quota", "much", "guest.wat"],
            invalid("much", "--quota <SIZE>", size),
        ),
        (
            &["--clock", "fast", "guest.wat"],
            invalid(
                "fast",
                CLOCK,
                "write real, frozen:TIME, offset:DURATION, scale:FACTOR or tick:DURATION",
            ),
        ),
        (
            &["--clock", "frozen:yesterday", "guest.wat"],
            invalid(
                "frozen:yesterday",
                CLOCK,
                "\"yesterday\" is no moment between 1970 and 2554 in UTC, such as \
                 `2019-11-12T00:00:00Z`",
            ),
        ),
        (
            &["--clock", "frozen", "guest.wat"],
            invalid(
                "frozen",
                CLOCK,
                "\"\" is no moment between 1970 and 2554 in UTC, such as `2019-11-12T00:00:00Z`",
            ),
        ),
        (
            &["--clock", "scale:0", "guest.wat"],
            invalid(
                "scale:0",
                CLOCK,
                "\"0\" is no speed: it has to be a number above 0, such as `10` or `0.25`, both \
                 parts of whose fraction are below 2^32",
            ),
        ),
        (
            &["--clock", "offset:90", "guest.wat"],
            invalid(
                "offset:90",
                CLOCK,
                "`90` is no duration; write one such as 250ms, 90s or 1h",
            ),
        ),
        (
            &["--seed", "lucky", "guest.wat"],
            invalid("lucky", "--seed <N>", "invalid digit found in string"),
        ),
        (
            &["--fault", "path_open", "guest.wat"],
            invalid(
                "path_open",
                "--fault <SPEC>",
                "`path_open` is no fault: write CALLS=EFFECT, as in `path_open=io`",
            ),
        ),
        (
            &["--fault", "path_opne=io", "guest.wat"],
            invalid(
                "path_opne=io",
                "--fault <SPEC>",
                "`path_opne=io` is no fault: `path_opne` is neither a WASI function nor a class \
                 of them; did you mean path_open?",
            ),
        ),
        (
            &["--trace-format", "json", "guest.wat"],
            "the following required arguments were not provided: --trace[=<FILE>]; --help tells \
             more"
                .into(),
        ),
        (
            &["--trace", "--trace-format", "xml", "guest.wat"],
            "invalid value 'xml' for '--trace-format <text|json>' [possible values: text, json]"
                .into(),
        ),
        (
            &["--record=no/such/file", "guest.wat"],
            "--record no/such/file: the file cannot be made: No such file or directory (os error \
             2)"
            .into(),
        ),
        (
            &["--audit=no/such/file", "guest.wat"],
            "--audit no/such/file: the file cannot be made: No such file or directory (os error 2)"
                .into(),
        ),
        (
            &["--env", "TURNKEY_UNSET_VARIABLE", "guest.wat"],
            "--env TURNKEY_UNSET_VARIABLE: the host has no variable of this name; set it with \
             --env TURNKEY_UNSET_VARIABLE=VALUE"
                .into(),
        ),
        (
            &["--trace=no/such/file", "guest.wat"],
            "--trace=no/such/file: the file cannot be made: No such file or directory (os error 2)"
                .into(),
        ),
        (
            &["--listen", "unix:no/such/socket", "guest.wat"],
            "--listen unix:no/such/socket: cannot listen there: No such file or directory (os \
             error 2)"
                .into(),
        ),
    ];
    let cases: Vec<(&[&str], &str)> = cases.iter().map(|(args, why)| (*args, &**why)).collect();
    check(&place, &cases);
}

#[test]
fn texts_that_are_not_utf_8() {
    use std::ffi::{OsStr, OsString};
    use std::os::unix::ffi::OsStrExt;
    let place = Place::with(&shows_itself());
    let odd = OsStr::from_bytes(b"\xff");
    let dir: OsString = [OsStr::new("--dir="), odd].into_iter().collect();
    for (args, why) in [
        (
            [OsStr::new("guest.wat"), odd],
            "the argument \"\\xFF\" is not UTF-8, and a guest can only be told UTF-8",
        ),
        (
            ["--env=ODD", "guest.wat"].map(OsStr::new),
            "--env ODD: the host's value is not UTF-8, and a guest can only be told UTF-8",
        ),
        (
            [&*dir, OsStr::new("guest.wat")],
            "invalid UTF-8 was detected in one or more arguments; --help tells more",
        ),
    ] {
        let output = place
            .command(&[OsStr::new("run"), args[0], args[1]])
            .env("ODD", odd)
            .output()
            .unwrap();
        let line = format!("error: {why}\n");
        assert_eq!(Ended::from(output), Ended::new(2, "", &line));
    }
}

#[test]
fn unknown_engine_known_ones_told() {
    let place = Place::with(&shows_itself());
    let ended = place.run("wasmtine", &["guest.wat"]);
    assert_eq!((ended.code, &*ended.stdout), (Some(2), ""));
    let told = ended.stderr;
    assert_eq!(told.lines().count(), 1, "{told}");
    assert!(
        told.starts_with("error: invalid value 'wasmtine' for '--engine <ENGINE>'"),
        "{told}"
    );
    for engine in ENGINES {
        assert!(told.contains(engine), "{told}");
    }
}

#[test]
fn unknown_command_known_ones_near_told() {
    let line = "error: unrecognized subcommand 'runn'; a similar subcommand exists: 'run'; --help \
                tells more\n";
    assert_eq!(Place::new().turnkey(&["runn"]), Ended::new(2, "", line));
}

#[test]
fn directories_that_are_none() {
    let place = Place::with(&shows_itself());
    check(
        &place,
        &[
            (
                &["--dir", "data", "guest.wat"],
                "--dir data: there is no such directory; create it or name another",
            ),
            (
                &["--dir", "data::/:ro", "guest.wat"],
                "--dir data: there is no such directory; create it or name another",
            ),
            (
                &["--dir", "guest.wat", "guest.wat"],
                "--dir guest.wat: this is a file; name the directory that holds it",
            ),
        ],
    );
}

#[test]
fn files_that_are_none() {
    let place = Place::with(&shows_itself());
    place.dir("data");
    place.file("data/big", vec![b'x'; 20_000]);
    place.file("cut.zip", b"PK\x03\x04 and no more");
    let no_dir = "there is no such directory; create it or name another";
    let no_file = "there is no such file; name another";
    let folder = "this is a directory; give it with --dir";
    check(
        &place,
        &[
            (
                &["--mem-dir", "gone::/x", "guest.wat"],
                &format!("--mem-dir gone: {no_dir}"),
            ),
            (
                &["--overlay", "gone::/x", "guest.wat"],
                &format!("--overlay gone: {no_dir}"),
            ),
            (
                &["--archive", "gone::/x", "guest.wat"],
                &format!("--archive gone: {no_file}"),
            ),
            (
                &["--map-file", "gone::/x", "guest.wat"],
                &format!("--map-file gone: {no_file}"),
            ),
            (
                &["--archive", "data::/x", "guest.wat"],
                &format!("--archive data: {folder}"),
            ),
            (
                &["--map-file", "data::/x:ro", "guest.wat"],
                &format!("--map-file data: {folder}"),
            ),
            (
                &["--map-file", "/dev/null::/x", "guest.wat"],
                "--map-file /dev/null: this is no regular file; name one",
            ),
            (
                &["--archive", "guest.wat::/x", "guest.wat"],
                "--archive guest.wat: this is neither a zip nor a tar archive",
            ),
            (
                &["--overlay", "guest.wat::/x", "guest.wat"],
                "--overlay guest.wat: this is neither a zip nor a tar archive",
            ),
            (
                &["--quota=10KiB", "--mem-dir=data::/x", "guest.wat"],
                "--mem-dir data: there is no room for a copy of it; allow more with --quota",
            ),
            (
                &["--quota=10KiB", "--dir=data", "guest.wat"],
                "--quota: it limits what is written to memory, and nothing is; give a directory \
                 with --mem-dir or --overlay",
            ),
        ],
    );
    for engine in ENGINES {
        let ended = place.run(engine, &["--archive", "cut.zip::/x", "guest.wat"]);
        assert_eq!((ended.code, &*ended.stdout), (Some(2), ""), "{ended:?}");
        let beginning = "error: --archive cut.zip: the zip archive cannot be read: ";
        assert!(ended.stderr.starts_with(beginning), "{ended:?}");
        assert_eq!(ended.stderr.lines().count(), 1, "{ended:?}");
    }
}

#[test]
fn names_that_are_given_twice() {
    let place = Place::with(&shows_itself());
    place.dir("data");
    place.file("data/f", "");
    let told = |option: &str, first: &str, name: &str| {
        format!(
            "{option}: {first} gives something under the name {name} already; choose another for \
             one of them"
        )
    };
    check(
        &place,
        &[
            (
                &["--dir=.", "--dir=data::./", "guest.wat"],
                &told("--dir", "--dir", "./"),
            ),
            (
                &["--dir=.::/x", "--mem-dir=/x", "guest.wat"],
                &told("--mem-dir", "--dir", "/x"),
            ),
            (
                &["--overlay=data::/", "--mem-dir=/", "guest.wat"],
                &told("--overlay", "--mem-dir", "/"),
            ),
            (
                &["--map-file=data/f::/etc/f", "--dir=data::/etc", "guest.wat"],
                &told("--map-file", "--dir", "/etc"),
            ),
            (
                &[
                    "--map-file=data/f::/etc/f",
                    "--map-file=guest.wat::/etc/f",
                    "guest.wat",
                ],
                &told("--map-file", "--map-file", "f"),
            ),
        ],
    );
}

#[test]
fn modules_that_are_none() {
    let place = Place::new();
    place.dir("folder");
    place.file("empty", "");
    place.file("text.wasm", "hello\n");
    place.file("elf", b"\x7fELF\x02\x01\x01\0");
    place.file("cut", b"\0as");
    place.file("component", b"\0asm\x0d\0\x01\0");
    place.file(
        "syntax.wat",
        "(module\n  (func (export \"_start\")\n    i32.what))\n",
    );
    place.file("open.wat", ";; a comment\n(module");
    let no_module = "this is not WebAssembly: a module begins with the bytes 00 61 73 6d, or as \
                     text with `(module`";
    check(
        &place,
        &[
            (
                &["gone.wasm"],
                "gone.wasm: there is no such file; name a .wasm or .wat file",
            ),
            (
                &["folder"],
                "folder: this is a directory; name a .wasm or .wat file",
            ),
            (&["empty"], &format!("empty: {no_module}")),
            (&["text.wasm"], &format!("text.wasm: {no_module}")),
            (&["elf"], &format!("elf: {no_module}")),
            (&["cut"], &format!("cut: {no_module}")),
            (
                &["component"],
                "component: this is no core module; build it for wasm32-wasip1, which has no \
                 components",
            ),
            (
                &["syntax.wat"],
                "syntax.wat:3:5: unknown operator or unexpected token",
            ),
            (&["open.wat"], "open.wat:2:8: expected `)`"),
        ],
    );
}

#[test]
fn modules_that_the_engine_refuses() {
    let place = Place::new();
    // Truncated behind the version; a body that leaves the wrong type; too much memory.
    place.file("cut.wasm", b"\0asm\x01\0\0\0\x01");
    place.file(
        "type.wat",
        r#"(module (func (export "_start") i32.const 1))"#,
    );
    place.file("memory.wat", command(&[], ""));
    for engine in ENGINES {
        for name in ["cut.wasm", "type.wat"] {
            let ended = place.run(engine, &[name]);
            assert_eq!((ended.code, &*ended.stdout), (Some(2), ""), "{ended:?}");
            let told = ended.stderr;
            let beginning = format!("error: {name}: {engine} refuses the module: ");
            assert!(told.starts_with(&beginning), "{told}");
            assert_eq!(told.lines().count(), 1, "{told}");
        }
        let ended = place.run(engine, &["--max-memory", "64KiB", "memory.wat"]);
        assert_eq!(ended, Ended::new(0, "", ""), "{engine}");
        let ended = place.run(engine, &["--max-memory", "65535", "memory.wat"]);
        let line = "error: memory.wat: the instance needs 65536 bytes of memory, and its limit is \
                    65535 bytes\n";
        assert_eq!(ended, Ended::new(2, "", line), "{engine}");
    }
}

/// What an engine does not have is named before anything runs.
#[cfg(feature = "tinywasm")]
#[test]
fn modules_that_need_what_tinywasm_lacks() {
    let place = Place::new();
    for (what, fields) in [
        ("threads", r#"(memory (export "memory") 1 1 shared)"#),
        (
            "exceptions",
            r#"(tag $e) (func (export "f") (block $b (try_table (catch_all $b))))"#,
        ),
        ("gc", "(type $s (struct (field i32)))"),
    ] {
        let module = format!(r#"(module {fields} (func (export "_start")))"#);
        place.file("guest.wat", module);
        let ended = place.run("tinywasm", &["guest.wat"]);
        assert_eq!((ended.code, &*ended.stdout), (Some(2), ""), "{ended:?}");
        let told = ended.stderr;
        let beginning = "error: guest.wat: tinywasm refuses the module: ";
        assert!(told.starts_with(beginning), "{told}");
        assert!(told.contains(what), "{what}: {told}");
        assert_eq!(told.lines().count(), 1, "{told}");
    }
}

#[test]
fn missing_imports_all_told_and_nothing_runs() {
    let place = Place::new();
    place.file(
        "guest.wat",
        r#"(module
          (import "env" "f" (func (param i32)))
          (import "env" "memory" (memory 1))
          (import "wasi_snapshot_preview1" "fd_write" (func (param i32) (result i32)))
          (import "wasi_snapshot_preview1" "fd_gone" (func))
          (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
          (func $first (call $exit (i32.const 9)))
          (start $first)
          (func (export "_start")))"#,
    );
    check(
        &place,
        &[(
            &["guest.wat"],
            "guest.wat: it imports the function `env.f`, which does not exist here; it imports \
             the memory `env.memory`, which does not exist here; it imports the function \
             `wasi_snapshot_preview1.fd_gone`, which does not exist here; it imports \
             `wasi_snapshot_preview1.fd_write` as (i32) -> (i32), but that function is (i32, i32, \
             i32, i32) -> (i32); build it for wasm32-wasip1 without that",
        )],
    );
}

#[test]
fn mistake_found_before_anything_is_made() {
    let place = Place::new();
    for engine in ENGINES {
        let ended = place.run(
            engine,
            &["--listen", "unix:socket", "--trace=calls", "gone.wasm"],
        );
        assert_eq!((ended.code, &*ended.stdout), (Some(2), ""), "{ended:?}");
        assert!(!place.path("socket").exists() && !place.path("calls").exists());
    }
}
