//! Clocks that go on by being read.

use super::gone_on;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use turnkey_wasi_common::{Clock, Clocks, Pollable, Result};

/// Clocks that go on by a fixed step each time that one of them is read, both of them together,
/// beyond what those beneath do by themselves. Over [`FrozenClocks`](super::FrozenClocks) they are
/// the same in every run, and yet no two readings are alike.
///
/// ```
/// use std::sync::Arc;
/// use turnkey_virt::clocks::{FrozenClocks, Moment, TickClocks};
/// use turnkey_wasi_common::{Clock, Clocks};
///
/// let frozen = FrozenClocks::at(Moment::new(7000));
/// let clocks = TickClocks::new(Arc::new(frozen), 10);
/// assert_eq!(clocks.now(Clock::Realtime), Ok(7000));
/// assert_eq!(clocks.now(Clock::Realtime), Ok(7010));
/// assert_eq!(clocks.now(Clock::Monotonic), Ok(20));
/// ```
pub struct TickClocks {
    inner: Arc<dyn Clocks>,
    step: u64,
    readings: AtomicU64,
}

impl TickClocks {
    /// Clocks that go on by `step` nanoseconds at each reading.
    pub fn new(inner: Arc<dyn Clocks>, step: u64) -> Self {
        Self {
            inner,
            step,
            readings: AtomicU64::new(0),
        }
    }

    /// Nanoseconds by which the clocks have gone on.
    fn gone(&self) -> u64 {
        let readings = self.readings.load(Ordering::SeqCst);
        readings.saturating_mul(self.step)
    }
}

impl Clocks for TickClocks {
    fn now(&self, clock: Clock) -> Result<u64> {
        let now = self.inner.now(clock)?;
        match clock {
            Clock::Realtime | Clock::Monotonic => {
                let readings = self.readings.fetch_add(1, Ordering::SeqCst);
                gone_on(clock, now, readings.saturating_mul(self.step))
            }
            Clock::ProcessCpu | Clock::ThreadCpu => Ok(now),
        }
    }

    fn resolution(&self, clock: Clock) -> Result<u64> {
        self.inner.resolution(clock)
    }

    fn until(&self, deadline: u64) -> Result<Option<u64>> {
        self.inner.until(deadline.saturating_sub(self.gone()))
    }

    fn alarm(&self, deadline: u64) -> Option<Arc<dyn Pollable>> {
        self.inner.alarm(deadline.saturating_sub(self.gone()))
    }
}

impl fmt::Debug for TickClocks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TickClocks")
            .field("step", &self.step)
            .field("readings", &self.readings)
            .finish_non_exhaustive()
    }
}
