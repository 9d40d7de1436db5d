//! Slots of the descriptor table.

use crate::{Description, Errno, FdFlags, Object, Rights};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A file descriptor's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fd(pub u32);

impl fmt::Display for Fd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a descriptor stands for: a description, and what may be done with it here.
///
/// ```
/// use std::sync::Arc;
/// use turnkey_wasi_common::{Entry, Errno, FdFlags, Null, Object, Rights};
///
/// let object = Object::Stream(Arc::new(Null));
/// let entry = Entry::new(object, FdFlags::NONBLOCK, Rights::all(), Rights::all());
/// assert!(!entry.base().contains(Rights::FD_SEEK), "a stream has no offset");
///
/// entry.shrink(Rights::FD_READ, Rights::empty())?;
/// assert_eq!(entry.shrink(Rights::FD_WRITE, Rights::empty()), Err(Errno::Notcapable));
/// assert_eq!(entry.base(), Rights::FD_READ);
/// # Ok::<(), Errno>(())
/// ```
#[derive(Debug)]
pub struct Entry {
    base: AtomicU64,
    inheriting: AtomicU64,
    preopen: Option<Box<str>>,
    description: Arc<Description>,
}

impl Entry {
    /// An entry for an object that was just opened. `base` is cut to what such an object can do;
    /// `inheriting` is what may be done with everything opened through it.
    pub fn new(object: Object, flags: FdFlags, base: Rights, inheriting: Rights) -> Self {
        let base = base & object.possible_rights();
        let inheriting = match object {
            Object::Dir(_) | Object::Listener(_) => inheriting,
            _ => Rights::empty(),
        };
        Self {
            base: AtomicU64::new(base.bits()),
            inheriting: AtomicU64::new(inheriting.bits()),
            preopen: None,
            description: Arc::new(Description::new(object, flags)),
        }
    }

    /// The same entry as one that the guest finds under a name when it starts.
    #[must_use]
    pub fn preopened(self, name: impl Into<Box<str>>) -> Self {
        Self {
            preopen: Some(name.into()),
            ..self
        }
    }

    /// What may be done with the descriptor itself.
    pub fn base(&self) -> Rights {
        Rights::from_bits_truncate(self.base.load(Ordering::Relaxed))
    }

    /// What may be done with everything that is opened through it.
    pub fn inheriting(&self) -> Rights {
        Rights::from_bits_truncate(self.inheriting.load(Ordering::Relaxed))
    }

    /// Takes rights away, for good.
    ///
    /// # Errors
    /// - `NOTCAPABLE`: a set holds more than the entry has; nothing changes.
    pub fn shrink(&self, base: Rights, inheriting: Rights) -> Result<(), Errno> {
        if !self.base().contains(base) || !self.inheriting().contains(inheriting) {
            return Err(Errno::Notcapable);
        }
        self.base.fetch_and(base.bits(), Ordering::Relaxed);
        self.inheriting
            .fetch_and(inheriting.bits(), Ordering::Relaxed);
        Ok(())
    }

    /// The name under which the guest finds it, if it is a preopen.
    pub fn preopen(&self) -> Option<&str> {
        self.preopen.as_deref()
    }

    /// The description.
    pub fn description(&self) -> &Arc<Description> {
        &self.description
    }

    /// The object behind the description.
    pub fn object(&self) -> &Object {
        self.description.object()
    }
}
