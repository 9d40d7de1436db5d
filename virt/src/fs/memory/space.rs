//! How much memory a file system may take.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use turnkey_wasi_common::Errno;

/// The room that file systems in memory take their files from. Clones share it.
///
/// ```
/// use turnkey_virt::fs::{MemoryFs, Space};
/// use turnkey_wasi_common::Errno;
///
/// let space = Space::new(1000, 16);
/// let fs = MemoryFs::builder().space(space.clone()).build().file("a", &[0; 900])?;
/// assert_eq!((space.bytes(), space.inodes()), (900, 1));
/// assert_eq!(fs.write("b", &[0; 200]).unwrap_err().errno(), Errno::Nospc);
/// # Ok::<(), turnkey_wasi_common::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Space(Arc<Account>);

#[derive(Debug)]
struct Account {
    bytes: Counter,
    inodes: Counter,
}

#[derive(Debug)]
struct Counter {
    used: AtomicU64,
    limit: u64,
}

impl Counter {
    fn new(limit: u64) -> Self {
        Self {
            used: AtomicU64::new(0),
            limit,
        }
    }

    fn take(&self, count: u64) -> Result<(), Errno> {
        let taken = self
            .used
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| {
                used.checked_add(count).filter(|sum| *sum <= self.limit)
            });
        taken.map(drop).map_err(|_| Errno::Nospc)
    }

    fn give_back(&self, count: u64) {
        self.used.fetch_sub(count, Ordering::Relaxed);
    }

    fn used(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }
}

impl Space {
    /// Bytes of contents that a file system may hold if nothing else is said: 256 MiB.
    pub const BYTES: u64 = 256 << 20;
    /// Files, directories and links that it may hold if nothing else is said: 262,144.
    pub const INODES: u64 = 1 << 18;

    /// Bytes that a piece of a file costs beside its contents, without the first one: files are held
    /// in pieces of 64 KiB.
    pub const PIECE: u64 = 128;

    /// Room for this many bytes of contents, those of links among them, and for this many files,
    /// directories and links of either kind that guests make. Beyond it, whatever needs more answers `NOSPC`, before anything is done.
    pub fn new(bytes: u64, inodes: u64) -> Self {
        Self(Arc::new(Account {
            bytes: Counter::new(bytes),
            inodes: Counter::new(inodes),
        }))
    }

    /// Bytes of contents and of links that are held now, and of the [pieces](Self::PIECE) that hold
    /// them. Holes take none.
    pub fn bytes(&self) -> u64 {
        self.0.bytes.used()
    }

    /// Files, directories and links that are held now. Each name of a file is one.
    pub fn inodes(&self) -> u64 {
        self.0.inodes.used()
    }

    /// Bytes that are left.
    pub(super) fn left(&self) -> u64 {
        self.0.bytes.limit.saturating_sub(self.bytes())
    }

    pub(super) fn take_bytes(&self, count: u64) -> Result<(), Errno> {
        self.0.bytes.take(count)
    }

    pub(super) fn give_back_bytes(&self, count: u64) {
        self.0.bytes.give_back(count);
    }

    /// Room for one more file, directory or link, for as long as the answer lives.
    pub(super) fn take_inode(&self) -> Result<Inode, Errno> {
        self.0.inodes.take(1)?;
        Ok(Inode {
            space: self.clone(),
            bytes: 0,
        })
    }
}

impl Default for Space {
    fn default() -> Self {
        Self::new(Self::BYTES, Self::INODES)
    }
}

/// The room of one file, directory or link.
#[derive(Debug)]
pub(super) struct Inode {
    space: Space,
    bytes: u64,
}

impl Inode {
    /// The same with room for bytes that never change.
    pub(super) fn with_bytes(mut self, count: u64) -> Result<Self, Errno> {
        self.space.take_bytes(count)?;
        self.bytes += count;
        Ok(self)
    }
}

impl Drop for Inode {
    fn drop(&mut self) {
        self.space.0.inodes.give_back(1);
        self.space.give_back_bytes(self.bytes);
    }
}
