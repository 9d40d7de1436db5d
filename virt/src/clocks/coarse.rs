//! Clocks that tell the time less exactly.

use std::fmt;
use std::num::NonZeroU64;
use std::sync::Arc;
use turnkey_wasi_common::{Clock, Clocks, Pollable, Result};

/// Clocks whose readings are rounded down to multiples of a step, and which say so when they are
/// asked for their resolution. What a guest learns by measuring how long things take becomes less.
///
/// A wait ends when the rounded reading has come to its deadline, less than a step later.
///
/// ```
/// use std::num::NonZeroU64;
/// use std::sync::Arc;
/// use turnkey_virt::clocks::{CoarseClocks, FrozenClocks, Moment};
/// use turnkey_wasi_common::{Clock, Clocks};
///
/// let frozen = FrozenClocks::at(Moment::new(1_573_516_800_123_456_789));
/// let second = NonZeroU64::new(1_000_000_000).unwrap();
/// let clocks = CoarseClocks::new(Arc::new(frozen), second);
/// assert_eq!(clocks.now(Clock::Realtime), Ok(1_573_516_800_000_000_000));
/// assert_eq!(clocks.resolution(Clock::Realtime), Ok(1_000_000_000));
/// ```
#[derive(Clone)]
pub struct CoarseClocks {
    inner: Arc<dyn Clocks>,
    step: NonZeroU64,
}

impl CoarseClocks {
    /// Clocks that go on in steps of so many nanoseconds.
    pub fn new(inner: Arc<dyn Clocks>, step: NonZeroU64) -> Self {
        Self { inner, step }
    }

    /// What the clocks beneath must read for these to read at least `reading`.
    fn beneath(&self, reading: u64) -> u64 {
        let steps = reading.div_ceil(self.step.get());
        steps.saturating_mul(self.step.get())
    }
}

impl Clocks for CoarseClocks {
    fn now(&self, clock: Clock) -> Result<u64> {
        let now = self.inner.now(clock)?;
        match (clock, now) {
            // It stays there: rounded down, whoever waits for it would never go on.
            (Clock::Monotonic, u64::MAX) => Ok(now),
            _ => Ok(now - now % self.step),
        }
    }

    fn resolution(&self, clock: Clock) -> Result<u64> {
        let beneath = self.inner.resolution(clock)?;
        Ok(beneath.max(self.step.get()))
    }

    fn until(&self, deadline: u64) -> Result<Option<u64>> {
        self.inner.until(self.beneath(deadline))
    }

    fn alarm(&self, deadline: u64) -> Option<Arc<dyn Pollable>> {
        self.inner.alarm(self.beneath(deadline))
    }
}

impl fmt::Debug for CoarseClocks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CoarseClocks")
            .field("step", &self.step)
            .finish_non_exhaustive()
    }
}
