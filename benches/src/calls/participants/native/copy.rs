//! Copying 256 MiB, as the guest does.

use super::{BLOCK, whole};
use crate::calls::guest::BLOCKS;
use rustix::fd::OwnedFd;
use rustix::fs::{AtFlags, Mode, OFlags};
use rustix::io::Errno;

const FROM: &str = "big";
const TO: &str = "copy";

fn read(root: &OwnedFd, name: &str) -> Result<OwnedFd, Errno> {
    rustix::fs::openat(
        root,
        name,
        OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC,
        Mode::empty(),
    )
}

fn write(root: &OwnedFd, name: &str) -> Result<OwnedFd, Errno> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC;
    let mode = Mode::RUSR | Mode::WUSR;
    rustix::fs::openat(root, name, flags | OFlags::NOFOLLOW | OFlags::CLOEXEC, mode)
}

/// Each block begins with its number.
fn number(block: &mut [u8], number: u64) {
    block[..8].copy_from_slice(&number.to_le_bytes());
}

/// Makes the file.
pub(super) fn ready(root: &OwnedFd, block: &mut [u8]) -> Result<(), Errno> {
    let to = write(root, FROM)?;
    for block_number in 0..BLOCKS {
        number(block, block_number);
        rustix::io::write(&to, block).and_then(whole)?;
    }
    Ok(())
}

/// Copies it.
pub(super) fn copy(root: &OwnedFd, block: &mut [u8]) -> Result<(), Errno> {
    let (from, to) = (read(root, FROM)?, write(root, TO)?);
    loop {
        match rustix::io::read(&from, &mut *block)? {
            0 => return Ok(()),
            count => {
                if rustix::io::write(&to, &block[..count])? != count {
                    return Err(Errno::IO);
                }
            }
        }
    }
}

/// Compares every byte, and unlinks both.
pub(super) fn done(root: &OwnedFd, block: &mut [u8]) -> Result<(), Errno> {
    let copy = read(root, TO)?;
    let mut read = vec![0; BLOCK];
    for block_number in 0..BLOCKS {
        number(block, block_number);
        rustix::io::read(&copy, &mut read[..]).and_then(whole)?;
        if read != block {
            return Err(Errno::IO);
        }
    }
    if rustix::io::read(&copy, &mut read[..])? != 0 {
        return Err(Errno::IO);
    }
    rustix::fs::unlinkat(root, FROM, AtFlags::empty())?;
    rustix::fs::unlinkat(root, TO, AtFlags::empty())
}
