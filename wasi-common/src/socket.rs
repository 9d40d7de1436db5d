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
