//! Walking a tree and looking at each of its entries, as the guest does.

use crate::calls::fixture::WALKED;
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{AtFlags, FileType, Mode, OFlags, RawDir, Stat};
use rustix::io::Errno;
use std::ffi::CStr;
use std::mem::MaybeUninit;

/// Walks `tree`, and finds all of it.
pub(super) fn all(shared: &OwnedFd) -> Result<(), Errno> {
    let mut count = 0;
    walk(&open(shared, "tree")?, &mut count)?;
    match count == WALKED {
        true => Ok(()),
        false => Err(Errno::IO),
    }
}

/// A call of its own, as in a C library: the first return after a system call has a price on some
/// processors, which nobody who calls a library goes without.
#[inline(never)]
fn stat(dir: &OwnedFd, name: &CStr) -> Result<Stat, Errno> {
    rustix::fs::statat(dir, name, AtFlags::SYMLINK_NOFOLLOW)
}

fn open(dir: impl AsFd, name: impl rustix::path::Arg) -> Result<OwnedFd, Errno> {
    let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    rustix::fs::openat(dir, name, flags, Mode::empty())
}

fn walk(dir: &OwnedFd, count: &mut u32) -> Result<(), Errno> {
    let mut entries = [MaybeUninit::uninit(); 4096];
    let mut listing = RawDir::new(dir, &mut entries);
    while let Some(entry) = listing.next() {
        let entry = entry?;
        let name = entry.file_name();
        if name.to_bytes().starts_with(b".") {
            continue;
        }
        let stat = stat(dir, name)?;
        *count += 1;
        if FileType::from_raw_mode(stat.st_mode) == FileType::Directory {
            walk(&open(dir, name)?, count)?;
        }
    }
    Ok(())
}
