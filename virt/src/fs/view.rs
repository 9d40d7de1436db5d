//! Directories that show others.

use super::{Found, Names, Node};
use std::any::Any;
use std::sync::Arc;
use turnkey_wasi_common::{Errno, Listing, Result, Stat, Times};

/// A directory that shows another, as its layer says. Whatever is shown of the other directory goes
/// through here, so that a layer has to say only in what it differs.
pub(super) struct View<L> {
    node: Arc<dyn Node>,
    layer: L,
}

/// A name in a directory that is shown.
#[derive(Clone, Copy)]
pub(super) struct Entry<'a> {
    pub(super) dir: &'a dyn Node,
    pub(super) name: &'a str,
}

impl Entry<'_> {
    /// What lies beneath the view under this name.
    pub(super) fn lookup(self) -> Result<Found> {
        self.dir.lookup(self.name)
    }
}

/// What a view makes of one directory or of what lies under one name. By default it changes nothing.
pub(super) trait Layer: Clone + Send + Sync + 'static {
    /// What it makes of what lies under a name of its directory.
    fn beneath(&self, name: &str) -> Result<Self>;

    /// Whether names can move from one directory to the other.
    fn is_same(&self, other: &Self) -> bool;

    /// The directory's own attributes.
    fn stat(&self, dir: &dyn Node) -> Result<Stat> {
        dir.stat()
    }

    /// Tells the names of the directory.
    fn list(&self, dir: &dyn Node, names: &mut Names) -> Result<()> {
        dir.list(names)
    }

    /// A listing of the directory with positions of its own.
    fn listing(&self, dir: &dyn Node) -> Result<Option<Box<dyn Listing>>> {
        dir.listing()
    }

    /// What lies under its name.
    fn lookup(&self, entry: Entry<'_>) -> Result<Found> {
        entry.lookup()
    }

    /// How what was found under its name is shown, if that is no directory.
    fn show(&self, found: Found) -> Result<Found> {
        Ok(found)
    }

    /// Whether its attributes may be changed.
    fn touch(&self) -> Result<()> {
        Ok(())
    }

    /// Whether its name may be removed, moved, or accompanied by a further one.
    fn leave(&self) -> Result<()> {
        self.touch()
    }

    /// Whether something new may be given its name.
    fn arrive(&self) -> Result<()> {
        self.touch()
    }

    /// Whether something may be moved to its name.
    fn replace(&self) -> Result<()> {
        self.arrive()
    }

    /// Makes a file, and shows it.
    fn create_file(&self, entry: Entry<'_>) -> Result<Found> {
        self.show(entry.dir.create_file(entry.name)?)
    }

    /// Carries out what makes a directory or a symbolic link.
    fn make(&self, entry: Entry<'_>, make: impl FnOnce() -> Result<()>) -> Result<()> {
        let _ = entry;
        make()
    }

    /// Carries out what removes the name.
    fn remove(&self, entry: Entry<'_>, remove: impl FnOnce() -> Result<()>) -> Result<()> {
        let _ = entry;
        remove()
    }

    /// Moves a name to where `target` says what lies there.
    fn rename(&self, from: Entry<'_>, target: &Self, to: Entry<'_>) -> Result<()> {
        let _ = target;
        from.dir.rename(from.name, to.dir, to.name)
    }
}

impl<L: Layer> View<L> {
    pub(super) fn new(node: Arc<dyn Node>, layer: L) -> Self {
        Self { node, layer }
    }

    fn entry<'a>(&'a self, name: &'a str) -> Entry<'a> {
        Entry {
            dir: &*self.node,
            name,
        }
    }

    /// The other directory of a link or a rename, if it is seen in the same way.
    fn own<'a>(&self, node: &'a dyn Node) -> Result<&'a Self> {
        let own = (node as &dyn Any).downcast_ref::<Self>();
        own.filter(|own| self.layer.is_same(&own.layer))
            .ok_or_else(|| Errno::Xdev.into())
    }
}

impl<L: Layer> Node for View<L> {
    fn stat(&self) -> Result<Stat> {
        self.layer.stat(&*self.node)
    }

    fn lookup(&self, name: &str) -> Result<Found> {
        let layer = self.layer.beneath(name)?;
        match layer.lookup(self.entry(name))? {
            Found::Dir(node) => Ok(Found::dir(Self::new(node, layer))),
            found => layer.show(found),
        }
    }

    fn list(&self, names: &mut Names) -> Result<()> {
        self.layer.list(&*self.node, names)
    }

    fn listing(&self) -> Result<Option<Box<dyn Listing>>> {
        self.layer.listing(&*self.node)
    }

    fn set_times(&self, times: &Times) -> Result<()> {
        self.layer.touch()?;
        self.node.set_times(times)
    }

    fn set_link_times(&self, name: &str, times: &Times) -> Result<()> {
        self.layer.beneath(name)?.touch()?;
        self.node.set_link_times(name, times)
    }

    fn create_file(&self, name: &str) -> Result<Found> {
        let layer = self.layer.beneath(name)?;
        layer.arrive()?;
        layer.create_file(self.entry(name))
    }

    fn create_dir(&self, name: &str) -> Result<()> {
        let layer = self.layer.beneath(name)?;
        layer.arrive()?;
        layer.make(self.entry(name), || self.node.create_dir(name))
    }

    fn symlink(&self, target: &str, name: &str) -> Result<()> {
        let layer = self.layer.beneath(name)?;
        layer.arrive()?;
        layer.make(self.entry(name), || self.node.symlink(target, name))
    }

    fn remove_dir(&self, name: &str) -> Result<()> {
        let layer = self.layer.beneath(name)?;
        layer.leave()?;
        layer.remove(self.entry(name), || self.node.remove_dir(name))
    }

    fn unlink(&self, name: &str) -> Result<()> {
        let layer = self.layer.beneath(name)?;
        layer.leave()?;
        layer.remove(self.entry(name), || self.node.unlink(name))
    }

    fn link(&self, name: &str, to: &dyn Node, to_name: &str) -> Result<()> {
        self.layer.beneath(name)?.leave()?;
        let to = self.own(to)?;
        to.layer.beneath(to_name)?.arrive()?;
        self.node.link(name, &*to.node, to_name)
    }

    fn rename(&self, name: &str, to: &dyn Node, to_name: &str) -> Result<()> {
        let layer = self.layer.beneath(name)?;
        layer.leave()?;
        let to = self.own(to)?;
        let target = to.layer.beneath(to_name)?;
        target.replace()?;
        layer.rename(self.entry(name), &target, to.entry(to_name))
    }
}
