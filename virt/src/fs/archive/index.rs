//! The directories of an archive, made from the names of its entries.

use super::error::{SkipReason, Skipped};
use super::packed::Packed;
use super::{ArchiveError, ArchiveOptions};
use std::collections::BTreeMap;
use std::sync::Arc;
use turnkey_wasi_common::Timestamp;

/// The place of the archive's own directory in the index.
pub(super) const ROOT: usize = 0;

/// What the archive holds, in the order in which it says so.
pub(super) struct Index {
    pub(super) inodes: Box<[Inode]>,
    pub(super) skipped: Box<[Skipped]>,
}

/// Something that the archive holds, under one name or several.
pub(super) struct Inode {
    pub(super) kind: Kind,
    pub(super) modified: Timestamp,
    pub(super) links: u64,
}

pub(super) enum Kind {
    /// The names of a directory, sorted, and the places of what they name.
    Dir(Box<[(Box<str>, usize)]>),
    File(Packed),
    Link(Arc<str>),
}

/// What an entry is.
pub(super) enum What<'a> {
    Dir,
    File(Packed),
    Link(Arc<str>),
    /// A further name of the file or link that has this one.
    Same(&'a [u8]),
}

/// An index that is being made.
pub(super) struct Indexing<'o> {
    options: &'o ArchiveOptions,
    inodes: Vec<(Draft, Timestamp)>,
    skipped: Vec<Skipped>,
    /// Names of files, links and directories, and entries left out.
    entries: usize,
    /// Bytes of all of them.
    names: usize,
}

enum Draft {
    Dir(BTreeMap<Box<str>, usize>),
    File(Packed),
    Link(Arc<str>),
}

impl<'o> Indexing<'o> {
    pub(super) fn new(options: &'o ArchiveOptions) -> Self {
        Self {
            options,
            inodes: vec![(Draft::Dir(BTreeMap::new()), 0)],
            skipped: Vec::new(),
            entries: 0,
            names: 0,
        }
    }

    /// Takes an entry in. Of two that are in each other's way the later one stays.
    ///
    /// # Errors
    /// A limit is reached.
    pub(super) fn add(
        &mut self,
        name: &[u8],
        modified: Timestamp,
        what: Result<What<'_>, SkipReason>,
    ) -> Result<(), ArchiveError> {
        let (path, what) = match (path(name), what) {
            (Ok(path), Ok(what)) => (path, what),
            (Err(reason), _) | (_, Err(reason)) => return self.skip(name, reason),
        };
        match what {
            What::Dir => {
                let dir = self.dir(path)?;
                if let Some((_, time)) = self.inodes.get_mut(dir) {
                    *time = modified;
                }
                Ok(())
            }
            What::File(packed) => self.place(name, path, |index| {
                Ok(Some(index.push(Draft::File(packed), modified)))
            }),
            What::Link(text) => self.place(name, path, |index| {
                index.count_names(text.len())?;
                Ok(Some(index.push(Draft::Link(text), modified)))
            }),
            What::Same(target) => self.place(name, path, |index| Ok(index.find(target))),
        }
    }

    /// Leaves an entry out.
    fn skip(&mut self, name: &[u8], reason: SkipReason) -> Result<(), ArchiveError> {
        self.count_entry()?;
        self.count_names(name.len())?;
        self.skipped.push(Skipped {
            name: String::from_utf8_lossy(name).into(),
            reason,
        });
        Ok(())
    }

    /// Puts what `made` answers under a path, in place of what is there.
    fn place(
        &mut self,
        name: &[u8],
        path: &str,
        made: impl FnOnce(&mut Self) -> Result<Option<usize>, ArchiveError>,
    ) -> Result<(), ArchiveError> {
        let (parent, last) = path.rsplit_once('/').unwrap_or((".", path));
        if last == "." {
            return self.skip(name, SkipReason::EmptyName);
        }
        let Some(inode) = made(self)? else {
            return self.skip(name, SkipReason::MissingTarget);
        };
        self.count_entry()?;
        let parent = self.dir(parent)?;
        self.insert(parent, last, inode)
    }

    /// The directory with a path, made where there is none.
    fn dir(&mut self, path: &str) -> Result<usize, ArchiveError> {
        let mut here = ROOT;
        for name in names(path) {
            here = match self.entry(here, name) {
                Some(there) if self.is_dir(there) => there,
                _ => {
                    self.count_entry()?;
                    let made = self.push(Draft::Dir(BTreeMap::new()), 0);
                    self.insert(here, name, made)?;
                    made
                }
            };
        }
        Ok(here)
    }

    /// The file or link with a path.
    fn find(&self, name: &[u8]) -> Option<usize> {
        let mut names = names(path(name).ok()?);
        let found = names.try_fold(ROOT, |here, name| self.entry(here, name))?;
        (!self.is_dir(found)).then_some(found)
    }

    fn entry(&self, dir: usize, name: &str) -> Option<usize> {
        match self.inodes.get(dir) {
            Some((Draft::Dir(entries), _)) => entries.get(name).copied(),
            _ => None,
        }
    }

    fn is_dir(&self, inode: usize) -> bool {
        matches!(self.inodes.get(inode), Some((Draft::Dir(_), _)))
    }

    fn push(&mut self, draft: Draft, modified: Timestamp) -> usize {
        self.inodes.push((draft, modified));
        self.inodes.len() - 1
    }

    fn insert(&mut self, dir: usize, name: &str, inode: usize) -> Result<(), ArchiveError> {
        self.count_names(name.len())?;
        if let Some((Draft::Dir(entries), _)) = self.inodes.get_mut(dir) {
            entries.insert(name.into(), inode);
        }
        Ok(())
    }

    fn count_entry(&mut self) -> Result<(), ArchiveError> {
        self.entries += 1;
        let most = self.options.entries;
        match self.entries > most {
            true => Err(ArchiveError::TooMuch {
                what: "entries",
                most,
            }),
            false => Ok(()),
        }
    }

    fn count_names(&mut self, more: usize) -> Result<(), ArchiveError> {
        self.names = self.names.saturating_add(more);
        let most = self.options.names;
        match self.names > most {
            true => Err(ArchiveError::TooMuch {
                what: "bytes of names",
                most,
            }),
            false => Ok(()),
        }
    }

    /// The index of every entry that was taken in.
    pub(super) fn finish(self) -> Index {
        let links = self.links();
        let inodes = self.inodes.into_iter().zip(links);
        Index {
            inodes: inodes
                .map(|((draft, modified), links)| Inode {
                    kind: match draft {
                        Draft::Dir(entries) => Kind::Dir(entries.into_iter().collect()),
                        Draft::File(packed) => Kind::File(packed),
                        Draft::Link(text) => Kind::Link(text),
                    },
                    modified,
                    links,
                })
                .collect(),
            skipped: self.skipped.into(),
        }
    }

    /// How many names everything has. Those in a directory that had to give way do not count.
    fn links(&self) -> Vec<u64> {
        let mut links = vec![0; self.inodes.len()];
        if let Some(root) = links.first_mut() {
            *root = 1;
        }
        let mut left = vec![ROOT];
        while let Some(dir) = left.pop() {
            let Some((Draft::Dir(entries), _)) = self.inodes.get(dir) else {
                continue;
            };
            for inode in entries.values() {
                if let Some(count) = links.get_mut(*inode) {
                    *count += 1;
                }
                left.push(*inode);
            }
        }
        links
    }
}

/// The names in a path that was checked.
fn names(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|name| *name != ".")
}

/// Checks an entry's name. A slash at its end says no more than its type does.
fn path(name: &[u8]) -> Result<&str, SkipReason> {
    let name = std::str::from_utf8(name).map_err(|_| SkipReason::NotUtf8)?;
    if name.contains('\0') {
        return Err(SkipReason::Nul);
    }
    if name.starts_with('/') {
        return Err(SkipReason::Absolute);
    }
    let path = name.strip_suffix('/').unwrap_or(name);
    for name in path.split('/') {
        match name {
            "" => return Err(SkipReason::EmptyName),
            ".." => return Err(SkipReason::Upward),
            // As in the paths that guests say.
            _ if name.len() > 255 => return Err(SkipReason::LongName),
            _ => {}
        }
    }
    Ok(path)
}
