//! A guest on an engine.

use super::Case;
use std::fmt;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;
use turnkey_cap_backends::{HostDir, ambient_authority, builder};
use turnkey_snapshots::engine::{Engine, InstantiateError, Limits, Node};
use turnkey_wasi_common::{Access, Builder, Interrupt, Pipe, PipeReader, Reason, Stop, Trap};

/// How long a guest may take. None takes nearly as long; one that hangs is told apart from one
/// that is slow on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Room for what a guest writes to each stream, in bytes. One that writes more waits, and runs out
/// of time.
const OUTPUT: usize = 1 << 20;

/// What a guest did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// How it ended.
    pub ending: Ending,
    /// What it wrote to standard output.
    pub stdout: Vec<u8>,
    /// What it wrote to standard error.
    pub stderr: Vec<u8>,
}

/// How a guest ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// It exited with this code, or returned, which is the code 0.
    Exit(u32),
    /// It was ended by a trap.
    Trap(Trap),
    /// It was not begun, for this reason.
    Refused(String),
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exit(code) => write!(f, "exit code {code}"),
            Self::Trap(trap) => write!(f, "trap: {trap}"),
            Self::Refused(why) => write!(f, "not begun: {why}"),
        }
    }
}

impl Case {
    /// Runs the guest on an engine, in a context with the host's clocks and randomness and nothing
    /// else than what it asks for. Its standard input is a pipe that is closed. `change` may change
    /// the context before it is built.
    ///
    /// A guest that takes longer than a minute is interrupted, so the engine has to be
    /// interruptible.
    ///
    /// # Errors
    /// Those of the host's file system: the module or the root cannot be read, or there is no room
    /// for a copy of the root.
    pub fn run(
        &self,
        engine: &dyn Engine,
        change: impl FnOnce(Builder) -> Builder,
    ) -> io::Result<Seen> {
        let wasm = fs::read(&self.module)?;
        let fixture = tempfile::tempdir()?;
        let interrupt = Interrupt::new();
        let (stdout, written) = Pipe::new(OUTPUT);
        let (stderr, complained) = Pipe::new(OUTPUT);
        let mut context = builder()
            .arg(format!("{}.wasm", self.name))
            .args(&self.args)
            .stdin(Arc::new(PipeReader::of([])))
            .stdout(Arc::new(stdout))
            .stderr(Arc::new(stderr))
            .interrupt(interrupt.clone());
        for (name, value) in &self.env {
            context = context.env(name, value);
        }
        if let Some(root) = &self.root {
            copy(root, fixture.path())?;
            let dir = HostDir::open_ambient(fixture.path(), ambient_authority())?;
            context = context.preopen("/", Arc::new(dir), Access::ReadWrite);
        }
        let ctx = change(context).build().map_err(io::Error::other)?;
        let node = Node {
            ctx,
            functions: Vec::new(),
            limits: Limits::default(),
        };
        let ending = in_time(&interrupt, || enter(engine, &wasm, node));
        Ok(Seen {
            ending,
            stdout: written.drain(),
            stderr: complained.drain(),
        })
    }
}

/// Does something, and interrupts it when its time is over.
fn in_time<R>(interrupt: &Interrupt, work: impl FnOnce() -> R) -> R {
    let (done, waiting) = mpsc::channel::<()>();
    thread::scope(|scope| {
        scope.spawn(move || {
            // The other end is dropped when the work is done.
            if waiting.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                interrupt.fire(Reason::Timeout);
            }
        });
        let result = work();
        drop(done);
        result
    })
}

/// Makes an instance of a command, and calls its `_start`.
fn enter(engine: &dyn Engine, wasm: &[u8], node: Node) -> Ending {
    let module = match engine.compile(wasm) {
        Ok(module) => module,
        Err(error) => return Ending::Refused(error.to_string()),
    };
    let mut instance = match module.instantiate(node) {
        Ok(instance) => instance,
        Err(InstantiateError::Stop(stop)) => return stopped(stop),
        Err(error) => return Ending::Refused(error.to_string()),
    };
    let Some(start) = instance.export("_start") else {
        return Ending::Refused("it exports no function `_start`".to_owned());
    };
    match instance.call(start, &[], &mut []) {
        Ok(()) => Ending::Exit(0),
        Err(stop) => stopped(stop),
    }
}

fn stopped(stop: Stop) -> Ending {
    match stop {
        Stop::Exit(code) => Ending::Exit(code),
        Stop::Trap(trap) => Ending::Trap(trap),
    }
}

/// Copies what a directory holds into another. A symbolic link stays one.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        let kind = entry.file_type()?;
        if kind.is_dir() {
            fs::create_dir(&target)?;
            copy(&entry.path(), &target)?;
        } else if kind.is_symlink() {
            link(&fs::read_link(entry.path())?, &target)?;
        } else {
            fs::copy(entry.path(), &target)?;
        }
    }
    Ok(())
}

#[cfg(unix)]
fn link(target: &Path, name: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, name)
}

#[cfg(not(unix))]
fn link(_target: &Path, name: &Path) -> io::Result<()> {
    let what = format!("{} is a symbolic link", name.display());
    Err(io::Error::new(io::ErrorKind::Unsupported, what))
}
