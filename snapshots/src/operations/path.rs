//! Everything that names a path.

use super::{WantedTimes, io::counted, require, with_entry};
use crate::call::Call;
use crate::error::Error;
use crate::memory::{Bytes, path_text};
use turnkey_wasi_common::table::Table;
use turnkey_wasi_common::{
    Dir, Entry, Errno, Fd, FdFlags, Follow, GuestPath, Object, OpenOptions, Rights, Stat,
    check_link_target,
};
use wiggle::{GuestMemory, GuestPtr};

/// A path in the guest's memory that has not been read yet.
pub(crate) type PathPtr = GuestPtr<str>;

/// The directory behind an entry that a path is relative to.
fn dir(entry: &Entry) -> Result<&dyn Dir, Errno> {
    match entry.object() {
        Object::Dir(dir) => Ok(&**dir),
        Object::File(_) => Err(Errno::Notdir),
        Object::Stream(_) | Object::Socket(_) | Object::Listener(_) => Err(Errno::Badf),
    }
}

/// A text that a guest says, no longer than the context allows.
fn text<'m, T: Table>(
    call: &Call<'_, T>,
    memory: &'m GuestMemory<'_>,
    text: PathPtr,
) -> Result<&'m str, Error> {
    let longest = call.ctx().limits().path;
    path_text(memory, text, longest)
}

fn path<'m, T: Table>(
    call: &Call<'_, T>,
    memory: &'m GuestMemory<'_>,
    path: PathPtr,
) -> Result<GuestPath<'m>, Error> {
    Ok(GuestPath::new(text(call, memory, path)?)?)
}

/// Carries out an operation on one path.
#[inline]
fn at<T: Table, R>(
    call: &mut Call<'_, T>,
    memory: &GuestMemory<'_>,
    (fd, name): (Fd, PathPtr),
    right: Rights,
    step: impl FnOnce(&dyn Dir, GuestPath<'_>) -> Result<R, turnkey_wasi_common::Error>,
) -> Result<R, Error> {
    with_entry(call, fd, |call, entry| {
        let dir = dir(entry)?;
        require(entry, right, Errno::Perm)?;
        Ok(step(dir, path(call, memory, name)?)?)
    })
}

/// Carries out an operation that moves or doubles a name.
///
/// What is reached by the new name must not have more rights than it had by the old one, nor be
/// within reach for longer. Directories that can be taken back one by one are file systems of
/// their own in this: between them, contents can be copied, names cannot be moved.
fn from_to<T: Table>(
    call: &mut Call<'_, T>,
    memory: &GuestMemory<'_>,
    (from_fd, from, from_right): (Fd, PathPtr, Rights),
    (to_fd, to, to_right): (Fd, PathPtr, Rights),
    step: impl FnOnce(
        &dyn Dir,
        GuestPath<'_>,
        &dyn Dir,
        GuestPath<'_>,
    ) -> Result<(), turnkey_wasi_common::Error>,
) -> Result<(), Error> {
    with_entry(call, from_fd, |call, from_entry| {
        with_entry(call, to_fd, |call, to_entry| {
            let (from_dir, to_dir) = (dir(from_entry)?, dir(to_entry)?);
            require(from_entry, from_right, Errno::Perm)?;
            require(to_entry, to_right, Errno::Perm)?;
            if !from_entry.inheriting().contains(to_entry.inheriting()) {
                return Err(Errno::Perm.into());
            }
            if to_entry.may_outlive(from_entry) {
                return Err(Errno::Xdev.into());
            }
            Ok(step(
                from_dir,
                path(call, memory, from)?,
                to_dir,
                path(call, memory, to)?,
            )?)
        })
    })
}

/// How a guest wants to open a path.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Opening {
    pub(crate) follow: Follow,
    pub(crate) create: bool,
    pub(crate) directory: bool,
    pub(crate) exclusive: bool,
    pub(crate) truncate: bool,
    /// The rights that the guest asks for; only those to read and to write make a difference.
    pub(crate) rights: Rights,
    /// `None` stands for flags that are not supported.
    pub(crate) flags: Option<FdFlags>,
}

pub(crate) fn open<T: Table>(
    call: &mut Call<'_, T>,
    memory: &GuestMemory<'_>,
    fd: Fd,
    name: PathPtr,
    opening: &Opening,
) -> Result<Fd, Error> {
    let entry = with_entry(call, fd, |call, entry| {
        let dir = dir(entry)?;
        let read = opening.rights.contains(Rights::FD_READ);
        let write = opening.rights.contains(Rights::FD_WRITE);
        require(entry, Rights::PATH_OPEN, Errno::Perm)?;
        if opening.create {
            require(entry, Rights::PATH_CREATE_FILE, Errno::Perm)?;
        }
        if opening.truncate {
            require(entry, Rights::PATH_FILESTAT_SET_SIZE, Errno::Perm)?;
        }
        let inheriting = entry.inheriting();
        if write && !inheriting.contains(Rights::FD_WRITE) {
            return Err(Errno::Perm.into());
        }
        let flags = opening.flags.ok_or(Errno::Notsup)?;
        if opening.directory && (opening.create || opening.exclusive || opening.truncate) {
            return Err(Errno::Inval.into());
        }
        let path = path(call, memory, name)?;
        call.ctx().table().check_room()?;
        let object = dir.open(
            path,
            &OpenOptions {
                read: read && inheriting.contains(Rights::FD_READ),
                write,
                create: opening.create,
                exclusive: opening.create && opening.exclusive,
                truncate: opening.truncate,
                directory: opening.directory,
                follow: opening.follow,
            },
        )?;
        let is_dir = matches!(object, Object::Dir(_));
        if is_dir && (write || opening.create || opening.truncate) {
            return Err(Errno::Isdir.into());
        }
        let mut base = inheriting;
        base.set(Rights::FD_READ, base.contains(Rights::FD_READ) && read);
        if !write {
            base.remove(Rights::FD_WRITE | Rights::FD_ALLOCATE | Rights::FD_FILESTAT_SET_SIZE);
        }
        let flags = if is_dir { FdFlags::empty() } else { flags };
        Ok(entry.open_through(object, flags, base))
    })?;
    Ok(call.ctx().table().insert(entry)?)
}

#[inline(always)]
pub(crate) fn stat<T: Table>(
    call: &mut Call<'_, T>,
    memory: &GuestMemory<'_>,
    place: (Fd, PathPtr),
    follow: Follow,
) -> Result<Stat, Error> {
    let right = Rights::PATH_FILESTAT_GET;
    at(call, memory, place, right, |dir, path| {
        dir.stat_at(path, follow)
    })
}

pub(crate) fn set_times<T: Table>(
    call: &mut Call<'_, T>,
    memory: &GuestMemory<'_>,
    place: (Fd, PathPtr),
    follow: Follow,
    times: WantedTimes,
) -> Result<(), Error> {
    let right = Rights::PATH_FILESTAT_SET_TIMES;
    at(call, memory, place, right, |dir, path| {
        dir.set_times_at(path, follow, &times.check()?)
    })
}

/// Defines operations that are one method of a directory and need one right.
macro_rules! operations_at {
    ($($operation:ident: $right:ident;)*) => {$(
        pub(crate) fn $operation<T: Table>(
            call: &mut Call<'_, T>,
            memory: &GuestMemory<'_>,
            place: (Fd, PathPtr),
        ) -> Result<(), Error> {
            at(call, memory, place, Rights::$right, |dir, path| dir.$operation(path))
        }
    )*};
}

operations_at! {
    create_dir: PATH_CREATE_DIRECTORY;
    remove_dir: PATH_REMOVE_DIRECTORY;
    unlink: PATH_UNLINK_FILE;
}

pub(crate) fn symlink<T: Table>(
    call: &mut Call<'_, T>,
    memory: &GuestMemory<'_>,
    target: PathPtr,
    place: (Fd, PathPtr),
) -> Result<(), Error> {
    with_entry(call, place.0, |call, entry| {
        let dir = dir(entry)?;
        require(entry, Rights::PATH_SYMLINK, Errno::Perm)?;
        let target = text(call, memory, target)?;
        check_link_target(target)?;
        Ok(dir.symlink(target, path(call, memory, place.1)?)?)
    })
}

/// Copies what a link holds, as far as the buffer reaches, and answers how many bytes that is. A
/// target outside is not told.
pub(crate) fn read_link<T: Table>(
    call: &mut Call<'_, T>,
    memory: &mut GuestMemory<'_>,
    place: (Fd, PathPtr),
    (buffer, length): (u32, u32),
) -> Result<u32, Error> {
    let target = at(call, memory, place, Rights::PATH_READLINK, |dir, path| {
        dir.read_link(path)
    })?;
    if target.starts_with('/') {
        return Err(Errno::Perm.into());
    }
    let room = memory.slice_mut(buffer, length)?;
    let fitting = room.len().min(target.len());
    for (to, from) in room.iter_mut().zip(target.as_bytes()) {
        *to = *from;
    }
    counted(fitting)
}

pub(crate) fn link<T: Table>(
    call: &mut Call<'_, T>,
    memory: &GuestMemory<'_>,
    follow: Follow,
    from: (Fd, PathPtr),
    to: (Fd, PathPtr),
) -> Result<(), Error> {
    from_to(
        call,
        memory,
        (from.0, from.1, Rights::PATH_LINK_SOURCE),
        (to.0, to.1, Rights::PATH_LINK_TARGET),
        |from_dir, from, to_dir, to| match follow {
            Follow::Yes => Err(Errno::Inval.into()),
            Follow::No => from_dir.link(from, to_dir, to),
        },
    )
}

pub(crate) fn rename<T: Table>(
    call: &mut Call<'_, T>,
    memory: &GuestMemory<'_>,
    from: (Fd, PathPtr),
    to: (Fd, PathPtr),
) -> Result<(), Error> {
    from_to(
        call,
        memory,
        (from.0, from.1, Rights::PATH_RENAME_SOURCE),
        (to.0, to.1, Rights::PATH_RENAME_TARGET),
        |from_dir, from, to_dir, to| from_dir.rename(from, to_dir, to),
    )
}
