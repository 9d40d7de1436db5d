//! Threads on which guests run.

use crate::Failure;
use std::panic::resume_unwind;
use std::thread::{Builder, JoinHandle};
use turnkey_virt::nanoprocess::MOST_NESTED;

/// Native stack for a guest and its children, in bytes: for each what wasmtime lets it take, and as
/// much as host functions take beside it; and all of that twice.
const STACK: usize = 2 * (MOST_NESTED as usize + 1) * (576 << 10);

/// Begins `work` on a thread with room for the deepest tree.
pub(crate) fn begin<R: Send + 'static>(
    work: impl FnOnce() -> Result<R, Failure> + Send + 'static,
) -> Result<JoinHandle<Result<R, Failure>>, Failure> {
    Ok(Builder::new().stack_size(STACK).spawn(work)?)
}

/// Does `work` on such a thread.
pub(crate) fn run<R: Send + 'static>(
    work: impl FnOnce() -> Result<R, Failure> + Send + 'static,
) -> Result<R, Failure> {
    begin(work)?
        .join()
        .unwrap_or_else(|panic| resume_unwind(panic))
}
