//! Other implementations of WASI.

mod pipes;
mod wasi_common;
mod wasmi_wasi;
mod wasmtime_wasi;

use super::{Op, Participant};
use crate::Failure;
use crate::calls::fixture::Fixture;

pub(super) fn all(fixture: &Fixture) -> Result<Vec<Box<dyn Participant>>, Failure> {
    Ok(vec![
        wasi_common::participant(fixture)?,
        wasmtime_wasi::participant(fixture, false)?,
        wasmtime_wasi::participant(fixture, true)?,
        wasmi_wasi::participant(fixture)?,
    ])
}

/// None of them lists directories in a time that grows as they do.
fn lacks(op: &Op) -> Option<&'static str> {
    (op.export == "readdir_100k").then_some("too long: a hundred times that of 10,000")
}
