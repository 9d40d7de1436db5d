//! Why something does not succeed.

use crate::raw::wasi_snapshot_preview1 as wasi;
use core::fmt;

/// What a call answers, or the number of why it does not.
pub type Result<T> = core::result::Result<T, Errno>;

/// A number of WASI's `errno`, other than 0.
///
/// ```
/// use turnkey_parent::Errno;
///
/// assert_eq!(Errno::NOENT.number(), 44);
/// assert_eq!(Errno::of(0), Ok(()));
/// assert_eq!(Errno::of(44), Err(Errno::NOENT));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Errno(u16);

impl Errno {
    /// Permission denied.
    pub const ACCES: Self = Self(wasi::ERRNO_ACCES);
    /// There is nothing now.
    pub const AGAIN: Self = Self(wasi::ERRNO_AGAIN);
    /// There is nothing at the handle.
    pub const BADF: Self = Self(wasi::ERRNO_BADF);
    /// It is in use.
    pub const BUSY: Self = Self(wasi::ERRNO_BUSY);
    /// The limit is reached.
    pub const DQUOT: Self = Self(wasi::ERRNO_DQUOT);
    /// There is something of this name.
    pub const EXIST: Self = Self(wasi::ERRNO_EXIST);
    /// It makes no sense.
    pub const INVAL: Self = Self(wasi::ERRNO_INVAL);
    /// The device failed.
    pub const IO: Self = Self(wasi::ERRNO_IO);
    /// It is a directory.
    pub const ISDIR: Self = Self(wasi::ERRNO_ISDIR);
    /// The text is not UTF-8.
    pub const ILSEQ: Self = Self(wasi::ERRNO_ILSEQ);
    /// The name is too long.
    pub const NAMETOOLONG: Self = Self(wasi::ERRNO_NAMETOOLONG);
    /// There is nothing of this name.
    pub const NOENT: Self = Self(wasi::ERRNO_NOENT);
    /// There is no room.
    pub const NOSPC: Self = Self(wasi::ERRNO_NOSPC);
    /// There is no such function.
    pub const NOSYS: Self = Self(wasi::ERRNO_NOSYS);
    /// It is no directory.
    pub const NOTDIR: Self = Self(wasi::ERRNO_NOTDIR);
    /// The directory is not empty.
    pub const NOTEMPTY: Self = Self(wasi::ERRNO_NOTEMPTY);
    /// It is not there for this.
    pub const NOTSUP: Self = Self(wasi::ERRNO_NOTSUP);
    /// It is not allowed.
    pub const PERM: Self = Self(wasi::ERRNO_PERM);
    /// It can only be read.
    pub const ROFS: Self = Self(wasi::ERRNO_ROFS);
    /// It is not the parent's to give.
    pub const NOTCAPABLE: Self = Self(wasi::ERRNO_NOTCAPABLE);

    /// The errno of a number.
    ///
    /// # Errors
    /// The errno, if the number is not 0.
    pub const fn of(number: u16) -> Result<()> {
        match number {
            0 => Ok(()),
            number => Err(Self(number)),
        }
    }

    /// The number.
    #[must_use]
    pub const fn number(self) -> u16 {
        self.0
    }

    /// What an import answered. Numbers beyond 16 bits are none.
    #[cfg(target_family = "wasm")]
    pub(crate) fn answered(number: i32) -> Result<()> {
        Self::of(u16::try_from(number).unwrap_or(wasi::ERRNO_IO))
    }

    /// What an export answers: a value, or an errno with its sign turned.
    pub(crate) fn answer(result: Result<u32>) -> i32 {
        match result {
            Ok(value) => i32::try_from(value).unwrap_or_else(|_| -i32::from(wasi::ERRNO_OVERFLOW)),
            Err(errno) => -i32::from(errno.0),
        }
    }

    /// The same with 64 bits.
    pub(crate) fn answer_long(result: Result<u64>) -> i64 {
        match result {
            Ok(value) => i64::try_from(value).unwrap_or_else(|_| -i64::from(wasi::ERRNO_OVERFLOW)),
            Err(errno) => -i64::from(errno.0),
        }
    }
}

impl fmt::Debug for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Errno({})", self.0)
    }
}

impl fmt::Display for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "errno {}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answer_values_and_errnos() {
        assert_eq!(Errno::answer(Ok(7)), 7);
        assert_eq!(Errno::answer(Err(Errno::NOENT)), -44);
        assert_eq!(Errno::answer(Ok(u32::MAX)), -61);
        assert_eq!(Errno::answer_long(Ok(7)), 7);
        assert_eq!(Errno::answer_long(Err(Errno::NOENT)), -44);
        assert_eq!(Errno::answer_long(Ok(u64::MAX)), -61);
    }
}
