//! What an operation of a host object answers when it fails.

use crate::Errno;
use std::fmt;

/// The result of an operation of the core or of a host object.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A failed operation: the errno that the guest will see, and what the host knows beyond it.
///
/// The common case carries an errno alone and allocates nothing. Context is for people: it
/// reaches traces, never the guest.
///
/// ```
/// use turnkey_wasi_common::{Errno, Error};
///
/// let plain = Error::from(Errno::Noent);
/// assert_eq!(plain.errno(), Errno::Noent);
/// let told = plain.context("no such entry in the archive");
/// assert!(told.to_string().contains("archive"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    errno: Errno,
    context: Option<Box<str>>,
}

impl Error {
    /// The number that the guest sees.
    pub fn errno(&self) -> Errno {
        self.errno
    }

    /// The same error with a sentence for whoever reads a trace.
    #[must_use]
    pub fn context(self, context: impl Into<Box<str>>) -> Self {
        Self {
            errno: self.errno,
            context: Some(context.into()),
        }
    }

    /// What the host knows beyond the errno.
    pub fn told(&self) -> Option<&str> {
        self.context.as_deref()
    }

    /// Whether the operation would have had to wait.
    pub fn would_block(&self) -> bool {
        self.errno == Errno::Again
    }
}

impl From<Errno> for Error {
    fn from(errno: Errno) -> Self {
        Self {
            errno,
            context: None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.context {
            Some(context) => write!(f, "{}: {context}", self.errno),
            None => self.errno.fmt(f),
        }
    }
}

impl std::error::Error for Error {}
