//! Listings of the host's directories.

use crate::errno::OrErrno;
use crate::stat::file_type_of;
use cap_std::fs::Dir as CapDir;
use rustix::fs::{AtFlags, FileType as HostType, Mode, OFlags, SeekFrom, fstat, openat, seek, statat};
use rustix::io::Errno as Host;
use std::ffi::CStr;
use std::fmt;
use std::os::fd::OwnedFd;
use turnkey_wasi_common::{DirEntry, FileType, Listing, Result};

/// A directory being listed, through a descriptor of its own.
///
/// Entries are read a page at a time. A page is served for as long as it holds the position that
/// is asked for, so many small reads cost the host few calls. Positions are those of the file
/// system, and a position that no page holds is given back to it.
pub(crate) struct HostListing {
    fd: OwnedFd,
    /// The directory's own number, which `..` carries as well.
    inode: u64,
    page: Page,
    /// Where the descriptor stands, if that is known.
    at: Option<u64>,
}

/// Some entries in a row.
#[derive(Default)]
struct Page {
    /// The position before the first entry.
    start: u64,
    names: String,
    entries: Vec<PageEntry>,
    /// The entry that the last read stopped before: where the next one most likely begins.
    stopped: usize,
}

/// An entry whose name lies in the page.
struct PageEntry {
    next: u64,
    inode: u64,
    /// Where its name ends; it begins where the one before it ends. A name that is not UTF-8 is
    /// left out and has no bytes.
    name_end: u32,
    file_type: FileType,
}

/// Bytes that the host is asked for at a time.
#[cfg(target_os = "linux")]
const PAGE: usize = 16 << 10;

/// The fewest bytes that the host spends on an entry beside its name: number, position, length,
/// type and a NUL.
#[cfg(target_os = "linux")]
const ENTRY_HEADER: usize = 8 + 8 + 2 + 1 + 1;

/// The fewest bytes of an entry, which begins at a multiple of 8.
#[cfg(target_os = "linux")]
const SMALLEST_ENTRY: usize = ENTRY_HEADER.next_multiple_of(8);

#[cfg(target_os = "linux")]
const MOST_ENTRIES: usize = PAGE / SMALLEST_ENTRY;

#[cfg(target_os = "linux")]
const MOST_NAMES: usize = PAGE;

/// Without positions of the file system's, a whole directory has to be one page.
#[cfg(not(target_os = "linux"))]
const MOST_ENTRIES: usize = 32 << 10;

#[cfg(not(target_os = "linux"))]
const MOST_NAMES: usize = 1 << 20;

impl HostListing {
    /// Begins a listing.
    ///
    /// # Errors
    /// - `ACCES`: the directory cannot be read.
    /// - `MFILE`, `NFILE`: the host has no descriptor left.
    pub(crate) fn open(dir: &CapDir) -> Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let fd = match openat(dir, ".", flags, Mode::empty()) {
            Ok(fd) => Some(fd),
            // It has been removed, and so has everything in it. The directory itself is still
            // there to be asked, and is listed as far as the host allows.
            Err(Host::NOENT) => None,
            Err(error) => return Err(error).or_errno(),
        };
        let fd = match fd {
            Some(fd) => fd,
            None => dir.try_clone().or_errno()?.into(),
        };
        let inode = crate::stat::stat_of(&fstat(&fd).or_errno()?).inode;
        Ok(Self {
            fd,
            inode,
            page: Page::default(),
            at: Some(0),
        })
    }

    /// Makes the page hold what lies behind a position, and answers at which of its entries that
    /// begins. `None` at the end.
    fn turn_to(&mut self, position: u64) -> Result<Option<usize>> {
        // The beginning is always read afresh: who goes back there wants to see what has changed.
        if position != 0 || self.page.entries.is_empty() {
            if let Some(index) = self.page.behind(position) {
                return Ok(Some(index));
            }
        }
        if self.at != Some(position) && !self.seek(position)? {
            return Ok(None);
        }
        self.at = None;
        self.page.clear(position);
        fill(&self.fd, &mut self.page)?;
        self.at = Some(self.page.end());
        Ok((!self.page.entries.is_empty()).then_some(0))
    }

    /// `false` if the file system knows no such position.
    fn seek(&mut self, position: u64) -> Result<bool> {
        if i64::try_from(position).is_err() {
            return Ok(false);
        }
        self.at = None;
        match seek(&self.fd, SeekFrom::Start(position)) {
            Ok(_) => Ok(true),
            Err(Host::INVAL | Host::OVERFLOW) => Ok(false),
            Err(error) => Err(error).or_errno(),
        }
    }

    /// Serves the page from an entry on. Answers whether more is wanted, and how many names were
    /// left out.
    fn serve(
        &mut self,
        from: usize,
        each: &mut dyn FnMut(DirEntry<'_>) -> bool,
    ) -> (bool, u64) {
        let mut left_out = 0;
        let mut index = from;
        while let Some((name, entry)) = self.page.entry(index) {
            if name.is_empty() {
                left_out += 1;
            } else {
                let wanted = each(DirEntry {
                    name,
                    file_type: match entry.file_type {
                        FileType::Unknown => self.file_type_of(name),
                        known => known,
                    },
                    inode: match name {
                        "." | ".." => self.inode,
                        _ => entry.inode,
                    },
                    next: entry.next,
                });
                if !wanted {
                    self.page.stopped = index;
                    return (false, left_out);
                }
            }
            index += 1;
        }
        self.page.stopped = index;
        (true, left_out)
    }
}
