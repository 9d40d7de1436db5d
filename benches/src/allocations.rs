//! How often something asks the heap for room.

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
