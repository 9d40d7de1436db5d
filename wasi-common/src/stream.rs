//! Objects that are read and written in order: pipes, terminals, FIFOs, devices.

use crate::{Errno, FileType, Pollable, Result, Stat};
use std::io::{IoSlice, IoSliceMut};

/// A stream of bytes without a position.
///
/// Reading and writing answer at once. `AGAIN` means that the caller must wait until the object is
/// ready; whether the guest waits or sees the errno is decided above, by the `NONBLOCK` flag of
/// its descriptor. Methods that are not implemented answer `NOTSUP`.
///
/// Standard error that counts lines and keeps none:
///
/// ```
/// use std::io::IoSlice;
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicUsize, Ordering};
/// use turnkey_wasi_common::{Interest, Pollable, Ready, Result, Stream, WasiCtx};
///
/// #[derive(Default)]
/// struct Lines(AtomicUsize);
///
/// impl Pollable for Lines {
///     fn readiness(&self, _interest: Interest) -> Result<Option<Ready>> {
///         Ok(Some(Ready { bytes: 1, hangup: false }))
///     }
/// }
///
/// impl Stream for Lines {
///     fn write(&self, buffers: &[IoSlice<'_>]) -> Result<usize> {
///         let bytes = buffers.iter().flat_map(|buffer| buffer.iter());
///         let ends = bytes.filter(|byte| **byte == b'\n').count();
///         self.0.fetch_add(ends, Ordering::Relaxed);
///         Ok(buffers.iter().map(|buffer| buffer.len()).sum())
///     }
/// }
///
/// let lines = Arc::new(Lines::default());
/// let ctx = WasiCtx::builder().stderr(lines.clone()).build();
/// assert_eq!(lines.write(&[IoSlice::new(b"one\ntwo\n")]), Ok(8));
/// assert_eq!(lines.0.load(Ordering::Relaxed), 2);
/// ```
pub trait Stream: Pollable {
    /// What the stream is. [`FileType::CharacterDevice`] is how a guest knows a terminal.
    fn file_type(&self) -> FileType {
        FileType::Unknown
    }

    /// The stream's attributes: its type, and zeros unless more is known.
    ///
    /// # Errors
    /// - `IO`: the host failed.
    fn stat(&self) -> Result<Stat> {
        Ok(Stat {
            file_type: self.file_type(),
            ..Stat::default()
        })
    }

    /// Reads what is there into the buffers, in order; 0 bytes mean the end of the stream.
    ///
    /// # Errors
    /// - `AGAIN`: nothing is there yet.
    /// - `NOTSUP`: the stream cannot be read.
    /// - `IO`: the host failed.
    fn read(&self, buffers: &mut [IoSliceMut<'_>]) -> Result<usize> {
        let _ = buffers;
        Err(Errno::Notsup.into())
    }

    /// Writes as much of the buffers, in order, as finds room.
    ///
    /// # Errors
    /// - `AGAIN`: there is no room yet.
    /// - `PIPE`: nobody will ever read.
    /// - `NOTSUP`: the stream cannot be written.
    /// - `IO`: the host failed.
    fn write(&self, buffers: &[IoSlice<'_>]) -> Result<usize> {
        let _ = buffers;
        Err(Errno::Notsup.into())
    }
}
