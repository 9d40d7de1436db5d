//! Reading and writing.

use super::{require, with_entry};
use crate::buffers::{Buffers, Iovecs};
use crate::call::Call;
use crate::error::Error;
use turnkey_wasi_common::table::Table;
use turnkey_wasi_common::{
    Entry, Errno, Fd, FdFlags, File, Interest, Object, Result as CoreResult, Rights, Stream, Wait,
};
use wiggle::GuestMemory;

/// What bytes are read from and written to.
enum End<'a> {
    /// Something with offsets.
    File(&'a dyn File),
    /// Something that is read and written in order.
    Stream(&'a dyn Stream),
}

/// The object behind an entry that has the right to move bytes in one direction.
#[inline]
fn end(entry: &Entry, right: Rights) -> Result<End<'_>, Errno> {
    let end = match entry.object() {
        Object::File(file) => End::File(&**file),
        Object::Stream(stream) => End::Stream(&**stream),
        Object::Socket(socket) => End::Stream(&**socket),
        Object::Dir(_) | Object::Listener(_) => return Err(Errno::Badf),
    };
    require(entry, right, Errno::Badf)?;
    Ok(end)
}

/// Reads at the descriptor's own offset, or what a stream has.
pub(crate) fn read<T: Table>(
    call: &mut Call<'_, T>,
    memory: &mut GuestMemory<'_>,
    fd: Fd,
    iovecs: Iovecs,
) -> Result<u32, Error> {
    with_entry(call, fd, |call, entry| {
        let end = end(entry, Rights::FD_READ)?;
        let mut buffers = Buffers::default();
        buffers.fill(memory, iovecs, call.ctx().limits().transfer)?;
        if buffers.is_empty() {
            return Ok(0);
        }
        let read = match end {
            End::File(file) => buffers.scatter(memory, |slices, _| {
                entry.description().with_offset(|at| {
                    let count = file.read_at(slices, at)?;
                    Ok((at.saturating_add(count as u64), count))
                })
            })?,
            End::Stream(stream) => buffers.scatter(memory, |slices, _| stream.read(slices))?,
        };
        moved(call, entry, Interest::Read, read)
    })
}

/// Writes at the descriptor's own offset, at the file's end, or into a stream.
pub(crate) fn write<T: Table>(
    call: &mut Call<'_, T>,
    memory: &mut GuestMemory<'_>,
    fd: Fd,
    iovecs: Iovecs,
) -> Result<u32, Error> {
    with_entry(call, fd, |call, entry| {
        let end = end(entry, Rights::FD_WRITE)?;
        let mut buffers = Buffers::default();
        buffers.fill(memory, iovecs, call.ctx().limits().transfer)?;
        if buffers.is_empty() {
            return Ok(0);
        }
        let description = entry.description();
        let written = match end {
            End::File(file) if description.flags().contains(FdFlags::APPEND) => {
                buffers.gather(memory, |slices| {
                    description.with_offset(|_| {
                        let appended = file.append(slices)?;
                        Ok((appended.end, appended.written))
                    })
                })?
            }
            End::File(file) => buffers.gather(memory, |slices| {
                description.with_offset(|at| {
                    let count = file.write_at(slices, at)?;
                    Ok((at.saturating_add(count as u64), count))
                })
            })?,
            End::Stream(stream) => buffers.gather(memory, |slices| stream.write(slices))?,
        };
        moved(call, entry, Interest::Write, written)
    })
}

/// Reads at an offset; the descriptor's own stays.
pub(crate) fn read_at<T: Table>(
    call: &mut Call<'_, T>,
    memory: &mut GuestMemory<'_>,
    fd: Fd,
    iovecs: Iovecs,
    offset: u64,
) -> Result<u32, Error> {
    with_entry(call, fd, |call, entry| {
        let file = seekable(entry)?;
        require(entry, Rights::FD_READ | Rights::FD_SEEK, Errno::Badf)?;
        check_offset(offset)?;
        let mut buffers = Buffers::default();
        buffers.fill(memory, iovecs, call.ctx().limits().transfer)?;
        if buffers.is_empty() {
            return Ok(0);
        }
        let read = buffers.scatter(memory, |slices, before| {
            file.read_at(slices, offset.saturating_add(before as u64))
        })?;
        counted(read?)
    })
}

/// Writes at an offset; the descriptor's own stays. That the descriptor appends makes no
/// difference, as POSIX has it.
pub(crate) fn write_at<T: Table>(
    call: &mut Call<'_, T>,
    memory: &mut GuestMemory<'_>,
    fd: Fd,
    iovecs: Iovecs,
    offset: u64,
) -> Result<u32, Error> {
    with_entry(call, fd, |call, entry| {
        let file = seekable(entry)?;
        require(entry, Rights::FD_WRITE | Rights::FD_SEEK, Errno::Badf)?;
        check_offset(offset)?;
        let mut buffers = Buffers::default();
        buffers.fill(memory, iovecs, call.ctx().limits().transfer)?;
        if buffers.is_empty() {
            return Ok(0);
        }
        let written = buffers.gather(memory, |slices| file.write_at(slices, offset))?;
        counted(written?)
    })
}

/// From where an offset is counted.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Whence {
    Start,
    Current,
    End,
}

/// Moves the descriptor's offset, and answers where it is now.
pub(crate) fn seek<T: Table>(
    call: &mut Call<'_, T>,
    fd: Fd,
    delta: i64,
    whence: Whence,
) -> Result<u64, Error> {
    with_entry(call, fd, |_, entry| {
        let file = seekable(entry)?;
        let only_asks = matches!(whence, Whence::Current) && delta == 0;
        let rights = if only_asks {
            Rights::FD_SEEK | Rights::FD_TELL
        } else {
            Rights::FD_SEEK
        };
        if !entry.base().intersects(rights) {
            return Err(Errno::Perm.into());
        }
        entry.description().with_offset(|at| {
            let from = match whence {
                Whence::Start => 0,
                Whence::Current => at,
                Whence::End => file.stat()?.size,
            };
            let to = i128::from(from) + i128::from(delta);
            if to < 0 {
                return Err(Errno::Inval.into());
            }
            let to = u64::try_from(to).map_err(|_| Errno::Overflow)?;
            Ok((to, to))
        })
    })
}

pub(crate) fn tell<T: Table>(call: &mut Call<'_, T>, fd: Fd) -> Result<u64, Error> {
    with_entry(call, fd, |_, entry| {
        seekable(entry)?;
        if !entry.base().intersects(Rights::FD_SEEK | Rights::FD_TELL) {
            return Err(Errno::Perm.into());
        }
        Ok(entry.description().offset())
    })
}

/// The file behind an entry that has an offset.
fn seekable(entry: &Entry) -> Result<&dyn File, Errno> {
    match entry.object() {
        Object::File(file) => Ok(&**file),
        Object::Dir(_) => Err(Errno::Badf),
        Object::Stream(_) | Object::Socket(_) | Object::Listener(_) => Err(Errno::Spipe),
    }
}

/// Offsets of a file are those of a POSIX `off_t` of 64 bits.
fn check_offset(offset: u64) -> Result<(), Errno> {
    match i64::try_from(offset) {
        Ok(_) => Ok(()),
        Err(_) => Err(Errno::Inval),
    }
}

/// What the guest is told of a number of bytes, which its own buffers bound to 32 bits.
pub(super) fn counted(bytes: usize) -> Result<u32, Error> {
    u32::try_from(bytes).map_err(|_| Errno::Overflow.into())
}

/// What becomes of an attempt to move bytes: where an object is not ready, the guest waits, unless
/// its descriptor says that it never does.
pub(super) fn moved<T: Table>(
    call: &mut Call<'_, T>,
    entry: &Entry,
    interest: Interest,
    result: CoreResult<usize>,
) -> Result<u32, Error> {
    match result {
        Ok(bytes) => counted(bytes),
        Err(error) => Err(blocked(call, entry, interest, error)),
    }
}

/// The same for an error alone.
pub(super) fn blocked<T: Table>(
    call: &mut Call<'_, T>,
    entry: &Entry,
    interest: Interest,
    error: turnkey_wasi_common::Error,
) -> Error {
    if error.would_block() && !entry.description().flags().contains(FdFlags::NONBLOCK) {
        if let Some(object) = entry.object().pollable() {
            let mut wait = Wait::object(object, interest);
            if let Some(lease) = entry.lease() {
                wait.end_with(lease, call.ctx().clocks());
            }
            return call.wait(wait);
        }
    }
    error.into()
}
