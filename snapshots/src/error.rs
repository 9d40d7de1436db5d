//! What an operation answers inside this crate.

use turnkey_wasi_common::{Errno, Stop, Trap, TrapKind};
use wiggle::GuestError;

/// Why an operation has no result.
#[derive(Debug)]
pub(crate) enum Error {
    /// The guest is told this.
    Errno(Errno),
    /// The guest is told the errno of this, and filters what else it says.
    Host(turnkey_wasi_common::Error),
    /// The guest does not go on.
    Stop(Stop),
    /// The guest must wait; the call's state says for what.
    Wait,
}

impl From<Errno> for Error {
    fn from(errno: Errno) -> Self {
        Self::Errno(errno)
    }
}

impl From<turnkey_wasi_common::Error> for Error {
    fn from(error: turnkey_wasi_common::Error) -> Self {
        Self::Host(error)
    }
}

impl From<Trap> for Error {
    fn from(trap: Trap) -> Self {
        Self::Stop(Stop::Trap(trap))
    }
}

/// A flaw in the guest's memory: what is written there badly is an errno, a pointer that leads
/// nowhere is a trap.
impl From<GuestError> for Error {
    fn from(error: GuestError) -> Self {
        match error {
            GuestError::InvalidUtf8(_) => Self::Errno(Errno::Ilseq),
            GuestError::InvalidEnumValue(_) | GuestError::InvalidFlagValue(_) => {
                Self::Errno(Errno::Inval)
            }
            GuestError::TryFromIntError(_) => Self::Errno(Errno::Overflow),
            GuestError::InFunc { err, .. } => Self::from(*err),
            GuestError::PtrOverflow
            | GuestError::PtrOutOfBounds(_)
            | GuestError::PtrNotAligned(..)
            | GuestError::SliceLengthsDiffer => {
                Self::from(Trap::new(TrapKind::Fault, error.to_string()))
            }
        }
    }
}

/// The error that leaves wiggle's glue: ours, or a flaw that the glue found by itself.
pub(crate) fn stop(error: wiggle::anyhow::Error) -> Stop {
    match error.downcast::<Stop>() {
        Ok(stop) => stop,
        Err(other) => Stop::Trap(Trap::new(TrapKind::Fault, format!("{other:#}"))),
    }
}
