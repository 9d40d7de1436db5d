//! Lines that are changed on their way.

use super::line_buffer::{Line, LineBuffer};
use super::{beyond, pollable_as, write_all};
use std::fmt;
use std::io::{IoSlice, IoSliceMut};
use std::sync::{Arc, Mutex, PoisonError};
use turnkey_wasi_common::{Errno, FileType, Result, Stat, Stream};

/// A stream that writes, in place of each line, what a closure makes of it, or nothing.
///
/// The closure sees a line without its newline, which is put behind its answer. A line that is
/// longer than a limit goes through in pieces of that length. A line's newline is accepted only once
/// the stream beneath has accepted all that was made of it: so a guest waits where it would without
/// this, and nothing is left behind. What is left without a newline goes through when the stream is
/// dropped, as far as there is room. What is read comes from the stream beneath as it is.
///
/// ```
/// use std::io::IoSlice;
/// use std::sync::Arc;
/// use turnkey_virt::stdio::LineFilter;
/// use turnkey_wasi_common::{Pipe, Stream};
///
/// let (stdout, output) = Pipe::new(64);
/// let stdout = LineFilter::new(Arc::new(stdout), 1024, |line: &[u8]| {
///     (!line.starts_with(b"debug")).then(|| line.to_ascii_uppercase())
/// });
/// stdout.write(&[IoSlice::new(b"one\ndebug: 1\ntwo\n")])?;
/// assert_eq!(output.drain(), b"ONE\nTWO\n");
/// # Ok::<(), turnkey_wasi_common::Error>(())
/// ```
pub struct LineFilter {
    inner: Arc<dyn Stream>,
    state: Mutex<State>,
}

struct State {
    buffer: LineBuffer,
    change: Box<Change>,
    /// What was made of the last line, of which the first `sent` bytes have been written.
    made: Vec<u8>,
    sent: usize,
    /// Whether the guest has not been told yet that the last line's newline is accepted.
    held: bool,
}

type Change = dyn FnMut(&[u8]) -> Option<Vec<u8>> + Send;

impl State {
    fn make(&mut self, line: &Line) {
        self.sent = 0;
        self.made.clear();
        if let Some(made) = (self.change)(&line.bytes) {
            self.made = made;
            self.made.extend(line.newline.then_some(b'\n'));
        }
    }

    /// Writes what is left of the last line.
    fn flush(&mut self, inner: &dyn Stream) -> Result<()> {
        while let Some(rest @ [_, ..]) = self.made.get(self.sent..) {
            match inner.write(&[IoSlice::new(rest)])? {
                0 => return Err(Errno::Again.into()),
                written => self.sent += written,
            }
        }
        Ok(())
    }

    /// Takes what it can of some bytes, and answers how many of them the guest is rid of.
    fn take(&mut self, bytes: &[u8]) -> usize {
        if std::mem::take(&mut self.held) && bytes.first() == Some(&b'\n') {
            return 1;
        }
        let (taken, line) = self.buffer.take(bytes);
        match line {
            Some(line) => {
                self.make(&line);
                self.held = line.newline;
                taken - usize::from(line.newline)
            }
            None => taken,
        }
    }
}

impl LineFilter {
    /// A stream over `inner` whose lines have at most `limit` bytes before they are changed.
    pub fn new(
        inner: Arc<dyn Stream>,
        limit: usize,
        change: impl FnMut(&[u8]) -> Option<Vec<u8>> + Send + 'static,
    ) -> Self {
        Self {
            inner,
            state: Mutex::new(State {
                buffer: LineBuffer::new(limit),
                change: Box::new(change),
                made: Vec::new(),
                sent: 0,
                held: false,
            }),
        }
    }
}

pollable_as!(LineFilter, inner);

impl Stream for LineFilter {
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
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let mut written = 0;
        while let Some(bytes) = beyond(buffers, written).find(|bytes| !bytes.is_empty()) {
            match state.flush(&*self.inner) {
                Ok(()) => written += state.take(bytes),
                // Whoever writes again sees it.
                Err(_) if written > 0 => break,
                Err(error) => return Err(error),
            }
        }
        Ok(written)
    }
}

impl Drop for LineFilter {
    fn drop(&mut self) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        let write_rest = |state: &mut State| {
            let rest = state.made.get(state.sent..).unwrap_or_default();
            write_all(&*self.inner, rest)
        };
        if write_rest(state) == 0 {
            if let Some(line) = state.buffer.rest() {
                state.make(&line);
                write_rest(state);
            }
        }
    }
}

impl fmt::Debug for LineFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LineFilter")
    }
}
