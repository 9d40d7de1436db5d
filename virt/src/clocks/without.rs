//! Clocks of which one is not there.

use std::fmt;
use std::sync::Arc;
use turnkey_wasi_common::{Clock, Clocks, Errno, Pollable, Result};

/// Clocks without one of those beneath: every question about it answers `INVAL`. A guest that is
/// not to know the date can still sleep, which the monotonic clock measures.
///
/// ```
/// use std::sync::Arc;
/// use turnkey_virt::clocks::{ManualClocks, Moment, WithoutClock};
/// use turnkey_wasi_common::{Clock, Clocks, Errno};
///
/// let clocks = Arc::new(ManualClocks::at(Moment::new(0)));
/// let dateless = WithoutClock::new(clocks, Clock::Realtime);
/// assert_eq!(dateless.now(Clock::Realtime), Err(Errno::Inval.into()));
/// assert_eq!(dateless.now(Clock::Monotonic), Ok(0));
/// ```
#[derive(Clone)]
pub struct WithoutClock {
    inner: Arc<dyn Clocks>,
    denied: Clock,
}

impl WithoutClock {
    /// The clocks beneath but this one.
    pub fn new(inner: Arc<dyn Clocks>, denied: Clock) -> Self {
        Self { inner, denied }
    }

    fn check(&self, clock: Clock) -> Result<()> {
        match clock == self.denied {
            true => Err(Errno::Inval.into()),
            false => Ok(()),
        }
    }
}

impl Clocks for WithoutClock {
    fn now(&self, clock: Clock) -> Result<u64> {
        self.check(clock)?;
        self.inner.now(clock)
    }

    fn resolution(&self, clock: Clock) -> Result<u64> {
        self.check(clock)?;
        self.inner.resolution(clock)
    }

    fn until(&self, deadline: u64) -> Result<Option<u64>> {
        self.check(Clock::Monotonic)?;
        self.inner.until(deadline)
    }

    fn alarm(&self, deadline: u64) -> Option<Arc<dyn Pollable>> {
        self.check(Clock::Monotonic).ok()?;
        self.inner.alarm(deadline)
    }
}

impl fmt::Debug for WithoutClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WithoutClock")
            .field("denied", &self.denied)
            .finish_non_exhaustive()
    }
}
