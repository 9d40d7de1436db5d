//! Directories.

use super::children::{Child, Children, InLower, Known};
use super::leaf::{Leaf, Named};
use super::listing::MemoryListing;
use super::space::Inode;
use super::{Shared, Stamps};
use crate::fs::{Found, Names, Node, names, number};
use std::any::Any;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use turnkey_wasi_common::{Errno, FileType, Listing, Result, Stat, Times};

/// A directory in memory, over one of a lower layer where there is one.
///
/// Whoever changes names holds the lock of the structure. Under it the entries of a directory may be
/// locked, and under those the entries of another; without it, of one directory only.
pub(super) struct DirNode {
    this: Weak<Self>,
    pub(super) fs: Arc<Shared>,
    pub(super) inode: u64,
    pub(super) lower: Option<Arc<dyn Node>>,
    links: AtomicU64,
    stamps: Mutex<Stamps>,
    children: Mutex<Children>,
    up: Mutex<Up>,
    /// It is as the lower layer has it, and held by nobody but those who use it.
    clean: AtomicBool,
    _room: Option<Inode>,
}

/// What lies above a directory. Of a directory and the one above it, exactly one holds the other.
enum Up {
    /// Nothing does.
    Nothing,
    /// A directory that holds it.
    Held(Weak<DirNode>),
    /// A directory that it holds itself, as it is there as the lower layer has it, and its name.
    Holds(Arc<DirNode>, Box<str>),
}

impl DirNode {
    /// The root of a file system.
    pub(super) fn root(fs: &Arc<Shared>, lower: Option<Arc<dyn Node>>) -> Arc<Self> {
        let inode = fs.new_inode();
        let below = lower.as_ref().and_then(|lower| lower.stat().ok());
        let (links, stamps) = match below {
            None => (2, Stamps::at(fs.now())),
            Some(stat) => (stat.links, Stamps::of(&stat)),
        };
        Self::make(fs, inode, lower, links, stamps, Up::Nothing, None)
    }

    fn make(
        fs: &Arc<Shared>,
        inode: u64,
        lower: Option<Arc<dyn Node>>,
        links: u64,
        stamps: Stamps,
        up: Up,
        room: Option<Inode>,
    ) -> Arc<Self> {
        Arc::new_cyclic(|this| Self {
            this: Weak::clone(this),
            fs: Arc::clone(fs),
            inode,
            lower,
            links: AtomicU64::new(links),
            stamps: Mutex::new(stamps),
            children: Mutex::default(),
            clean: AtomicBool::new(matches!(up, Up::Holds(..))),
            up: Mutex::new(up),
            _room: room,
        })
    }

    fn me(&self) -> Result<Arc<Self>> {
        self.this.upgrade().ok_or_else(|| Errno::Noent.into())
    }

    pub(super) fn children(&self) -> MutexGuard<'_, Children> {
        self.children.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn stamps(&self) -> MutexGuard<'_, Stamps> {
        self.stamps.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn up(&self) -> MutexGuard<'_, Up> {
        self.up.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The number of something of the lower layer's: the same before and after it is changed.
    pub(super) fn lower_number(&self, name: &str, inode: u64) -> u64 {
        number::derived(match inode {
            0 => number::beneath(self.inode, name),
            inode => inode,
        })
    }

    /// What lies under a name.
    fn child(&self, children: &mut Children, name: &str) -> Result<Child> {
        match children.known(name) {
            Known::Child(child) => return Ok(child),
            Known::Hidden => return Err(Errno::Noent.into()),
            Known::No => {}
        }
        let Some(lower) = &self.lower else {
            return Err(Errno::Noent.into());
        };
        let found = lower.lookup(name)?;
        let stat = found.stat()?;
        let inode = self.lower_number(name, stat.inode);
        let me = self.me()?;
        let child = match found {
            Found::Dir(node) => Child::Dir(Self::make(
                &self.fs,
                inode,
                Some(node),
                stat.links,
                Stamps::of(&stat),
                Up::Holds(me, name.into()),
                None,
            )),
            found => Child::Leaf(Leaf::lower(&me, name, found, &stat, inode)),
        };
        children.see(name, &child);
        Ok(child)
    }

    /// What lies under a name where something may be put, `None` if nothing does.
    ///
    /// # Errors
    /// - `NOENT`: the directory has been removed.
    fn place(&self, children: &mut Children, name: &str) -> Result<Option<Child>> {
        if children.removed {
            return Err(Errno::Noent.into());
        }
        match self.child(children, name) {
            Ok(child) => Ok(Some(child)),
            Err(error) if error.errno() == Errno::Noent => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Holds an entry that is the lower layer's own, because it is about to change. The structure is
    /// locked.
    pub(super) fn hold_original(&self, name: &str, leaf: Arc<Leaf>) {
        self.keep();
        self.children().hold_original(name, Child::Leaf(leaf));
    }

    /// Has the directories above hold this one, if it is as the lower layer has it. The structure is
    /// locked.
    fn keep(&self) {
        let Ok(mut dir) = self.me() else { return };
        while dir.clean.swap(false, Ordering::AcqRel) {
            let above = match &mut *dir.up() {
                up @ Up::Holds(..) => std::mem::replace(up, Up::Nothing),
                _ => return,
            };
            let Up::Holds(above, name) = above else {
                return;
            };
            *dir.up() = Up::Held(Arc::downgrade(&above));
            let child = Child::Dir(dir);
            above.children().hold_original(&name, child);
            dir = above;
        }
    }

    /// Holds a directory more, whose `..` is a name of this one.
    fn one_dir_more(&self) {
        self.count_links(|links| links + 1);
    }

    fn one_dir_less(&self) {
        self.count_links(|links| links - 1);
    }

    /// A lower layer that counts no links of directories tells 1 of each, which stays.
    fn count_links(&self, count: impl Fn(u64) -> u64) {
        let counted = |links| (links > 1).then(|| count(links).max(2));
        let _ = self
            .links
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, counted);
    }

    /// Its names have changed.
    fn changed(&self) {
        let now = self.fs.now();
        self.stamps().modify(now);
    }

    /// Makes a new entry under a name that must be free.
    fn create(&self, name: &str, make: impl FnOnce(Inode) -> Result<Child>) -> Result<Child> {
        let _alone = self.fs.structure();
        let mut children = self.children();
        if self.place(&mut children, name)?.is_some() {
            return Err(Errno::Exist.into());
        }
        let child = make(self.fs.space.take_inode()?)?;
        children.put(name, child.clone(), false);
        drop(children);
        self.keep();
        self.changed();
        Ok(child)
    }

    /// Whether nothing is seen in it.
    fn is_empty(&self) -> Result<bool> {
        let children = self.children();
        if children.has_own() {
            return Ok(false);
        }
        let Some(lower) = &self.lower else {
            return Ok(true);
        };
        let mut empty = true;
        names::listing(lower, 0, 0)?.read(0, &mut |entry| {
            let own = matches!(entry.name, "." | "..");
            empty = own || matches!(children.in_lower(entry.name), InLower::LeftOut);
            empty
        })?;
        Ok(empty)
    }

    /// Nothing lies in it, and nothing will.
    fn remove(&self) {
        self.children().removed = true;
        self.clean.store(false, Ordering::Release);
        *self.up() = Up::Nothing;
        self.links.store(0, Ordering::Relaxed);
    }

    /// Whether it is `dir`, or lies above it. The structure is locked.
    fn holds(&self, dir: &Arc<Self>) -> bool {
        let mut at = Arc::clone(dir);
        loop {
            if std::ptr::eq(self, &*at) {
                return true;
            }
            let above = match &*at.up() {
                Up::Nothing => None,
                Up::Held(above) => above.upgrade(),
                Up::Holds(above, _) => Some(Arc::clone(above)),
            };
            match above {
                Some(above) => at = above,
                None => return false,
            }
        }
    }

    fn own<'a>(&self, to: &'a dyn Node) -> Result<&'a Self> {
        match (to as &dyn Any).downcast_ref::<Handle>() {
            Some(Handle(to)) if Arc::ptr_eq(&self.fs, &to.fs) => Ok(to),
            _ => Err(Errno::Xdev.into()),
        }
    }

    /// A listing of it.
    fn list_from(&self) -> Result<MemoryListing> {
        let lower = match &self.lower {
            Some(lower) => Some(names::listing(lower, self.inode, self.inode)?),
            None => None,
        };
        Ok(MemoryListing::new(self.me()?, lower))
    }

    fn move_to(&self, name: &str, to: &Self, to_name: &str) -> Result<()> {
        let _alone = self.fs.structure();
        let same = std::ptr::eq(self, to);
        let moved = self.child(&mut self.children(), name)?;
        let replaced = to.place(&mut to.children(), to_name)?;
        if replaced.as_ref().is_some_and(|child| child.is(&moved)) {
            return Ok(());
        }
        if let Child::Dir(dir) = &moved {
            if dir.holds(&to.me()?) {
                return Err(Errno::Inval.into());
            }
        }
        match (&moved, &replaced) {
            (_, None) | (Child::Leaf(_), Some(Child::Leaf(_))) => {}
            (Child::Dir(_), Some(Child::Leaf(_))) => return Err(Errno::Notdir.into()),
            (Child::Leaf(_), Some(Child::Dir(_))) => return Err(Errno::Isdir.into()),
            (Child::Dir(_), Some(Child::Dir(dir))) if dir.is_empty()? => {}
            (Child::Dir(_), Some(Child::Dir(_))) => return Err(Errno::Notempty.into()),
        }
        self.keep();
        to.keep();
        let was_lower = release(&moved);
        let replaced_lower = replaced.as_ref().is_some_and(release);
        if same {
            let mut children = self.children();
            children.take(name, was_lower);
            children.put(to_name, moved.clone(), replaced_lower);
        } else {
            let (mut from, mut into) = (self.children(), to.children());
            into.put(to_name, moved.clone(), replaced_lower);
            from.take(name, was_lower);
        }
        match &replaced {
            Some(Child::Dir(dir)) => {
                dir.remove();
                to.one_dir_less();
            }
            Some(Child::Leaf(leaf)) => leaf.named(Named::NoMore),
            None => {}
        }
        match &moved {
            Child::Dir(dir) => {
                *dir.up() = Up::Held(Weak::clone(&to.this));
                dir.stamps().changed = self.fs.now();
                self.one_dir_less();
                to.one_dir_more();
            }
            Child::Leaf(leaf) => leaf.named(Named::Otherwise),
        }
        self.changed();
        to.changed();
        Ok(())
    }
}

/// Has an entry leave its place; answers whether it was there as the lower layer has it. The
/// structure is locked.
fn release(child: &Child) -> bool {
    match child {
        Child::Dir(dir) => {
            let was_lower = dir.clean.swap(false, Ordering::AcqRel);
            if was_lower {
                *dir.up() = Up::Nothing;
            }
            was_lower
        }
        Child::Leaf(leaf) => leaf.settle(),
    }
}

/// A directory as a node.
pub(super) struct Handle(pub(super) Arc<DirNode>);

impl Node for Handle {
    fn stat(&self) -> Result<Stat> {
        let dir = &self.0;
        Ok(dir.stamps().stat(Stat {
            device: dir.fs.device,
            inode: dir.inode,
            file_type: FileType::Directory,
            links: dir.links.load(Ordering::Relaxed),
            ..Stat::default()
        }))
    }

    fn lookup(&self, name: &str) -> Result<Found> {
        let child = self.0.child(&mut self.0.children(), name)?;
        Ok(match child {
            Child::Dir(dir) => Found::Dir(Arc::new(Self(dir))),
            Child::Leaf(leaf) => leaf.found(),
        })
    }

    fn list(&self, names: &mut Names) -> Result<()> {
        self.0.list_from()?.read(0, &mut |entry| {
            names.push_numbered(entry.name, entry.file_type, entry.inode);
            true
        })?;
        Ok(())
    }

    fn listing(&self) -> Result<Option<Box<dyn Listing>>> {
        Ok(Some(Box::new(self.0.list_from()?)))
    }

    fn set_times(&self, times: &Times) -> Result<()> {
        let dir = &self.0;
        {
            let _alone = dir.fs.structure();
            dir.keep();
        }
        let now = dir.fs.now();
        dir.stamps().set(times, now);
        Ok(())
    }

    fn set_link_times(&self, name: &str, times: &Times) -> Result<()> {
        let child = self.0.child(&mut self.0.children(), name)?;
        match child {
            Child::Leaf(leaf) => leaf.stamp(times),
            Child::Dir(dir) => Self(dir).set_times(times)?,
        }
        Ok(())
    }

    fn create_file(&self, name: &str) -> Result<Found> {
        let fs = &self.0.fs;
        let made = self
            .0
            .create(name, |room| Ok(Child::Leaf(Leaf::file(fs, room))))?;
        match made {
            Child::Leaf(leaf) => Ok(leaf.found()),
            Child::Dir(_) => Err(Errno::Isdir.into()),
        }
    }

    fn create_dir(&self, name: &str) -> Result<()> {
        let dir = &self.0;
        dir.create(name, |room| {
            let up = Up::Held(Weak::clone(&dir.this));
            let stamps = Stamps::at(dir.fs.now());
            let inode = dir.fs.new_inode();
            let made = DirNode::make(&dir.fs, inode, None, 2, stamps, up, Some(room));
            dir.one_dir_more();
            Ok(Child::Dir(made))
        })?;
        Ok(())
    }

    fn symlink(&self, target: &str, name: &str) -> Result<()> {
        let fs = &self.0.fs;
        self.0
            .create(name, |room| Ok(Child::Leaf(Leaf::link(fs, target, room)?)))?;
        Ok(())
    }

    fn remove_dir(&self, name: &str) -> Result<()> {
        let _alone = self.0.fs.structure();
        let mut children = self.0.children();
        let Child::Dir(dir) = self.0.child(&mut children, name)? else {
            return Err(Errno::Notdir.into());
        };
        if !dir.is_empty()? {
            return Err(Errno::Notempty.into());
        }
        let was_lower = dir.clean.load(Ordering::Acquire);
        dir.remove();
        children.take(name, was_lower);
        drop(children);
        self.0.one_dir_less();
        self.0.keep();
        self.0.changed();
        Ok(())
    }

    fn unlink(&self, name: &str) -> Result<()> {
        let _alone = self.0.fs.structure();
        let mut children = self.0.children();
        let Child::Leaf(leaf) = self.0.child(&mut children, name)? else {
            return Err(Errno::Isdir.into());
        };
        let was_lower = leaf.settle();
        children.take(name, was_lower);
        drop(children);
        leaf.named(Named::NoMore);
        self.0.keep();
        self.0.changed();
        Ok(())
    }

    fn link(&self, name: &str, to: &dyn Node, to_name: &str) -> Result<()> {
        let to = self.0.own(to)?;
        let _alone = self.0.fs.structure();
        let child = self.0.child(&mut self.0.children(), name)?;
        if to.place(&mut to.children(), to_name)?.is_some() {
            return Err(Errno::Exist.into());
        }
        let Child::Leaf(leaf) = child else {
            return Err(Errno::Perm.into());
        };
        let room = self.0.fs.space.take_inode()?;
        if leaf.settle() {
            self.0.hold_original(name, Arc::clone(&leaf));
        }
        to.children()
            .put(to_name, Child::Leaf(Arc::clone(&leaf)), false);
        leaf.named(Named::Again(room));
        to.keep();
        to.changed();
        Ok(())
    }

    fn rename(&self, name: &str, to: &dyn Node, to_name: &str) -> Result<()> {
        self.0.move_to(name, self.0.own(to)?, to_name)
    }
}

/// Takes what lies beneath apart one by one: as deep as a guest nests directories, no stack reaches.
impl Drop for DirNode {
    fn drop(&mut self) {
        let children = self
            .children
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        let mut alone = children.take_dirs();
        let up = self.up.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Up::Holds(above, _) = std::mem::replace(up, Up::Nothing) {
            alone.push(above);
        }
        while let Some(dir) = alone.pop() {
            if let Some(dir) = Arc::into_inner(dir) {
                alone.append(&mut dir.children().take_dirs());
                let above = std::mem::replace(&mut *dir.up(), Up::Nothing);
                if let Up::Holds(above, _) = above {
                    alone.push(above);
                }
            }
        }
    }
}
