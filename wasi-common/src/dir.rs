//! Directories.

use crate::{Errno, FileType, GuestPath, Object, Result, Stat, Times};
use std::any::Any;

/// Whether a symbolic link in a path's last place is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Follow {
    /// The link's target is meant.
    Yes,
    /// The link itself is meant.
    No,
}

/// How a path is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenOptions {
    /// The object will be read.
    pub read: bool,
    /// The object will be written.
    pub write: bool,
    /// A file is made where there is none.
    pub create: bool,
    /// With `create`: it is an error if there is something already.
    pub exclusive: bool,
    /// A file's contents are discarded.
    pub truncate: bool,
    /// It is an error if this is not a directory.
    pub directory: bool,
    /// Whether a link in the last place is followed.
    pub follow: Follow,
}

impl OpenOptions {
    /// Reads what is there, behind a link in the last place too.
    ///
    /// ```
    /// use turnkey_wasi_common::OpenOptions;
    ///
    /// let new_file = OpenOptions { write: true, create: true, exclusive: true, ..OpenOptions::READ };
    /// assert!(new_file.read && !new_file.truncate);
    /// ```
    pub const READ: Self = Self {
        read: true,
        write: false,
        create: false,
        exclusive: false,
        truncate: false,
        directory: false,
        follow: Follow::Yes,
    };
}

/// A directory, and everything that can be reached by a path beneath it.
///
/// Nothing outside is ever reached: a path that leads above the directory, by `..` or through a
/// link, answers `PERM`. A slash at a path's end demands a directory. Methods that are not
/// implemented answer `NOTSUP`.
///
/// Errors that every method with a path has, in the order of the walk:
/// - `NOENT`: a name does not exist.
/// - `NOTDIR`: a name that is followed by others is not a directory.
/// - `LOOP`: more than 40 links.
/// - `PERM`: the path leads outside.
/// - `ACCES`, `IO`: the host refuses or fails.
///
/// A directory that is empty:
///
/// ```
/// use std::any::Any;
/// use std::sync::Arc;
/// use turnkey_wasi_common::{
///     Access, Dir, Errno, FileType, Follow, GuestPath, Object, OpenOptions, Result, Stat, WasiCtx,
/// };
///
/// struct Empty;
///
/// impl Empty {
///     fn only_itself(&self, path: GuestPath<'_>) -> Result<()> {
///         match path.names().find(|name| *name != ".") {
///             None => Ok(()),
///             Some("..") => Err(Errno::Perm.into()),
///             Some(_) => Err(Errno::Noent.into()),
///         }
///     }
/// }
///
/// impl Dir for Empty {
///     fn as_any(&self) -> &dyn Any {
///         self
///     }
///
///     fn stat(&self) -> Result<Stat> {
///         Ok(Stat { file_type: FileType::Directory, links: 1, ..Stat::default() })
///     }
///
///     fn open(&self, path: GuestPath<'_>, _how: &OpenOptions) -> Result<Object> {
///         self.only_itself(path)?;
///         Ok(Object::Dir(Arc::new(Empty)))
///     }
///
///     fn stat_at(&self, path: GuestPath<'_>, _follow: Follow) -> Result<Stat> {
///         self.only_itself(path)?;
///         self.stat()
///     }
/// }
///
/// let outside = Empty.stat_at(GuestPath::new("../secret")?, Follow::Yes);
/// assert_eq!(outside.unwrap_err().errno(), Errno::Perm);
/// let ctx = WasiCtx::builder().preopen("/", Arc::new(Empty), Access::ReadOnly).build();
/// assert!(ctx.is_ok());
/// # Ok::<(), Errno>(())
/// ```
pub trait Dir: Send + Sync {
    /// The directory itself, by which [`link`](Self::link) and [`rename`](Self::rename) recognize
    /// one of their own.
    fn as_any(&self) -> &dyn Any;

    /// The directory's own attributes.
    ///
    /// # Errors
    /// - `IO`: the host failed.
    fn stat(&self) -> Result<Stat>;

    /// Changes the directory's own times.
    ///
    /// # Errors
    /// - `NOTSUP`: the directory keeps none.
    /// - `PERM`, `ACCES`: the host refuses.
    fn set_times(&self, times: &Times) -> Result<()> {
        let _ = times;
        Err(Errno::Notsup.into())
    }

    /// Opens a path.
    ///
    /// Opening never waits, whatever lies there. POSIX `openat`.
    ///
    /// # Errors
    /// Beside those of the walk:
    /// - `LOOP`: the last name is a link and is not to be followed.
    /// - `NOTDIR`: a directory was demanded and this is none.
    /// - `ISDIR`: a directory cannot be written, truncated or created in this way.
    /// - `EXIST`: it must not exist and does.
    /// - `MFILE`, `NFILE`: the host has no descriptor left.
    fn open(&self, path: GuestPath<'_>, how: &OpenOptions) -> Result<Object>;

    /// The attributes of what lies at a path. POSIX `fstatat`.
    ///
    /// # Errors
    /// Those of the walk.
    fn stat_at(&self, path: GuestPath<'_>, follow: Follow) -> Result<Stat>;

    /// Changes the times of what lies at a path. POSIX `utimensat`.
    ///
    /// # Errors
    /// Those of the walk.
    fn set_times_at(&self, path: GuestPath<'_>, follow: Follow, times: &Times) -> Result<()> {
        let _ = (path, follow, times);
        Err(Errno::Notsup.into())
    }

    /// Makes a directory. POSIX `mkdirat`.
    ///
    /// # Errors
    /// Beside those of the walk:
    /// - `EXIST`: there is something already.
    fn create_dir(&self, path: GuestPath<'_>) -> Result<()> {
        let _ = path;
        Err(Errno::Notsup.into())
    }

    /// Removes an empty directory. POSIX `unlinkat` with `AT_REMOVEDIR`.
    ///
    /// # Errors
    /// Beside those of the walk:
    /// - `NOTDIR`: it is none.
    /// - `NOTEMPTY`: it holds something.
    /// - `INVAL`: the path ends in `.`.
    fn remove_dir(&self, path: GuestPath<'_>) -> Result<()> {
        let _ = path;
        Err(Errno::Notsup.into())
    }

    /// Removes a name of something that is no directory. A link is removed, never followed. POSIX
    /// `unlinkat`.
    ///
    /// # Errors
    /// Beside those of the walk:
    /// - `ISDIR`: it is a directory.
    /// - `NOTDIR`: the path ends in a slash and this is no directory.
    fn unlink(&self, path: GuestPath<'_>) -> Result<()> {
        let _ = path;
        Err(Errno::Notsup.into())
    }

    /// Makes a symbolic link that holds `target`, which is relative. POSIX `symlinkat`.
    ///
    /// # Errors
    /// Beside those of the walk:
    /// - `EXIST`: there is something already.
    fn symlink(&self, target: &str, path: GuestPath<'_>) -> Result<()> {
        let _ = (target, path);
        Err(Errno::Notsup.into())
    }

    /// The text that a symbolic link holds. POSIX `readlinkat`.
    ///
    /// # Errors
    /// Beside those of the walk:
    /// - `INVAL`: it is no link.
    /// - `ILSEQ`: the text is not UTF-8.
    fn read_link(&self, path: GuestPath<'_>) -> Result<String> {
        let _ = path;
        Err(Errno::Notsup.into())
    }

    /// Gives a file a further name in `to_dir`. A link at `from` is not followed. POSIX `linkat`.
    ///
    /// # Errors
    /// Beside those of the walk:
    /// - `XDEV`: the directories are of different file systems.
    /// - `EXIST`: there is something at `to`.
    /// - `PERM`: a directory has one name only.
    fn link(&self, from: GuestPath<'_>, to_dir: &dyn Dir, to: GuestPath<'_>) -> Result<()> {
        let _ = (from, to_dir, to);
        Err(Errno::Notsup.into())
    }

    /// Moves a name to `to_dir`. Links are not followed. POSIX `renameat`.
    ///
    /// # Errors
    /// Beside those of the walk:
    /// - `XDEV`: the directories are of different file systems.
    /// - `ISDIR`, `NOTDIR`, `NOTEMPTY`: what lies at `to` cannot be replaced.
    /// - `INVAL`: a directory cannot move into itself.
    /// - `BUSY`: `.` and `..` cannot be moved.
    fn rename(&self, from: GuestPath<'_>, to_dir: &dyn Dir, to: GuestPath<'_>) -> Result<()> {
        let _ = (from, to_dir, to);
        Err(Errno::Notsup.into())
    }

    /// A listing of the directory, with a position of its own.
    ///
    /// # Errors
    /// - `ACCES`, `MFILE`, `NFILE`, `IO`: the host refuses or fails.
    fn listing(&self) -> Result<Box<dyn Listing>> {
        Err(Errno::Notsup.into())
    }
}

/// One entry of a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DirEntry<'a> {
    /// Its name.
    pub name: &'a str,
    /// What it is; a symbolic link is not followed.
    pub file_type: FileType,
    /// Its number, the same that [`Stat::inode`] tells.
    pub inode: u64,
    /// The position behind it.
    pub next: u64,
}

/// A directory being listed.
///
/// Positions are the file system's own: while an entry lives, the position behind it stays valid,
/// whatever is created or removed beside it. 0 is the beginning.
pub trait Listing: Send {
    /// Tells the entries behind `position`, `.` and `..` among them, until `each` answers `false`
    /// or the directory ends. `..` carries the directory's own number. Behind the end there is
    /// nothing, and that is no error.
    ///
    /// Answers how many names were left out because they are not UTF-8.
    ///
    /// # Errors
    /// - `IO`: the host failed.
    fn read(&mut self, position: u64, each: &mut dyn FnMut(DirEntry<'_>) -> bool) -> Result<u64>;

    /// Bytes of host memory that the listing holds at most.
    fn memory(&self) -> usize;

    /// Whether it tells the directory as it was when the listing was begun. Such a listing is begun
    /// anew when somebody reads from the beginning again.
    fn is_snapshot(&self) -> bool {
        false
    }
}
