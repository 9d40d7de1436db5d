//! Room in a parent's memory, for what is handed over with a request.

use super::entered::{Entered, Flaw};
use super::exports::Export;
use super::flawed;
use std::cell::RefCell;
use std::sync::atomic::Ordering;
use turnkey_snapshots::engine::{Handler, Value, ValueType};
use turnkey_wasi_common::Errno;

/// The least room with which anything can be served.
const LEAST: u32 = 1024;

/// Buffers that a filter is shown leave so much, for what is served while the filter has the call
/// carried out.
const SPARE: u32 = 4096;

/// The most that is used of what a parent lends.
const MOST: u32 = 1 << 20;

/// Everything is handed over at a multiple of this.
const ALIGN: u32 = 8;

/// From how many bytes on something begins with a line that is not the first of a page, if there is
/// room for that. Where a copy begins a few bytes behind what it is made of, counted from the
/// beginnings of their pages, some processors take fifteen times as long; and buffers begin where
/// pages do, or a few bytes behind that.
const LARGE: u32 = 4096;
const LINE: u32 = 64;
const PAGE: u32 = 4096;

thread_local! {
    /// What is in use on this thread: for each request that is under way, whose memory, and to which
    /// address. A handler that calls a child which is served in its turn shares the room with it.
    static IN_USE: RefCell<Vec<(Owner, u32)>> = const { RefCell::new(Vec::new()) };
}

/// The address of a parent's context, by which it is recognized while it is entered.
type Owner = usize;

/// A place in a parent's memory on which a request is laid out, from lower to higher addresses.
pub(super) struct Desk<'e, 'a> {
    parent: &'e mut Entered<'a>,
    owner: Owner,
    at: u32,
    end: u32,
}

impl<'e, 'a> Desk<'e, 'a> {
    pub(super) fn new(parent: &'e mut Entered<'a>) -> Result<Self, Flaw> {
        let owner = std::ptr::from_ref(parent.guest.ctx()).addr();
        let (start, end) = lent(parent)?;
        let used = IN_USE.with_borrow(|in_use| {
            let own = in_use.iter().rev().find(|(other, _)| *other == owner);
            own.map_or(0, |(_, used)| *used)
        });
        let desk = Self {
            parent,
            owner,
            at: aligned(start.max(used)),
            end,
        };
        match desk.left() < LEAST {
            true => Err(Errno::Nomem.into()),
            false => Ok(desk),
        }
    }

    /// Bytes that are left.
    pub(super) fn left(&self) -> u32 {
        self.end.saturating_sub(self.at)
    }

    /// Bytes that are left for what can do without.
    pub(super) fn left_for_buffers(&self) -> u32 {
        self.left().saturating_sub(SPARE)
    }

    /// Takes room for this many bytes, and answers its address.
    ///
    /// # Errors
    /// - `errno`: there is not so much.
    pub(super) fn take(&mut self, length: usize, errno: Errno) -> Result<u32, Flaw> {
        let length = u32::try_from(length).map_err(|_| errno)?;
        if length > self.left() {
            return Err(errno.into());
        }
        if length >= LARGE {
            let line = line(self.at);
            if line.saturating_add(length) <= self.end {
                self.at = line;
            }
        }
        let address = self.at;
        self.at = aligned(address.saturating_add(length));
        Ok(address)
    }

    /// Hands over bytes; answers their address and their number.
    ///
    /// # Errors
    /// - `errno`: there is no room for them.
    pub(super) fn put(&mut self, bytes: &[u8], errno: Errno) -> Result<[Value; 2], Flaw> {
        let address = self.take(bytes.len(), errno)?;
        self.bytes_mut(address, bytes.len())?.copy_from_slice(bytes);
        let length = u32::try_from(bytes.len()).map_err(|_| errno)?;
        Ok([address.into(), length.into()])
    }

    /// Asks with what was laid out: see [`Entered::ask`].
    pub(super) fn ask(
        &mut self,
        export: Export,
        absent: Errno,
        args: &[Value],
    ) -> Result<u64, Flaw> {
        let _used = InUse::until(self.owner, self.at);
        self.parent.ask(export, absent, args)
    }

    /// Calls a function with what was laid out: see [`Entered::call`].
    pub(super) fn call(
        &mut self,
        handler: Handler,
        name: &str,
        args: &[Value],
    ) -> Result<u64, Flaw> {
        let _used = InUse::until(self.owner, self.at);
        self.parent.call(handler, name, ValueType::I32, args)
    }

    /// What the parent has written.
    ///
    /// # Errors
    /// - `IO`: this lies beyond its memory.
    pub(super) fn bytes(&mut self, address: u32, length: usize) -> Result<&[u8], Flaw> {
        Ok(self.bytes_mut(address, length)?)
    }

    pub(super) fn bytes_mut(&mut self, address: u32, length: usize) -> Result<&mut [u8], Flaw> {
        let start = address as usize;
        let memory = self.parent.guest.memory()?;
        memory
            .get_mut(start..start.saturating_add(length))
            .ok_or_else(|| flawed("the parent lends room beyond its memory").into())
    }
}

/// Where the room that a parent lends begins and ends. It is told once in each call of the child, and
/// looked at then: no memory becomes smaller.
fn lent(parent: &mut Entered<'_>) -> Result<(u32, u32), Flaw> {
    let told = parent.inner.room.load(Ordering::Relaxed);
    let room = match told {
        0 => parent.ask(Export::VirtScratch, Errno::Nosys, &[])?,
        told => told,
    };
    let [a, b, c, d, lengths @ ..] = room.to_le_bytes();
    let (start, length) = (
        u32::from_le_bytes([a, b, c, d]),
        u32::from_le_bytes(lengths),
    );
    let beyond = || flawed("the parent lends room beyond its memory");
    let end = start.checked_add(length.min(MOST)).ok_or_else(beyond)?;
    if told == 0 {
        if parent.guest.memory()?.len() < end as usize {
            return Err(beyond().into());
        }
        parent.inner.room.store(room, Ordering::Relaxed);
    }
    Ok((start, end))
}

fn aligned(address: u32) -> u32 {
    address.checked_next_multiple_of(ALIGN).unwrap_or(u32::MAX)
}

/// The next line that is not the first of a page.
fn line(address: u32) -> u32 {
    match address.checked_next_multiple_of(LINE).unwrap_or(u32::MAX) {
        line if line % PAGE == 0 => line.saturating_add(LINE),
        line => line,
    }
}

/// Room that is in use while a request is under way.
struct InUse;

impl InUse {
    fn until(owner: Owner, end: u32) -> Self {
        IN_USE.with_borrow_mut(|in_use| in_use.push((owner, end)));
        Self
    }
}

impl Drop for InUse {
    fn drop(&mut self) {
        IN_USE.with_borrow_mut(Vec::pop);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_the_next_that_begins_no_page() {
        let cases = [
            (0, 64),
            (1, 64),
            (64, 64),
            (4032, 4032),
            (4033, 4160),
            (4096, 4160),
            (u32::MAX - 1, u32::MAX),
        ];
        for (address, expected) in cases {
            assert_eq!(line(address), expected, "{address}");
        }
    }
}
