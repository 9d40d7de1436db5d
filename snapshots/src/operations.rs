//! What the functions of every snapshot do, told in terms of the core.
//!
//! Every operation looks in this order: the descriptor is open and was not taken back, its object
//! is of the right type, its rights allow the call, the arguments make sense. Nothing is written to
//! the guest's memory before the call has succeeded, and an operation that answers [`Error::Wait`]
//! has done nothing.

pub(crate) mod descriptor;
pub(crate) mod file;
pub(crate) mod io;
pub(crate) mod listing;
pub(crate) mod path;
pub(crate) mod poll;
pub(crate) mod socket;
pub(crate) mod strings;

use crate::call::Call;
use crate::error::Error;
use turnkey_wasi_common::table::Table;
use turnkey_wasi_common::{Entry, Errno, Fd, Rights, SetTime, Times};

/// Does something with an open descriptor's entry. One that was taken back is as good as closed.
///
/// Inlined, as are the other steps from a function of the snapshot's to its object: after a system
/// call, some processors return from each function as if they had never been there.
#[inline(always)]
pub(crate) fn with_entry<T: Table, R>(
    call: &mut Call<'_, T>,
    fd: Fd,
    step: impl FnOnce(&mut Call<'_, T>, &Entry) -> Result<R, Error>,
) -> Result<R, Error> {
    let table = call.ctx().table();
    table.with(fd, |entry| match entry.is_alive() {
        true => step(call, entry),
        false => Err(Errno::Badf.into()),
    })?
}

/// Sees that an entry has a right, and answers `missing` if not.
#[inline]
pub(crate) fn require(entry: &Entry, rights: Rights, missing: Errno) -> Result<(), Errno> {
    match entry.base().contains(rights) {
        true => Ok(()),
        false => Err(missing),
    }
}

/// Which times a guest wants to have set, and to what.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WantedTimes {
    pub(crate) accessed: Option<u64>,
    pub(crate) accessed_now: bool,
    pub(crate) modified: Option<u64>,
    pub(crate) modified_now: bool,
}

impl WantedTimes {
    /// # Errors
    /// - `INVAL`: a time is to be set to a value and to the present at once.
    pub(crate) fn check(self) -> Result<Times, Errno> {
        Ok(Times {
            accessed: one(self.accessed, self.accessed_now)?,
            modified: one(self.modified, self.modified_now)?,
        })
    }
}

fn one(value: Option<u64>, now: bool) -> Result<SetTime, Errno> {
    match (value, now) {
        (Some(_), true) => Err(Errno::Inval),
        (Some(value), false) => Ok(SetTime::At(value)),
        (None, true) => Ok(SetTime::Now),
        (None, false) => Ok(SetTime::Keep),
    }
}
