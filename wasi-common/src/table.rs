//! The descriptor table: numbers to entries.
//!
//! It has two forms of one behaviour. [`OwnedTable`] belongs to a single thread at a time and is
//! reached without a lock; [`SharedTable`] may be used by many threads, whose look-ups never wait
//! for each other or for somebody who opens and closes. A new descriptor gets the lowest free
//! number, in constant time, and the table never grows beyond its limit.

mod numbers;
mod owned;
mod shared;

use crate::{Entry, Errno, Fd};

pub use numbers::MOST_FILES;
pub use owned::OwnedTable;
pub use shared::SharedTable;

/// A descriptor table.
///
/// ```
/// use std::sync::Arc;
/// use turnkey_wasi_common::table::OwnedTable;
/// use turnkey_wasi_common::{Entry, Errno, Fd, FdFlags, Null, Object, Rights, Table};
///
/// let entry = || {
///     let object = Object::Stream(Arc::new(Null));
///     Entry::new(object, FdFlags::empty(), Rights::FD_READ, Rights::empty())
/// };
/// let table = OwnedTable::with_limit(2);
/// assert_eq!(table.insert(entry()), Ok(Fd(0)));
/// assert_eq!(table.insert(entry()), Ok(Fd(1)));
/// assert_eq!(table.insert(entry()), Err(Errno::Mfile));
///
/// table.remove(Fd(0))?;
/// assert_eq!(table.with(Fd(0), Entry::base), Err(Errno::Badf));
/// assert_eq!(table.insert(entry()), Ok(Fd(0)), "the lowest number that is free");
/// # Ok::<(), Errno>(())
/// ```
pub trait Table: Sized + Send {
    /// An empty table for at most `limit` descriptors, and never more than [`MOST_FILES`].
    fn with_limit(limit: u32) -> Self;

    /// The same with entries, which get the numbers from 0 on.
    ///
    /// # Errors
    /// - `MFILE`: there are more of them than the limit allows.
    fn with_entries(limit: u32, entries: Vec<Entry>) -> Result<Self, Errno> {
        let table = Self::with_limit(limit);
        for entry in entries {
            table.insert(entry)?;
        }
        Ok(table)
    }

    /// Does something with the entry at a number. While it is done the entry stays, even if a
    /// thread closes it meanwhile; an owned table cannot be changed meanwhile.
    ///
    /// # Errors
    /// - `BADF`: nothing is open there.
    fn with<R>(&self, fd: Fd, step: impl FnOnce(&Entry) -> R) -> Result<R, Errno>;

    /// Opens an entry at the lowest free number.
    ///
    /// # Errors
    /// - `MFILE`: the table is full.
    /// - `BUSY`: an owned table is in use by a call further up.
    fn insert(&self, entry: Entry) -> Result<Fd, Errno>;

    /// Whether there is room for one more, to be asked before something is opened for it.
    ///
    /// # Errors
    /// - `MFILE`: the table is full.
    fn check_room(&self) -> Result<(), Errno>;

    /// Closes a number and answers what stood there.
    ///
    /// # Errors
    /// - `BADF`: nothing is open there.
    /// - `BUSY`: an owned table is in use by a call further up.
    fn remove(&self, fd: Fd) -> Result<Handle, Errno>;

    /// Moves the entry at `from` to `to`, which is open as well, and answers what stood there. If
    /// both are the same, nothing happens.
    ///
    /// # Errors
    /// - `BADF`: nothing is open at one of them.
    /// - `BUSY`: an owned table is in use by a call further up.
    fn renumber(&self, from: Fd, to: Fd) -> Result<Option<Handle>, Errno>;

    /// How many descriptors are open.
    fn len(&self) -> usize;

    /// Whether none is open.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// An entry that has left a table. It closes when it is dropped, which is to happen when the
/// table is no longer in use.
#[derive(Debug)]
pub enum Handle {
    /// From an owned table.
    Owned(Entry),
    /// From a shared table: another thread may still be using it.
    Shared(std::sync::Arc<Entry>),
}

#[cfg(test)]
mod tests;
