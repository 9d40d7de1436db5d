//! A node, and everything beneath it, as a directory that a guest can be handed.

use super::gate::Gated;
use super::names::listing;
use super::numbered::Number;
use super::walk::{End, Last, Spot, Walk};
use super::{Found, Node, number};
use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use turnkey_wasi_common::{
    Dir, Errno, File, Follow, GuestPath, Listing, Object, OpenOptions, Result, Stat, Times,
    check_link_target,
};

/// A node, and everything beneath it, as a directory that a guest can be handed.
///
/// It resolves paths name by name, the same way for every file system: `..` leads back to where the
/// walk came from and never above the tree, links are followed within it, and a slash at a path's
/// end demands a directory.
///
/// What a node does not say is made up: the device of something with a device of 0 is the tree's,
/// the number of something with a number of 0 follows from the names that lead to it.
///
/// ```
/// use std::sync::Arc;
/// use turnkey_virt::fs::{Contents, Found, Listed, Tree};
/// use turnkey_wasi_common::{Access, Dir, Errno, Follow, GuestPath, WasiCtx};
///
/// let dir = Listed::new()
///     .entry("readme.md", Found::file(Contents::from("# Read me")))
///     .entry("latest", Found::link("readme.md"));
/// let tree = Arc::new(Tree::new(Arc::new(dir)));
/// let latest = tree.stat_at(GuestPath::new("latest")?, Follow::Yes)?;
/// assert_eq!(latest.size, 9);
/// assert_eq!(tree.unlink(GuestPath::new("latest")?).unwrap_err().errno(), Errno::Rofs);
///
/// let ctx = WasiCtx::builder().preopen("/docs", tree, Access::ReadOnly).build()?;
/// # drop(ctx);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Tree {
    root: Spot,
    device: u64,
}

/// Devices are numbered in the order in which their trees are made.
static NEXT_DEVICE: AtomicU64 = AtomicU64::new(1);

/// A number for a device that no other file system of this process has.
pub(super) fn new_device() -> u64 {
    NEXT_DEVICE.fetch_add(1, Ordering::Relaxed)
}

impl Tree {
    /// What lies beneath a node.
    pub fn new(root: Arc<dyn Node>) -> Self {
        let place = number::ROOT;
        Self {
            root: Spot { node: root, place },
            device: new_device(),
        }
    }

    /// The same with another number for the device of what has none of its own. What guests see
    /// does not depend then on what else the process has made.
    #[must_use]
    pub fn device(self, device: u64) -> Self {
        Self { device, ..self }
    }

    /// The node at the tree's root.
    pub fn root(&self) -> &Arc<dyn Node> {
        &self.root.node
    }

    fn walk<'p>(&self, path: GuestPath<'p>) -> Walk<'p> {
        Walk::new(self.root.clone(), path)
    }

    /// What stands in for the device and the number of something at a place.
    fn number(&self, place: u64) -> Number {
        Number {
            device: self.device,
            inode: place,
        }
    }

    /// Attributes of something at a place, with what was left open.
    fn complete(&self, stat: Stat, place: u64) -> Stat {
        self.number(place).complete(stat)
    }

    fn beneath(&self, node: Arc<dyn Node>, place: u64) -> Object {
        Object::Dir(Arc::new(Self {
            root: Spot { node, place },
            device: self.device,
        }))
    }

    /// A file with these attributes as a guest opens it: with a number and a device.
    fn numbered(&self, file: Arc<dyn File>, stat: &Stat, place: u64) -> Object {
        Object::File(match Number::is_missing(stat) {
            true => Arc::new(Gated::new(file, self.number(place))),
            false => file,
        })
    }

    /// Opens what was found under a name and is no link.
    fn open_found(&self, found: Found, place: u64, how: &OpenOptions) -> Result<Object> {
        match found {
            Found::Dir(_) if how.create || how.write || how.truncate => Err(Errno::Isdir.into()),
            Found::Dir(node) => Ok(self.beneath(node, place)),
            _ if how.directory => Err(Errno::Notdir.into()),
            Found::File(file) => {
                if how.truncate {
                    file.set_size(0)?;
                }
                let stat = file.stat()?;
                Ok(self.numbered(file, &stat, place))
            }
            Found::Stream(stream) => Ok(Object::Stream(stream)),
            Found::Unopened(unopened) => {
                let stat = unopened.stat()?;
                match unopened.open(how.read, how.write, how.truncate)? {
                    Object::File(file) => Ok(self.numbered(file, &stat, place)),
                    object => Ok(object),
                }
            }
            Found::Link(_) => Err(Errno::Loop.into()),
        }
    }

    /// Why nothing new can be made under a name with a slash behind it, which demands a directory:
    /// `EXIST` if there is one, and otherwise what is wrong with what is there.
    fn refuse_slash(&self, path: GuestPath<'_>) -> Errno {
        match self.walk(path).end(Follow::Yes) {
            Ok(_) => Errno::Exist,
            Err(error) => error.errno(),
        }
    }

    /// Walks to where something new is to be made, and does so.
    fn make(
        &self,
        path: GuestPath<'_>,
        make: impl FnOnce(&Arc<dyn Node>, &str) -> Result<()>,
    ) -> Result<()> {
        let mut walk = self.walk(path);
        match walk.last()? {
            Last::Name { slash: true, .. } => Err(self.refuse_slash(path).into()),
            Last::Name { name, .. } => make(&walk.here().node, &name),
            Last::Dot | Last::DotDot => Err(Errno::Exist.into()),
        }
    }
}

fn own(dir: &dyn Dir) -> Result<&Tree> {
    let own = dir.as_any().downcast_ref();
    own.ok_or_else(|| Errno::Xdev.into())
}

impl Dir for Tree {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn stat(&self) -> Result<Stat> {
        Ok(self.complete(self.root.node.stat()?, self.root.place))
    }

    fn set_times(&self, times: &Times) -> Result<()> {
        self.root.node.set_times(times)
    }

    fn open(&self, path: GuestPath<'_>, how: &OpenOptions) -> Result<Object> {
        if how.create && how.directory {
            return Err(Errno::Inval.into());
        }
        let exclusive = how.create && how.exclusive;
        let mut walk = self.walk(path);
        loop {
            let Last::Name { name, slash } = walk.last()? else {
                if exclusive && !path.has_trailing_slash() {
                    return Err(Errno::Exist.into());
                }
                let Spot { node, place } = walk.here().clone();
                return self.open_found(Found::Dir(node), place, how);
            };
            if slash && how.create {
                return Err(Errno::Isdir.into());
            }
            let node = &walk.here().node;
            match node.lookup(&name) {
                Err(error) if how.create && error.errno() == Errno::Noent => {
                    match node.create_file(&name) {
                        // Somebody else was quicker.
                        Err(error) if error.errno() == Errno::Exist && !exclusive => {}
                        made => return self.open_found(made?, walk.place_of(&name), &opened(how)),
                    }
                    // What is there now is looked at once: to make it again could go on for ever.
                    let found = node.lookup(&name)?;
                    return self.open_found(found, walk.place_of(&name), &opened(how));
                }
                Err(error) => return Err(error),
                Ok(_) if exclusive => return Err(Errno::Exist.into()),
                Ok(Found::Link(link)) if slash || how.follow == Follow::Yes => {
                    walk.follow(&link)?;
                }
                Ok(found) if slash && !found.is_dir() && !matches!(found, Found::Link(_)) => {
                    return Err(Errno::Notdir.into());
                }
                Ok(found) => return self.open_found(found, walk.place_of(&name), how),
            }
        }
    }

    fn stat_at(&self, path: GuestPath<'_>, follow: Follow) -> Result<Stat> {
        let mut walk = self.walk(path);
        match walk.end(follow)? {
            End::Here => {
                let here = walk.here();
                Ok(self.complete(here.node.stat()?, here.place))
            }
            End::Found(name, found) => Ok(self.complete(found.stat()?, walk.place_of(&name))),
        }
    }

    fn set_times_at(&self, path: GuestPath<'_>, follow: Follow, times: &Times) -> Result<()> {
        let mut walk = self.walk(path);
        match walk.end(follow)? {
            End::Here => walk.here().node.set_times(times),
            End::Found(name, found) => match found {
                Found::File(file) => file.set_times(times),
                Found::Dir(node) => node.set_times(times),
                Found::Unopened(unopened) => unopened.set_times(times),
                Found::Link(_) => walk.here().node.set_link_times(&name, times),
                Found::Stream(_) => Err(Errno::Notsup.into()),
            },
        }
    }

    fn create_dir(&self, path: GuestPath<'_>) -> Result<()> {
        let mut walk = self.walk(path);
        match walk.last()? {
            Last::Name { name, .. } => walk.here().node.create_dir(&name),
            Last::Dot | Last::DotDot => Err(Errno::Exist.into()),
        }
    }

    fn remove_dir(&self, path: GuestPath<'_>) -> Result<()> {
        let mut walk = self.walk(path);
        match walk.last()? {
            Last::Name { name, .. } => walk.here().node.remove_dir(&name),
            Last::Dot => Err(Errno::Inval.into()),
            // It holds the directory by which it was reached.
            Last::DotDot => Err(Errno::Notempty.into()),
        }
    }

    fn unlink(&self, path: GuestPath<'_>) -> Result<()> {
        let mut walk = self.walk(path);
        match walk.last()? {
            Last::Name { name, slash: true } => {
                let found = walk.here().node.lookup(&name)?;
                Err(match found.is_dir() {
                    true => Errno::Isdir.into(),
                    false => Errno::Notdir.into(),
                })
            }
            Last::Name { name, .. } => walk.here().node.unlink(&name),
            Last::Dot | Last::DotDot => Err(Errno::Isdir.into()),
        }
    }

    fn symlink(&self, target: &str, path: GuestPath<'_>) -> Result<()> {
        check_link_target(target)?;
        self.make(path, |node, name| node.symlink(target, name))
    }

    fn read_link(&self, path: GuestPath<'_>) -> Result<String> {
        let mut walk = self.walk(path);
        match walk.end(Follow::No)? {
            End::Found(_, Found::Link(link)) => match link.target?.as_ref() {
                text if text.starts_with('/') => Err(Errno::Perm.into()),
                text => Ok(text.to_owned()),
            },
            _ => Err(Errno::Inval.into()),
        }
    }

    fn link(&self, from: GuestPath<'_>, to_dir: &dyn Dir, to: GuestPath<'_>) -> Result<()> {
        let to_dir = own(to_dir)?;
        let mut source = self.walk(from);
        let name = match source.last()? {
            Last::Name { name, slash } => {
                if slash {
                    self.walk(from).end(Follow::Yes)?;
                }
                (!slash).then_some(name)
            }
            Last::Dot | Last::DotDot => None,
        };
        to_dir.make(to, |target, to_name| match &name {
            Some(name) => source.here().node.link(name, &**target, to_name),
            // A directory has one name only; what is in the way comes first.
            None => Err(match target.lookup(to_name) {
                Ok(_) => Errno::Exist.into(),
                Err(_) => Errno::Perm.into(),
            }),
        })
    }

    fn rename(&self, from: GuestPath<'_>, to_dir: &dyn Dir, to: GuestPath<'_>) -> Result<()> {
        let to_dir = own(to_dir)?;
        let (mut source, mut target) = (self.walk(from), to_dir.walk(to));
        let (source_last, target_last) = (source.last()?, target.last()?);
        let (
            Last::Name { name, slash },
            Last::Name {
                name: to_name,
                slash: to_slash,
            },
        ) = (source_last, target_last)
        else {
            return Err(Errno::Busy.into());
        };
        let node = &source.here().node;
        // A slash on either side says that it is a directory that moves.
        if (slash || to_slash) && !node.lookup(&name)?.is_dir() {
            return Err(Errno::Notdir.into());
        }
        node.rename(&name, &*target.here().node, &to_name)
    }

    fn listing(&self) -> Result<Box<dyn Listing>> {
        let inode = self.stat()?.inode;
        listing(&self.root.node, self.root.place, inode)
    }
}

/// How a file is opened that was just made: there is nothing to discard, and nothing more to make.
fn opened(how: &OpenOptions) -> OpenOptions {
    OpenOptions {
        create: false,
        truncate: false,
        ..*how
    }
}
