//! A parent's modules.

use super::{Call, Failure};
use crate::nanoprocess::need::Need;
use std::sync::Arc;
use turnkey_wasi_common::Errno;

/// Units of fuel that compiling a byte of a module costs a parent whose fuel is counted.
const FUEL_PER_BYTE: u64 = 100;

pub(super) fn module_load(call: &mut Call<'_>) -> Result<(), Failure> {
    if let Some(left) = call.guest.fuel() {
        let cost = (call.bytes("bytes")?.len() as u64).saturating_mul(FUEL_PER_BYTE);
        let left = left.checked_sub(cost).ok_or(Errno::Dquot)?;
        if !call.guest.set_fuel(left) {
            return Err(Errno::Notsup.into());
        }
    }
    let family = call.family;
    let loaded = family.load(call.bytes("bytes")?)?;
    let number = family.tables().modules.insert(Arc::new(loaded))?;
    call.answer_word(number)
}

pub(super) fn module_drop(call: &mut Call<'_>) -> Result<(), Failure> {
    let number = call.args.word("module")?;
    let module = call.family.tables().modules.remove(number)?;
    drop(module);
    Ok(())
}

pub(super) fn module_need(call: &mut Call<'_>) -> Result<(), Failure> {
    let module = Arc::clone(call.family.tables().modules.at(call.args.word("module")?)?);
    let index = call.args.word("index")?;
    let imports = module.module.imports();
    let import = imports.get(index as usize).ok_or(Errno::Noent)?;
    let need = Need::of(import, call.family.held());
    call.answer_need(&need)
}
