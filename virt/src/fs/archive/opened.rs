//! Files of an archive.

use super::Shared;
use super::index::Kind;
use super::packed::{Contents, read_in_place};
use crate::fs::Unopened;
use crate::fs::contents::copy_out;
use std::io::IoSliceMut;
use std::sync::Arc;
use turnkey_wasi_common::{Durability, Errno, File, Object, Result, Stat, Times};

/// A file that the archive holds.
pub(super) struct InArchive {
    shared: Arc<Shared>,
    place: usize,
}

impl InArchive {
    pub(super) fn new(shared: Arc<Shared>, place: usize) -> Self {
        Self { shared, place }
    }
}

impl Unopened for InArchive {
    fn stat(&self) -> Result<Stat> {
        self.shared.stat(self.place)
    }

    fn open(&self, _read: bool, write: bool, truncate: bool) -> Result<Object> {
        if write || truncate {
            return Err(Errno::Rofs.into());
        }
        let Kind::File(packed) = &self.shared.inode(self.place)?.kind else {
            return Err(Errno::Io.into());
        };
        Ok(Object::File(Arc::new(Opened {
            shared: Arc::clone(&self.shared),
            place: self.place,
            size: packed.size,
            contents: packed.open(&self.shared.source, &self.shared.room)?,
        })))
    }
}

/// A file of an archive that a guest has open.
struct Opened {
    shared: Arc<Shared>,
    place: usize,
    size: u64,
    contents: Contents,
}

impl File for Opened {
    fn stat(&self) -> Result<Stat> {
        self.shared.stat(self.place)
    }

    fn read_at(&self, buffers: &mut [IoSliceMut<'_>], offset: u64) -> Result<usize> {
        match &self.contents {
            Contents::Held(held) => Ok(copy_out(held.bytes(), buffers, offset)),
            Contents::InPlace(start) => {
                read_in_place(&self.shared.source, *start, self.size, buffers, offset)
            }
        }
    }

    fn sync(&self, _durability: Durability) -> Result<()> {
        Ok(())
    }

    fn set_times(&self, _times: &Times) -> Result<()> {
        Err(Errno::Rofs.into())
    }
}
