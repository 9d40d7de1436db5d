//! Bounds on what a guest can make the host hold.

use crate::Errno;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The bounds of a context. Each has a default that real programs do not meet.
///
/// ```
/// use turnkey_wasi_common::{Limits, WasiCtx};
///
/// let limits = Limits { files: 64, memory: 1 << 20, ..Limits::default() };
/// let ctx = WasiCtx::builder().limits(limits).build()?;
/// assert!(ctx.budget().charge(2 << 20).is_err());
/// # Ok::<(), turnkey_wasi_common::BuildError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Descriptors open at once. Beyond it, opening answers `MFILE`. Default 4096; at most
    /// 262,144.
    pub files: u32,
    /// Subscriptions in one `poll_oneoff`. Beyond it, the call answers `NOMEM`. Default 4096.
    pub subscriptions: u32,
    /// Bytes of host memory that the guest's open objects may hold beside the descriptors
    /// themselves, such as pages of directory listings. Beyond it, calls answer `NOMEM`. Default
    /// 64 MiB.
    pub memory: usize,
    /// Bytes of a path, and of the text of a link that is made. Beyond it, the call answers
    /// `NAMETOOLONG`. Default 4095, which is also the most: POSIX `PATH_MAX` without its NUL.
    pub path: u32,
    /// Bytes that one call moves, so that it ends in time: what is beyond is left to the next call,
    /// which to the guest is a short read or write. A `random_get` of more answers `NOMEM`. Default
    /// `u32::MAX`, which is all that a call can ask for; at least 1.
    pub transfer: u32,
    /// Bytes of all arguments, each with a NUL. Beyond it, the context is not built. Default 2 MiB.
    pub args: u32,
    /// Bytes of all environment entries, each with a NUL. Beyond it, the context is not built.
    /// Default 2 MiB.
    pub env: u32,
}

impl Limits {
    /// The defaults.
    pub const DEFAULT: Self = Self {
        files: 4096,
        subscriptions: 4096,
        memory: 64 << 20,
        path: 4095,
        transfer: u32::MAX,
        args: 2 << 20,
        env: 2 << 20,
    };
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// Host memory that is held for a guest, counted in bytes.
///
/// ```
/// use turnkey_wasi_common::{Budget, Errno};
///
/// let budget = Budget::new(100);
/// let charge = budget.charge(80)?;
/// assert_eq!(budget.charge(80).unwrap_err(), Errno::Nomem);
/// drop(charge);
/// assert!(budget.charge(80).is_ok());
/// # Ok::<(), Errno>(())
/// ```
#[derive(Debug)]
pub struct Budget {
    used: Arc<AtomicUsize>,
    limit: usize,
}

impl Budget {
    /// A budget of this many bytes.
    pub fn new(limit: usize) -> Self {
        Self {
            used: Arc::default(),
            limit,
        }
    }

    /// Takes bytes from the budget until the charge is dropped.
    ///
    /// # Errors
    /// - `NOMEM`: there are not so many left.
    pub fn charge(&self, bytes: usize) -> Result<Charge, Errno> {
        let taken = self
            .used
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| {
                used.checked_add(bytes).filter(|sum| *sum <= self.limit)
            });
        match taken {
            Ok(_) => Ok(Charge {
                used: Arc::clone(&self.used),
                bytes,
            }),
            Err(_) => Err(Errno::Nomem),
        }
    }

    /// Bytes that are charged now.
    pub fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }
}

/// Bytes taken from a [`Budget`]; dropping it gives them back.
#[derive(Debug)]
pub struct Charge {
    used: Arc<AtomicUsize>,
    bytes: usize,
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.used.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}
