//! The hottest calls, on wasmtime and the host's files alone.

use super::fixture::Fixture;
use super::op::{OPS, Op};
use super::participants::{Participant, turnkey};
use crate::Failure;

/// Their names, which are those of the guest's exports.
pub(crate) const CALLS: [&str; 12] = [
    "clock_monotonic",
    "fdstat_get",
    "filestat_get",
    "open_1",
    "poll_clock",
    "pread_4k",
    "pwrite_16",
    "random_16",
    "seek",
    "stat_1",
    "write_1",
    "write_null",
];

/// A guest that makes them.
pub(crate) struct Calls {
    guest: Box<dyn Participant>,
    _files: Fixture,
}

/// One of them.
pub(crate) struct Call<'a> {
    guest: &'a mut dyn Participant,
    op: &'static Op,
}

impl Calls {
    pub(crate) fn new() -> Result<Self, Failure> {
        let files = Fixture::new()?;
        Ok(Self {
            guest: turnkey::plain(&files)?,
            _files: files,
        })
    }

    pub(crate) fn named(&mut self, name: &str) -> Result<Call<'_>, Failure> {
        let op = OPS.iter().find(|op| op.export == name);
        Ok(Call {
            guest: &mut *self.guest,
            op: op.ok_or_else(|| format!("there is no operation `{name}`"))?,
        })
    }
}

impl Call<'_> {
    /// Makes it so many times.
    pub(crate) fn make(&mut self, times: u32) -> Result<(), Failure> {
        self.guest.run(self.op, times)
    }
}
