//! Listing directories.

use super::children::InLower;
use super::dir::DirNode;
use std::sync::Arc;
use turnkey_wasi_common::{DirEntry, FileType, Listing, Result};

/// A listing: first what the lower layer has, at its own positions, then what was made here, in the
/// order in which it was made.
pub(super) struct MemoryListing {
    dir: Arc<DirNode>,
    lower: Option<Box<dyn Listing>>,
}

/// Positions from here on are those of what was made here. The lower layer's are smaller: a file
/// system's positions are offsets of 63 bits.
const HERE: u64 = 1 << 63;

/// Without a lower layer, `.` and `..` stand before what was made here.
const DOTS: u64 = 2;

impl MemoryListing {
    pub(super) fn new(dir: Arc<DirNode>, lower: Option<Box<dyn Listing>>) -> Self {
        Self { dir, lower }
    }

    /// Tells what the lower layer has; answers whether more is wanted, and the names left out.
    fn read_lower(
        &mut self,
        position: u64,
        each: &mut dyn FnMut(DirEntry<'_>) -> bool,
    ) -> Result<(bool, u64)> {
        let Some(lower) = &mut self.lower else {
            return Ok((true, 0));
        };
        let dir = &self.dir;
        let mut wanted = true;
        let left_out = lower.read(position, &mut |entry| {
            let (inode, file_type) = match entry.name {
                "." | ".." => (dir.inode, FileType::Directory),
                name => match dir.children().in_lower(name) {
                    InLower::AsTold => (dir.lower_number(name, entry.inode), entry.file_type),
                    InLower::Kept(inode, file_type) => (inode, file_type),
                    InLower::LeftOut => return true,
                },
            };
            wanted = each(DirEntry {
                inode,
                file_type,
                ..entry
            });
            wanted
        })?;
        Ok((wanted, left_out))
    }
}

impl Listing for MemoryListing {
    fn read(&mut self, position: u64, each: &mut dyn FnMut(DirEntry<'_>) -> bool) -> Result<u64> {
        if self.dir.children().removed {
            return Ok(0);
        }
        let mut left_out = 0;
        let mut place = match &self.lower {
            Some(_) if position >= HERE => position - HERE,
            Some(_) => {
                let (wanted, unknown) = self.read_lower(position, each)?;
                left_out = unknown;
                if !wanted {
                    return Ok(left_out);
                }
                0
            }
            None => position,
        };
        let first = if self.lower.is_some() { HERE } else { DOTS };
        if self.lower.is_none() {
            for name in [".", ".."]
                .into_iter()
                .skip(usize::try_from(place).unwrap_or(2))
            {
                place += 1;
                let wanted = each(DirEntry {
                    name,
                    file_type: FileType::Directory,
                    inode: self.dir.inode,
                    next: place,
                });
                if !wanted {
                    return Ok(0);
                }
            }
            place = place.saturating_sub(DOTS);
        }
        let children = self.dir.children();
        for (place, name, child) in children.behind(place) {
            let wanted = each(DirEntry {
                name,
                file_type: child.file_type(),
                inode: child.inode(),
                next: first.saturating_add(place),
            });
            if !wanted {
                break;
            }
        }
        Ok(left_out)
    }

    fn memory(&self) -> usize {
        size_of::<Self>() + self.lower.as_ref().map_or(0, |lower| lower.memory())
    }

    fn is_snapshot(&self) -> bool {
        self.lower.as_ref().is_some_and(|lower| lower.is_snapshot())
    }
}
