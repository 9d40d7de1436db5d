//! The contents of an archive's files.

use super::source::ArchiveSource;
use rawzip::{ReaderAt, ZipArchive, ZipArchiveEntryWayfinder};
use std::cell::Cell;
use std::io::{self, IoSliceMut, Read};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use turnkey_wasi_common::{Errno, Error, Result};

/// A file's contents as the archive holds them.
pub(super) struct Packed {
    /// How many bytes they are said to be.
    pub(super) size: u64,
    pub(super) form: Form,
    /// The contents while somebody has the file open, if they are not read in place.
    held: Mutex<Weak<Held>>,
}

pub(super) enum Form {
    /// Bytes of the source, from here on.
    Plain(u64),
    /// An entry of a zip archive, whose own header has to be read to know where its bytes begin.
    Zip {
        archive: Arc<ZipArchive<Arc<ArchiveSource>>>,
        entry: ZipArchiveEntryWayfinder,
        deflated: bool,
    },
    /// A file with holes in a tar archive: where its header begins.
    Sparse(u64),
}

/// The contents of an opened file.
pub(super) enum Contents {
    /// Bytes of the source, from here on.
    InPlace(u64),
    /// Bytes in memory.
    Held(Arc<Held>),
}

/// Contents that were decompressed.
pub(super) struct Held {
    bytes: Vec<u8>,
    _room: Taken,
}

impl Held {
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl Packed {
    pub(super) fn new(size: u64, form: Form) -> Self {
        Self {
            size,
            form,
            held: Mutex::default(),
        }
    }

    /// Opens the contents. Those that are held are made once, however many have the file open.
    ///
    /// # Errors
    /// - `NOMEM`: there is no room left for decompressed contents.
    /// - `IO`: the archive cannot be read, or says of the contents what is not true.
    pub(super) fn open(&self, source: &ArchiveSource, room: &Arc<Room>) -> Result<Contents> {
        if let Some(start) = self.in_place(source)? {
            return Ok(Contents::InPlace(start));
        }
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(held) = held.upgrade() {
            return Ok(Contents::Held(held));
        }
        let taken = room.take(self.size)?;
        let made = Arc::new(Held {
            bytes: self.unpack(source, taken.bytes).map_err(told)?,
            _room: taken,
        });
        *held = Arc::downgrade(&made);
        Ok(Contents::Held(made))
    }

    /// Where the contents begin in the source, if they lie there as they are.
    fn in_place(&self, source: &ArchiveSource) -> Result<Option<u64>> {
        let start = match &self.form {
            Form::Plain(start) => *start,
            Form::Zip {
                archive,
                entry,
                deflated: false,
            } => {
                let entry = archive.get_entry(*entry).map_err(told)?;
                let (start, end) = entry.compressed_data_range();
                if end - start != self.size {
                    return Err(told("stored contents have two sizes"));
                }
                start
            }
            Form::Zip { .. } | Form::Sparse(_) => return Ok(None),
        };
        match start.checked_add(self.size) {
            Some(end) if end <= source.length() => Ok(Some(start)),
            _ => Err(told("the contents are cut off")),
        }
    }

    /// The contents, decompressed; `size` says how many bytes they must be.
    pub(super) fn unpack(&self, source: &ArchiveSource, size: usize) -> io::Result<Vec<u8>> {
        let plenty = Cell::new(u64::MAX);
        match &self.form {
            Form::Plain(start) => exactly(&mut source.reader(*start, &plenty), size),
            Form::Zip {
                archive,
                entry,
                deflated,
            } => {
                let entry = archive.get_entry(*entry).map_err(io::Error::other)?;
                let reader = entry.reader();
                match deflated {
                    false => exactly(&mut entry.verifying_reader(reader), size),
                    true => {
                        let inflated = flate2::read::DeflateDecoder::new(reader);
                        exactly(&mut entry.verifying_reader(inflated), size)
                    }
                }
            }
            Form::Sparse(header) => {
                let mut archive = tar::Archive::new(source.reader(*header, &plenty));
                let entry = archive.entries()?.next();
                exactly(&mut entry.ok_or(io::ErrorKind::UnexpectedEof)??, size)
            }
        }
    }
}

/// An error that the guest sees as `IO`.
fn told(what: impl ToString) -> Error {
    Error::from(Errno::Io).context(what.to_string())
}

/// Reads contents that must have a size.
fn exactly(reader: &mut dyn Read, size: usize) -> io::Result<Vec<u8>> {
    match at_most(reader, size)? {
        Some(bytes) if bytes.len() == size => Ok(bytes),
        _ => Err(io::Error::other("the contents have another size")),
    }
}

/// Reads everything; `None` if that is more than `most` bytes. Memory is taken as bytes arrive.
pub(super) fn at_most(reader: &mut dyn Read, most: usize) -> io::Result<Option<Vec<u8>>> {
    const FIRST: usize = 64 * 1024;
    let mut bytes = Vec::new();
    loop {
        let step = bytes.len().max(FIRST).min(most - bytes.len());
        bytes.try_reserve_exact(step)?;
        let read = reader.take(step as u64).read_to_end(&mut bytes)?;
        if read < step {
            return Ok(Some(bytes));
        }
        if bytes.len() == most {
            let more = reader.read(&mut [0])?;
            return Ok((more == 0).then_some(bytes));
        }
    }
}

/// How many bytes of decompressed contents may still be held.
pub(super) struct Room(AtomicUsize);

impl Room {
    pub(super) fn new(bytes: usize) -> Arc<Self> {
        Arc::new(Self(AtomicUsize::new(bytes)))
    }

    fn take(self: &Arc<Self>, bytes: u64) -> Result<Taken> {
        let taken = usize::try_from(bytes).ok().filter(|bytes| {
            let less = |left: usize| left.checked_sub(*bytes);
            let (set, fetch) = (Ordering::Relaxed, Ordering::Relaxed);
            self.0.fetch_update(set, fetch, less).is_ok()
        });
        match taken {
            Some(bytes) => Ok(Taken {
                room: Arc::clone(self),
                bytes,
            }),
            None => Err(Error::from(Errno::Nomem).context("no room for decompressed contents")),
        }
    }
}

/// A part of the room, which comes back when this is dropped.
struct Taken {
    room: Arc<Room>,
    bytes: usize,
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.room.0.fetch_add(self.bytes, Ordering::Relaxed);
    }
}

/// Reads bytes of the source, from `start` on and of `size` at most.
///
/// # Errors
/// - `IO`: the source fails, or has become shorter.
pub(super) fn read_in_place(
    source: &ArchiveSource,
    start: u64,
    size: u64,
    buffers: &mut [IoSliceMut<'_>],
    offset: u64,
) -> Result<usize> {
    let mut read = 0;
    for buffer in buffers {
        let offset = offset.saturating_add(read as u64);
        let left = usize::try_from(size.saturating_sub(offset)).unwrap_or(usize::MAX);
        let wanted = buffer.len().min(left);
        let room = buffer.get_mut(..wanted).unwrap_or_default();
        if room.is_empty() {
            continue;
        }
        match source.read_at(room, start.saturating_add(offset)) {
            Ok(0) if read == 0 => return Err(told("the archive has become shorter")),
            Ok(some) => {
                read += some;
                if some < wanted {
                    break;
                }
            }
            Err(_) if read > 0 => break,
            Err(error) => return Err(told(error)),
        }
    }
    Ok(read)
}
