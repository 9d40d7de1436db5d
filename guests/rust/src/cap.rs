//! Handles that can be granted.

use crate::raw::imports;
use crate::raw::nanoprocess_0 as nano;
use crate::Result;

/// What a served object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A file.
    File,
    /// A directory.
    Dir,
    /// A stream.
    Stream,
}

/// A handle that can be granted to children. Dropping it takes nothing back.
#[derive(Debug)]
pub struct Cap(pub(crate) nano::Cap);

impl Cap {
    /// A handle of an open descriptor, with an offset of its own and no further rights than these.
    ///
    /// # Errors
    /// - `BADF`: it is not open.
    pub fn from_fd(fd: u32, rights: u64) -> Result<Self> {
        imports::cap_from_fd(fd, rights).map(Self)
    }

    /// A handle of an object that the parent serves: `tag` and `object` come back.
    ///
    /// # Errors
    /// - `NOSYS`: the parent lacks the exports for it.
    pub fn serve(kind: Kind, tag: u32, object: u64, rights: u64) -> Result<Self> {
        let kind = match kind {
            Kind::File => nano::KIND_FILE,
            Kind::Dir => nano::KIND_DIR,
            Kind::Stream => nano::KIND_STREAM,
        };
        imports::cap_serve(kind, tag, object, rights).map(Self)
    }

    /// A weaker handle with no further rights than these, which ends at the latest when this does.
    ///
    /// # Errors
    /// - `BADF`: it was taken back.
    pub fn weaker(&self, rights: u64) -> Result<Self> {
        self.attenuate(rights, 0, "", u64::MAX)
    }

    /// The same handle, with which nothing can be created, changed or removed.
    ///
    /// # Errors
    /// As [`weaker`](Self::weaker).
    pub fn read_only(&self) -> Result<Self> {
        self.attenuate(u64::MAX, nano::WEAKENING_READ_ONLY, "", u64::MAX)
    }

    /// A handle of a directory below this one.
    ///
    /// # Errors
    /// - `BADF`: it was taken back.
    /// - `NOTSUP`: it is served by the parent.
    /// - those of opening a directory.
    pub fn subtree(&self, path: &str) -> Result<Self> {
        self.attenuate(u64::MAX, 0, path, u64::MAX)
    }

    /// The same handle for so many nanoseconds.
    ///
    /// # Errors
    /// - `BADF`: it was taken back.
    /// - `INVAL`: the parent has no clock.
    pub fn expires_in(&self, nanoseconds: u64) -> Result<Self> {
        self.attenuate(u64::MAX, 0, "", nanoseconds)
    }

    fn attenuate(&self, rights: u64, how: nano::Weakening, path: &str, span: u64) -> Result<Self> {
        imports::cap_attenuate(self.0, rights, how, path, span).map(Self)
    }

    /// Takes it back, and everything that was derived from it.
    ///
    /// # Errors
    /// None that a handle gives rise to.
    pub fn revoke(&self) -> Result<()> {
        imports::cap_revoke(self.0)
    }
}

/// Wakes whoever waits for an object that the parent serves, so that it asks again.
///
/// # Errors
/// None that an object gives rise to.
pub fn wake(object: u64) -> Result<()> {
    imports::obj_wake(object)
}

impl Drop for Cap {
    fn drop(&mut self) {
        // It is there, so it can be dropped.
        let _ = imports::cap_drop(self.0);
    }
}
