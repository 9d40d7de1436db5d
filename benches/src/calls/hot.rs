//! The hottest calls, on wasmtime and the host's files alone.

use super::fixture::Fixture;
use super::op::OPS;
use super::participants::on_wasmtime;
use crate::Failure;
use crate::rounds::Form;
use std::cell::RefCell;
use std::rc::Rc;

/// Their names, which are those of the guest's exports.
pub(crate) const NAMES: [&str; 12] = [
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

/// The calls, in the order of their names, made by one guest whose files these are.
pub(crate) fn calls(files: &Fixture) -> Result<Vec<Form<'static>>, Failure> {
    let guest = Rc::new(RefCell::new(on_wasmtime(files)?));
    let call = |name| -> Result<Form<'static>, Failure> {
        let op = OPS.iter().find(|op| op.export == name);
        let op = op.ok_or_else(|| format!("there is no operation `{name}`"))?;
        let guest = Rc::clone(&guest);
        Ok(Box::new(move |times| {
            guest.borrow_mut().run(op.export, times)
        }))
    };
    NAMES.into_iter().map(call).collect()
}
