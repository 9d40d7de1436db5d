//! Why an archive cannot be opened, and what of it is left out.

use super::ArchiveFormat;
use std::error::Error;
use std::fmt;

/// Why an archive cannot be opened.
///
/// ```
/// use turnkey_virt::fs::{Archive, ArchiveError};
///
/// let error = Archive::open("some text").unwrap_err();
/// assert!(matches!(error, ArchiveError::Unrecognized));
/// let error = Archive::zip("some text").unwrap_err();
/// assert!(error.to_string().starts_with("the zip archive cannot be read: "));
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum ArchiveError {
    /// The bytes are neither a zip nor a tar archive, nor compressed by gzip.
    Unrecognized,
    /// The bytes cannot be read, or are no archive of this format.
    Unreadable {
        /// What was being read.
        format: ArchiveFormat,
        /// What is wrong with it.
        error: Box<dyn Error + Send + Sync>,
    },
    /// The archive exceeds a limit of [`ArchiveOptions`](super::ArchiveOptions).
    TooMuch {
        /// Of what: entries, bytes of names, bytes of contents in memory.
        what: &'static str,
        /// The limit.
        most: usize,
    },
}

impl fmt::Display for ArchiveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unrecognized => f.write_str("this is neither a zip nor a tar archive"),
            Self::Unreadable { format, error } => {
                write!(f, "the {format} archive cannot be read: {error}")
            }
            Self::TooMuch { what, most } => {
                write!(f, "the archive exceeds its limit of {most} {what}")
            }
        }
    }
}

impl Error for ArchiveError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Unreadable { error, .. } => Some(&**error),
            Self::Unrecognized | Self::TooMuch { .. } => None,
        }
    }
}

/// An entry of an archive that the directory does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Skipped {
    /// Its name, with a substitute for bytes that are not UTF-8.
    pub name: Box<str>,
    /// Why it is left out.
    pub reason: SkipReason,
}

impl fmt::Display for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.name, self.reason)
    }
}

/// Why an entry of an archive is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SkipReason {
    /// Its name is absolute.
    Absolute,
    /// Its name holds `..`.
    Upward,
    /// A name in its path is empty.
    EmptyName,
    /// A name in its path has more than 255 bytes, so no guest could say it.
    LongName,
    /// Its name holds a NUL.
    Nul,
    /// Its name is not UTF-8.
    NotUtf8,
    /// It is encrypted.
    Encrypted,
    /// It is compressed in a way that is not known.
    Compression,
    /// It is neither a file, a directory nor a link.
    FileType,
    /// It is a file with holes, in a form that is not known.
    Sparse,
    /// It is a further name of something that the archive does not hold before.
    MissingTarget,
    /// It is a symbolic link whose text cannot be read, is no path or is not UTF-8.
    LinkText,
}

impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Absolute => "its name is absolute",
            Self::Upward => "its name leads upward",
            Self::EmptyName => "a name in its path is empty",
            Self::LongName => "a name in its path is longer than 255 bytes",
            Self::Nul => "its name holds a NUL byte",
            Self::NotUtf8 => "its name is not UTF-8",
            Self::Encrypted => "it is encrypted",
            Self::Compression => "it is compressed in a way that is not known",
            Self::FileType => "it is neither a file, a directory nor a link",
            Self::Sparse => "it is a file with holes in a form that is not known",
            Self::MissingTarget => "it is a name of something that is not there",
            Self::LinkText => "it is a link whose text cannot be used",
        })
    }
}
