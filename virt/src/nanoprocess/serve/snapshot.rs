//! A copy of what a child passes, in its parent's memory.

use super::entered::Flaw;
use super::room::Desk;
use smallvec::SmallVec;
use turnkey_wasi_common::function::{Kind, Member, Role, Type};
use turnkey_wasi_common::{Errno, Invocation};

/// What was copied, and where to.
#[derive(Default)]
pub(super) struct Snapshot {
    /// What the call writes.
    written: SmallVec<[Copied; 4]>,
    /// Something that the call writes found no room.
    incomplete: bool,
}

struct Copied {
    child: u32,
    parent: u32,
    length: usize,
}

/// Whether what a filter wrote has reached the child.
pub(super) enum Answered {
    /// All of it.
    Whole,
    /// There was no room for it.
    Without,
}

/// Why nothing was copied.
pub(super) enum Fault {
    /// The child's pointer leads beyond its memory.
    Beyond(u64),
    /// The parent cannot be asked.
    Flaw(Flaw),
}

impl<T: Into<Flaw>> From<T> for Fault {
    fn from(flaw: T) -> Self {
        Self::Flaw(flaw.into())
    }
}

type Words = SmallVec<[u64; 12]>;

impl Snapshot {
    /// Copies what the arguments of a call lead to, and answers the arguments that lead to the
    /// copies.
    ///
    /// # Errors
    /// - [`Fault::Beyond`]: a pointer leads beyond the child's memory. Nothing has been asked.
    /// - `NOMEM`: there is no room for something that is no buffer.
    pub(super) fn take(
        &mut self,
        desk: &mut Desk<'_, '_>,
        call: &Invocation<'_>,
        memory: &[u8],
    ) -> Result<Words, Fault> {
        let function = call.function;
        let mut words = Words::new();
        for (role, word) in function.roles.iter().zip(call.args) {
            let rebased = match *role {
                Role::Length(_) => *word,
                Role::Return(result) => match function.results.get(result) {
                    Some(result) => self.copy(desk, memory, *word, result.ty.size.into(), true)?,
                    None => *word,
                },
                Role::Value(position) => match function.params.get(position) {
                    Some(param) => {
                        let count = match param.ty.kind {
                            Kind::Pointer { .. } => param.count.map(Role::Value),
                            _ => Some(Role::Length(position)),
                        };
                        let count = count.and_then(|count| call.word(count));
                        self.value(desk, memory, param.ty, *word, count)?
                    }
                    None => *word,
                },
            };
            words.push(rebased);
        }
        Ok(words)
    }

    /// Copies what one argument leads to; `count` is the number of elements.
    fn value(
        &mut self,
        desk: &mut Desk<'_, '_>,
        memory: &[u8],
        ty: &Type,
        word: u64,
        count: Option<u64>,
    ) -> Result<u64, Fault> {
        let length = |element: &Type| count.map(|count| count.saturating_mul(element.size.into()));
        match ty.kind {
            Kind::Int { .. } | Kind::Handle | Kind::Enum { .. } | Kind::Flags { .. } => Ok(word),
            Kind::Record { .. } | Kind::Variant { .. } => {
                self.copy(desk, memory, word, ty.size.into(), false)
            }
            Kind::String => self.copy(desk, memory, word, count.unwrap_or(0), false),
            Kind::List { element } => {
                let length = length(element).unwrap_or(0);
                let copy = self.copy(desk, memory, word, length, false)?;
                if let Kind::Record { members } = element.kind {
                    let elements = Elements {
                        copy,
                        length,
                        size: element.size.into(),
                    };
                    self.vectors(desk, memory, members, &elements)?;
                }
                Ok(copy)
            }
            Kind::Pointer { pointee, mutable } => match length(pointee) {
                Some(length) => {
                    let address = u32::try_from(word).map_err(|_| Fault::Beyond(word))?;
                    let copy = self.buffer(desk, memory, address, length, mutable)?;
                    Ok(copy.into())
                }
                // As many as the host has to give.
                None => Ok(0),
            },
        }
    }

    /// Copies the buffers that the elements of a list tell.
    fn vectors(
        &mut self,
        desk: &mut Desk<'_, '_>,
        memory: &[u8],
        members: &[Member],
        elements: &Elements,
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
                let place = place(start, member.offset)?;
                let buffer = load(desk, place)?;
                let count = load(desk, self::place(start, count.offset)?)?;
                let length = u64::from(count).saturating_mul(pointee.size.into());
                let copy = self.buffer(desk, memory, buffer, length, mutable)?;
                desk.bytes_mut(place, 4)?
                    .copy_from_slice(&copy.to_le_bytes());
            }
            start = start.saturating_add(elements.size.max(1));
        }
        Ok(())
    }

    /// Copies a buffer, if there is room for it.
    fn buffer(
        &mut self,
        desk: &mut Desk<'_, '_>,
        memory: &[u8],
        address: u32,
        length: u64,
        written: bool,
    ) -> Result<u32, Fault> {
        if length > u64::from(desk.left()) {
            bytes(memory, address.into(), length)?;
            self.incomplete |= written;
            return Ok(0);
        }
        let copy = self.copy(desk, memory, address.into(), length, written)?;
        Ok(u32::try_from(copy).map_err(|_| Errno::Nomem)?)
    }

    fn copy(
        &mut self,
        desk: &mut Desk<'_, '_>,
        memory: &[u8],
        address: u64,
        length: u64,
        written: bool,
    ) -> Result<u64, Fault> {
        let bytes = bytes(memory, address, length)?;
        let parent = desk.take(bytes.len(), Errno::Nomem)?;
        desk.bytes_mut(parent, bytes.len())?.copy_from_slice(bytes);
        if written {
            self.written.push(Copied {
                child: u32::try_from(address).map_err(|_| Errno::Fault)?,
                parent,
                length: bytes.len(),
            });
        }
        Ok(parent.into())
    }

    /// Hands the child what a filter has written in place of the host.
    pub(super) fn put_back(
        &self,
        desk: &mut Desk<'_, '_>,
        memory: &mut [u8],
    ) -> Result<Answered, Flaw> {
        if self.incomplete {
            return Ok(Answered::Without);
        }
        for copied in &self.written {
            let start = copied.child as usize;
            let place = memory.get_mut(start..start.saturating_add(copied.length));
            let from = desk.bytes(copied.parent, copied.length)?;
            place.ok_or(Errno::Fault)?.copy_from_slice(from);
        }
        Ok(Answered::Whole)
    }
}

/// The elements of a list in the parent's memory.
struct Elements {
    copy: u64,
    /// Bytes of all of them, and of one.
    length: u64,
    size: u64,
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
