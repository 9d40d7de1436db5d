//! Clocks that a parent serves.

use super::exports::Export;
use super::{Serving, lock};
use std::sync::Mutex;
use turnkey_wasi_common::{Clock, Clocks, Errno, Result};

/// Clocks that a parent serves with its export `clock_now`.
pub(super) struct ServedClocks {
    serving: Serving,
    tag: u32,
    still: Mutex<Still>,
}

/// What the monotonic clock read when somebody waited for it last, and for how long he is to leave
/// it alone if it reads the same again.
#[derive(Default)]
struct Still {
    reading: Option<u64>,
    pause: u64,
}

/// A clock that stands still is looked at after a millisecond, and then ever less often.
const FIRST_PAUSE: u64 = 1_000_000;
const LONGEST_PAUSE: u64 = 1_000_000_000;

impl Still {
    /// How long somebody waits who has `left` nanoseconds to wait by this reading.
    fn wait(&mut self, reading: u64, left: u64) -> u64 {
        if self.reading.replace(reading) != Some(reading) {
            self.pause = FIRST_PAUSE;
            return left;
        }
        let pause = self.pause;
        self.pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
        left.max(pause)
    }
}

impl ServedClocks {
    pub(super) fn new(serving: Serving, tag: u32) -> Self {
        let still = Mutex::default();
        Self {
            serving,
            tag,
            still,
        }
    }

    /// Asks for a time. `None` if the parent does not export this.
    fn ask(&self, export: Export, clock: Clock) -> Result<Option<u64>> {
        let number = match clock {
            Clock::Realtime => 0_u32,
            Clock::Monotonic => 1,
            Clock::ProcessCpu => 2,
            Clock::ThreadCpu => 3,
        };
        let args = [self.tag.into(), number.into()];
        self.serving.ask(|parent| match parent.has(export) {
            true => Ok(Some(parent.ask(export, Errno::Inval, &args)?)),
            false => Ok(None),
        })
    }

    /// How long the parent says that it takes until a deadline. `None` if it does not say.
    fn told(&self, deadline: u64) -> Result<Option<u64>> {
        let args = [self.tag.into(), deadline.into()];
        self.serving
            .ask(|parent| match parent.has(Export::SleepUntil) {
                true => Ok(Some(parent.ask(Export::SleepUntil, Errno::Inval, &args)?)),
                false => Ok(None),
            })
    }
}

impl Clocks for ServedClocks {
    fn now(&self, clock: Clock) -> Result<u64> {
        let now = self.ask(Export::ClockNow, clock)?;
        now.ok_or_else(|| Errno::Inval.into())
    }

    fn resolution(&self, clock: Clock) -> Result<u64> {
        let resolution = self.ask(Export::ClockRes, clock)?;
        Ok(resolution.unwrap_or(1).max(1))
    }

    fn until(&self, deadline: u64) -> Result<Option<u64>> {
        let told = match self.told(deadline) {
            Err(error) if error.would_block() => return Ok(None),
            told => told?,
        };
        let now = self.now(Clock::Monotonic)?;
        match deadline.saturating_sub(now) {
            0 => Ok(Some(0)),
            left => Ok(Some(lock(&self.still).wait(now, told.unwrap_or(left)))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wait_reading_the_same_ever_longer() {
        let mut still = Still::default();
        assert_eq!(still.wait(5, 1), 1);
        let waits: Vec<_> = (0..12).map(|_| still.wait(5, 1) / 1_000_000).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1000, 1000]);
        assert_eq!(still.wait(5, 3_000_000_000), 3_000_000_000);
        assert_eq!(still.wait(6, 1), 1);
        assert_eq!(still.wait(6, 1), 1_000_000);
    }
}
