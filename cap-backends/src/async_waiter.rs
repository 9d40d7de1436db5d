//! Waiting as a task of tokio's, for the host's objects, for virtual ones, and for time to pass.

use crate::descriptor::Descriptor;
use crate::errno::{OrErrno, errno_of};
use std::future::poll_fn;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;
use tokio::io::unix::AsyncFd;
use tokio::runtime::Handle;
use tokio::time::sleep;
use turnkey_wasi_common::{
    AsyncWait, Clocks, Errno, Interest, Pollable, Result, Wait, async_trait,
};

/// A waiter for guests that are tasks of a tokio runtime, of one thread or of many. While a guest
/// waits, its thread runs others.
///
/// Each wait registers a duplicate of every descriptor that it waits for, so that any number of
/// guests may wait for one and the same; what the runtime cannot be notified of, such as a file,
/// is always ready. Virtual objects wake the task, and no descriptor is needed for them. When the
/// wait ends, or its future is dropped, the duplicates are closed and the subscriptions ended.
///
/// A deadline is measured by the clock that the context has, and waited for in the runtime's time,
/// which passes in steps of a millisecond, for as long as the clock [says](Clocks::until) that it
/// takes.
///
/// Outside of a runtime, waiting for the host's objects or a deadline is refused with `NOTSUP`.
///
/// # Panics
/// tokio panics when its runtime was made without what drives input, output and time; see
/// [`enable_all`](tokio::runtime::Builder::enable_all).
///
/// ```
/// use std::io::Write;
/// use std::os::unix::net::UnixStream;
/// use std::sync::Arc;
/// use turnkey_cap_backends::{HostStream, TokioWait, builder};
/// use turnkey_wasi_common::{Interest, Wait};
///
/// let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
/// let (reader, mut writer) = UnixStream::pair()?;
/// let ctx = builder().async_waiter(Arc::new(TokioWait)).build()?;
/// let reader = Arc::new(HostStream::new(reader)?);
/// let waiting = ctx.wait(Wait::object(reader.clone(), Interest::Read));
/// runtime.block_on(async {
///     let waiting = runtime.spawn(waiting);
///     writer.write_all(b"now")?;
///     waiting.await??;
///     Ok::<(), Box<dyn std::error::Error>>(())
/// })
/// # ?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct TokioWait;

/// What is slept for at most. The caller of a wait looks again, and tokio need not know of sleeps
/// that are longer than its timers are wide.
const LONGEST_SLEEP: Duration = Duration::from_secs(24 * 60 * 60);

#[async_trait]
impl AsyncWait for TokioWait {
    async fn wait(&self, wait: &Wait, clocks: &dyn Clocks) -> Result<()> {
        let remaining = wait.remaining(clocks)?;
        if remaining == Some(0) {
            return Ok(());
        }
        let Some(descriptors) = register_all(wait)? else {
            return Ok(());
        };
        let mut notified: Vec<_> = descriptors
            .iter()
            .map(|(descriptor, interest)| Box::pin(descriptor.ready(*interest)))
            .collect();
        let mut slept = match remaining {
            Some(nanoseconds) => {
                Handle::try_current().or(Err(Errno::Notsup))?;
                let duration = Duration::from_nanos(nanoseconds).min(LONGEST_SLEEP);
                Some(Box::pin(sleep(duration)))
            }
            None => None,
        };
        let subscriptions = Subscriptions::new(wait);
        // What became ready before the subscription wakes nobody.
        if subscriptions.any_ready() {
            return Ok(());
        }
        poll_fn(|cx| {
            if subscriptions.poll_woken(cx).is_ready() {
                return Poll::Ready(Ok(()));
            }
            for one in &mut notified {
                if let Poll::Ready(outcome) = one.as_mut().poll(cx) {
                    return Poll::Ready(outcome.map(drop).map_err(|error| errno_of(&error).into()));
                }
            }
            match &mut slept {
                Some(slept) => slept.as_mut().poll(cx).map(Ok),
                None => Poll::Pending,
            }
        })
        .await
    }
}

/// A descriptor that the runtime watches, and what for.
type Watched = (AsyncFd<OwnedFd>, tokio::io::Interest);

/// Has the runtime watch everything of the host's. `None` if something of it is always ready.
fn register_all(wait: &Wait) -> Result<Option<Vec<Watched>>> {
    let mut descriptors = Vec::new();
    for (object, interest) in &wait.objects {
        let Some(descriptor) = Descriptor::of(&**object)? else {
            continue;
        };
        Handle::try_current().or(Err(Errno::Notsup))?;
        // An error of the descriptor's own is to be seen by the call that waits.
        let interest = tokio::io::Interest::ERROR
            | match interest {
                Interest::Read => tokio::io::Interest::READABLE,
                Interest::Write => tokio::io::Interest::WRITABLE,
            };
        // The same description may be watched by others: a duplicate is watched for itself.
        match watch(descriptor.duplicate()?, interest) {
            Ok(watched) => descriptors.push((watched, interest)),
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Ok(None),
            Err(error) => return Err(error).or_errno(),
        }
    }
    Ok(Some(descriptors))
}

#[expect(
    deprecated,
    reason = "the form that replaces it is unsafe for types that change their descriptor, and this \
              one does not"
)]
fn watch(fd: OwnedFd, interest: tokio::io::Interest) -> io::Result<AsyncFd<OwnedFd>> {
    Ok(AsyncFd::try_with_interest(fd, interest)?)
}

/// The subscriptions of one wait, for as long as it lasts.
struct Subscriptions<'a> {
    wait: &'a Wait,
    bell: Arc<TaskBell>,
    waker: Waker,
}

impl<'a> Subscriptions<'a> {
    /// Subscribes to everything that is virtual.
    fn new(wait: &'a Wait) -> Self {
        let bell = Arc::new(TaskBell::default());
        let waker = Waker::from(Arc::clone(&bell));
        let new = Self { wait, bell, waker };
        for (object, interest) in new.virtuals() {
            object.subscribe(interest, &new.waker);
        }
        new
    }

    fn virtuals(&self) -> impl Iterator<Item = (&'a dyn Pollable, Interest)> {
        let objects = self.wait.objects.iter();
        objects
            .filter(|(object, _)| object.host().is_none())
            .map(|(object, interest)| (&**object, *interest))
    }

    fn any_ready(&self) -> bool {
        self.virtuals()
            .any(|(object, interest)| !matches!(object.readiness(interest), Ok(None)))
    }

    fn poll_woken(&self, cx: &Context<'_>) -> Poll<()> {
        self.bell.poll(cx)
    }
}

impl Drop for Subscriptions<'_> {
    fn drop(&mut self) {
        for (object, _) in self.virtuals() {
            object.unsubscribe(&self.waker);
        }
    }
}

/// Wakes the task that waits. Objects know a wait by it, since two waits of one task have the same
/// waker, and one of them must not end the subscriptions of the other.
#[derive(Default)]
struct TaskBell {
    rung: AtomicBool,
    task: Mutex<Option<Waker>>,
}

impl TaskBell {
    fn poll(&self, cx: &Context<'_>) -> Poll<()> {
        let mut task = self.task.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *task {
            Some(task) => task.clone_from(cx.waker()),
            empty => *empty = Some(cx.waker().clone()),
        }
        drop(task);
        // Whoever rings after this finds the task.
        match self.rung.load(Ordering::SeqCst) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    }
}

impl Wake for TaskBell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.rung.store(true, Ordering::SeqCst);
        let task = self.task.lock().unwrap_or_else(PoisonError::into_inner);
        let task = task.clone();
        if let Some(task) = task {
            task.wake();
        }
    }
}
