//! How much of a directory is handed over.

use crate::Rights;

/// What a guest may do beneath a directory that it is given.
///
/// One set is applied to the base and the inheriting rights alike, so that opening `.` again
/// wins nothing back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Look and read; nothing can be created, changed or removed.
    ReadOnly,
    /// Everything.
    ReadWrite,
    /// These rights and no others.
    Only(Rights),
}

impl Access {
    /// The rights that this access leaves.
    ///
    /// ```
    /// use turnkey_wasi_common::{Access, Rights};
    ///
    /// assert!(Access::ReadOnly.rights().contains(Rights::FD_READ));
    /// assert!(!Access::ReadOnly.rights().contains(Rights::PATH_CREATE_FILE));
    /// ```
    pub fn rights(self) -> Rights {
        match self {
            Self::ReadOnly => Rights::all().difference(CHANGING),
            Self::ReadWrite => Rights::all(),
            Self::Only(rights) => rights,
        }
    }
}

/// The rights by which something in the file system changes.
const CHANGING: Rights = Rights::FD_WRITE
    .union(Rights::FD_ALLOCATE)
    .union(Rights::FD_FILESTAT_SET_SIZE)
    .union(Rights::FD_FILESTAT_SET_TIMES)
    .union(Rights::PATH_CREATE_DIRECTORY)
    .union(Rights::PATH_CREATE_FILE)
    .union(Rights::PATH_LINK_SOURCE)
    .union(Rights::PATH_LINK_TARGET)
    .union(Rights::PATH_RENAME_SOURCE)
    .union(Rights::PATH_RENAME_TARGET)
    .union(Rights::PATH_FILESTAT_SET_SIZE)
    .union(Rights::PATH_FILESTAT_SET_TIMES)
    .union(Rights::PATH_SYMLINK)
    .union(Rights::PATH_REMOVE_DIRECTORY)
    .union(Rights::PATH_UNLINK_FILE);
