//! The host's clocks.

use cap_std::AmbientAuthority;
use cap_std::time::{Duration, MonotonicClock, SystemClock};
use cap_time_ext::{MonotonicClockExt, SystemClockExt};
use rustix::time::{ClockId, clock_gettime};
use std::fmt;
use turnkey_wasi_common::{Clock, Clocks, Errno, Result};

/// The host's real time and monotonic time.
///
/// Processor time is not told: another guest of the same process would be measured with it, and
/// the standard has `INVAL` for a clock that a host does not support.
///
/// The readings are taken with `clock_gettime` itself, which needs no system call on most hosts.
/// cap-std's monotonic `Instant` cannot be turned into a number, and going through its
/// `SystemTime` would cost a second conversion. Resolutions come from cap-time-ext.
///
/// ```
/// use turnkey_cap_backends::{HostClocks, ambient_authority};
/// use turnkey_wasi_common::{Clock, Clocks};
///
/// let clocks = HostClocks::new(ambient_authority());
/// let before = clocks.now(Clock::Monotonic)?;
/// assert!(clocks.now(Clock::Monotonic)? >= before);
/// assert!(clocks.now(Clock::ProcessCpu).is_err());
/// # Ok::<(), turnkey_wasi_common::Error>(())
/// ```
pub struct HostClocks {
    system: SystemClock,
    monotonic: MonotonicClock,
}

impl HostClocks {
    /// The clocks of this host.
    pub const fn new(ambient_authority: AmbientAuthority) -> Self {
        Self {
            system: SystemClock::new(ambient_authority),
            monotonic: MonotonicClock::new(ambient_authority),
        }
    }
}

impl Clocks for HostClocks {
    #[inline]
    fn now(&self, clock: Clock) -> Result<u64> {
        let id = match clock {
            Clock::Realtime => ClockId::Realtime,
            Clock::Monotonic => ClockId::Monotonic,
            Clock::ProcessCpu | Clock::ThreadCpu => return Err(Errno::Inval.into()),
        };
        let now = clock_gettime(id);
        nanoseconds(now.tv_sec, now.tv_nsec).ok_or_else(|| Errno::Overflow.into())
    }

    fn resolution(&self, clock: Clock) -> Result<u64> {
        let step = match clock {
            Clock::Realtime => self.system.resolution(),
            Clock::Monotonic => self.monotonic.resolution(),
            Clock::ProcessCpu | Clock::ThreadCpu => return Err(Errno::Inval.into()),
        };
        Ok(at_least_one(step))
    }
}

impl fmt::Debug for HostClocks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HostClocks")
    }
}

/// `None` before 1970 and after 2554.
#[inline]
fn nanoseconds(seconds: i64, part: impl TryInto<u64>) -> Option<u64> {
    let whole = u64::try_from(seconds).ok()?.checked_mul(1_000_000_000)?;
    whole.checked_add(part.try_into().ok()?)
}

fn at_least_one(step: Duration) -> u64 {
    u64::try_from(step.as_nanos()).unwrap_or(u64::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use cap_std::ambient_authority;
    use std::time::SystemTime;

    #[test]
    fn nanoseconds_outside_what_can_be_told_none() {
        let cases = [
            (-1, 999_999_999, None),
            (0, 0, Some(0)),
            (1, 1, Some(1_000_000_001)),
            (18_446_744_073, 709_551_615, Some(u64::MAX)),
            (18_446_744_073, 709_551_616, None),
            (18_446_744_074, 0, None),
            (i64::MAX, 0, None),
        ];
        for (seconds, part, expected) in cases {
            assert_eq!(
                nanoseconds(seconds, part),
                expected,
                "{seconds} s {part} ns"
            );
        }
    }

    #[test]
    fn now_realtime_that_of_the_standard_library() {
        let clocks = HostClocks::new(ambient_authority());
        let since = || {
            let elapsed = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
            u64::try_from(elapsed.unwrap().as_nanos()).unwrap()
        };
        let (before, now, after) = (since(), clocks.now(Clock::Realtime).unwrap(), since());
        assert!(before <= now && now <= after);
    }

    #[test]
    fn processor_clocks_inval() {
        let clocks = HostClocks::new(ambient_authority());
        for clock in [Clock::ProcessCpu, Clock::ThreadCpu] {
            assert_eq!(clocks.now(clock).unwrap_err().errno(), Errno::Inval);
            assert_eq!(clocks.resolution(clock).unwrap_err().errno(), Errno::Inval);
        }
    }

    #[test]
    fn resolution_never_zero() {
        let clocks = HostClocks::new(ambient_authority());
        assert!(clocks.resolution(Clock::Realtime).unwrap() >= 1);
        assert!(clocks.resolution(Clock::Monotonic).unwrap() >= 1);
        assert_eq!(at_least_one(Duration::ZERO), 1);
    }
}
