//! That neither the look for filters nor a filter that lets everything pass takes anything from the
//! heap.
//!
//! The allocator counts for the whole process, so this file has one test.
#![cfg(test)]

use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use std::alloc::System;
use std::sync::Arc;
use turnkey_snapshots::{Memory, complete, preview_1};
use turnkey_wasi_common::{Verdict, WasiCtx, after, before};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// How often the calls are counted. The fewest are what they take: what runs the tests takes
/// something too, now and then.
const ROUNDS: usize = 5;

#[test]
fn filtered_calls_nothing_from_the_heap() {
    for filters in 0..=2 {
        let mut context = WasiCtx::builder();
        for _ in 0..filters {
            let pass = before(|call, _| {
                call.note.set(1);
                Verdict::Continue
            });
            context = context.filter(Arc::new(pass));
        }
        let ctx = context.build().unwrap();
        let mut memory = vec![0; 64];
        let mut allocations = |calls| {
            let region = Region::new(ALLOCATOR);
            for _ in 0..calls {
                let stat = complete(&ctx, |call| {
                    preview_1::fd_fdstat_get(call, &mut Memory::new(&mut memory), 0, 0)
                });
                assert_eq!(stat, Ok(0));
            }
            region.change().allocations
        };
        let fewest = (0..ROUNDS).map(|_| allocations(1000)).min();
        assert_eq!(fewest, Some(0), "with {filters} filters");
    }

    // The count is one of what happens.
    let boxing = after(|_, _, _| drop(std::hint::black_box(Box::new(1))));
    let ctx = WasiCtx::builder().filter(Arc::new(boxing)).build().unwrap();
    let region = Region::new(ALLOCATOR);
    let closed = complete(&ctx, |call| {
        preview_1::fd_close(call, &mut Memory::new(&mut []), 9)
    });
    assert_eq!(closed, Ok(8));
    assert!(region.change().allocations >= 1);
}
