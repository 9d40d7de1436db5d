//! What a program takes from the heap.

use stats_alloc::INSTRUMENTED_SYSTEM;

/// Bytes that are in use, if anybody counts them.
pub(super) fn live_bytes() -> usize {
    let stats = INSTRUMENTED_SYSTEM.stats();
    stats
        .bytes_allocated
        .saturating_sub(stats.bytes_deallocated)
}
