//! Connected sockets and listeners that an embedder hands to a guest.

use crate::{Errno, FileType, Pollable, Result, Stream};
use std::io::IoSliceMut;
use std::sync::Arc;

/// How a message is received.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ReceiveFlags {
    /// Leave what was read in the socket.
    pub peek: bool,
    /// Wait until the buffers are full.
    pub wait_all: bool,
}

/// What was received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Received {
    /// Bytes stored into the buffers.
    pub bytes: usize,
    /// Whether a datagram was longer than the buffers.
    pub truncated: bool,
}

/// Which directions of a connection end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shutdown {
    /// No more is received.
    pub receive: bool,
    /// No more is sent.
    pub send: bool,
}

/// A connected socket: a [`Stream`] with the operations that only sockets have.
///
/// See [`Listener`] for one that is made in memory.
pub trait Socket: Stream {
    /// Receives into the buffers, in order.
    ///
    /// # Errors
    /// - `AGAIN`: nothing is there yet, or with [`ReceiveFlags::wait_all`] not enough.
    /// - `NOTCONN`, `CONNRESET`: the connection is gone.
    fn receive(&self, buffers: &mut [IoSliceMut<'_>], flags: ReceiveFlags) -> Result<Received>;

    /// Ends directions of the connection.
    ///
    /// # Errors
    /// - `NOTCONN`: there is no connection.
    fn shutdown(&self, how: Shutdown) -> Result<()>;
}

/// A socket that accepts connections.
///
/// One whose connections are pipes, of which the test holds the other ends:
///
/// ```
/// use std::io::{IoSlice, IoSliceMut};
/// use std::sync::{Arc, Mutex};
/// use std::task::Waker;
/// use turnkey_wasi_common::{
///     Errno, Interest, Listener, Pipe, PipeReader, PipeWriter, Pollable, Ready, ReceiveFlags,
///     Received, Result, Shutdown, Socket, Stream, Wakers,
/// };
///
/// struct Connection {
///     received: PipeReader,
///     sent: PipeWriter,
/// }
///
/// impl Pollable for Connection {
///     fn readiness(&self, interest: Interest) -> Result<Option<Ready>> {
///         match interest {
///             Interest::Read => self.received.readiness(interest),
///             Interest::Write => self.sent.readiness(interest),
///         }
///     }
///
///     fn subscribe(&self, interest: Interest, waker: &Waker) {
///         match interest {
///             Interest::Read => self.received.subscribe(interest, waker),
///             Interest::Write => self.sent.subscribe(interest, waker),
///         }
///     }
///
///     fn unsubscribe(&self, waker: &Waker) {
///         self.received.unsubscribe(waker);
///         self.sent.unsubscribe(waker);
///     }
/// }
///
/// impl Stream for Connection {
///     fn read(&self, buffers: &mut [IoSliceMut<'_>]) -> Result<usize> {
///         self.received.read(buffers)
///     }
///
///     fn write(&self, buffers: &[IoSlice<'_>]) -> Result<usize> {
///         self.sent.write(buffers)
///     }
/// }
///
/// impl Socket for Connection {
///     fn receive(&self, buffers: &mut [IoSliceMut<'_>], flags: ReceiveFlags) -> Result<Received> {
///         if flags.peek {
///             return Err(Errno::Notsup.into());
///         }
///         let bytes = self.read(buffers)?;
///         Ok(Received { bytes, truncated: false })
///     }
///
///     fn shutdown(&self, _how: Shutdown) -> Result<()> {
///         Ok(())
///     }
/// }
///
/// #[derive(Default)]
/// struct Doorbell {
///     waiting: Mutex<Vec<Arc<dyn Socket>>>,
///     wakers: Wakers,
/// }
///
/// impl Doorbell {
///     fn connect(&self) -> (PipeWriter, PipeReader) {
///         let (ours, received) = Pipe::new(4096);
///         let (sent, theirs) = Pipe::new(4096);
///         self.waiting.lock().unwrap().push(Arc::new(Connection { received, sent }));
///         self.wakers.wake();
///         (ours, theirs)
///     }
/// }
///
/// impl Pollable for Doorbell {
///     fn readiness(&self, _interest: Interest) -> Result<Option<Ready>> {
///         let somebody_waits = !self.waiting.lock().unwrap().is_empty();
///         Ok(somebody_waits.then_some(Ready { bytes: 1, hangup: false }))
///     }
///
///     fn subscribe(&self, _interest: Interest, waker: &Waker) {
///         self.wakers.subscribe(waker);
///     }
///
///     fn unsubscribe(&self, waker: &Waker) {
///         self.wakers.unsubscribe(waker);
///     }
/// }
///
/// impl Listener for Doorbell {
///     fn accept(&self) -> Result<Arc<dyn Socket>> {
///         self.waiting.lock().unwrap().pop().ok_or(Errno::Again.into())
///     }
/// }
///
/// let door = Doorbell::default();
/// assert!(door.accept().is_err_and(|error| error.would_block()));
/// let (request, answer) = door.connect();
/// request.send(b"hello")?;
/// let connection = door.accept()?;
/// let mut bytes = [0; 8];
/// let flags = ReceiveFlags::default();
/// let received = connection.receive(&mut [IoSliceMut::new(&mut bytes)], flags)?;
/// assert_eq!((received.bytes, &bytes[..5]), (5, &b"hello"[..]));
/// connection.write(&[IoSlice::new(b"bye")])?;
/// assert_eq!(answer.drain(), b"bye");
/// # Ok::<(), turnkey_wasi_common::Error>(())
/// ```
pub trait Listener: Pollable {
    /// The next connection.
    ///
    /// # Errors
    /// - `AGAIN`: nobody has connected yet.
    /// - `MFILE`, `NFILE`: the host has no descriptor left.
    /// - `NOTSUP`: this listener accepts nothing.
    fn accept(&self) -> Result<Arc<dyn Socket>> {
        Err(Errno::Notsup.into())
    }

    /// What the listener is.
    fn file_type(&self) -> FileType {
        FileType::SocketStream
    }
}
