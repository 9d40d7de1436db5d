//! Time as a guest reads it.

use crate::{Errno, Result};

/// Which clock is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Clock {
    /// Nanoseconds since 1970-01-01T00:00:00Z; may be set back.
    Realtime,
    /// Nanoseconds since an unspecified moment; never goes back.
    Monotonic,
    /// Processor time of the whole process, in nanoseconds.
    ProcessCpu,
    /// Processor time of the calling thread, in nanoseconds.
    ThreadCpu,
}

/// A source of time.
///
/// Clocks that go on by a second each time somebody looks:
///
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering};
/// use turnkey_wasi_common::{Clock, Clocks, Errno, Result};
///
/// const SECOND: u64 = 1_000_000_000;
///
/// #[derive(Default)]
/// struct Looks(AtomicU64);
///
/// impl Clocks for Looks {
///     fn now(&self, clock: Clock) -> Result<u64> {
///         match clock {
///             Clock::Realtime | Clock::Monotonic => Ok(self.0.fetch_add(SECOND, Ordering::Relaxed)),
///             Clock::ProcessCpu | Clock::ThreadCpu => Err(Errno::Inval.into()),
///         }
///     }
///
///     fn resolution(&self, _clock: Clock) -> Result<u64> {
///         Ok(SECOND)
///     }
/// }
///
/// let clocks = Looks::default();
/// assert_eq!(clocks.now(Clock::Realtime), Ok(0));
/// assert_eq!(clocks.now(Clock::Monotonic), Ok(SECOND));
/// ```
pub trait Clocks: Send + Sync {
    /// The clock's reading in nanoseconds.
    ///
    /// # Errors
    /// - `INVAL`: there is no such clock here.
    /// - `OVERFLOW`: the time lies before 1970 or after 2554 and cannot be told.
    fn now(&self, clock: Clock) -> Result<u64>;

    /// The step in which the clock advances, in nanoseconds, at least 1.
    ///
    /// # Errors
    /// - `INVAL`: there is no such clock here.
    fn resolution(&self, clock: Clock) -> Result<u64>;
}

/// Clocks that are not there: every question answers `INVAL`, as the standard has it for a clock
/// that a host does not support.
#[derive(Debug, Clone, Copy, Default)]
pub struct DeniedClocks;

impl Clocks for DeniedClocks {
    fn now(&self, _clock: Clock) -> Result<u64> {
        Err(Errno::Inval.into())
    }

    fn resolution(&self, _clock: Clock) -> Result<u64> {
        Err(Errno::Inval.into())
    }
}
