//! A prefix before each line.

use super::{beyond, pollable_as};
use std::fmt;
use std::io::{IoSlice, IoSliceMut};
use std::sync::{Arc, Mutex, PoisonError};
use turnkey_wasi_common::{FileType, Result, Stat, Stream};

/// A stream that puts a prefix before each line that is written.
///
/// The prefix is written together with a line's first byte, and the line goes on as it is written,
/// so that a prompt is seen at once. The guest is told how many of its own bytes were accepted. If
/// the stream beneath accepts a part, and be it half a prefix, the next write goes on from there.
/// What is read comes from the stream beneath as it is.
///
/// ```
/// use std::io::IoSlice;
/// use std::sync::Arc;
/// use turnkey_virt::stdio::Prefix;
/// use turnkey_wasi_common::{Pipe, Stream};
///
/// let (stdout, output) = Pipe::new(64);
/// let stdout = Prefix::new(Arc::new(stdout), "[child] ");
/// assert_eq!(stdout.write(&[IoSlice::new(b"one\ntw")])?, 6);
/// assert_eq!(stdout.write(&[IoSlice::new(b"o\n")])?, 2);
/// assert_eq!(output.drain(), b"[child] one\n[child] two\n");
/// # Ok::<(), turnkey_wasi_common::Error>(())
/// ```
pub struct Prefix {
    inner: Arc<dyn Stream>,
    prefix: Box<[u8]>,
    /// How many bytes of the prefix, its last ones, must be written before the next of the guest.
    owed: Mutex<usize>,
}

/// The most pieces, prefixes and lines, that are written at once.
const MOST_PIECES: usize = 32;

impl Prefix {
    /// A stream over `inner` whose lines begin with `prefix`.
    pub fn new(inner: Arc<dyn Stream>, prefix: impl Into<Vec<u8>>) -> Self {
        let prefix = prefix.into().into_boxed_slice();
        Self {
            inner,
            owed: Mutex::new(prefix.len()),
            prefix,
        }
    }

    /// What is to be written for some bytes of the guest, in order.
    fn pieces<'a>(
        &'a self,
        mut owed: usize,
        bytes: impl Iterator<Item = &'a [u8]>,
    ) -> impl Iterator<Item = &'a [u8]> {
        bytes
            .flat_map(|bytes| bytes.split_inclusive(|byte| *byte == b'\n'))
            .flat_map(move |piece| {
                let done = self.prefix.len().saturating_sub(owed);
                owed = self.owed_after(piece.last().copied());
                [self.prefix.get(done..).unwrap_or_default(), piece]
            })
    }

    fn owed_after(&self, byte: Option<u8>) -> usize {
        match byte {
            Some(b'\n') => self.prefix.len(),
            _ => 0,
        }
    }

    /// Counts how many bytes of the guest are among those that were accepted.
    fn account(
        &self,
        owed: &mut usize,
        mut accepted: usize,
        bytes: impl Iterator<Item = u8>,
    ) -> usize {
        let mut counted = 0;
        for byte in bytes {
            let part = accepted.min(*owed);
            *owed -= part;
            accepted -= part;
            if accepted == 0 {
                break;
            }
            accepted -= 1;
            counted += 1;
            *owed = self.owed_after(Some(byte));
        }
        counted
    }
}

pollable_as!(Prefix, inner);

impl Stream for Prefix {
    fn file_type(&self) -> FileType {
        self.inner.file_type()
    }

    fn stat(&self) -> Result<Stat> {
        self.inner.stat()
    }

    fn read(&self, buffers: &mut [IoSliceMut<'_>]) -> Result<usize> {
        self.inner.read(buffers)
    }

    fn write(&self, buffers: &[IoSlice<'_>]) -> Result<usize> {
        let mut owed = self.owed.lock().unwrap_or_else(PoisonError::into_inner);
        let mut written = 0;
        while beyond(buffers, written).any(|bytes| !bytes.is_empty()) {
            let mut pieces = [IoSlice::new(&[]); MOST_PIECES];
            let all = self.pieces(*owed, beyond(buffers, written));
            for (slot, piece) in pieces.iter_mut().zip(all) {
                *slot = IoSlice::new(piece);
            }
            match self.inner.write(&pieces) {
                Ok(0) => break,
                Ok(accepted) => {
                    let bytes = beyond(buffers, written).flatten().copied();
                    written += self.account(&mut owed, accepted, bytes);
                }
                // Whoever writes again sees it.
                Err(_) if written > 0 => break,
                Err(error) => return Err(error),
            }
        }
        Ok(written)
    }
}

impl fmt::Debug for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let prefix = String::from_utf8_lossy(&self.prefix);
        f.debug_struct("Prefix")
            .field("prefix", &prefix)
            .finish_non_exhaustive()
    }
}
