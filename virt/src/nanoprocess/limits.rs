//! How much a child may use, and what its parent has of it.

use super::level::MOST_NESTED;
use super::numbers::MOST_NUMBERS;
use super::pool::{Pool, Taken};
use std::time::Duration;
use turnkey_wasi_common::Errno;

/// How much a child may use, and what its own children may have together. `u64::MAX` is no limit,
/// which only a parent without one can give.
///
/// What a child is given, its parent does not have until the child has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChildLimits {
    /// Units of fuel. What is left returns.
    pub fuel: u64,
    /// Bytes of its memories, and 16 for each element of its tables.
    pub memory: u64,
    /// Bytes that its descendants may have together.
    pub memory_below: u64,
    /// Bytes of modules that it may load.
    pub code: u64,
    /// Bytes by which files may grow beneath the directories that it is granted.
    pub fs_bytes: u64,
    /// Files, directories and links that it may make there.
    pub inodes: u64,
    /// How long each call may take.
    pub deadline: Option<Duration>,
    /// Open descriptors.
    pub files: u64,
    /// Open descriptors that its descendants may have together.
    pub files_below: u64,
    /// How many descendants it may have.
    pub children: u64,
    /// How many levels of them; never more than its parent's less one.
    pub depth: u32,
}

impl ChildLimits {
    /// A child without descendants that may use whatever it can, and have 4096 descriptors open.
    pub const DEFAULT: Self = Self {
        fuel: u64::MAX,
        memory: u64::MAX,
        memory_below: 0,
        code: 0,
        fs_bytes: u64::MAX,
        inodes: u64::MAX,
        deadline: None,
        files: 4096,
        files_below: 0,
        children: 0,
        depth: MOST_NESTED,
    };

    /// The same with as many descendants as there can be, which may use whatever they can, but load
    /// no modules.
    pub const PARENT: Self = Self {
        memory_below: u64::MAX,
        files_below: u64::MAX,
        children: MOST_NUMBERS as u64,
        ..Self::DEFAULT
    };
}

impl Default for ChildLimits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// What a parent has for its children.
#[derive(Debug, Clone)]
pub(super) struct Pools {
    pub(super) fuel: Pool,
    pub(super) memory: Pool,
    pub(super) files: Pool,
    pub(super) code: Pool,
    pub(super) children: Pool,
    /// How many levels of children there may be.
    pub(super) depth: u32,
}

impl Pools {
    /// What a parent with these limits has. Its own fuel is another matter: a wasm parent gives of
    /// what its store has.
    pub(super) fn of(limits: &ChildLimits, fuel: u64) -> Self {
        Self {
            fuel: Pool::new(fuel),
            memory: Pool::new(limits.memory_below),
            files: Pool::new(limits.files_below),
            code: Pool::new(limits.code),
            children: Pool::new(limits.children),
            depth: limits.depth.min(MOST_NESTED),
        }
    }

    /// Takes what a child is given.
    ///
    /// # Errors
    /// - `DQUOT`: there is not so much left, and nothing was taken.
    pub(super) fn take(&self, limits: &ChildLimits) -> Result<Reserved, Errno> {
        Ok(Reserved {
            fuel: self.fuel.take(limits.fuel)?,
            _others: [
                self.memory.take(sum(limits.memory, limits.memory_below))?,
                self.files.take(sum(limits.files, limits.files_below))?,
                self.code.take(limits.code)?,
                self.children.take(limits.children)?,
            ],
        })
    }

    /// The most that one child could be given now. Memory and descriptors are given once, be it to
    /// the child or to its descendants.
    pub(super) fn left(&self) -> ChildLimits {
        let (memory, files) = (self.memory.left(), self.files.left());
        ChildLimits {
            fuel: self.fuel.left(),
            memory,
            memory_below: memory,
            code: self.code.left(),
            files,
            files_below: files,
            children: self.children.left(),
            depth: self.depth.saturating_sub(1),
            ..ChildLimits::DEFAULT
        }
    }
}

/// Endless if one is.
fn sum(own: u64, below: u64) -> u64 {
    own.saturating_add(below)
}

/// What was taken for a child. It returns when this is dropped.
#[derive(Debug)]
pub(super) struct Reserved {
    pub(super) fuel: Taken,
    _others: [Taken; 4],
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn take_what_is_not_there_takes_nothing() {
        let limits = ChildLimits {
            memory_below: 100,
            files_below: 10,
            ..ChildLimits::PARENT
        };
        let pools = Pools::of(&limits, 50);
        let child = ChildLimits {
            fuel: 50,
            memory: 60,
            memory_below: 40,
            files: 11,
            ..ChildLimits::DEFAULT
        };
        assert_eq!(pools.take(&child).unwrap_err(), Errno::Dquot);
        let fitting = ChildLimits { files: 10, ..child };
        let reserved = pools.take(&fitting).unwrap();
        assert_eq!(pools.take(&fitting).unwrap_err(), Errno::Dquot);
        let left = pools.left();
        assert_eq!((left.fuel, left.memory, left.files_below), (0, 0, 0));
        drop(reserved);
        let left = pools.left();
        assert_eq!((left.fuel, left.memory, left.files_below), (50, 100, 10));
        assert_eq!(
            (left.children, left.depth),
            (ChildLimits::PARENT.children, 15)
        );
        assert!(pools.take(&fitting).is_ok());
    }
}
