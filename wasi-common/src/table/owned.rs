//! The table of a context that one thread at a time uses.

use super::numbers::Numbers;
use super::{Handle, Table};
use crate::{Entry, Errno, Fd};
use std::cell::RefCell;

/// A table without a lock. It can be sent to another thread, but not be shared.
#[derive(Debug)]
pub struct OwnedTable(RefCell<Slots>);

#[derive(Debug)]
struct Slots {
    entries: Vec<Option<Entry>>,
    numbers: Numbers,
}

impl Slots {
    fn at(&self, fd: Fd) -> Result<&Entry, Errno> {
        match self.entries.get(fd.0 as usize) {
            Some(Some(entry)) => Ok(entry),
            _ => Err(Errno::Badf),
        }
    }

    fn slot(&mut self, fd: Fd) -> Result<&mut Option<Entry>, Errno> {
        self.entries.get_mut(fd.0 as usize).ok_or(Errno::Badf)
    }
}

impl OwnedTable {
    fn change<R>(&self, step: impl FnOnce(&mut Slots) -> Result<R, Errno>) -> Result<R, Errno> {
        let mut slots = self.0.try_borrow_mut().map_err(|_| Errno::Busy)?;
        step(&mut slots)
    }
}

impl Table for OwnedTable {
    fn with_limit(limit: u32) -> Self {
        Self(RefCell::new(Slots {
            entries: Vec::new(),
            numbers: Numbers::with_limit(limit),
        }))
    }

    fn with_entries(limit: u32, entries: Vec<Entry>) -> Result<Self, Errno> {
        let mut numbers = Numbers::with_limit(limit);
        for _ in &entries {
            numbers.take().ok_or(Errno::Mfile)?;
        }
        // They stay where they are: an entry takes no less room than one that may be missing.
        let entries = entries.into_iter().map(Some).collect();
        Ok(Self(RefCell::new(Slots { entries, numbers })))
    }

    #[inline]
    fn with<R>(&self, fd: Fd, step: impl FnOnce(&Entry) -> R) -> Result<R, Errno> {
        let slots = self.0.try_borrow().map_err(|_| Errno::Busy)?;
        Ok(step(slots.at(fd)?))
    }

    fn insert(&self, entry: Entry) -> Result<Fd, Errno> {
        self.change(|slots| {
            let number = slots.numbers.take().ok_or(Errno::Mfile)?;
            let index = number as usize;
            if slots.entries.len() <= index {
                slots.entries.resize_with(index + 1, || None);
            }
            *slots.slot(Fd(number))? = Some(entry);
            Ok(Fd(number))
        })
    }

    fn check_room(&self) -> Result<(), Errno> {
        let slots = self.0.try_borrow().map_err(|_| Errno::Busy)?;
        slots.numbers.has_room().then_some(()).ok_or(Errno::Mfile)
    }

    fn remove(&self, fd: Fd) -> Result<Handle, Errno> {
        self.change(|slots| {
            let entry = slots.slot(fd)?.take().ok_or(Errno::Badf)?;
            slots.numbers.give_back(fd.0);
            Ok(Handle::Owned(entry))
        })
    }

    fn renumber(&self, from: Fd, to: Fd) -> Result<Option<Handle>, Errno> {
        self.change(|slots| {
            slots.at(from)?;
            slots.at(to)?;
            if from == to {
                return Ok(None);
            }
            let moved = slots.slot(from)?.take();
            slots.numbers.give_back(from.0);
            let replaced = std::mem::replace(slots.slot(to)?, moved);
            Ok(replaced.map(Handle::Owned))
        })
    }

    fn len(&self) -> usize {
        match self.0.try_borrow() {
            Ok(slots) => slots.numbers.count() as usize,
            Err(_) => 0,
        }
    }
}
