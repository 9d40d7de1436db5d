//! Listings of the host's directories.

use crate::errno::OrErrno;
use crate::handle::{Handle, Position};
use crate::stat::{file_type_of, stat_of};
use rustix::fs::{AtFlags, FileType as HostType, Mode, OFlags, fstat, openat, statat};
use rustix::io::Errno as Host;
use std::ffi::CStr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use turnkey_wasi_common::{DirEntry, Errno, FileType, Listing, Result};

/// A directory being listed, through a descriptor whose position nobody else moves.
///
/// Entries are read a page at a time. A page is served for as long as it holds the position that
/// is asked for, so many small reads cost the host few calls. Positions are the file system's own,
/// and one that the page does not hold is given back to the file system.
///
/// Without positions of the file system's, on systems other than Linux, a whole directory is one
/// page, read at position 0, and its entries are counted; a position holds until the listing
/// begins anew. `NOMEM` answers a directory of more than
/// 32,768 entries, or of more than 1 MiB of names.
pub(crate) struct HostListing {
    source: Source,
    /// The directory's own number, which `.` and `..` carry.
    inode: u64,
    page: Page,
    /// The position at which the descriptor stands, if that is known.
    #[cfg(target_os = "linux")]
    stands_at: Option<u64>,
}

/// What a listing is read from.
enum Source {
    /// The directory's own descriptor.
    Directory(Position),
    /// One that was opened for the listing.
    Own(OwnedFd),
}

impl AsFd for Source {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Directory(position) => position.as_fd(),
            Self::Own(fd) => fd.as_fd(),
        }
    }
}

/// Some entries in a row.
#[derive(Default)]
struct Page {
    /// The position before the first entry.
    start: u64,
    /// All names, one behind the other.
    names: String,
    entries: Vec<PageEntry>,
    /// The entry that the last read stopped at: the next one most likely begins here.
    stopped_at: usize,
}

struct PageEntry {
    /// The position behind the entry.
    next: u64,
    inode: u64,
    /// Where its name ends, in bytes of the page's names; it begins where the one before ends. A
    /// name that is not UTF-8 is left out and has no bytes.
    name_end: u32,
    file_type: FileType,
}

/// Bytes that the host is asked for at a time.
#[cfg(target_os = "linux")]
const READ: usize = 16 << 10;

#[cfg(target_os = "linux")]
const MOST_NAMES: usize = READ;

/// Linux spends 24 bytes on an entry at least: number, position, length, type, name and NUL, at a
/// multiple of 8.
#[cfg(target_os = "linux")]
const MOST_ENTRIES: usize = READ / 24;

#[cfg(not(target_os = "linux"))]
const MOST_NAMES: usize = 1 << 20;

#[cfg(not(target_os = "linux"))]
const MOST_ENTRIES: usize = 32 << 10;

impl HostListing {
    /// Begins a listing.
    ///
    /// # Errors
    /// - `ACCES`: the directory cannot be read.
    /// - `MFILE`, `NFILE`: the host has no descriptor left.
    pub(crate) fn begin(handle: &Arc<Handle>) -> Result<Self> {
        let source = match Position::take(handle) {
            Some(position) => Source::Directory(position),
            None => {
                let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
                Source::Own(openat(handle.dir(), ".", flags, Mode::empty()).or_errno()?)
            }
        };
        Ok(Self {
            inode: stat_of(&fstat(&source).or_errno()?).inode,
            #[cfg(target_os = "linux")]
            stands_at: match &source {
                Source::Directory(position) if !position.is_new => None,
                _ => Some(0),
            },
            source,
            page: Page::default(),
        })
    }

    /// Has the page hold what lies behind a position, and answers which of its entries comes
    /// first; `None` at the end.
    fn turn_to(&mut self, position: u64) -> Result<Option<usize>> {
        // Who goes back to the beginning wants to see what has changed since.
        if position != 0 {
            let held = self.page.behind(position);
            if held.is_some() {
                return Ok(held);
            }
        }
        self.refill(position)?;
        Ok(self.page.behind(position))
    }

    /// Reads the page that begins at a position; nothing at a position that the file system does
    /// not know.
    #[cfg(target_os = "linux")]
    fn refill(&mut self, position: u64) -> Result<()> {
        self.page.clear(position);
        if self.stands_at != Some(position) {
            self.stands_at = None;
            if !seek_to(&self.source, position)? {
                return Ok(());
            }
        }
        self.stands_at = None;
        read_page(&self.source, &mut self.page)?;
        self.stands_at = Some(self.page.end());
        Ok(())
    }

    #[cfg(not(target_os = "linux"))]
    fn refill(&mut self, position: u64) -> Result<()> {
        if position == 0 || self.page.entries.is_empty() {
            self.page.clear(0);
            read_all(&self.source, &mut self.page)?;
        }
        Ok(())
    }
}

impl Listing for HostListing {
    fn read(&mut self, position: u64, each: &mut dyn FnMut(DirEntry<'_>) -> bool) -> Result<u64> {
        let mut left_out = 0;
        let mut position = position;
        while let Some(first) = self.turn_to(position)? {
            let mut index = first;
            while let Some((name, entry)) = self.page.entry(index) {
                let wanted = match name {
                    "" => {
                        left_out += 1;
                        true
                    }
                    name => each(DirEntry {
                        name,
                        file_type: entry.file_type,
                        inode: match name {
                            // The number of a parent that lies outside is not told.
                            "." | ".." => self.inode,
                            _ => entry.inode,
                        },
                        next: entry.next,
                    }),
                };
                if !wanted {
                    self.page.stopped_at = index;
                    return Ok(left_out);
                }
                index += 1;
            }
            // A file system that does not get on would be listed for ever.
            if self.page.end() == position {
                break;
            }
            position = self.page.end();
        }
        Ok(left_out)
    }

    fn memory(&self) -> usize {
        size_of::<Self>() + MOST_NAMES + MOST_ENTRIES * size_of::<PageEntry>()
    }
}

impl Page {
    fn clear(&mut self, start: u64) {
        self.start = start;
        self.stopped_at = 0;
        self.names.clear();
        self.entries.clear();
    }

    /// The position behind the last entry.
    fn end(&self) -> u64 {
        self.entries.last().map_or(self.start, |entry| entry.next)
    }

    /// Which entry comes first behind a position; `None` if the page holds no such entry.
    fn behind(&self, position: u64) -> Option<usize> {
        let ends_at = |index: usize| {
            let entry = self.entries.get(index);
            entry.is_some_and(|entry| entry.next == position)
        };
        let index = if position == self.start {
            0
        } else if ends_at(self.stopped_at) {
            self.stopped_at + 1
        } else if self.stopped_at > 0 && ends_at(self.stopped_at - 1) {
            self.stopped_at
        } else {
            let found = self.entries.iter().position(|entry| entry.next == position);
            found? + 1
        };
        (index < self.entries.len()).then_some(index)
    }

    fn entry(&self, index: usize) -> Option<(&str, &PageEntry)> {
        let entry = self.entries.get(index)?;
        let begin = match index.checked_sub(1) {
            Some(before) => self.entries.get(before)?.name_end,
            None => 0,
        };
        let begin = usize::try_from(begin).ok()?;
        let end = usize::try_from(entry.name_end).ok()?;
        Some((self.names.get(begin..end)?, entry))
    }

    /// Adds an entry as the host tells it. Only where it does not tell the type is it asked again.
    ///
    /// # Errors
    /// - `NOMEM`: the page is full.
    fn push(
        &mut self,
        directory: impl AsFd,
        name: &CStr,
        host_type: HostType,
        inode: u64,
        next: u64,
    ) -> Result<(), Errno> {
        let text = name.to_str().unwrap_or_default();
        let end = self.names.len() + text.len();
        if end > MOST_NAMES || self.entries.len() >= MOST_ENTRIES {
            return Err(Errno::Nomem);
        }
        let host_type = match host_type {
            HostType::Unknown => statat(directory, name, AtFlags::SYMLINK_NOFOLLOW)
                .map_or(HostType::Unknown, |host| {
                    HostType::from_raw_mode(host.st_mode)
                }),
            told => told,
        };
        self.names.push_str(text);
        self.entries.push(PageEntry {
            next,
            inode,
            name_end: u32::try_from(end).map_err(|_| Errno::Nomem)?,
            file_type: file_type_of(host_type),
        });
        Ok(())
    }
}

/// `false` if the file system knows no such position.
#[cfg(target_os = "linux")]
fn seek_to(fd: &Source, position: u64) -> Result<bool> {
    use rustix::fs::{SeekFrom, seek};

    if i64::try_from(position).is_err() {
        return Ok(false);
    }
    match seek(fd, SeekFrom::Start(position)) {
        Ok(_) => Ok(true),
        Err(Host::INVAL | Host::OVERFLOW) => Ok(false),
        Err(error) => Err(error).or_errno(),
    }
}

/// Adds what the host tells in one call, and nothing if there is nothing more. A directory that
/// has been removed has ended, too.
#[cfg(target_os = "linux")]
fn read_page(fd: &Source, page: &mut Page) -> Result<()> {
    use rustix::fs::RawDir;
    use std::mem::MaybeUninit;

    page.names.reserve_exact(MOST_NAMES);
    page.entries.reserve_exact(MOST_ENTRIES);
    let mut buffer = [MaybeUninit::uninit(); READ];
    let mut entries = RawDir::new(fd, &mut buffer);
    loop {
        match entries.next() {
            None | Some(Err(Host::NOENT | Host::INVAL)) => return Ok(()),
            Some(Err(Host::INTR)) => {}
            Some(Err(error)) => return Err(error).or_errno(),
            Some(Ok(entry)) => {
                let (host_type, inode) = (entry.file_type(), entry.ino());
                let next = entry.next_entry_cookie();
                page.push(fd, entry.file_name(), host_type, inode, next)?;
                if entries.is_buffer_empty() {
                    return Ok(());
                }
            }
        }
    }
}

/// Adds every entry; the position behind the nth is n.
#[cfg(not(target_os = "linux"))]
fn read_all(fd: &Source, page: &mut Page) -> Result<()> {
    let mut next = 0;
    for entry in rustix::fs::Dir::read_from(fd).or_errno()? {
        let entry = match entry {
            Ok(entry) => entry,
            Err(Host::NOENT) => break,
            Err(error) => return Err(error).or_errno(),
        };
        next += 1;
        page.push(fd, entry.file_name(), entry.file_type(), entry.ino(), next)?;
    }
    Ok(())
}
