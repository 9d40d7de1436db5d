//! Regular files of the host's.

use crate::errno::OrErrno;
use crate::stat::{stat_of, timestamps_of};
use io_lifetimes::IntoFilelike;
use rustix::fs::{fstat, fsync, ftruncate, futimens};
use rustix::io::{Errno as Host, pread, preadv, pwrite, pwritev, retry_on_intr};
use std::io::{IoSlice, IoSliceMut};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Mutex, PoisonError};
use turnkey_wasi_common::{Advice, Appended, Durability, Errno, File, Result, Stat, Times};

/// A regular file, or a block device, behind a descriptor.
///
/// Beneath a [`HostDir`](crate::HostDir) files open by themselves. An embedder who has a file
/// open already hands it over with [`new`](Self::new): from `std`, from cap-std, or anything else
/// that owns a descriptor.
///
/// Reads and writes name their offset, so nothing depends on the descriptor's own position. An
/// append moves it: a descriptor that is handed over is not to be used elsewhere at the same time.
/// An operation that the descriptor was not opened for answers `BADF`.
///
/// ```
/// use std::io::IoSliceMut;
/// use turnkey_cap_backends::HostFile;
/// use turnkey_wasi_common::File;
///
/// let mut file = tempfile::tempfile()?;
/// std::io::Write::write_all(&mut file, b"hello")?;
/// let file = HostFile::new(file);
/// let mut bytes = [0; 8];
/// assert_eq!(file.read_at(&mut [IoSliceMut::new(&mut bytes)], 1)?, 4);
/// assert_eq!(&bytes[..4], b"ello");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct HostFile {
    fd: OwnedFd,
    /// Held while the descriptor's own position has a meaning, which is during an append.
    appending: Mutex<()>,
}

impl HostFile {
    /// Adopts a file that is open already.
    pub fn new(file: impl IntoFilelike) -> Self {
        Self::from(file.into_filelike())
    }

    /// Appends in one step that no other writer can divide, and answers where the bytes ended.
    ///
    /// The position of the descriptor is asked for that, because it alone belongs to these bytes:
    /// by the time the file's size is asked, somebody else may have appended too.
    #[cfg(target_os = "linux")]
    fn append_once(&self, buffers: &[IoSlice<'_>]) -> rustix::io::Result<Appended> {
        use rustix::fs::{SeekFrom, seek};
        use rustix::io::{ReadWriteFlags, pwritev2};

        /// Stands for the descriptor's own position, which then moves.
        const OWN_POSITION: u64 = u64::MAX;

        let append = || pwritev2(&self.fd, buffers, OWN_POSITION, ReadWriteFlags::APPEND);
        match retry_on_intr(append) {
            Ok(written) => Ok(Appended {
                written,
                end: seek(&self.fd, SeekFrom::Current(0))?,
            }),
            // Linux before 4.16.
            Err(Host::OPNOTSUPP | Host::NOSYS) => self.append_at_size(buffers),
            Err(error) => Err(error),
        }
    }

    #[cfg(not(target_os = "linux"))]
    fn append_once(&self, buffers: &[IoSlice<'_>]) -> rustix::io::Result<Appended> {
        self.append_at_size(buffers)
    }

    /// Appends where the host has no call for it. Another process that appends between the two
    /// steps is overwritten; appends through this object take turns.
    fn append_at_size(&self, buffers: &[IoSlice<'_>]) -> rustix::io::Result<Appended> {
        let size = stat_of(&fstat(&self.fd)?).size;
        let written = retry_on_intr(|| pwritev(&self.fd, buffers, size))?;
        Ok(Appended {
            written,
            end: size.saturating_add(u64::try_from(written).unwrap_or(u64::MAX)),
        })
    }
}

impl From<OwnedFd> for HostFile {
    fn from(fd: OwnedFd) -> Self {
        Self {
            fd,
            appending: Mutex::new(()),
        }
    }
}

impl AsFd for HostFile {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl File for HostFile {
    fn stat(&self) -> Result<Stat> {
        fstat(&self.fd).map(|host| stat_of(&host)).or_errno()
    }

    /// Buffers beyond the first 1024 are left alone, which a short read is allowed to do.
    fn read_at(&self, buffers: &mut [IoSliceMut<'_>], offset: u64) -> Result<usize> {
        // The call for one buffer is the cheaper one, and most reads have one.
        if let [buffer] = buffers {
            return retry_on_intr(|| pread(&self.fd, &mut **buffer, offset)).or_errno();
        }
        retry_on_intr(|| preadv(&self.fd, buffers, offset)).or_errno()
    }

    /// Buffers beyond the first 1024 are left alone, which a short write is allowed to do.
    fn write_at(&self, buffers: &[IoSlice<'_>], offset: u64) -> Result<usize> {
        if let [buffer] = buffers {
            return retry_on_intr(|| pwrite(&self.fd, buffer, offset)).or_errno();
        }
        retry_on_intr(|| pwritev(&self.fd, buffers, offset)).or_errno()
    }

    /// On Linux before 4.16 and on other systems only appends through the same object take turns;
    /// another process may write in between.
    fn append(&self, buffers: &[IoSlice<'_>]) -> Result<Appended> {
        let _turn = self
            .appending
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        self.append_once(buffers).or_errno()
    }

    fn set_size(&self, size: u64) -> Result<()> {
        if i64::try_from(size).is_err() {
            return Err(Errno::Fbig.into());
        }
        match retry_on_intr(|| ftruncate(&self.fd, size)) {
            // The size is valid, so it is the descriptor that cannot be written.
            Err(Host::INVAL) => Err(Errno::Badf.into()),
            outcome => outcome.or_errno(),
        }
    }

    fn allocate(&self, offset: u64, length: u64) -> Result<()> {
        allocate(&self.fd, offset, length)
    }

    fn advise(&self, offset: u64, length: u64, advice: Advice) -> Result<()> {
        advise(&self.fd, offset, length, advice)
    }

    fn sync(&self, durability: Durability) -> Result<()> {
        match durability {
            Durability::Data => retry_on_intr(|| sync_data(&self.fd)).or_errno(),
            Durability::All => retry_on_intr(|| fsync(&self.fd)).or_errno(),
        }
    }

    fn set_times(&self, times: &Times) -> Result<()> {
        futimens(&self.fd, &timestamps_of(times)).or_errno()
    }
}

/// Makes room, and lets the file grow to its end.
#[cfg(any(target_os = "linux", target_os = "freebsd", target_vendor = "apple"))]
fn allocate(fd: &OwnedFd, offset: u64, length: u64) -> Result<()> {
    use rustix::fs::{FallocateFlags, fallocate};

    match retry_on_intr(|| fallocate(fd, FallocateFlags::empty(), offset, length)) {
        Err(Host::NOSYS) => Err(Errno::Notsup.into()),
        outcome => outcome.or_errno(),
    }
}

#[cfg(not(any(target_os = "linux", target_os = "freebsd", target_vendor = "apple")))]
fn allocate(_fd: &OwnedFd, _offset: u64, _length: u64) -> Result<()> {
    Err(Errno::Notsup.into())
}

/// Passes the hint on; a length of 0 means to the end of the file, as in POSIX.
#[cfg(any(target_os = "linux", target_os = "freebsd"))]
fn advise(fd: &OwnedFd, offset: u64, length: u64, advice: Advice) -> Result<()> {
    use rustix::fs::{Advice as HostAdvice, fadvise};

    let advice = match advice {
        Advice::Normal => HostAdvice::Normal,
        Advice::Sequential => HostAdvice::Sequential,
        Advice::Random => HostAdvice::Random,
        Advice::WillNeed => HostAdvice::WillNeed,
        Advice::DontNeed => HostAdvice::DontNeed,
        Advice::NoReuse => HostAdvice::NoReuse,
    };
    fadvise(fd, offset, std::num::NonZeroU64::new(length), advice).or_errno()
}

#[cfg(not(any(target_os = "linux", target_os = "freebsd")))]
fn advise(_fd: &OwnedFd, _offset: u64, _length: u64, _advice: Advice) -> Result<()> {
    Ok(())
}

#[cfg(not(target_vendor = "apple"))]
fn sync_data(fd: &OwnedFd) -> rustix::io::Result<()> {
    rustix::fs::fdatasync(fd)
}

#[cfg(target_vendor = "apple")]
fn sync_data(fd: &OwnedFd) -> rustix::io::Result<()> {
    fsync(fd)
}
