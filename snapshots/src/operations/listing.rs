//! Listing directories.

use super::{io::counted, require, with_entry};
use crate::call::Call;
use crate::error::Error;
use crate::memory::Bytes;
use turnkey_wasi_common::table::Table;
use turnkey_wasi_common::{
    Dir, DirEntry, Errno, Fd, FileType, Object, OpenListing, Rights, WasiCtx,
};
use wiggle::GuestMemory;

/// The bytes of a `dirent`: position, inode, length of the name, type, padding. The name follows.
const HEADER: usize = 24;

/// Writes entries from a position on until the buffer is full, the last one cut wherever it is.
/// Fewer bytes than the buffer has mean the end.
pub(crate) fn read_dir<T: Table>(
    call: &mut Call<'_, T>,
    memory: &mut GuestMemory<'_>,
    fd: Fd,
    (buffer, length): (u32, u32),
    position: u64,
    number_of: impl Fn(FileType) -> u8,
) -> Result<u32, Error> {
    with_entry(call, fd, |call, entry| {
        let Object::Dir(dir) = entry.object() else {
            return Err(Errno::Notdir.into());
        };
        require(entry, Rights::FD_READDIR, Errno::Perm)?;
        let mut out = Output {
            bytes: memory.slice_mut(buffer, length)?,
            used: 0,
        };
        if out.is_full() {
            return Ok(0);
        }
        let mut listing = entry.description().listing();
        if position == 0
            && listing
                .as_ref()
                .is_some_and(|open| open.listing.is_snapshot())
        {
            *listing = None;
        }
        let open = match &mut *listing {
            Some(open) => open,
            none => none.insert(Box::new(begin(call.ctx(), &**dir)?)),
        };
        let left_out = open
            .listing
            .read(position, &mut |entry| out.entry(&entry, &number_of))?;
        if left_out > 0 {
            call.remark(|| format!("{left_out} names left out that are not UTF-8"));
        }
        counted(out.used)
    })
}

/// Begins a listing, charged to the guest's budget.
fn begin<T: Table>(ctx: &WasiCtx<T>, dir: &dyn Dir) -> Result<OpenListing, Error> {
    let listing = dir.listing()?;
    let charge = ctx.budget().charge(listing.memory())?;
    Ok(OpenListing { listing, charge })
}

/// The guest's buffer, and how much of it is written.
struct Output<'m> {
    bytes: &'m mut [u8],
    used: usize,
}

impl Output<'_> {
    fn is_full(&self) -> bool {
        self.used == self.bytes.len()
    }

    /// Writes as much of an entry as there is room for; answers whether there may be more.
    fn entry(&mut self, entry: &DirEntry<'_>, number_of: impl Fn(FileType) -> u8) -> bool {
        let mut header = [0; HEADER];
        let length = u32::try_from(entry.name.len()).unwrap_or(u32::MAX);
        let (next, rest) = header.split_at_mut(8);
        let (inode, rest) = rest.split_at_mut(8);
        let (name_length, rest) = rest.split_at_mut(4);
        next.copy_from_slice(&entry.next.to_le_bytes());
        inode.copy_from_slice(&entry.inode.to_le_bytes());
        name_length.copy_from_slice(&length.to_le_bytes());
        if let Some(file_type) = rest.first_mut() {
            *file_type = number_of(entry.file_type);
        }
        self.put(&header);
        self.put(entry.name.as_bytes());
        !self.is_full()
    }

    #[inline]
    fn put(&mut self, bytes: &[u8]) {
        let room = self.bytes.get_mut(self.used..).unwrap_or_default();
        let fitting = room.len().min(bytes.len());
        if let (Some(to), Some(from)) = (room.get_mut(..fitting), bytes.get(..fitting)) {
            to.copy_from_slice(from);
        }
        self.used += fitting;
    }
}
