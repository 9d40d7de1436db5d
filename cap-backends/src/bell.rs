//! A bell that a virtual object rings to end a wait for descriptors.

use rustix::io::{read, write};
use std::cell::OnceCell;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::task::Wake;

/// A descriptor that is ready to be read once the bell has been rung.
pub(crate) struct Bell {
    ear: OwnedFd,
    /// What is written; on Linux it is the same descriptor.
    #[cfg(not(target_os = "linux"))]
    rope: OwnedFd,
}

thread_local! {
    /// A thread waits for one thing at a time, so one bell serves all its waits.
    static BELL: OnceCell<Arc<Bell>> = const { OnceCell::new() };
}

impl Bell {
    /// The calling thread's bell, made when it is first needed.
    pub(crate) fn of_this_thread() -> rustix::io::Result<Arc<Self>> {
        let known = BELL.try_with(|slot| match slot.get() {
            Some(bell) => Ok(Arc::clone(bell)),
            None => {
                let bell = Arc::new(Self::new()?);
                Ok(Arc::clone(slot.get_or_init(|| bell)))
            }
        });
        // A thread that is ending keeps nothing any more.
        known.unwrap_or_else(|_| Ok(Arc::new(Self::new()?)))
    }

    #[cfg(target_os = "linux")]
    fn new() -> rustix::io::Result<Self> {
        use rustix::event::{EventfdFlags, eventfd};

        Ok(Self {
            ear: eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?,
        })
    }

    #[cfg(not(target_os = "linux"))]
    fn new() -> rustix::io::Result<Self> {
        use rustix::io::{FdFlags, fcntl_setfd, ioctl_fionbio};

        let (ear, rope) = rustix::pipe::pipe()?;
        for fd in [&ear, &rope] {
            fcntl_setfd(fd, FdFlags::CLOEXEC)?;
            ioctl_fionbio(fd, true)?;
        }
        Ok(Self { ear, rope })
    }

    #[cfg(target_os = "linux")]
    fn rope(&self) -> &OwnedFd {
        &self.ear
    }

    #[cfg(not(target_os = "linux"))]
    fn rope(&self) -> &OwnedFd {
        &self.rope
    }

    /// Makes the bell fall silent.
    pub(crate) fn hush(&self) {
        let mut rings = [0; 64];
        // Nothing to read means that it is silent already.
        while matches!(read(&self.ear, &mut rings), Ok(read) if read == rings.len()) {}
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // It can only fail because it is full of rings that nobody has heard yet.
        let _ = write(self.rope(), &1_u64.to_ne_bytes());
    }
}

impl AsFd for Bell {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.ear.as_fd()
    }
}
