//! Where an archive's bytes lie.

use rawzip::ReaderAt;
use std::cell::Cell;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::{Mutex, PoisonError};

/// The bytes of an archive: in memory, or something that is read where it is needed.
///
/// Whatever can be seen as bytes becomes a source by itself.
///
/// ```
/// use std::io::Cursor;
/// use turnkey_virt::fs::{Archive, ArchiveSource};
///
/// let bytes = vec![0; 1024];
/// assert!(Archive::open(bytes.clone())?.skipped().is_empty());
/// assert!(Archive::open(ArchiveSource::seekable(Cursor::new(bytes))?)?.skipped().is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct ArchiveSource(Kind);

enum Kind {
    Bytes(Box<dyn AsRef<[u8]> + Send + Sync>),
    Seekable {
        reader: Mutex<Box<dyn ReadSeek + Send>>,
        length: u64,
    },
}

trait ReadSeek: Read + Seek {}

impl<R: Read + Seek> ReadSeek for R {}

impl ArchiveSource {
    /// Bytes in memory.
    pub fn bytes(bytes: impl AsRef<[u8]> + Send + Sync + 'static) -> Self {
        Self(Kind::Bytes(Box::new(bytes)))
    }

    /// Something like an opened file. Nobody else may move its position, and it should not change:
    /// what was read at opening is not read again.
    ///
    /// # Errors
    /// Its end cannot be found.
    pub fn seekable(mut reader: impl Read + Seek + Send + 'static) -> io::Result<Self> {
        let length = reader.seek(SeekFrom::End(0))?;
        Ok(Self(Kind::Seekable {
            reader: Mutex::new(Box::new(reader)),
            length,
        }))
    }

    /// How many bytes there are.
    pub(super) fn length(&self) -> u64 {
        match &self.0 {
            Kind::Bytes(bytes) => bytes.as_ref().as_ref().len() as u64,
            Kind::Seekable { length, .. } => *length,
        }
    }

    /// A reader that begins at `start`, and may read `allowance` bytes before it fails.
    pub(super) fn reader<'a>(&'a self, start: u64, allowance: &'a Cell<u64>) -> SourceReader<'a> {
        SourceReader {
            source: self,
            start,
            position: 0,
            allowance,
        }
    }
}

impl<B: AsRef<[u8]> + Send + Sync + 'static> From<B> for ArchiveSource {
    fn from(bytes: B) -> Self {
        Self::bytes(bytes)
    }
}

impl ReaderAt for ArchiveSource {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        match &self.0 {
            Kind::Bytes(bytes) => {
                let start = usize::try_from(offset).unwrap_or(usize::MAX);
                let mut left = bytes.as_ref().as_ref().get(start..).unwrap_or_default();
                left.read(buffer)
            }
            Kind::Seekable { length, .. } if offset >= *length => Ok(0),
            Kind::Seekable { reader, .. } => {
                let mut reader = reader.lock().unwrap_or_else(PoisonError::into_inner);
                reader.seek(SeekFrom::Start(offset))?;
                loop {
                    match reader.read(buffer) {
                        Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                        // A reader that says more than there was room for is not believed.
                        read => return Ok(read?.min(buffer.len())),
                    }
                }
            }
        }
    }
}

impl std::fmt::Debug for ArchiveSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ArchiveSource")
            .field("length", &self.length())
            .finish()
    }
}

/// Reads a source from one place on.
pub(super) struct SourceReader<'a> {
    source: &'a ArchiveSource,
    start: u64,
    position: u64,
    allowance: &'a Cell<u64>,
}

impl Read for SourceReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let offset = self.start.saturating_add(self.position);
        let read = self.source.read_at(buffer, offset)?;
        let left = self.allowance.get().checked_sub(read as u64);
        self.allowance
            .set(left.ok_or_else(|| io::Error::other("the headers of one entry are too long"))?);
        self.position = self.position.saturating_add(read as u64);
        Ok(read)
    }
}

impl Seek for SourceReader<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::Current(by) => self.position.checked_add_signed(by),
            SeekFrom::End(by) => {
                let length = self.source.length().saturating_sub(self.start);
                length.checked_add_signed(by)
            }
        };
        self.position = position.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}
