//! What is tested: a host that runs guests.

use super::calls::Calls;
use super::stream::Stream;
use std::fmt;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::Receiver;

/// A host that runs guests.
pub trait Host: Send + Sync {
    /// Its name in reports.
    fn name(&self) -> String;

    /// Its version in reports; nothing if it has none.
    fn version(&self) -> String;

    /// Starts a guest.
    ///
    /// # Errors
    /// Why the guest cannot be started.
    fn start(&self, given: &Given<'_>) -> Result<Guest, Refusal>;
}

/// What a guest is given.
#[derive(Debug, Clone, Copy)]
pub struct Given<'a> {
    /// Where its module lies.
    pub module: &'a Path,
    /// What follows the name of the module in its arguments.
    pub args: &'a [String],
    /// All of its environment: names and values.
    pub env: &'a [(String, String)],
    /// The directories that are its preopens, each with its name.
    pub dirs: &'a [(PathBuf, String)],
    /// Whether it is given a socket that listens, behind the directories.
    pub listens: bool,
}

/// A guest that has been started.
pub struct Guest {
    /// Where its standard input is written.
    pub stdin: Option<Box<dyn Write + Send>>,
    /// What it writes to standard output.
    pub stdout: Stream,
    /// What it writes to standard error.
    pub stderr: Stream,
    /// Tells once how it ended.
    pub ended: Receiver<Ending>,
    /// Ends it from outside.
    pub kill: Box<dyn Fn() + Send>,
    /// Where the socket that it was given listens.
    pub address: Option<SocketAddr>,
    /// Its calls, if the host can tell them.
    pub calls: Option<Arc<Calls>>,
}

/// How a guest ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// It exited with this code, or returned, which is the code 0.
    Exit(u32),
    /// It was ended by a trap, or refused when it was to begin; this is what was said of it.
    Trap(String),
}

/// What a process shows that was ended by a trap.
const TRAPPED: i32 = 134;

impl Ending {
    /// The code as a process shows it: the low 8 bits, and 134 for a trap.
    pub fn code(&self) -> i32 {
        match self {
            Self::Exit(code) => {
                let [low, ..] = code.to_le_bytes();
                i32::from(low)
            }
            Self::Trap(_) => TRAPPED,
        }
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exit(code) => write!(f, "exit code {code}"),
            Self::Trap(what) => f.write_str(what),
        }
    }
}

/// Why a guest was not started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The host has no such thing as the guest is to be given. Its test is not run.
    Unsupported(String),
    /// The host failed. So does the test.
    Failed(String),
}
