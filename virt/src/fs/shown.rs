//! Listings that leave names out and tell others beside them.

use super::{Names, Node};
use turnkey_wasi_common::{DirEntry, Listing, Result};

/// Tells the names of a directory but those that are hidden.
pub(super) fn list(dir: &dyn Node, names: &mut Names, hides: impl Fn(&str) -> bool) -> Result<()> {
    let mut all = Names::default();
    dir.list(&mut all)?;
    for (name, file_type, inode) in all.numbered() {
        if !hides(name) {
            names.push_numbered(name, file_type, inode);
        }
    }
    Ok(())
}

/// A listing with names of its own before those of another one, of which some are hidden.
///
/// The own names have the lowest positions, and those of the other listing lie behind: no number of
/// listings one around the other makes two positions meet, and each stays as stable as it is.
pub(super) struct Shown<F> {
    pub(super) listing: Box<dyn Listing>,
    pub(super) first: Names,
    pub(super) hides: F,
}

impl<F: Fn(&str) -> bool + Send> Listing for Shown<F> {
    fn read(&mut self, position: u64, each: &mut dyn FnMut(DirEntry<'_>) -> bool) -> Result<u64> {
        let own = self.first.len() as u64;
        let mut position = position;
        while position < own {
            let entry = usize::try_from(position).map(|index| self.first.entry(index));
            position += 1;
            if let Ok(Some((name, file_type, inode))) = entry {
                let told = DirEntry {
                    name,
                    file_type,
                    inode,
                    next: position,
                };
                if !each(told) {
                    return Ok(0);
                }
            }
        }
        let hides = &self.hides;
        self.listing.read(position - own, &mut |entry| {
            let is_hidden = !matches!(entry.name, "." | "..") && hides(entry.name);
            is_hidden
                || each(DirEntry {
                    next: entry.next.saturating_add(own),
                    ..entry
                })
        })
    }

    fn memory(&self) -> usize {
        size_of::<Self>() + self.listing.memory() + self.first.memory()
    }

    fn is_snapshot(&self) -> bool {
        self.listing.is_snapshot()
    }
}
