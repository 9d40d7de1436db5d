//! Streams of the host's: terminals, pipes, FIFOs, devices, and files that are read in order.

use crate::descriptor::{Descriptor, Ways};
use crate::errno::OrErrno;
use crate::socket;
use crate::stat::stat_of;
use io_lifetimes::IntoFilelike;
use rustix::fs::{FileType as HostType, SeekFrom, fstat, seek};
use rustix::io::{readv, retry_on_intr, write, writev};
use std::any::Any;
use std::io::{self, IoSlice, IoSliceMut, IsTerminal};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use turnkey_wasi_common::{
    Errno, FileType, Interest, Pollable, Ready, ReceiveFlags, Result, Stat, Stream,
};

/// A stream behind a descriptor.
///
/// The flags of a descriptor belong to everybody who has it, a parent shell among them, so the
/// flags of one that is handed over are never changed. Nevertheless reading and writing do not
/// block the calling thread: on Linux each call says for itself that it does not wait. A terminal
/// or a device that does not know such calls is asked first whether it is ready. That leaves two
/// gaps: another process may take the input between the question and the read, and output to a
/// terminal that was stopped by hand may wait in the middle of a line.
///
/// A file behind the descriptor, such as a shell's redirection, is read and written at the
/// descriptor's own position.
///
/// A write to a pipe whose reader is gone answers `PIPE` as long as the process ignores `SIGPIPE`.
/// Rust programs do; a host that starts otherwise has to.
///
/// ```
/// use std::io::{IoSliceMut, Write};
/// use std::os::unix::net::UnixStream;
/// use turnkey_cap_backends::HostStream;
/// use turnkey_wasi_common::{Errno, Stream};
///
/// let (reader, mut writer) = UnixStream::pair()?;
/// let stream = HostStream::new(reader)?;
/// let mut bytes = [0; 8];
/// let nothing_yet = stream.read(&mut [IoSliceMut::new(&mut bytes)]);
/// assert_eq!(nothing_yet.unwrap_err().errno(), Errno::Again);
/// writer.write_all(b"hi")?;
/// assert_eq!(stream.read(&mut [IoSliceMut::new(&mut bytes)])?, 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct HostStream {
    fd: Descriptor,
    ways: Ways,
    manner: Manner,
    file_type: FileType,
    /// Whether a guest may know what lies behind the stream beyond its type.
    has_attributes: bool,
}

/// How the stream is read and written without waiting.
#[derive(Debug)]
enum Manner {
    /// A file: it is always ready.
    File,
    /// The description is this object's own and does not wait.
    Own,
    /// Others share the description.
    Shared {
        /// Whether the host turned out not to know calls that do not wait, for this stream.
        ask_first: AtomicBool,
    },
    /// A socket.
    Socket,
}

/// The most bytes that a pipe which is ready takes without waiting: POSIX `PIPE_BUF` on Linux. On
/// other systems it is less.
const PIPE_ROOM: usize = if cfg!(target_os = "linux") { 4096 } else { 512 };

impl HostStream {
    /// Adopts a descriptor that others may share. Its flags stay as they are.
    ///
    /// # Errors
    /// - those of `fstat`, for a descriptor that has been closed by force
    /// - [`io::ErrorKind::IsADirectory`]: a directory is no stream.
    pub fn new(stream: impl IntoFilelike) -> io::Result<Self> {
        let fd = Descriptor::from(stream.into_filelike());
        let manner = match fd.host_type()? {
            HostType::Directory => return Err(io::ErrorKind::IsADirectory.into()),
            HostType::RegularFile | HostType::BlockDevice => Manner::File,
            HostType::Socket => Manner::Socket,
            _ => Manner::Shared {
                ask_first: AtomicBool::new(!cfg!(target_os = "linux")),
            },
        };
        Self::with_manner(fd, manner, false).map_err(|_| io::ErrorKind::InvalidInput.into())
    }

    /// A stream that was just opened through a path with `O_NONBLOCK`, and is shared with nobody.
    pub(crate) fn opened(fd: OwnedFd) -> Result<Self> {
        Self::with_manner(fd.into(), Manner::Own, true)
    }

    fn with_manner(fd: Descriptor, manner: Manner, has_attributes: bool) -> Result<Self> {
        let file_type = match manner {
            Manner::Socket => socket::file_type_of(&fd),
            _ if fd.as_fd().is_terminal() => FileType::CharacterDevice,
            // A guest takes a character device for a terminal.
            _ => FileType::Unknown,
        };
        Ok(Self {
            ways: fd.ways()?,
            fd,
            manner,
            file_type,
            has_attributes,
        })
    }

    fn check(&self, interest: Interest) -> Result<()> {
        let able = match interest {
            Interest::Read => self.ways.read,
            Interest::Write => self.ways.write,
        };
        match able {
            true => Ok(()),
            false => Err(Errno::Badf.into()),
        }
    }

    /// How much of a file lies behind the descriptor's position.
    fn file_readiness(&self) -> Result<Ready> {
        let size = stat_of(&fstat(&self.fd).or_errno()?).size;
        // A block device may have no position to ask for; then there may be more.
        let position = seek(&self.fd, SeekFrom::Current(0)).unwrap_or(0);
        let bytes = size.saturating_sub(position);
        Ok(Ready {
            bytes,
            hangup: bytes == 0,
        })
    }

    fn read_shared(&self, buffers: &mut [IoSliceMut<'_>], ask_first: &AtomicBool) -> Result<usize> {
        if !ask_first.load(Ordering::Relaxed) {
            match read_without_waiting(&self.fd, buffers) {
                Some(outcome) => return outcome.or_errno(),
                None => ask_first.store(true, Ordering::Relaxed),
            }
        }
        if !self.fd.is_ready(Interest::Read)? {
            return Err(Errno::Again.into());
        }
        retry_on_intr(|| readv(&self.fd, buffers)).or_errno()
    }

    fn write_shared(&self, buffers: &[IoSlice<'_>], ask_first: &AtomicBool) -> Result<usize> {
        if !ask_first.load(Ordering::Relaxed) {
            match write_without_waiting(&self.fd, buffers) {
                Some(outcome) => return outcome.or_errno(),
                None => ask_first.store(true, Ordering::Relaxed),
            }
        }
        if !self.fd.is_ready(Interest::Write)? {
            return Err(Errno::Again.into());
        }
        // One write of what finds room for certain, so that lines are not torn.
        let mut room = [0; PIPE_ROOM];
        let bytes = match buffers {
            [buffer] => buffer
                .get(..buffer.len().min(PIPE_ROOM))
                .unwrap_or_default(),
            _ => gather(buffers, &mut room),
        };
        retry_on_intr(|| write(&self.fd, bytes)).or_errno()
    }
}

/// Copies as much of the buffers as there is room for.
fn gather<'a>(buffers: &[IoSlice<'_>], room: &'a mut [u8]) -> &'a [u8] {
    let mut filled = 0;
    for (to, from) in room
        .iter_mut()
        .zip(buffers.iter().flat_map(|buffer| buffer.iter()))
    {
        *to = *from;
        filled += 1;
    }
    room.get(..filled).unwrap_or_default()
}

/// A read that answers `AGAIN` instead of waiting, whatever the descriptor's flags. `None` if the
/// host cannot do it for this descriptor.
#[cfg(target_os = "linux")]
fn read_without_waiting(
    fd: &Descriptor,
    buffers: &mut [IoSliceMut<'_>],
) -> Option<rustix::io::Result<usize>> {
    use rustix::io::{ReadWriteFlags, preadv2};

    let outcome = retry_on_intr(|| preadv2(fd, buffers, OWN_POSITION, ReadWriteFlags::NOWAIT));
    known(outcome)
}

/// A write that answers `AGAIN` instead of waiting, as [`read_without_waiting`].
#[cfg(target_os = "linux")]
fn write_without_waiting(
    fd: &Descriptor,
    buffers: &[IoSlice<'_>],
) -> Option<rustix::io::Result<usize>> {
    use rustix::io::{ReadWriteFlags, pwritev2};

    let outcome = retry_on_intr(|| pwritev2(fd, buffers, OWN_POSITION, ReadWriteFlags::NOWAIT));
    known(outcome)
}

/// Stands for the descriptor's own position.
#[cfg(target_os = "linux")]
const OWN_POSITION: u64 = u64::MAX;

#[cfg(target_os = "linux")]
fn known(outcome: rustix::io::Result<usize>) -> Option<rustix::io::Result<usize>> {
    use rustix::io::Errno as Host;

    match outcome {
        Err(Host::OPNOTSUPP | Host::NOSYS) => None,
        outcome => Some(outcome),
    }
}

#[cfg(not(target_os = "linux"))]
fn read_without_waiting(
    _fd: &Descriptor,
    _buffers: &mut [IoSliceMut<'_>],
) -> Option<rustix::io::Result<usize>> {
    None
}

#[cfg(not(target_os = "linux"))]
fn write_without_waiting(
    _fd: &Descriptor,
    _buffers: &[IoSlice<'_>],
) -> Option<rustix::io::Result<usize>> {
    None
}

impl AsFd for HostStream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl Pollable for HostStream {
    fn readiness(&self, interest: Interest) -> Result<Option<Ready>> {
        self.check(interest)?;
        match (&self.manner, interest) {
            (Manner::File, Interest::Read) => self.file_readiness().map(Some),
            _ => self.fd.readiness(interest),
        }
    }

    fn host(&self) -> Option<&dyn Any> {
        Some(&self.fd)
    }
}

impl Stream for HostStream {
    fn file_type(&self) -> FileType {
        self.file_type
    }

    fn stat(&self) -> Result<Stat> {
        match self.has_attributes {
            true => fstat(&self.fd).map(|host| stat_of(&host)).or_errno(),
            false => Ok(Stat {
                file_type: self.file_type,
                ..Stat::default()
            }),
        }
    }

    fn read(&self, buffers: &mut [IoSliceMut<'_>]) -> Result<usize> {
        self.check(Interest::Read)?;
        match &self.manner {
            Manner::File | Manner::Own => retry_on_intr(|| readv(&self.fd, buffers)).or_errno(),
            Manner::Shared { ask_first } => self.read_shared(buffers, ask_first),
            Manner::Socket => {
                let received = socket::receive(&self.fd, buffers, ReceiveFlags::default())?;
                Ok(received.bytes)
            }
        }
    }

    fn write(&self, buffers: &[IoSlice<'_>]) -> Result<usize> {
        self.check(Interest::Write)?;
        match &self.manner {
            Manner::File | Manner::Own => retry_on_intr(|| writev(&self.fd, buffers)).or_errno(),
            Manner::Shared { ask_first } => self.write_shared(buffers, ask_first),
            Manner::Socket => socket::send(&self.fd, buffers),
        }
    }
}
