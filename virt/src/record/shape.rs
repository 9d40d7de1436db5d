//! What a function's parameters lead to in the guest's memory.
//!
//! Everything that is known here comes from the descriptors. No function is named.

use crate::trace::place::argument;
use std::ops::Range;
use turnkey_wasi_common::function::{Function, Kind, Member, Param, Role, Type};

/// Bytes of a text that a log keeps. It is more than a path can have.
const LONGEST_TEXT: u64 = 4096;

/// Bytes of anything else that a log keeps.
const LONGEST_DATA: u64 = 64;

/// What a parameter is to whoever records it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// The argument says it all.
    Scalar,
    /// Elements that the host reads.
    Given(Elements),
    /// Elements that the host writes, from the first on.
    Filled(Elements),
    /// A list of buffers.
    Buffers(BufferList),
}

/// Elements one behind the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Elements {
    /// The bytes of one.
    size: u32,
    count: Count,
    /// A log keeps so many bytes of them, and the checksum of what is longer.
    pub(crate) kept: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Count {
    One,
    /// As many as the parameter's own length says.
    Own,
    /// As many as another parameter says.
    Told(usize),
    /// As many as the host has to give.
    Open,
}

/// A list of records each of which holds the address of a buffer and its length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BufferList {
    /// The records.
    pub(crate) records: Elements,
    /// The bytes of one record.
    pub(crate) stride: usize,
    /// Where in a record the address is, and where the number of elements.
    address: usize,
    length: usize,
    /// The bytes of one element in a buffer.
    pub(crate) element: u32,
    /// Whether the host writes to the buffers; else it reads them.
    pub(crate) filled: bool,
}

/// What a parameter is. `None` if it is nothing that can be recorded.
pub(crate) fn shape(param: &Param) -> Option<Shape> {
    let elements = |ty: &Type, count, kept| Elements {
        size: ty.size,
        count,
        kept,
    };
    match param.ty.kind {
        Kind::Int { .. } | Kind::Handle | Kind::Enum { .. } | Kind::Flags { .. } => {
            Some(Shape::Scalar)
        }
        Kind::String => Some(Shape::Given(Elements {
            size: 1,
            count: Count::Own,
            kept: LONGEST_TEXT,
        })),
        Kind::List { element } if is_plain(element) => {
            Some(Shape::Given(elements(element, Count::Own, LONGEST_DATA)))
        }
        Kind::List { element } => {
            let records = elements(element, Count::Own, LONGEST_DATA);
            buffers(element, records).map(Shape::Buffers)
        }
        Kind::Pointer {
            pointee,
            mutable: true,
        } => {
            // A pointer that the host itself writes is followed by nobody.
            let written = is_plain(pointee) || matches!(pointee.kind, Kind::Pointer { .. });
            let count = param.count.map_or(Count::Open, Count::Told);
            written.then_some(Shape::Filled(elements(pointee, count, 0)))
        }
        Kind::Pointer {
            pointee,
            mutable: false,
        } => {
            let count = Count::Told(param.count?);
            is_plain(pointee).then_some(Shape::Given(elements(pointee, count, LONGEST_DATA)))
        }
        Kind::Record { .. } | Kind::Variant { .. } => {
            is_plain(param.ty).then_some(Shape::Given(elements(param.ty, Count::One, LONGEST_DATA)))
        }
    }
}

/// Whether a value leads nowhere: all of it lies where it lies.
fn is_plain(ty: &Type) -> bool {
    match ty.kind {
        Kind::Int { .. } | Kind::Handle | Kind::Enum { .. } | Kind::Flags { .. } => true,
        Kind::String | Kind::List { .. } | Kind::Pointer { .. } => false,
        Kind::Record { members } => members.iter().all(|member| is_plain(member.ty)),
        Kind::Variant { cases, .. } => cases.iter().all(|case| case.payload.is_none_or(is_plain)),
    }
}

/// A list whose records hold one pointer each, and the number of what it leads to.
fn buffers(record: &Type, records: Elements) -> Option<BufferList> {
    let Kind::Record { members } = record.kind else {
        return None;
    };
    let leads = |member: &&Member| !is_plain(member.ty);
    let pointer = members.iter().find(leads)?;
    let Kind::Pointer { pointee, mutable } = pointer.ty.kind else {
        return None;
    };
    let length = members.get(pointer.count?)?;
    let alone = members.iter().filter(leads).count() == 1;
    let fits = alone && is_plain(pointee) && pointer.ty.size == 4 && length.ty.size == 4;
    fits.then_some(BufferList {
        records,
        stride: usize::try_from(record.size).ok()?,
        address: usize::try_from(pointer.offset).ok()?,
        length: usize::try_from(length.offset).ok()?,
        element: pointee.size,
        filled: mutable,
    })
}

/// Whether all that a function reads and writes is understood.
pub(crate) fn is_known(function: &Function) -> bool {
    function.params.iter().all(|param| shape(param).is_some())
        && function.results.iter().all(|result| is_plain(result.ty))
}

/// Whether a function's first result is the number of elements that it moved: then it has the type
/// `size`, and one pointer that they were moved through.
pub(crate) fn tells_count(function: &Function) -> bool {
    let moves = |param: &&Param| matches!(shape(param), Some(Shape::Filled(_) | Shape::Buffers(_)));
    function
        .results
        .first()
        .is_some_and(|result| result.ty.name == "size")
        && function.params.iter().filter(moves).count() == 1
}

/// The parameter whose buffers the host reads.
pub(crate) fn read_buffers(function: &Function) -> Option<(usize, BufferList)> {
    let params = function.params.iter().enumerate();
    params
        .filter_map(|(index, param)| match shape(param)? {
            Shape::Buffers(list) if !list.filled => Some((index, list)),
            _ => None,
        })
        .next()
}

impl Elements {
    /// The bytes of one.
    pub(crate) fn size(&self) -> u64 {
        u64::from(self.size)
    }

    /// Where the elements of a parameter are: their address, and their length in bytes if the
    /// guest says it.
    fn place(&self, function: &Function, args: &[u64], param: usize) -> (u64, Option<u64>) {
        let value = |role| argument(function, args, role).unwrap_or(0);
        let count = match self.count {
            Count::One => Some(1),
            Count::Own => Some(value(Role::Length(param))),
            Count::Told(other) => Some(value(Role::Value(other))),
            Count::Open => None,
        };
        let length = count.map(|count| count.saturating_mul(u64::from(self.size)));
        (value(Role::Value(param)), length)
    }

    /// All the elements of a parameter, if they lie within the memory.
    pub(crate) fn bytes<'m>(
        &self,
        function: &Function,
        args: &[u64],
        param: usize,
        memory: &'m [u8],
    ) -> Option<&'m [u8]> {
        let (start, length) = self.place(function, args, param);
        let length = usize::try_from(length?).ok()?;
        if length == 0 {
            return Some(&[]);
        }
        let start = usize::try_from(start).ok()?;
        memory.get(start..start.checked_add(length)?)
    }

    /// All the elements of a parameter, as far as they lie within a memory of this size. Where it
    /// is not said how many there are, that is all the memory behind the first.
    pub(crate) fn range(
        &self,
        function: &Function,
        args: &[u64],
        param: usize,
        memory: usize,
    ) -> Range<usize> {
        let (start, length) = self.place(function, args, param);
        clip(start, length.unwrap_or(u64::MAX), memory)
    }
}

impl BufferList {
    /// The address of a record's buffer, and its length in bytes.
    pub(crate) fn buffer(&self, record: &[u8]) -> Option<(u64, u64)> {
        let word = |at: usize| {
            let bytes = record.get(at..at.checked_add(4)?)?;
            Some(u64::from(u32::from_le_bytes(bytes.try_into().ok()?)))
        };
        let length = word(self.length)?.saturating_mul(u64::from(self.element));
        Some((word(self.address)?, length))
    }
}

/// `length` bytes at `start`, as far as they lie within a memory of this size.
pub(crate) fn clip(start: u64, length: u64, memory: usize) -> Range<usize> {
    let within = |address: u64| usize::try_from(address).unwrap_or(memory).min(memory);
    within(start)..within(start.saturating_add(length))
}

/// Where the results of a function are written, as far as that lies within a memory of this size.
pub(crate) fn results(
    function: &'static Function,
    args: &[u64],
    memory: usize,
) -> impl Iterator<Item = Range<usize>> {
    let results = function.results.iter().enumerate();
    results.filter_map(move |(index, result)| {
        let address = argument(function, args, Role::Return(index))?;
        Some(clip(address, u64::from(result.ty.size), memory))
    })
}

#[cfg(test)]
mod tests;
