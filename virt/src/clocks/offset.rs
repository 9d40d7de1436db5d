//! Clocks that are fast or slow.

use super::Moment;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use turnkey_wasi_common::{Clock, Clocks, Errno, Pollable, Result};

/// Clocks whose wall clock is fast or slow by a fixed span of time. The monotonic clock is that of
/// the clocks beneath.
///
/// Where the wall clock would have to tell a time before 1970 or after 2554 it answers `OVERFLOW`.
///
/// ```
/// use std::sync::Arc;
/// use std::time::Duration;
/// use turnkey_virt::clocks::{FrozenClocks, Moment, OffsetClocks};
/// use turnkey_wasi_common::{Clock, Clocks, Errno};
///
/// let second = Duration::from_secs(1);
/// let clocks = Arc::new(FrozenClocks::at(Moment::new(1_000_000_000)));
/// let fast = OffsetClocks::fast(clocks.clone(), second);
/// assert_eq!(fast.now(Clock::Realtime), Ok(2_000_000_000));
/// let slow = OffsetClocks::slow(clocks, 2 * second);
/// assert_eq!(slow.now(Clock::Realtime), Err(Errno::Overflow.into()));
/// ```
#[derive(Clone)]
pub struct OffsetClocks {
    inner: Arc<dyn Clocks>,
    /// Nanoseconds by which the wall clock is fast.
    offset: i128,
}

impl OffsetClocks {
    /// A wall clock that is fast.
    pub fn fast(inner: Arc<dyn Clocks>, by: Duration) -> Self {
        let offset = nanoseconds(by);
        Self { inner, offset }
    }

    /// A wall clock that is slow.
    pub fn slow(inner: Arc<dyn Clocks>, by: Duration) -> Self {
        let offset = -nanoseconds(by);
        Self { inner, offset }
    }

    /// A wall clock that tells this moment now, and goes on from there.
    ///
    /// # Errors
    /// As [`Clocks::now`] of the wall clock beneath.
    pub fn set_to(inner: Arc<dyn Clocks>, moment: Moment) -> Result<Self> {
        let now = inner.now(Clock::Realtime)?;
        let offset = i128::from(moment.nanoseconds()) - i128::from(now);
        Ok(Self { inner, offset })
    }
}

/// The longest duration is shorter than 2^95 nanoseconds.
fn nanoseconds(duration: Duration) -> i128 {
    i128::try_from(duration.as_nanos()).unwrap_or(i128::MAX)
}

impl Clocks for OffsetClocks {
    fn now(&self, clock: Clock) -> Result<u64> {
        let now = self.inner.now(clock)?;
        match clock {
            Clock::Realtime => {
                let shifted = self.offset.saturating_add(now.into());
                u64::try_from(shifted).map_err(|_| Errno::Overflow.into())
            }
            Clock::Monotonic | Clock::ProcessCpu | Clock::ThreadCpu => Ok(now),
        }
    }

    fn resolution(&self, clock: Clock) -> Result<u64> {
        self.inner.resolution(clock)
    }

    fn until(&self, deadline: u64) -> Result<Option<u64>> {
        self.inner.until(deadline)
    }

    fn alarm(&self, deadline: u64) -> Option<Arc<dyn Pollable>> {
        self.inner.alarm(deadline)
    }
}

impl fmt::Debug for OffsetClocks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OffsetClocks")
            .field("offset", &self.offset)
            .finish_non_exhaustive()
    }
}
