//! What the programs of a family are given by their host.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use turnkey_wasi_common::{BlockingWait, Clock, Clocks, Errno, Result, Wait};

/// How often all guests of an input may wait together.
const MOST_WAITS: u32 = 256;

/// Clocks that pass only when a guest waits, and a waiter that waits for nothing: what has no
/// deadline never comes.
#[derive(Clone, Default)]
pub(super) struct Passing {
    now: Arc<AtomicU64>,
    waits: Arc<AtomicU32>,
}

impl Clocks for Passing {
    fn now(&self, _clock: Clock) -> Result<u64> {
        Ok(self.now.load(Ordering::Relaxed))
    }

    fn resolution(&self, _clock: Clock) -> Result<u64> {
        Ok(1)
    }
}

impl BlockingWait for Passing {
    fn wait(&self, wait: &Wait, _clocks: &dyn Clocks) -> Result<()> {
        if self.waits.fetch_add(1, Ordering::Relaxed) > MOST_WAITS {
            return Err(Errno::Notsup.into());
        }
        if wait.any_ready() {
            return Ok(());
        }
        let deadline = wait.deadline.ok_or(Errno::Notsup)?;
        self.now.fetch_max(deadline, Ordering::Relaxed);
        Ok(())
    }
}
