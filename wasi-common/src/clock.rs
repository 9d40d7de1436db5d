//! Time as a guest reads it.

use crate::{Errno, Result};

/// Which clock is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Clock {
    /// Nanoseconds since 1970-01-01T00:00:00Z; may be set back.
    Realtime,
    /// Nanoseconds since an unspecified moment; never goes back.
    Monotonic,
    /// Processor time of the whole process, in nanoseconds.
    ProcessCpu,
    /// Processor time of the calling thread, in nanoseconds.
    ThreadCpu,
}

/// A source of time.
pub trait Clocks: Send + Sync {
    /// The clock's reading in nanoseconds.
    ///
    /// # Errors
    /// - `INVAL`: there is no such clock here.
    /// - `OVERFLOW`: the time lies before 1970 or after 2554 and cannot be told.
    fn now(&self, clock: Clock) -> Result<u64>;

    /// The step in which the clock advances, in nanoseconds, at least 1.
    ///
    /// # Errors
    /// - `INVAL`: there is no such clock here.
    fn resolution(&self, clock: Clock) -> Result<u64>;
}

/// Clocks that are not there: every question answers `INVAL`, as the standard has it for a clock
/// that a host does not support.
#[derive(Debug, Clone, Copy, Default)]
pub struct DeniedClocks;

impl Clocks for DeniedClocks {
    fn now(&self, _clock: Clock) -> Result<u64> {
        Err(Errno::Inval.into())
    }

    fn resolution(&self, _clock: Clock) -> Result<u64> {
        Err(Errno::Inval.into())
    }
}
