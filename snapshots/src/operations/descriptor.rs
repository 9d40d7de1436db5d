//! Descriptors themselves: their flags and rights, closing and renumbering, preopens.

use super::{require, with_entry};
use crate::call::Call;
use crate::error::Error;
use crate::memory::Bytes;
use turnkey_wasi_common::table::Table;
use turnkey_wasi_common::{Errno, Fd, FdFlags, FileType, Object, Rights, Stat};
use wiggle::GuestMemory;

/// What a descriptor says of itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FdStat {
    pub(crate) file_type: FileType,
    pub(crate) flags: FdFlags,
    pub(crate) base: Rights,
    pub(crate) inheriting: Rights,
}

pub(crate) fn fdstat<T: Table>(call: &mut Call<'_, T>, fd: Fd) -> Result<FdStat, Error> {
    with_entry(call, fd, |_, entry| {
        Ok(FdStat {
            file_type: entry.object().file_type(),
            flags: entry.description().flags(),
            base: entry.base(),
            inheriting: entry.inheriting(),
        })
    })
}

/// Replaces the flags; `None` stands for flags that cannot be set on an open descriptor.
pub(crate) fn set_flags<T: Table>(
    call: &mut Call<'_, T>,
    fd: Fd,
    flags: Option<FdFlags>,
) -> Result<(), Error> {
    with_entry(call, fd, |_, entry| {
        if let Object::Dir(_) = entry.object() {
            return Err(Errno::Badf.into());
        }
        require(entry, Rights::FD_FDSTAT_SET_FLAGS, Errno::Perm)?;
        entry.description().set_flags(flags.ok_or(Errno::Inval)?);
        Ok(())
    })
}

pub(crate) fn set_rights<T: Table>(
    call: &mut Call<'_, T>,
    fd: Fd,
    base: Rights,
    inheriting: Rights,
) -> Result<(), Error> {
    with_entry(call, fd, |_, entry| Ok(entry.shrink(base, inheriting)?))
}

pub(crate) fn filestat<T: Table>(call: &mut Call<'_, T>, fd: Fd) -> Result<Stat, Error> {
    with_entry(call, fd, |_, entry| {
        require(entry, Rights::FD_FILESTAT_GET, Errno::Perm)?;
        Ok(entry.object().stat()?)
    })
}

/// Closes what is open there, even if it was taken back.
pub(crate) fn close<T: Table>(call: &mut Call<'_, T>, fd: Fd) -> Result<(), Error> {
    drop(call.ctx().table().remove(fd)?);
    Ok(())
}

/// What was taken back can be replaced, as it can be closed, but not moved.
pub(crate) fn renumber<T: Table>(call: &mut Call<'_, T>, from: Fd, to: Fd) -> Result<(), Error> {
    with_entry(call, from, |_, _| Ok(()))?;
    drop(call.ctx().table().renumber(from, to)?);
    Ok(())
}

/// The length in bytes of the name under which a directory is preopened.
///
/// Anything else answers `BADF`, by which guests know that they have seen every preopen.
pub(crate) fn preopen_length<T: Table>(call: &mut Call<'_, T>, fd: Fd) -> Result<u32, Error> {
    with_entry(call, fd, |_, entry| {
        let name = entry.preopen().ok_or(Errno::Badf)?;
        Ok(u32::try_from(name.len()).map_err(|_| Errno::Overflow)?)
    })
}

/// Copies the name under which a directory is preopened.
pub(crate) fn preopen_name<T: Table>(
    call: &mut Call<'_, T>,
    memory: &mut GuestMemory<'_>,
    fd: Fd,
    buffer: u32,
    length: u32,
) -> Result<(), Error> {
    with_entry(call, fd, |_, entry| {
        let name = entry.preopen().ok_or(Errno::Notdir)?.as_bytes();
        if (length as usize) < name.len() {
            return Err(Errno::Nametoolong.into());
        }
        let wanted = u32::try_from(name.len()).map_err(|_| Errno::Overflow)?;
        memory.slice_mut(buffer, wanted)?.copy_from_slice(name);
        Ok(())
    })
}
