//! What the host writes into a guest's memory.

use super::buffers::Buffers;
use super::numbers;
use super::shape::{self, Shape, shape};
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Write};
use std::ops::Range;
use turnkey_wasi_common::Errno;
use turnkey_wasi_common::function::Function;

/// Blocks that one call is compared in, about. Beside the end of each range there are no more, so
/// that what is kept for a call does not grow with the guest's memory.
const BLOCKS: usize = 4096;

/// The fewest bytes of a block.
const SMALLEST_BLOCK: usize = 64;

/// Where the host may write during a call, and where it did.
///
/// A function that tells how much it moved wrote just that, from the first element on. Nobody tells
/// how much the others wrote: there the memory is compared with what it was, in blocks. A call that
/// fails may have written a part first; so all that it may have written counts then, unless the
/// errno says that nothing was done: there was nothing to read yet, or nothing to read from.
///
/// A byte too many does no harm, as it is what the guest's memory holds at that time.
#[derive(Debug, Default)]
pub(crate) struct Written {
    /// Where a function that tells how much it moved may write, in its order.
    filled: Buffers,
    /// The size of an element of those.
    element: u64,
    /// Where another function may write.
    compared: Vec<Range<usize>>,
    block: usize,
    sums: Vec<u64>,
    /// Keyed by chance, so that no guest makes two blocks look the same.
    hasher: RandomState,
    /// Where it did.
    ranges: Vec<Range<usize>>,
}

impl Written {
    /// Looks at the memory before a call.
    pub(crate) fn before(&mut self, function: &'static Function, args: &[u64], memory: &[u8]) {
        self.filled.clear();
        self.compared.clear();
        self.sums.clear();
        let tells_count = shape::tells_count(function);
        for (index, param) in function.params.iter().enumerate() {
            match shape(param) {
                Some(Shape::Filled(elements)) => {
                    let range = elements.range(function, args, index, memory.len());
                    match tells_count {
                        true => self.filled.push(range),
                        false => self.compared.push(range),
                    }
                    self.element = elements.size();
                }
                Some(Shape::Buffers(list)) if list.filled => {
                    let records = list.records.bytes(function, args, index, memory);
                    self.filled
                        .read(&list, records.unwrap_or_default(), memory.len());
                    self.element = u64::from(list.element);
                    if !tells_count {
                        self.compared.extend(self.filled.first(None));
                        self.filled.clear();
                    }
                }
                _ => {}
            }
        }
        merge(&mut self.compared);
        let total = self
            .compared
            .iter()
            .map(ExactSizeIterator::len)
            .sum::<usize>();
        self.block = total.div_ceil(BLOCKS).max(SMALLEST_BLOCK);
        for block in blocks(&self.compared, self.block) {
            self.sums.push(self.hasher.hash_one(memory.get(block)));
        }
    }

    /// Finds what a call has written that answered this, and appends it to a log: for each range
    /// its length, the way to it from the last one, and its bytes; a length of 0 is the end.
    ///
    /// # Errors
    /// Of the log.
    pub(crate) fn after(
        &mut self,
        (function, args): (&'static Function, &[u64]),
        errno: Errno,
        memory: &[u8],
        log: &mut impl Write,
        scratch: &mut Vec<u8>,
    ) -> io::Result<()> {
        self.ranges.clear();
        match errno {
            Errno::Success => {
                let moved = moved(function, args, memory);
                let bytes = moved.map(|count| count.saturating_mul(self.element));
                self.ranges.extend(self.filled.first(bytes));
                self.ranges
                    .extend(shape::results(function, args, memory.len()));
            }
            Errno::Again | Errno::Badf => {}
            _ => self.ranges.extend(self.filled.first(None)),
        }
        let blocks = blocks(&self.compared, self.block).zip(&self.sums);
        let changed =
            blocks.filter(|(block, sum)| self.hasher.hash_one(memory.get(block.clone())) != **sum);
        self.ranges.extend(changed.map(|(block, _)| block));
        merge(&mut self.ranges);

        let mut at = args.last().copied().unwrap_or(0);
        for range in &self.ranges {
            let bytes = memory.get(range.clone()).unwrap_or_default();
            scratch.clear();
            numbers::put(scratch, bytes.len() as u64);
            numbers::put(scratch, numbers::step(at, range.start as u64));
            log.write_all(scratch)?;
            log.write_all(bytes)?;
            at = range.end as u64;
        }
        log.write_all(&[0])
    }
}

/// How many elements a call that succeeded says that it moved. `None` if nothing is said, or if
/// one result was written over another.
pub(crate) fn moved(function: &'static Function, args: &[u64], memory: &[u8]) -> Option<u64> {
    if !shape::tells_count(function) {
        return None;
    }
    let mut results = shape::results(function, args, memory.len());
    let count = results.next()?;
    if results.any(|other| other.start < count.end && count.start < other.end) {
        return None;
    }
    let count = memory.get(count)?.try_into().ok()?;
    Some(u64::from(u32::from_le_bytes(count)))
}

/// Brings ranges into order, and makes one of those that touch.
fn merge(ranges: &mut Vec<Range<usize>>) {
    ranges.retain(|range| !range.is_empty());
    ranges.sort_unstable_by_key(|range| range.start);
    ranges.dedup_by(|next, last| {
        let touches = next.start <= last.end;
        if touches {
            last.end = last.end.max(next.end);
        }
        touches
    });
}

/// The ranges, cut into blocks.
fn blocks(ranges: &[Range<usize>], block: usize) -> impl Iterator<Item = Range<usize>> {
    ranges.iter().flat_map(move |range| {
        let starts = range.clone().step_by(block.max(1));
        starts.map(move |start| start..range.end.min(start.saturating_add(block)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merge_ranges_that_touch_become_one() {
        let mut ranges = vec![30..40, 0..0, 5..6, 10..20, 20..25, 12..13, 39..50];
        merge(&mut ranges);
        assert_eq!(ranges, [5..6, 10..25, 30..50]);
    }

    #[test]
    fn blocks_cut_at_the_end_of_each_range() {
        let cut: Vec<_> = blocks(&[0..10, 20..21], 4).collect();
        assert_eq!(cut, [0..4, 4..8, 8..10, 20..21]);
    }

    #[test]
    fn before_large_memories_take_a_bounded_number_of_sums() {
        let args_get = turnkey_snapshots::function("wasi_snapshot_preview1", "args_get").unwrap();
        let mut written = Written::default();
        for size in [0, 100, 1 << 16, 10 << 20] {
            written.before(args_get, &[0, 8], &vec![0; size]);
            assert!(written.sums.len() <= BLOCKS + 1, "{size}");
        }
        assert_eq!(written.block, 2560);
    }
}
