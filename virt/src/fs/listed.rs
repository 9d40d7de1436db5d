//! Directories whose entries are known.

use super::{Found, Names, Node};
use std::any::Any;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;
use turnkey_wasi_common::{Errno, Error, GuestPath, Result};

/// A directory that holds what it was given, and nothing else. It is listed in the order of names.
///
/// ```
/// use std::sync::Arc;
/// use turnkey_virt::fs::{Contents, Found, Listed, Tree};
/// use turnkey_wasi_common::{Dir, Follow, GuestPath};
///
/// let etc = Listed::new().entry("motd", Found::file(Contents::from("welcome")));
/// let tree = Tree::new(Arc::new(Listed::new().entry("etc", Found::dir(etc))));
/// assert_eq!(tree.stat_at(GuestPath::new("etc/motd")?, Follow::No)?.size, 7);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Listed(BTreeMap<String, Found>);

impl Listed {
    /// A directory that is empty.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with one entry more, in place of an earlier one of the same name.
    #[must_use]
    pub fn entry(mut self, name: impl Into<String>, found: Found) -> Self {
        self.0.insert(name.into(), found);
        self
    }

    /// The same with one entry more somewhere beneath it; directories on the way are made. A slash
    /// at the path's beginning changes nothing.
    ///
    /// # Errors
    /// - `NOENT`, `NAMETOOLONG`, `INVAL`: no guest could say this path.
    /// - `PERM`: the path holds `..`.
    /// - `NOTDIR`: a name that is followed by others, or by a slash, is no directory.
    /// - `XDEV`: a directory on the way is not listed, but of another kind.
    /// - `EXIST`: there is something already.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use turnkey_virt::fs::{Contents, Found, Listed, Tree};
    /// use turnkey_wasi_common::{Access, Dir, Errno, Follow, GuestPath, WasiCtx};
    ///
    /// let root = Listed::new()
    ///     .at("/etc/app.conf", Found::file(Contents::from("mode = safe")))?
    ///     .at("/data/in.csv", Found::file(Contents::from("1,2,3")))?;
    /// let twice = root.clone().at("/etc/app.conf", Found::link("other"));
    /// assert_eq!(twice.unwrap_err().errno(), Errno::Exist);
    ///
    /// let tree = Arc::new(Tree::new(Arc::new(root)));
    /// assert_eq!(tree.stat_at(GuestPath::new("data/in.csv")?, Follow::No)?.size, 5);
    /// let ctx = WasiCtx::builder().preopen("/", tree, Access::ReadOnly).build()?;
    /// # drop(ctx);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn at(mut self, path: &str, found: Found) -> Result<Self> {
        self.place(path, found)
            .map_err(|errno| Error::from(errno).context(format!("{path:?} cannot be placed")))?;
        Ok(self)
    }

    fn place(&mut self, path: &str, found: Found) -> Result<(), Errno> {
        let path = GuestPath::new(path.trim_start_matches('/'))?;
        let mut names = path.names().filter(|name| *name != ".").peekable();
        let mut dir = self;
        while let Some(name) = names.next() {
            let entry = match name {
                ".." => return Err(Errno::Perm),
                _ => dir.0.entry(name.to_owned()),
            };
            if names.peek().is_some() {
                let made = || Found::dir(Self::new());
                dir = Self::beneath(entry.or_insert_with(made))?;
                continue;
            }
            return match entry {
                Entry::Occupied(_) => Err(Errno::Exist),
                Entry::Vacant(_) if path.has_trailing_slash() && !found.is_dir() => {
                    Err(Errno::Notdir)
                }
                Entry::Vacant(entry) => {
                    entry.insert(found);
                    Ok(())
                }
            };
        }
        Err(Errno::Exist)
    }

    /// A directory that can be added to.
    fn beneath(found: &mut Found) -> Result<&mut Self, Errno> {
        let Found::Dir(node) = found else {
            return Err(Errno::Notdir);
        };
        // Others may hold this directory, and it stays theirs as it was.
        if Arc::get_mut(node).is_none() {
            let shared: Option<&Self> = (&**node as &dyn Any).downcast_ref();
            *node = Arc::new(shared.ok_or(Errno::Xdev)?.clone());
        }
        let own = Arc::get_mut(node).map(|node| node as &mut dyn Any);
        own.and_then(|node| node.downcast_mut()).ok_or(Errno::Xdev)
    }
}

impl Node for Listed {
    fn lookup(&self, name: &str) -> Result<Found> {
        self.0.get(name).cloned().ok_or_else(|| Errno::Noent.into())
    }

    fn list(&self, names: &mut Names) -> Result<()> {
        for (name, found) in &self.0 {
            let stat = found.stat()?;
            names.push_numbered(name, stat.file_type, stat.inode);
        }
        Ok(())
    }
}
