//! A guest's memory during one call.

use crate::error::Error;
use turnkey_wasi_common::{Trap, TrapKind};
use wiggle::{GuestMemory, GuestPtr};

/// A guest's linear memory, borrowed from its engine for the length of one attempt at a call.
pub struct Memory<'a>(GuestMemory<'a>);

impl<'a> Memory<'a> {
    /// The whole memory of a guest. It must not be shared with running code.
    pub fn new(bytes: &'a mut [u8]) -> Self {
        Self(GuestMemory::Unshared(bytes))
    }

    pub(crate) fn guest(&mut self) -> &mut GuestMemory<'a> {
        &mut self.0
    }

    /// Every byte.
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
        let from = start as usize;
        let to = from.saturating_add(length as usize);
        self.bytes_mut()?
            .get_mut(from..to)
            .ok_or_else(|| out_of_bounds(start, u64::from(length)))
    }

    /// Sees that `count` elements of `size` bytes, aligned to `align`, lie within the memory.
    fn check_array(&self, start: u32, count: u32, size: u32, align: u32) -> Result<(), Error> {
        let length = u64::from(count) * u64::from(size);
        if start % align != 0 {
            let message = format!("the guest passed {start:#x}, which is not aligned to {align}");
            return Err(Trap::new(TrapKind::Fault, message).into());
        }
        if u64::from(start) + length > self.bytes()?.len() as u64 {
            return Err(out_of_bounds(start, length));
        }
        Ok(())
    }
}

impl Bytes for GuestMemory<'_> {
    fn bytes(&self) -> Result<&[u8], Error> {
        match self {
            GuestMemory::Unshared(bytes) => Ok(bytes),
            GuestMemory::Shared(_) => Err(shared()),
        }
    }

    fn bytes_mut(&mut self) -> Result<&mut [u8], Error> {
        match self {
            GuestMemory::Unshared(bytes) => Ok(bytes),
            GuestMemory::Shared(_) => Err(shared()),
        }
    }
}

/// A guest's text, which must be UTF-8.
pub(crate) fn text<'m>(memory: &'m GuestMemory<'_>, text: GuestPtr<str>) -> Result<&'m str, Error> {
    match memory.as_str(text)? {
        Some(text) => Ok(text),
        None => Err(shared()),
    }
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
