//! Other implementations of WASI.

mod wasi_common;
mod wasmi_wasi;
mod wasmtime_wasi;

use super::Maker;
use crate::Failure;

pub(super) fn makers(guest: &[u8]) -> Result<Vec<Box<dyn Maker>>, Failure> {
    let mut makers = wasi_common::makers(guest)?;
    makers.extend(wasmtime_wasi::makers(guest)?);
    makers.push(wasmi_wasi::maker(guest)?);
    Ok(makers)
}
