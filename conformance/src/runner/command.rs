//! A command as a host, through an adapter of wasi-testsuite's.

use super::host::{Ending, Given, Guest, Host, Refusal};
use super::stream::Stream;
use rustix::process::{Pid, Signal, kill_process};
use serde::Deserialize;
use std::fmt::Display;
use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;

/// The Python that adapters are written in.
const PYTHON: &str = "python3";

/// Loads an adapter, and answers a question that is asked on standard input. What an adapter is
/// asked is what wasi-testsuite's own runner asks it.
const ASK: &str = include_str!("ask_adapter.py");

/// A command as a host, through an adapter: a Python module that tells the command's arguments, as
/// wasi-testsuite's own runner takes them. One for wasmtime, for instance, is in its repository.
#[derive(Debug, Clone)]
pub struct CommandHost {
    adapter: PathBuf,
    name: String,
    version: String,
}

#[derive(Deserialize)]
struct About {
    name: String,
    version: String,
    versions: Vec<String>,
}

impl CommandHost {
    /// The command that an adapter tells of.
    ///
    /// # Errors
    /// The adapter cannot be run, or its command is for no version of WASI that is tested here.
    pub fn new(adapter: &Path) -> Result<Self, String> {
        let adapter = adapter
            .canonicalize()
            .map_err(|error| format!("{}: {error}", adapter.display()))?;
        let about: About = ask(&adapter, &serde_json::json!({ "ask": "about" }))?;
        if !about
            .versions
            .iter()
            .any(|version| version == "wasm32-wasip1")
        {
            return Err(format!(
                "{}: {} does not run wasm32-wasip1, which is what is tested",
                adapter.display(),
                about.name
            ));
        }
        Ok(Self {
            adapter,
            name: about.name,
            version: about.version,
        })
    }
}

impl Host for CommandHost {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn version(&self) -> String {
        self.version.clone()
    }

    fn start(&self, given: &Given<'_>) -> Result<Guest, Refusal> {
        if given.listens {
            let what = "adapters have no way to give a guest a socket";
            return Err(Refusal::Unsupported(what.to_owned()));
        }
        let root = match given.dirs {
            [] => None,
            [(dir, name)] if name == "/" => Some(dir),
            _ => {
                let what = "adapters have no way to give a guest directories but its root";
                return Err(Refusal::Unsupported(what.to_owned()));
            }
        };
        let env: serde_json::Map<_, _> = given
            .env
            .iter()
            .map(|(name, value)| (name.clone(), value.clone().into()))
            .collect();
        let question = serde_json::json!({
            "ask": "argv", "module": given.module, "args": given.args, "env": env, "root": root,
        });
        let argv: Vec<String> = ask(&self.adapter, &question).map_err(Refusal::Failed)?;
        let Some((program, args)) = argv.split_first() else {
            let what = "the adapter tells an empty command";
            return Err(Refusal::Failed(what.to_owned()));
        };
        spawn(Command::new(program).args(args))
            .map_err(|error| Refusal::Failed(format!("`{program}` cannot be run: {error}")))
    }
}

/// Starts a process whose standard streams are pipes.
fn spawn(command: &mut Command) -> std::io::Result<Guest> {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let pid = Pid::from_child(&child);
    let stdin = child.stdin.take();
    let stdout = child.stdout.take().ok_or(std::io::ErrorKind::BrokenPipe)?;
    let stderr = child.stderr.take().ok_or(std::io::ErrorKind::BrokenPipe)?;
    let (sender, ended) = mpsc::channel();
    thread::Builder::new().spawn(move || {
        let ending = match child.wait() {
            Ok(status) => ending(status),
            Err(error) => Ending::Trap(error.to_string()),
        };
        let _nobody_waits = sender.send(ending);
    })?;
    Ok(Guest {
        stdin: stdin.map(|stdin| Box::new(stdin) as Box<dyn Write + Send>),
        stdout: Stream::new(stdout),
        stderr: Stream::new(stderr),
        ended,
        kill: Box::new(move || {
            let _gone_already = kill_process(pid, Signal::KILL);
        }),
        address: None,
        calls: None,
    })
}

fn ending(status: ExitStatus) -> Ending {
    match (status.code(), status.signal()) {
        (Some(code), _) => Ending::Exit(code.cast_unsigned()),
        (None, signal) => Ending::Trap(format!("ended by the signal {}", signal.unwrap_or(0))),
    }
}

/// Asks an adapter.
fn ask<A: for<'a> Deserialize<'a>>(
    adapter: &Path,
    question: &serde_json::Value,
) -> Result<A, String> {
    let wrong = |why: &dyn Display| format!("{}: {why}", adapter.display());
    let mut child = Command::new(PYTHON)
        .args(["-c", ASK])
        .arg(adapter)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| wrong(&format_args!("{PYTHON} cannot be run: {error}")))?;
    if let Some(mut stdin) = child.stdin.take() {
        // An adapter that fails before it reads says why on its standard error.
        let _gone_already = stdin.write_all(question.to_string().as_bytes());
    }
    let output = child.wait_with_output().map_err(|error| wrong(&error))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let last = said.trim_end().lines().last().unwrap_or("it failed");
        return Err(wrong(&last));
    }
    serde_json::from_slice(&output.stdout).map_err(|error| wrong(&error))
}
