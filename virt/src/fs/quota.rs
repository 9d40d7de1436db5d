//! How much may be used of a file system.

use super::account::{Account, Allowance, Device, Identity, Key, Slot, Usage};
use super::gate::{Extent, Gate, Gated, Opening, behind};
use super::tree::new_device;
use super::view::{Entry, Layer, View};
use super::{Found, Node};
use std::sync::{Arc, Mutex, PoisonError};
use turnkey_wasi_common::{Errno, File, Object, Result, Stat};

/// How much may be used of one file system or of several that share an account.
///
/// What was there before counts nothing. Charged is
/// - each byte by which a file grows, holes among them; overwriting is free. A write, an append, a
///   new size or an allocation that does not fit whole changes nothing and answers `DQUOT`;
/// - each file, directory and symbolic link that is made: `DQUOT` if there is no room, before
///   anything is made. A further name of a file is free;
/// - each file that is open: `MFILE` if there is no room, before anything is made or emptied.
///   Directories and pipes are not counted; how many of those are open is limited by the guest's
///   table.
///
/// What a file shrinks by comes back, but never more than was charged for that file. When its last
/// name is removed, or replaced, the rest comes back with what was charged for the file itself: at
/// once, or when it is not open any more, since until then it takes its room.
///
/// Who changes something has the account for themselves until it is known what was used, so threads
/// do not exceed it together. Where one account lies within another, it has to do so everywhere, and
/// none within itself, for they would wait for each other. A file system that does not number its
/// files gets nothing back, since they cannot be told apart.
///
/// ```
/// use std::sync::Arc;
/// use turnkey_virt::fs::{Allowance, Listed, Quota, Tree};
/// use turnkey_wasi_common::Dir;
///
/// let quota = Quota::new(Allowance { bytes: 1 << 20, inodes: 100, ..Allowance::default() });
/// let home = Tree::new(quota.over(Arc::new(Listed::new())));
/// let temporary = Tree::new(quota.over(Arc::new(Listed::new())));
/// assert_eq!(quota.used().bytes, 0);
/// # drop((home, temporary));
/// ```
#[derive(Debug, Clone)]
pub struct Quota(Arc<Account>);

impl Quota {
    /// An account of which nothing is used. Clones share it.
    pub fn new(allowance: Allowance) -> Self {
        Self(Arc::new(Account::new(allowance)))
    }

    /// A directory, and everything beneath it, under this account. Nothing moves or is linked from
    /// one such directory to another (`XDEV`).
    pub fn over(&self, node: Arc<dyn Node>) -> Arc<dyn Node> {
        let layer = Counted {
            account: Arc::clone(&self.0),
            view: new_device(),
        };
        Arc::new(View::new(node, layer))
    }

    /// What is used now.
    pub fn used(&self) -> Usage {
        self.0.usage()
    }
}

/// A directory under an account.
#[derive(Clone)]
struct Counted {
    account: Arc<Account>,
    /// Tells the directory's files from those of others if they do not tell a device.
    view: u64,
}

impl Counted {
    fn key(&self, stat: &Stat) -> Key {
        let device = match stat.device {
            0 => Device::View(self.view),
            device => Device::Told(device),
        };
        let inode = stat.inode;
        (inode != 0).then_some(Identity { device, inode })
    }

    fn key_of(&self, found: Result<Found>) -> Key {
        let stat = found.and_then(|found| found.stat());
        stat.ok().and_then(|stat| self.key(&stat))
    }

    /// What is gone with a name, if that is the last one.
    fn last_under(&self, entry: Entry<'_>) -> Key {
        let found = entry.lookup().ok()?;
        let stat = found.stat().ok()?;
        self.key(&stat)
            .filter(|_| found.is_dir() || stat.links <= 1)
    }

    /// Makes something, and charges for it.
    fn charge<R>(
        &self,
        entry: Entry<'_>,
        make: impl FnOnce() -> Result<R>,
        made: impl FnOnce(&R) -> Key,
    ) -> Result<R> {
        let mut books = self.account.books();
        if !self.account.has_inode(&books) {
            return Err(match entry.lookup() {
                Ok(_) => Errno::Exist.into(),
                Err(_) => Errno::Dquot.into(),
            });
        }
        let outcome = make()?;
        books.made(made(&outcome));
        Ok(outcome)
    }

    fn door(&self, slot: Option<Slot>, found: Found) -> Found {
        let door = Door {
            counted: self.clone(),
            slot: slot.map(|slot| Arc::new(Mutex::new(Some(slot)))),
        };
        behind(door, found)
    }
}

impl Layer for Counted {
    fn beneath(&self, _name: &str) -> Result<Self> {
        Ok(self.clone())
    }

    fn is_same(&self, other: &Self) -> bool {
        self.view == other.view
    }

    fn show(&self, found: Found) -> Result<Found> {
        Ok(self.door(None, found))
    }

    fn create_file(&self, entry: Entry<'_>) -> Result<Found> {
        // Whoever makes a file opens it, and must not fail then.
        let slot = self.account.slot()?;
        let create = || entry.dir.create_file(entry.name);
        let found = self.charge(entry, create, |found| self.key_of(Ok(found.clone())))?;
        Ok(self.door(Some(slot), found))
    }

    fn make(&self, entry: Entry<'_>, make: impl FnOnce() -> Result<()>) -> Result<()> {
        self.charge(entry, make, |()| self.key_of(entry.lookup()))
    }

    fn remove(&self, entry: Entry<'_>, remove: impl FnOnce() -> Result<()>) -> Result<()> {
        let mut books = self.account.books();
        let last = self.last_under(entry);
        remove()?;
        books.removed(last);
        Ok(())
    }

    fn rename(&self, from: Entry<'_>, _target: &Self, to: Entry<'_>) -> Result<()> {
        let mut books = self.account.books();
        let moved = self.key_of(from.lookup());
        // Under its own name nothing is replaced.
        let replaced = self.last_under(to).filter(|last| Some(*last) != moved);
        from.dir.rename(from.name, to.dir, to.name)?;
        books.removed(replaced);
        Ok(())
    }
}

/// What stands before a file that has to be opened.
#[derive(Clone)]
struct Door {
    counted: Counted,
    /// Kept for who made the file.
    slot: Option<Arc<Mutex<Option<Slot>>>>,
}

impl Door {
    fn kept(&self) -> Option<Slot> {
        let slot = self.slot.as_ref()?;
        slot.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Gate for Door {
    fn open(&self, how: Opening, open: impl FnOnce() -> Result<Object>) -> Result<Object> {
        let account = &self.counted.account;
        let slot = match self.kept() {
            Some(slot) => slot,
            None => account.slot()?,
        };
        let mut books = account.books();
        let file = match open()? {
            Object::File(file) => file,
            object => return Ok(object),
        };
        let stat = file.stat()?;
        let key = self.counted.key(&stat);
        books.opened(key);
        if how.truncate {
            books.cut(key, stat.size);
        }
        let handle = Handle {
            account: Arc::clone(account),
            key,
            _slot: slot,
        };
        Ok(Object::File(Arc::new(Gated::new(file, Arc::new(handle)))))
    }
}

/// A file that is open under an account.
struct Handle {
    account: Arc<Account>,
    key: Key,
    _slot: Slot,
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.account.books().closed(self.key);
    }
}

impl Gate for Arc<Handle> {
    fn write<R>(
        &self,
        file: &dyn File,
        extent: Extent,
        write: impl FnOnce() -> Result<R>,
    ) -> Result<R> {
        let mut books = self.account.books();
        let before = file.stat()?.size;
        self.account.check_bytes(&books, before, extent)?;
        let outcome = write();
        let most = extent.after(before);
        if most != before {
            // What others have added meanwhile is not charged.
            let after = file
                .stat()
                .map_or(most, |stat| stat.size.min(most.max(before)));
            books.resized(self.key, before, after);
        }
        outcome
    }
}
