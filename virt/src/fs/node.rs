//! A directory, one name at a time.

use super::{Found, Names};
use std::any::Any;
use turnkey_wasi_common::{Errno, FileType, Listing, Result, Stat, Times};

/// A directory as the author of a file system sees it: one name at a time.
///
/// `lookup` and `list` are all that a directory which is only read needs. Paths, `..`, symbolic
/// links, slashes at a path's end, offsets and positions of listings are [`Tree`](super::Tree)'s
/// business. Names that a node receives are not empty, neither `.` nor `..`, and hold no slash.
///
/// Methods that change something answer `ROFS` unless they are implemented. A node that is the same
/// directory as another must behave alike: `Tree` looks a name up whenever it needs it, and keeps
/// nothing.
///
/// ```
/// use std::sync::Arc;
/// use turnkey_virt::fs::{Contents, Found, Names, Node, Tree};
/// use turnkey_wasi_common::{Dir, Errno, FileType, Follow, GuestPath, Result};
///
/// struct Greetings;
///
/// impl Node for Greetings {
///     fn lookup(&self, name: &str) -> Result<Found> {
///         match name {
///             "hello.txt" => Ok(Found::file(Contents::from("hello\n"))),
///             _ => Err(Errno::Noent.into()),
///         }
///     }
///
///     fn list(&self, names: &mut Names) -> Result<()> {
///         names.push("hello.txt", FileType::RegularFile);
///         Ok(())
///     }
/// }
///
/// let dir = Tree::new(Arc::new(Greetings));
/// assert_eq!(dir.stat_at(GuestPath::new("hello.txt")?, Follow::No)?.size, 6);
/// let outside = dir.stat_at(GuestPath::new("../hello.txt")?, Follow::No);
/// assert_eq!(outside.unwrap_err().errno(), Errno::Perm);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Node: Any + Send + Sync {
    /// The directory's own attributes. A device or number of 0 is replaced by one that `Tree` makes
    /// from where the node lies.
    ///
    /// # Errors
    /// - `IO`: what lies beneath failed.
    fn stat(&self) -> Result<Stat> {
        Ok(Stat {
            file_type: FileType::Directory,
            links: 1,
            ..Stat::default()
        })
    }

    /// What lies under a name.
    ///
    /// # Errors
    /// - `NOENT`: nothing does.
    fn lookup(&self, name: &str) -> Result<Found>;

    /// Tells every name. Which of them are told again when somebody reads on is not the node's
    /// business.
    ///
    /// # Errors
    /// - `IO`: what lies beneath failed.
    fn list(&self, names: &mut Names) -> Result<()>;

    /// A listing with positions of the node's own, for directories that are large or change while
    /// they are listed. Without one, `Tree` keeps what [`list`](Self::list) told, charged to the
    /// guest that lists, and asks again which of it is left when that one goes back in it. A number
    /// of 0 is replaced as in attributes.
    ///
    /// # Errors
    /// As [`list`](Self::list).
    fn listing(&self) -> Result<Option<Box<dyn Listing>>> {
        Ok(None)
    }

    /// Changes the directory's own times.
    ///
    /// # Errors
    /// - `ROFS`: the directory cannot be changed.
    fn set_times(&self, times: &Times) -> Result<()> {
        let _ = times;
        Err(Errno::Rofs.into())
    }

    /// Changes the times of a symbolic link itself.
    ///
    /// # Errors
    /// - `ROFS`: the directory cannot be changed.
    /// - `NOENT`: there is no such name.
    fn set_link_times(&self, name: &str, times: &Times) -> Result<()> {
        let _ = (name, times);
        Err(Errno::Rofs.into())
    }

    /// Makes an empty file, and answers it.
    ///
    /// # Errors
    /// - `ROFS`: the directory cannot be changed.
    /// - `EXIST`: there is something already.
    /// - `NOSPC`, `DQUOT`: a limit is reached.
    fn create_file(&self, name: &str) -> Result<Found> {
        let _ = name;
        Err(Errno::Rofs.into())
    }

    /// Makes a directory.
    ///
    /// # Errors
    /// As [`create_file`](Self::create_file).
    fn create_dir(&self, name: &str) -> Result<()> {
        let _ = name;
        Err(Errno::Rofs.into())
    }

    /// Makes a symbolic link that holds `target`, which is relative.
    ///
    /// # Errors
    /// As [`create_file`](Self::create_file).
    fn symlink(&self, target: &str, name: &str) -> Result<()> {
        let _ = (target, name);
        Err(Errno::Rofs.into())
    }

    /// Removes an empty directory.
    ///
    /// # Errors
    /// - `ROFS`: the directory cannot be changed.
    /// - `NOENT`: there is no such name.
    /// - `NOTDIR`: it is no directory.
    /// - `NOTEMPTY`: it holds something.
    /// - `BUSY`: something is mounted there.
    fn remove_dir(&self, name: &str) -> Result<()> {
        let _ = name;
        Err(Errno::Rofs.into())
    }

    /// Removes a name of something that is no directory.
    ///
    /// # Errors
    /// - `ROFS`: the directory cannot be changed.
    /// - `NOENT`: there is no such name.
    /// - `ISDIR`: it is a directory.
    fn unlink(&self, name: &str) -> Result<()> {
        let _ = name;
        Err(Errno::Rofs.into())
    }

    /// Gives what lies under a name, and is no directory, a further name in `to`. `to` may be a node
    /// of any kind: `(to as &dyn Any).downcast_ref()` recognizes one of the same file system.
    ///
    /// # Errors
    /// - `ROFS`: the directory cannot be changed.
    /// - `XDEV`: `to` is of another file system.
    /// - `NOENT`: there is no such name.
    /// - `EXIST`: `to_name` is there already.
    /// - `PERM`: it is a directory.
    fn link(&self, name: &str, to: &dyn Node, to_name: &str) -> Result<()> {
        let _ = (name, to, to_name);
        Err(Errno::Rofs.into())
    }

    /// Moves a name to `to`, in place of what lies there. `to` is as for [`link`](Self::link).
    ///
    /// # Errors
    /// - `ROFS`: the directory cannot be changed.
    /// - `XDEV`: `to` is of another file system.
    /// - `NOENT`: there is no such name.
    /// - `ISDIR`, `NOTDIR`, `NOTEMPTY`: what lies at `to_name` cannot be replaced.
    /// - `INVAL`: a directory cannot move into itself.
    /// - `BUSY`: something is mounted at one of the names.
    fn rename(&self, name: &str, to: &dyn Node, to_name: &str) -> Result<()> {
        let _ = (name, to, to_name);
        Err(Errno::Rofs.into())
    }
}
