//! Objects with contents that are read and written at an offset.

use crate::{Errno, Result, Stat, Times};
use std::io::{IoSlice, IoSliceMut};

/// What a guest intends to do with a range of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Advice {
    /// Nothing in particular.
    Normal,
    /// Read it from lower to higher offsets.
    Sequential,
    /// Read it in no order.
    Random,
    /// Use it soon.
    WillNeed,
    /// Not use it soon.
    DontNeed,
    /// Use it once.
    NoReuse,
}

/// What must have reached the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Durability {
    /// The contents, and what is needed to find them.
    Data,
    /// The contents and every attribute.
    All,
}

/// What an append did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appended {
    /// Bytes written.
    pub written: usize,
    /// The offset behind the last of them.
    pub end: u64,
}

/// A regular file, or anything that behaves like one.
///
/// The file keeps no position: the core owns offsets and passes them in. An operation answers at
/// once; a file never has to be waited for. Methods that are not implemented answer `NOTSUP`.
///
/// A file of which every byte is its own offset:
///
/// ```
/// use std::io::IoSliceMut;
/// use turnkey_wasi_common::{Errno, File, FileType, Result, Stat};
///
/// struct Offsets;
///
/// impl File for Offsets {
///     fn stat(&self) -> Result<Stat> {
///         Ok(Stat { file_type: FileType::RegularFile, size: 256, ..Stat::default() })
///     }
///
///     fn read_at(&self, buffers: &mut [IoSliceMut<'_>], offset: u64) -> Result<usize> {
///         let mut left = (offset..256).map(|byte| byte as u8);
///         let room = buffers.iter_mut().flat_map(|buffer| buffer.iter_mut());
///         Ok(room.zip(&mut left).map(|(to, byte)| *to = byte).count())
///     }
/// }
///
/// let mut bytes = [0; 4];
/// assert_eq!(Offsets.read_at(&mut [IoSliceMut::new(&mut bytes)], 253), Ok(3));
/// assert_eq!(bytes, [253, 254, 255, 0]);
/// assert_eq!(Offsets.set_size(0).unwrap_err().errno(), Errno::Notsup);
/// ```
pub trait File: Send + Sync {
    /// The file's attributes.
    ///
    /// # Errors
    /// - `IO`: the host failed.
    fn stat(&self) -> Result<Stat>;

    /// Reads into the buffers, in order, from `offset` (bytes); answers how many bytes were read.
    /// Fewer than asked for is allowed, 0 means the end of the file.
    ///
    /// # Errors
    /// - `NOTSUP`: the file cannot be read.
    /// - `IO`: the host failed.
    fn read_at(&self, buffers: &mut [IoSliceMut<'_>], offset: u64) -> Result<usize> {
        let _ = (buffers, offset);
        Err(Errno::Notsup.into())
    }

    /// Writes the buffers, in order, at `offset` (bytes); answers how many bytes were written.
    ///
    /// # Errors
    /// - `NOTSUP`: the file cannot be written.
    /// - `FBIG`, `NOSPC`, `DQUOT`: a limit is reached.
    /// - `IO`: the host failed.
    fn write_at(&self, buffers: &[IoSlice<'_>], offset: u64) -> Result<usize> {
        let _ = (buffers, offset);
        Err(Errno::Notsup.into())
    }

    /// Writes the buffers at the end of the file, in one step that no other append can divide.
    ///
    /// # Errors
    /// As [`write_at`](Self::write_at).
    fn append(&self, buffers: &[IoSlice<'_>]) -> Result<Appended> {
        let _ = buffers;
        Err(Errno::Notsup.into())
    }

    /// Cuts the file to `size` bytes, or lets it grow with zeros.
    ///
    /// # Errors
    /// - `NOTSUP`: the file cannot be changed.
    /// - `FBIG`, `NOSPC`, `DQUOT`: a limit is reached.
    fn set_size(&self, size: u64) -> Result<()> {
        let _ = size;
        Err(Errno::Notsup.into())
    }

    /// Makes room for `length` bytes at `offset`. The file grows to their end if it is shorter,
    /// and never shrinks.
    ///
    /// # Errors
    /// - `NOTSUP`: the file system cannot do it.
    /// - `FBIG`, `NOSPC`, `DQUOT`: a limit is reached.
    fn allocate(&self, offset: u64, length: u64) -> Result<()> {
        let _ = (offset, length);
        Err(Errno::Notsup.into())
    }

    /// Tells the file how a range will be used. A hint: a file that has no use for it ignores it.
    ///
    /// # Errors
    /// - `IO`: the host failed.
    fn advise(&self, offset: u64, length: u64, advice: Advice) -> Result<()> {
        let _ = (offset, length, advice);
        Ok(())
    }

    /// Returns when what was written has reached the disk.
    ///
    /// # Errors
    /// - `NOTSUP`: nothing lies beneath that could be reached.
    /// - `IO`: the host failed, and written data may be lost.
    fn sync(&self, durability: Durability) -> Result<()> {
        let _ = durability;
        Err(Errno::Notsup.into())
    }

    /// Changes the file's times.
    ///
    /// # Errors
    /// - `NOTSUP`: the file keeps none.
    /// - `PERM`, `ACCES`: the host refuses.
    fn set_times(&self, times: &Times) -> Result<()> {
        let _ = times;
        Err(Errno::Notsup.into())
    }
}
