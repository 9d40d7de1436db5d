//! Why a call does not return to the guest.

use crate::Reason;
use std::fmt;

/// A guest has ended in the middle of a call.
///
/// ```
/// use turnkey_wasi_common::{Reason, Stop, Trap, TrapKind};
///
/// /// The exit code of a command that ran a guest.
/// fn code(ended: Result<(), Stop>) -> u32 {
///     match ended {
///         Ok(()) => 0,
///         Err(Stop::Exit(code)) => code,
///         Err(Stop::Trap(trap)) if trap.kind() == TrapKind::Interrupted(Reason::Timeout) => 124,
///         Err(Stop::Trap(_)) => 134,
///     }
/// }
///
/// assert_eq!(code(Err(Stop::Exit(3))), 3);
/// assert_eq!(code(Err(Trap::interrupted(Reason::Timeout).into())), 124);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop {
    /// It exited with this code. Every `u32` is handed on as it is.
    Exit(u32),
    /// It was ended.
    Trap(Trap),
}

/// Why a guest was ended.
///
/// ```
/// use turnkey_wasi_common::{Trap, TrapKind};
///
/// let trap = Trap::new(TrapKind::Refused, "this guest opens no files");
/// assert_eq!(trap.kind(), TrapKind::Refused);
/// assert_eq!(trap.to_string(), "this guest opens no files");
/// ```
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
