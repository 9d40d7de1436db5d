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
        "tinywasm" => 7,
        _ => 8,
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
        assert!(shown.contains(&format!("\n{engine}\n")), "{shown}");
    }
    for line in [
        "wrote 5 bytes, read back `hello`",
        "3 names beside . and ..",
        "../outside.txt: refused with errno 63",
    ] {
        let line = format!("    | {line}\n");
        assert_eq!(
            shown.matches(&line).count(),
            ENGINES.len(),
            "{line} in {shown}"
        );
    }
    for line in [
        "child: the time is 1573516800000000000, then 1573516801000000000",
        "parent: requests served: clock 2, random 1",
    ] {
        let line = format!("    | {line}\n");
        let parents = ENGINES.iter().filter(|engine| guests(engine) == 8);
        assert_eq!(
            shown.matches(&line).count(),
            parents.count(),
            "{line} in {shown}"
        );
    }
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
                shown.contains(&format!("\n{other}\n")),
                other == engine,
                "{shown}"
            );
        }
    }
}
