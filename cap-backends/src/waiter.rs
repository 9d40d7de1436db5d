//! Waiting for the host's objects, for virtual ones, and for time to pass.

use crate::bell::Bell;
use crate::descriptor::Descriptor;
use crate::errno::OrErrno;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno as Host;
use std::sync::Arc;
use std::task::Waker;
use turnkey_wasi_common::{BlockingWait, Clocks, Interest, ParkWait, Pollable, Result, Wait};

/// A waiter that blocks the calling thread in one `poll`, for objects of the host and virtual ones
/// side by side.
///
/// A virtual object rings a bell that is polled along with the descriptors. Each thread has one,
/// made when it first waits for both kinds at once. Virtual objects alone need no descriptor, and
/// a deadline alone needs nothing but the poll's own.
///
/// A deadline is measured by the clock that the context has, and waited for in the host's time, for
/// as long as the clock [says](Clocks::until) that it takes.
///
/// ```
/// use std::io::Write;
/// use std::os::unix::net::UnixStream;
/// use std::sync::Arc;
/// use turnkey_cap_backends::{HostClocks, HostStream, HostWait, ambient_authority};
/// use turnkey_wasi_common::{BlockingWait, Interest, Wait};
///
/// let (reader, mut writer) = UnixStream::pair()?;
/// let writing = std::thread::spawn(move || writer.write_all(b"now"));
/// let wait = Wait::object(Arc::new(HostStream::new(reader)?), Interest::Read);
/// HostWait.wait(&wait, &HostClocks::new(ambient_authority()))?;
/// assert!(wait.any_ready());
/// # writing.join().unwrap()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct HostWait;

impl BlockingWait for HostWait {
    fn wait(&self, wait: &Wait, clocks: &dyn Clocks) -> Result<()> {
        let mut descriptors = Vec::with_capacity(wait.objects.len() + 1);
        let mut virtuals = Vec::new();
        for (object, interest) in &wait.objects {
            match Descriptor::of(&**object)? {
                Some(descriptor) => descriptors.push(descriptor.poll_fd(*interest)),
                None => virtuals.push((object, *interest)),
            }
        }
        match (descriptors.is_empty(), virtuals.is_empty()) {
            (true, false) => ParkWait.wait(wait, clocks),
            (_, true) => poll_until(&mut descriptors, wait, clocks),
            (false, false) => {
                let bell = Bell::of_this_thread().or_errno()?;
                wait_for_both(descriptors, &virtuals, &bell, wait, clocks)
            }
        }
    }

    fn yield_now(&self) {
        rustix::thread::sched_yield();
    }
}

fn wait_for_both<'a>(
    mut descriptors: Vec<PollFd<'a>>,
    virtuals: &[(&Arc<dyn Pollable>, Interest)],
    bell: &'a Arc<Bell>,
    wait: &Wait,
    clocks: &dyn Clocks,
) -> Result<()> {
    let waker = Waker::from(Arc::clone(bell));
    descriptors.push(PollFd::new(&**bell, PollFlags::IN));
    for (object, interest) in virtuals {
        object.subscribe(*interest, &waker);
    }
    // What became ready before the subscription does not ring.
    let ready = virtuals
        .iter()
        .any(|(object, interest)| !matches!(object.readiness(*interest), Ok(None)));
    let outcome = match ready {
        true => Ok(()),
        false => poll_until(&mut descriptors, wait, clocks),
    };
    for (object, _) in virtuals {
        object.unsubscribe(&waker);
    }
    bell.hush();
    outcome
}

/// Polls until something is ready, the deadline has passed, or a signal comes.
fn poll_until(descriptors: &mut [PollFd<'_>], wait: &Wait, clocks: &dyn Clocks) -> Result<()> {
    let timeout = wait.remaining(clocks)?.map(|nanoseconds| Timespec {
        tv_sec: i64::try_from(nanoseconds / 1_000_000_000).unwrap_or(i64::MAX),
        // Below 1,000,000,000, which every type of the field holds.
        tv_nsec: (nanoseconds % 1_000_000_000).try_into().unwrap_or_default(),
    });
    match poll(descriptors, timeout.as_ref()) {
        Ok(_) | Err(Host::INTR) => Ok(()),
        Err(error) => Err(error).or_errno(),
    }
}
