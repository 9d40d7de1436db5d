//! Help, version, and modules by what they hold.

use crate::support::{ENGINES, Ended, Place, command};

#[test]
fn version_last_word_is_the_number() {
    let version = format!("turnkey {}\n", env!("CARGO_PKG_VERSION"));
    for option in ["--version", "-V"] {
        assert_eq!(Place::new().turnkey(&[option]), Ended::new(0, &version, ""));
    }
}

#[test]
fn help_names_commands_and_options() {
    let help = Place::new().turnkey(&["--help"]);
    assert_eq!((help.code, &*help.stderr), (Some(0), ""));
    for word in [
        "run",
        "replay",
        "audit",
        "lock",
        "check",
        "tree",
        "tour",
        "conformance",
    ] {
        assert!(help.stdout.contains(word), "{}", help.stdout);
    }

    let help = Place::new().turnkey(&["run", "--help"]);
    assert_eq!((help.code, &*help.stderr), (Some(0), ""));
    for option in [
        "--engine",
        "--no-cache",
        "--dir",
        "--env",
        "--invoke",
        "--listen",
        "--deny",
        "--fuel",
        "--timeout",
        "--max-memory",
        "--max-files",
        "--mem-dir",
        "--overlay",
        "--archive",
        "--map-file",
        "--quota",
        "--clock",
        "--virtual-time",
        "--seed",
        "--fault",
        "--lock",
        "--trace",
        "--trace-format",
        "--audit",
        "--record",
        "134",
        "low 8 bits",
    ] {
        assert!(help.stdout.contains(option), "{option} in {}", help.stdout);
    }
    for engine in ENGINES {
        let named = |line: &&str| line.split_whitespace().next() == Some(engine);
        let line = help.stdout.lines().find(named);
        assert!(line.is_some(), "{engine} in {}", help.stdout);
    }
    let long = help.stdout.lines().find(|line| line.chars().count() > 100);
    assert_eq!(long, None);
}

#[test]
fn help_of_each_command_that_runs_nothing_names_its_exit_codes() {
    for command in ["audit", "lock", "check", "tree"] {
        let help = Place::new().turnkey(&[command, "--help"]);
        assert_eq!((help.code, &*help.stderr), (Some(0), ""), "{command}");
        assert!(
            help.stdout.contains("\nExit codes:\n  0  "),
            "{}",
            help.stdout
        );
        let long = help.stdout.lines().find(|line| line.chars().count() > 100);
        assert_eq!(long, None, "{command}");
    }
}

#[test]
fn nothing_said_help_and_code_2() {
    let ended = Place::new().turnkey(&[]);
    assert_eq!((ended.code, &*ended.stdout), (Some(2), ""));
    assert!(ended.stderr.contains("Usage: turnkey"), "{}", ended.stderr);
}

#[test]
fn module_form_known_by_content() {
    let text = command(&[], "(call $proc_exit (i32.const 4))");
    let place = Place::new();
    place.file("text.wasm", format!("\n  ;; text\n{text}"));
    place.file("block", format!("(; text ;) {text}"));
    place.file("binary.wat", wat::parse_str(&text).unwrap());
    place.file("no name ends here", wat::parse_str(&text).unwrap());
    for engine in ENGINES {
        for name in ["text.wasm", "block", "binary.wat", "no name ends here"] {
            assert_eq!(
                place.run(engine, &[name]),
                Ended::new(4, "", ""),
                "{engine} {name}"
            );
        }
    }
}

#[test]
fn engine_left_out_first_one_runs() {
    let place = Place::with(&command(&[], "unreachable"));
    let named = place.run(ENGINES[0], &["guest.wat"]);
    assert_eq!(place.turnkey(&["run", "guest.wat"]), named);
}
