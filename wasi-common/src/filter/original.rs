//! Carrying a call out while a filter decides about it.

use crate::{Errno, Stop};

/// A call that a filter is looking at, which it can carry out itself: with the guest's own context,
/// on whatever memory it hands in.
///
/// The filters behind it see the call as they would otherwise. Who has carried a call out answers
/// [`Verdict::Answer`](crate::Verdict::Answer) or something else that is final: `Continue` would
/// carry it out again.
///
/// A disk on which every write succeeds at the second attempt, if not at the first:
///
/// ```
/// use turnkey_wasi_common::{Errno, Filter, Invocation, Verdict, WasiCtx};
///
/// struct Again;
///
/// impl Filter for Again {
///     fn before(&self, call: &Invocation<'_>, memory: &mut [u8]) -> Verdict {
///         let Some(original) = call.original.filter(|_| call.function.name == "fd_write") else {
///             return Verdict::Continue;
///         };
///         for _ in 0..2 {
///             match original.forward(memory) {
///                 Ok(Errno::Io) => {}
///                 Ok(errno) => return Verdict::Answer(errno),
///                 Err(stop) => return Verdict::from(stop),
///             }
///         }
///         Verdict::Deny(Errno::Io)
///     }
/// }
///
/// let ctx = WasiCtx::builder().filter(std::sync::Arc::new(Again)).build()?;
/// assert_eq!(ctx.filters().len(), 1);
/// # Ok::<(), turnkey_wasi_common::BuildError>(())
/// ```
pub trait Original {
    /// Carries the call out, and blocks the thread until it has ended. What ends the guest's waits
    /// ends this one.
    ///
    /// # Errors
    /// The guest's exit, or the trap that ends it.
    fn forward(&self, memory: &mut [u8]) -> Result<Errno, Stop>;
}
