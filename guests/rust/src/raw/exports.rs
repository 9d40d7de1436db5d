//! What the exports of a parent do, for the macros that make them.

pub use super::nanoprocess_serve_0::Entry;

use crate::clock::clock;
use crate::{Clock, Durability, Errno, Files, Interest, Listing, Random, Readiness, Result, Times};
use core::slice;

#[cfg(test)]
mod tests;

/// An argument of a filter.
pub trait Word {
    /// Its bits, from the lowest on.
    fn word(self) -> u64;
}

impl Word for i32 {
    fn word(self) -> u64 {
        u32::from_ne_bytes(self.to_ne_bytes()).into()
    }
}

impl Word for i64 {
    fn word(self) -> u64 {
        u64::from_ne_bytes(self.to_ne_bytes())
    }
}

/// An address and a number of bytes.
type Bytes = (*const u8, u32);
/// The same, to be written.
type Place = (*mut u8, u32);

/// # Safety
/// The bytes can be read, and nobody writes them while they are borrowed.
unsafe fn bytes<'a>((start, length): Bytes) -> &'a [u8] {
    match length {
        0 => &[],
        // SAFETY: the caller has said so.
        length => unsafe { slice::from_raw_parts(start, length as usize) },
    }
}

/// # Safety
/// The bytes can be written, and nobody else reads or writes them while they are borrowed.
unsafe fn place<'a>((start, length): Place) -> &'a mut [u8] {
    match length {
        0 => &mut [],
        // SAFETY: the caller has said so.
        length => unsafe { slice::from_raw_parts_mut(start, length as usize) },
    }
}

/// # Safety
/// As [`bytes`].
unsafe fn name<'a>(text: Bytes) -> Result<&'a str> {
    // SAFETY: the caller has said so.
    let text = unsafe { bytes(text) };
    core::str::from_utf8(text).map_err(|_| Errno::ILSEQ)
}

/// # Safety
/// There is room for an entry.
unsafe fn told(found: Result<crate::Entry>, entry: *mut Entry) -> i32 {
    Errno::answer(found.map(|found| {
        // SAFETY: the caller has said so.
        unsafe { entry.write(found.raw()) };
        0
    }))
}

fn count(result: Result<usize>) -> i32 {
    Errno::answer(result.map(|count| u32::try_from(count).unwrap_or(u32::MAX)))
}

fn done(result: Result<()>) -> i32 {
    Errno::answer(result.map(|()| 0))
}

/// # Safety
/// `text` is a name that can be read.
pub unsafe fn named(text: (*const u8, u32), step: impl FnOnce(&str) -> Result<()>) -> i32 {
    // SAFETY: the caller has said so.
    done(unsafe { name(text) }.and_then(step))
}

/// # Safety
/// `text` is a name that can be read, and `entry` is room for an entry.
pub unsafe fn found(
    text: (*const u8, u32),
    entry: *mut Entry,
    step: impl FnOnce(&str) -> Result<crate::Entry>,
) -> i32 {
    // SAFETY: the caller has said so.
    unsafe { told(name(text).and_then(step), entry) }
}

/// # Safety
/// `after` is a name that can be read, and `room` can be written.
pub unsafe fn dir_list(
    files: &impl Files,
    dir: u64,
    after: (*const u8, u32),
    room: (*mut u8, u32),
) -> i32 {
    // SAFETY: the caller has said so.
    let (after, room) = unsafe { (name(after), place(room)) };
    count(after.and_then(|after| {
        let mut listing = Listing::new(after, room);
        files.list(dir, &mut listing)?;
        Ok(listing.used())
    }))
}

/// # Safety
/// Both texts are names that can be read.
pub unsafe fn moved(
    text: (*const u8, u32),
    to_text: (*const u8, u32),
    step: impl FnOnce(&str, &str) -> Result<()>,
) -> i32 {
    // SAFETY: the caller has said so.
    let (from, to) = unsafe { (name(text), name(to_text)) };
    done(from.and_then(|from| step(from, to?)))
}

/// # Safety
/// `text` is a name that can be read, and `room` can be written.
pub unsafe fn dir_readlink(
    files: &impl Files,
    dir: u64,
    text: (*const u8, u32),
    room: (*mut u8, u32),
) -> i32 {
    // SAFETY: the caller has said so.
    let (name, room) = unsafe { (name(text), place(room)) };
    count(name.and_then(|name| files.read_link(dir, name, room)))
}

/// # Safety
/// `text` can be read, and `new` is a name that can.
pub unsafe fn dir_symlink(
    files: &impl Files,
    dir: u64,
    text: (*const u8, u32),
    new: (*const u8, u32),
) -> i32 {
    // SAFETY: the caller has said so.
    unsafe { moved(text, new, |text, name| files.symlink(dir, text, name)) }
}

/// # Safety
/// `text` is a name that can be read.
pub unsafe fn dir_times(
    files: &impl Files,
    dir: u64,
    text: (*const u8, u32),
    accessed: u64,
    modified: u64,
    flags: u32,
) -> i32 {
    let times = times(accessed, modified, flags);
    // SAFETY: the caller has said so.
    unsafe { named(text, |name| files.set_link_times(dir, name, times?)) }
}

/// # Safety
/// `text` can be read.
pub unsafe fn obj_append(files: &impl Files, object: u64, text: (*const u8, u32)) -> i64 {
    // SAFETY: the caller has said so.
    Errno::answer_long(files.append(object, unsafe { bytes(text) }))
}

pub fn obj_sync(files: &impl Files, object: u64, durability: u32) -> i32 {
    done(Durability::of(durability).and_then(|durability| files.sync(object, durability)))
}

pub fn obj_poll(files: &impl Files, object: u64, interest: u32) -> i32 {
    let ready = Interest::of(interest).and_then(|interest| files.poll(object, interest));
    Errno::answer(ready.map(Readiness::number))
}

fn times(accessed: u64, modified: u64, flags: u32) -> Result<Times> {
    Ok(Times {
        accessed,
        modified,
        flags: u16::try_from(flags).map_err(|_| Errno::INVAL)?,
    })
}

/// # Safety
/// `entry` is room for an entry.
pub unsafe fn obj_stat(files: &impl Files, object: u64, entry: *mut Entry) -> i32 {
    // SAFETY: the caller has said so.
    unsafe { told(files.stat(object), entry) }
}

/// # Safety
/// `room` can be written.
pub unsafe fn obj_read(files: &impl Files, object: u64, offset: u64, room: (*mut u8, u32)) -> i32 {
    // SAFETY: the caller has said so.
    count(files.read(object, offset, unsafe { place(room) }))
}

/// # Safety
/// `text` can be read.
pub unsafe fn obj_write(
    files: &impl Files,
    object: u64,
    offset: u64,
    text: (*const u8, u32),
) -> i32 {
    // SAFETY: the caller has said so.
    count(files.write(object, offset, unsafe { bytes(text) }))
}

pub fn obj_resize(files: &impl Files, object: u64, size: u64) -> i32 {
    done(files.resize(object, size))
}

pub fn obj_times(files: &impl Files, object: u64, accessed: u64, modified: u64, flags: u32) -> i32 {
    done(times(accessed, modified, flags).and_then(|times| files.set_times(object, times)))
}

pub fn obj_drop(files: &impl Files, object: u64) -> i32 {
    files.drop(object);
    0
}

pub fn clock_now(of: &impl Clock, number: u32) -> i64 {
    Errno::answer_long(clock(number).and_then(|clock| of.now(clock)))
}

pub fn clock_res(of: &impl Clock, number: u32) -> i64 {
    Errno::answer_long(clock(number).and_then(|clock| of.resolution(clock)))
}

pub fn sleep_until(of: &impl Clock, deadline: u64) -> i64 {
    Errno::answer_long(of.wait(deadline))
}

/// # Safety
/// `buffer` is room for so many bytes.
pub unsafe fn rng_fill(random: &impl Random, buffer: *mut u8, length: u32) -> i32 {
    // SAFETY: the caller has said so.
    done(random.fill(unsafe { place((buffer, length)) }))
}
