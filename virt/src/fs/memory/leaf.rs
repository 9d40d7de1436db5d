//! Files, symbolic links, and whatever else is no directory.

use super::data::Data;
use super::dir::DirNode;
use super::pipe::Pipe;
use super::space::Inode;
use super::{Shared, Stamps};
use crate::fs::{Found, Link, Unopened};
use std::io::{IoSlice, IoSliceMut};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, Weak,
};
use turnkey_wasi_common::{
    Appended, Durability, Errno, File, FileType, Object, Result, Stat, Times,
};

/// Something that is no directory.
pub(super) struct Leaf {
    this: Weak<Self>,
    fs: Arc<Shared>,
    pub(super) inode: u64,
    pub(super) file_type: FileType,
    links: AtomicU64,
    stamps: Mutex<Stamps>,
    body: Body,
    /// It is as the lower layer has it, and held by nobody but those who use it.
    clean: AtomicBool,
    /// Where it is to be held once it is changed.
    home: Mutex<Option<Home>>,
    /// Room for each name that a guest has made beyond the first.
    names: Mutex<Vec<Inode>>,
    _room: Option<Inode>,
}

/// What became of a name.
pub(super) enum Named {
    /// There is one more.
    Again(Inode),
    /// There is one less.
    NoMore,
    /// It is another.
    Otherwise,
}

/// The place of something that is as the lower layer has it.
struct Home {
    dir: Arc<DirNode>,
    name: Box<str>,
}

enum Body {
    File(RwLock<Contents>),
    /// Its text, and bytes of it, which are known of a text that is not told as well.
    Link(Result<Arc<str>, Errno>, u64),
    /// A FIFO, a device, a socket: the lower layer's own.
    Other(Found),
}

enum Contents {
    /// A lower file that nobody has opened. Its size, in bytes.
    Lower(Found, u64),
    Data(Data),
}

impl Leaf {
    /// A new file.
    pub(super) fn file(fs: &Arc<Shared>, room: Inode) -> Arc<Self> {
        let body = Body::File(RwLock::new(Contents::Data(Data::new(fs.space.clone()))));
        Self::new(fs, FileType::RegularFile, body, room)
    }

    /// A new symbolic link. Its text is charged like contents.
    pub(super) fn link(fs: &Arc<Shared>, target: &str, room: Inode) -> Result<Arc<Self>> {
        let size = target.len() as u64;
        let room = room.with_bytes(size)?;
        let body = Body::Link(Ok(target.into()), size);
        Ok(Self::new(fs, FileType::SymbolicLink, body, room))
    }

    fn new(fs: &Arc<Shared>, file_type: FileType, body: Body, room: Inode) -> Arc<Self> {
        Arc::new_cyclic(|this| Self {
            this: Weak::clone(this),
            fs: Arc::clone(fs),
            inode: fs.new_inode(),
            file_type,
            links: AtomicU64::new(1),
            stamps: Mutex::new(Stamps::at(fs.now())),
            body,
            clean: AtomicBool::new(false),
            home: Mutex::new(None),
            names: Mutex::default(),
            _room: Some(room),
        })
    }

    /// What the lower layer has under a name of a directory.
    pub(super) fn lower(
        dir: &Arc<DirNode>,
        name: &str,
        found: Found,
        stat: &Stat,
        inode: u64,
    ) -> Arc<Self> {
        let body = match found {
            Found::Link(link) => Body::Link(link.target, stat.size),
            found if stat.file_type == FileType::RegularFile => {
                Body::File(RwLock::new(Contents::Lower(found, stat.size)))
            }
            found => Body::Other(found),
        };
        Arc::new_cyclic(|this| Self {
            this: Weak::clone(this),
            fs: Arc::clone(&dir.fs),
            inode,
            file_type: stat.file_type,
            // One that tells none has the one by which it was found.
            links: AtomicU64::new(stat.links.max(1)),
            stamps: Mutex::new(Stamps::of(stat)),
            body,
            clean: AtomicBool::new(true),
            home: Mutex::new(Some(Home {
                dir: Arc::clone(dir),
                name: name.into(),
            })),
            names: Mutex::default(),
            _room: None,
        })
    }

    /// It as something that lies under a name.
    pub(super) fn found(self: Arc<Self>) -> Found {
        match &self.body {
            Body::Link(target, _) => Found::Link(Link {
                target: target.clone(),
                stat: self.attributes(),
            }),
            Body::Other(_) => Found::Unopened(self),
            Body::File(contents) => match &*read(contents) {
                Contents::Lower(..) => Found::Unopened(Arc::clone(&self) as Arc<dyn Unopened>),
                Contents::Data(_) => Found::File(Arc::clone(&self) as Arc<dyn File>),
            },
        }
    }

    pub(super) fn attributes(&self) -> Stat {
        let size = match &self.body {
            Body::File(contents) => read(contents).len(),
            Body::Link(_, size) => *size,
            Body::Other(_) => 0,
        };
        self.stamps().stat(Stat {
            device: self.fs.device,
            inode: self.inode,
            file_type: self.file_type,
            links: self.links.load(Ordering::Relaxed),
            size,
            ..Stat::default()
        })
    }

    /// It has a name more, a name less, or another one.
    pub(super) fn named(&self, names: Named) {
        match names {
            Named::Again(room) => {
                self.names().push(room);
                self.links.fetch_add(1, Ordering::Relaxed);
            }
            Named::NoMore => {
                self.names().pop();
                self.links.fetch_sub(1, Ordering::Relaxed);
            }
            Named::Otherwise => {}
        }
        self.stamps().changed = self.fs.now();
    }

    /// It is held by a directory from now on, or by nobody; answers whether it was as the lower layer
    /// has it. The structure is locked.
    pub(super) fn settle(&self) -> bool {
        drop(self.home().take());
        self.clean.swap(false, Ordering::AcqRel)
    }

    /// Has its directory hold it, if it is as the lower layer has it, because it is about to change.
    fn keep(&self) {
        if !self.clean.load(Ordering::Acquire) {
            return;
        }
        let _alone = self.fs.structure();
        let home = self.home().take();
        if let (Some(home), Some(this)) = (home, self.this.upgrade()) {
            home.dir.hold_original(&home.name, this);
        }
        self.clean.store(false, Ordering::Release);
    }

    /// Changes its times.
    pub(super) fn stamp(&self, times: &Times) {
        self.keep();
        let now = self.fs.now();
        self.stamps().set(times, now);
    }

    fn stamps(&self) -> MutexGuard<'_, Stamps> {
        self.stamps.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn home(&self) -> MutexGuard<'_, Option<Home>> {
        self.home.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn names(&self) -> MutexGuard<'_, Vec<Inode>> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn contents(&self) -> Result<&RwLock<Contents>> {
        match &self.body {
            Body::File(contents) => Ok(contents),
            _ => Err(Errno::Notsup.into()),
        }
    }

    /// Changes the contents.
    fn change<R>(&self, step: impl FnOnce(&mut Data) -> Result<R>) -> Result<R> {
        self.keep();
        let mut contents = write(self.contents()?);
        let result = step(contents.opened(&self.fs)?)?;
        drop(contents);
        let now = self.fs.now();
        self.stamps().modify(now);
        Ok(result)
    }
}

fn read(contents: &RwLock<Contents>) -> RwLockReadGuard<'_, Contents> {
    contents.read().unwrap_or_else(PoisonError::into_inner)
}

fn write(contents: &RwLock<Contents>) -> RwLockWriteGuard<'_, Contents> {
    contents.write().unwrap_or_else(PoisonError::into_inner)
}

impl Contents {
    fn len(&self) -> u64 {
        match self {
            Self::Lower(_, size) => *size,
            Self::Data(data) => data.len(),
        }
    }

    /// The contents with the lower file open.
    fn opened(&mut self, fs: &Shared) -> Result<&mut Data> {
        if let Self::Lower(found, size) = self {
            let file = match found {
                Found::File(file) => Arc::clone(file),
                Found::Unopened(unopened) => match unopened.open(true, false, false)? {
                    Object::File(file) => file,
                    _ => return Err(Errno::Io.into()),
                },
                _ => return Err(Errno::Io.into()),
            };
            *self = Self::Data(Data::over(fs.space.clone(), file, *size));
        }
        match self {
            Self::Data(data) => Ok(data),
            Self::Lower(..) => Err(Errno::Io.into()),
        }
    }
}

impl Unopened for Leaf {
    fn stat(&self) -> Result<Stat> {
        Ok(self.attributes())
    }

    fn open(&self, read: bool, for_writing: bool, truncate: bool) -> Result<Object> {
        let leaf = self.this.upgrade().ok_or(Errno::Noent)?;
        if let Body::Other(found) = &self.body {
            let object = match found {
                Found::Stream(stream) => Object::Stream(Arc::clone(stream)),
                Found::Unopened(unopened) => unopened.open(read, for_writing, truncate)?,
                _ => return Err(Errno::Io.into()),
            };
            return Ok(match object {
                Object::Stream(stream) => Object::Stream(Arc::new(Pipe { stream, leaf })),
                object => object,
            });
        }
        if truncate {
            self.set_size(0)?;
        } else {
            write(self.contents()?).opened(&self.fs)?;
        }
        Ok(Object::File(leaf))
    }

    fn set_times(&self, times: &Times) -> Result<()> {
        self.stamp(times);
        Ok(())
    }
}

impl File for Leaf {
    fn stat(&self) -> Result<Stat> {
        Ok(self.attributes())
    }

    fn read_at(&self, buffers: &mut [IoSliceMut<'_>], offset: u64) -> Result<usize> {
        match &*read(self.contents()?) {
            Contents::Data(data) => data.read(buffers, offset),
            Contents::Lower(..) => Err(Errno::Io.into()),
        }
    }

    fn write_at(&self, buffers: &[IoSlice<'_>], offset: u64) -> Result<usize> {
        self.change(|data| data.write(buffers, offset))
    }

    fn append(&self, buffers: &[IoSlice<'_>]) -> Result<Appended> {
        self.change(|data| {
            let written = data.write(buffers, data.len())?;
            Ok(Appended {
                written,
                end: data.len(),
            })
        })
    }

    fn set_size(&self, size: u64) -> Result<()> {
        if size > 0 {
            return self.change(|data| data.set_size(size));
        }
        // Nothing of a lower file is needed any more.
        self.keep();
        *write(self.contents()?) = Contents::Data(Data::new(self.fs.space.clone()));
        let now = self.fs.now();
        self.stamps().modify(now);
        Ok(())
    }

    fn allocate(&self, offset: u64, length: u64) -> Result<()> {
        self.change(|data| data.allocate(offset, length))
    }

    fn sync(&self, _durability: Durability) -> Result<()> {
        Ok(())
    }

    fn set_times(&self, times: &Times) -> Result<()> {
        self.stamp(times);
        Ok(())
    }
}
