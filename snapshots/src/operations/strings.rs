//! Arguments and environment.

use crate::error::Error;
use crate::memory::Bytes;
use turnkey_wasi_common::{Errno, Strings};
use wiggle::GuestMemory;

/// How many strings there are, and how many bytes they take with their NULs.
pub(crate) fn sizes(strings: &Strings) -> Result<(u32, u32), Error> {
    let count = u32::try_from(strings.len()).map_err(|_| Errno::Overflow)?;
    let bytes = u32::try_from(strings.packed().len()).map_err(|_| Errno::Overflow)?;
    Ok((count, bytes))
}

/// Writes the strings one behind the other to `buffer`, and the address of each to `pointers`.
pub(crate) fn copy_out(
    memory: &mut GuestMemory<'_>,
    strings: &Strings,
    pointers: u32,
    buffer: u32,
) -> Result<(), Error> {
    let (count, bytes) = sizes(strings)?;
    memory.check_array(pointers, count, 4, 4)?;
    memory.slice_mut(buffer, bytes)?;
    let addresses = memory.slice_mut(pointers, count * 4)?;
    for (address, start) in addresses.chunks_exact_mut(4).zip(strings.starts()) {
        address.copy_from_slice(&(buffer + start).to_le_bytes());
    }
    memory
        .slice_mut(buffer, bytes)?
        .copy_from_slice(strings.packed());
    Ok(())
}
