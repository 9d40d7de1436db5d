//! What the host takes from a guest's buffers.

use super::buffers::Buffers;
use super::contents::Contents;
use super::shape::{self, BufferList};
use std::ops::Range;
use turnkey_wasi_common::function::Function;

/// The bytes that a call which writes hands to the host, as far as they are taken.
///
/// What the results of the call overwrite does not count, as it is other before the call than after
/// it: a recorder looks after the call, when it knows how much was taken, and a replay before it.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    buffers: Buffers,
    results: Vec<Range<usize>>,
    pub(crate) data: Contents,
}

impl Taken {
    /// Looks at where a guest's buffers are.
    pub(crate) fn find(
        &mut self,
        (function, args): (&'static Function, &[u64]),
        (param, list): (usize, BufferList),
        memory: &[u8],
    ) {
        let records = list.records.bytes(function, args, param, memory);
        let records = records.unwrap_or_default();
        self.buffers.read(&list, records, memory.len());
        self.results.clear();
        let results = shape::results(function, args, memory.len());
        self.results.extend(results);
        self.results.sort_unstable_by_key(|range| range.start);
    }

    /// Looks at the first bytes of them.
    pub(crate) fn read(&mut self, list: BufferList, bytes: u64, memory: &[u8]) {
        let parts = self
            .buffers
            .first(Some(bytes))
            .flat_map(|range| outside(range, &self.results))
            .filter_map(|range| memory.get(range));
        self.data.clear();
        self.data.push(Some(parts), list.records.kept);
    }
}

/// The parts of a range that are in none of several, which are in order.
fn outside(
    range: Range<usize>,
    results: &[Range<usize>],
) -> impl Iterator<Item = Range<usize>> + Clone {
    let end = range.end;
    let mut start = range.start;
    let last = end..end;
    results
        .iter()
        .cloned()
        .chain(std::iter::once(last))
        .map(move |result| {
            let part = start..result.start.clamp(start, end.max(start));
            start = start.max(result.end);
            part
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::single_range_in_vec_init, reason = "a range is what is meant")]
    fn outside_what_results_cover_left_out() {
        let check = |range: Range<usize>, results: &[Range<usize>], expected: &[Range<usize>]| {
            let parts: Vec<_> = outside(range, results)
                .filter(|part| !part.is_empty())
                .collect();
            assert_eq!(parts, expected, "{results:?}");
        };
        check(10..20, &[], &[10..20]);
        check(10..20, &[12..14], &[10..12, 14..20]);
        check(10..20, &[12..16, 14..18], &[10..12, 18..20]);
        check(10..20, &[12..18, 13..14], &[10..12, 18..20]);
        check(10..20, &[0..4, 30..40], &[10..20]);
        check(10..20, &[0..12, 19..40], &[12..19]);
        check(10..20, &[5..25], &[]);
    }
}
