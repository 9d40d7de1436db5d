//! Clocks that stand still.

use super::Moment;
use turnkey_wasi_common::{Clock, Clocks, Errno, Result};

/// Clocks that always tell the same: the wall clock a given moment, the monotonic clock 0.
///
/// A guest that sleeps on them sleeps until an interrupt ends it: see
/// [`VirtualTime`](super::VirtualTime).
///
/// ```
/// use turnkey_virt::clocks::FrozenClocks;
/// use turnkey_wasi_common::{Clock, Clocks};
///
/// let clocks = FrozenClocks::at("2019-11-12T00:00:00Z".parse()?);
/// assert_eq!(clocks.now(Clock::Realtime), Ok(1_573_516_800_000_000_000));
/// assert_eq!(clocks.now(Clock::Monotonic), Ok(0));
/// assert_eq!(clocks.until(1), Ok(None), "never by itself");
/// # Ok::<(), turnkey_virt::clocks::NoMoment>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrozenClocks {
    realtime: Moment,
}

impl FrozenClocks {
    /// Clocks that stand still at this moment.
    pub const fn at(realtime: Moment) -> Self {
        Self { realtime }
    }
}

impl Clocks for FrozenClocks {
    fn now(&self, clock: Clock) -> Result<u64> {
        match clock {
            Clock::Realtime => Ok(self.realtime.nanoseconds()),
            Clock::Monotonic => Ok(0),
            Clock::ProcessCpu | Clock::ThreadCpu => Err(Errno::Inval.into()),
        }
    }

    fn resolution(&self, clock: Clock) -> Result<u64> {
        self.now(clock).map(|_| 1)
    }

    fn until(&self, deadline: u64) -> Result<Option<u64>> {
        Ok((deadline == 0).then_some(0))
    }
}
