//! What has been used of an allowance.

use super::gate::Extent;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use turnkey_wasi_common::{Errno, Result};

/// How much may be used. What is not said is not limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// Bytes by which files may grow.
    pub bytes: u64,
    /// Files, directories and links that may be made.
    pub inodes: u64,
    /// Files that may be open at a time.
    pub open: u64,
}

impl Default for Allowance {
    fn default() -> Self {
        Self {
            bytes: u64::MAX,
            inodes: u64::MAX,
            open: u64::MAX,
        }
    }
}

/// How much is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// Bytes by which files have grown.
    pub bytes: u64,
    /// Files, directories and links that were made and are still there.
    pub inodes: u64,
    /// Files that are open.
    pub open: u64,
}

/// By what a file is recognized, if it has a number.
pub(super) type Key = Option<Identity>;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Identity {
    pub(super) device: Device,
    pub(super) inode: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Device {
    /// One that the file tells.
    Told(u64),
    /// That of a view, for files that tell none.
    View(u64),
}

/// An allowance, and what has been used of it.
#[derive(Debug)]
pub(super) struct Account {
    allowance: Allowance,
    open: AtomicU64,
    books: Mutex<Books>,
}

/// Who used what. Whoever changes a file system under an account holds its books from the moment
/// in which the room is found to the one in which it is known what was used.
#[derive(Debug, Default)]
pub(super) struct Books {
    bytes: u64,
    inodes: u64,
    /// What is known of files that have been charged for or are open, and of no others: there are
    /// no more of them than the allowance and the guest's table let be.
    files: HashMap<Identity, Record>,
}

#[derive(Debug, Default)]
struct Record {
    /// Bytes that were charged for its growth.
    bytes: u64,
    /// Whether it was charged for itself.
    is_made: bool,
    /// How often it is open.
    open: u64,
    /// Whether its last name has been removed.
    is_gone: bool,
}

/// The right to have one file open.
#[derive(Debug)]
pub(super) struct Slot(Arc<Account>);

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Account {
    pub(super) fn new(allowance: Allowance) -> Self {
        Self {
            allowance,
            open: AtomicU64::new(0),
            books: Mutex::default(),
        }
    }

    pub(super) fn usage(&self) -> Usage {
        let books = self.books();
        Usage {
            bytes: books.bytes,
            inodes: books.inodes,
            open: self.open.load(Ordering::Relaxed),
        }
    }

    pub(super) fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// # Errors
    /// - `MFILE`: as many files are open as may be.
    pub(super) fn slot(self: &Arc<Self>) -> Result<Slot> {
        let taken = |open| (open < self.allowance.open).then_some(open + 1);
        match self
            .open
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, taken)
        {
            Ok(_) => Ok(Slot(Arc::clone(self))),
            Err(_) => Err(Errno::Mfile.into()),
        }
    }

    /// # Errors
    /// - `DQUOT`: a file of this size may not become as large as that.
    pub(super) fn check_bytes(&self, books: &Books, size: u64, extent: Extent) -> Result<()> {
        let growth = extent.after(size).saturating_sub(size);
        match growth > self.allowance.bytes.saturating_sub(books.bytes) {
            true => Err(Errno::Dquot.into()),
            false => Ok(()),
        }
    }

    /// Whether something may be made.
    pub(super) fn has_inode(&self, books: &Books) -> bool {
        books.inodes < self.allowance.inodes
    }
}

impl Books {
    /// A file has another size. Growth is charged; of what is gone as much comes back as was charged
    /// for the file.
    pub(super) fn resized(&mut self, key: Key, before: u64, after: u64) {
        let grown = after.saturating_sub(before);
        if let Some(identity) = key.filter(|_| before != after) {
            let record = self.files.entry(identity).or_default();
            let shrunk = before.saturating_sub(after).min(record.bytes);
            record.bytes = record.bytes - shrunk + grown;
            self.bytes -= shrunk;
        }
        self.bytes += grown;
        self.forget_unused(key);
    }

    /// A file was emptied, or cut to this size, nobody knows from which.
    pub(super) fn cut(&mut self, key: Key, size: u64) {
        let charged = key.and_then(|identity| self.files.get(&identity));
        let charged = charged.map_or(0, |record| record.bytes);
        self.resized(key, charged.max(size), size);
    }

    /// Something was made. What had its number before is gone, whoever removed it.
    pub(super) fn made(&mut self, key: Key) {
        self.removed(key);
        self.inodes += 1;
        if let Some(identity) = key {
            self.files.entry(identity).or_default().is_made = true;
        }
    }

    /// The last name was removed. What was charged comes back when nobody has it open any more.
    pub(super) fn removed(&mut self, key: Key) {
        if let Some(record) = key.and_then(|identity| self.files.get_mut(&identity)) {
            record.is_gone = true;
        }
        self.forget_unused(key);
    }

    pub(super) fn opened(&mut self, key: Key) {
        if let Some(identity) = key {
            self.files.entry(identity).or_default().open += 1;
        }
    }

    pub(super) fn closed(&mut self, key: Key) {
        if let Some(record) = key.and_then(|identity| self.files.get_mut(&identity)) {
            record.open = record.open.saturating_sub(1);
        }
        self.forget_unused(key);
    }

    fn forget_unused(&mut self, key: Key) {
        let Some(identity) = key else {
            return;
        };
        let is_unused = |record: &&Record| {
            record.open == 0 && (record.is_gone || !record.is_made && record.bytes == 0)
        };
        if self.files.get(&identity).filter(is_unused).is_none() {
            return;
        }
        if let Some(record) = self.files.remove(&identity) {
            self.bytes -= record.bytes;
            self.inodes -= u64::from(record.is_made);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: Key = Some(Identity {
        device: Device::View(1),
        inode: 1,
    });

    fn totals(books: &Books) -> (u64, u64, usize) {
        (books.bytes, books.inodes, books.files.len())
    }

    #[test]
    fn books_of_files_without_a_number_take_nothing_back() {
        let mut books = Books::default();
        books.made(None);
        books.opened(None);
        books.resized(None, 0, 10);
        books.resized(None, 10, 0);
        books.cut(None, 0);
        books.closed(None);
        books.removed(None);
        assert_eq!(totals(&books), (10, 1, 0));
    }

    #[test]
    fn resized_gives_back_at_most_what_was_charged() {
        let mut books = Books::default();
        for (before, after, charged) in [
            (1000, 1000, 0),
            (1000, 1500, 500),
            (1500, 1200, 200),
            (1200, 0, 0),
            (0, 300, 300),
            (300, 100, 100),
        ] {
            books.resized(KEY, before, after);
            assert_eq!(books.bytes, charged, "{before} to {after}");
        }
        books.cut(KEY, 40);
        assert_eq!(totals(&books), (40, 0, 1));
        books.cut(KEY, 0);
        assert_eq!(totals(&books), (0, 0, 0));
    }

    #[test]
    fn removed_while_open_comes_back_with_the_last_close() {
        let mut books = Books::default();
        books.made(KEY);
        books.opened(KEY);
        books.opened(KEY);
        books.resized(KEY, 0, 7);
        books.removed(KEY);
        books.closed(KEY);
        assert_eq!(totals(&books), (7, 1, 1));
        books.closed(KEY);
        assert_eq!(totals(&books), (0, 0, 0));
    }

    #[test]
    fn made_with_a_number_that_is_known_replaces_it() {
        let mut books = Books::default();
        for _ in 0..3 {
            books.made(KEY);
            books.resized(KEY, 0, 7);
        }
        assert_eq!(totals(&books), (7, 1, 1));
    }

    #[test]
    fn check_bytes_up_to_the_allowance_and_no_further() {
        let account = Account::new(Allowance {
            bytes: 10,
            ..Allowance::default()
        });
        let mut books = Books::default();
        books.resized(KEY, 0, 4);
        for (size, extent, fits) in [
            (100, Extent::To(106), true),
            (100, Extent::To(107), false),
            (100, Extent::To(u64::MAX), false),
            (100, Extent::To(3), true),
            (100, Extent::Further(6), true),
            (100, Extent::Further(7), false),
            (100, Extent::Further(u64::MAX), false),
            (100, Extent::Exactly(0), true),
            (0, Extent::Exactly(7), false),
        ] {
            let checked = account.check_bytes(&books, size, extent);
            assert_eq!(checked.is_ok(), fits, "{size} {extent:?}");
        }
    }
}
