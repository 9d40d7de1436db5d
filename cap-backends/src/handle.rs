//! The descriptor of a directory, and who reads at its position.

use cap_std::fs::Dir as CapDir;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

/// A directory's descriptor. Paths begin at it whatever its position is; one listing at a time may
/// have that.
#[derive(Debug)]
pub(crate) struct Handle {
    dir: CapDir,
    /// One of the values below.
    position: AtomicU8,
}

/// The position is not to be had: a listing has it, the descriptor is not open to reading, or came
/// from somebody who may read it as well.
const TAKEN: u8 = 0;
/// Nobody has read anything.
const AT_START: u8 = 1;
/// A listing has left it somewhere.
const MOVED: u8 = 2;

impl Handle {
    /// A descriptor whose position is not for listings.
    pub(crate) fn new(dir: CapDir) -> Self {
        Self {
            dir,
            position: AtomicU8::new(TAKEN),
        }
    }

    /// A descriptor that is open to reading, and that nobody else has.
    pub(crate) fn to_list(dir: CapDir) -> Self {
        Self {
            dir,
            position: AtomicU8::new(match cfg!(target_os = "linux") {
                true => AT_START,
                // The C library's stream of entries opens a descriptor of its own.
                false => TAKEN,
            }),
        }
    }

    pub(crate) fn dir(&self) -> &CapDir {
        &self.dir
    }
}

/// The position of a handle, taken until this is dropped.
#[derive(Debug)]
pub(crate) struct Position {
    handle: Arc<Handle>,
    /// Whether nobody had it before.
    pub(crate) is_new: bool,
}

impl Position {
    /// Takes the position, if it is to be had.
    pub(crate) fn take(handle: &Arc<Handle>) -> Option<Self> {
        let found = handle.position.swap(TAKEN, Ordering::Acquire);
        (found != TAKEN).then(|| Self {
            handle: Arc::clone(handle),
            is_new: found == AT_START,
        })
    }
}

impl Drop for Position {
    fn drop(&mut self) {
        self.handle.position.store(MOVED, Ordering::Release);
    }
}

impl AsFd for Position {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.handle.dir.as_fd()
    }
}
