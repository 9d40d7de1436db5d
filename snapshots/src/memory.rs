//! A guest's memory during one call.

use crate::error::Error;
use crate::typed::Value;
use std::ops::Range;
use turnkey_wasi_common::{Errno, Trap, TrapKind};
use wiggle::{GuestMemory, GuestPtr, Pointee};

/// A guest's linear memory, borrowed from its engine for the length of one attempt at a call.
///
/// ```
/// use turnkey_snapshots::{Memory, complete, preview_1};
/// use turnkey_wasi_common::{Stop, TrapKind, WasiCtx};
///
/// let ctx = WasiCtx::builder().args(["app"]).build()?;
/// let mut bytes = vec![0; 65536];
/// let beyond = complete(&ctx, |call| {
///     preview_1::args_sizes_get(call, &mut Memory::new(&mut bytes), 0, 65536)
/// });
/// assert!(matches!(beyond, Err(Stop::Trap(trap)) if trap.kind() == TrapKind::Fault));
/// # Ok::<(), turnkey_wasi_common::BuildError>(())
/// ```
pub struct Memory<'a>(GuestMemory<'a>);

impl<'a> Memory<'a> {
    /// The whole memory of a guest. It must not be shared with running code.
    #[inline]
    pub fn new(bytes: &'a mut [u8]) -> Self {
        Self(GuestMemory::Unshared(bytes))
    }

    #[inline]
    pub(crate) fn guest(&mut self) -> &mut GuestMemory<'a> {
        &mut self.0
    }

    /// Every byte.
    #[inline]
    pub(crate) fn bytes(&mut self) -> &mut [u8] {
        match &mut self.0 {
            GuestMemory::Unshared(bytes) => bytes,
            GuestMemory::Shared(_) => &mut [],
        }
    }
}

/// What the operations ask of a guest's memory.
///
/// A pointer that leads beyond it ends the guest, except that of nothing at all.
pub(crate) trait Bytes {
    /// Every byte.
    fn bytes(&self) -> Result<&[u8], Error>;

    /// Every byte, to be written.
    fn bytes_mut(&mut self) -> Result<&mut [u8], Error>;

    /// `length` bytes at `start`.
    fn slice_mut(&mut self, start: u32, length: u32) -> Result<&mut [u8], Error> {
        if length == 0 {
            return Ok(&mut []);
        }
        self.bytes_mut()?
            .get_mut(range(start, length))
            .ok_or_else(|| out_of_bounds(start, u64::from(length)))
    }

    /// Writes what a call answers, which is the last that it does.
    ///
    /// # Errors
    /// - a trap: its place lies beyond the memory, or is misaligned.
    fn answer<P, V: Value>(&mut self, place: GuestPtr<P>, value: V) -> Result<(), Error>
    where
        P: Pointee<Pointer = u32>,
    {
        let place = place.offset();
        let start = place as usize;
        let bytes = self.bytes_mut()?;
        match bytes.get_mut(start..start.saturating_add(V::SIZE as usize)) {
            Some(room) if place % V::ALIGN == 0 => {
                value.store(room);
                Ok(())
            }
            _ => check_array(bytes, place, 1, V::SIZE, V::ALIGN),
        }
    }

    /// Sees that `count` elements of `size` bytes, aligned to `align`, lie within the memory.
    fn check_array(&self, start: u32, count: u32, size: u32, align: u32) -> Result<(), Error> {
        check_array(self.bytes()?, start, count, size, align)
    }
}

impl Bytes for GuestMemory<'_> {
    #[inline]
    fn bytes(&self) -> Result<&[u8], Error> {
        match self {
            GuestMemory::Unshared(bytes) => Ok(bytes),
            GuestMemory::Shared(_) => Err(shared()),
        }
    }

    #[inline]
    fn bytes_mut(&mut self) -> Result<&mut [u8], Error> {
        match self {
            GuestMemory::Unshared(bytes) => Ok(bytes),
            GuestMemory::Shared(_) => Err(shared()),
        }
    }
}

/// The places of `length` bytes at `start`.
#[inline]
pub(crate) fn range(start: u32, length: u32) -> Range<usize> {
    let start = start as usize;
    start..start.saturating_add(length as usize)
}

/// Sees that `count` elements of `size` bytes, aligned to `align`, lie within `bytes`.
pub(crate) fn check_array(
    bytes: &[u8],
    start: u32,
    count: u32,
    size: u32,
    align: u32,
) -> Result<(), Error> {
    let length = u64::from(count) * u64::from(size);
    if length == 0 {
        return Ok(());
    }
    if start % align != 0 {
        let message = format!("the guest passed {start:#x}, which is not aligned to {align}");
        return Err(Trap::new(TrapKind::Fault, message).into());
    }
    if u64::from(start) + length > bytes.len() as u64 {
        return Err(out_of_bounds(start, length));
    }
    Ok(())
}

/// A path that a guest says, or the text of a link, of `longest` bytes at most. Its length is looked
/// at before its bytes are, so that no path costs more than the longest that is allowed.
///
/// # Errors
/// In this order:
/// - a trap: it leads beyond the memory, and is not empty.
/// - `NAMETOOLONG`: it has more bytes than that.
/// - `ILSEQ`: it is not UTF-8.
pub(crate) fn path_text<'m>(
    memory: &'m GuestMemory<'_>,
    text: GuestPtr<str>,
    longest: u32,
) -> Result<&'m str, Error> {
    let (start, length) = text.offset();
    if length == 0 {
        return Ok("");
    }
    let Some(text) = memory.bytes()?.get(range(start, length)) else {
        return Err(out_of_bounds(start, length.into()));
    };
    if length > longest {
        return Err(Errno::Nametoolong.into());
    }
    std::str::from_utf8(text).map_err(|_| Errno::Ilseq.into())
}

pub(crate) fn out_of_bounds(start: u32, length: u64) -> Error {
    let message = format!("the guest passed {length} bytes at {start:#x}, beyond its memory");
    Trap::new(TrapKind::Fault, message).into()
}

fn shared() -> Error {
    Trap::new(
        TrapKind::NoMemory,
        "the guest's memory is shared with other threads, which this host does not serve",
    )
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn path_text_place_then_length_then_bytes() {
        let mut bytes = vec![b'a'; 65536];
        bytes[20_000..40_000].fill(0xff);
        let memory = GuestMemory::Unshared(&mut bytes);
        let text = |start, length| GuestPtr::new((start, length));
        let told = |start, length| match path_text(&memory, text(start, length), 4095) {
            Ok(text) => Ok(text.len()),
            Err(Error::Errno(errno)) => Err(Some(errno)),
            Err(_) => Err(None),
        };
        for (start, length, expected) in [
            (0, 0, Ok(0)),
            (0, 4095, Ok(4095)),
            (0, 4096, Err(Some(Errno::Nametoolong))),
            (20_000, 1, Err(Some(Errno::Ilseq))),
            (20_000, 4095, Err(Some(Errno::Ilseq))),
            (20_000, 4096, Err(Some(Errno::Nametoolong))),
            (0, 65536, Err(Some(Errno::Nametoolong))),
            (65536, 0, Ok(0)),
            (65537, 0, Ok(0)),
            (u32::MAX, 0, Ok(0)),
            (65535, 2, Err(None)),
            (0, 65537, Err(None)),
            (1, u32::MAX, Err(None)),
        ] {
            assert_eq!(told(start, length), expected, "{length} bytes at {start}");
        }
    }
}
