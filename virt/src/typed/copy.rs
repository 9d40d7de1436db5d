//! Copying a value from one memory to another.

use super::types::{Names, Number, Type};
use std::str::from_utf8;
use turnkey_wasi_common::Errno;

/// The most bytes that all arguments of a call may take, and its answer.
pub(crate) const MOST_BYTES: u32 = 1 << 26;

/// Why a value does not cross.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It leads to so many bytes there, which is beyond the memory or not aligned.
    Place { address: u32, bytes: u64 },
    /// It is none of those that its type has, or cannot be handed over.
    Errno(Errno),
}

impl From<Errno> for Fault {
    fn from(errno: Errno) -> Self {
        Self::Errno(errno)
    }
}

/// What becomes of the handles that values hold.
pub(crate) trait Handles {
    /// The number of a handle for whoever receives it.
    ///
    /// # Errors
    /// - `BADF`: there is none of this number, or it was taken back.
    fn hand_over(&mut self, number: u32) -> Result<u32, Errno>;
}

/// A walk over a value, which is measured first and copied once there is room for it. Everything is
/// checked on both ways: what runs in between may have changed what was measured.
pub(crate) struct Copy<'a> {
    from: &'a [u8],
    /// Where to, unless it is only measured.
    to: Option<&'a mut [u8]>,
    /// The next free byte there.
    next: u32,
    /// The end of the room there.
    end: u32,
    /// The largest alignment so far.
    align: u32,
    handles: &'a mut dyn Handles,
}

/// A room in a memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Room {
    pub(crate) start: u32,
    pub(crate) size: u32,
    pub(crate) align: u32,
}

impl<'a> Copy<'a> {
    /// Finds out how much room a value needs.
    pub(crate) fn measure(from: &'a [u8], handles: &'a mut dyn Handles) -> Self {
        Self {
            from,
            to: None,
            next: 0,
            end: MOST_BYTES,
            align: 1,
            handles,
        }
    }

    /// Copies into a room that was measured before.
    pub(crate) fn into(
        from: &'a [u8],
        to: &'a mut [u8],
        room: Room,
        handles: &'a mut dyn Handles,
    ) -> Self {
        Self {
            from,
            to: Some(to),
            next: room.start,
            end: room.start.saturating_add(room.size),
            align: 1,
            handles,
        }
    }

    /// The room that was needed.
    pub(crate) fn room(&self) -> Room {
        Room {
            start: 0,
            size: self.next,
            align: self.align,
        }
    }

    /// Takes room for a value. Addresses are relative to the room's start while it is measured, and
    /// a room begins at a multiple of every alignment in it, so both ways take the same.
    pub(crate) fn reserve(&mut self, size: u32, align: u32) -> Result<u32, Fault> {
        let start = self.next.checked_next_multiple_of(align);
        let end = start.and_then(|start| start.checked_add(size));
        match (start, end) {
            (Some(start), Some(end)) if end <= self.end => {
                self.next = end;
                self.align = self.align.max(align);
                Ok(start)
            }
            _ if self.to.is_none() => Err(Errno::TooBig.into()),
            // It was smaller when it was measured.
            _ => Err(Errno::Inval.into()),
        }
    }

    /// A string or a list, of which the parts are known. Answers where it lies now.
    pub(crate) fn list(&mut self, ty: &Type, at: u32, count: u32) -> Result<u32, Fault> {
        let element = match ty {
            Type::String => &Type::Number(Number::U8),
            Type::List(list) => &list.element,
            _ => return Err(Errno::Inval.into()),
        };
        let shape = element.shape();
        if count == 0 {
            // An address that languages accept as one.
            return Ok(shape.align);
        }
        let bytes = u64::from(count) * u64::from(shape.size);
        let from = self.place(at, bytes, shape.align)?;
        if *ty == Type::String {
            from_utf8(from).map_err(|_| Errno::Ilseq)?;
        }
        let size = u32::try_from(bytes).map_err(|_| Errno::TooBig)?;
        let start = self.reserve(size, shape.align)?;
        if shape.plain {
            self.write(start, from)?;
            return Ok(start);
        }
        for index in 0..count {
            let offset = index.saturating_mul(shape.size);
            self.value(
                element,
                at.saturating_add(offset),
                start.saturating_add(offset),
            )?;
        }
        Ok(start)
    }

    /// A value that lies at `at`, to a place that has been taken for it.
    pub(crate) fn value(&mut self, ty: &Type, at: u32, place: u32) -> Result<(), Fault> {
        let shape = ty.shape();
        let from = self.place(at, shape.size.into(), shape.align)?;
        if shape.plain {
            return self.write(place, from);
        }
        match ty {
            Type::Number(_) | Type::Enum(_) | Type::Flags(_) | Type::Handle => {
                let number = self.scalar(ty, number(from))?.to_le_bytes();
                self.write(place, number.get(..from.len()).unwrap_or_default())
            }
            Type::String | Type::List(_) => {
                let (address, count) = pair(from);
                let start = self.list(ty, address, count)?;
                let [a, b, c, d] = start.to_le_bytes();
                let [e, f, g, h] = count.to_le_bytes();
                self.write(place, &[a, b, c, d, e, f, g, h])
            }
            Type::Record(record) => {
                for field in &record.fields {
                    let at = at.saturating_add(field.offset);
                    self.value(&field.ty, at, place.saturating_add(field.offset))?;
                }
                Ok(())
            }
            Type::Variant(variant) => {
                let tag = from.get(..variant.tag as usize).unwrap_or_default();
                let case = usize::try_from(number(tag)).unwrap_or(usize::MAX);
                let case = variant.cases.get(case).ok_or(Errno::Inval)?;
                self.write(place, tag)?;
                match &case.payload {
                    None => Ok(()),
                    Some(payload) => self.value(
                        payload,
                        at.saturating_add(variant.payload),
                        place.saturating_add(variant.payload),
                    ),
                }
            }
        }
    }

    /// A number that crosses by value.
    pub(crate) fn scalar(&mut self, ty: &Type, bits: u64) -> Result<u64, Fault> {
        check(ty, bits)?;
        match ty {
            Type::Handle => {
                let number = u32::try_from(bits).map_err(|_| Errno::Badf)?;
                Ok(self.handles.hand_over(number)?.into())
            }
            _ => Ok(bits),
        }
    }

    fn place(&self, address: u32, bytes: u64, align: u32) -> Result<&'a [u8], Fault> {
        place(self.from, address, bytes, align)
    }

    fn write(&mut self, place: u32, bytes: &[u8]) -> Result<(), Fault> {
        let Some(to) = &mut self.to else {
            return Ok(());
        };
        let start = place as usize;
        let to = to.get_mut(start..start.saturating_add(bytes.len()));
        to.ok_or(Errno::Inval)?.copy_from_slice(bytes);
        Ok(())
    }
}

/// Bytes of a memory.
///
/// # Errors
/// They lie beyond it, or are not aligned.
pub(crate) fn place(memory: &[u8], address: u32, bytes: u64, align: u32) -> Result<&[u8], Fault> {
    let fault = Fault::Place { address, bytes };
    let start = address as usize;
    let Some(end) = usize::try_from(bytes)
        .ok()
        .and_then(|bytes| start.checked_add(bytes))
    else {
        return Err(fault);
    };
    match memory.get(start..end) {
        Some(found) if address & align.saturating_sub(1) == 0 => Ok(found),
        _ => Err(fault),
    }
}

/// # Errors
/// - `INVAL`: the number is none of the type's.
pub(crate) fn check(ty: &Type, bits: u64) -> Result<(), Errno> {
    let size = ty.shape().size;
    let is_one = match ty {
        Type::Enum(names) => bits < names.names.len() as u64,
        Type::Flags(names) => bits.checked_shr(width(names)).unwrap_or(0) == 0,
        Type::Number(Number::Char) => {
            u32::try_from(bits).is_ok_and(|bits| char::from_u32(bits).is_some())
        }
        // A narrow number crosses in 32 bits, which are those of the number alone.
        Type::Number(Number::U8 | Number::U16) => bits >> (size * 8) == 0,
        Type::Number(Number::S8) => fits(bits, |value| i8::try_from(value).is_ok()),
        Type::Number(Number::S16) => fits(bits, |value| i16::try_from(value).is_ok()),
        _ => true,
    };
    match is_one {
        true => Ok(()),
        false => Err(Errno::Inval),
    }
}

fn width(names: &Names) -> u32 {
    u32::try_from(names.names.len()).unwrap_or(u32::MAX)
}

/// A signed number narrower than 32 bits, as it crosses in 32.
fn fits(bits: u64, fits: impl Fn(i32) -> bool) -> bool {
    u32::try_from(bits).is_ok_and(|bits| fits(i32::from_ne_bytes(bits.to_ne_bytes())))
}

/// The number that bytes hold, the lowest first.
pub(crate) fn number(bytes: &[u8]) -> u64 {
    let mut word = [0; 8];
    for (place, byte) in word.iter_mut().zip(bytes) {
        *place = *byte;
    }
    u64::from_le_bytes(word)
}

/// A pointer and a length.
pub(crate) fn pair(bytes: &[u8]) -> (u32, u32) {
    let word = |bytes: &[u8]| {
        let [a, b, c, d, ..] = number(bytes).to_le_bytes();
        u32::from_le_bytes([a, b, c, d])
    };
    (word(bytes), word(bytes.get(4..).unwrap_or_default()))
}
