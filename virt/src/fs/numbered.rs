//! Files that are given a number.

use super::gate::Gate;
use turnkey_wasi_common::Stat;

/// What stands in for a device and a number of 0: those that listings tell, or others that lead to
/// no confusion.
#[derive(Debug, Clone, Copy)]
pub(super) struct Number {
    pub(super) device: u64,
    pub(super) inode: u64,
}

impl Number {
    /// Attributes with what was left open.
    pub(super) fn complete(self, mut stat: Stat) -> Stat {
        if stat.device == 0 {
            stat.device = self.device;
        }
        if stat.inode == 0 {
            stat.inode = self.inode;
        }
        stat
    }

    /// Whether attributes leave something open.
    pub(super) fn is_missing(stat: &Stat) -> bool {
        stat.device == 0 || stat.inode == 0
    }
}

impl Gate for Number {
    fn stat(&self, stat: Stat) -> Stat {
        self.complete(stat)
    }
}
