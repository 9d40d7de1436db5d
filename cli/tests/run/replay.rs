//! What was recorded, replayed without any host.

use crate::acts::Act::{Draw, MakeDir, Read, ReadStdin, Sleep, Time, Trap, Write};
use crate::acts::acts;
use crate::support::{ENGINES, Ended, Place, guest};
use std::fs;

/// A place where a guest has been recorded into `log` on an engine, with what it depended on gone;
/// and how it ended.
fn recorded(engine: &str, module: &str, options: &[&str], args: &[&str]) -> (Place, Ended) {
    let place = Place::with(module);
    place.dir("data");
    place.file("data/old", "content");
    place.file("input", "typed\n");
    let run = ["run", "--engine", engine, "--record", "log"];
    let given = ["--dir", "data", "--env", "A=1"];
    let args = [&run, &given[..], options, &["guest.wat"], args].concat();
    let input = fs::File::open(place.path("input")).unwrap();
    let ended = Ended::from(place.command(&args).stdin(input).output().unwrap());
    fs::remove_dir_all(place.path("data")).unwrap();
    fs::remove_file(place.path("input")).unwrap();
    (place, ended)
}

fn replay(place: &Place, engine: &str, options: &[&str], args: &[&str]) -> Ended {
    let replay = ["replay", "--engine", engine];
    place.turnkey(&[&replay, options, &["log", "guest.wat"], args].concat())
}

#[test]
fn replay_on_any_engine_as_it_was_recorded() {
    let module = acts(&[
        ReadStdin,
        Read(3, "old"),
        Read(3, "gone"),
        Write(3, "new", "made"),
        Read(3, "new"),
        Time(0),
        Draw,
        Sleep(1_000_000),
        Time(1),
        MakeDir(3, "made"),
    ]);
    for engine in ENGINES {
        let (place, ended) = recorded(engine, &module, &[], &[]);
        assert_eq!((ended.code, &*ended.stderr), (Some(0), ""), "{engine}");
        assert!(
            ended
                .stdout
                .starts_with("typed\ndone\ncontent\nerrno 44\ndone\nmade\n"),
            "{ended:?}"
        );
        for other in ENGINES {
            assert_eq!(replay(&place, other, &[], &[]), ended, "{engine} {other}");
        }
        assert!(!place.path("data").exists());
    }
}

#[test]
fn replay_what_was_virtual_refused_or_failed() {
    let module = acts(&[Time(0), Draw, Read(3, "old"), Time(1)]);
    let options = [
        "--clock=tick:1s",
        "--seed=1",
        "--deny=path_open=acces",
        "--fault=clock_time_get=io@nth:2",
    ];
    for engine in ENGINES {
        let (place, ended) = recorded(engine, &module, &options, &[]);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert!(ended.stdout.ends_with("\nerrno 2\nerrno 29\n"), "{ended:?}");
        assert_eq!(replay(&place, engine, &[], &[]), ended, "{engine}");
    }
}

/// Exits with a code after it has written to standard error.
fn exits(code: u32) -> String {
    guest(
        &[],
        &format!(
            r#"(data (i32.const 64) "\10\00\00\00\00\00\00\00") (data (i32.const 16) "to stderr\n")
            (func (export "_start")
              (i32.store (i32.const 68) (i32.const 10))
              (call $need (call $fd_write (i32.const 2) (i32.const 64) (i32.const 1) (i32.const 8)))
              (call $proc_exit (i32.const {code})))"#
        ),
    )
}

#[test]
fn replay_exit_code_and_standard_error() {
    for engine in ENGINES {
        let (place, ended) = recorded(engine, &exits(7), &[], &[]);
        assert_eq!(ended, Ended::new(7, "", "to stderr\n"), "{engine}");
        assert_eq!(replay(&place, engine, &[], &[]), ended, "{engine}");
    }
}

/// `ask` asks the clock of this number, and answers it.
fn asks() -> String {
    guest(
        &["clock_time_get"],
        r#"(func (export "ask") (param $clock i32) (result i32)
          (call $need (call $clock_time_get (local.get $clock) (i64.const 0) (i32.const 16)))
          (local.get $clock))"#,
    )
}

#[test]
fn replay_invoked_function_with_the_same_arguments() {
    for engine in ENGINES {
        let (place, ended) = recorded(engine, &asks(), &["--invoke", "ask"], &["1"]);
        assert_eq!(ended, Ended::new(0, "1\n", ""), "{engine}");
        let invoke = ["--invoke", "ask"];
        assert_eq!(replay(&place, engine, &invoke, &["1"]), ended, "{engine}");
        let other = "error: the guest does not do what was recorded: call 1, clock_time_get: \
                     argument id: recorded monotonic, but the guest passes realtime\n";
        assert_eq!(
            replay(&place, engine, &invoke, &["0"]),
            Ended::new(134, "", other),
            "{engine}"
        );
    }
}

#[test]
fn replay_mistakes_told_in_a_line() {
    let module = acts(&[Time(0), Draw]);
    let (place, ended) = recorded(ENGINES[0], &module, &[], &[]);
    assert_eq!(ended.code, Some(0));
    let log = fs::read(place.path("log")).unwrap();
    place.file("cut", &log[..log.len() - 5]);
    place.file("head", &log[..9]);
    place.file("empty", "");
    place.file("text", "hello\n");
    let mut damaged = log.clone();
    *damaged.last_mut().unwrap() ^= 1;
    place.file("damaged", &damaged);
    let mut later = log.clone();
    later[8] = 9;
    place.file("later", &later);
    place.file("other.wat", acts(&[Draw, Time(0)]));
    place.file("changed.wat", format!("{module} ;; changed"));
    place.dir("folder");
    let another = |module: &str| {
        format!(
            "log: this is a record of another module than {module}; name the one that was \
             recorded, unchanged"
        )
    };
    let cases = [
        (
            ["gone", "guest.wat"],
            "gone: there is no such file; make it with turnkey run --record".to_owned(),
        ),
        (
            ["text", "guest.wat"],
            "text: this is no Turnkey log".to_owned(),
        ),
        (
            ["cut", "guest.wat"],
            "cut: the log is truncated: it holds 6 whole calls, and its end is missing".to_owned(),
        ),
        (
            ["head", "guest.wat"],
            "head: the log is truncated: it holds 0 whole calls, and its end is missing".to_owned(),
        ),
        (
            ["empty", "guest.wat"],
            "empty: the log is truncated: it holds 0 whole calls, and its end is missing"
                .to_owned(),
        ),
        (
            ["damaged", "guest.wat"],
            "damaged: the log is damaged: its checksum does not fit, after 6 calls".to_owned(),
        ),
        (
            ["later", "guest.wat"],
            "later: the log is of version 9, and this Turnkey reads version 1".to_owned(),
        ),
        (
            ["folder", "guest.wat"],
            "folder: this is a directory; name what turnkey run --record has written".to_owned(),
        ),
        (["log", "other.wat"], another("other.wat")),
        (["log", "changed.wat"], another("changed.wat")),
        (
            ["log", "gone.wat"],
            "gone.wat: there is no such file; name a .wasm or .wat file".to_owned(),
        ),
    ];
    for (args, why) in cases {
        for engine in ENGINES {
            let ended = place.turnkey(&[&["replay", "--engine", engine][..], &args].concat());
            let line = format!("error: {why}\n");
            assert_eq!(ended, Ended::new(2, "", &line), "{engine} {args:?}");
        }
    }
    let ended = place.turnkey(&["replay", "log"]);
    assert_eq!(ended.code, Some(2));
    assert_eq!(ended.stderr.lines().count(), 1, "{ended:?}");
}

#[test]
fn replay_guest_that_trapped_traps_again() {
    for engine in ENGINES {
        let (place, ended) = recorded(engine, &acts(&[Time(0), Trap]), &[], &[]);
        assert_eq!(ended.code, Some(134), "{ended:?}");
        assert_eq!(replay(&place, engine, &[], &[]), ended, "{engine}");
    }
}
