//! Pipes in memory.

use crate::sync::{Mutex, MutexGuard};
use crate::{Errno, Interest, Pollable, Ready, Result, Stream, Wakers};
use std::collections::VecDeque;
use std::io::{IoSlice, IoSliceMut, Read};
use std::sync::{Arc, PoisonError};
use std::task::Waker;

/// Makes pipes: what goes in at a [`PipeWriter`] comes out at a [`PipeReader`].
///
/// ```
/// use turnkey_wasi_common::Pipe;
///
/// let (writer, reader) = Pipe::new(64);
/// writer.send(b"hello").unwrap();
/// drop(writer);
/// assert_eq!(reader.drain(), b"hello");
/// ```
#[derive(Debug)]
pub struct Pipe {
    state: Mutex<State>,
    capacity: usize,
    wakers: Wakers,
}

#[derive(Debug, Default)]
struct State {
    bytes: VecDeque<u8>,
    writer_gone: bool,
    reader_gone: bool,
}

impl Pipe {
    /// A pipe that holds at most `capacity` bytes; a capacity of 0 counts as 1.
    #[expect(
        clippy::new_ret_no_self,
        reason = "a pipe is only ever held by its two ends"
    )]
    pub fn new(capacity: usize) -> (PipeWriter, PipeReader) {
        let pipe = Arc::new(Self {
            state: Mutex::default(),
            capacity: capacity.max(1),
            wakers: Wakers::default(),
        });
        (PipeWriter(Arc::clone(&pipe)), PipeReader(pipe))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write<'a>(&self, parts: impl Iterator<Item = &'a [u8]>) -> Result<usize> {
        let mut state = self.state();
        if state.reader_gone {
            return Err(Errno::Pipe.into());
        }
        let (mut written, mut wanted) = (0, 0);
        for part in parts {
            let room = self.capacity - state.bytes.len();
            let fitting = part.get(..room.min(part.len())).unwrap_or_default();
            state.bytes.extend(fitting);
            written += fitting.len();
            wanted += part.len();
        }
        drop(state);
        if written > 0 {
            self.wakers.wake();
        } else if wanted > 0 {
            return Err(Errno::Again.into());
        }
        Ok(written)
    }

    fn read<'a>(&self, parts: impl Iterator<Item = &'a mut [u8]>) -> Result<usize> {
        let mut state = self.state();
        let (mut read, mut wanted) = (0, 0);
        for part in parts {
            wanted += part.len();
            let mut rest = part;
            // The bytes lie in two pieces at most.
            while let Ok(taken @ 1..) = state.bytes.read(rest) {
                read += taken;
                rest = rest.get_mut(taken..).unwrap_or_default();
            }
        }
        let ended = state.writer_gone;
        drop(state);
        if read > 0 {
            self.wakers.wake();
        } else if wanted > 0 && !ended {
            return Err(Errno::Again.into());
        }
        Ok(read)
    }

    fn leave(&self, leaving: impl FnOnce(&mut State)) {
        leaving(&mut self.state());
        self.wakers.wake();
    }
}

/// The end of a pipe that is written. The reader sees the end of the stream when it is dropped.
#[derive(Debug)]
pub struct PipeWriter(Arc<Pipe>);

impl PipeWriter {
    /// Writes as many of the bytes as there is room for, and answers how many.
    ///
    /// # Errors
    /// - `AGAIN`: the pipe is full.
    /// - `PIPE`: the reader is gone.
    pub fn send(&self, bytes: &[u8]) -> Result<usize> {
        self.0.write(std::iter::once(bytes))
    }
}

impl Drop for PipeWriter {
    fn drop(&mut self) {
        self.0.leave(|state| state.writer_gone = true);
    }
}

impl Pollable for PipeWriter {
    fn readiness(&self, interest: Interest) -> Result<Option<Ready>> {
        if interest == Interest::Read {
            return Err(Errno::Badf.into());
        }
        let state = self.0.state();
        let room = self.0.capacity - state.bytes.len();
        Ok((room > 0 || state.reader_gone).then_some(Ready {
            bytes: room as u64,
            hangup: state.reader_gone,
        }))
    }

    fn subscribe(&self, _interest: Interest, waker: &Waker) {
        self.0.wakers.subscribe(waker);
    }

    fn unsubscribe(&self, waker: &Waker) {
        self.0.wakers.unsubscribe(waker);
    }
}

impl Stream for PipeWriter {
    fn write(&self, buffers: &[IoSlice<'_>]) -> Result<usize> {
        self.0.write(buffers.iter().map(|buffer| &**buffer))
    }
}

/// The end of a pipe that is read. Writing fails with `PIPE` when it is dropped.
#[derive(Debug)]
pub struct PipeReader(Arc<Pipe>);

impl PipeReader {
    /// A reader of these bytes, and then the end.
    ///
    /// ```
    /// use turnkey_wasi_common::PipeReader;
    ///
    /// let stdin = PipeReader::of(b"answer\n");
    /// assert_eq!(stdin.drain(), b"answer\n");
    /// ```
    pub fn of(bytes: impl Into<Vec<u8>>) -> Self {
        let bytes = VecDeque::from(bytes.into());
        Self(Arc::new(Pipe {
            capacity: bytes.len().max(1),
            state: Mutex::new(State {
                bytes,
                writer_gone: true,
                reader_gone: false,
            }),
            wakers: Wakers::default(),
        }))
    }

    /// Takes out everything that is there.
    pub fn drain(&self) -> Vec<u8> {
        let bytes = std::mem::take(&mut self.0.state().bytes);
        self.0.wakers.wake();
        bytes.into()
    }
}

impl Drop for PipeReader {
    fn drop(&mut self) {
        self.0.leave(|state| state.reader_gone = true);
    }
}

impl Pollable for PipeReader {
    fn readiness(&self, interest: Interest) -> Result<Option<Ready>> {
        if interest == Interest::Write {
            return Err(Errno::Badf.into());
        }
        let state = self.0.state();
        let waiting = state.bytes.len();
        Ok((waiting > 0 || state.writer_gone).then_some(Ready {
            bytes: waiting as u64,
            hangup: state.writer_gone && waiting == 0,
        }))
    }

    fn subscribe(&self, _interest: Interest, waker: &Waker) {
        self.0.wakers.subscribe(waker);
    }

    fn unsubscribe(&self, waker: &Waker) {
        self.0.wakers.unsubscribe(waker);
    }
}

impl Stream for PipeReader {
    fn read(&self, buffers: &mut [IoSliceMut<'_>]) -> Result<usize> {
        self.0.read(buffers.iter_mut().map(|buffer| &mut **buffer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(reader: &PipeReader, length: usize) -> Result<Vec<u8>> {
        let mut bytes = vec![0; length];
        let count = reader.read(&mut [IoSliceMut::new(&mut bytes)])?;
        bytes.truncate(count);
        Ok(bytes)
    }

    #[test]
    fn write_full_pipe_short_then_again() {
        let (writer, reader) = Pipe::new(4);
        assert_eq!(writer.send(b"abcdef"), Ok(4));
        assert_eq!(writer.send(b"x"), Err(Errno::Again.into()));
        assert_eq!(writer.readiness(Interest::Write), Ok(None));
        assert_eq!(read(&reader, 2), Ok(b"ab".to_vec()));
        assert_eq!(
            writer.readiness(Interest::Write),
            Ok(Some(Ready {
                bytes: 2,
                hangup: false
            }))
        );
        assert_eq!(writer.send(b""), Ok(0));
    }

    #[test]
    fn read_several_buffers_filled_in_order() {
        let (writer, reader) = Pipe::new(16);
        writer.send(b"abcdefgh").unwrap();
        let (mut first, mut second) = ([0; 3], [0; 9]);
        let count = reader
            .read(&mut [IoSliceMut::new(&mut first), IoSliceMut::new(&mut second)])
            .unwrap();
        assert_eq!((count, &first, &second[..5]), (8, b"abc", &b"defgh"[..]));
    }

    #[test]
    fn read_empty_again_until_writer_gone_then_end() {
        let (writer, reader) = Pipe::new(4);
        assert_eq!(read(&reader, 1), Err(Errno::Again.into()));
        assert_eq!(read(&reader, 0), Ok(vec![]));
        drop(writer);
        assert_eq!(read(&reader, 1), Ok(vec![]));
        assert_eq!(
            reader.readiness(Interest::Read),
            Ok(Some(Ready {
                bytes: 0,
                hangup: true
            }))
        );
    }

    #[test]
    fn write_reader_gone_pipe() {
        let (writer, reader) = Pipe::new(4);
        drop(reader);
        assert_eq!(writer.send(b"x"), Err(Errno::Pipe.into()));
    }

    #[test]
    fn readiness_wrong_direction_badf() {
        let (writer, reader) = Pipe::new(4);
        assert_eq!(writer.readiness(Interest::Read), Err(Errno::Badf.into()));
        assert_eq!(reader.readiness(Interest::Write), Err(Errno::Badf.into()));
    }
}
