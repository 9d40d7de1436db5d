//! The form of a log.
//!
//! A head: the magic, the version in 16 bits, the length of the label in 16 bits, the label. Then
//! a raw DEFLATE stream: calls one after the other, a 0, and the number of calls. Then the CRC-32
//! of the head and of what the stream holds, in 32 bits. Numbers of a fixed width are
//! little-endian, all others are in LEB128.
//!
//! A call: the number of its function, its arguments, what it leads the host to read
//! ([`Asked`](super::asked::Asked)); then what was answered, 0 if the guest was ended, else one
//! more than the errno; then, if it wrote a guest's buffers and succeeded, how many bytes and which;
//! then, if the guest was not ended, what the host wrote ([`Written`](super::written::Written)).

use super::numbers;
use crc32fast::Hasher;
use flate2::Compression;
use flate2::write::DeflateEncoder;
use std::io::{self, BufWriter, Read, Write};
use std::{error, fmt};

/// What every log begins with. A transfer that changes line ends or takes eight bits for seven
/// does not leave it whole.
pub(crate) const MAGIC: [u8; 8] = *b"\x89TKLOG\r\n";

/// The version of the form that is written and read.
pub(crate) const VERSION: u16 = 1;

/// Why a log cannot be replayed.
#[derive(Debug)]
#[non_exhaustive]
pub enum LogError {
    /// It cannot be read.
    Io(io::Error),
    /// It is something else than a log.
    Foreign,
    /// It is of another version than is known here.
    Version {
        /// The version that the log has.
        found: u16,
        /// The version that can be read.
        known: u16,
    },
    /// It ends before its end: whoever recorded it did not come to finish it, or a part was lost.
    Truncated {
        /// The calls that are there as a whole.
        calls: u64,
    },
    /// It is not what was recorded.
    Damaged {
        /// The calls before the damage was seen.
        calls: u64,
        /// What is wrong.
        flaw: String,
    },
}

impl LogError {
    /// What an error says about a log of which so many calls were read.
    pub(crate) fn after(calls: u64, error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::Truncated { calls },
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => Self::Damaged {
                calls,
                flaw: error.to_string(),
            },
            _ => Self::Io(error),
        }
    }
}

impl fmt::Display for LogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => write!(f, "the log cannot be read: {error}"),
            Self::Foreign => f.write_str("this is no Turnkey log"),
            Self::Version { found, known } => write!(
                f,
                "the log is of version {found}, and this Turnkey reads version {known}"
            ),
            Self::Truncated { calls } => write!(
                f,
                "the log is truncated: it holds {calls} whole calls, and its end is missing"
            ),
            Self::Damaged { calls, flaw } => {
                write!(f, "the log is damaged: {flaw}, after {calls} calls")
            }
        }
    }
}

impl error::Error for LogError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match self {
            Self::Io(error) => Some(error),
            _ => None,
        }
    }
}

/// Something that is read or written, and the checksum of what passed.
pub(crate) struct Summed<T> {
    pub(crate) inner: T,
    pub(crate) sum: Hasher,
}

impl<R: Read> Read for Summed<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(bytes)?;
        self.sum.update(bytes.get(..read).unwrap_or_default());
        Ok(read)
    }
}

impl<W: Write> Write for Summed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.sum.update(bytes.get(..written).unwrap_or_default());
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

type Sink = Box<dyn Write + Send>;

/// A log that is being written. Dropped before it is finished, it is a truncated one.
pub(crate) struct Writer {
    stream: Summed<BufWriter<DeflateEncoder<Sink>>>,
    calls: u64,
}

impl Writer {
    /// Begins a log.
    ///
    /// # Errors
    /// Of the sink.
    pub(crate) fn new(mut sink: Sink, label: &[u8], length: u16) -> io::Result<Self> {
        let mut head = MAGIC.to_vec();
        head.extend_from_slice(&VERSION.to_le_bytes());
        head.extend_from_slice(&length.to_le_bytes());
        head.extend_from_slice(label);
        sink.write_all(&head)?;
        let mut sum = Hasher::new();
        sum.update(&head);
        // A recorder must keep up with its guest.
        let inner = BufWriter::new(DeflateEncoder::new(sink, Compression::fast()));
        let stream = Summed { inner, sum };
        Ok(Self { stream, calls: 0 })
    }

    /// Begins a call, and takes what it consists of.
    pub(crate) fn call(&mut self) -> &mut impl Write {
        self.calls += 1;
        &mut self.stream
    }

    /// Ends the log.
    ///
    /// # Errors
    /// Of the sink.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        let mut end = vec![0];
        numbers::put(&mut end, self.calls);
        self.stream.write_all(&end)?;
        let encoder = self.stream.inner.into_inner();
        let mut sink = encoder.map_err(io::IntoInnerError::into_error)?.finish()?;
        sink.write_all(&self.stream.sum.finalize().to_le_bytes())?;
        sink.flush()
    }
}
