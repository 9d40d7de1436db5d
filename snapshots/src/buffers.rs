//! Scattered and gathered input and output.

use crate::error::Error;
use crate::memory::{Bytes, out_of_bounds, range};
use smallvec::SmallVec;
use std::io::{IoSlice, IoSliceMut};
use std::ops::Range;
use turnkey_wasi_common::Errno;
use wiggle::GuestMemory;

/// How many buffers one call moves: what POSIX hosts take at once (`IOV_MAX`). The rest is left,
/// which to the guest is a short read or write.
const MOST_BUFFERS: usize = 1024;

/// The buffers that are kept without asking the heap for room.
const FEW: usize = 16;

/// The bytes of a `iovec` or `ciovec`: an address and a length.
const IOVEC: u32 = 8;

/// The guest's buffers, all within its memory, the empty ones left out. It is filled where it lies:
/// moving it would cost more than all the rest.
#[derive(Debug, Default)]
#[expect(
    clippy::large_enum_variant,
    reason = "it lies on the stack for the length of a call, and asks the heap for nothing"
)]
pub(crate) enum Buffers {
    /// There is nothing to move.
    #[default]
    None,
    /// What most calls have.
    One(Range<usize>),
    Many(SmallVec<[Range<usize>; FEW]>),
}

/// Where a guest's list of buffers lies.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Iovecs {
    pub(crate) start: u32,
    pub(crate) count: u32,
}

impl Buffers {
    /// Reads a list of buffers and sees that each lies within the memory. Keeps `most` bytes of
    /// them, and one at least: the rest is left as well.
    ///
    /// # Errors
    /// - a trap: the list or one of its buffers leads beyond the memory, or is misaligned.
    /// - `INVAL`: all buffers together exceed `u32::MAX` bytes.
    pub(crate) fn fill(
        &mut self,
        memory: &GuestMemory<'_>,
        iovecs: Iovecs,
        most: u32,
    ) -> Result<(), Error> {
        memory.check_array(iovecs.start, iovecs.count, IOVEC, 4)?;
        let bytes = memory.bytes()?;
        let list = bytes.get(iovecs.start as usize..).unwrap_or_default();
        if let (1, Some(iovec)) = (iovecs.count, list.first_chunk()) {
            if let Some(mut range) = buffer(*iovec, bytes)? {
                range.end = range
                    .end
                    .min(range.start.saturating_add(most.max(1) as usize));
                *self = Self::One(range);
            }
            return Ok(());
        }
        self.fill_many(bytes, list, iovecs.count, most)
    }

    fn fill_many(&mut self, bytes: &[u8], list: &[u8], count: u32, most: u32) -> Result<(), Error> {
        *self = Self::Many(SmallVec::new());
        let Self::Many(many) = self else {
            return Ok(());
        };
        let mut total = 0_u64;
        let mut room = most.max(1) as usize;
        let list = list.chunks_exact(IOVEC as usize).take(count as usize);
        for iovec in list.filter_map(<[u8]>::first_chunk) {
            let Some(mut range) = buffer(*iovec, bytes)? else {
                continue;
            };
            total += range.len() as u64;
            if many.len() < MOST_BUFFERS && room > 0 {
                let kept = range.len().min(room);
                room -= kept;
                range.end = range.start + kept;
                many.push(range);
            }
        }
        if total > u64::from(u32::MAX) {
            return Err(Errno::Inval.into());
        }
        Ok(())
    }

    /// The same in a place of its own.
    pub(crate) fn read(memory: &GuestMemory<'_>, iovecs: Iovecs, most: u32) -> Result<Self, Error> {
        let mut buffers = Self::default();
        buffers.fill(memory, iovecs, most)?;
        Ok(buffers)
    }

    /// Whether there is nothing to move.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Self::None => true,
            Self::One(_) => false,
            Self::Many(many) => many.is_empty(),
        }
    }

    /// Hands the guest's bytes to `write`.
    #[inline]
    pub(crate) fn gather<R>(
        &self,
        memory: &GuestMemory<'_>,
        write: impl FnOnce(&[IoSlice<'_>]) -> R,
    ) -> Result<R, Error> {
        let bytes = memory.bytes()?;
        let slice = |range: &Range<usize>| bytes.get(range.clone()).unwrap_or_default();
        Ok(match self {
            Self::None => write(&[]),
            Self::One(only) => write(&[IoSlice::new(slice(only))]),
            Self::Many(many) => {
                let slices = many.iter().map(|range| IoSlice::new(slice(range)));
                write(&slices.collect::<SmallVec<[_; FEW]>>())
            }
        })
    }

    /// Lets `read` fill the guest's buffers. It receives the buffers and how many bytes were read
    /// before. Buffers that overlap are legal; they are filled one after the other.
    #[inline]
    pub(crate) fn scatter<E>(
        &self,
        memory: &mut GuestMemory<'_>,
        mut read: impl FnMut(&mut [IoSliceMut<'_>], usize) -> Result<usize, E>,
    ) -> Result<Result<usize, E>, Error> {
        let bytes = memory.bytes_mut()?;
        Ok(match self {
            Self::None => read(&mut [], 0),
            Self::One(only) => {
                let slice = bytes.get_mut(only.clone()).unwrap_or_default();
                read(&mut [IoSliceMut::new(slice)], 0)
            }
            Self::Many(many) => {
                if let Some(mut slices) = disjoint(many, bytes) {
                    return Ok(read(&mut slices, 0));
                }
                one_by_one(many, bytes, read)
            }
        })
    }
}

/// Fills buffers that overlap.
fn one_by_one<E>(
    many: &[Range<usize>],
    bytes: &mut [u8],
    mut read: impl FnMut(&mut [IoSliceMut<'_>], usize) -> Result<usize, E>,
) -> Result<usize, E> {
    let mut before = 0;
    for range in many {
        let slice = bytes.get_mut(range.clone()).unwrap_or_default();
        let wanted = slice.len();
        match read(&mut [IoSliceMut::new(slice)], before) {
            Ok(count) => {
                before += count;
                if count < wanted {
                    break;
                }
            }
            Err(error) if before == 0 => return Err(error),
            Err(_) => break,
        }
    }
    Ok(before)
}

/// The buffer that an element of a list tells; `None` if it is empty.
#[inline]
fn buffer(iovec: [u8; IOVEC as usize], memory: &[u8]) -> Result<Option<Range<usize>>, Error> {
    let [a, b, c, d, length @ ..] = iovec;
    let start = u32::from_le_bytes([a, b, c, d]);
    let length = u32::from_le_bytes(length);
    if length == 0 {
        return Ok(None);
    }
    let range = range(start, length);
    match range.end > memory.len() {
        true => Err(out_of_bounds(start, u64::from(length))),
        false => Ok(Some(range)),
    }
}

/// Buffers as slices side by side, in the guest's order; `None` if they overlap.
fn disjoint<'m>(
    many: &[Range<usize>],
    mut bytes: &'m mut [u8],
) -> Option<SmallVec<[IoSliceMut<'m>; FEW]>> {
    let mut order: SmallVec<[(usize, &Range<usize>); FEW]> = many.iter().enumerate().collect();
    order.sort_unstable_by_key(|(_, range)| range.start);
    let mut taken: SmallVec<[(usize, &'m mut [u8]); FEW]> = SmallVec::new();
    let mut at = 0;
    for (position, range) in order {
        let gap = range.start.checked_sub(at)?;
        let (_, rest) = bytes.split_at_mut_checked(gap)?;
        let (slice, rest) = rest.split_at_mut_checked(range.len())?;
        taken.push((position, slice));
        bytes = rest;
        at = range.end;
    }
    taken.sort_unstable_by_key(|(position, _)| *position);
    Some(
        taken
            .into_iter()
            .map(|(_, slice)| IoSliceMut::new(slice))
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A memory of 64 KiB with a list of buffers at 0.
    fn memory_with(buffers: &[(u32, u32)]) -> (Vec<u8>, Iovecs) {
        let mut bytes = vec![0; 65536];
        for (index, (start, length)) in buffers.iter().enumerate() {
            bytes[index * 8..][..4].copy_from_slice(&start.to_le_bytes());
            bytes[index * 8 + 4..][..4].copy_from_slice(&length.to_le_bytes());
        }
        let count = u32::try_from(buffers.len()).unwrap();
        (bytes, Iovecs { start: 0, count })
    }

    fn scattered(buffers: &[(u32, u32)]) -> (Vec<u8>, usize) {
        let (mut bytes, iovecs) = memory_with(buffers);
        let mut memory = GuestMemory::Unshared(&mut bytes);
        let read = Buffers::read(&memory, iovecs, u32::MAX).unwrap();
        let mut next = 0;
        let count = read
            .scatter(&mut memory, |slices, before| {
                assert_eq!(usize::from(next), before);
                let mut count = 0;
                for byte in slices.iter_mut().flat_map(|slice| slice.iter_mut()) {
                    next += 1;
                    *byte = next;
                    count += 1;
                }
                Ok::<_, Errno>(count)
            })
            .unwrap()
            .unwrap();
        (bytes, count)
    }

    #[test]
    fn scatter_out_of_order_filled_in_the_guests_order() {
        let (bytes, count) = scattered(&[(400, 3), (0, 0), (300, 2), (500, 1)]);
        assert_eq!(count, 6);
        assert_eq!(bytes[400..403], [1, 2, 3]);
        assert_eq!(bytes[300..302], [4, 5]);
        assert_eq!(bytes[500], 6);
    }

    #[test]
    fn scatter_overlapping_later_buffer_wins() {
        let (bytes, count) = scattered(&[(400, 4), (402, 4)]);
        assert_eq!(count, 8);
        assert_eq!(bytes[400..406], [1, 2, 5, 6, 7, 8]);
    }

    #[test]
    fn read_flawed_lists_trap_or_inval() {
        let trap = |buffers: &[(u32, u32)], iovecs: Option<Iovecs>| {
            let (mut bytes, list) = memory_with(buffers);
            let memory = GuestMemory::Unshared(&mut bytes);
            matches!(
                Buffers::read(&memory, iovecs.unwrap_or(list), u32::MAX),
                Err(Error::Stop(_))
            )
        };
        let at = |start, count| Some(Iovecs { start, count });
        assert!(trap(&[(65535, 2)], None));
        assert!(trap(&[(0, 1), (u32::MAX, u32::MAX)], None));
        assert!(trap(&[], at(2, 1)));
        assert!(trap(&[], at(65532, 1)));
        assert!(trap(&[], at(0, 1 << 29)));
        assert!(trap(&[], at(0, u32::MAX)));
        assert!(!trap(&[(u32::MAX, 0)], None));
        assert!(!trap(&[], at(65536, 0)));
        assert!(!trap(&[], at(u32::MAX, 0)));

        let (mut bytes, iovecs) = memory_with(&[(0, 65536); 200]);
        bytes.resize(1 << 17, 0);
        let many: Vec<u8> = bytes[..8].repeat(65536 / 4);
        bytes[..many.len()].copy_from_slice(&many);
        let memory = GuestMemory::Unshared(&mut bytes);
        let count = u32::try_from(many.len() / 8).unwrap();
        assert!(Buffers::read(&memory, Iovecs { count, ..iovecs }, u32::MAX).is_ok());
    }

    #[test]
    fn read_all_buffers_beyond_u32_inval() {
        let (mut bytes, iovecs) = memory_with(&[(0, 65536)]);
        bytes.resize(1 << 20, 0);
        let list: Vec<u8> = bytes[..8].repeat(65536 + 1);
        bytes[8..8 + list.len()].copy_from_slice(&list);
        let memory = GuestMemory::Unshared(&mut bytes);
        let read = Buffers::read(
            &memory,
            Iovecs {
                start: 8,
                count: 65536,
            },
            u32::MAX,
        );
        assert!(matches!(read, Err(Error::Errno(Errno::Inval))));
        let fewer = Iovecs { start: 8, ..iovecs };
        assert!(Buffers::read(&memory, fewer, u32::MAX).is_ok());
    }
}
