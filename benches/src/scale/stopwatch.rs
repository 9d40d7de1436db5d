//! How long something takes, and how much of that the processor.

use rustix::time::{ClockId, clock_gettime};
use std::time::{Duration, Instant};

pub(super) struct Stopwatch {
    start: Instant,
    busy: Duration,
}

impl Stopwatch {
    pub(super) fn start() -> Self {
        Self {
            start: Instant::now(),
            busy: busy(),
        }
    }

    /// Microseconds for each of so many, and those of them that the processor worked for this
    /// process.
    pub(super) fn micros(&self, count: u32) -> [String; 2] {
        let spans = [self.start.elapsed(), busy().saturating_sub(self.busy)];
        spans.map(|span| format!("{:.2}", span.as_secs_f64() * 1e6 / f64::from(count)))
    }
}

/// What the processor has worked for this process.
fn busy() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(
        time.tv_sec.try_into().unwrap_or(0),
        time.tv_nsec.try_into().unwrap_or(0),
    )
}
