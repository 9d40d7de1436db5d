//! What a descriptor can stand for.

use crate::{
    Dir, Errno, File, FileType, Interest, Listener, Pollable, Ready, Result, Rights, Socket, Stat,
    Stream,
};
use std::fmt;
use std::sync::Arc;

/// A host object behind a description.
///
/// ```
/// use std::sync::Arc;
/// use turnkey_wasi_common::{FileType, Interest, Null, Object, Rights};
///
/// let object = Object::Stream(Arc::new(Null));
/// assert_eq!(object.file_type(), FileType::Unknown);
/// assert!(!object.possible_rights().contains(Rights::FD_SEEK));
/// let ready = object.readiness(Interest::Read)?;
/// assert!(ready.is_some_and(|ready| ready.hangup), "it is at its end");
/// # Ok::<(), turnkey_wasi_common::Error>(())
/// ```
#[derive(Clone)]
pub enum Object {
    /// A regular file.
    File(Arc<dyn File>),
    /// A directory.
    Dir(Arc<dyn Dir>),
    /// A pipe, terminal, FIFO or device.
    Stream(Arc<dyn Stream>),
    /// A connected socket.
    Socket(Arc<dyn Socket>),
    /// A socket that accepts connections.
    Listener(Arc<dyn Listener>),
}

impl Object {
    /// Every right that makes sense for an object of this type. A new handle's rights lie within.
    pub fn possible_rights(&self) -> Rights {
        match self {
            Self::File(_) => FILE,
            Self::Dir(_) => DIRECTORY,
            Self::Stream(_) => STREAM,
            Self::Socket(_) => STREAM.union(Rights::SOCK_SHUTDOWN),
            Self::Listener(_) => Rights::SOCK_ACCEPT
                .union(Rights::POLL_FD_READWRITE)
                .union(Rights::FD_FILESTAT_GET)
                .union(Rights::FD_FDSTAT_SET_FLAGS),
        }
    }

    /// The object's attributes.
    ///
    /// # Errors
    /// - `IO`: the host failed.
    #[inline]
    pub fn stat(&self) -> Result<Stat> {
        match self {
            Self::File(file) => file.stat(),
            Self::Dir(dir) => dir.stat(),
            Self::Stream(stream) => stream.stat(),
            Self::Socket(socket) => socket.stat(),
            Self::Listener(listener) => Ok(Stat {
                file_type: listener.file_type(),
                ..Stat::default()
            }),
        }
    }

    /// The object's type, without asking the host for more.
    pub fn file_type(&self) -> FileType {
        match self {
            Self::File(_) => FileType::RegularFile,
            Self::Dir(_) => FileType::Directory,
            Self::Stream(stream) => stream.file_type(),
            Self::Socket(socket) => socket.file_type(),
            Self::Listener(listener) => listener.file_type(),
        }
    }

    /// The object as something to wait for; `None` for files and directories, which never wait.
    pub fn pollable(&self) -> Option<Arc<dyn Pollable>> {
        match self {
            Self::File(_) | Self::Dir(_) => None,
            Self::Stream(stream) => Some(Arc::clone(stream) as Arc<dyn Pollable>),
            Self::Socket(socket) => Some(Arc::clone(socket) as Arc<dyn Pollable>),
            Self::Listener(listener) => Some(Arc::clone(listener) as Arc<dyn Pollable>),
        }
    }

    /// Whether the object, if it is one that waits, is ready.
    ///
    /// # Errors
    /// - `BADF`: it cannot be used in this way, or never waits.
    /// - `IO`: the host failed.
    pub fn readiness(&self, interest: Interest) -> Result<Option<Ready>> {
        match self {
            Self::File(_) | Self::Dir(_) => Err(Errno::Badf.into()),
            Self::Stream(stream) => stream.readiness(interest),
            Self::Socket(socket) => socket.readiness(interest),
            Self::Listener(listener) => listener.readiness(interest),
        }
    }
}

impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::File(_) => "File",
            Self::Dir(_) => "Dir",
            Self::Stream(_) => "Stream",
            Self::Socket(_) => "Socket",
            Self::Listener(_) => "Listener",
        })
    }
}

const FILE: Rights = Rights::FD_DATASYNC
    .union(Rights::FD_READ)
    .union(Rights::FD_SEEK)
    .union(Rights::FD_FDSTAT_SET_FLAGS)
    .union(Rights::FD_SYNC)
    .union(Rights::FD_TELL)
    .union(Rights::FD_WRITE)
    .union(Rights::FD_ADVISE)
    .union(Rights::FD_ALLOCATE)
    .union(Rights::FD_FILESTAT_GET)
    .union(Rights::FD_FILESTAT_SET_SIZE)
    .union(Rights::FD_FILESTAT_SET_TIMES)
    .union(Rights::POLL_FD_READWRITE);

const DIRECTORY: Rights = Rights::PATH_CREATE_DIRECTORY
    .union(Rights::PATH_CREATE_FILE)
    .union(Rights::PATH_LINK_SOURCE)
    .union(Rights::PATH_LINK_TARGET)
    .union(Rights::PATH_OPEN)
    .union(Rights::FD_READDIR)
    .union(Rights::PATH_READLINK)
    .union(Rights::PATH_RENAME_SOURCE)
    .union(Rights::PATH_RENAME_TARGET)
    .union(Rights::PATH_FILESTAT_GET)
    .union(Rights::PATH_FILESTAT_SET_SIZE)
    .union(Rights::PATH_FILESTAT_SET_TIMES)
    .union(Rights::FD_FILESTAT_GET)
    .union(Rights::FD_FILESTAT_SET_TIMES)
    .union(Rights::PATH_SYMLINK)
    .union(Rights::PATH_REMOVE_DIRECTORY)
    .union(Rights::PATH_UNLINK_FILE);

const STREAM: Rights = Rights::FD_READ
    .union(Rights::FD_WRITE)
    .union(Rights::POLL_FD_READWRITE)
    .union(Rights::FD_FILESTAT_GET)
    .union(Rights::FD_FDSTAT_SET_FLAGS);
