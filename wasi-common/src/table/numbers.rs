//! Which descriptor numbers are in use.

/// The most numbers that there are: three levels of 64.
pub const MOST_FILES: u32 = 64 * 64 * 64;

/// How many numbers are in the first word.
const FIRST: u32 = 64;

/// A set of used numbers that finds the lowest free one in constant time.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    /// The bits of the numbers that most guests need.
    first: u64,
    /// All others, in a place of their own.
    others: Option<Box<Levels>>,
    count: u32,
    limit: u32,
}

/// A bit of the lowest level says that a number is used; a bit above says that the word of 64 bits
/// beneath it is full.
#[derive(Debug, Default)]
struct Levels {
    used: Vec<u64>,
    full: Vec<u64>,
    top: u64,
}

impl Numbers {
    pub(super) fn with_limit(limit: u32) -> Self {
        Self {
            limit: limit.min(MOST_FILES),
            ..Self::default()
        }
    }

    pub(super) fn count(&self) -> u32 {
        self.count
    }

    pub(super) fn has_room(&self) -> bool {
        self.count < self.limit
    }

    /// Takes the lowest free number.
    pub(super) fn take(&mut self) -> Option<u32> {
        if !self.has_room() {
            return None;
        }
        self.count += 1;
        match self.first.trailing_ones() {
            FIRST => Some(FIRST + self.others.get_or_insert_default().take()),
            number => {
                self.first |= 1 << number;
                Some(number)
            }
        }
    }

    /// Gives a number back that was taken.
    pub(super) fn give_back(&mut self, number: u32) {
        match number.checked_sub(FIRST) {
            None => self.first &= !(1 << number),
            Some(other) => {
                if let Some(others) = &mut self.others {
                    others.give_back(other);
                }
            }
        }
        self.count -= 1;
    }
}

impl Levels {
    fn take(&mut self) -> u32 {
        let middle = self.top.trailing_ones();
        let word = middle * 64 + word_at(&self.full, middle).trailing_ones();
        let number = word * 64 + word_at(&self.used, word).trailing_ones();
        if set(&mut self.used, number) && set(&mut self.full, word) {
            self.top |= 1 << middle;
        }
        number
    }

    fn give_back(&mut self, number: u32) {
        clear(&mut self.used, number);
        clear(&mut self.full, number / 64);
        self.top &= !(1 << (number / 64 / 64));
    }
}

fn word_at(words: &[u64], index: u32) -> u64 {
    words.get(index as usize).copied().unwrap_or(0)
}

/// Sets a bit; answers whether its word is full now.
fn set(words: &mut Vec<u64>, bit: u32) -> bool {
    let index = (bit / 64) as usize;
    if words.len() <= index {
        words.resize(index + 1, 0);
    }
    match words.get_mut(index) {
        Some(word) => {
            *word |= 1 << (bit % 64);
            *word == u64::MAX
        }
        None => false,
    }
}

fn clear(words: &mut [u64], bit: u32) {
    if let Some(word) = words.get_mut((bit / 64) as usize) {
        *word &= !(1 << (bit % 64));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn take_after_give_back_lowest_first() {
        let mut numbers = Numbers::with_limit(MOST_FILES);
        for expected in 0..5000 {
            assert_eq!(numbers.take(), Some(expected));
        }
        for back in [4999, 64, 4096, 3] {
            numbers.give_back(back);
        }
        for expected in [3, 64, 4096, 4999, 5000] {
            assert_eq!(numbers.take(), Some(expected));
        }
    }

    #[test]
    fn take_every_number_then_none() {
        let mut numbers = Numbers::with_limit(u32::MAX);
        for expected in 0..MOST_FILES {
            assert_eq!(numbers.take(), Some(expected));
        }
        assert_eq!(numbers.take(), None);
        numbers.give_back(200_000);
        assert_eq!(numbers.take(), Some(200_000));
    }
}
