//! Listings of an archive's directories.

use super::{Archive, number};
use turnkey_wasi_common::{DirEntry, FileType, Listing, Result};

/// A directory of an archive being listed. The archive never changes, so nothing is kept: the
/// position behind an entry is its place among the sorted names, behind those of `.` and `..`.
pub(super) struct ArchiveListing(pub(super) Archive);

impl Listing for ArchiveListing {
    fn read(&mut self, position: u64, each: &mut dyn FnMut(DirEntry<'_>) -> bool) -> Result<u64> {
        let mut position = position;
        while let Ok(index) = usize::try_from(position) {
            let (name, file_type, place) = match index {
                0 => (".", FileType::Directory, self.0.dir),
                1 => ("..", FileType::Directory, self.0.dir),
                _ => match self.0.entries().get(index - 2) {
                    None => break,
                    Some((name, place)) => {
                        let inode = self.0.shared.inode(*place)?;
                        (&**name, inode.kind.file_type(), *place)
                    }
                },
            };
            position += 1;
            let wanted = each(DirEntry {
                name,
                file_type,
                inode: number(place),
                next: position,
            });
            if !wanted {
                break;
            }
        }
        Ok(0)
    }

    fn memory(&self) -> usize {
        size_of::<Self>()
    }
}
