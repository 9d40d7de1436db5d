//! What something asks of the heap.

use crate::Failure;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use std::alloc::System;

#[global_allocator]
static HEAP: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// How often `step` takes or grows something of the heap.
pub(crate) fn allocations(step: impl FnOnce() -> Result<(), Failure>) -> Result<usize, Failure> {
    let region = Region::new(HEAP);
    step()?;
    let change = region.change();
    Ok(change.allocations + change.reallocations)
}

/// What `make` makes, and how many more bytes of the heap are taken then.
pub(crate) fn held<R>(make: impl FnOnce() -> Result<R, Failure>) -> Result<(R, usize), Failure> {
    let region = Region::new(HEAP);
    let made = make()?;
    let change = region.change();
    Ok((
        made,
        change
            .bytes_allocated
            .saturating_sub(change.bytes_deallocated),
    ))
}
