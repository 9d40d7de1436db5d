//! A descriptor that can be waited for.

use crate::errno::OrErrno;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{FileType, OFlags, fcntl_getfl, fstat};
use rustix::io::{ioctl_fionread, retry_on_intr};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use turnkey_wasi_common::{Errno, Interest, Pollable, Ready, Result};

/// A descriptor of the host's. As what [`Pollable::host`](turnkey_wasi_common::Pollable::host)
/// tells, it is what only this crate's waiter understands.
#[derive(Debug)]
pub(crate) struct Descriptor(OwnedFd);

/// Which ways a descriptor was opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ways {
    pub(crate) read: bool,
    pub(crate) write: bool,
}

impl Descriptor {
    /// What the waiters of this crate wait for in place of an object; `None` for a virtual one.
    ///
    /// # Errors
    /// - `NOTSUP`: the object is another backend's.
    pub(crate) fn of(object: &dyn Pollable) -> Result<Option<&Self>> {
        match object.host().map(|host| host.downcast_ref()) {
            None => Ok(None),
            Some(Some(descriptor)) => Ok(Some(descriptor)),
            Some(None) => Err(Errno::Notsup.into()),
        }
    }

    /// Another descriptor for the same description.
    #[cfg(feature = "tokio")]
    pub(crate) fn duplicate(&self) -> Result<OwnedFd> {
        rustix::io::fcntl_dupfd_cloexec(self, 0).or_errno()
    }

    /// What the descriptor was opened for.
    pub(crate) fn ways(&self) -> Result<Ways> {
        let flags = fcntl_getfl(self).or_errno()?;
        let mode = flags & OFlags::RWMODE;
        Ok(Ways {
            read: mode == OFlags::RDONLY || mode == OFlags::RDWR,
            write: mode == OFlags::WRONLY || mode == OFlags::RDWR,
        })
    }

    /// Whether the descriptor can be used in this way without waiting, and how much of it.
    ///
    /// Nothing at the end of a stream is an answer too: 0 bytes and a hangup.
    pub(crate) fn readiness(&self, interest: Interest) -> Result<Option<Ready>> {
        let events = self.poll_now(interest)?;
        if events.is_empty() {
            return Ok(None);
        }
        let gone = PollFlags::HUP | PollFlags::ERR | ended();
        let hangup = events.intersects(gone);
        let bytes = match interest {
            Interest::Write => 1,
            // A device that cannot tell has at least one byte, or it would not be ready.
            Interest::Read => match ioctl_fionread(self) {
                Ok(0) | Err(_) => u64::from(!hangup),
                Ok(bytes) => bytes,
            },
        };
        Ok(Some(Ready { bytes, hangup }))
    }

    /// Whether an operation would not wait: it succeeds, ends or fails at once.
    pub(crate) fn is_ready(&self, interest: Interest) -> Result<bool> {
        Ok(!self.poll_now(interest)?.is_empty())
    }

    fn poll_now(&self, interest: Interest) -> Result<PollFlags> {
        let mut fds = [self.poll_fd(interest)];
        let now = Timespec::default();
        retry_on_intr(|| poll(&mut fds, Some(&now))).or_errno()?;
        let [fd] = fds;
        Ok(fd.revents())
    }

    /// The descriptor as something to poll for.
    pub(crate) fn poll_fd(&self, interest: Interest) -> PollFd<'_> {
        let events = match interest {
            Interest::Read => PollFlags::IN | ended(),
            Interest::Write => PollFlags::OUT,
        };
        PollFd::new(self, events)
    }

    /// What lies behind the descriptor.
    pub(crate) fn host_type(&self) -> rustix::io::Result<FileType> {
        Ok(FileType::from_raw_mode(fstat(self)?.st_mode))
    }
}

/// That the peer of a socket sends no more, where the host can say so.
const fn ended() -> PollFlags {
    #[cfg(target_os = "linux")]
    return PollFlags::RDHUP;
    #[cfg(not(target_os = "linux"))]
    return PollFlags::empty();
}

impl From<OwnedFd> for Descriptor {
    fn from(fd: OwnedFd) -> Self {
        Self(fd)
    }
}

impl AsFd for Descriptor {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::io::write;
    use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
    use rustix::pipe::pipe;

    fn pair() -> (Descriptor, Descriptor) {
        let (reader, writer) = pipe().unwrap();
        (reader.into(), writer.into())
    }

    fn ready(bytes: u64, hangup: bool) -> Option<Ready> {
        Some(Ready { bytes, hangup })
    }

    #[test]
    fn readiness_pipe_bytes_then_hangup() {
        let (reader, writer) = pair();
        assert_eq!(reader.readiness(Interest::Read).unwrap(), None);
        assert_eq!(writer.readiness(Interest::Write).unwrap(), ready(1, false));
        write(&writer, b"abc").unwrap();
        assert_eq!(reader.readiness(Interest::Read).unwrap(), ready(3, false));
        drop(writer);
        assert_eq!(reader.readiness(Interest::Read).unwrap(), ready(3, true));
        rustix::io::read(&reader, &mut [0; 8]).unwrap();
        assert_eq!(reader.readiness(Interest::Read).unwrap(), ready(0, true));
    }

    #[test]
    fn readiness_pipe_without_reader_hangup() {
        let (reader, writer) = pair();
        drop(reader);
        assert_eq!(writer.readiness(Interest::Write).unwrap(), ready(1, true));
    }

    #[test]
    fn readiness_socket_whose_peer_left_hangup() {
        let (one, other) = socketpair(
            AddressFamily::UNIX,
            SocketType::STREAM,
            SocketFlags::CLOEXEC,
            None,
        )
        .unwrap();
        let one = Descriptor::from(one);
        assert_eq!(one.readiness(Interest::Read).unwrap(), None);
        drop(other);
        assert_eq!(one.readiness(Interest::Read).unwrap(), ready(0, true));
    }

    #[test]
    fn ways_each_end_of_a_pipe_one() {
        let (reader, writer) = pair();
        let told = [reader.ways().unwrap(), writer.ways().unwrap()];
        assert_eq!(
            told.map(|ways| (ways.read, ways.write)),
            [(true, false), (false, true)]
        );
    }
}
