//! Which of several calls is struck.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

/// Which of the calls that a fault means it strikes. The first call is number 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// All.
    Always,
    /// So many of so many on average, by chance: `Chance(1, 10)` is every tenth call or so. Nothing
    /// of nothing strikes none.
    Chance(u32, u32),
    /// This one alone.
    Nth(u64),
    /// Each whose number is a multiple of this; none for 0.
    Every(u64),
}

impl Turn {
    /// Whether the call after so many others is struck. It depends on nothing else, so that threads
    /// do not change which calls of a sequence are struck.
    pub(super) fn has_come(self, before: u64, seed: u64) -> bool {
        let number = before.wrapping_add(1);
        match self {
            Self::Always => true,
            Self::Chance(hits, of) => {
                let mut random = ChaCha8Rng::seed_from_u64(seed);
                random.set_stream(number);
                // 64 bits are so many more than 32 that the remainder favours nobody.
                let drawn = random.next_u64().checked_rem(of.into());
                drawn.is_some_and(|drawn| drawn < hits.into())
            }
            Self::Nth(nth) => number == nth,
            Self::Every(every) => number.checked_rem(every) == Some(0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn struck(turn: Turn, seed: u64) -> Vec<u64> {
        (0..40)
            .filter(|before| turn.has_come(*before, seed))
            .map(|before| before + 1)
            .collect()
    }

    #[test]
    fn has_come_numbers_as_they_say() {
        assert_eq!(struck(Turn::Always, 0).len(), 40);
        assert_eq!(struck(Turn::Nth(3), 0), [3]);
        assert!(struck(Turn::Nth(0), 0).is_empty());
        assert_eq!(struck(Turn::Every(15), 0), [15, 30]);
        assert!(struck(Turn::Every(0), 0).is_empty());
        assert!(struck(Turn::Chance(0, 10), 0).is_empty());
        assert!(struck(Turn::Chance(0, 0), 0).is_empty());
        assert_eq!(struck(Turn::Chance(5, 5), 0).len(), 40);
    }

    #[test]
    fn has_come_chance_pinned_by_its_seed() {
        assert_eq!(struck(Turn::Chance(1, 10), 0), [5, 8, 23]);
        assert_eq!(struck(Turn::Chance(1, 10), 7), [5, 19, 20, 30]);
    }

    #[test]
    fn has_come_chance_about_as_often_as_it_says() {
        let hits = (0..10_000)
            .filter(|before| Turn::Chance(1, 4).has_come(*before, 1))
            .count();
        assert!((2300..2700).contains(&hits), "{hits} of 10000");
    }
}
