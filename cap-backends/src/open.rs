//! Opening what lies at a path.

use crate::errno::OrErrno;
use crate::stat::timestamps_of;
use crate::{HostDir, HostFile, HostStream};
use cap_fs_ext::{DirExt, FollowSymlinks, OpenOptionsFollowExt};
use cap_std::fs::{Dir as CapDir, OpenOptions as CapOptions, OpenOptionsExt};
use rustix::fs::{FileType as HostType, Mode, OFlags, Timestamps, fstat, openat};
use rustix::io::Errno as Host;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use turnkey_wasi_common::{Errno, Follow, GuestPath, Object, OpenOptions, Result, Times};

/// Opens what lies at a path as what it is.
///
/// A FIFO or a device never makes this wait: everything is opened with `O_NONBLOCK`, which means
/// nothing to a file, and no terminal becomes the process's own.
///
/// # Errors
/// Those of [`Dir::open`](turnkey_wasi_common::Dir::open), and
/// - `INVAL`: a directory is to be created.
/// - `NXIO`: a socket, or a FIFO that is written and that nobody reads.
pub(crate) fn open(dir: &CapDir, path: GuestPath<'_>, how: &OpenOptions) -> Result<Object> {
    if how.create && how.directory {
        return Err(Errno::Inval.into());
    }
    if how.directory || path.has_trailing_slash() {
        return open_directory(dir, path, how);
    }
    match open_as_asked(dir, path, how) {
        // What was not there before has been made now, and what is made so is a file.
        Ok(fd) if how.create && how.exclusive => Ok(Object::File(Arc::new(HostFile::from(fd)))),
        Ok(fd) => object_of(fd, how),
        Err(error) if Host::from_io_error(&error) == Some(Host::ACCESS) => {
            open_otherwise(dir, path, how, error)
        }
        Err(error) => Err(error).or_errno(),
    }
}

/// Opens what the path says is a directory.
fn open_directory(dir: &CapDir, path: GuestPath<'_>, how: &OpenOptions) -> Result<Object> {
    if how.create {
        // What is missing or wrong on the way there comes first.
        crate::place::Place::find(dir, path)?;
        return Err(Errno::Isdir.into());
    }
    let found = directory_to_list(dir, path, how.follow)?;
    match how.write || how.truncate {
        true => Err(Errno::Isdir.into()),
        false => Ok(Object::Dir(Arc::new(found))),
    }
}

/// Opens a directory to reading if that takes one step, and otherwise as [`directory`] does.
fn directory_to_list(dir: &CapDir, path: GuestPath<'_>, follow: Follow) -> Result<HostDir> {
    if let Some(name) = path.without_trailing_slashes().only_name() {
        if let Ok(fd) = open_name(dir, name, OFlags::DIRECTORY) {
            return Ok(HostDir::opened_to_list(fd));
        }
    }
    directory(dir, path, follow).map(HostDir::from)
}

/// Opens a directory for everything but changing its own contents, which needs no permission to
/// read it. A slash behind the last name has a link there followed in any case.
///
/// # Errors
/// - `NOTDIR`: it is none.
/// - those of the walk.
pub(crate) fn directory(dir: &CapDir, path: GuestPath<'_>, follow: Follow) -> Result<CapDir> {
    let text = path.without_trailing_slashes().as_str();
    match follow {
        Follow::No if !path.has_trailing_slash() => dir.open_dir_nofollow(text).or_errno(),
        _ => dir.open_dir(text).or_errno(),
    }
}

/// Opens with the access that was asked for; with none asked for, reading is what most files
/// allow.
fn open_as_asked(dir: &CapDir, path: GuestPath<'_>, how: &OpenOptions) -> io::Result<OwnedFd> {
    let read = how.read || !how.write;
    open_with(dir, path, read, how.write, how)
}

/// Opens what is closed to the access that was tried first: without any access asked for, a file
/// may be open to writing alone; and a directory has much to offer to somebody who may not list
/// it.
fn open_otherwise(
    dir: &CapDir,
    path: GuestPath<'_>,
    how: &OpenOptions,
    denied: io::Error,
) -> Result<Object> {
    if how.write || how.create {
        return Err(denied).or_errno();
    }
    if !how.read {
        if let Ok(fd) = open_with(dir, path, false, true, how) {
            return object_of(fd, how);
        }
    }
    match directory(dir, path, how.follow) {
        Ok(found) if !how.truncate => Ok(Object::Dir(Arc::new(HostDir::from(found)))),
        _ => Err(denied).or_errno(),
    }
}

fn open_with(
    dir: &CapDir,
    path: GuestPath<'_>,
    read: bool,
    write: bool,
    how: &OpenOptions,
) -> io::Result<OwnedFd> {
    // cap-std has creating and truncating only together with writing. As flags of their own they
    // leave the access as it was asked for.
    let mut flags = WITHOUT_WAITING;
    flags.set(OFlags::CREATE, how.create);
    flags.set(OFlags::EXCL, how.create && how.exclusive);
    flags.set(OFlags::TRUNC, how.truncate);
    open_flagged(dir, path, read, write, how.follow, flags)
}

/// What keeps an open from waiting for a peer or a line, and from becoming a terminal's owner.
const WITHOUT_WAITING: OFlags = OFlags::NONBLOCK.union(OFlags::NOCTTY);

/// What a new file may be used for, before the process's mask: what cap-std and `std` ask for.
const MODE: Mode = Mode::from_raw_mode(0o666);

/// Opens what has a name in a directory itself. If that is no link, it is what the name leads to, and
/// to find it takes the host less than a path does that has to be kept beneath a directory.
fn open_name(dir: &CapDir, name: &str, flags: OFlags) -> rustix::io::Result<OwnedFd> {
    let flags = flags | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    openat(dir, name, flags, MODE)
}

fn open_flagged(
    dir: &CapDir,
    path: GuestPath<'_>,
    read: bool,
    write: bool,
    follow: Follow,
    flags: OFlags,
) -> io::Result<OwnedFd> {
    // A descriptor that stands for a place alone would stand for the link itself.
    let may_be_itself = follow == Follow::No || !flags.contains(OFlags::PATH);
    if let (true, Some(name)) = (may_be_itself, path.only_name()) {
        let access = match (read, write) {
            (_, false) => OFlags::RDONLY,
            (false, true) => OFlags::WRONLY,
            (true, true) => OFlags::RDWR,
        };
        match open_name(dir, name, flags | access) {
            // It is a link, which may lead anywhere.
            Err(Host::LOOP | Host::MLINK) if follow == Follow::Yes => {}
            outcome => return Ok(outcome?),
        }
    }
    let mut options = CapOptions::new();
    options
        .read(read)
        .write(write)
        .follow(match follow {
            Follow::Yes => FollowSymlinks::Yes,
            Follow::No => FollowSymlinks::No,
        })
        .custom_flags(flags.bits().try_into().unwrap_or_default());
    Ok(dir.open_with(path.as_str(), &options)?.into())
}

/// What was opened, by its type.
fn object_of(fd: OwnedFd, how: &OpenOptions) -> Result<Object> {
    let host = fstat(&fd).or_errno()?;
    Ok(match HostType::from_raw_mode(host.st_mode) {
        HostType::RegularFile => Object::File(Arc::new(HostFile::from(fd))),
        // A host refuses this by itself. The walk that cap-std does without its help forgets it
        // where a link's text ends in a slash.
        HostType::Directory if how.write || how.create || how.truncate => {
            return Err(Errno::Isdir.into());
        }
        HostType::Directory => Object::Dir(Arc::new(HostDir::opened_to_list(fd))),
        _ => Object::Stream(Arc::new(HostStream::opened(fd)?)),
    })
}

/// Finds what lies at a path, a link itself among them, without opening it for anything.
#[cfg(target_os = "linux")]
pub(crate) fn locate(dir: &CapDir, path: GuestPath<'_>, follow: Follow) -> Result<OwnedFd> {
    if path.has_trailing_slash() {
        return Ok(directory(dir, path, Follow::Yes)?.into());
    }
    open_flagged(dir, path, true, false, follow, OFlags::PATH).or_errno()
}

/// Finds what lies at a path. It has to be open to reading, and cannot be a link, as this host has
/// no other way.
#[cfg(not(target_os = "linux"))]
pub(crate) fn locate(dir: &CapDir, path: GuestPath<'_>, follow: Follow) -> Result<OwnedFd> {
    if path.has_trailing_slash() {
        return Ok(directory(dir, path, Follow::Yes)?.into());
    }
    open_flagged(dir, path, true, false, follow, WITHOUT_WAITING).or_errno()
}

/// Changes the times of what lies at a path, links followed.
pub(crate) fn set_times_at(dir: &CapDir, path: GuestPath<'_>, times: &Times) -> Result<()> {
    let found = locate(dir, path, Follow::Yes)?;
    match set_times(&found, times) {
        // Linux before 5.8, and no directory: it has to be opened after all.
        Err(Host::INVAL | Host::NOTDIR) => {
            let open = |read| open_flagged(dir, path, read, !read, Follow::Yes, WITHOUT_WAITING);
            let fd = open(true).or_else(|_| open(false)).or_errno()?;
            rustix::fs::futimens(fd, &timestamps_of(times)).or_errno()
        }
        outcome => outcome.or_errno(),
    }
}

/// Changes the times of what a descriptor stands for, even if it was opened for nothing.
pub(crate) fn set_times(fd: impl AsFd, times: &Times) -> rustix::io::Result<()> {
    let times = timestamps_of(times);
    match set_times_of_descriptor(&fd, &times) {
        // Linux before 5.8; a directory can be named.
        Err(Host::INVAL) => rustix::fs::utimensat(&fd, ".", &times, rustix::fs::AtFlags::empty()),
        outcome => outcome,
    }
}

#[cfg(target_os = "linux")]
fn set_times_of_descriptor(fd: impl AsFd, times: &Timestamps) -> rustix::io::Result<()> {
    rustix::fs::utimensat(fd, "", times, rustix::fs::AtFlags::EMPTY_PATH)
}

#[cfg(not(target_os = "linux"))]
fn set_times_of_descriptor(fd: impl AsFd, times: &Timestamps) -> rustix::io::Result<()> {
    rustix::fs::futimens(fd, times)
}
