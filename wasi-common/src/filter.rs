//! Standing between a guest and its calls.

mod closure;
mod invocation;
mod original;

pub use closure::{After, Before, after, before};
pub use invocation::Invocation;
pub use original::Original;

use crate::{Errno, Stop, Trap};
use std::time::Duration;

/// What becomes of a call.
///
/// ```
/// use std::time::Duration;
/// use turnkey_wasi_common::{Errno, Verdict};
///
/// /// A disk that is slow, and full.
/// fn tired(function: &str) -> Verdict {
///     match function {
///         "fd_read" => Verdict::Delay(Duration::from_millis(20)),
///         "fd_write" => Verdict::Deny(Errno::Nospc),
///         _ => Verdict::Continue,
///     }
/// }
///
/// assert!(tired("fd_write").is_final());
/// assert!(!tired("fd_read").is_final());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is carried out.
    Continue,
    /// It waits for this long, by the context's monotonic clock, and is carried out then. The
    /// filters behind this one see it after the wait; this one is not asked again.
    ///
    /// The guest waits as it waits for anything else: an interrupt ends the wait, a virtual clock
    /// jumps. On an engine that can suspend a guest, only the functions that may wait by themselves
    /// ([`Function::may_wait`](crate::function::Function::may_wait)) leave the thread to others.
    Delay(Duration),
    /// The guest receives this, and nothing is done. A function that returns nothing ends the
    /// guest instead, with a trap of the kind [`Refused`](crate::TrapKind::Refused).
    Deny(Errno),
    /// The guest receives this, because the filter has carried the call out itself and written its
    /// results. `turnkey-snapshots` has typed writers of results, which check every pointer first.
    Answer(Errno),
    /// The guest exits with this code.
    Exit(u32),
    /// The guest is ended.
    Trap(Trap),
}

impl Verdict {
    /// Whether the call is not carried out by the host.
    #[must_use]
    pub fn is_final(&self) -> bool {
        !matches!(self, Self::Continue | Self::Delay(_))
    }
}

/// What ends the guest.
impl From<Stop> for Verdict {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Exit(code) => Self::Exit(code),
            Stop::Trap(trap) => Self::Trap(trap),
        }
    }
}

/// A look at every call before and after it is carried out.
///
/// A context may have several. The first that neither continues nor delays decides, and those
/// behind it do not see the call; each sees the result of what it let through, the last one first.
///
/// A call that has to wait is still one call: it is seen once before and once after.
///
/// ```
/// use std::sync::Arc;
/// use turnkey_wasi_common::{Errno, Filter, Invocation, Verdict, WasiCtx};
///
/// /// Lets nothing be removed.
/// struct Keep;
///
/// impl Filter for Keep {
///     fn before(&self, call: &Invocation<'_>, _memory: &mut [u8]) -> Verdict {
///         match call.function.name {
///             "path_unlink_file" | "path_remove_directory" => Verdict::Deny(Errno::Perm),
///             _ => Verdict::Continue,
///         }
///     }
/// }
///
/// let ctx = WasiCtx::builder().filter(Arc::new(Keep)).build()?;
/// assert_eq!(ctx.filters().len(), 1);
/// # Ok::<(), turnkey_wasi_common::BuildError>(())
/// ```
pub trait Filter: Send + Sync {
    /// Sees a call that is about to be carried out, and the guest's memory.
    fn before(&self, call: &Invocation<'_>, memory: &mut [u8]) -> Verdict {
        let _ = (call, memory);
        Verdict::Continue
    }

    /// Sees what a call answered: the errno, `None` if it ended the guest.
    fn after(&self, call: &Invocation<'_>, memory: &mut [u8], errno: Option<Errno>) {
        let _ = (call, memory, errno);
    }
}
