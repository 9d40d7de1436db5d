//! `turnkey tour`, as it is called.
#![expect(
    clippy::unwrap_used,
    reason = "what a test relies on besides what it tests may fail loudly"
)]

mod engines;

use engines::ENGINES;
use std::process::Command;

/// How many of the guests an engine runs.
fn guests(engine: &str) -> usize {
    match engine {
        // No parent can serve its child there.
        "tinywasm" => 12,
        _ => 13,
    }
}

fn tour(args: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_turnkey"));
    let output = command.arg("tour").args(args).output().unwrap();
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    (
        output.status.code(),
        String::from_utf8(output.stdout).unwrap(),
    )
}

#[test]
fn tour_every_engine_as_expected() {
    let (code, shown) = tour(&[]);
    let all = ENGINES.iter().map(|engine| guests(engine)).sum::<usize>();
    assert!(
        shown.ends_with(&format!("\n{all} of {all} as expected.\n")),
        "{shown}"
    );
    assert_eq!(code, Some(0));
    for engine in ENGINES {
        let times = shown.matches(&format!(" {engine} ")).count();
        assert_eq!(times, guests(engine), "{engine} in {shown}");
    }
    for (line, times) in [
        ("| wrote 5 bytes, read back `hello`", 2),
        ("| 3 names beside . and ..", 2),
        ("| ../outside.txt: refused with errno 63", 1),
        ("audit: call 1, path_open ../outside.txt: perm", 1),
        ("| draft held `draft`, and holds `final` now", 2),
        ("on the host, the directory is as it was", 1),
        (
            "| the time is 1573516800000000000, and stays 1573516800000000000",
            1,
        ),
        ("| slept for 365 days", 1),
        (
            "replayed without any host: the same calls, the same bytes",
            1,
        ),
        (
            "| child: the time is 1573516800000000000, then 1573516801000000000",
            1,
        ),
        ("| child: hello.txt holds `Hello from a parent.`", 1),
        ("| parent: requests served: file 2, clock 2, random 1", 1),
    ] {
        let said = shown.lines().filter(|said| said.trim_start() == line);
        assert_eq!(said.count(), times, "{line} in {shown}");
    }
    let long = shown.lines().find(|line| line.chars().count() > 100);
    assert_eq!(long, None);
}

#[test]
fn tour_one_engine_only_that() {
    for engine in ENGINES {
        let (code, shown) = tour(&["--engine", engine]);
        let all = guests(engine);
        let end = format!("\n{all} of {all} as expected.\n");
        assert!(shown.ends_with(&end), "{shown}");
        assert_eq!(code, Some(0));
        for other in ENGINES {
            assert_eq!(
                shown.contains(&format!(" {other} ")),
                other == engine,
                "{shown}"
            );
        }
    }
}
