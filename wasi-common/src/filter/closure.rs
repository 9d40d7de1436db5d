//! Filters that are one closure.

use crate::{Errno, Filter, Invocation, Verdict};

/// A filter that sees calls [before](before()) they are carried out.
#[derive(Debug, Clone)]
pub struct Before<F>(F);

/// A filter that sees calls [after](after()) they were carried out.
#[derive(Debug, Clone)]
pub struct After<F>(F);

/// A filter that asks a closure what becomes of each call.
///
/// ```
/// use std::sync::Arc;
/// use turnkey_wasi_common::{Errno, Verdict, WasiCtx, before};
///
/// let keep_dotfiles = before(|call, memory| {
///     let mut strings = call.strings(memory);
///     match strings.any(|(_, text)| text.is_some_and(|text| text.starts_with(b"."))) {
///         true => Verdict::Deny(Errno::Acces),
///         false => Verdict::Continue,
///     }
/// });
/// let ctx = WasiCtx::builder().filter(Arc::new(keep_dotfiles)).build()?;
/// assert_eq!(ctx.filters().len(), 1);
/// # Ok::<(), turnkey_wasi_common::BuildError>(())
/// ```
pub fn before<F>(closure: F) -> Before<F>
where
    F: Fn(&Invocation<'_>, &mut [u8]) -> Verdict + Send + Sync,
{
    Before(closure)
}

/// A filter that tells a closure how each call ended: the errno, `None` if the guest ended with it.
///
/// ```
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicU32, Ordering};
/// use turnkey_wasi_common::{Errno, WasiCtx, after};
///
/// let missing = Arc::new(AtomicU32::new(0));
/// let count = Arc::clone(&missing);
/// let ctx = WasiCtx::builder()
///     .filter(Arc::new(after(move |_call, _memory, errno| {
///         if errno == Some(Errno::Noent) {
///             count.fetch_add(1, Ordering::Relaxed);
///         }
///     })))
///     .build()?;
/// assert_eq!(ctx.filters().len(), 1);
/// assert_eq!(missing.load(Ordering::Relaxed), 0);
/// # Ok::<(), turnkey_wasi_common::BuildError>(())
/// ```
pub fn after<F>(closure: F) -> After<F>
where
    F: Fn(&Invocation<'_>, &mut [u8], Option<Errno>) + Send + Sync,
{
    After(closure)
}

impl<F> Filter for Before<F>
where
    F: Fn(&Invocation<'_>, &mut [u8]) -> Verdict + Send + Sync,
{
    fn before(&self, call: &Invocation<'_>, memory: &mut [u8]) -> Verdict {
        (self.0)(call, memory)
    }
}

impl<F> Filter for After<F>
where
    F: Fn(&Invocation<'_>, &mut [u8], Option<Errno>) + Send + Sync,
{
    fn after(&self, call: &Invocation<'_>, memory: &mut [u8], errno: Option<Errno>) {
        (self.0)(call, memory, errno);
    }
}
