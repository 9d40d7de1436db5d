//! Elements one after another in a guest's memory.

use crate::buffers::{Buffers, Iovecs};
use crate::memory::{check_array, out_of_bounds};
use crate::typed::{Scalar, Value, verdict};
use std::marker::PhantomData;
use turnkey_wasi_common::Verdict;
use wiggle::GuestMemory;

/// Where some elements lie in the guest's memory, one after another.
///
/// ```
/// use turnkey_snapshots::typed::Array;
/// use turnkey_wasi_common::Verdict;
///
/// let mut memory = [1, 0, 2, 0, 0, 0];
/// let numbers = Array::<u16>::new(0, 2);
/// assert_eq!(numbers.load(&memory, 1), Ok(Some(2)));
/// numbers.store(&mut memory, 0, 0x0305)?;
/// assert_eq!(memory, [5, 3, 2, 0, 0, 0]);
///
/// assert!(matches!(Array::<u16>::new(4, 2).check(&memory), Err(Verdict::Trap(_))));
/// # Ok::<(), Verdict>(())
/// ```
#[derive(Debug, PartialEq, Eq)]
pub struct Array<T> {
    /// Where the first begins.
    pub address: u32,
    /// How many there are.
    pub count: u32,
    elements: PhantomData<T>,
}

impl<T> Clone for Array<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Array<T> {}

impl<T> Array<T> {
    /// So many elements at an address.
    pub fn new(address: u32, count: u32) -> Self {
        Self {
            address,
            count,
            elements: PhantomData,
        }
    }

    pub(crate) fn of_words(address: u64, count: u64) -> Self {
        Self::new(u32::of_word(address), u32::of_word(count))
    }
}

impl<T: Value> Array<T> {
    /// Sees that all elements lie in the memory.
    ///
    /// # Errors
    /// A trap of the kind `Fault`: one of them leads beyond the memory, or they are misaligned.
    pub fn check(self, memory: &[u8]) -> Result<(), Verdict> {
        check_array(memory, self.address, self.count, T::SIZE, T::ALIGN).map_err(verdict)
    }

    /// The element at a position; `None` if there is none, or if what lies there is no such value.
    ///
    /// # Errors
    /// As [`check`](Self::check).
    pub fn load(self, memory: &[u8], position: u32) -> Result<Option<T>, Verdict> {
        self.check(memory)?;
        let place = self.place(position);
        Ok(place.and_then(|place| T::load(memory.get(place..)?)))
    }

    /// Writes the element at a position. One that is not there is not written.
    ///
    /// # Errors
    /// As [`check`](Self::check).
    pub fn store(self, memory: &mut [u8], position: u32, element: T) -> Result<(), Verdict> {
        self.check(memory)?;
        let place = self.place(position);
        if let Some(to) = place.and_then(|place| memory.get_mut(place..)) {
            element.store(to);
        }
        Ok(())
    }

    /// Where an element begins.
    fn place(self, position: u32) -> Option<usize> {
        let before = u64::from(position) * u64::from(T::SIZE);
        let place = usize::try_from(u64::from(self.address) + before).ok()?;
        (position < self.count).then_some(place)
    }
}

impl Array<u8> {
    /// The bytes.
    ///
    /// # Errors
    /// As [`check`](Self::check).
    pub fn bytes(self, memory: &[u8]) -> Result<&[u8], Verdict> {
        if self.count == 0 {
            return Ok(&[]);
        }
        let start = self.address as usize;
        let end = start.saturating_add(self.count as usize);
        let bytes = memory.get(start..end);
        bytes.ok_or_else(|| verdict(out_of_bounds(self.address, self.count.into())))
    }

    /// Writes as much of `bytes` as there is room for, and answers how much that is.
    ///
    /// ```
    /// use turnkey_snapshots::typed::Array;
    ///
    /// let mut memory = *b"........";
    /// assert_eq!(Array::new(2, 4).fill(&mut memory, b"abcdef"), Ok(4));
    /// assert_eq!(&memory, b"..abcd..");
    /// ```
    ///
    /// # Errors
    /// As [`check`](Self::check); nothing is written.
    pub fn fill(self, memory: &mut [u8], bytes: &[u8]) -> Result<u32, Verdict> {
        self.check(memory)?;
        let room = memory.get_mut(self.address as usize..).unwrap_or_default();
        let mut filled = 0;
        let room = room.iter_mut().take(self.count as usize);
        for (to, from) in room.zip(bytes) {
            *to = *from;
            filled += 1;
        }
        Ok(filled)
    }
}

/// The address of some bytes, and how many there are: an element of what scattered and gathered
/// input and output are told by.
pub trait Vector: Value {
    /// The bytes.
    fn buffer(self) -> Array<u8>;
}

impl<T: Vector> Array<T> {
    /// What lies in all buffers, one after the other, but no more than `most` bytes of it.
    ///
    /// ```
    /// use turnkey_snapshots::preview_1::calls::Ciovec;
    /// use turnkey_snapshots::typed::Array;
    ///
    /// // Two buffers: 2 bytes at 16, and 3 bytes at 18.
    /// let mut memory = *b"\x10\0\0\0\x02\0\0\0\x12\0\0\0\x03\0\0\0hello";
    /// let buffers = Array::<Ciovec>::new(0, 2);
    /// assert_eq!(buffers.gather(&mut memory, 100)?, b"hello");
    /// assert_eq!(buffers.gather(&mut memory, 4)?, b"hell");
    /// # Ok::<(), turnkey_wasi_common::Verdict>(())
    /// ```
    ///
    /// # Errors
    /// - a trap of the kind `Fault`: the list or one of its buffers leads beyond the memory, or the
    ///   list is misaligned.
    /// - `INVAL`: all buffers together exceed `u32::MAX` bytes.
    pub fn gather(self, memory: &mut [u8], most: u32) -> Result<Vec<u8>, Verdict> {
        let memory = GuestMemory::Unshared(memory);
        let buffers = self.buffers(&memory, most)?;
        let gathered = buffers.gather(&memory, |slices| {
            let bytes = slices.iter().flat_map(|slice| slice.iter().copied());
            bytes.take(most as usize).collect()
        });
        gathered.map_err(verdict)
    }

    /// Writes as much of `bytes` as all buffers have room for, one after the other, and answers how
    /// much that is.
    ///
    /// # Errors
    /// As [`gather`](Self::gather); nothing is written.
    pub fn scatter(self, memory: &mut [u8], bytes: &[u8]) -> Result<u32, Verdict> {
        let mut memory = GuestMemory::Unshared(memory);
        let buffers = self.buffers(&memory, u32::MAX)?;
        let mut rest = bytes;
        let scattered = buffers.scatter(&mut memory, |slices, _| {
            let mut filled = 0;
            for slice in slices {
                let count = rest.len().min(slice.len());
                if let Some((now, later)) = rest.split_at_checked(count) {
                    slice
                        .get_mut(..count)
                        .unwrap_or_default()
                        .copy_from_slice(now);
                    rest = later;
                    filled += count;
                }
            }
            Ok::<_, std::convert::Infallible>(filled)
        });
        match scattered.map_err(verdict)? {
            // All buffers together hold no more than `u32::MAX` bytes.
            Ok(filled) => Ok(u32::try_from(filled).unwrap_or(u32::MAX)),
            Err(never) => match never {},
        }
    }

    fn buffers(self, memory: &GuestMemory<'_>, most: u32) -> Result<Buffers, Verdict> {
        let iovecs = Iovecs {
            start: self.address,
            count: self.count,
        };
        Buffers::read(memory, iovecs, most).map_err(verdict)
    }
}
