//! Sockets that the embedder handed in.

use super::io::{blocked, counted, moved};
use super::{require, with_entry};
use crate::buffers::{Buffers, Iovecs};
use crate::call::Call;
use crate::error::Error;
use turnkey_wasi_common::table::Table;
use turnkey_wasi_common::{
    Entry, Errno, Fd, FdFlags, Interest, Object, ReceiveFlags, Rights, Shutdown, Socket,
};
use wiggle::GuestMemory;

fn socket(entry: &Entry) -> Result<&dyn Socket, Errno> {
    match entry.object() {
        Object::Socket(socket) => Ok(&**socket),
        _ => Err(Errno::Notsock),
    }
}

/// Accepts a connection; `None` stands for flags that a socket cannot have.
pub(crate) fn accept<T: Table>(
    call: &mut Call<'_, T>,
    fd: Fd,
    flags: Option<FdFlags>,
) -> Result<Fd, Error> {
    let entry = with_entry(call, fd, |call, entry| {
        let listener = match entry.object() {
            Object::Listener(listener) => listener,
            Object::Socket(_) => return Err(Errno::Inval.into()),
            _ => return Err(Errno::Notsock.into()),
        };
        require(entry, Rights::SOCK_ACCEPT, Errno::Perm)?;
        let flags = flags.ok_or(Errno::Inval)?;
        call.ctx().table().check_room()?;
        let accepted = match listener.accept() {
            Ok(accepted) => accepted,
            Err(error) => return Err(blocked(call, entry, Interest::Read, error)),
        };
        let socket = Object::Socket(accepted);
        Ok(entry.open_through(socket, flags, entry.inheriting()))
    })?;
    Ok(call.ctx().table().insert(entry)?)
}

/// Receives into the guest's buffers; answers how many bytes came, and whether there were more
/// than fit.
pub(crate) fn receive<T: Table>(
    call: &mut Call<'_, T>,
    memory: &mut GuestMemory<'_>,
    fd: Fd,
    iovecs: Iovecs,
    flags: ReceiveFlags,
) -> Result<(u32, bool), Error> {
    with_entry(call, fd, |call, entry| {
        let socket = socket(entry)?;
        require(entry, Rights::FD_READ, Errno::Badf)?;
        // Who never waits receives what is there, as in POSIX.
        let never_waits = entry.description().flags().contains(FdFlags::NONBLOCK);
        let flags = ReceiveFlags {
            wait_all: flags.wait_all && !never_waits,
            ..flags
        };
        let mut buffers = Buffers::default();
        buffers.fill(memory, iovecs, call.ctx().limits().transfer)?;
        let mut truncated = false;
        let received = buffers.scatter(memory, |slices, before| {
            if before > 0 && (flags.peek || flags.wait_all) {
                return Ok(0);
            }
            let received = socket.receive(slices, flags)?;
            truncated |= received.truncated;
            Ok::<_, turnkey_wasi_common::Error>(received.bytes)
        })?;
        match received {
            Ok(bytes) => Ok((counted(bytes)?, truncated)),
            Err(error) => Err(blocked(call, entry, Interest::Read, error)),
        }
    })
}

/// Sends the guest's bytes. No flag is defined, so any is wrong.
pub(crate) fn send<T: Table>(
    call: &mut Call<'_, T>,
    memory: &mut GuestMemory<'_>,
    fd: Fd,
    iovecs: Iovecs,
    flags: u16,
) -> Result<u32, Error> {
    with_entry(call, fd, |call, entry| {
        let socket = socket(entry)?;
        require(entry, Rights::FD_WRITE, Errno::Badf)?;
        if flags != 0 {
            return Err(Errno::Inval.into());
        }
        let mut buffers = Buffers::default();
        buffers.fill(memory, iovecs, call.ctx().limits().transfer)?;
        let sent = buffers.gather(memory, |slices| socket.write(slices))?;
        moved(call, entry, Interest::Write, sent)
    })
}

pub(crate) fn shutdown<T: Table>(
    call: &mut Call<'_, T>,
    fd: Fd,
    how: Shutdown,
) -> Result<(), Error> {
    with_entry(call, fd, |_, entry| {
        let socket = socket(entry)?;
        require(entry, Rights::SOCK_SHUTDOWN, Errno::Perm)?;
        if !how.receive && !how.send {
            return Err(Errno::Inval.into());
        }
        Ok(socket.shutdown(how)?)
    })
}
