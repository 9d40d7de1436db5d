//! What the exports of a parent do, for the macros that make them.

pub use super::nanoprocess_serve_0::Entry;

use crate::clock::clock;
use crate::{Clock, Errno, Files, Listing, Random, Result, Times};
use core::slice;

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
pub unsafe fn dir_open(
    files: &impl Files,
    dir: u64,
    text: (*const u8, u32),
    entry: *mut Entry,
) -> i32 {
    // SAFETY: the caller has said so.
    unsafe { told(name(text).and_then(|name| files.open(dir, name)), entry) }
}

/// # Safety
/// As [`dir_open`].
pub unsafe fn dir_create(
    files: &impl Files,
    dir: u64,
    text: (*const u8, u32),
    entry: *mut Entry,
) -> i32 {
    // SAFETY: the caller has said so.
    unsafe { told(name(text).and_then(|name| files.create(dir, name)), entry) }
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
pub unsafe fn dir_rename(
    files: &impl Files,
    dir: u64,
    text: (*const u8, u32),
    to_dir: u64,
    to_text: (*const u8, u32),
) -> i32 {
    // SAFETY: the caller has said so.
    let (from, to) = unsafe { (name(text), name(to_text)) };
    done(from.and_then(|from| files.rename(dir, from, to_dir, to?)))
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
    let flags = u16::try_from(flags).map_err(|_| Errno::INVAL);
    done(flags.and_then(|flags| {
        let times = Times {
            accessed,
            modified,
            flags,
        };
        files.set_times(object, times)
    }))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Clockid, FileType};

    struct One;

    impl Files for One {
        fn open(&self, dir: u64, name: &str) -> Result<crate::Entry> {
            match (dir, name) {
                (1, "one") => self.stat(2),
                _ => Err(Errno::NOENT),
            }
        }

        fn list(&self, _dir: u64, listing: &mut Listing<'_>) -> Result<()> {
            listing.add("one", FileType::RegularFile, 0);
            Ok(())
        }

        fn stat(&self, object: u64) -> Result<crate::Entry> {
            Ok(crate::Entry::new(object, FileType::RegularFile, 3))
        }

        fn read(&self, _object: u64, _offset: u64, buffer: &mut [u8]) -> Result<usize> {
            buffer.fill(7);
            Ok(buffer.len())
        }
    }

    fn text(text: &str) -> Bytes {
        (text.as_ptr(), u32::try_from(text.len()).unwrap())
    }

    #[test]
    fn exports_answer_values_and_errnos() {
        let mut entry = crate::Entry::new(0, FileType::Stream, 0).raw();
        let mut room = [0; 32];
        let at = (room.as_mut_ptr(), 32);
        // SAFETY: every address is that of something of this frame.
        unsafe {
            assert_eq!(dir_open(&One, 1, text("one"), &mut entry), 0);
            assert_eq!((entry.object, entry.size, entry.filetype), (2, 3, 4));
            assert_eq!(dir_open(&One, 1, text("two"), &mut entry), -44);
            assert_eq!(dir_create(&One, 1, text("two"), &mut entry), -69);
            assert_eq!(dir_list(&One, 1, text(""), at), 19);
            assert_eq!(dir_list(&One, 1, text("one"), at), 0);
            assert_eq!(obj_read(&One, 2, 0, at), 32);
            assert_eq!(obj_write(&One, 2, 0, text("x")), -69);
            let invalid = [0xff_u8];
            assert_eq!(dir_open(&One, 1, (invalid.as_ptr(), 1), &mut entry), -25);
            assert_eq!(dir_rename(&One, 1, text("one"), 1, text("two")), -69);
        }
        assert_eq!(room, [7; 32]);
        assert_eq!(obj_resize(&One, 2, 0), -69);
        assert_eq!(obj_times(&One, 2, 0, 0, 1 << 16), -28);
        assert_eq!((-1_i32).word(), u64::from(u32::MAX));
    }

    struct Noon;

    impl Clock for Noon {
        fn now(&self, _clock: Clockid) -> Result<u64> {
            Ok(12)
        }
    }

    #[test]
    fn clocks_of_a_number() {
        assert_eq!(clock_now(&Noon, 0), 12);
        assert_eq!(clock_now(&Noon, 4), -28);
        assert_eq!(clock_res(&Noon, 3), 1);
        assert_eq!(sleep_until(&Noon, 15), 3);
    }
}
