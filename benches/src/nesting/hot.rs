//! The hottest calls through one level, on wasmtime.

use super::LIMITED;
use super::guests::{How, Op};
use super::tree::Runner;
use crate::Failure;
use crate::rounds::Form;
use turnkey_wasmtime::WasmtimeEngine;

const CALLS: [(How, Op); 4] = [
    (How::Filtered, Op::Clock),
    (How::Filtered, Op::Byte),
    (How::Served, Op::Clock),
    (How::Served, Op::Byte),
];

/// Their names.
pub(crate) const NAMES: [&str; CALLS.len()] = [
    "nested_filtered_clock",
    "nested_filtered_write_1",
    "nested_served_clock",
    "nested_served_write_1",
];

/// The calls, in the order of their names.
pub(crate) fn calls() -> Result<Vec<Form<'static>>, Failure> {
    let engine = WasmtimeEngine::new(LIMITED)?;
    let call = |(how, op)| -> Result<Form<'static>, Failure> {
        let mut runner = Runner::tree(how, &engine, &engine, 1)?;
        Ok(Box::new(move |times| runner.run(op, times)))
    };
    CALLS.into_iter().map(call).collect()
}
