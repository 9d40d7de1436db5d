//! Who is compared. Each takes one small file.

mod native;
pub(super) mod turnkey;

use super::fixture::Fixture;
use super::op::Op;
use crate::Failure;

/// Somebody who carries operations out.
pub(super) trait Participant {
    /// What it is called in tables and by `--only`.
    fn name(&self) -> &str;

    /// Whether it has the operation at all.
    fn has(&self, op: &Op) -> bool {
        let _ = op;
        true
    }

    /// Carries an operation out so many times.
    ///
    /// # Errors
    /// One of them failed.
    fn run(&mut self, op: &Op, times: u32) -> Result<(), Failure>;
}

/// All of them, each with a tree of its own; the raw system calls come first.
pub(super) fn all(fixture: &Fixture) -> Result<Vec<Box<dyn Participant>>, Failure> {
    let mut all: Vec<Box<dyn Participant>> = vec![
        Box::new(native::Native::new(fixture, false)?),
        Box::new(native::Native::new(fixture, true)?),
    ];
    all.extend(turnkey::all(fixture)?);
    Ok(all)
}

/// What a guest's export answered.
fn succeeded(op: &Op, answer: i32) -> Result<(), Failure> {
    match answer {
        0 => Ok(()),
        errno => Err(format!("{} answered {errno}", op.name).into()),
    }
}
