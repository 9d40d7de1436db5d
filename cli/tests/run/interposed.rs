//! What stands between guest and host: refusals and the trace.

use crate::support::{ENGINES, Ended, Place, guest};

/// Reads a clock, draws a byte, and makes a directory in fd 3; writes the errno of each as a
/// character, `0` for 0.
fn asks() -> String {
    guest(
        &["clock_time_get", "random_get", "path_create_directory"],
        r#"(data (i32.const 64) "made")
        (func $tell (param $errno i32)
          (i32.store8 (i32.const 72) (i32.add (i32.const 48) (local.get $errno)))
          (call $say (i32.const 72) (i32.const 1)))
        (func (export "_start")
          (call $tell (call $clock_time_get (i32.const 1) (i64.const 0) (i32.const 16)))
          (call $tell (call $random_get (i32.const 16) (i32.const 1)))
          (call $tell (call $path_create_directory
            (i32.const 3) (i32.const 64) (i32.const 4))))"#,
    )
}

fn letter(errno: u8) -> char {
    char::from(b'0' + errno)
}

#[test]
fn deny_guest_sees_the_errno_and_nothing_is_done() {
    const PERM: u8 = 63;
    const ACCES: u8 = 2;
    const NOSYS: u8 = 52;
    let place = Place::with(&asks());
    let made = place.path("made");
    for engine in ENGINES {
        for (options, errnos) in [
            (&[][..], [0, 0, 0]),
            (&["--deny", "path_create_directory"], [0, 0, PERM]),
            (&["--deny", "files.write=acces"], [0, 0, ACCES]),
            (&["--deny", "files=EACCES"], [0, 0, ACCES]),
            (
                &["--deny", "clock", "--deny", "random=nosys"],
                [PERM, NOSYS, 0],
            ),
            (
                &["--deny", "random=acces", "--deny", "random_get=nosys"],
                [0, ACCES, 0],
            ),
        ] {
            let args = [&["--dir", "."], options, &["guest.wat"]].concat();
            let expected: String = errnos.into_iter().map(letter).collect();
            assert_eq!(
                place.run(engine, &args),
                Ended::new(0, &expected, ""),
                "{engine} {options:?}"
            );
            assert_eq!(made.exists(), errnos[2] == 0, "{engine} {options:?}");
            let _not_made = std::fs::remove_dir(&made);
        }
    }
}

#[test]
fn deny_call_that_cannot_return_guest_ended() {
    let place = Place::with(&guest(
        &[],
        r#"(func (export "_start") (call $proc_exit (i32.const 3)))"#,
    ));
    for engine in ENGINES {
        let ended = place.run(engine, &["--deny", "proc_exit", "guest.wat"]);
        assert_eq!(ended.code, Some(134), "{engine}: {ended:?}");
        assert!(
            ended.stderr.starts_with("error: the guest was ended: "),
            "{engine}: {ended:?}"
        );
    }
}

/// That these lines hold, in this order, a line for each call: its beginning and what it has
/// further on.
fn check_trace(trace: &str, expected: &[(&str, &str)]) {
    assert_eq!(trace.lines().count(), expected.len(), "{trace}");
    for (line, (beginning, further)) in trace.lines().zip(expected) {
        assert!(line.starts_with(beginning), "{line}");
        assert!(line.contains(further), "{line}");
        // The time: a number, a unit.
        let (_, time) = line.rsplit_once(" (").unwrap();
        let (number, unit) = time.strip_suffix(')').unwrap().split_once(' ').unwrap();
        assert!(number.parse::<f64>().is_ok(), "{line}");
        assert!(["ns", "µs", "ms", "s"].contains(&unit), "{line}");
    }
}

const TRACE: &[(&str, &str)] = &[
    ("clock_time_get(id=monotonic, precision=0) = success", ""),
    ("fd_write(fd=1, ", " = success"),
    ("random_get(", " = nosys"),
    ("fd_write(fd=1, ", " = success"),
    ("path_create_directory(fd=3, path=\"made\") = ", "exist"),
    ("fd_write(fd=1, ", " = success"),
];

#[test]
fn trace_names_arguments_results_and_refusals() {
    const EXIST: u8 = 20;
    const NOSYS: u8 = 52;
    let place = Place::with(&asks());
    place.dir("made");
    let expected: String = [0, NOSYS, EXIST].into_iter().map(letter).collect();
    for engine in ENGINES {
        let options = ["--dir", ".", "--deny", "random=nosys", "guest.wat"];
        let ended = place.run(engine, &[&["--trace"], &options[..]].concat());
        assert_eq!(
            (ended.code, &ended.stdout),
            (Some(0), &expected),
            "{engine}"
        );
        check_trace(&ended.stderr, TRACE);

        place.file("calls", "old");
        let ended = place.run(engine, &[&["--trace=calls"], &options[..]].concat());
        assert_eq!(ended, Ended::new(0, &expected, ""), "{engine}");
        check_trace(
            &std::fs::read_to_string(place.path("calls")).unwrap(),
            TRACE,
        );
    }
}
