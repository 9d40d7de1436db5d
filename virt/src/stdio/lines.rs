//! Output that is handed to a closure.

use super::line_buffer::LineBuffer;
use std::fmt;
use std::io::IoSlice;
use std::sync::{Mutex, PoisonError};
use turnkey_wasi_common::{Errno, Interest, Pollable, Ready, Result, Stream};

/// A stream that hands each line written to it to a closure, without its newline.
///
/// A line that is longer than a limit is handed over in pieces of that length. What is left without
/// a newline is handed over when the stream is dropped. The closure is called by whoever writes, one
/// call at a time, and is not to write to the stream itself.
///
/// ```
/// use std::io::IoSlice;
/// use std::sync::mpsc;
/// use turnkey_virt::stdio::Lines;
/// use turnkey_wasi_common::Stream;
///
/// let (sender, receiver) = mpsc::channel();
/// let lines = Lines::new(1024, move |line: &[u8]| {
///     let _ = sender.send(String::from_utf8_lossy(line).into_owned());
/// });
/// lines.write(&[IoSlice::new(b"one\ntw")])?;
/// lines.write(&[IoSlice::new(b"o\nrest")])?;
/// drop(lines);
/// assert_eq!(receiver.iter().collect::<Vec<_>>(), ["one", "two", "rest"]);
/// # Ok::<(), turnkey_wasi_common::Error>(())
/// ```
pub struct Lines(Mutex<State>);

struct State {
    buffer: LineBuffer,
    told: Box<Told>,
}

type Told = dyn FnMut(&[u8]) + Send;

impl Lines {
    /// A stream whose lines have at most `limit` bytes.
    pub fn new(limit: usize, told: impl FnMut(&[u8]) + Send + 'static) -> Self {
        Self(Mutex::new(State {
            buffer: LineBuffer::new(limit),
            told: Box::new(told),
        }))
    }
}

impl Pollable for Lines {
    fn readiness(&self, interest: Interest) -> Result<Option<Ready>> {
        match interest {
            Interest::Read => Err(Errno::Badf.into()),
            Interest::Write => Ok(Some(Ready {
                bytes: 1,
                hangup: false,
            })),
        }
    }
}

impl Stream for Lines {
    fn write(&self, buffers: &[IoSlice<'_>]) -> Result<usize> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let State { buffer, told } = &mut *state;
        let mut written = 0;
        for bytes in buffers {
            let mut rest = &**bytes;
            while !rest.is_empty() {
                let (taken, line) = buffer.take(rest);
                if let Some(line) = line {
                    told(&line.bytes);
                }
                rest = rest.get(taken..).unwrap_or_default();
            }
            written += bytes.len();
        }
        Ok(written)
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        let state = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(line) = state.buffer.rest() {
            (state.told)(&line.bytes);
        }
    }
}

impl fmt::Debug for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lines")
    }
}
