//! Copies of what is written.

use super::{first, pollable_as, write_all};
use std::fmt;
use std::io::{IoSlice, IoSliceMut};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use turnkey_wasi_common::{FileType, Result, Stat, Stream};

/// A stream that copies to others what is written to it.
///
/// The guest knows nothing of the copies. It writes to the stream that the tee was made with, and
/// waits for that one alone; just what it accepts is copied. A copy that has no room at once, or
/// fails, loses what it does not take: [`lost`](Self::lost) counts it. What is read comes from the
/// first stream and is not copied.
///
/// ```
/// use std::io::IoSlice;
/// use std::sync::Arc;
/// use turnkey_virt::stdio::Tee;
/// use turnkey_wasi_common::{Pipe, Stream};
///
/// let ((stdout, shown), (log, logged)) = (Pipe::new(4), Pipe::new(64));
/// let tee = Tee::new(Arc::new(stdout)).copy_to(Arc::new(log));
/// assert_eq!(tee.write(&[IoSlice::new(b"hello")])?, 4);
/// assert_eq!((shown.drain(), logged.drain()), (b"hell".to_vec(), b"hell".to_vec()));
/// # Ok::<(), turnkey_wasi_common::Error>(())
/// ```
pub struct Tee {
    first: Arc<dyn Stream>,
    /// Locked while something is written, so that all receive it in the same order.
    copies: Mutex<Vec<Arc<dyn Stream>>>,
    lost: AtomicU64,
}

impl Tee {
    /// A stream that is copied to no other.
    pub fn new(first: Arc<dyn Stream>) -> Self {
        Self {
            first,
            copies: Mutex::default(),
            lost: AtomicU64::new(0),
        }
    }

    /// Copies to this stream too.
    #[must_use]
    pub fn copy_to(self, copy: Arc<dyn Stream>) -> Self {
        self.copies
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(copy);
        self
    }

    /// How many bytes the copies did not take, those of all together.
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }
}

pollable_as!(Tee, first);

impl Stream for Tee {
    fn file_type(&self) -> FileType {
        self.first.file_type()
    }

    fn stat(&self) -> Result<Stat> {
        self.first.stat()
    }

    fn read(&self, buffers: &mut [IoSliceMut<'_>]) -> Result<usize> {
        self.first.read(buffers)
    }

    fn write(&self, buffers: &[IoSlice<'_>]) -> Result<usize> {
        let copies = self.copies.lock().unwrap_or_else(PoisonError::into_inner);
        let accepted = self.first.write(buffers)?;
        for copy in copies.iter() {
            let lost: usize = first(buffers, accepted)
                .map(|bytes| write_all(&**copy, bytes))
                .sum();
            self.lost.fetch_add(lost as u64, Ordering::Relaxed);
        }
        Ok(accepted)
    }
}

impl fmt::Debug for Tee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tee")
            .field("lost", &self.lost())
            .finish_non_exhaustive()
    }
}
