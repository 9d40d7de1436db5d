//! Directories of a backend, taken name by name.

use super::{Found, Link, Names, Node, Unopened};
use std::any::Any;
use std::sync::Arc;
use turnkey_wasi_common::{
    Dir, Errno, FileType, Follow, GuestPath, Listing, Object, OpenOptions, Result, Stat, Times,
};

/// A directory of a backend, such as the host's, as a node: what an overlay or a mount lies upon.
///
/// Paths are walked here name by name and by [`Tree`](super::Tree), so that links lead within the
/// tree that the guest sees. A directory that is handed over alone is better handed over itself.
///
/// ```
/// use std::sync::Arc;
/// use turnkey_virt::fs::{Adopted, Contents, Found, Listed, Node, Tree};
/// use turnkey_wasi_common::Dir;
///
/// let dir: Arc<dyn Dir> = Arc::new(Tree::new(Arc::new(
///     Listed::new().entry("a", Found::file(Contents::from("x"))),
/// )));
/// let node = Adopted::new(dir);
/// assert_eq!(node.lookup("a")?.stat()?.size, 1);
/// # Ok::<(), turnkey_wasi_common::Error>(())
/// ```
#[derive(Clone)]
pub struct Adopted(Arc<dyn Dir>);

impl Adopted {
    /// Adopts a directory.
    pub fn new(dir: Arc<dyn Dir>) -> Self {
        Self(dir)
    }

    /// What lies under a name; `None` if it was replaced between two looks at it.
    fn look(&self, name: &str) -> Result<Option<Found>> {
        let path = path(name)?;
        let stat = self.0.stat_at(path, Follow::No)?;
        let found = match stat.file_type {
            FileType::Directory => match self.0.open(path, &DIRECTORY) {
                Ok(Object::Dir(dir)) => Found::Dir(Arc::new(Self(dir))),
                Ok(_) => return Ok(None),
                Err(error) if matches!(error.errno(), Errno::Notdir | Errno::Loop) => {
                    return Ok(None);
                }
                Err(error) => return Err(error),
            },
            FileType::SymbolicLink => {
                let target = match self.0.read_link(path) {
                    Ok(text) => Ok(text.into()),
                    Err(error) if error.errno() == Errno::Inval => return Ok(None),
                    Err(error) => Err(error.errno()),
                };
                Found::Link(Link { target, stat })
            }
            _ => Found::Unopened(Arc::new(Beneath {
                dir: Arc::clone(&self.0),
                name: name.into(),
                stat,
            })),
        };
        Ok(Some(found))
    }
}

/// How often something is looked at that others replace again and again.
const LOOKS: usize = 16;

/// The other directory of a link or a rename, if it is of a backend as well. Whether it is of the
/// same one, that backend sees.
fn own(node: &dyn Node) -> Result<&Adopted> {
    let own = (node as &dyn Any).downcast_ref();
    own.ok_or_else(|| Errno::Xdev.into())
}

fn path(name: &str) -> Result<GuestPath<'_>> {
    Ok(GuestPath::new(name)?)
}

/// How a directory that was seen is opened, and no link in its place.
const DIRECTORY: OpenOptions = OpenOptions {
    directory: true,
    follow: Follow::No,
    ..OpenOptions::READ
};

impl Node for Adopted {
    fn stat(&self) -> Result<Stat> {
        self.0.stat()
    }

    fn lookup(&self, name: &str) -> Result<Found> {
        for _ in 0..LOOKS {
            if let Some(found) = self.look(name)? {
                return Ok(found);
            }
        }
        Err(Errno::Noent.into())
    }

    fn list(&self, names: &mut Names) -> Result<()> {
        self.0.listing()?.read(0, &mut |entry| {
            names.push_numbered(entry.name, entry.file_type, entry.inode);
            true
        })?;
        Ok(())
    }

    fn listing(&self) -> Result<Option<Box<dyn Listing>>> {
        self.0.listing().map(Some)
    }

    fn set_times(&self, times: &Times) -> Result<()> {
        self.0.set_times(times)
    }

    fn set_link_times(&self, name: &str, times: &Times) -> Result<()> {
        self.0.set_times_at(path(name)?, Follow::No, times)
    }

    fn create_file(&self, name: &str) -> Result<Found> {
        let how = OpenOptions {
            read: false,
            write: true,
            create: true,
            exclusive: true,
            directory: false,
            ..DIRECTORY
        };
        drop(self.0.open(path(name)?, &how)?);
        self.lookup(name)
    }

    fn create_dir(&self, name: &str) -> Result<()> {
        self.0.create_dir(path(name)?)
    }

    fn symlink(&self, target: &str, name: &str) -> Result<()> {
        self.0.symlink(target, path(name)?)
    }

    fn remove_dir(&self, name: &str) -> Result<()> {
        self.0.remove_dir(path(name)?)
    }

    fn unlink(&self, name: &str) -> Result<()> {
        self.0.unlink(path(name)?)
    }

    fn link(&self, name: &str, to: &dyn Node, to_name: &str) -> Result<()> {
        self.0.link(path(name)?, &*own(to)?.0, path(to_name)?)
    }

    fn rename(&self, name: &str, to: &dyn Node, to_name: &str) -> Result<()> {
        self.0.rename(path(name)?, &*own(to)?.0, path(to_name)?)
    }
}

/// Something beneath a directory of a backend that is neither a directory nor a link.
struct Beneath {
    dir: Arc<dyn Dir>,
    name: Box<str>,
    /// As it was when it was looked up.
    stat: Stat,
}

impl Unopened for Beneath {
    fn stat(&self) -> Result<Stat> {
        Ok(self.stat)
    }

    fn open(&self, read: bool, write: bool, truncate: bool) -> Result<Object> {
        let how = OpenOptions {
            read,
            write,
            truncate,
            directory: false,
            ..DIRECTORY
        };
        match self.dir.open(path(&self.name)?, &how)? {
            // Replaced since it was looked up.
            Object::Dir(_) => Err(Errno::Isdir.into()),
            object => Ok(object),
        }
    }

    fn set_times(&self, times: &Times) -> Result<()> {
        self.dir.set_times_at(path(&self.name)?, Follow::No, times)
    }
}
