//! Why a call does not return to the guest.

use crate::Reason;
use std::fmt;

/// A guest has ended in the middle of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop {
    /// It exited with this code. Every `u32` is handed on as it is.
    Exit(u32),
    /// It was ended.
    Trap(Trap),
}

/// Why a guest was ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trap {
    kind: TrapKind,
    message: Box<str>,
}

/// The kinds of trap that the host raises.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TrapKind {
    /// The guest passed a pointer beyond its memory, a misaligned one, or a value that its type
    /// does not have.
    Fault,
    /// The guest has no memory that the host could use.
    NoMemory,
    /// Somebody ended the guest from outside.
    Interrupted(Reason),
    /// A filter ended the guest.
    Refused,
    /// The guest's own code trapped: unreachable code, a division by zero, an exhausted stack.
    Wasm,
    /// The guest has used up the fuel that it was given.
    OutOfFuel,
    /// The host is in no state to go on.
    Host,
}

impl Trap {
    /// A trap of a kind, with a sentence for the reader.
    pub fn new(kind: TrapKind, message: impl Into<Box<str>>) -> Self {
        Self {
            kind,
            message: message.into(),
        }
    }

    /// The trap by which an [`Interrupt`](crate::Interrupt) ends a guest.
    pub fn interrupted(reason: Reason) -> Self {
        Self::new(TrapKind::Interrupted(reason), reason.to_string())
    }

    /// What kind it is.
    pub fn kind(&self) -> TrapKind {
        self.kind
    }
}

impl fmt::Display for Trap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Trap {}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exit(code) => write!(f, "exit with code {code}"),
            Self::Trap(trap) => trap.fmt(f),
        }
    }
}

impl std::error::Error for Stop {}

impl From<Trap> for Stop {
    fn from(trap: Trap) -> Self {
        Self::Trap(trap)
    }
}
