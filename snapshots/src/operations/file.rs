//! What only files can do.

use super::{WantedTimes, require, with_entry};
use crate::call::Call;
use crate::error::Error;
use turnkey_wasi_common::table::Table;
use turnkey_wasi_common::{Advice, Durability, Entry, Errno, Fd, File, Object, Rights};

/// The file behind an entry.
fn file(entry: &Entry) -> Result<&dyn File, Errno> {
    match entry.object() {
        Object::File(file) => Ok(&**file),
        _ => Err(Errno::Badf),
    }
}

pub(crate) fn advise<T: Table>(
    call: &mut Call<'_, T>,
    fd: Fd,
    offset: u64,
    length: u64,
    advice: Advice,
) -> Result<(), Error> {
    with_entry(call, fd, |_, entry| {
        let file = file(entry)?;
        require(entry, Rights::FD_ADVISE, Errno::Perm)?;
        end_of_range(offset, length).ok_or(Errno::Inval)?;
        Ok(file.advise(offset, length, advice)?)
    })
}

pub(crate) fn allocate<T: Table>(
    call: &mut Call<'_, T>,
    fd: Fd,
    offset: u64,
    length: u64,
) -> Result<(), Error> {
    with_entry(call, fd, |_, entry| {
        let file = file(entry)?;
        require(entry, Rights::FD_ALLOCATE, Errno::Perm)?;
        if length == 0 {
            return Err(Errno::Inval.into());
        }
        end_of_range(offset, length).ok_or(Errno::Fbig)?;
        Ok(file.allocate(offset, length)?)
    })
}

pub(crate) fn sync<T: Table>(
    call: &mut Call<'_, T>,
    fd: Fd,
    durability: Durability,
) -> Result<(), Error> {
    with_entry(call, fd, |_, entry| {
        let file = file(entry)?;
        let right = match durability {
            Durability::Data => Rights::FD_DATASYNC,
            Durability::All => Rights::FD_SYNC,
        };
        require(entry, right, Errno::Perm)?;
        Ok(file.sync(durability)?)
    })
}

pub(crate) fn set_size<T: Table>(call: &mut Call<'_, T>, fd: Fd, size: u64) -> Result<(), Error> {
    with_entry(call, fd, |_, entry| {
        let file = file(entry)?;
        require(entry, Rights::FD_FILESTAT_SET_SIZE, Errno::Perm)?;
        end_of_range(0, size).ok_or(Errno::Fbig)?;
        Ok(file.set_size(size)?)
    })
}

/// Sets the times of an open file or directory.
pub(crate) fn set_times<T: Table>(
    call: &mut Call<'_, T>,
    fd: Fd,
    times: WantedTimes,
) -> Result<(), Error> {
    with_entry(call, fd, |_, entry| {
        if !matches!(entry.object(), Object::File(_) | Object::Dir(_)) {
            return Err(Errno::Badf.into());
        }
        require(entry, Rights::FD_FILESTAT_SET_TIMES, Errno::Perm)?;
        let times = times.check()?;
        match entry.object() {
            Object::File(file) => Ok(file.set_times(&times)?),
            Object::Dir(dir) => Ok(dir.set_times(&times)?),
            _ => Err(Errno::Badf.into()),
        }
    })
}

/// The end of a range, if a file can have it.
fn end_of_range(offset: u64, length: u64) -> Option<u64> {
    offset
        .checked_add(length)
        .filter(|end| i64::try_from(*end).is_ok())
}
