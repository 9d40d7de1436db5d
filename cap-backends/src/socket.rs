//! Sockets of the host's: listeners and connections.

use crate::descriptor::Descriptor;
use crate::errno::OrErrno;
use io_lifetimes::IntoSocketlike;
use rustix::io::retry_on_intr;
use rustix::net::{
    self, RecvAncillaryBuffer, RecvFlags, ReturnFlags, SendAncillaryBuffer, SendFlags, SocketType,
};
use std::any::Any;
use std::io::{IoSlice, IoSliceMut};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use turnkey_wasi_common::{
    Errno, FileType, Interest, Listener, Pollable, Ready, ReceiveFlags, Received, Result, Shutdown,
    Socket, Stream,
};

/// A listening TCP or Unix socket.
///
/// An embedder binds it, with `std` or with cap-std's `Pool`, and hands it over. Its flags stay
/// as they are, as others may accept from it too: it is asked for a connection first and accepts
/// then.
///
/// ```
/// use std::net::{TcpListener, TcpStream};
/// use std::sync::Arc;
/// use turnkey_cap_backends::{HostListener, builder};
/// use turnkey_wasi_common::{Errno, Listener};
///
/// let listener = TcpListener::bind("127.0.0.1:0")?;
/// let address = listener.local_addr()?;
/// let listener = Arc::new(HostListener::new(listener));
/// assert_eq!(listener.accept().err().map(|error| error.errno()), Some(Errno::Again));
/// let client = TcpStream::connect(address)?;
/// assert!(listener.accept().is_ok());
/// let ctx = builder().listener(listener).build()?;
/// # drop((client, ctx));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct HostListener {
    fd: Descriptor,
    file_type: FileType,
}

impl HostListener {
    /// Adopts a socket that listens.
    pub fn new(listener: impl IntoSocketlike) -> Self {
        Self::from(listener.into_socketlike())
    }
}

impl From<OwnedFd> for HostListener {
    fn from(fd: OwnedFd) -> Self {
        let fd = Descriptor::from(fd);
        Self {
            file_type: file_type_of(&fd),
            fd,
        }
    }
}

impl AsFd for HostListener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl Pollable for HostListener {
    fn readiness(&self, interest: Interest) -> Result<Option<Ready>> {
        match interest {
            // A listener has connections, not bytes.
            Interest::Read => Ok(self.fd.is_ready(interest)?.then_some(Ready {
                bytes: 1,
                hangup: false,
            })),
            Interest::Write => Err(Errno::Badf.into()),
        }
    }

    fn host(&self) -> Option<&dyn Any> {
        Some(&self.fd)
    }
}

impl Listener for HostListener {
    fn accept(&self) -> Result<Arc<dyn Socket>> {
        loop {
            if !self.fd.is_ready(Interest::Read)? {
                return Err(Errno::Again.into());
            }
            match accept(&self.fd) {
                Ok(connection) => return Ok(Arc::new(HostSocket::from(connection))),
                // The client has given up in the meantime; there may be another.
                Err(rustix::io::Errno::CONNABORTED | rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error).or_errno(),
            }
        }
    }

    fn file_type(&self) -> FileType {
        self.file_type
    }
}

/// A connection that nobody else has and that does not wait.
#[cfg(target_os = "linux")]
fn accept(listener: &Descriptor) -> rustix::io::Result<OwnedFd> {
    use rustix::net::SocketFlags;
    net::accept_with(listener, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK)
}

#[cfg(not(target_os = "linux"))]
fn accept(listener: &Descriptor) -> rustix::io::Result<OwnedFd> {
    use rustix::io::{FdFlags, fcntl_setfd, ioctl_fionbio};
    let connection = net::accept(listener)?;
    fcntl_setfd(&connection, FdFlags::CLOEXEC)?;
    ioctl_fionbio(&connection, true)?;
    Ok(connection)
}

/// A connected socket.
///
/// A receive that has to wait until its buffers are full collects what arrives, up to 16 KiB, as
/// a host has no other way to wait for a second byte while the first one lies there. Buffers that
/// are longer than that may come back with fewer bytes.
///
/// ```
/// use std::io::IoSlice;
/// use std::os::unix::net::UnixStream;
/// use turnkey_cap_backends::HostSocket;
/// use turnkey_wasi_common::Stream;
///
/// let (mine, theirs) = UnixStream::pair()?;
/// let socket = HostSocket::new(mine);
/// assert_eq!(socket.write(&[IoSlice::new(b"hello")])?, 5);
/// # drop(theirs);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct HostSocket {
    fd: Descriptor,
    file_type: FileType,
    collected: Mutex<Vec<u8>>,
}

/// The most bytes that a connection collects.
const COLLECTED: usize = 16 << 10;

impl HostSocket {
    /// Adopts a socket that is connected.
    pub fn new(socket: impl IntoSocketlike) -> Self {
        Self::from(socket.into_socketlike())
    }

    fn collected(&self) -> MutexGuard<'_, Vec<u8>> {
        self.collected
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Collects until `wanted` bytes are there or the connection ends.
    ///
    /// # Errors
    /// - `AGAIN`: more is to come.
    fn collect(&self, collected: &mut Vec<u8>, wanted: usize) -> Result<()> {
        while collected.len() < wanted {
            let have = collected.len();
            collected.resize(wanted, 0);
            let room = collected.get_mut(have..).unwrap_or_default();
            let outcome = receive(
                &self.fd,
                &mut [IoSliceMut::new(room)],
                ReceiveFlags::default(),
            );
            let bytes = outcome.as_ref().map_or(0, |received| received.bytes);
            collected.truncate(have + bytes);
            match outcome {
                Ok(_) if bytes == 0 => break,
                Ok(_) => {}
                // What has arrived comes first; the error will be there the next time.
                Err(error) if have > 0 && !error.would_block() => break,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

impl From<OwnedFd> for HostSocket {
    fn from(fd: OwnedFd) -> Self {
        let fd = Descriptor::from(fd);
        Self {
            file_type: file_type_of(&fd),
            fd,
            collected: Mutex::default(),
        }
    }
}

impl AsFd for HostSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl Pollable for HostSocket {
    fn readiness(&self, interest: Interest) -> Result<Option<Ready>> {
        self.fd.readiness(interest)
    }

    fn host(&self) -> Option<&dyn Any> {
        Some(&self.fd)
    }
}

impl Stream for HostSocket {
    fn file_type(&self) -> FileType {
        self.file_type
    }

    fn read(&self, buffers: &mut [IoSliceMut<'_>]) -> Result<usize> {
        Ok(self.receive(buffers, ReceiveFlags::default())?.bytes)
    }

    fn write(&self, buffers: &[IoSlice<'_>]) -> Result<usize> {
        send(&self.fd, buffers)
    }
}

impl Socket for HostSocket {
    fn receive(&self, buffers: &mut [IoSliceMut<'_>], flags: ReceiveFlags) -> Result<Received> {
        let mut collected = self.collected();
        // A datagram is whole or not there at all.
        if flags.wait_all && self.file_type == FileType::SocketStream {
            let wanted: usize = buffers.iter().map(|buffer| buffer.len()).sum();
            self.collect(&mut collected, wanted.min(COLLECTED))?;
        }
        if collected.is_empty() {
            return receive(&self.fd, buffers, flags);
        }
        let bytes = scatter(&collected, buffers);
        if !flags.peek {
            collected.drain(..bytes);
            if collected.is_empty() {
                *collected = Vec::new();
            }
        }
        Ok(Received {
            bytes,
            truncated: false,
        })
    }

    fn shutdown(&self, how: Shutdown) -> Result<()> {
        let how = match (how.receive, how.send) {
            (true, true) => net::Shutdown::Both,
            (true, false) => net::Shutdown::Read,
            (false, true) => net::Shutdown::Write,
            (false, false) => return Err(Errno::Inval.into()),
        };
        net::shutdown(&self.fd, how).or_errno()
    }
}

/// Copies into the buffers in order, and answers how many bytes found room.
fn scatter(bytes: &[u8], buffers: &mut [IoSliceMut<'_>]) -> usize {
    let room = buffers.iter_mut().flat_map(|buffer| buffer.iter_mut());
    let mut moved = 0;
    for (to, from) in room.zip(bytes) {
        *to = *from;
        moved += 1;
    }
    moved
}

/// Receives what is there, without waiting whatever the descriptor's flags.
pub(crate) fn receive(
    fd: &Descriptor,
    buffers: &mut [IoSliceMut<'_>],
    flags: ReceiveFlags,
) -> Result<Received> {
    let mut how = RecvFlags::DONTWAIT;
    how.set(RecvFlags::PEEK, flags.peek);
    let outcome =
        retry_on_intr(|| net::recvmsg(fd, buffers, &mut RecvAncillaryBuffer::default(), how));
    let message = outcome.or_errno()?;
    Ok(Received {
        bytes: message.bytes,
        truncated: message.flags.contains(ReturnFlags::TRUNC),
    })
}

/// Sends what finds room, without waiting and without a signal if nobody receives.
pub(crate) fn send(fd: &Descriptor, buffers: &[IoSlice<'_>]) -> Result<usize> {
    let how = SendFlags::DONTWAIT | quietly();
    let outcome =
        retry_on_intr(|| net::sendmsg(fd, buffers, &mut SendAncillaryBuffer::default(), how));
    outcome.or_errno()
}

/// That a missing receiver is an error and no signal. Apple's systems say so per socket instead.
const fn quietly() -> SendFlags {
    #[cfg(not(target_vendor = "apple"))]
    return SendFlags::NOSIGNAL;
    #[cfg(target_vendor = "apple")]
    return SendFlags::empty();
}

/// Which kind of socket this is.
pub(crate) fn file_type_of(fd: &Descriptor) -> FileType {
    match net::sockopt::socket_type(fd) {
        Ok(SocketType::DGRAM) => FileType::SocketDgram,
        _ => FileType::SocketStream,
    }
}
