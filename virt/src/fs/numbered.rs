//! Files that are given a number.

use std::io::{IoSlice, IoSliceMut};
use std::sync::Arc;
use turnkey_wasi_common::{Advice, Appended, Durability, File, Result, Stat, Times};

/// A file whose device and number, where it tells none, are those that listings tell.
pub(super) struct Numbered {
    file: Arc<dyn File>,
    device: u64,
    inode: u64,
}

impl Numbered {
    pub(super) fn new(file: Arc<dyn File>, device: u64, inode: u64) -> Self {
        Self {
            file,
            device,
            inode,
        }
    }
}

impl File for Numbered {
    fn stat(&self) -> Result<Stat> {
        let mut stat = self.file.stat()?;
        if stat.device == 0 {
            stat.device = self.device;
        }
        if stat.inode == 0 {
            stat.inode = self.inode;
        }
        Ok(stat)
    }

    fn read_at(&self, buffers: &mut [IoSliceMut<'_>], offset: u64) -> Result<usize> {
        self.file.read_at(buffers, offset)
    }

    fn write_at(&self, buffers: &[IoSlice<'_>], offset: u64) -> Result<usize> {
        self.file.write_at(buffers, offset)
    }

    fn append(&self, buffers: &[IoSlice<'_>]) -> Result<Appended> {
        self.file.append(buffers)
    }

    fn set_size(&self, size: u64) -> Result<()> {
        self.file.set_size(size)
    }

    fn allocate(&self, offset: u64, length: u64) -> Result<()> {
        self.file.allocate(offset, length)
    }

    fn advise(&self, offset: u64, length: u64, advice: Advice) -> Result<()> {
        self.file.advise(offset, length, advice)
    }

    fn sync(&self, durability: Durability) -> Result<()> {
        self.file.sync(durability)
    }

    fn set_times(&self, times: &Times) -> Result<()> {
        self.file.set_times(times)
    }
}
