//! The names of a directory, kept while they are listed.

use super::{Node, number};
use std::collections::HashSet;
use std::sync::Arc;
use turnkey_wasi_common::{DirEntry, FileType, Listing, Result};

/// The names that a directory tells.
///
/// ```
/// use turnkey_virt::fs::Names;
/// use turnkey_wasi_common::FileType;
///
/// let mut names = Names::default();
/// names.push("hello.txt", FileType::RegularFile);
/// names.push("../secret", FileType::RegularFile);
/// assert_eq!(names.iter().collect::<Vec<_>>(), [("hello.txt", FileType::RegularFile)]);
/// ```
#[derive(Debug, Default)]
pub struct Names {
    text: String,
    entries: Vec<Name>,
}

#[derive(Debug)]
struct Name {
    /// Where the name ends in the text.
    end: usize,
    file_type: FileType,
    inode: u64,
}

impl Names {
    /// Tells a name and what lies under it; a link is not followed. What can be no name of an entry
    /// is left out: an empty one, `.` and `..`, and one that holds a slash or a NUL.
    pub fn push(&mut self, name: &str, file_type: FileType) {
        self.push_numbered(name, file_type, 0);
    }

    /// The same for something with a number of its own, the one that its attributes tell.
    pub fn push_numbered(&mut self, name: &str, file_type: FileType, inode: u64) {
        if is_name(name) {
            self.text.push_str(name);
            self.entries.push(Name {
                end: self.text.len(),
                file_type,
                inode,
            });
        }
    }

    /// The names and what lies under them, in the order in which they were told.
    pub fn iter(&self) -> impl Iterator<Item = (&str, FileType)> {
        self.numbered()
            .map(|(name, file_type, _)| (name, file_type))
    }

    /// The same with the numbers that were told, or 0.
    pub(super) fn numbered(&self) -> impl Iterator<Item = (&str, FileType, u64)> {
        (0..self.len()).filter_map(|index| self.entry(index))
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// A name, what lies under it, and its number.
    pub(super) fn entry(&self, index: usize) -> Option<(&str, FileType, u64)> {
        let entry = self.entries.get(index)?;
        let start = match index.checked_sub(1) {
            Some(before) => self.entries.get(before)?.end,
            None => 0,
        };
        let name = self.text.get(start..entry.end)?;
        Some((name, entry.file_type, entry.inode))
    }

    pub(super) fn memory(&self) -> usize {
        self.text.capacity() + self.entries.capacity() * size_of::<Name>()
    }
}

/// Whether a text can name an entry of a directory.
pub(super) fn is_name(text: &str) -> bool {
    !matches!(text, "" | "." | "..") && !text.contains(['/', '\0'])
}

/// A listing of a directory; `place` is the number of where it lies, and `inode` its own.
pub(super) fn listing(node: &Arc<dyn Node>, place: u64, inode: u64) -> Result<Box<dyn Listing>> {
    if let Some(listing) = node.listing()? {
        return Ok(Box::new(Completed {
            listing,
            place,
            inode,
        }));
    }
    let mut names = Names::default();
    node.list(&mut names)?;
    Ok(Box::new(Kept {
        node: Arc::clone(node),
        gone: vec![false; names.len()],
        names,
        last: 0,
        place,
        inode,
    }))
}

/// A listing of the node's own. The number of a name that has none follows from where it lies.
struct Completed {
    listing: Box<dyn Listing>,
    place: u64,
    inode: u64,
}

impl Listing for Completed {
    fn read(&mut self, position: u64, each: &mut dyn FnMut(DirEntry<'_>) -> bool) -> Result<u64> {
        let (place, inode) = (self.place, self.inode);
        self.listing.read(position, &mut |mut entry| {
            if entry.inode == 0 {
                entry.inode = match entry.name {
                    "." | ".." => inode,
                    name => number::beneath(place, name),
                };
            }
            each(entry)
        })
    }

    fn memory(&self) -> usize {
        size_of::<Self>() + self.listing.memory()
    }

    fn is_snapshot(&self) -> bool {
        self.listing.is_snapshot()
    }
}

/// What a directory told when it was asked. The position behind an entry is its place in the list,
/// behind those of `.` and `..`. Whoever goes back is not told what has gone since.
struct Kept {
    node: Arc<dyn Node>,
    names: Names,
    /// Which of the names were gone when somebody went back last.
    gone: Vec<bool>,
    /// Where the entry lies that was told last.
    last: u64,
    place: u64,
    inode: u64,
}

impl Kept {
    fn look_again(&mut self) -> Result<()> {
        let mut now = Names::default();
        self.node.list(&mut now)?;
        let now: HashSet<&str> = now.iter().map(|(name, _)| name).collect();
        let gone = self.names.iter().map(|(name, _)| !now.contains(name));
        self.gone = gone.collect();
        Ok(())
    }
}

impl Listing for Kept {
    fn read(&mut self, position: u64, each: &mut dyn FnMut(DirEntry<'_>) -> bool) -> Result<u64> {
        if position < self.last {
            self.look_again()?;
        }
        let mut position = position;
        while let Ok(index) = usize::try_from(position) {
            let (name, file_type, inode) = match index {
                0 => (".", FileType::Directory, self.inode),
                1 => ("..", FileType::Directory, self.inode),
                _ => match self.names.entry(index - 2) {
                    None => break,
                    Some(_) if self.gone.get(index - 2) == Some(&true) => {
                        position += 1;
                        continue;
                    }
                    Some((name, file_type, 0)) => {
                        (name, file_type, number::beneath(self.place, name))
                    }
                    Some(entry) => entry,
                },
            };
            self.last = position;
            position += 1;
            let wanted = each(DirEntry {
                name,
                file_type,
                inode,
                next: position,
            });
            if !wanted {
                break;
            }
        }
        Ok(0)
    }

    fn memory(&self) -> usize {
        size_of::<Self>() + self.names.memory() + self.names.len()
    }

    fn is_snapshot(&self) -> bool {
        true
    }
}
