//! Standing between a guest and its calls.

use crate::function::Function;
use crate::{Errno, Trap};
use std::cell::Cell;

/// A call that is under way.
pub struct Invocation<'a> {
    /// The function that the guest calls.
    pub function: &'static Function,
    /// The arguments of its core signature; an `i32` is zero-extended.
    pub args: &'a [u64],
    /// A word that belongs to the filter, kept from `before` to `after` of the same call.
    pub note: &'a Cell<u64>,
    /// What there is to say about how the call went, for whoever reads a trace. Nothing is known
    /// before it is carried out.
    pub remark: Option<&'a str>,
}

/// What becomes of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is carried out.
    Continue,
    /// The guest receives this, and nothing is done.
    Deny(Errno),
    /// The guest is ended.
    Trap(Trap),
}

/// A look at every call before and after it is carried out.
///
/// A context may have several. The first that does not continue decides, and those behind it do
/// not see the call; each sees the result of what it let through, the last one first.
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
