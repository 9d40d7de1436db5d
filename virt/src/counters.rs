//! Counting calls.

mod counts;
mod row;

pub use counts::{Count, Counts};

use row::Row;
use std::time::Instant;
use turnkey_snapshots::{functions, preview_0, preview_1};
use turnkey_wasi_common::function::Function;
use turnkey_wasi_common::{Errno, Filter, Invocation, Verdict};

/// A filter that counts: calls, errors, moved bytes and time, for each function by itself. It takes
/// no lock and nothing from the heap, and one may serve any number of guests.
///
/// ```
/// use std::sync::Arc;
/// use turnkey_snapshots::{Func, Memory, complete, preview_1};
/// use turnkey_virt::Counters;
/// use turnkey_wasi_common::{Errno, WasiCtx};
///
/// let counters = Arc::new(Counters::new());
/// let ctx = WasiCtx::builder().filter(counters.clone()).build()?;
/// for fd in 0..5 {
///     complete(&ctx, |call| preview_1::fd_close(call, &mut Memory::new(&mut []), fd))?;
/// }
///
/// let counts = counters.counts();
/// let close = counts.of(Func::FdClose).next().unwrap();
/// assert_eq!((close.calls, &close.errors[..]), (5, &[(Errno::Badf, 2)][..]));
/// assert!(counts.to_string().contains("badf 2"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Counters {
    /// One for each function, preview 1's first.
    rows: Box<[Row]>,
    start: Instant,
}

impl Counters {
    /// Counters that have counted nothing.
    pub fn new() -> Self {
        Self {
            rows: functions().map(Row::new).collect(),
            start: Instant::now(),
        }
    }

    /// What was counted so far, of functions that were called. Calls that are under way are not
    /// part of it. What threads count meanwhile may be seen in parts.
    pub fn counts(&self) -> Counts {
        Counts(self.rows.iter().filter_map(Row::count).collect())
    }

    fn row(&self, function: &Function) -> Option<&Row> {
        let first = match function.module {
            preview_1::MODULE => 0,
            preview_0::MODULE => preview_1::FUNCTIONS.len(),
            _ => return None,
        };
        self.rows.get(first + function.index)
    }

    /// Nanoseconds since the counters were made.
    fn now(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}

impl Default for Counters {
    fn default() -> Self {
        Self::new()
    }
}

impl Filter for Counters {
    fn before(&self, call: &Invocation<'_>, _memory: &mut [u8]) -> Verdict {
        call.note.set(self.now());
        Verdict::Continue
    }

    fn after(&self, call: &Invocation<'_>, memory: &mut [u8], errno: Option<Errno>) {
        if let Some(row) = self.row(call.function) {
            let took = self.now().saturating_sub(call.note.get());
            row.add(call, memory, errno, took);
        }
    }
}

#[cfg(test)]
mod tests;
