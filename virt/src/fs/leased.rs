//! What can be taken back although somebody else stands before it.

use super::view::{Layer, View};
use super::{Adopted, Found, Names, Node, Unopened, read_only};
use std::io::{IoSlice, IoSliceMut};
use std::sync::Arc;
use turnkey_wasi_common::{
    Advice, Appended, DirEntry, Durability, Errno, File, FileType, Interest, Lease, Listing,
    Object, Pollable, Ready, Result, Stat, Stream, Times,
};

/// An object as something that is found under a name, for as long as a lease lasts: afterwards
/// everything that is done with it, and with what was opened through it, answers `BADF`.
///
/// # Errors
/// - `NOTSUP`: it is a socket.
pub(crate) fn leased(object: Object, changes: bool, lease: Lease) -> Result<Found> {
    let leased = Leased(lease);
    match object {
        Object::Dir(dir) => {
            let node: Arc<dyn Node> = Arc::new(Adopted::new(dir));
            let node = if changes { node } else { read_only(node) };
            Ok(Found::dir(View::new(node, leased)))
        }
        Object::File(file) if changes => leased.show(Found::File(file)),
        Object::File(file) => leased.show(Found::only_read(file)),
        Object::Stream(stream) => leased.show(Found::Stream(stream)),
        Object::Socket(_) | Object::Listener(_) => Err(Errno::Notsup.into()),
    }
}

#[derive(Clone)]
struct Leased(Lease);

impl Leased {
    /// # Errors
    /// - `BADF`: it was taken back.
    fn check(&self) -> Result<()> {
        match self.0.is_alive() {
            true => Ok(()),
            false => Err(Errno::Badf.into()),
        }
    }

    fn with<T>(&self, held: T) -> With<T> {
        With {
            held,
            lease: self.clone(),
        }
    }
}

impl Layer for Leased {
    fn beneath(&self, _name: &str) -> Result<Self> {
        self.check()?;
        Ok(self.clone())
    }

    fn is_same(&self, other: &Self) -> bool {
        self.0.is_within(&other.0) && other.0.is_within(&self.0)
    }

    fn stat(&self, dir: &dyn Node) -> Result<Stat> {
        self.check()?;
        dir.stat()
    }

    fn list(&self, dir: &dyn Node, names: &mut Names) -> Result<()> {
        self.check()?;
        dir.list(names)
    }

    fn listing(&self, dir: &dyn Node) -> Result<Option<Box<dyn Listing>>> {
        self.check()?;
        let listing = dir.listing()?;
        Ok(listing.map(|listing| Box::new(self.with(listing)) as Box<dyn Listing>))
    }

    fn show(&self, found: Found) -> Result<Found> {
        Ok(match found {
            Found::File(file) => Found::file(self.with(file)),
            Found::Stream(stream) => Found::stream(self.with(stream)),
            Found::Unopened(unopened) => Found::unopened(self.with(unopened)),
            found => found,
        })
    }

    fn touch(&self) -> Result<()> {
        self.check()
    }
}

/// Something that is reached as long as the lease lasts.
struct With<T> {
    held: T,
    lease: Leased,
}

impl<T> With<T> {
    fn held(&self) -> Result<&T> {
        self.lease.check()?;
        Ok(&self.held)
    }
}

impl Unopened for With<Arc<dyn Unopened>> {
    fn stat(&self) -> Result<Stat> {
        self.held()?.stat()
    }

    fn open(&self, read: bool, write: bool, truncate: bool) -> Result<Object> {
        Ok(match self.held()?.open(read, write, truncate)? {
            Object::File(file) => Object::File(Arc::new(self.lease.with(file))),
            Object::Stream(stream) => Object::Stream(Arc::new(self.lease.with(stream))),
            _ => return Err(Errno::Notsup.into()),
        })
    }

    fn set_times(&self, times: &Times) -> Result<()> {
        self.held()?.set_times(times)
    }
}

impl Listing for With<Box<dyn Listing>> {
    fn read(&mut self, position: u64, each: &mut dyn FnMut(DirEntry<'_>) -> bool) -> Result<u64> {
        self.lease.check()?;
        self.held.read(position, each)
    }

    fn memory(&self) -> usize {
        self.held.memory()
    }

    fn is_snapshot(&self) -> bool {
        self.held.is_snapshot()
    }
}

impl File for With<Arc<dyn File>> {
    fn stat(&self) -> Result<Stat> {
        self.held()?.stat()
    }

    fn read_at(&self, buffers: &mut [IoSliceMut<'_>], offset: u64) -> Result<usize> {
        self.held()?.read_at(buffers, offset)
    }

    fn write_at(&self, buffers: &[IoSlice<'_>], offset: u64) -> Result<usize> {
        self.held()?.write_at(buffers, offset)
    }

    fn append(&self, buffers: &[IoSlice<'_>]) -> Result<Appended> {
        self.held()?.append(buffers)
    }

    fn set_size(&self, size: u64) -> Result<()> {
        self.held()?.set_size(size)
    }

    fn allocate(&self, offset: u64, length: u64) -> Result<()> {
        self.held()?.allocate(offset, length)
    }

    fn advise(&self, offset: u64, length: u64, advice: Advice) -> Result<()> {
        self.held()?.advise(offset, length, advice)
    }

    fn sync(&self, durability: Durability) -> Result<()> {
        self.held()?.sync(durability)
    }

    fn set_times(&self, times: &Times) -> Result<()> {
        self.held()?.set_times(times)
    }
}

impl Stream for With<Arc<dyn Stream>> {
    fn file_type(&self) -> FileType {
        self.held.file_type()
    }

    fn stat(&self) -> Result<Stat> {
        self.held()?.stat()
    }

    fn read(&self, buffers: &mut [IoSliceMut<'_>]) -> Result<usize> {
        self.held()?.read(buffers)
    }

    fn write(&self, buffers: &[IoSlice<'_>]) -> Result<usize> {
        self.held()?.write(buffers)
    }
}

impl Pollable for With<Arc<dyn Stream>> {
    fn readiness(&self, interest: Interest) -> Result<Option<Ready>> {
        self.held()?.readiness(interest)
    }

    fn subscribe(&self, interest: Interest, waker: &std::task::Waker) {
        self.held.subscribe(interest, waker);
        self.lease.0.subscribe(interest, waker);
    }

    fn unsubscribe(&self, waker: &std::task::Waker) {
        self.held.unsubscribe(waker);
        self.lease.0.unsubscribe(waker);
    }

    /// A waiter takes both for what they are: the host's streams, and the lease that wakes it.
    fn behind(&self, _interest: Interest) -> Vec<Arc<dyn Pollable>> {
        vec![Arc::clone(&self.held) as _, Arc::new(self.lease.0.clone())]
    }
}
