//! A parent's numbers for what the host holds for it.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use turnkey_wasi_common::Errno;

/// How many modules, children or handles a parent may hold of each.
pub const MOST_NUMBERS: u32 = 1 << 16;

/// Things by their numbers. A new one gets the lowest that is free.
#[derive(Debug)]
pub(super) struct Numbers<T> {
    places: Vec<Option<T>>,
    free: BinaryHeap<Reverse<u32>>,
}

impl<T> Default for Numbers<T> {
    fn default() -> Self {
        Self {
            places: Vec::new(),
            free: BinaryHeap::new(),
        }
    }
}

impl<T> Numbers<T> {
    /// # Errors
    /// - `MFILE`: no number is free.
    pub(super) fn insert(&mut self, thing: T) -> Result<u32, Errno> {
        if let Some(Reverse(number)) = self.free.pop() {
            if let Some(place) = self.places.get_mut(number as usize) {
                *place = Some(thing);
            }
            return Ok(number);
        }
        let number = u32::try_from(self.places.len()).unwrap_or(u32::MAX);
        if number >= MOST_NUMBERS {
            return Err(Errno::Mfile);
        }
        self.places.push(Some(thing));
        Ok(number)
    }

    /// # Errors
    /// - `BADF`: there is nothing at the number.
    pub(super) fn at(&self, number: u32) -> Result<&T, Errno> {
        let place = self.places.get(number as usize);
        place.and_then(Option::as_ref).ok_or(Errno::Badf)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.places.iter().flatten()
    }

    /// # Errors
    /// - `BADF`: there is nothing at the number.
    pub(super) fn remove(&mut self, number: u32) -> Result<T, Errno> {
        let place = self.places.get_mut(number as usize);
        let thing = place.and_then(Option::take).ok_or(Errno::Badf)?;
        self.free.push(Reverse(number));
        Ok(thing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn insert_lowest_free_number() {
        let mut numbers = Numbers::default();
        for n in 0..4 {
            assert_eq!(numbers.insert(n), Ok(n));
        }
        assert_eq!((numbers.remove(2), numbers.remove(0)), (Ok(2), Ok(0)));
        assert_eq!(numbers.remove(2), Err(Errno::Badf));
        assert_eq!((numbers.insert(7), numbers.insert(8)), (Ok(0), Ok(2)));
        assert_eq!(numbers.at(2), Ok(&8));
        assert_eq!(numbers.at(u32::MAX), Err(Errno::Badf));
    }

    #[test]
    fn insert_too_many_mfile() {
        let mut numbers = Numbers::default();
        for n in 0..MOST_NUMBERS {
            assert_eq!(numbers.insert(()), Ok(n));
        }
        assert_eq!(numbers.insert(()), Err(Errno::Mfile));
    }
}
