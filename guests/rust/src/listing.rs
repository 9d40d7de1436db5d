//! Names of a directory, written as the host reads them.

use crate::raw::nanoprocess_serve_0 as serve;
use crate::FileType;

/// A listing that is being written: the names behind one, as far as there is room.
///
/// ```
/// use turnkey_parent::{FileType, Listing};
///
/// let mut room = [0; 64];
/// let mut listing = Listing::new("one", &mut room);
/// for name in ["one", "two", "three"] {
///     listing.add(name, FileType::RegularFile, 0);
/// }
/// // A name comes behind 16 bytes, the next at a multiple of 8.
/// assert_eq!(listing.used(), 24 + 16 + 5);
/// ```
#[derive(Debug)]
pub struct Listing<'a> {
    /// The name that is looked for before any is told.
    after: Option<&'a str>,
    room: &'a mut [u8],
    used: usize,
    full: bool,
}

/// What comes before a name.
const HEAD: usize = 16;

impl<'a> Listing<'a> {
    /// Begins a listing: the names behind `after` are asked for, all if it is empty.
    pub fn new(after: &'a str, room: &'a mut [u8]) -> Self {
        Self {
            after: Some(after).filter(|after| !after.is_empty()),
            room,
            used: 0,
            full: false,
        }
    }

    /// Adds a name, if it is one of those that are asked for, with the number that its attributes
    /// tell, or 0. Every name is added, in an order that stays the same. Answers whether further
    /// ones are wanted.
    pub fn add(&mut self, name: &str, file_type: FileType, inode: u64) -> bool {
        if let Some(after) = self.after {
            if name == after {
                self.after = None;
            }
            return true;
        }
        let start = (self.used + 7) / 8 * 8;
        let end = start.saturating_add(HEAD).saturating_add(name.len());
        let length = match u32::try_from(name.len()) {
            Ok(length) if !self.full && end <= self.room.len() => length,
            _ => {
                self.full = true;
                return false;
            }
        };
        let mut head = [0; HEAD];
        let (number, rest) = head.split_at_mut(8);
        number.copy_from_slice(&inode.to_le_bytes());
        let (len, rest) = rest.split_at_mut(4);
        len.copy_from_slice(&length.to_le_bytes());
        if let Some(first) = rest.first_mut() {
            *first = file_type.number();
        }
        for (to, from) in self
            .room
            .iter_mut()
            .skip(start)
            .zip(head.iter().chain(name.as_bytes()))
        {
            *to = *from;
        }
        self.used = end;
        true
    }

    /// Bytes that were written.
    #[must_use]
    pub fn used(&self) -> usize {
        self.used
    }
}

const _: () = assert!(core::mem::size_of::<serve::Listed>() == HEAD);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn add_no_room_nothing_behind_it_is_told() {
        let mut room = [0xff; 40];
        let mut listing = Listing::new("", &mut room);
        assert!(listing.add("abc", FileType::Directory, 7));
        assert!(!listing.add("too long", FileType::RegularFile, 0));
        assert!(
            !listing.add("", FileType::RegularFile, 0),
            "a gap would be skipped"
        );
        assert_eq!(listing.used(), 19);
        assert_eq!(room[..13], [7, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 3]);
        assert_eq!(&room[16..19], b"abc");
    }

    #[test]
    fn add_behind_a_name_that_is_not_there_nothing() {
        let mut room = [0; 40];
        let mut listing = Listing::new("gone", &mut room);
        assert!(listing.add("abc", FileType::Directory, 7));
        assert_eq!(listing.used(), 0);
    }
}
