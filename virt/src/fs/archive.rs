//! Archives as directories.

mod error;
mod index;
mod listing;
mod opened;
mod options;
mod packed;
mod source;
mod tar;
mod zip;

pub use error::{ArchiveError, SkipReason, Skipped};
pub use options::{ArchiveFormat, ArchiveOptions};
pub use source::ArchiveSource;

use super::{Found, Link, Names, Node};
use index::{Index, Inode, Kind};
use listing::ArchiveListing;
use opened::InArchive;
use packed::Room;
use std::fmt;
use std::sync::Arc;
use turnkey_wasi_common::{Errno, FileType, GuestPath, Listing, Result, Stat, Timestamp};

/// An archive as a directory that is only read: zip, or tar, plain or compressed by gzip.
///
/// Opening reads the names and attributes of all entries. Contents are read when a guest reads them:
/// those of a plain tar archive and the stored ones of a zip archive where they lie, unchecked;
/// deflated ones are decompressed and checked when their file is opened, and kept while it is. A
/// `tar.gz` archive, which has no places to go to, is decompressed as a whole when it is opened.
///
/// - Names become directories as they say, also where the archive has no entry for one.
/// - Of two entries that are in each other's way the later one stays, whatever they are.
/// - An entry that a directory cannot hold is [left out](Self::skipped): a name that is absolute,
///   leads upward, is not UTF-8 or has an empty part; an encrypted file; a device. A backslash is a
///   character like any other.
/// - A symbolic link keeps its text. It leads where it would lead in any directory: within the
///   [`Tree`](super::Tree), or nowhere.
/// - Entries are numbered in the order in which they come, from 2 on; the archive's directory is 1.
///   Hard links of a tar archive have the same number, and `links` counts them. Of a directory it
///   is 1.
/// - All three times are the entry's time of last change, and 0 for a directory without an entry.
///
/// ```
/// use std::sync::Arc;
/// use turnkey_virt::fs::{Archive, Tree};
/// use turnkey_wasi_common::{Dir, Errno, Follow, GuestPath};
///
/// let mut tar = tar::Builder::new(Vec::new());
/// let mut header = tar::Header::new_gnu();
/// header.set_size(6);
/// tar.append_data(&mut header, "lib/hello.txt", &b"hello\n"[..])?;
///
/// let archive = Archive::open(tar.into_inner()?)?;
/// assert!(archive.skipped().is_empty());
/// let tree = Tree::new(Arc::new(archive));
/// let path = GuestPath::new("lib/hello.txt")?;
/// assert_eq!(tree.stat_at(path, Follow::No)?.size, 6);
/// assert_eq!(tree.unlink(path).unwrap_err().errno(), Errno::Rofs);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Archive {
    shared: Arc<Shared>,
    dir: usize,
}

/// What all directories and files of an archive have in common.
struct Shared {
    index: Index,
    source: Arc<ArchiveSource>,
    room: Arc<Room>,
    device: u64,
}

impl Archive {
    fn new(shared: Shared) -> Self {
        Self {
            shared: Arc::new(shared),
            dir: index::ROOT,
        }
    }

    /// Opens an archive of any format that its first bytes tell.
    ///
    /// # Errors
    /// See [`ArchiveError`].
    ///
    /// ```
    /// use std::io::{Cursor, Write};
    /// use turnkey_virt::fs::{Archive, ArchiveFormat, Node, ArchiveSource};
    ///
    /// let mut zip = rawzip::ZipArchiveWriter::new(Vec::new());
    /// let (mut entry, config) = zip.new_file("a.txt").start()?;
    /// let mut writer = config.wrap(&mut entry);
    /// writer.write_all(b"hello")?;
    /// let (_, descriptor) = writer.finish()?;
    /// entry.finish(descriptor)?;
    /// // A file of the host's is handed over in the same way.
    /// let opened = Cursor::new(zip.finish()?);
    ///
    /// let archive = Archive::open(ArchiveSource::seekable(opened)?)?;
    /// assert_eq!(archive.lookup("a.txt")?.stat()?.size, 5);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open(source: impl Into<ArchiveSource>) -> Result<Self, ArchiveError> {
        Self::options().open(source)
    }

    /// Opens a zip archive, which may have something in front of it.
    ///
    /// # Errors
    /// See [`ArchiveError`].
    pub fn zip(source: impl Into<ArchiveSource>) -> Result<Self, ArchiveError> {
        Self::options().format(ArchiveFormat::Zip).open(source)
    }

    /// Opens a tar archive.
    ///
    /// # Errors
    /// See [`ArchiveError`].
    pub fn tar(source: impl Into<ArchiveSource>) -> Result<Self, ArchiveError> {
        Self::options().format(ArchiveFormat::Tar).open(source)
    }

    /// Opens a tar archive that is compressed by gzip.
    ///
    /// # Errors
    /// See [`ArchiveError`].
    pub fn tar_gz(source: impl Into<ArchiveSource>) -> Result<Self, ArchiveError> {
        Self::options().format(ArchiveFormat::TarGz).open(source)
    }

    /// Limits and choices for opening an archive.
    pub fn options() -> ArchiveOptions {
        ArchiveOptions::default()
    }

    /// The entries that were left out, in the order of the archive.
    ///
    /// ```
    /// use turnkey_virt::fs::{Archive, SkipReason};
    ///
    /// let mut tar = tar::Builder::new(Vec::new());
    /// let mut header = tar::Header::new_gnu();
    /// header.as_old_mut().name[..9].copy_from_slice(b"../secret");
    /// header.set_size(0);
    /// header.set_cksum();
    /// tar.append(&header, &b""[..])?;
    ///
    /// let archive = Archive::open(tar.into_inner()?)?;
    /// let [skipped] = archive.skipped() else { panic!() };
    /// assert_eq!(skipped.reason, SkipReason::Upward);
    /// assert_eq!(skipped.to_string(), r#""../secret": its name leads upward"#);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn skipped(&self) -> &[Skipped] {
        &self.shared.index.skipped
    }

    /// The names of this directory, sorted, and the places of what they name.
    fn entries(&self) -> &[(Box<str>, usize)] {
        match self.shared.inode(self.dir) {
            Ok(Inode {
                kind: Kind::Dir(entries),
                ..
            }) => entries,
            _ => &[],
        }
    }
}

impl Shared {
    fn inode(&self, place: usize) -> Result<&Inode> {
        let inode = self.index.inodes.get(place);
        inode.ok_or_else(|| Errno::Io.into())
    }

    fn stat(&self, place: usize) -> Result<Stat> {
        let inode = self.inode(place)?;
        Ok(Stat {
            device: self.device,
            inode: number(place),
            file_type: inode.kind.file_type(),
            links: inode.links,
            size: match &inode.kind {
                Kind::Dir(_) => 0,
                Kind::File(packed) => packed.size,
                Kind::Link(text) => text.len() as u64,
            },
            accessed: inode.modified,
            modified: inode.modified,
            changed: inode.modified,
        })
    }
}

impl Kind {
    fn file_type(&self) -> FileType {
        match self {
            Self::Dir(_) => FileType::Directory,
            Self::File(_) => FileType::RegularFile,
            Self::Link(_) => FileType::SymbolicLink,
        }
    }
}

/// The number that guests see.
fn number(place: usize) -> u64 {
    place as u64 + 1
}

/// Whether a text can be that of a link. An absolute one can, and leads nowhere.
fn is_link_text(text: &str) -> bool {
    !text.is_empty() && text.len() <= GuestPath::LONGEST && !text.contains('\0')
}

fn timestamp(seconds: u64, nanoseconds: u32) -> Timestamp {
    let seconds = seconds.saturating_mul(1_000_000_000);
    seconds.saturating_add(nanoseconds.into())
}

impl Node for Archive {
    fn stat(&self) -> Result<Stat> {
        self.shared.stat(self.dir)
    }

    fn lookup(&self, name: &str) -> Result<Found> {
        let entries = self.entries();
        let found = entries.binary_search_by(|(other, _)| (**other).cmp(name));
        let entry = found.ok().and_then(|index| entries.get(index));
        let (_, place) = *entry.ok_or(Errno::Noent)?;
        Ok(match &self.shared.inode(place)?.kind {
            Kind::Dir(_) => Found::dir(Self {
                shared: Arc::clone(&self.shared),
                dir: place,
            }),
            Kind::File(_) => {
                Found::Unopened(Arc::new(InArchive::new(Arc::clone(&self.shared), place)))
            }
            Kind::Link(text) => Found::Link(Link {
                target: Ok(Arc::clone(text)),
                stat: self.shared.stat(place)?,
            }),
        })
    }

    fn list(&self, names: &mut Names) -> Result<()> {
        for (name, place) in self.entries() {
            let file_type = self.shared.inode(*place)?.kind.file_type();
            names.push_numbered(name, file_type, number(*place));
        }
        Ok(())
    }

    fn listing(&self) -> Result<Option<Box<dyn Listing>>> {
        Ok(Some(Box::new(ArchiveListing(self.clone()))))
    }
}

impl fmt::Debug for Archive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Archive")
            .field("source", &self.shared.source)
            .field("inodes", &self.shared.index.inodes.len())
            .field("skipped", &self.skipped().len())
            .finish_non_exhaustive()
    }
}
