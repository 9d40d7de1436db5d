//! Files in memory, alone or over a layer that stays as it is.

mod children;
mod data;
mod dir;
mod leaf;
mod listing;
mod pipe;
mod space;
#[cfg(test)]
mod tests;

pub use space::Space;

use super::tree::new_device;
use super::{Node, Tree};
use dir::{DirNode, Handle};
use std::io::{IoSlice, IoSliceMut};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use turnkey_wasi_common::{
    Clock, Clocks, DeniedClocks, Dir, Errno, File, GuestPath, Object, OpenOptions, Result, SetTime,
    Stat, Times, Timestamp,
};

/// A file system in memory: files with holes, directories, symbolic and hard links, times.
///
/// Over a [lower layer](MemoryFsBuilder::over) it is an overlay: guests see what lies there, and
/// what they change stays here. A file takes room only where it was written, in pieces of 64 KiB;
/// what is removed or moved is remembered out of band, so every name is a guest's to use; numbers
/// stay the same when something is changed for the first time; a directory moves with all that lies
/// in it. The lower layer must not be changed by others meanwhile, and of several names of one lower
/// file, each is a file of its own once it is written.
///
/// No operation makes a system call, unless a lower layer or the clock does. Reading changes no
/// time.
///
/// ```
/// use turnkey_virt::fs::MemoryFs;
/// use turnkey_wasi_common::{Access, WasiCtx};
///
/// let fs = MemoryFs::new().file("config/app.toml", b"mode = 'safe'")?.dir("tmp")?;
/// let ctx = WasiCtx::builder().preopen("/", fs.root(), Access::ReadWrite).build()?;
/// # drop(ctx);
/// // What the guest has written.
/// assert_eq!(fs.read("config/app.toml")?, b"mode = 'safe'");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct MemoryFs {
    root: Arc<DirNode>,
}

/// What a file system in memory is made with.
pub struct MemoryFsBuilder {
    space: Space,
    clocks: Arc<dyn Clocks>,
    device: Option<u64>,
    lower: Option<Arc<dyn Node>>,
}

/// What all nodes of a file system share.
struct Shared {
    device: u64,
    next_inode: AtomicU64,
    space: Space,
    clocks: Arc<dyn Clocks>,
    structure: Mutex<()>,
}

impl Shared {
    fn new_inode(&self) -> u64 {
        self.next_inode.fetch_add(1, Ordering::Relaxed)
    }

    /// The present, 0 where no clock tells it.
    fn now(&self) -> Timestamp {
        self.clocks.now(Clock::Realtime).unwrap_or(0)
    }

    /// The right to change names.
    fn structure(&self) -> MutexGuard<'_, ()> {
        self.structure
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// The times of something.
#[derive(Debug, Clone, Copy)]
struct Stamps {
    accessed: Timestamp,
    modified: Timestamp,
    changed: Timestamp,
}

impl Stamps {
    fn at(now: Timestamp) -> Self {
        Self {
            accessed: now,
            modified: now,
            changed: now,
        }
    }

    fn of(stat: &Stat) -> Self {
        Self {
            accessed: stat.accessed,
            modified: stat.modified,
            changed: stat.changed,
        }
    }

    fn stat(&self, rest: Stat) -> Stat {
        Stat {
            accessed: self.accessed,
            modified: self.modified,
            changed: self.changed,
            ..rest
        }
    }

    /// The contents change now.
    fn modify(&mut self, now: Timestamp) {
        self.modified = now;
        self.changed = now;
    }

    fn set(&mut self, times: &Times, now: Timestamp) {
        let set = |time: &mut Timestamp, to| match to {
            SetTime::Keep => {}
            SetTime::Now => *time = now,
            SetTime::At(moment) => *time = moment,
        };
        set(&mut self.accessed, times.accessed);
        set(&mut self.modified, times.modified);
        if *times != Times::default() {
            self.changed = now;
        }
    }
}

impl MemoryFsBuilder {
    /// Takes the room for its files from here; without it, from a [`Space`] of its own.
    #[must_use]
    pub fn space(mut self, space: Space) -> Self {
        self.space = space;
        self
    }

    /// Tells the times of its files by these clocks; without them all times are 0.
    #[must_use]
    pub fn clocks(mut self, clocks: Arc<dyn Clocks>) -> Self {
        self.clocks = clocks;
        self
    }

    /// The number of its device; without it, one that no other file system of the process has.
    #[must_use]
    pub fn device(mut self, device: u64) -> Self {
        self.device = Some(device);
        self
    }

    /// Lays it over `lower`, which is never changed.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use turnkey_virt::fs::{Contents, Found, Listed, MemoryFs};
    ///
    /// let lower = Listed::new().entry("a", Found::file(Contents::from("lower")));
    /// let fs = MemoryFs::builder().over(Arc::new(lower)).build();
    /// fs.write("a", b"upper")?;
    /// fs.write("b", b"new")?;
    /// assert_eq!((fs.read("a")?, fs.read("b")?), (b"upper".to_vec(), b"new".to_vec()));
    /// # Ok::<(), turnkey_wasi_common::Error>(())
    /// ```
    #[must_use]
    pub fn over(mut self, lower: Arc<dyn Node>) -> Self {
        self.lower = Some(lower);
        self
    }

    /// Makes the file system.
    pub fn build(self) -> MemoryFs {
        let fs = Arc::new(Shared {
            device: self.device.unwrap_or_else(new_device),
            next_inode: AtomicU64::new(1),
            space: self.space,
            clocks: self.clocks,
            structure: Mutex::new(()),
        });
        MemoryFs {
            root: DirNode::root(&fs, self.lower),
        }
    }
}

/// How a file is written by [`MemoryFs::write`].
const REPLACE: OpenOptions = OpenOptions {
    read: false,
    write: true,
    create: true,
    truncate: true,
    ..OpenOptions::READ
};

impl MemoryFs {
    /// An empty one, with the room that [`Space::default`] has and without a clock.
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// Begins one.
    pub fn builder() -> MemoryFsBuilder {
        MemoryFsBuilder {
            space: Space::default(),
            clocks: Arc::new(DeniedClocks),
            device: None,
            lower: None,
        }
    }

    /// Its root, as a directory that guests can be handed. Every answer is of the same files.
    pub fn root(&self) -> Arc<dyn Dir> {
        Arc::new(self.tree())
    }

    /// Its root as a node, upon which something else can be built.
    pub fn node(&self) -> Arc<dyn Node> {
        Arc::new(Handle(Arc::clone(&self.root)))
    }

    fn tree(&self) -> Tree {
        Tree::new(self.node()).device(self.root.fs.device)
    }

    /// The room from which it takes its files.
    pub fn space(&self) -> &Space {
        &self.root.fs.space
    }

    /// The same with a file, and the directories that lead to it. A slash before the path means
    /// nothing.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub fn file(self, path: &str, bytes: &[u8]) -> Result<Self> {
        self.write(path, bytes)?;
        Ok(self)
    }

    /// The same with a directory, and those that lead to it.
    ///
    /// # Errors
    /// - `NOTDIR`: a file is in the way.
    /// - `NOSPC`: there is no room.
    pub fn dir(self, path: &str) -> Result<Self> {
        self.make_dirs(path)?;
        Ok(self)
    }

    /// The same with a symbolic link.
    ///
    /// # Errors
    /// As [`Dir::symlink`].
    pub fn link(self, target: &str, path: &str) -> Result<Self> {
        let path = path.trim_start_matches('/');
        if let Some((dirs, _)) = path.rsplit_once('/') {
            self.make_dirs(dirs)?;
        }
        self.tree().symlink(target, GuestPath::new(path)?)?;
        Ok(self)
    }

    /// Writes a file in place of what it held, and makes it and the directories that lead to it
    /// where they are missing.
    ///
    /// # Errors
    /// - `ISDIR`, `NOTDIR`: something is in the way.
    /// - `NOSPC`: there is no room.
    /// - those of a walk (see [`Dir`]).
    pub fn write(&self, path: &str, bytes: &[u8]) -> Result<()> {
        let path = path.trim_start_matches('/');
        if let Some((dirs, _)) = path.rsplit_once('/') {
            self.make_dirs(dirs)?;
        }
        let file = self.open(path, &REPLACE)?;
        file.write_at(&[IoSlice::new(bytes)], 0)?;
        Ok(())
    }

    /// The contents of a file.
    ///
    /// # Errors
    /// - `ISDIR`: it is a directory.
    /// - those of a walk (see [`Dir`]).
    pub fn read(&self, path: &str) -> Result<Vec<u8>> {
        let file = self.open(path.trim_start_matches('/'), &OpenOptions::READ)?;
        let size = usize::try_from(file.stat()?.size).map_err(|_| Errno::Fbig)?;
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(size).map_err(|_| Errno::Nomem)?;
        bytes.resize(size, 0);
        let count = file.read_at(&mut [IoSliceMut::new(&mut bytes)], 0)?;
        bytes.truncate(count);
        Ok(bytes)
    }

    fn open(&self, path: &str, how: &OpenOptions) -> Result<Arc<dyn File>> {
        match self.tree().open(GuestPath::new(path)?, how)? {
            Object::File(file) => Ok(file),
            Object::Dir(_) => Err(Errno::Isdir.into()),
            _ => Err(Errno::Notsup.into()),
        }
    }

    fn make_dirs(&self, path: &str) -> Result<()> {
        let tree = self.tree();
        let path = path.trim_matches('/');
        let ends = path.match_indices('/').map(|(end, _)| end);
        for end in ends.chain([path.len()]) {
            let dir = GuestPath::new(path.get(..end).unwrap_or_default())?;
            match tree.create_dir(dir) {
                Err(error) if error.errno() == Errno::Exist => {}
                made => made?,
            }
        }
        Ok(())
    }
}

impl Default for MemoryFs {
    fn default() -> Self {
        Self::new()
    }
}
