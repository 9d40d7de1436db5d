//! Who is compared. Each takes one small file.

mod native;
#[cfg(feature = "peers")]
mod peers;
mod turnkey;

pub(crate) use turnkey::on_wasmtime;

use super::fixture::Fixture;
use super::op::Op;
use crate::Failure;
use std::path::Path;
use std::time::{Duration, Instant};

/// Bytes that go through a pipe in each turn.
const PIPE_BYTES: usize = 64;

/// Somebody who carries operations out.
pub(crate) trait Participant: Send {
    /// What it is called in tables and by `--only`.
    fn name(&self) -> &str;

    /// Why it does not have an operation, if it does not.
    fn lacks(&self, op: &Op) -> Option<&'static str> {
        let _ = op;
        None
    }

    /// Sees to what so many turns of an operation find in pipes.
    ///
    /// # Errors
    /// The pipe fails.
    fn prepare(&mut self, op: &Op, times: u32) -> Result<(), Failure> {
        let _ = (op, times);
        Ok(())
    }

    /// Carries out what the guest has under the name of an export, so many times.
    ///
    /// # Errors
    /// One of them failed.
    fn run(&mut self, export: &str, times: u32) -> Result<(), Failure>;

    /// Does the same, and answers how long it took.
    ///
    /// # Errors
    /// One of them failed.
    fn time(&mut self, export: &str, times: u32) -> Result<Duration, Failure> {
        let start = Instant::now();
        self.run(export, times)?;
        Ok(start.elapsed())
    }
}

/// The raw system calls in a directory.
pub(crate) fn raw(fixture: &Fixture, own: &Path) -> Result<Box<dyn Participant>, Failure> {
    Ok(Box::new(native::Native::new(fixture, own, false)?))
}

/// All of them, each with a tree of its own; the raw system calls come first.
pub(super) fn all(fixture: &Fixture) -> Result<Vec<Box<dyn Participant>>, Failure> {
    let mut all: Vec<Box<dyn Participant>> = vec![
        raw(fixture, &fixture.directory()?)?,
        Box::new(native::Native::new(fixture, &fixture.directory()?, true)?),
    ];
    all.extend(turnkey::all(fixture)?);
    #[cfg(feature = "peers")]
    all.extend(peers::all(fixture)?);
    Ok(all)
}

/// What a guest's export answered.
fn succeeded(export: &str, answer: i32) -> Result<(), Failure> {
    match answer {
        0 => Ok(()),
        errno => Err(format!("`{export}` answered {errno}").into()),
    }
}
