//! What guests have made of a tree, told so that trees of different file systems can be compared.

use crate::known::known;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use turnkey_wasi_common::{Dir, Errno, FileType, Stat, Timestamp};

/// What lies beneath a directory.
pub(super) type Made = BTreeMap<String, Thing>;

/// What counts of one thing.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Thing {
    stat: StatTold,
    contents: Result<Vec<u8>, Errno>,
    /// The first path at which the same thing lies.
    first: String,
}

/// Attributes, as far as they do not depend on the file system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct StatTold {
    pub(super) file_type: FileType,
    pub(super) links: u64,
    /// Of a file or link; that of a directory is the file system's own business.
    pub(super) size: Option<u64>,
    pub(super) modified: Changed,
}

/// The time of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Changed {
    /// It was set.
    At(Timestamp),
    /// It is what the clock told.
    ByItself,
}

/// Times before this are not the clock's: 2001-09-09.
const CLOCK: Timestamp = 1_000_000_000_000_000_000;

impl Changed {
    pub(super) fn new(time: Timestamp) -> Self {
        match time < CLOCK {
            true => Self::At(time),
            false => Self::ByItself,
        }
    }
}

impl StatTold {
    pub(super) fn new(stat: &Stat) -> Self {
        let sized = matches!(
            stat.file_type,
            FileType::RegularFile | FileType::SymbolicLink
        );
        Self {
            file_type: stat.file_type,
            links: stat.links,
            size: sized.then_some(stat.size),
            modified: Changed::new(stat.modified),
        }
    }
}

/// What lies beneath a directory.
pub(super) fn made(dir: &Arc<dyn Dir>) -> Made {
    let mut first = HashMap::new();
    let known = known(dir).unwrap().into_iter();
    let told = known.map(|(path, thing)| {
        let number = (thing.stat.device, thing.stat.inode);
        let mut stat = StatTold::new(&thing.stat);
        if stat.file_type == FileType::Unknown {
            // Those of a FIFO may differ.
            stat.modified = Changed::ByItself;
        }
        let told = Thing {
            stat,
            contents: thing.contents,
            first: first.entry(number).or_insert_with(|| path.clone()).clone(),
        };
        (path, told)
    });
    told.collect()
}
