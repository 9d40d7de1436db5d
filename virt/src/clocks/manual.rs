//! Clocks that somebody moves by hand.

use super::Moment;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Waker;
use std::time::Duration;
use turnkey_wasi_common::{Clock, Clocks, Errno, Interest, Pollable, Ready, Result, Wakers};

/// Clocks that stand still until they are moved. Clones are handles of the same clocks, for any
/// thread.
///
/// A guest that waits on them goes on when they have been moved far enough.
///
/// ```
/// use std::sync::Arc;
/// use std::time::Duration;
/// use turnkey_virt::clocks::ManualClocks;
/// use turnkey_wasi_common::{Clock, Wait, WasiCtx};
///
/// let clocks = ManualClocks::at("2019-11-12T00:00:00Z".parse()?);
/// let ctx = WasiCtx::builder().clocks(Arc::new(clocks.clone())).build()?;
/// let minute = Wait { deadline: Some(60_000_000_000), ..Wait::default() };
/// std::thread::scope(|scope| {
///     scope.spawn(|| clocks.advance(Duration::from_secs(60)));
///     ctx.block(minute)
/// })?;
/// assert_eq!(clocks.now(Clock::Realtime), Ok(1_573_516_860_000_000_000));
/// # use turnkey_wasi_common::Clocks;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct ManualClocks(Arc<Hands>);

#[derive(Debug)]
struct Hands {
    realtime: AtomicU64,
    monotonic: AtomicU64,
    wakers: Wakers,
}

impl ManualClocks {
    /// Clocks whose wall clock tells this moment, and whose monotonic clock tells 0.
    pub fn at(realtime: Moment) -> Self {
        Self(Arc::new(Hands {
            realtime: AtomicU64::new(realtime.nanoseconds()),
            monotonic: AtomicU64::new(0),
            wakers: Wakers::default(),
        }))
    }

    /// Lets time pass, on both clocks. A clock that has come to the last moment it can tell, which
    /// is in 2554 on the wall clock, stays there.
    pub fn advance(&self, by: Duration) {
        let by = u64::try_from(by.as_nanos()).unwrap_or(u64::MAX);
        for hand in [&self.0.realtime, &self.0.monotonic] {
            // It always answers a reading, so this does not fail.
            let _ = hand.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |now| {
                Some(now.saturating_add(by))
            });
        }
        self.0.wakers.wake();
    }

    /// Sets the wall clock, be it back. The monotonic clock does not notice.
    pub fn set_realtime(&self, moment: Moment) {
        self.0
            .realtime
            .store(moment.nanoseconds(), Ordering::SeqCst);
        // Whoever waits for a moment of the wall clock has to reckon anew.
        self.0.wakers.wake();
    }
}

impl Clocks for ManualClocks {
    fn now(&self, clock: Clock) -> Result<u64> {
        match clock {
            Clock::Realtime => Ok(self.0.realtime.load(Ordering::SeqCst)),
            Clock::Monotonic => Ok(self.0.monotonic.load(Ordering::SeqCst)),
            Clock::ProcessCpu | Clock::ThreadCpu => Err(Errno::Inval.into()),
        }
    }

    fn resolution(&self, clock: Clock) -> Result<u64> {
        self.now(clock).map(|_| 1)
    }

    fn until(&self, deadline: u64) -> Result<Option<u64>> {
        let come = self.now(Clock::Monotonic)? >= deadline;
        Ok(come.then_some(0))
    }

    fn alarm(&self, deadline: u64) -> Option<Arc<dyn Pollable>> {
        Some(Arc::new(Alarm {
            hands: Arc::clone(&self.0),
            deadline,
        }))
    }
}

/// Ready once the monotonic clock has come to a reading.
struct Alarm {
    hands: Arc<Hands>,
    deadline: u64,
}

impl Pollable for Alarm {
    fn readiness(&self, _interest: Interest) -> Result<Option<Ready>> {
        let come = self.hands.monotonic.load(Ordering::SeqCst) >= self.deadline;
        Ok(come.then(Ready::default))
    }

    fn subscribe(&self, _interest: Interest, waker: &Waker) {
        self.hands.wakers.subscribe(waker);
    }

    fn unsubscribe(&self, waker: &Waker) {
        self.hands.wakers.unsubscribe(waker);
    }
}
