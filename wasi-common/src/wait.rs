//! Waiting: the only thing that takes time.

use crate::sync::{AtomicBool, Thread, current, park, park_timeout};
use crate::{Clocks, Errno, Interest, Lease, Pollable, Result};
use async_trait::async_trait;
use smallvec::SmallVec;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Waker;
use std::time::Duration;

/// What a call waits for: any of some objects, or a moment.
///
/// ```
/// use std::sync::Arc;
/// use turnkey_wasi_common::{DeniedClocks, Interest, Pipe, Wait};
///
/// let (writer, reader) = Pipe::new(16);
/// let wait = Wait::object(Arc::new(reader), Interest::Read);
/// assert!(!wait.any_ready());
/// writer.send(b"x")?;
/// assert!(wait.any_ready());
/// assert_eq!(wait.remaining(&DeniedClocks), Ok(None), "it has no deadline");
/// # Ok::<(), turnkey_wasi_common::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct Wait {
    /// The objects, and what is to be done with each.
    pub objects: SmallVec<[(Arc<dyn Pollable>, Interest); 2]>,
    /// A reading of the context's monotonic clock, in nanoseconds.
    pub deadline: Option<u64>,
    /// Further moments that end it, each a reading of other clocks than the context's.
    pub ends: Vec<(Arc<dyn Clocks>, u64)>,
}

impl Wait {
    /// A wait for one object.
    pub fn object(object: Arc<dyn Pollable>, interest: Interest) -> Self {
        let mut wait = Self::default();
        wait.objects.push((object, interest));
        wait
    }

    /// Has it end at a deadline, unless it has an earlier one.
    pub fn end_at(&mut self, deadline: u64) {
        let earlier = |known: u64| known.min(deadline);
        self.deadline = Some(self.deadline.map_or(deadline, earlier));
    }

    /// Has it end when a lease does, so that a guest that waits for something learns that it was
    /// taken back. A lease that ends by itself does so by its own clocks, whatever `clocks`, which
    /// are the context's, tell; where they are the same, its end is a deadline.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use turnkey_wasi_common::{DeniedClocks, Interest, Lease, Pipe, Wait};
    ///
    /// let (_writer, reader) = Pipe::new(16);
    /// let lease = Lease::new();
    /// let mut wait = Wait::object(Arc::new(reader), Interest::Read);
    /// wait.end_with(&lease, &DeniedClocks);
    /// assert!(!wait.any_ready());
    /// lease.revoke();
    /// assert!(wait.any_ready());
    /// ```
    pub fn end_with(&mut self, lease: &Lease, clocks: &dyn Clocks) {
        self.objects.push((Arc::new(lease.clone()), Interest::Read));
        for (own, moment) in lease.ends() {
            match std::ptr::addr_eq(Arc::as_ptr(&own), clocks) {
                true => self.end_at(moment),
                false => self.ends.push((own, moment)),
            }
        }
    }

    /// Whether an object is ready now. An object that fails counts: the call that waits for it
    /// will see the error.
    pub fn any_ready(&self) -> bool {
        self.objects
            .iter()
            .any(|(object, interest)| !matches!(object.readiness(*interest), Ok(None)))
    }

    /// Nanoseconds of the host's time until the first moment that ends it, 0 if one has passed;
    /// `None` if there is none, or no clock comes to one by itself.
    ///
    /// # Errors
    /// - `INVAL`: there is a moment and no monotonic clock to measure it by.
    pub fn remaining(&self, clocks: &dyn Clocks) -> Result<Option<u64>> {
        let mut first = self.until_deadline(clocks)?;
        for (clocks, moment) in &self.ends {
            let left = clocks.until(*moment)?;
            first = first.into_iter().chain(left).min();
        }
        Ok(first)
    }

    /// The same for the deadline alone, by the context's clocks.
    ///
    /// # Errors
    /// - `INVAL`: there is a deadline and no monotonic clock.
    pub fn until_deadline(&self, clocks: &dyn Clocks) -> Result<Option<u64>> {
        match self.deadline {
            None => Ok(None),
            Some(deadline) => clocks.until(deadline),
        }
    }

    /// The [alarms](Clocks::alarm) of those of its moments that somebody's hand brings about.
    pub(crate) fn alarms(&self, clocks: &dyn Clocks) -> Vec<Arc<dyn Pollable>> {
        let own = self.deadline.and_then(|deadline| clocks.alarm(deadline));
        let ends = self.ends.iter();
        let others = ends.filter_map(|(clocks, moment)| clocks.alarm(*moment));
        own.into_iter().chain(others).collect()
    }

    /// Puts in the place of each object those that it [stands for](Pollable::behind), and theirs.
    /// A context does so with all its waits.
    #[must_use]
    pub fn resolved(mut self) -> Self {
        let mut unresolved = std::mem::take(&mut self.objects);
        while let Some((object, interest)) = unresolved.pop() {
            let behind = object.behind(interest);
            if behind.is_empty() {
                self.objects.push((object, interest));
            } else {
                unresolved.extend(behind.into_iter().map(|object| (object, interest)));
            }
        }
        self
    }
}

impl fmt::Debug for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wait")
            .field("objects", &self.objects.len())
            .field("deadline", &self.deadline)
            .finish()
    }
}

/// A way to wait that blocks the calling thread (or moves a virtual clock).
///
/// A virtual clock that jumps to what is waited for:
///
/// ```
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicU64, Ordering};
/// use turnkey_wasi_common::{BlockingWait, Clock, Clocks, Errno, Result, Wait, WasiCtx};
///
/// #[derive(Clone, Default)]
/// struct Jumping(Arc<AtomicU64>);
///
/// impl Clocks for Jumping {
///     fn now(&self, _clock: Clock) -> Result<u64> {
///         Ok(self.0.load(Ordering::Relaxed))
///     }
///
///     fn resolution(&self, _clock: Clock) -> Result<u64> {
///         Ok(1)
///     }
/// }
///
/// impl BlockingWait for Jumping {
///     fn wait(&self, wait: &Wait, _clocks: &dyn Clocks) -> Result<()> {
///         if wait.any_ready() {
///             return Ok(());
///         }
///         // Nothing could ever come but the deadline.
///         let deadline = wait.deadline.ok_or(Errno::Notsup)?;
///         self.0.fetch_max(deadline, Ordering::Relaxed);
///         Ok(())
///     }
/// }
///
/// let time = Jumping::default();
/// let ctx = WasiCtx::builder()
///     .clocks(Arc::new(time.clone()))
///     .waiter(Arc::new(time.clone()))
///     .build()?;
/// let mut a_year = Wait::default();
/// a_year.deadline = Some(365 * 24 * 3600 * 1_000_000_000);
/// ctx.block(a_year)?;
/// assert_eq!(time.now(Clock::Monotonic), Ok(31_536_000_000_000_000));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait BlockingWait: Send + Sync {
    /// Returns when one of the objects is ready or the deadline has passed. Returning early is
    /// allowed: the caller looks again.
    ///
    /// # Errors
    /// - `NOTSUP`: one of the objects cannot be waited for in this way.
    /// - `INVAL`: there is a deadline and no clock to measure it by.
    fn wait(&self, wait: &Wait, clocks: &dyn Clocks) -> Result<()>;

    /// Lets others run.
    fn yield_now(&self) {
        std::thread::yield_now();
    }
}

/// A way to wait that leaves the thread to others meanwhile. A future that is dropped has waited
/// long enough: it leaves no subscription and nothing else behind.
///
/// Implementations carry the attribute [`async_trait`](crate::async_trait).
///
/// ```
/// use std::future::poll_fn;
/// use std::sync::Arc;
/// use std::task::{Context, Poll, Waker};
/// use turnkey_wasi_common::{AsyncWait, Clocks, Interest, Pipe, Result, Wait, WasiCtx, async_trait};
///
/// /// For an executor that looks at all its guests again and again.
/// struct Look;
///
/// #[async_trait]
/// impl AsyncWait for Look {
///     async fn wait(&self, wait: &Wait, clocks: &dyn Clocks) -> Result<()> {
///         poll_fn(|_| match (wait.any_ready(), wait.remaining(clocks)) {
///             (true, _) | (_, Ok(Some(0))) => Poll::Ready(Ok(())),
///             (_, Err(error)) => Poll::Ready(Err(error)),
///             _ => Poll::Pending,
///         })
///         .await
///     }
/// }
///
/// let (writer, reader) = Pipe::new(16);
/// let ctx = WasiCtx::builder().async_waiter(Arc::new(Look)).build()?;
/// let mut waiting = Box::pin(ctx.wait(Wait::object(Arc::new(reader), Interest::Read)));
/// let mut cx = Context::from_waker(Waker::noop());
/// assert!(waiting.as_mut().poll(&mut cx).is_pending());
/// drop(writer);
/// assert_eq!(waiting.as_mut().poll(&mut cx), Poll::Ready(Ok(())));
/// # Ok::<(), turnkey_wasi_common::BuildError>(())
/// ```
#[async_trait]
pub trait AsyncWait: Send + Sync {
    /// Comes to its end when one of the objects is ready or the deadline has passed. Ending early
    /// is allowed: the caller looks again.
    ///
    /// # Errors
    /// - `NOTSUP`: one of the objects cannot be waited for in this way, or not from here.
    /// - `INVAL`: there is a deadline and no clock to measure it by.
    async fn wait(&self, wait: &Wait, clocks: &dyn Clocks) -> Result<()>;
}

/// Waiting by parking the thread. It serves virtual objects, and needs no system call of its own;
/// objects of a backend need that backend's waiter.
///
/// ```
/// use std::sync::Arc;
/// use turnkey_wasi_common::{BlockingWait, DeniedClocks, Interest, ParkWait, Pipe, Wait};
///
/// let (writer, reader) = Pipe::new(16);
/// let waiting = std::thread::spawn(move || {
///     let wait = Wait::object(Arc::new(reader), Interest::Read);
///     ParkWait.wait(&wait, &DeniedClocks)
/// });
/// drop(writer);
/// assert_eq!(waiting.join().unwrap(), Ok(()));
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct ParkWait;

impl BlockingWait for ParkWait {
    fn wait(&self, wait: &Wait, clocks: &dyn Clocks) -> Result<()> {
        if wait
            .objects
            .iter()
            .any(|(object, _)| object.host().is_some())
        {
            return Err(Errno::Notsup.into());
        }
        let unpark = Arc::new(Unpark {
            thread: current(),
            woken: AtomicBool::new(false),
        });
        let waker = Waker::from(Arc::clone(&unpark));
        for (object, interest) in &wait.objects {
            object.subscribe(*interest, &waker);
        }
        let outcome = loop {
            if wait.any_ready() || unpark.woken.swap(false, Ordering::SeqCst) {
                break Ok(());
            }
            match wait.remaining(clocks) {
                Err(error) => break Err(error),
                Ok(Some(0)) => break Ok(()),
                Ok(Some(nanoseconds)) => {
                    park_timeout(Duration::from_nanos(nanoseconds));
                }
                Ok(None) => park(),
            }
        };
        for (object, _) in &wait.objects {
            object.unsubscribe(&waker);
        }
        outcome
    }
}

/// Wakes a parked thread, and remembers it in case the thread was not parked yet.
struct Unpark {
    thread: Thread,
    woken: AtomicBool,
}

impl std::task::Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.woken.store(true, Ordering::SeqCst);
        self.thread.unpark();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Clock, Interrupt, Pipe, PipeReader, Ready, Reason, WasiCtx};

    /// Stands for the objects that it holds.
    struct StandIn(Vec<Arc<dyn Pollable>>);

    impl Pollable for StandIn {
        fn readiness(&self, interest: Interest) -> Result<Option<Ready>> {
            let mut all = self.0.iter();
            all.find_map(|object| object.readiness(interest).transpose())
                .transpose()
        }

        fn behind(&self, _interest: Interest) -> Vec<Arc<dyn Pollable>> {
            self.0.clone()
        }
    }

    /// Never advances by itself; somebody may ring.
    struct Still(Interrupt);

    impl Clocks for Still {
        fn now(&self, _clock: Clock) -> Result<u64> {
            Ok(0)
        }

        fn resolution(&self, _clock: Clock) -> Result<u64> {
            Ok(1)
        }

        fn until(&self, _deadline: u64) -> Result<Option<u64>> {
            Ok(None)
        }

        fn alarm(&self, _deadline: u64) -> Option<Arc<dyn Pollable>> {
            Some(Arc::new(self.0.clone()))
        }
    }

    fn pipes<const N: usize>() -> [(crate::PipeWriter, Arc<PipeReader>); N] {
        std::array::from_fn(|_| {
            let (writer, reader) = Pipe::new(8);
            (writer, Arc::new(reader))
        })
    }

    #[test]
    fn resolved_stand_ins_of_stand_ins_replaced_by_the_objects_behind() {
        let pipes = pipes::<3>();
        let [a, b, c] = pipes.each_ref().map(|(_, reader)| {
            let object: Arc<dyn Pollable> = Arc::clone(reader) as _;
            object
        });
        let inner: Arc<dyn Pollable> = Arc::new(StandIn(vec![b, c]));
        let outer = StandIn(vec![a, inner]);
        let wait = Wait {
            deadline: Some(7),
            ..Wait::object(Arc::new(outer), Interest::Read)
        };
        let wait = wait.resolved();
        assert_eq!((wait.objects.len(), wait.deadline), (3, Some(7)));
        for (writer, reader) in &pipes {
            assert!(!wait.any_ready());
            writer.send(b"x").unwrap();
            assert!(wait.any_ready());
            reader.drain();
        }
    }

    #[test]
    fn block_stand_in_woken_by_what_is_behind_it() {
        let [(writer, reader)] = pipes();
        let stand_in = Arc::new(StandIn(vec![reader]));
        let ctx = WasiCtx::builder().build().unwrap();
        let writing = std::thread::spawn(move || writer.send(b"x"));
        let wait = Wait::object(stand_in, Interest::Read);
        while !wait.any_ready() {
            ctx.block(wait.clone()).unwrap();
        }
        assert_eq!(writing.join().unwrap(), Ok(1));
    }

    #[test]
    fn block_clock_that_stands_still_until_its_alarm_rings() {
        let bell = Interrupt::new();
        let ctx = WasiCtx::builder()
            .clocks(Arc::new(Still(bell.clone())))
            .build()
            .unwrap();
        let ringing = std::thread::spawn(move || bell.fire(Reason::Timeout));
        let moment = Wait {
            deadline: Some(1),
            ..Wait::default()
        };
        assert_eq!(ctx.block(moment), Ok(()));
        ringing.join().unwrap();
    }
}
