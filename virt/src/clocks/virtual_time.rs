//! Time that passes by waiting, and by waiting alone.

use super::gone_on;
use std::fmt;
use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;
use turnkey_wasi_common::{
    AsyncWait, BlockingWait, Builder, Clock, Clocks, ParkWait, Result, Wait, async_trait,
};

/// Clocks, and the way to wait that belongs to them: instead of waiting for a moment, both clocks
/// jump to it.
///
/// A sleep of an hour returns at once, and moves the clocks beneath by exactly an hour, if nothing
/// else moves them. They may be any. Clones share their time, and so do guests that are given the
/// same: what one sleeps has passed for all.
///
/// Where a guest waits for objects too, those that are ready come first. If none is, the clocks
/// jump, even if an object could become ready in the host's time. A wait without a deadline is one
/// for objects alone, and left to an ordinary waiter, by default [`ParkWait`]; one that is to wait
/// for the host's objects has to be given.
///
/// A guest that sleeps again and again never pauses. It is ended like one that computes: an
/// interrupt is looked for in each of its waits, and as a task it lets others run in each.
///
/// ```
/// use std::sync::Arc;
/// use turnkey_virt::clocks::{FrozenClocks, VirtualTime};
/// use turnkey_wasi_common::{Clock, Clocks, Wait, WasiCtx};
///
/// let time = VirtualTime::new(Arc::new(FrozenClocks::at("2019-11-12T00:00:00Z".parse()?)));
/// let ctx = time.govern(WasiCtx::builder()).build()?;
/// let hour = 3600 * 1_000_000_000;
/// ctx.block(Wait { deadline: Some(hour), ..Wait::default() })?;
/// assert_eq!(ctx.clocks().now(Clock::Monotonic), Ok(hour));
/// assert_eq!(ctx.clocks().now(Clock::Realtime), Ok(1_573_516_800_000_000_000 + hour));
/// assert_eq!(time.waited(), hour);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct VirtualTime {
    inner: Arc<dyn Clocks>,
    /// Nanoseconds by which both clocks have jumped.
    jumped: Arc<AtomicU64>,
    waiter: Arc<dyn BlockingWait>,
    async_waiter: Option<Arc<dyn AsyncWait>>,
}

impl VirtualTime {
    /// Time that begins where these clocks are.
    pub fn new(inner: Arc<dyn Clocks>) -> Self {
        Self {
            inner,
            jumped: Arc::default(),
            waiter: Arc::new(ParkWait),
            async_waiter: None,
        }
    }

    /// Replaces the waiter for what has no deadline.
    #[must_use]
    pub fn waiter(mut self, waiter: Arc<dyn BlockingWait>) -> Self {
        self.waiter = waiter;
        self
    }

    /// Adds a waiter for what has no deadline that leaves the thread to others. Without it such a
    /// wait blocks the thread.
    #[must_use]
    pub fn async_waiter(mut self, waiter: Arc<dyn AsyncWait>) -> Self {
        self.async_waiter = Some(waiter);
        self
    }

    /// Gives a context this time: its clocks and both its ways to wait, which belong together.
    #[must_use]
    pub fn govern(&self, builder: Builder) -> Builder {
        builder
            .clocks(Arc::new(self.clone()))
            .waiter(Arc::new(self.clone()))
            .async_waiter(Arc::new(self.clone()))
    }

    /// Nanoseconds that have been waited, by all who share this time.
    pub fn waited(&self) -> u64 {
        self.jumped.load(Ordering::SeqCst)
    }

    /// Jumps to the deadline. `false` if there is none, or the guest's clocks do not move by this:
    /// then they are not over these, and whoever waits would look at them again and again.
    fn jump(&self, wait: &Wait, clocks: &dyn Clocks) -> Result<bool> {
        // Loaded first: nobody has jumped meanwhile if it is still the same when this one does.
        let before = self.waited();
        let left = match wait.until_deadline(clocks)? {
            None => return Ok(false),
            Some(0) => return Ok(true),
            Some(left) => left,
        };
        let after = before.saturating_add(left);
        let jumped =
            self.jumped
                .compare_exchange(before, after, Ordering::SeqCst, Ordering::SeqCst);
        match jumped {
            Ok(_) => Ok(wait.until_deadline(clocks)? == Some(0)),
            // Another jump may have been far enough, so the guest is to look.
            Err(_) => Ok(true),
        }
    }
}

impl Clocks for VirtualTime {
    fn now(&self, clock: Clock) -> Result<u64> {
        let now = self.inner.now(clock)?;
        gone_on(clock, now, self.waited())
    }

    fn resolution(&self, clock: Clock) -> Result<u64> {
        self.inner.resolution(clock)
    }
}

impl BlockingWait for VirtualTime {
    fn wait(&self, wait: &Wait, clocks: &dyn Clocks) -> Result<()> {
        if wait.any_ready() || self.jump(wait, clocks)? {
            return Ok(());
        }
        self.waiter.wait(wait, clocks)
    }

    fn yield_now(&self) {
        self.waiter.yield_now();
    }
}

#[async_trait]
impl AsyncWait for VirtualTime {
    async fn wait(&self, wait: &Wait, clocks: &dyn Clocks) -> Result<()> {
        if wait.any_ready() {
            return Ok(());
        }
        if self.jump(wait, clocks)? {
            let_others_run().await;
            return Ok(());
        }
        match &self.async_waiter {
            Some(waiter) => waiter.wait(wait, clocks).await,
            None => self.waiter.wait(wait, clocks),
        }
    }
}

/// Gives the executor a turn. One whose every wait is over at once would never leave its thread,
/// not even to whoever wants to end it.
async fn let_others_run() {
    let mut given = false;
    poll_fn(|cx| match std::mem::replace(&mut given, true) {
        true => Poll::Ready(()),
        false => {
            cx.waker().wake_by_ref();
            Poll::Pending
        }
    })
    .await;
}

impl fmt::Debug for VirtualTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VirtualTime")
            .field("waited", &self.waited())
            .finish_non_exhaustive()
    }
}
