//! The table of a context that threads share.

use super::numbers::Numbers;
use super::{Handle, Table};
use crate::sync::{ArcSwapOption, Mutex, MutexGuard};
use crate::{Entry, Errno, Fd};
use std::fmt;
use std::sync::{Arc, OnceLock, PoisonError};

type Slot = ArcSwapOption<Entry>;

/// A table whose look-ups take no lock. Opening, closing and renumbering take turns.
pub struct SharedTable {
    /// Segments of 64, 128, 256 … slots. They are made when they are first needed and never move,
    /// so a look-up needs no lock.
    segments: [OnceLock<Box<[Slot]>>; SEGMENTS],
    numbers: Mutex<Numbers>,
}

const FIRST: u32 = 64;
const SEGMENTS: usize = 13;

impl SharedTable {
    /// The slot of a number, if its segment has been made.
    fn slot(&self, fd: Fd) -> Result<&Slot, Errno> {
        let (segment, index) = place(fd.0);
        self.segments
            .get(segment)
            .and_then(OnceLock::get)
            .and_then(|slots| slots.get(index))
            .ok_or(Errno::Badf)
    }

    fn slot_or_make(&self, fd: Fd) -> Result<&Slot, Errno> {
        let (segment, index) = place(fd.0);
        let slots = self
            .segments
            .get(segment)
            .ok_or(Errno::Mfile)?
            .get_or_init(|| {
                let length = (FIRST as usize) << segment;
                std::iter::repeat_with(Slot::empty).take(length).collect()
            });
        slots.get(index).ok_or(Errno::Mfile)
    }

    fn turn(&self) -> MutexGuard<'_, Numbers> {
        self.numbers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The segment of a number, and its index there.
fn place(number: u32) -> (usize, usize) {
    let shifted = u64::from(number) + u64::from(FIRST);
    let segment = shifted.ilog2() - FIRST.ilog2();
    let index = shifted - (u64::from(FIRST) << segment);
    (
        segment as usize,
        usize::try_from(index).unwrap_or(usize::MAX),
    )
}

impl Table for SharedTable {
    fn with_limit(limit: u32) -> Self {
        Self {
            segments: [const { OnceLock::new() }; SEGMENTS],
            numbers: Mutex::new(Numbers::with_limit(limit)),
        }
    }

    #[inline]
    fn with<R>(&self, fd: Fd, step: impl FnOnce(&Entry) -> R) -> Result<R, Errno> {
        let guard = self.slot(fd)?.load();
        let entry = guard.as_ref().ok_or(Errno::Badf)?;
        Ok(step(entry))
    }

    fn insert(&self, entry: Entry) -> Result<Fd, Errno> {
        let mut numbers = self.turn();
        let fd = Fd(numbers.take().ok_or(Errno::Mfile)?);
        self.slot_or_make(fd)?.store(Some(Arc::new(entry)));
        Ok(fd)
    }

    fn check_room(&self) -> Result<(), Errno> {
        self.turn().has_room().then_some(()).ok_or(Errno::Mfile)
    }

    fn remove(&self, fd: Fd) -> Result<Handle, Errno> {
        let mut numbers = self.turn();
        let entry = self.slot(fd)?.swap(None).ok_or(Errno::Badf)?;
        numbers.give_back(fd.0);
        Ok(Handle::Shared(entry))
    }

    fn renumber(&self, from: Fd, to: Fd) -> Result<Option<Handle>, Errno> {
        let mut numbers = self.turn();
        let source = self.slot(from)?;
        let target = self.slot(to)?;
        let moved = source.load_full().ok_or(Errno::Badf)?;
        if target.load().is_none() {
            return Err(Errno::Badf);
        }
        if from == to {
            return Ok(None);
        }
        let replaced = target.swap(Some(moved));
        source.store(None);
        numbers.give_back(from.0);
        Ok(replaced.map(Handle::Shared))
    }

    fn len(&self) -> usize {
        self.turn().count() as usize
    }
}

impl fmt::Debug for SharedTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedTable")
            .field("open", &self.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::MOST_FILES;

    #[test]
    fn place_every_number_has_its_own() {
        let mut expected = (0, 0);
        for number in 0..MOST_FILES {
            assert_eq!(place(number), expected);
            expected.1 += 1;
            if expected.1 == (FIRST as usize) << expected.0 {
                expected = (expected.0 + 1, 0);
            }
        }
        assert!(expected.0 < SEGMENTS);
        assert!(place(u32::MAX).0 >= SEGMENTS);
    }
}
