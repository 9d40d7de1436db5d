//! What a filter of a parent's asks about the call that it is looking at.

use super::{Call, Failure};
use turnkey_wasi_common::Errno;

/// No filter is looking at a call.
fn none(call: &Call<'_>) -> Result<(), Failure> {
    let _token = call.args.word("token")?;
    Err(Errno::Badf.into())
}

pub(super) fn call_arg(call: &mut Call<'_>) -> Result<(), Failure> {
    none(call)
}

pub(super) fn call_ret(call: &mut Call<'_>) -> Result<(), Failure> {
    none(call)
}

pub(super) fn call_forward(call: &mut Call<'_>) -> Result<(), Failure> {
    none(call)
}
