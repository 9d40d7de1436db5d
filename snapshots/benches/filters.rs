//! What filters cost: nothing where there are none.
//!
//! Each row is one function, called without the look for filters ("absent", as in a build that has
//! none), with it but without a filter ("none"), and with filters that let everything pass. The
//! forms take turns, and of each the shortest round counts, so that whatever else the machine does
//! falls on all of them alike.
//!
//! `cargo bench -p turnkey-snapshots --bench filters`
#![allow(clippy::print_stdout, reason = "it reports to whoever runs it")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};
use turnkey_snapshots::preview_1::{self, unfiltered};
use turnkey_snapshots::{Call, Memory, complete};
use turnkey_wasi_common::{Clock, Clocks, Filter, Result, Stop, WasiCtx};

const ROUNDS: u32 = 1_001;
/// Few enough that a round has a chance to be over before the thread is interrupted.
const CALLS: u32 = 5_000;

/// A clock that costs nothing to read.
struct Stopped;

impl Clocks for Stopped {
    fn now(&self, _clock: Clock) -> Result<u64> {
        Ok(1)
    }

    fn resolution(&self, _clock: Clock) -> Result<u64> {
        Ok(1)
    }
}

/// Lets everything pass.
struct Pass;

impl Filter for Pass {}

fn guest(filters: usize) -> WasiCtx {
    let mut context = WasiCtx::builder().clocks(Arc::new(Stopped));
    for _ in 0..filters {
        context = context.filter(Arc::new(Pass));
    }
    match context.build() {
        Ok(ctx) => ctx,
        Err(error) => unreachable!("{error}"),
    }
}

/// The time that a round of calls takes.
#[inline(never)]
fn round(
    ctx: &WasiCtx,
    attempt: impl Fn(&mut Call<'_>, &mut Memory<'_>) -> std::result::Result<i32, Stop>,
) -> Duration {
    let mut bytes = [0; 64];
    let start = Instant::now();
    for _ in 0..CALLS {
        let answer = complete(black_box(ctx), |call| {
            attempt(call, &mut Memory::new(black_box(&mut bytes)))
        });
        assert_eq!(black_box(answer), Ok(0));
    }
    start.elapsed()
}

fn nanoseconds(round: Duration) -> f64 {
    round.as_secs_f64() * 1e9 / f64::from(CALLS)
}

fn row(
    name: &str,
    absent: impl Fn(&mut Call<'_>, &mut Memory<'_>) -> std::result::Result<i32, Stop>,
    present: impl Fn(&mut Call<'_>, &mut Memory<'_>) -> std::result::Result<i32, Stop>,
) {
    let guests = [guest(0), guest(1), guest(2)];
    let mut shortest = [Duration::MAX; 4];
    for _ in 0..ROUNDS {
        let rounds = [
            round(&guests[0], &absent),
            round(&guests[0], &present),
            round(&guests[1], &present),
            round(&guests[2], &present),
        ];
        for (shortest, round) in shortest.iter_mut().zip(rounds) {
            *shortest = round.min(*shortest);
        }
    }
    let [absent, none, one, two] = shortest.map(nanoseconds);
    println!("{name:<16} {absent:>8.2} {none:>8.2} {one:>8.2} {two:>8.2}");
}

fn main() {
    println!("ns per call, the shortest of {ROUNDS} rounds of {CALLS} calls");
    println!(
        "{:<16} {:>8} {:>8} {:>8} {:>8}",
        "", "absent", "none", "1 passes", "2 pass"
    );
    row(
        "clock_time_get",
        |call, memory| unfiltered::clock_time_get(call, memory, 1, 0, 8),
        |call, memory| preview_1::clock_time_get(call, memory, 1, 0, 8),
    );
    row(
        "fd_fdstat_get",
        |call, memory| unfiltered::fd_fdstat_get(call, memory, 1, 8),
        |call, memory| preview_1::fd_fdstat_get(call, memory, 1, 8),
    );
    row(
        "args_sizes_get",
        |call, memory| unfiltered::args_sizes_get(call, memory, 8, 12),
        |call, memory| preview_1::args_sizes_get(call, memory, 8, 12),
    );
}
