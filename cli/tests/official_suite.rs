//! The official preview 1 suite, on every engine, as it is and with Unix errno.
//!
//! It runs where `WASI_TESTSUITE` names a checkout of WebAssembly/wasi-testsuite that holds the
//! built tests (branch `prod/testsuite-base`). Elsewhere this test says that it did not run.
#![expect(
    clippy::print_stdout,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "this is a test, in a harness of its own that tells what passed"
)]

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

const SUITES: [&str; 3] = ["c", "rust", "assemblyscript"];
const ENGINES: [&str; 2] = ["wasmtime", "wasmi"];

/// How long a test may take. Compiling is part of it, in a build without optimization.
const PATIENCE: Duration = Duration::from_secs(120);

fn main() -> ExitCode {
    let Some(checkout) = std::env::var_os("WASI_TESTSUITE").map(PathBuf::from) else {
        println!("official suite: NOT RUN (WASI_TESTSUITE names no checkout)");
        return ExitCode::SUCCESS;
    };
    let cases: Vec<Case> = SUITES
        .iter()
        .flat_map(|suite| cases(&checkout, suite))
        .collect();
    if cases.is_empty() {
        println!("official suite: no test below {}", checkout.display());
        return ExitCode::FAILURE;
    }
    let mut all_passed = true;
    for engine in ENGINES {
        for mode in [None, Some("ERRNO_MODE_UNIX")] {
            let failures: Vec<String> = cases
                .iter()
                .filter_map(|case| case.failure(engine, mode))
                .collect();
            for failure in &failures {
                println!("  {failure}");
            }
            let passed = cases.len() - failures.len();
            let mode = mode.unwrap_or("as it is");
            println!(
                "official suite, {engine}, {mode}: {passed} of {}",
                cases.len()
            );
            all_passed &= failures.is_empty();
        }
    }
    if all_passed {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// One test: a module, and what the file beside it asks for.
struct Case {
    name: String,
    module: PathBuf,
    args: Vec<String>,
    env: BTreeMap<String, String>,
    root: Option<PathBuf>,
    stdout: Option<String>,
    exit_code: i32,
}

fn cases(checkout: &Path, suite: &str) -> Vec<Case> {
    let folder = checkout
        .join("tests")
        .join(suite)
        .join("testsuite/wasm32-wasip1");
    let Ok(entries) = fs::read_dir(&folder) else {
        return Vec::new();
    };
    let mut modules: Vec<PathBuf> = entries
        .map(|entry| entry.expect("the suite can be listed").path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "wasm")
        })
        .collect();
    modules.sort();
    modules
        .into_iter()
        .map(|module| Case::read(suite, module))
        .collect()
}

impl Case {
    fn read(suite: &str, module: PathBuf) -> Self {
        let asked = match fs::read(module.with_extension("json")) {
            Ok(json) => serde_json::from_slice(&json).expect("the suite's files are JSON"),
            Err(_) => serde_json::json!({}),
        };
        let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
        let name = module.file_stem().unwrap_or_default().to_string_lossy();
        Self {
            name: format!("{suite}/{name}"),
            args: asked["args"]
                .as_array()
                .map(|args| args.iter().filter_map(text).collect())
                .unwrap_or_default(),
            env: asked["env"]
                .as_object()
                .map(|env| {
                    env.iter()
                        .filter_map(|(name, value)| Some((name.clone(), text(value)?)))
                        .collect()
                })
                .unwrap_or_default(),
            root: text(&asked["root"]).map(|root| module.with_file_name(root)),
            stdout: text(&asked["stdout"]),
            exit_code: asked["exit_code"]
                .as_i64()
                .map_or(0, |code| i32::try_from(code).expect("an exit code")),
            module,
        }
    }

    /// Runs the test; answers what went wrong, if anything did.
    fn failure(&self, engine: &str, mode: Option<&str>) -> Option<String> {
        let fixture = tempfile::tempdir().expect("a directory for the fixture");
        let mut command = Command::new(env!("CARGO_BIN_EXE_turnkey"));
        command.args(["run", "--engine", engine]);
        if let Some(root) = &self.root {
            copy(root, fixture.path()).expect("the fixture can be copied");
            command
                .arg("--dir")
                .arg(format!("{}::/", fixture.path().display()));
        }
        for (name, value) in &self.env {
            command.arg("--env").arg(format!("{name}={value}"));
        }
        // These tests compare the whole environment.
        let exact = self.name.contains("environ");
        if let Some(mode) = mode.filter(|_| !exact) {
            command.arg("--env").arg(format!("{mode}=1"));
        }
        command.arg(&self.module).args(&self.args);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().expect("the command starts");
        // Standard input stays open and silent until the test has ended.
        let stdin = child.stdin.take();
        let began = Instant::now();
        while child
            .try_wait()
            .expect("the command can be waited for")
            .is_none()
        {
            if began.elapsed() > PATIENCE {
                child.kill().expect("the command can be ended");
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        drop(stdin);
        let output = child.wait_with_output().expect("the command has ended");
        let stdout = String::from_utf8_lossy(&output.stdout);
        let says_so = self
            .stdout
            .as_ref()
            .is_none_or(|wanted| stdout.starts_with(wanted));
        if output.status.code() == Some(self.exit_code) && says_so {
            return None;
        }
        let stderr = String::from_utf8_lossy(&output.stderr);
        Some(format!(
            "{}: {}: {stdout}{stderr}",
            self.name, output.status
        ))
    }
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            fs::create_dir(&target)?;
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target)?;
        }
    }
    Ok(())
}
