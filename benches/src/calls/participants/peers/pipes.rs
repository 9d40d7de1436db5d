//! The pipes of both wasi-commons: bytes in memory that are read, and such that are written.

use crate::Failure;
use crate::calls::op::Op;
use crate::calls::participants::PIPE_BYTES;
use std::io::Cursor;
use std::sync::{Arc, PoisonError, RwLock, RwLockWriteGuard};

type Bytes = Cursor<Vec<u8>>;

#[derive(Default)]
pub(super) struct Pipes {
    pub(super) input: Arc<RwLock<Bytes>>,
    pub(super) output: Arc<RwLock<Bytes>>,
}

impl Pipes {
    /// Both begin again, the input with as much as is read.
    pub(super) fn prepare(&self, op: &Op, times: u32) -> Result<(), Failure> {
        match op.export {
            "pipe_read" => {
                let mut input = of(&self.input);
                input.set_position(0);
                let bytes = input.get_mut();
                let needed = PIPE_BYTES * usize::try_from(times)?;
                bytes.resize(bytes.len().max(needed), 7);
            }
            "pipe_write" => of(&self.output).set_position(0),
            _ => {}
        }
        Ok(())
    }
}

fn of(bytes: &RwLock<Bytes>) -> RwLockWriteGuard<'_, Bytes> {
    bytes.write().unwrap_or_else(PoisonError::into_inner)
}
