//! How archives are opened.

use super::index::Indexing;
use super::packed::{Room, at_most};
use super::source::ArchiveSource;
use super::{Archive, ArchiveError, Shared, tar, zip};
use crate::fs::tree::new_device;
use std::cell::Cell;
use std::fmt;
use std::io::{self, Read};
use std::sync::Arc;

/// The format of an archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ArchiveFormat {
    /// Zip, with entries that are stored or deflated.
    Zip,
    /// Tar, in any of its dialects.
    Tar,
    /// Tar, compressed as a whole by gzip.
    TarGz,
}

impl fmt::Display for ArchiveFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Zip => "zip",
            Self::Tar => "tar",
            Self::TarGz => "tar.gz",
        })
    }
}

/// How an archive is opened: what it may cost, and what it is taken for.
///
/// ```
/// use turnkey_virt::fs::{Archive, ArchiveError};
///
/// let empty = vec![0; 1024];
/// assert!(Archive::options().memory(0).open(empty).is_ok());
/// let mut tar = tar::Builder::new(Vec::new());
/// let mut header = tar::Header::new_gnu();
/// header.set_size(0);
/// tar.append_data(&mut header, "a/b/c", &b""[..])?;
/// let error = Archive::options().entries(2).open(tar.into_inner()?).unwrap_err();
/// assert_eq!(error.to_string(), "the archive exceeds its limit of 2 entries");
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct ArchiveOptions {
    pub(super) entries: usize,
    pub(super) names: usize,
    memory: usize,
    device: Option<u64>,
    format: Option<ArchiveFormat>,
}

impl Default for ArchiveOptions {
    fn default() -> Self {
        Self {
            entries: 1_000_000,
            names: 64 << 20,
            memory: 256 << 20,
            device: None,
            format: None,
        }
    }
}

impl ArchiveOptions {
    /// The most entries, the directories among them that only names of others imply. 1 000 000
    /// unless said otherwise.
    #[must_use]
    pub fn entries(self, entries: usize) -> Self {
        Self { entries, ..self }
    }

    /// The most bytes of all names and texts of links together. 64 MiB unless said otherwise.
    #[must_use]
    pub fn names(self, names: usize) -> Self {
        Self { names, ..self }
    }

    /// The most bytes of decompressed contents that are held in memory at a time: all of a `tar.gz`
    /// archive, and those files of others that are open and not read in place. A guest that opens
    /// one more sees `NOMEM`. 256 MiB unless said otherwise.
    #[must_use]
    pub fn memory(self, memory: usize) -> Self {
        Self { memory, ..self }
    }

    /// The number of the device that guests see. Unless it is said, no other file system of this
    /// process has the same, and it depends on which were made before.
    #[must_use]
    pub fn device(self, device: u64) -> Self {
        Self {
            device: Some(device),
            ..self
        }
    }

    /// What the archive is taken for. Unless it is said, its first bytes tell.
    #[must_use]
    pub fn format(self, format: ArchiveFormat) -> Self {
        Self {
            format: Some(format),
            ..self
        }
    }

    /// Opens an archive.
    ///
    /// # Errors
    /// See [`ArchiveError`].
    pub fn open(&self, source: impl Into<ArchiveSource>) -> Result<Archive, ArchiveError> {
        let mut source = source.into();
        let format = match self.format {
            Some(format) => format,
            None => recognize(&source)?,
        };
        let mut room = self.memory;
        if format == ArchiveFormat::TarGz {
            let bytes = self.decompress(&source)?;
            room -= bytes.len();
            source = ArchiveSource::bytes(bytes);
        }
        let source = Arc::new(source);
        let mut index = Indexing::new(self);
        match format {
            ArchiveFormat::Zip => zip::index(&source, &mut index)?,
            ArchiveFormat::Tar | ArchiveFormat::TarGz => tar::index(&source, format, &mut index)?,
        }
        Ok(Archive::new(Shared {
            index: index.finish(),
            source,
            room: Room::new(room),
            device: self.device.unwrap_or_else(new_device),
        }))
    }

    fn decompress(&self, source: &ArchiveSource) -> Result<Vec<u8>, ArchiveError> {
        let plenty = Cell::new(u64::MAX);
        let mut reader = flate2::read::MultiGzDecoder::new(source.reader(0, &plenty));
        match at_most(&mut reader, self.memory) {
            Ok(Some(bytes)) => Ok(bytes),
            Ok(None) => Err(ArchiveError::TooMuch {
                what: "bytes of contents in memory",
                most: self.memory,
            }),
            Err(error) => Err(unreadable(ArchiveFormat::TarGz, error)),
        }
    }
}

fn unreadable(format: ArchiveFormat, error: io::Error) -> ArchiveError {
    ArchiveError::Unreadable {
        format,
        error: error.into(),
    }
}

/// What an archive's first bytes say that it is.
fn recognize(source: &ArchiveSource) -> Result<ArchiveFormat, ArchiveError> {
    const BLOCK: u64 = 512;
    let allowance = Cell::new(tar::HEADERS);
    let mut start = Vec::new();
    let read = source
        .reader(0, &allowance)
        .take(BLOCK)
        .read_to_end(&mut start);
    read.map_err(|error| unreadable(ArchiveFormat::Tar, error))?;
    if start.starts_with(b"\x1f\x8b") {
        return Ok(ArchiveFormat::TarGz);
    }
    if start.starts_with(b"PK\x03\x04") || start.starts_with(b"PK\x05\x06") {
        return Ok(ArchiveFormat::Zip);
    }
    // Older dialects have no mark, but a sum that comes out right.
    let is_tar = start
        .get(257..)
        .is_some_and(|rest| rest.starts_with(b"ustar"))
        || !start.is_empty() && tar::begins(source, &allowance);
    match is_tar {
        true => Ok(ArchiveFormat::Tar),
        false => Err(ArchiveError::Unrecognized),
    }
}
