//! `turnkey conformance`.
#![expect(
    clippy::unwrap_used,
    reason = "what a test relies on besides what it tests may fail loudly"
)]

mod engines;

use engines::ENGINES;
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use turnkey_conformance::parents::{FORWARD, PASS};

fn conformance(place: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_turnkey"));
    command.arg("conformance").args(args).current_dir(place);
    command.output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// A suite of two tests: one exits with 0, one with 3.
fn suite(place: &Path) {
    let folder = place.join("suite");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("manifest.json"), r#"{ "name": "two" }"#).unwrap();
    for (name, code) in [("good", 0), ("bad", 3)] {
        let wat = format!(
            r#"(module (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
                (memory (export "memory") 1)
                (func (export "_start") (call $exit (i32.const {code}))))"#
        );
        let wasm = wat::parse_str(wat).unwrap();
        fs::write(folder.join(format!("{name}.wasm")), wasm).unwrap();
    }
}

#[test]
fn built_in_suites_pass_on_every_engine() {
    let place = tempfile::tempdir().unwrap();
    let ended = conformance(place.path(), &["--strict"]);
    let told = text(&ended.stdout);
    assert_eq!(ended.status.code(), Some(0), "{told}");
    for engine in ENGINES {
        assert!(told.contains(&format!(" on {engine}: ")), "{told}");
    }
    for line in told.lines() {
        let (count, rest) = line
            .rsplit_once(": ")
            .unwrap()
            .1
            .split_once(" of ")
            .unwrap();
        assert_eq!(rest, format!("{count} passed"), "{line}");
    }
}

#[test]
fn built_in_suites_pass_beneath_parents() {
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("pass.wat"), PASS).unwrap();
    fs::write(place.path().join("forward.wat"), FORWARD).unwrap();
    for options in [
        &["--parent", "pass.wat"][..],
        &["--parent", "forward.wat"],
        &[
            "--parent",
            "pass.wat",
            "--parent",
            "forward.wat",
            "--depth",
            "2",
        ],
    ] {
        let ended = conformance(place.path(), options);
        let told = text(&ended.stdout);
        assert_eq!(ended.status.code(), Some(0), "{options:?}: {told}");
        for engine in ENGINES {
            let is_asked = told.contains(&format!(" on {engine}: "));
            assert_eq!(is_asked, *engine != "tinywasm", "{told}");
        }
    }
}

#[test]
fn parents_that_cannot_be_told() {
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("pass.wat"), PASS).unwrap();
    let engine = ENGINES[0];
    let ended = conformance(
        place.path(),
        &["--engine", engine, "--parent", "pass.wat", "--depth", "17"],
    );
    let told = "error: --parent: there are 17 parents, and 16 at most can lie above each other\n";
    assert_eq!((ended.status.code(), text(&ended.stderr)), (Some(2), told));
    let ended = conformance(place.path(), &["--depth", "2"]);
    assert_eq!(ended.status.code(), Some(2));
}

/// From an archive only those tests pass that write nothing, which is what is expected.
#[test]
fn built_in_suites_do_as_expected_on_every_backend_and_behind_a_filter() {
    let place = tempfile::tempdir().unwrap();
    for options in [
        &["--backend", "memory"][..],
        &["--backend", "overlay"],
        &["--backend", "overlay-archive"],
        &["--backend", "archive"],
        &["--filtered"],
    ] {
        let ended = conformance(place.path(), options);
        let told = text(&ended.stdout);
        assert_eq!(ended.status.code(), Some(0), "{options:?}: {told}");
        let as_expected = told.contains(" failed as expected");
        assert_eq!(as_expected, options.contains(&"archive"), "{told}");
    }
}

#[test]
fn reports_tell_what_failed() {
    let place = tempfile::tempdir().unwrap();
    suite(place.path());
    let reports = ["--json", "report.json", "--junit", "report.xml", "suite"];
    let engine = ENGINES[0];
    let ended = conformance(
        place.path(),
        &[&["--engine", engine][..], &reports].concat(),
    );
    assert_eq!(ended.status.code(), Some(1));
    let expected = format!(
        "fail  bad\n      exit code 3 instead of exit code 0\ntwo on {engine}: 1 of 2 passed, 1 failed\n"
    );
    assert_eq!(text(&ended.stdout), expected);
    let json: Value =
        serde_json::from_slice(&fs::read(place.path().join("report.json")).unwrap()).unwrap();
    let suite = &json["results"][0];
    assert_eq!(suite["runtime"]["name"], engine);
    assert_eq!((&suite["passed"], &suite["failed"]), (&1.into(), &1.into()));
    assert_eq!(suite["tests"][0]["outcome"], "fail");
    let junit = fs::read_to_string(place.path().join("report.xml")).unwrap();
    assert!(
        junit.contains(r#" tests="2" skipped="0" failures="1""#),
        "{junit}"
    );
    assert!(
        junit.contains("exit code 3 instead of exit code 0"),
        "{junit}"
    );
}

#[test]
fn keys_that_say_nothing_are_told_and_no_mistake() {
    let place = tempfile::tempdir().unwrap();
    suite(place.path());
    fs::write(
        place.path().join("suite/good.json"),
        r#"{ "exit_kode": 3 }"#,
    )
    .unwrap();
    let args = ["--engine", ENGINES[0], "--only", "good", "suite"];
    let ended = conformance(place.path(), &args);
    let told = text(&ended.stderr);
    assert_eq!(ended.status.code(), Some(0), "{told}");
    let expected = "suite/good.json: nothing is known of `exit_kode`, which is left out";
    assert!(told.lines().any(|line| line.ends_with(expected)), "{told}");
}

#[test]
fn expectations_met_pass_and_a_pass_that_is_not_expected_fails() {
    let place = tempfile::tempdir().unwrap();
    suite(place.path());
    let file = |name: &str, tests: &[(&str, &str)]| {
        let mut text = "[[suite]]\nname = 'two'\n".to_owned();
        for (test, what) in tests {
            text.push_str(&format!("[[suite.test]]\nname = '{test}'\n{what}\n"));
        }
        fs::write(place.path().join(name), text).unwrap();
    };
    file("right", &[("bad", "expected = 'fail'")]);
    file("left-out", &[("bad", "action = 'skip'")]);
    file(
        "wrong",
        &[("bad", "expected = 'fail'"), ("good", "expected = 'fail'")],
    );
    for (expect, code, counts) in [
        ("right", 0, "1 of 2 passed, 1 failed as expected"),
        ("left-out", 0, "1 of 2 passed, 1 not run"),
        (
            "wrong",
            1,
            "0 of 2 passed, 1 passed unexpectedly, 1 failed as expected",
        ),
    ] {
        let args = ["--engine", ENGINES[0], "--expect", expect, "suite"];
        let ended = conformance(place.path(), &args);
        let told = text(&ended.stdout);
        assert_eq!(ended.status.code(), Some(code), "{told}");
        assert!(told.ends_with(&format!(": {counts}\n")), "{told}");
    }
}

#[test]
fn mistakes_are_told_in_a_line_and_nothing_runs() {
    let place = tempfile::tempdir().unwrap();
    suite(place.path());
    fs::create_dir(place.path().join("empty")).unwrap();
    fs::write(place.path().join("broken.toml"), "version = 2").unwrap();
    for (args, expected) in [
        (&["nowhere"][..], "nowhere: "),
        (&["empty"], "empty: there are no tests"),
        (
            &["--only", "zebra", "suite"],
            "no test's name contains zebra",
        ),
        (
            &["--expect", "broken.toml", "suite"],
            "broken.toml: the form of version 2",
        ),
        (&["--engine", "v8"], "'v8'"),
        (
            &["--backend", "disk"],
            "the backends are host, memory, overlay, overlay-archive, archive",
        ),
        (
            &["--backend", "memory", "--adapter", "nowhere.py"],
            "cannot be used with",
        ),
        (&["--adapter", "nowhere.py", "suite"], "nowhere.py: "),
    ] {
        let ended = conformance(place.path(), args);
        let told = text(&ended.stderr);
        assert_eq!(ended.status.code(), Some(2), "{args:?}: {told}");
        assert_eq!(told.lines().count(), 1, "{args:?}: {told}");
        assert!(told.contains(expected), "{args:?}: {told}");
        assert!(ended.stdout.is_empty());
    }
}

/// The command tests itself through the adapter that the project has for it.
#[test]
fn adapter_of_a_command_runs_it() {
    let python = Command::new("python3").arg("--version").output();
    if !python.is_ok_and(|output| output.status.success()) {
        eprintln!("adapter_of_a_command_runs_it: NOT RUN (there is no python3)");
        return;
    }
    let place = tempfile::tempdir().unwrap();
    suite(place.path());
    let adapter = Path::new(env!("CARGO_MANIFEST_DIR")).join("../conformance/adapters/turnkey.py");
    let turnkey = env!("CARGO_BIN_EXE_turnkey");
    let ended = Command::new(turnkey)
        .args(["conformance", "--adapter"])
        .arg(adapter.canonicalize().unwrap())
        .arg("suite")
        .current_dir(place.path())
        .env("TURNKEY", turnkey)
        .env("TURNKEY_ENGINE", ENGINES[0])
        .env("XDG_CACHE_HOME", place.path())
        .output()
        .unwrap();
    let told = text(&ended.stdout);
    assert_eq!(
        ended.status.code(),
        Some(1),
        "{told}{}",
        text(&ended.stderr)
    );
    let expected = format!("two on turnkey-{}: 1 of 2 passed, 1 failed\n", ENGINES[0]);
    assert!(told.ends_with(&expected), "{told}");
    assert!(
        told.contains("exit code 3 instead of exit code 0"),
        "{told}"
    );
}
