//! Files that a parent serves.

use super::dir::attributes;
use super::entered::{Entered, Flaw};
use super::exports::Export;
use super::flawed;
use super::handle::Handle;
use super::room::Desk;
use std::io::{IoSlice, IoSliceMut};
use turnkey_snapshots::engine::Value;
use turnkey_wasi_common::{
    Appended, Durability, Errno, File, FileType, Result, SetTime, Stat, Times,
};

/// The most bytes that one call of the child moves.
const MOST: usize = 1 << 20;

/// A file that a parent serves with its exports `obj_…`.
#[derive(Clone)]
pub(super) struct ServedFile {
    handle: Handle,
    stat: Stat,
}

impl ServedFile {
    pub(super) fn new(handle: Handle) -> Self {
        let stat = Stat {
            file_type: FileType::RegularFile,
            links: 1,
            ..Stat::default()
        };
        Self { handle, stat }
    }

    /// A file that was like this when it was opened.
    pub(super) fn opened(handle: Handle, stat: Stat) -> Self {
        Self { handle, stat }
    }

    pub(super) fn stat_when_opened(&self) -> Stat {
        self.stat
    }

    pub(super) fn can_be_written(&self) -> Result<bool> {
        self.handle
            .enter(|parent| Ok(parent.has(Export::ObjWrite) || parent.has(Export::ObjAppend)))
    }

    fn size(&self) -> Result<u64> {
        Ok(self.stat()?.size)
    }
}

impl File for ServedFile {
    fn stat(&self) -> Result<Stat> {
        attributes(&self.handle, &self.stat)
    }

    fn read_at(&self, buffers: &mut [IoSliceMut<'_>], offset: u64) -> Result<usize> {
        let mut total = buffers.iter().map(|buffer| buffer.len()).sum();
        total = MOST.min(total);
        self.handle.enter(|parent| {
            in_pieces(total, |done| {
                read(parent, &self.handle, buffers, done, total, offset)
            })
        })
    }

    fn write_at(&self, buffers: &[IoSlice<'_>], offset: u64) -> Result<usize> {
        let mut total = buffers.iter().map(|buffer| buffer.len()).sum();
        total = MOST.min(total);
        self.handle.enter(|parent| {
            in_pieces(total, |done| {
                write(parent, &self.handle, buffers, done, total, offset)
            })
        })
    }

    fn append(&self, buffers: &[IoSlice<'_>]) -> Result<Appended> {
        let total: usize = buffers.iter().map(|buffer| buffer.len()).sum();
        let appended = self.handle.enter(|parent| {
            if total == 0 || !parent.has(Export::ObjAppend) {
                return Ok(None);
            }
            let mut desk = parent.desk()?;
            let piece = total.min(desk.left() as usize);
            let [address, length] = gather(&mut desk, buffers, 0, piece)?;
            let [tag, object] = self.handle.args();
            let args = [tag, object, address, length];
            let end = desk.ask(Export::ObjAppend, Errno::Rofs, &args)?;
            Ok(Some(Appended {
                written: piece,
                end,
            }))
        })?;
        if let Some(appended) = appended {
            return Ok(appended);
        }
        // Nobody else enters the parent meanwhile, so nothing comes in between.
        let end = self.size()?;
        let written = self.write_at(buffers, end)?;
        Ok(Appended {
            written,
            end: end.saturating_add(written as u64),
        })
    }

    fn set_size(&self, size: u64) -> Result<()> {
        self.handle
            .ask(Export::ObjResize, Errno::Rofs, &[size.into()])?;
        Ok(())
    }

    fn allocate(&self, offset: u64, length: u64) -> Result<()> {
        let end = offset.checked_add(length).ok_or(Errno::Fbig)?;
        match self.size()? < end {
            true => self.set_size(end),
            false => Ok(()),
        }
    }

    fn sync(&self, durability: Durability) -> Result<()> {
        let number = match durability {
            Durability::Data => 0_u32,
            Durability::All => 1,
        };
        let [tag, object] = self.handle.args();
        let args = [tag, object, number.into()];
        self.handle.enter(|parent| {
            if parent.has(Export::ObjSync) {
                parent.ask(Export::ObjSync, Errno::Nosys, &args)?;
            }
            Ok(())
        })
    }

    fn set_times(&self, times: &Times) -> Result<()> {
        set_times(&self.handle, times)
    }
}

/// Moves bytes piece by piece, as long as pieces are moved whole. An errno behind the first piece is
/// left to the next call.
fn in_pieces(
    total: usize,
    mut piece: impl FnMut(usize) -> Result<Moved, Flaw>,
) -> Result<usize, Flaw> {
    let mut done = 0;
    while done < total {
        match piece(done) {
            Ok(Moved { asked, moved }) => {
                done += moved;
                if moved < asked {
                    break;
                }
            }
            Err(Flaw::Errno(_)) if done > 0 => break,
            Err(flaw) => return Err(flaw),
        }
    }
    Ok(done)
}

/// How many bytes a parent was asked for, and how many it moved.
pub(super) struct Moved {
    pub(super) asked: usize,
    pub(super) moved: usize,
}

impl Moved {
    fn new(asked: usize, moved: u64) -> Result<Self, Flaw> {
        match usize::try_from(moved) {
            Ok(moved) if moved <= asked => Ok(Self { asked, moved }),
            _ => {
                let told = format!("the parent moved {moved} bytes of {asked}");
                Err(flawed(told).into())
            }
        }
    }
}

/// Reads one piece of `total` bytes, of which `done` have been read.
pub(super) fn read(
    parent: &mut Entered<'_>,
    handle: &Handle,
    buffers: &mut [IoSliceMut<'_>],
    done: usize,
    total: usize,
    offset: u64,
) -> Result<Moved, Flaw> {
    let mut desk = parent.desk()?;
    let asked = (total - done).min(desk.left() as usize);
    let address = desk.take(asked, Errno::Nomem)?;
    let [tag, object] = handle.args();
    let offset = offset.checked_add(done as u64).ok_or(Errno::Inval)?;
    let length = u32::try_from(asked).map_err(|_| Errno::Inval)?;
    let args = [tag, object, offset.into(), address.into(), length.into()];
    let moved = desk.ask(Export::ObjRead, Errno::Notsup, &args)?;
    let moved = Moved::new(asked, moved)?;
    let mut bytes = desk.bytes(address, moved.moved)?;
    let mut skipped = done;
    for buffer in buffers {
        let start = skipped.min(buffer.len());
        skipped -= start;
        let place = buffer.get_mut(start..).unwrap_or_default();
        let (now, later) = bytes.split_at(bytes.len().min(place.len()));
        if let Some(place) = place.get_mut(..now.len()) {
            place.copy_from_slice(now);
        }
        bytes = later;
    }
    Ok(moved)
}

/// Writes one piece of `total` bytes, of which `done` have been written.
pub(super) fn write(
    parent: &mut Entered<'_>,
    handle: &Handle,
    buffers: &[IoSlice<'_>],
    done: usize,
    total: usize,
    offset: u64,
) -> Result<Moved, Flaw> {
    let mut desk = parent.desk()?;
    let asked = (total - done).min(desk.left() as usize);
    let [address, length] = gather(&mut desk, buffers, done, asked)?;
    let [tag, object] = handle.args();
    let offset = offset.checked_add(done as u64).ok_or(Errno::Fbig)?;
    let args = [tag, object, offset.into(), address, length];
    let moved = desk.ask(Export::ObjWrite, Errno::Notsup, &args)?;
    Moved::new(asked, moved)
}

/// Hands over `length` bytes of buffers, behind the first `skipped`.
fn gather(
    desk: &mut Desk<'_, '_>,
    buffers: &[IoSlice<'_>],
    mut skipped: usize,
    length: usize,
) -> Result<[Value; 2], Flaw> {
    let address = desk.take(length, Errno::Nomem)?;
    let mut place = desk.bytes_mut(address, length)?;
    for buffer in buffers {
        let start = skipped.min(buffer.len());
        skipped -= start;
        let bytes = buffer.get(start..).unwrap_or_default();
        let (now, later) = place.split_at_mut(place.len().min(bytes.len()));
        if let Some(bytes) = bytes.get(..now.len()) {
            now.copy_from_slice(bytes);
        }
        place = later;
    }
    let length = u32::try_from(length).map_err(|_| Errno::Inval)?;
    Ok([address.into(), length.into()])
}

/// Has the parent change an object's times.
pub(super) fn set_times(handle: &Handle, times: &Times) -> Result<()> {
    handle.ask(Export::ObjTimes, Errno::Rofs, &times_args(times))?;
    Ok(())
}

/// Times, and the flags that say what becomes of them.
pub(super) fn times_args(times: &Times) -> [Value; 3] {
    let (accessed, set_accessed) = told(times.accessed);
    let (modified, set_modified) = told(times.modified);
    let flags = set_accessed | set_modified << 2;
    [accessed.into(), modified.into(), flags.into()]
}

/// A time, and its flags: 1 to set it, 2 to set it to the present.
fn told(time: SetTime) -> (u64, u32) {
    match time {
        SetTime::Keep => (0, 0),
        SetTime::At(time) => (time, 1),
        SetTime::Now => (0, 2),
    }
}
