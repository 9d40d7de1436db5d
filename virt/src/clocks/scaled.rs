//! Clocks that run faster or slower than others.

use super::{Speed, gone_on};
use std::fmt;
use std::sync::Arc;
use turnkey_wasi_common::{Clock, Clocks, Errno, Pollable, Result};

/// Clocks that run some times as fast as those beneath, from the moment that they are made: then
/// both tell the same.
///
/// Waiting is as fast as they run: on clocks of speed 10, a sleep of ten seconds takes one.
///
/// Where the wall clock would have to tell a time after 2554, or, since the one beneath was set
/// back, before 1970, it answers `OVERFLOW`. The monotonic clock ends at its last reading.
///
/// ```
/// use std::sync::Arc;
/// use std::time::Duration;
/// use turnkey_virt::clocks::{ManualClocks, Moment, ScaledClocks};
/// use turnkey_wasi_common::{Clock, Clocks};
///
/// let beneath = ManualClocks::at(Moment::new(500));
/// let clocks = ScaledClocks::new(Arc::new(beneath.clone()), "2.5".parse()?);
/// beneath.advance(Duration::from_nanos(100));
/// assert_eq!(clocks.now(Clock::Realtime), Ok(750));
/// assert_eq!(clocks.now(Clock::Monotonic), Ok(250));
/// # Ok::<(), turnkey_virt::clocks::NoSpeed>(())
/// ```
#[derive(Clone)]
pub struct ScaledClocks {
    inner: Arc<dyn Clocks>,
    speed: Speed,
    /// What the clocks beneath told when these were made.
    realtime: Result<u64>,
    monotonic: Result<u64>,
}

impl ScaledClocks {
    /// Clocks that run at this speed from now on. A clock that cannot be read now can never be.
    pub fn new(inner: Arc<dyn Clocks>, speed: Speed) -> Self {
        Self {
            realtime: inner.now(Clock::Realtime),
            monotonic: inner.now(Clock::Monotonic),
            inner,
            speed,
        }
    }

    /// What the monotonic clock beneath tells when this one reads `reading`.
    fn beneath(&self, reading: u64) -> Result<u64> {
        let start = self.monotonic.clone()?;
        let span = self.speed.takes(reading.saturating_sub(start));
        Ok(start.saturating_add(u64::try_from(span).unwrap_or(u64::MAX)))
    }
}

impl Clocks for ScaledClocks {
    fn now(&self, clock: Clock) -> Result<u64> {
        let start = match clock {
            Clock::Realtime => self.realtime.clone()?,
            Clock::Monotonic => self.monotonic.clone()?,
            Clock::ProcessCpu | Clock::ThreadCpu => return self.inner.now(clock),
        };
        let now = self.inner.now(clock)?;
        if (clock, now) == (Clock::Monotonic, u64::MAX) {
            // It stays there: a slower clock would never come to what somebody waits for.
            return Ok(now);
        }
        let gone = u64::try_from(self.speed.gone(now.abs_diff(start))).unwrap_or(u64::MAX);
        match now >= start {
            true => gone_on(clock, start, gone),
            false => start.checked_sub(gone).ok_or(Errno::Overflow.into()),
        }
    }

    fn resolution(&self, clock: Clock) -> Result<u64> {
        let beneath = self.inner.resolution(clock)?;
        match clock {
            Clock::Realtime | Clock::Monotonic => {
                let scaled = u64::try_from(self.speed.gone(beneath));
                Ok(scaled.unwrap_or(u64::MAX).max(1))
            }
            Clock::ProcessCpu | Clock::ThreadCpu => Ok(beneath),
        }
    }

    fn until(&self, deadline: u64) -> Result<Option<u64>> {
        self.inner.until(self.beneath(deadline)?)
    }

    fn alarm(&self, deadline: u64) -> Option<Arc<dyn Pollable>> {
        self.inner.alarm(self.beneath(deadline).ok()?)
    }
}

impl fmt::Debug for ScaledClocks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScaledClocks")
            .field("speed", &self.speed)
            .finish_non_exhaustive()
    }
}
