//! Where the values of a call lie.

use turnkey_wasi_common::function::{Function, Role};

/// The argument that plays a role.
pub(crate) fn argument(function: &Function, args: &[u64], role: Role) -> Option<u64> {
    let position = function.roles.iter().position(|known| *known == role)?;
    args.get(position).copied()
}

/// Bytes of the guest's memory, if they are there.
pub(super) fn bytes(memory: &[u8], start: u64, length: u64) -> Option<&[u8]> {
    let start = usize::try_from(start).ok()?;
    let end = start.checked_add(usize::try_from(length).ok()?)?;
    memory.get(start..end)
}

/// A number of `size` bytes in the guest's memory; one of more than 8 is none.
pub(super) fn number(memory: &[u8], start: u64, size: u32) -> Option<u64> {
    let bytes = bytes(memory, start, size.into()).filter(|bytes| bytes.len() <= 8)?;
    let fold = |value, byte: &u8| value << 8 | u64::from(*byte);
    Some(bytes.iter().rev().fold(0, fold))
}

/// The names of a function's results: those of their types, numbered where there are several.
pub(super) fn result_names(function: &Function) -> impl Iterator<Item = String> {
    let several = function.results.len() > 1;
    let results = function.results.iter().enumerate();
    results.map(move |(index, result)| match several {
        true => format!("{}_{index}", result.ty.name),
        false => result.ty.name.to_owned(),
    })
}
