//! What stands before a file.

use super::{Found, Link, Unopened};
use std::io::{IoSlice, IoSliceMut};
use std::sync::Arc;
use turnkey_wasi_common::{Advice, Appended, Durability, Errno, File, Object, Result, Stat, Times};

/// What stands before a file, and before something that becomes one when it is opened. Everything
/// passes that a gate says nothing about.
pub(super) trait Gate: Clone + Send + Sync + 'static {
    /// The attributes that are shown in place of the file's own.
    fn stat(&self, stat: Stat) -> Stat {
        stat
    }

    /// Whether it may be opened in this way.
    fn admit(&self, how: Opening) -> Result<()> {
        let _ = how;
        Ok(())
    }

    /// Opens it; what was opened stands behind a gate again.
    fn open(&self, how: Opening, open: impl FnOnce() -> Result<Object>) -> Result<Object> {
        self.admit(how)?;
        Ok(match open()? {
            Object::File(file) => Object::File(Arc::new(Gated::new(file, self.clone()))),
            object => object,
        })
    }

    /// Whether its times may be changed.
    fn touch(&self) -> Result<()> {
        Ok(())
    }

    /// Carries out what changes the contents.
    fn write<R>(
        &self,
        file: &dyn File,
        extent: Extent,
        write: impl FnOnce() -> Result<R>,
    ) -> Result<R> {
        let _ = (file, extent);
        write()
    }
}

/// How something is opened.
#[derive(Debug, Clone, Copy)]
pub(super) struct Opening {
    pub(super) write: bool,
    pub(super) truncate: bool,
}

impl Opening {
    /// Whether it could change what is opened.
    pub(super) fn changes(self) -> bool {
        self.write || self.truncate
    }
}

/// How far a file reaches when its contents have been changed.
#[derive(Debug, Clone, Copy)]
pub(super) enum Extent {
    /// To this offset at least.
    To(u64),
    /// This many bytes further than before.
    Further(u64),
    /// To this offset and no further.
    Exactly(u64),
}

impl Extent {
    /// The size of a file that had `before` bytes.
    pub(super) fn after(self, before: u64) -> u64 {
        match self {
            Self::To(end) => end.max(before),
            Self::Further(length) => before.saturating_add(length),
            Self::Exactly(size) => size,
        }
    }
}

/// What was found, behind a gate. A directory stays as it is.
pub(super) fn behind(gate: impl Gate, found: Found) -> Found {
    match found {
        Found::Dir(_) => found,
        Found::Link(link) => Found::Link(Link {
            stat: gate.stat(link.stat),
            ..link
        }),
        found => Found::Unopened(Arc::new(Closed { found, gate })),
    }
}

/// Something behind a gate that has to be opened.
struct Closed<G> {
    found: Found,
    gate: G,
}

impl<G: Gate> Unopened for Closed<G> {
    fn stat(&self) -> Result<Stat> {
        Ok(self.gate.stat(self.found.stat()?))
    }

    fn open(&self, read: bool, write: bool, truncate: bool) -> Result<Object> {
        let how = Opening { write, truncate };
        self.gate.open(how, || match &self.found {
            Found::File(file) => {
                if truncate {
                    file.set_size(0)?;
                }
                Ok(Object::File(Arc::clone(file)))
            }
            Found::Stream(stream) => Ok(Object::Stream(Arc::clone(stream))),
            Found::Unopened(unopened) => unopened.open(read, write, truncate),
            Found::Dir(_) => Err(Errno::Isdir.into()),
            Found::Link(_) => Err(Errno::Loop.into()),
        })
    }

    fn set_times(&self, times: &Times) -> Result<()> {
        self.gate.touch()?;
        match &self.found {
            Found::File(file) => file.set_times(times),
            Found::Unopened(unopened) => unopened.set_times(times),
            Found::Dir(_) | Found::Link(_) | Found::Stream(_) => Err(Errno::Notsup.into()),
        }
    }
}

/// An open file behind a gate.
pub(super) struct Gated<G> {
    file: Arc<dyn File>,
    gate: G,
}

impl<G: Gate> Gated<G> {
    pub(super) fn new(file: Arc<dyn File>, gate: G) -> Self {
        Self { file, gate }
    }

    fn write<R>(&self, extent: Extent, write: impl FnOnce() -> Result<R>) -> Result<R> {
        self.gate.write(&*self.file, extent, write)
    }
}

fn total(buffers: &[IoSlice<'_>]) -> u64 {
    buffers.iter().map(|buffer| buffer.len() as u64).sum()
}

impl<G: Gate> File for Gated<G> {
    fn stat(&self) -> Result<Stat> {
        Ok(self.gate.stat(self.file.stat()?))
    }

    fn read_at(&self, buffers: &mut [IoSliceMut<'_>], offset: u64) -> Result<usize> {
        self.file.read_at(buffers, offset)
    }

    fn write_at(&self, buffers: &[IoSlice<'_>], offset: u64) -> Result<usize> {
        // Where nothing is written, nothing grows, wherever that is.
        let end = match total(buffers) {
            0 => 0,
            length => offset.saturating_add(length),
        };
        self.write(Extent::To(end), || self.file.write_at(buffers, offset))
    }

    fn append(&self, buffers: &[IoSlice<'_>]) -> Result<Appended> {
        self.write(Extent::Further(total(buffers)), || {
            self.file.append(buffers)
        })
    }

    fn set_size(&self, size: u64) -> Result<()> {
        self.write(Extent::Exactly(size), || self.file.set_size(size))
    }

    fn allocate(&self, offset: u64, length: u64) -> Result<()> {
        let end = offset.saturating_add(length);
        self.write(Extent::To(end), || self.file.allocate(offset, length))
    }

    fn advise(&self, offset: u64, length: u64, advice: Advice) -> Result<()> {
        self.file.advise(offset, length, advice)
    }

    fn sync(&self, durability: Durability) -> Result<()> {
        self.file.sync(durability)
    }

    fn set_times(&self, times: &Times) -> Result<()> {
        self.gate.touch()?;
        self.file.set_times(times)
    }
}
