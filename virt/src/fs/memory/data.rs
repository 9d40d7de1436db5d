//! The contents of a file.

use super::space::Space;
use std::collections::BTreeMap;
use std::io::{IoSlice, IoSliceMut};
use std::sync::Arc;
use turnkey_wasi_common::{Errno, File, Result};

/// Contents are held in pieces of this many bytes.
const CHUNK: u64 = 64 << 10;

/// Bytes that holding chunks costs beside what lies in them. The first one is the file's own.
fn cost(chunks: usize) -> u64 {
    Space::PIECE.saturating_mul(chunks.saturating_sub(1) as u64)
}

/// Bytes in memory, over those of a lower file where there is one. What was never written takes no
/// room: it is the lower file's, or zero.
pub(super) struct Data {
    space: Space,
    len: u64,
    /// Each by its place among all. A chunk that ends early goes on with zeros.
    chunks: BTreeMap<u64, Vec<u8>>,
    base: Option<Base>,
}

/// A lower file, and how many bytes of it are still seen.
struct Base {
    file: Arc<dyn File>,
    len: u64,
    /// Nothing of it was cut off.
    whole: bool,
}

/// What is still needed of a range that is about to lie in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kept {
    /// All that is read there.
    All,
    /// What lies around it: the range itself is written over.
    Around,
}

/// A part of a chunk.
struct Part {
    chunk: u64,
    start: usize,
    end: usize,
}

impl Part {
    /// The part of a chunk that begins at `offset` and has at most `length` bytes.
    fn at(offset: u64, length: u64) -> Self {
        let start = offset % CHUNK;
        let end = (start + length.min(CHUNK)).min(CHUNK);
        // Both are at most the size of a chunk.
        Self {
            chunk: offset / CHUNK,
            start: usize::try_from(start).unwrap_or(0),
            end: usize::try_from(end).unwrap_or(0),
        }
    }

    fn len(&self) -> usize {
        self.end - self.start
    }

    /// Where the chunk begins in the file.
    fn origin(&self) -> u64 {
        self.chunk * CHUNK
    }
}

impl Data {
    /// Nothing.
    pub(super) fn new(space: Space) -> Self {
        Self {
            space,
            len: 0,
            chunks: BTreeMap::new(),
            base: None,
        }
    }

    /// What a lower file holds.
    pub(super) fn over(space: Space, file: Arc<dyn File>, len: u64) -> Self {
        Self {
            space,
            len,
            chunks: BTreeMap::new(),
            base: Some(Base {
                file,
                len,
                whole: true,
            }),
        }
    }

    /// The size in bytes.
    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// Reads into the buffers from `offset` on, and answers how many bytes.
    pub(super) fn read(&self, buffers: &mut [IoSliceMut<'_>], offset: u64) -> Result<usize> {
        if let (Some(base), true) = (&self.base, self.chunks.is_empty()) {
            if base.whole && base.len == self.len {
                return base.file.read_at(buffers, offset);
            }
        }
        let mut read = 0;
        let mut at = offset;
        for buffer in buffers {
            let mut room = &mut **buffer;
            while !room.is_empty() && at < self.len {
                let left = (self.len - at).min(room.len() as u64);
                let part = Part::at(at, left);
                let (now, later) = room.split_at_mut(part.len().min(room.len()));
                match self.read_part(now, &part, at) {
                    Ok(()) => {}
                    Err(error) if read == 0 => return Err(error),
                    Err(_) => return Ok(read),
                }
                at += now.len() as u64;
                read += now.len();
                room = later;
            }
        }
        Ok(read)
    }

    /// Fills `bytes`, which is as long as the part.
    fn read_part(&self, bytes: &mut [u8], part: &Part, at: u64) -> Result<()> {
        let there = match (self.chunks.get(&part.chunk), &self.base) {
            (Some(chunk), _) => {
                let there = chunk.get(part.start..).unwrap_or_default();
                let there = there.get(..bytes.len()).unwrap_or(there);
                if let Some(room) = bytes.get_mut(..there.len()) {
                    room.copy_from_slice(there);
                }
                there.len()
            }
            (None, Some(base)) if at < base.len => {
                let seen = usize::try_from(base.len - at).unwrap_or(usize::MAX);
                let seen = seen.min(bytes.len());
                read_all(&*base.file, bytes.get_mut(..seen).unwrap_or_default(), at)?
            }
            _ => 0,
        };
        if let Some(nothing) = bytes.get_mut(there..) {
            nothing.fill(0);
        }
        Ok(())
    }

    /// Writes the buffers at `offset`, all of them or nothing, and answers how many bytes that is.
    ///
    /// # Errors
    /// - `FBIG`: a file cannot be so large.
    /// - `NOSPC`: there is no room.
    /// - `IO`: the lower file, of which a part has to be kept, cannot be read.
    pub(super) fn write(&mut self, buffers: &[IoSlice<'_>], offset: u64) -> Result<usize> {
        let total: u64 = buffers.iter().map(|buffer| buffer.len() as u64).sum();
        if total == 0 {
            return Ok(0);
        }
        let end = end_of(offset, total)?;
        self.make_room(offset, end, Kept::Around)?;
        let mut at = offset;
        for buffer in buffers {
            let mut left = &**buffer;
            while !left.is_empty() {
                let part = Part::at(at, left.len() as u64);
                let (now, later) = left.split_at(part.len());
                let chunk = self.chunks.entry(part.chunk).or_default();
                if let Some(room) = chunk.get_mut(part.start..part.end) {
                    room.copy_from_slice(now);
                }
                at += now.len() as u64;
                left = later;
            }
        }
        self.len = self.len.max(end);
        Ok(usize::try_from(total).unwrap_or(usize::MAX))
    }

    /// Has every byte between `offset` and `end` lie in a chunk, with what is read there now as far
    /// as it is kept.
    fn make_room(&mut self, offset: u64, end: u64, kept: Kept) -> Result<()> {
        let mut parts = Vec::new();
        let held = self.chunks.len();
        let mut chunks = held;
        let mut needed = 0;
        let mut at = offset;
        while at < end {
            let part = Part::at(at, end - at);
            at += part.len() as u64;
            let chunk = self.chunks.get(&part.chunk);
            let there = chunk.map_or(0, Vec::len);
            chunks += usize::from(chunk.is_none());
            // A chunk that is new begins with what lies below, unless all of that is replaced.
            let below = match &self.base {
                Some(base) if chunk.is_none() => {
                    let below = base.len.saturating_sub(part.origin()).min(CHUNK);
                    usize::try_from(below).unwrap_or(0)
                }
                _ => 0,
            };
            let len = part.end.max(there).max(below);
            needed += (len - there) as u64;
            if needed + cost(chunks) - cost(held) > self.space.left() {
                return Err(Errno::Nospc.into());
            }
            parts.push((part, len, below));
        }
        needed += cost(chunks) - cost(held);
        self.space.take_bytes(needed)?;
        let mut given = 0;
        for (part, len, below) in parts {
            let there = self.chunks.get(&part.chunk).map_or(0, Vec::len);
            let around = part.start > 0 || part.end < below;
            let copied = below > 0 && (around || kept == Kept::All);
            if copied {
                let mut bytes = vec![0; below];
                if let Some(base) = &self.base {
                    if let Err(error) = read_all(&*base.file, &mut bytes, part.origin()) {
                        given += cost(self.chunks.len()) - cost(held);
                        self.space.give_back_bytes(needed - given);
                        return Err(error);
                    }
                }
                self.chunks.insert(part.chunk, bytes);
            }
            let chunk = self.chunks.entry(part.chunk).or_default();
            chunk.resize(len, 0);
            given += (len - there) as u64;
        }
        Ok(())
    }

    /// Cuts the contents, or lets them grow with zeros, which take no room.
    ///
    /// # Errors
    /// - `FBIG`: a file cannot be so large.
    pub(super) fn set_size(&mut self, size: u64) -> Result<()> {
        end_of(size, 0)?;
        if size < self.len {
            let mut given_back = 0;
            let held = self.chunks.len();
            let behind = self.chunks.split_off(&size.div_ceil(CHUNK));
            given_back += behind.values().map(Vec::len).sum::<usize>();
            let part = Part::at(size, 0);
            if let Some(chunk) = self.chunks.get_mut(&part.chunk) {
                let before = chunk.len();
                chunk.truncate(part.start);
                chunk.shrink_to_fit();
                given_back += before - chunk.len();
            }
            let chunks = cost(held) - cost(self.chunks.len());
            self.space.give_back_bytes(given_back as u64 + chunks);
            if let Some(base) = &mut self.base {
                base.whole &= base.len <= size;
                base.len = base.len.min(size);
            }
        }
        self.len = size;
        Ok(())
    }

    /// Makes room for a range, and lets the contents grow to its end.
    ///
    /// # Errors
    /// - `FBIG`: a file cannot be so large.
    /// - `NOSPC`: there is no room.
    pub(super) fn allocate(&mut self, offset: u64, length: u64) -> Result<()> {
        let end = end_of(offset, length)?;
        // Looked at first, because a range may be longer than anybody could go through.
        let last = end.div_ceil(CHUNK);
        let chunks = self.chunks.range(offset / CHUNK..last);
        let there: u64 = chunks.map(|(_, chunk)| chunk.len() as u64).sum();
        if length.saturating_sub(there) > self.space.left() {
            return Err(Errno::Nospc.into());
        }
        self.make_room(offset, end, Kept::All)?;
        self.len = self.len.max(end);
        Ok(())
    }
}

impl Drop for Data {
    fn drop(&mut self) {
        let held: usize = self.chunks.values().map(Vec::len).sum();
        self.space
            .give_back_bytes(held as u64 + cost(self.chunks.len()));
    }
}

/// Fills `bytes` from a place of a file, and answers how many of them; fewer only at its end.
fn read_all(file: &dyn File, bytes: &mut [u8], origin: u64) -> Result<usize> {
    let mut done = 0;
    while let Some(room @ [_, ..]) = bytes.get_mut(done..) {
        match file.read_at(&mut [IoSliceMut::new(room)], origin + done as u64)? {
            0 => break,
            count => done += count,
        }
    }
    Ok(done)
}

/// The end of a range, if a file can have it.
fn end_of(offset: u64, length: u64) -> Result<u64, Errno> {
    let end = offset.checked_add(length).ok_or(Errno::Fbig)?;
    match i64::try_from(end) {
        Ok(_) => Ok(end),
        Err(_) => Err(Errno::Fbig),
    }
}

#[cfg(test)]
#[expect(
    clippy::cast_possible_truncation,
    reason = "sizes here are small, and bytes a pattern"
)]
mod tests {
    use super::*;
    use crate::fs::Contents;
    use proptest::prelude::*;

    const SIZE: usize = 200_000;

    fn read(data: &Data, offset: u64, length: usize) -> Vec<u8> {
        let mut bytes = vec![0xee; length];
        let (one, two) = bytes.split_at_mut(length / 3);
        let mut buffers = [IoSliceMut::new(one), IoSliceMut::new(two)];
        let count = data.read(&mut buffers, offset).unwrap();
        bytes.truncate(count);
        bytes
    }

    fn write(data: &mut Data, offset: u64, bytes: &[u8]) -> Result<usize> {
        let (one, two) = bytes.split_at(bytes.len() / 2);
        data.write(&[IoSlice::new(one), IoSlice::new(two)], offset)
    }

    #[derive(Debug, Clone)]
    enum Step {
        Write(u64, usize, u8),
        SetSize(u64),
        Allocate(u64, u64),
        Read(u64, usize),
    }

    fn step() -> impl Strategy<Value = Step> {
        let at = 0..SIZE as u64;
        prop_oneof![
            (at.clone(), 0..100_000_usize, any::<u8>())
                .prop_map(|(at, length, byte)| Step::Write(at, length, byte)),
            at.clone().prop_map(Step::SetSize),
            (at.clone(), 1..70_000_u64).prop_map(|(at, length)| Step::Allocate(at, length)),
            (at, 0..150_000_usize).prop_map(|(at, length)| Step::Read(at, length)),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// What a vector would hold, with and without a lower file.
        #[test]
        fn steps_as_a_vector_has_them(
            steps in proptest::collection::vec(step(), 1..40),
            lower in proptest::option::of(0..SIZE),
        ) {
            let space = Space::new(1 << 30, 1);
            let mut model: Vec<u8> = (0..lower.unwrap_or(0)).map(|at| (at % 251) as u8).collect();
            let mut data = match lower {
                Some(len) => {
                    let file = Arc::new(Contents::from(model.clone()));
                    Data::over(space.clone(), file, len as u64)
                }
                None => Data::new(space.clone()),
            };
            for step in steps {
                match step {
                    Step::Write(at, length, byte) => {
                        let bytes: Vec<u8> = (0..length).map(|n| byte.wrapping_add(n as u8)).collect();
                        prop_assert_eq!(write(&mut data, at, &bytes), Ok(length));
                        if length > 0 {
                            let end = at as usize + length;
                            model.resize(model.len().max(end), 0);
                            model[at as usize..end].copy_from_slice(&bytes);
                        }
                    }
                    Step::SetSize(size) => {
                        data.set_size(size).unwrap();
                        model.resize(size as usize, 0);
                    }
                    Step::Allocate(at, length) => {
                        data.allocate(at, length).unwrap();
                        model.resize(model.len().max((at + length) as usize), 0);
                    }
                    Step::Read(at, length) => {
                        let from = (at as usize).min(model.len());
                        let to = (from + length).min(model.len());
                        prop_assert_eq!(read(&data, at, length), &model[from..to]);
                    }
                }
                prop_assert_eq!(data.len(), model.len() as u64);
                let held: usize = data.chunks.values().map(Vec::len).sum();
                prop_assert_eq!(space.bytes(), held as u64 + cost(data.chunks.len()));
            }
            prop_assert_eq!(read(&data, 0, model.len()), model);
            drop(data);
            prop_assert_eq!(space.bytes(), 0);
        }
    }

    #[test]
    fn allocate_whole_chunk_of_a_lower_file_contents_stay() {
        let lower = Arc::new(Contents::from(vec![7; 65537]));
        let mut data = Data::over(Space::new(1 << 20, 1), lower, 65537);
        data.allocate(21_035, 44_502).unwrap();
        assert_eq!(read(&data, 65_000, 1000), [7; 537]);
    }

    #[test]
    fn write_beyond_the_room_nothing_is_done() {
        let space = Space::new(100, 1);
        let mut data = Data::new(space.clone());
        assert_eq!(write(&mut data, 0, &[7; 60]), Ok(60));
        let refused = write(&mut data, 50, &[9; 60]).unwrap_err();
        assert_eq!(refused.errno(), Errno::Nospc);
        assert_eq!(read(&data, 0, 100), [7; 60]);
        assert_eq!((data.len(), space.bytes()), (60, 60));
        assert_eq!(write(&mut data, 20, &[9; 80]), Ok(80));
        data.set_size(10).unwrap();
        assert_eq!(space.bytes(), 10);
    }

    #[test]
    fn write_a_byte_in_each_of_many_pieces_they_take_room() {
        let space = Space::new(10_000, 1);
        let mut data = Data::new(space.clone());
        let written = (0..).take_while(|n| write(&mut data, n * CHUNK, b"x").is_ok());
        let written = written.count() as u64;
        assert_eq!(written, 10_000u64.div_ceil(Space::PIECE + 1));
        assert_eq!(space.bytes(), written + (written - 1) * Space::PIECE);
        data.set_size(CHUNK + 1).unwrap();
        assert_eq!(space.bytes(), 2 + Space::PIECE);
        drop(data);
        assert_eq!(space.bytes(), 0);
    }

    #[test]
    fn sizes_that_nobody_could_hold() {
        let space = Space::new(1000, 1);
        let mut data = Data::new(space.clone());
        data.set_size(i64::MAX as u64).unwrap();
        assert_eq!(read(&data, 1 << 62, 4), [0; 4]);
        assert_eq!(data.set_size(1 << 63).unwrap_err().errno(), Errno::Fbig);
        assert_eq!(data.allocate(0, 1 << 62).unwrap_err().errno(), Errno::Nospc);
        assert_eq!(
            write(&mut data, i64::MAX as u64 - 1, &[0; 4])
                .unwrap_err()
                .errno(),
            Errno::Fbig
        );
        assert_eq!(write(&mut data, (1 << 62) + 7, &[5; 3]), Ok(3));
        assert_eq!(read(&data, (1 << 62) + 6, 5), [0, 5, 5, 5, 0]);
        assert!(space.bytes() <= 100);
    }
}
