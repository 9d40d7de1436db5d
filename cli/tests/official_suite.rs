//! The official preview 1 suite, on every engine: as it is, with the errno of a Unix host alone, with
//! its fixture in memory and in overlays, behind a filter on every call, and beneath wasm parents that
//! pass every call on or filter it, up to as many as can lie above each other. Every engine has what
//! its tests need, but that no parent can be asked on tinywasm. From an archive itself those tests pass that only read; the others are listed.
//!
//! It runs where `WASI_TESTSUITE` names a checkout of WebAssembly/wasi-testsuite that holds the
//! built tests (branch `prod/testsuite-base`). Elsewhere this test says that it did not run.
#![expect(
    clippy::print_stdout,
    clippy::expect_used,
    reason = "this is a test, in a harness of its own that tells what passed"
)]

mod engines;

use engines::ENGINES;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

const SUITES: [&str; 3] = ["c", "rust", "assemblyscript"];

/// How many tests of preview 1 there are.
const TESTS: u64 = 72;

/// How many of them only read.
const READ: u64 = 33;

/// The parents, beside this file's package.
const PASS: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../conformance/guests/parents/pass.wat"
);
const FORWARD: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../conformance/guests/parents/forward.wat"
);

/// How the suite is run, and how many tests pass.
const MODES: [(&[&str], u64); 14] = [
    (&[], TESTS),
    (&["--strict"], TESTS),
    (&["--backend", "memory"], TESTS),
    (&["--backend", "overlay"], TESTS),
    (&["--backend", "overlay-archive"], TESTS),
    (&["--filtered"], TESTS),
    (&["--backend", "archive"], READ),
    (&["--parent", PASS], TESTS),
    (&["--parent", PASS, "--depth", "4"], TESTS),
    (&["--parent", PASS, "--depth", "16"], TESTS),
    (&["--parent", FORWARD], TESTS),
    (&["--parent", FORWARD, "--depth", "4"], TESTS),
    (&["--parent", FORWARD, "--depth", "16"], TESTS),
    (
        &["--parent", PASS, "--parent", FORWARD, "--depth", "2"],
        TESTS,
    ),
];

fn main() -> ExitCode {
    let Some(checkout) = std::env::var_os("WASI_TESTSUITE").map(PathBuf::from) else {
        println!("official suite: NOT RUN (WASI_TESTSUITE names no checkout)");
        return ExitCode::SUCCESS;
    };
    let mut all_passed = true;
    for (mode, expected) in MODES {
        for engine in ENGINES {
            if *engine == "tinywasm" && mode.contains(&"--parent") {
                continue;
            }
            let passed = passed(&checkout, engine, mode);
            println!(
                "official suite, {engine} {}: {passed} of {TESTS}",
                mode.join(" ")
            );
            all_passed &= passed == expected;
        }
    }
    ExitCode::from(u8::from(!all_passed))
}

/// Runs the suite, and answers how many of its tests passed; none if one did otherwise than is
/// expected.
fn passed(checkout: &std::path::Path, engine: &str, mode: &[&str]) -> u64 {
    let place = tempfile::tempdir().expect("a directory for the report");
    let report = place.path().join("report.json");
    let folder = |suite| {
        checkout
            .join("tests")
            .join(suite)
            .join("testsuite/wasm32-wasip1")
    };
    let output = Command::new(env!("CARGO_BIN_EXE_turnkey"))
        .args([
            "conformance",
            "--engine",
            engine,
            "--timeout",
            "2min",
            "--json",
        ])
        .arg(&report)
        .args(mode)
        .args(SUITES.map(folder))
        .output()
        .expect("the command can be run");
    let said = String::from_utf8_lossy(&output.stdout);
    if !output.status.success() {
        println!("{said}{}", String::from_utf8_lossy(&output.stderr));
        return 0;
    }
    let report = std::fs::read(&report).unwrap_or_default();
    let report: serde_json::Value = serde_json::from_slice(&report).unwrap_or_default();
    let results = report.get("results").and_then(serde_json::Value::as_array);
    let suites = results.into_iter().flatten();
    suites
        .filter_map(|suite| suite.get("passed")?.as_u64())
        .sum()
}
