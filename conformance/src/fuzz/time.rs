//! Time that passes only when a guest waits.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use turnkey_wasi_common::{BlockingWait, Clock, Clocks, Errno, Result, Wait};

/// Every clock's reading at the beginning, in nanoseconds.
pub(super) const START: u64 = 1000;

/// How often one call may wait. What is waited for comes at once, so more means that a call does
/// not see that it has come.
const MOST_WAITS: u32 = 8;

/// Clocks, and a waiter that moves them to what is waited for. A guest that waits for what never
/// comes is ended.
#[derive(Clone)]
pub(super) struct Time {
    now: Arc<AtomicU64>,
    waits: Arc<AtomicU32>,
}

impl Time {
    pub(super) fn new() -> Self {
        Self {
            now: Arc::new(AtomicU64::new(START)),
            waits: Arc::default(),
        }
    }

    /// Begins to count how often a call waits.
    pub(super) fn begin_call(&self) {
        self.waits.store(0, Ordering::Relaxed);
    }
}

impl Clocks for Time {
    fn now(&self, clock: Clock) -> Result<u64> {
        match clock {
            Clock::Realtime | Clock::Monotonic => Ok(self.now.load(Ordering::Relaxed)),
            Clock::ProcessCpu | Clock::ThreadCpu => Err(Errno::Inval.into()),
        }
    }

    fn resolution(&self, clock: Clock) -> Result<u64> {
        self.now(clock).map(|_| 1)
    }
}

impl BlockingWait for Time {
    fn wait(&self, wait: &Wait, _clocks: &dyn Clocks) -> Result<()> {
        let waits = self.waits.fetch_add(1, Ordering::Relaxed);
        assert!(waits < MOST_WAITS, "a call waits again and again: {wait:?}");
        if wait.any_ready() {
            return Ok(());
        }
        let deadline = wait.deadline.ok_or(Errno::Notsup)?;
        self.now.fetch_max(deadline, Ordering::Relaxed);
        Ok(())
    }
}
