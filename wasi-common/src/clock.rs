//! Time as a guest reads it.

use crate::{Errno, Pollable, Result};
use std::sync::Arc;

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

    /// Nanoseconds of the host's time until the monotonic clock reads `deadline`: 0 if it does
    /// already, `None` if it never does by itself.
    ///
    /// This is how long a waiter sleeps, so clocks that do not pass as the host's do say it here,
    /// and clocks over others ask those. A clock that stands still must not leave it to the
    /// default: whoever waits would look at it again and again.
    ///
    /// # Errors
    /// - `INVAL`: there is no monotonic clock here.
    fn until(&self, deadline: u64) -> Result<Option<u64>> {
        let now = self.now(Clock::Monotonic)?;
        Ok(Some(deadline.saturating_sub(now)))
    }

    /// For clocks that somebody moves: an object that is ready to be read once the monotonic clock
    /// reads `deadline`, and that wakes whoever waits when it may. [`None`] by default.
    fn alarm(&self, deadline: u64) -> Option<Arc<dyn Pollable>> {
        let _ = deadline;
        None
    }
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
