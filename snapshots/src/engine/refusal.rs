//! Why an engine cannot carry out a call, said alike by all of them.

use turnkey_wasi_common::{Stop, Trap, TrapKind};

/// Why a call between a guest and its host cannot be carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The guest exports no memory of the name `memory`.
    NoMemory,
    /// The guest shares its memory with threads.
    SharedMemory,
    /// The guest's memory has addresses of 64 bits.
    Memory64,
    /// A value is a vector or a reference.
    NoNumber,
    /// A host function answered with a value of another type than it says it has.
    OtherType,
    /// A [`Handler`](super::Handler) is of another guest.
    NoHandler,
}

impl From<Refusal> for Trap {
    fn from(refusal: Refusal) -> Self {
        let (kind, message) = match refusal {
            Refusal::NoMemory => (
                TrapKind::NoMemory,
                "the guest exports no memory of the name `memory`",
            ),
            Refusal::SharedMemory => (
                TrapKind::NoMemory,
                "the guest's memory is shared with other threads, which this host does not serve",
            ),
            Refusal::Memory64 => (
                TrapKind::NoMemory,
                "the guest's memory has addresses of 64 bits, and WASI's snapshots have 32",
            ),
            Refusal::NoNumber => (
                TrapKind::Host,
                "only numbers can be passed between a guest and this host",
            ),
            Refusal::OtherType => (
                TrapKind::Host,
                "a host function answered with a value of another type than it says it has",
            ),
            Refusal::NoHandler => (
                TrapKind::Host,
                "a function was called that was looked up in another guest",
            ),
        };
        Self::new(kind, message)
    }
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Trap(refusal.into())
    }
}
