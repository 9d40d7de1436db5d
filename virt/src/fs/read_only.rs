//! Views in which nothing changes.

use super::gate::{Extent, Gate, Gated, Opening, behind};
use super::view::{Layer, View};
use super::{Found, Node};
use std::any::Any;
use std::sync::Arc;
use turnkey_wasi_common::{
    Dir, Errno, File, Follow, GuestPath, Listing, Object, OpenOptions, Result, Stat, Times,
};

/// A view of a directory, and of everything beneath it, in which nothing can be changed: what tries
/// to answers `PERM`, whatever rights a guest's descriptor has.
///
/// Nothing is opened for writing, and a file that was opened through the view refuses what writes,
/// sizes or dates it.
///
/// ```
/// use std::sync::Arc;
/// use turnkey_virt::fs::{Contents, Found, Listed, Tree, read_only};
/// use turnkey_wasi_common::{Dir, Errno, Follow, GuestPath};
///
/// let dir = Listed::new().entry("a", Found::file(Contents::from("x")));
/// let tree = Tree::new(read_only(Arc::new(dir)));
/// let path = GuestPath::new("a")?;
/// assert_eq!(tree.stat_at(path, Follow::No)?.size, 1);
/// assert_eq!(tree.unlink(path).unwrap_err().errno(), Errno::Perm);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn read_only(node: Arc<dyn Node>) -> Arc<dyn Node> {
    Arc::new(View::new(node, READ_ONLY))
}

/// The same for a directory that is not taken name by name, such as the host's own: paths stay the
/// business of whom they belong to. To open something with leave to create it answers `PERM` as
/// well, whether it is there or not.
///
/// ```
/// use std::sync::Arc;
/// use turnkey_virt::fs::{Listed, Tree, read_only_dir};
/// use turnkey_wasi_common::{Dir, Errno, GuestPath};
///
/// let dir = read_only_dir(Arc::new(Tree::new(Arc::new(Listed::new()))));
/// let made = dir.create_dir(GuestPath::new("logs")?);
/// assert_eq!(made.unwrap_err().errno(), Errno::Perm);
/// # Ok::<(), Errno>(())
/// ```
pub fn read_only_dir(dir: Arc<dyn Dir>) -> Arc<dyn Dir> {
    Arc::new(ReadOnlyDir(dir))
}

/// What a read-only view has for every change.
const READ_ONLY: Refuse = Refuse(Errno::Perm);

/// Refuses every change with the same errno.
#[derive(Debug, Clone, Copy)]
pub(super) struct Refuse(pub(super) Errno);

impl Gate for Refuse {
    fn admit(&self, how: Opening) -> Result<()> {
        match how.changes() {
            true => Err(self.0.into()),
            false => Ok(()),
        }
    }

    fn touch(&self) -> Result<()> {
        Err(self.0.into())
    }

    fn write<R>(
        &self,
        _file: &dyn File,
        _extent: Extent,
        _write: impl FnOnce() -> Result<R>,
    ) -> Result<R> {
        Err(self.0.into())
    }
}

impl Layer for Refuse {
    fn beneath(&self, _name: &str) -> Result<Self> {
        Ok(*self)
    }

    fn is_same(&self, _other: &Self) -> bool {
        true
    }

    fn show(&self, found: Found) -> Result<Found> {
        Ok(behind(*self, found))
    }

    fn touch(&self) -> Result<()> {
        Err(self.0.into())
    }
}

struct ReadOnlyDir(Arc<dyn Dir>);

impl Dir for ReadOnlyDir {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn stat(&self) -> Result<Stat> {
        self.0.stat()
    }

    fn open(&self, path: GuestPath<'_>, how: &OpenOptions) -> Result<Object> {
        if how.create || how.write || how.truncate {
            return Err(Errno::Perm.into());
        }
        Ok(match self.0.open(path, how)? {
            Object::Dir(dir) => Object::Dir(read_only_dir(dir)),
            Object::File(file) => Object::File(Arc::new(Gated::new(file, READ_ONLY))),
            object => object,
        })
    }

    fn stat_at(&self, path: GuestPath<'_>, follow: Follow) -> Result<Stat> {
        self.0.stat_at(path, follow)
    }

    fn read_link(&self, path: GuestPath<'_>) -> Result<String> {
        self.0.read_link(path)
    }

    fn listing(&self) -> Result<Box<dyn Listing>> {
        self.0.listing()
    }

    fn set_times(&self, _times: &Times) -> Result<()> {
        Err(Errno::Perm.into())
    }

    fn set_times_at(&self, _path: GuestPath<'_>, _follow: Follow, _times: &Times) -> Result<()> {
        Err(Errno::Perm.into())
    }

    fn create_dir(&self, _path: GuestPath<'_>) -> Result<()> {
        Err(Errno::Perm.into())
    }

    fn remove_dir(&self, _path: GuestPath<'_>) -> Result<()> {
        Err(Errno::Perm.into())
    }

    fn unlink(&self, _path: GuestPath<'_>) -> Result<()> {
        Err(Errno::Perm.into())
    }

    fn symlink(&self, _target: &str, _path: GuestPath<'_>) -> Result<()> {
        Err(Errno::Perm.into())
    }

    fn link(&self, _from: GuestPath<'_>, _to_dir: &dyn Dir, _to: GuestPath<'_>) -> Result<()> {
        Err(Errno::Perm.into())
    }

    fn rename(&self, _from: GuestPath<'_>, _to_dir: &dyn Dir, _to: GuestPath<'_>) -> Result<()> {
        Err(Errno::Perm.into())
    }
}
