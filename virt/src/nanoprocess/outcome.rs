//! How a child's link or call ends.

use super::need::Need;
use std::fmt;
use turnkey_snapshots::engine::Value;
use turnkey_wasi_common::{Errno, Reason, Stop, Trap, TrapKind};

/// How a call of a child's ended. All but the first are the child's end as well.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// The function returned these.
    Returned(Vec<Value>),
    /// The child exited with this code.
    Exited(u32),
    /// The child trapped.
    Trapped(Trap),
    /// Somebody killed it.
    Killed,
    /// The call took too long.
    Deadline,
    /// There was no fuel left.
    OutOfFuel,
}

impl From<Stop> for Outcome {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Exit(code) => Self::Exited(code),
            Stop::Trap(trap) => match trap.kind() {
                TrapKind::Interrupted(reason) => Self::from(reason),
                TrapKind::OutOfFuel => Self::OutOfFuel,
                _ => Self::Trapped(trap),
            },
        }
    }
}

impl From<Reason> for Outcome {
    fn from(reason: Reason) -> Self {
        match reason {
            Reason::Timeout => Self::Deadline,
            Reason::Killed => Self::Killed,
        }
    }
}

/// Why a child was not linked. Nothing of it has run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkError {
    /// It asks for what it is not bound to. Everything that is missing is named.
    Missing(Vec<Need>),
    /// Another reason:
    /// - `INVAL`: it was given no limit of what its parent has a limit of.
    /// - `MFILE`: its limit of descriptors is lower than what it is granted.
    /// - those of a step that does not fit the child's state.
    Errno(Errno),
}

impl fmt::Display for LinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Errno(errno) => write!(f, "the child cannot be linked: {}", errno.name()),
            Self::Missing(missing) => {
                for (index, need) in missing.iter().enumerate() {
                    let separator = if index == 0 { "" } else { "; " };
                    write!(f, "{separator}{need}")?;
                }
                Ok(())
            }
        }
    }
}

impl std::error::Error for LinkError {}
