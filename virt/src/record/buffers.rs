//! A guest's list of buffers.

use super::shape::{BufferList, clip};
use std::ops::Range;

/// Buffers that are kept one by one. It is as many as a call of the snapshots moves.
const MOST: usize = 1024;

/// The buffers of a list, in the guest's order, the empty ones left out. They are read before the
/// call, as it may overwrite the list.
#[derive(Debug, Default)]
pub(crate) struct Buffers {
    ranges: Vec<Range<usize>>,
    /// What holds all the buffers behind those.
    rest: Range<usize>,
}

impl Buffers {
    /// Forgets all buffers.
    pub(crate) fn clear(&mut self) {
        self.ranges.clear();
        self.rest = 0..0;
    }

    /// Adds one.
    pub(crate) fn push(&mut self, range: Range<usize>) {
        if range.is_empty() {
            return;
        }
        if self.ranges.len() < MOST {
            self.ranges.push(range);
        } else if self.rest.is_empty() {
            self.rest = range;
        } else {
            self.rest = self.rest.start.min(range.start)..self.rest.end.max(range.end);
        }
    }

    /// Reads a list, each buffer as far as it lies within a memory of this size.
    pub(crate) fn read(&mut self, list: &BufferList, records: &[u8], memory: usize) {
        self.clear();
        for record in records.chunks_exact(list.stride.max(1)) {
            if let Some((start, length)) = list.buffer(record) {
                self.push(clip(start, length, memory));
            }
        }
    }

    /// Where the first bytes are, all of them if it is not said how many. More than that if there
    /// are very many buffers.
    pub(crate) fn first(&self, bytes: Option<u64>) -> impl Iterator<Item = Range<usize>> + Clone {
        let mut left = bytes.map_or(usize::MAX, |bytes| {
            usize::try_from(bytes).unwrap_or(usize::MAX)
        });
        let first = self.ranges.iter().map_while(move |range| {
            let length = range.len().min(left);
            left -= length;
            (length > 0).then(|| range.start..range.start + length)
        });
        let held: usize = self
            .ranges
            .iter()
            .fold(0, |sum, range| sum.saturating_add(range.len()));
        let is_beyond = bytes.is_none_or(|bytes| bytes > held as u64) && !self.rest.is_empty();
        first.chain(is_beyond.then(|| self.rest.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(buffers: &Buffers, bytes: Option<u64>) -> Vec<Range<usize>> {
        buffers.first(bytes).collect()
    }

    #[test]
    #[expect(clippy::single_range_in_vec_init, reason = "a range is what is meant")]
    fn first_bytes_spread_in_the_guests_order() {
        let mut buffers = Buffers::default();
        for range in [40..44, 9..9, 10..12, 41..50] {
            buffers.push(range);
        }
        for (bytes, expected) in [
            (Some(0), vec![]),
            (Some(3), vec![40..43]),
            (Some(4), vec![40..44]),
            (Some(5), vec![40..44, 10..11]),
            (Some(15), vec![40..44, 10..12, 41..50]),
            (Some(u64::MAX), vec![40..44, 10..12, 41..50]),
            (None, vec![40..44, 10..12, 41..50]),
        ] {
            assert_eq!(first(&buffers, bytes), expected, "{bytes:?}");
        }
    }

    #[test]
    fn first_more_buffers_than_kept_held_by_one_range() {
        let mut buffers = Buffers::default();
        for _ in 0..MOST {
            buffers.push(0..2);
        }
        let kept = MOST as u64 * 2;
        assert_eq!(first(&buffers, None).len(), MOST);
        for range in [700..701, 500..510, 600..650] {
            buffers.push(range);
        }
        assert_eq!(buffers.ranges.len(), MOST);
        assert_eq!(first(&buffers, Some(kept)).len(), MOST);
        assert_eq!(first(&buffers, Some(kept + 1)).last(), Some(&(500..701)));
        assert_eq!(first(&buffers, None).last(), Some(&(500..701)));
    }
}
