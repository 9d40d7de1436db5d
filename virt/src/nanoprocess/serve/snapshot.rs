//! A copy of what a child passes, in its parent's memory.

mod layout;

pub(super) use layout::Words;

use super::entered::Flaw;
use super::room::Desk;
use smallvec::SmallVec;
use std::ops::Range;
use turnkey_snapshots::engine::Guest;
use turnkey_wasi_common::Errno;

/// What the arguments of a call lead to, and where it was copied to.
#[derive(Default)]
pub(super) struct Snapshot {
    parts: SmallVec<[Part; 4]>,
    /// Something that the call writes found no room, and nobody has written it otherwise.
    incomplete: bool,
    /// What the child had where the call writes, once somebody has written there.
    kept: Option<Vec<(usize, Vec<u8>)>>,
}

/// Bytes that an argument leads to. The buffers that a list tells are a part each.
struct Part {
    /// The position of the argument.
    arg: u32,
    child: u32,
    /// The copy's address, if there was room for one.
    parent: Option<u32>,
    length: u32,
    /// The call writes there.
    written: bool,
}

impl Part {
    fn range(&self) -> Range<usize> {
        let start = self.child as usize;
        start..start.saturating_add(self.length as usize)
    }
}

/// The most bytes that a call may write for its outcome to be undone.
const MOST_KEPT: usize = 16 << 20;

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

impl Snapshot {
    /// Hands the child what a filter has written in place of the host.
    pub(super) fn put_back(
        &self,
        desk: &mut Desk<'_, '_>,
        memory: &mut [u8],
    ) -> Result<Answered, Flaw> {
        if self.incomplete {
            return Ok(Answered::Without);
        }
        for part in self.parts.iter().filter(|part| part.written) {
            let Some(parent) = part.parent else { continue };
            let place = memory.get_mut(part.range());
            let from = desk.bytes(parent, part.length as usize)?;
            place.ok_or(Errno::Fault)?.copy_from_slice(from);
        }
        Ok(Answered::Whole)
    }

    /// Copies from the bytes that an argument leads to, those of several buffers as if they lay one
    /// behind the other. Answers how many there were.
    ///
    /// # Errors
    /// - `INVAL`: the argument leads nowhere.
    pub(super) fn read(
        &self,
        memory: &[u8],
        arg: u32,
        offset: u32,
        bytes: &mut [u8],
    ) -> Result<usize, Errno> {
        let mut done = 0_usize;
        for (part, range) in self.pieces(arg, offset, bytes.len(), |_| true)? {
            let from = memory.get(part.range()).and_then(|part| part.get(range));
            let from = from.ok_or(Errno::Fault)?;
            let place = bytes.get_mut(done..done.saturating_add(from.len()));
            place.ok_or(Errno::Fault)?.copy_from_slice(from);
            done += from.len();
        }
        Ok(done)
    }

    /// Writes to the bytes that an argument leads to: the child's, and their copy.
    ///
    /// # Errors
    /// - `INVAL`: the call writes nothing where the argument leads.
    /// - `FAULT`: there is less than that.
    /// - `NOMEM`: the call writes more than can be kept.
    pub(super) fn write(
        &mut self,
        memory: &mut [u8],
        parent: &mut dyn Guest,
        (arg, offset): (u32, u32),
        bytes: &[u8],
    ) -> Result<(), Errno> {
        let pieces = self.pieces(arg, offset, bytes.len(), |part| part.written)?;
        let length: usize = pieces.iter().map(|(_, range)| range.len()).sum();
        if length < bytes.len() {
            return Err(Errno::Fault);
        }
        let pieces: Vec<_> = pieces
            .into_iter()
            .map(|(part, range)| (part.range(), part.parent, range))
            .collect();
        self.keep(memory)?;
        let mut rest = bytes;
        for (place, copy, range) in pieces {
            let (now, later) = rest.split_at(range.len().min(rest.len()));
            rest = later;
            let place = memory
                .get_mut(place)
                .and_then(|part| part.get_mut(range.clone()));
            place.ok_or(Errno::Fault)?.copy_from_slice(now);
            if let Some(copy) = copy {
                let start = (copy as usize).saturating_add(range.start);
                copy_to(parent, start, now)?;
            }
        }
        self.incomplete = false;
        Ok(())
    }

    /// The pieces of parts in which so many bytes lie from an offset, or as many as there are.
    fn pieces(
        &self,
        arg: u32,
        offset: u32,
        length: usize,
        of: impl Fn(&Part) -> bool,
    ) -> Result<Vec<(&Part, Range<usize>)>, Errno> {
        let parts = self.parts.iter().filter(|part| part.arg == arg && of(part));
        let (mut skipped, mut left) = (offset as usize, length);
        let (mut pieces, mut any) = (Vec::new(), false);
        for part in parts {
            any = true;
            let start = skipped.min(part.length as usize);
            skipped -= start;
            let end = start.saturating_add(left).min(part.length as usize);
            left -= end - start;
            if start < end {
                pieces.push((part, start..end));
            }
            if left == 0 {
                break;
            }
        }
        match any {
            true => Ok(pieces),
            false => Err(Errno::Inval),
        }
    }

    /// Keeps what the child has where the call writes, before anybody writes there.
    ///
    /// # Errors
    /// - `NOMEM`: that is too much.
    pub(super) fn keep(&mut self, memory: &[u8]) -> Result<(), Errno> {
        if self.kept.is_some() {
            return Ok(());
        }
        let written = self.parts.iter().filter(|part| part.written);
        let mut ranges: Vec<_> = written.map(Part::range).collect();
        ranges.sort_unstable_by_key(|range| range.start);
        let mut apart: Vec<Range<usize>> = Vec::new();
        for range in ranges {
            match apart.last_mut() {
                Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
                _ => apart.push(range),
            }
        }
        if apart.iter().map(ExactSizeIterator::len).sum::<usize>() > MOST_KEPT {
            return Err(Errno::Nomem);
        }
        let kept = apart.into_iter().map(|range| {
            let start = range.start;
            let bytes = memory.get(range).unwrap_or_default();
            (start, bytes.to_vec())
        });
        self.kept = Some(kept.collect());
        Ok(())
    }

    /// Undoes what was written to the child's memory.
    #[inline]
    pub(super) fn restore(&mut self, memory: &mut [u8]) {
        let Some(kept) = self.kept.take() else {
            return;
        };
        for (start, bytes) in kept {
            let end = start.saturating_add(bytes.len());
            if let Some(place) = memory.get_mut(start..end) {
                place.copy_from_slice(&bytes);
            }
        }
    }

    /// Copies what the call has written to where the filter sees it.
    ///
    /// # Errors
    /// - `FAULT`: the parent's memory has become smaller.
    pub(super) fn refresh(&mut self, memory: &[u8], parent: &mut dyn Guest) -> Result<(), Errno> {
        for part in self.parts.iter().filter(|part| part.written) {
            if let Some(copy) = part.parent {
                let bytes = memory.get(part.range()).ok_or(Errno::Fault)?;
                copy_to(parent, copy as usize, bytes)?;
            }
        }
        self.incomplete = false;
        Ok(())
    }
}

fn copy_to(parent: &mut dyn Guest, start: usize, bytes: &[u8]) -> Result<(), Errno> {
    let memory = parent.memory().map_err(|_| Errno::Fault)?;
    let place = memory.get_mut(start..start.saturating_add(bytes.len()));
    place.ok_or(Errno::Fault)?.copy_from_slice(bytes);
    Ok(())
}
