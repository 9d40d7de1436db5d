//! Laying what a child passes out in its parent's memory.

use super::{Fault, Part, Snapshot};
use crate::nanoprocess::serve::entered::Flaw;
use crate::nanoprocess::serve::room::Desk;
use smallvec::SmallVec;
use turnkey_wasi_common::function::{Kind, Member, Role, Type};
use turnkey_wasi_common::{Errno, Invocation};

/// The arguments of a call.
pub(in super::super) type Words = SmallVec<[u64; 12]>;

/// What an argument leads to.
#[derive(Clone, Copy)]
struct Place {
    /// The position of the argument.
    arg: u32,
    address: u64,
    length: u64,
    /// The call writes there.
    written: bool,
}

/// The elements of a list, as they were copied.
struct Elements {
    copy: u64,
    /// Bytes of all of them, and of one.
    length: u64,
    size: u64,
}

impl Snapshot {
    /// Copies what the arguments of a call lead to, and adds those that lead to the copies to `words`.
    ///
    /// # Errors
    /// - [`Fault::Beyond`]: a pointer leads beyond the child's memory. Nothing has been asked.
    /// - `NOMEM`: there is no room for something that is no buffer.
    pub(in super::super) fn take(
        &mut self,
        desk: &mut Desk<'_, '_>,
        call: &Invocation<'_>,
        memory: &[u8],
        words: &mut Words,
    ) -> Result<(), Fault> {
        let function = call.function;
        for ((role, word), arg) in function.roles.iter().zip(call.args).zip(0..) {
            let place = |length, written| Place {
                arg,
                address: *word,
                length,
                written,
            };
            let rebased = match *role {
                Role::Length(_) => *word,
                Role::Return(result) => match function.results.get(result) {
                    Some(result) => self.copy(desk, memory, place(result.ty.size.into(), true))?,
                    None => *word,
                },
                Role::Value(position) => match function.params.get(position) {
                    Some(param) if is_number(param.ty) => *word,
                    Some(param) => {
                        let count = match param.ty.kind {
                            Kind::Pointer { .. } => param.count.map(Role::Value),
                            _ => Some(Role::Length(position)),
                        };
                        match (param.ty.kind, count.and_then(|count| call.word(count))) {
                            // As many as the host has to give.
                            (Kind::Pointer { .. }, None) => 0,
                            (_, count) => {
                                let place = place(count.unwrap_or(0), false);
                                self.value(desk, memory, param.ty, place)?
                            }
                        }
                    }
                    None => *word,
                },
            };
            words.push(rebased);
        }
        Ok(())
    }

    /// Copies what one argument leads to, of which the length is told in elements.
    fn value(
        &mut self,
        desk: &mut Desk<'_, '_>,
        memory: &[u8],
        ty: &Type,
        place: Place,
    ) -> Result<u64, Fault> {
        let of = |element: &Type| Place {
            length: place.length.saturating_mul(element.size.into()),
            ..place
        };
        match ty.kind {
            Kind::Int { .. } | Kind::Handle | Kind::Enum { .. } | Kind::Flags { .. } => {
                Ok(place.address)
            }
            Kind::Record { .. } | Kind::Variant { .. } => {
                let length = ty.size.into();
                self.copy(desk, memory, Place { length, ..place })
            }
            Kind::String => self.copy(desk, memory, place),
            Kind::List { element } => match element.kind {
                Kind::Record { members } if members.iter().any(tells_a_buffer) => {
                    let Place { length, .. } = of(element);
                    if length == 0 {
                        let written = members.iter().any(is_written);
                        let none = Place { written, ..place };
                        self.push(Place { length, ..none }, None)?;
                    }
                    let bytes = bytes(memory, place.address, length)?;
                    let copy = lay(desk, bytes)?;
                    let elements = Elements {
                        copy: copy.into(),
                        length,
                        size: element.size.into(),
                    };
                    self.vectors(desk, memory, members, (place.arg, &elements))?;
                    Ok(copy.into())
                }
                _ => self.copy(desk, memory, of(element)),
            },
            Kind::Pointer { pointee, mutable } => {
                let written = mutable;
                let place = Place {
                    written,
                    ..of(pointee)
                };
                Ok(self.buffer(desk, memory, place)?.into())
            }
        }
    }

    /// Copies the buffers that the elements of a list tell.
    fn vectors(
        &mut self,
        desk: &mut Desk<'_, '_>,
        memory: &[u8],
        members: &[Member],
        (arg, elements): (u32, &Elements),
    ) -> Result<(), Fault> {
        let mut start = elements.copy;
        let end = start.saturating_add(elements.length);
        while start < end {
            for member in members {
                let Kind::Pointer { pointee, mutable } = member.ty.kind else {
                    continue;
                };
                let Some(count) = member.count.and_then(|count| members.get(count)) else {
                    continue;
                };
                let pointer = place(start, member.offset)?;
                let address = load(desk, pointer)?;
                let count = load(desk, place(start, count.offset)?)?;
                let buffer = Place {
                    arg,
                    address: address.into(),
                    length: u64::from(count).saturating_mul(pointee.size.into()),
                    written: mutable,
                };
                let copy = self.buffer(desk, memory, buffer)?;
                desk.bytes_mut(pointer, 4)?
                    .copy_from_slice(&copy.to_le_bytes());
            }
            start = start.saturating_add(elements.size.max(1));
        }
        Ok(())
    }

    /// Copies a buffer, if there is room for it, and answers the address of the copy, or 0.
    fn buffer(
        &mut self,
        desk: &mut Desk<'_, '_>,
        memory: &[u8],
        place: Place,
    ) -> Result<u32, Fault> {
        let bytes = bytes(memory, place.address, place.length)?;
        let parent = match place.length > u64::from(desk.left_for_buffers()) {
            true => None,
            false => Some(lay(desk, bytes)?),
        };
        self.incomplete |= place.written && parent.is_none();
        self.push(place, parent)?;
        Ok(parent.unwrap_or(0))
    }

    /// Copies what is no buffer.
    fn copy(&mut self, desk: &mut Desk<'_, '_>, memory: &[u8], place: Place) -> Result<u64, Fault> {
        let parent = lay(desk, bytes(memory, place.address, place.length)?)?;
        self.push(place, Some(parent))?;
        Ok(parent.into())
    }

    fn push(&mut self, place: Place, parent: Option<u32>) -> Result<(), Errno> {
        let word = |word: u64| u32::try_from(word).map_err(|_| Errno::Fault);
        self.parts.push(Part {
            arg: place.arg,
            // Where nothing lies, the address means nothing.
            child: word(if place.length == 0 { 0 } else { place.address })?,
            parent,
            length: word(place.length)?,
            written: place.written,
        });
        Ok(())
    }
}

/// Whether a value of the type is all that an argument is.
fn is_number(ty: &Type) -> bool {
    matches!(
        ty.kind,
        Kind::Int { .. } | Kind::Handle | Kind::Enum { .. } | Kind::Flags { .. }
    )
}

fn is_written(member: &Member) -> bool {
    matches!(member.ty.kind, Kind::Pointer { mutable: true, .. })
}

fn tells_a_buffer(member: &Member) -> bool {
    matches!(member.ty.kind, Kind::Pointer { .. }) && member.count.is_some()
}

fn lay(desk: &mut Desk<'_, '_>, bytes: &[u8]) -> Result<u32, Flaw> {
    let copy = desk.take(bytes.len(), Errno::Nomem)?;
    desk.bytes_mut(copy, bytes.len())?.copy_from_slice(bytes);
    Ok(copy)
}

/// Bytes of a child's memory. Where nothing lies, nothing is beyond.
fn bytes(memory: &[u8], address: u64, length: u64) -> Result<&[u8], Fault> {
    if length == 0 {
        return Ok(&[]);
    }
    let start = usize::try_from(address).ok();
    let end = usize::try_from(address.saturating_add(length)).ok();
    let range = start.zip(end);
    let found = range.and_then(|(start, end)| memory.get(start..end));
    found.ok_or(Fault::Beyond(address))
}

fn place(start: u64, offset: u32) -> Result<u32, Errno> {
    u32::try_from(start.saturating_add(offset.into())).map_err(|_| Errno::Nomem)
}

fn load(desk: &mut Desk<'_, '_>, place: u32) -> Result<u32, Flaw> {
    let found = desk.bytes(place, 4)?.first_chunk();
    Ok(found.map_or(0, |bytes| u32::from_le_bytes(*bytes)))
}
