//! Slots of the descriptor table.

use crate::{Description, Errno, FdFlags, Lease, Object, Rights};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

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
    base: AtomicRights,
    inheriting: AtomicRights,
    /// In a place of its own, as most entries have none.
    preopen: Option<Box<Box<str>>>,
    description: Arc<Description>,
    /// `None` for what nobody can take back.
    lease: Option<Lease>,
}

impl Entry {
    /// An entry for an object that was just opened. `base` is cut to what such an object can do;
    /// `inheriting` is what may be done with everything opened through it.
    pub fn new(object: Object, flags: FdFlags, base: Rights, inheriting: Rights) -> Self {
        let description = Arc::new(Description::new(object, flags));
        Self::of(description, base, inheriting, None)
    }

    /// An entry for an object that was opened through this one: it has none but the rights that
    /// are inherited, and lasts as long.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use turnkey_wasi_common::{Access, FdFlags, Grant, Listener, Null, Object, Rights};
    /// # use turnkey_wasi_common::{Interest, Pollable, Ready, Result};
    /// # struct Door;
    /// # impl Pollable for Door {
    /// #     fn readiness(&self, _: Interest) -> Result<Option<Ready>> {
    /// #         Ok(None)
    /// #     }
    /// # }
    /// # impl Listener for Door {}
    ///
    /// let grant = Grant::new(Object::Listener(Arc::new(Door)));
    /// let (lease, door) = (grant.lease(), grant.access(Access::ReadOnly).into_entry());
    /// let visitor = Object::Stream(Arc::new(Null));
    /// let visitor = door.open_through(visitor, FdFlags::empty(), Rights::all());
    /// assert!(!visitor.base().contains(Rights::FD_WRITE));
    /// lease.revoke();
    /// assert!(!visitor.is_alive());
    /// ```
    #[must_use]
    pub fn open_through(&self, object: Object, flags: FdFlags, base: Rights) -> Self {
        let description = Arc::new(Description::new(object, flags));
        let inheriting = self.inheriting();
        Self::of(
            description,
            base & inheriting,
            inheriting,
            self.lease.clone(),
        )
    }

    pub(crate) fn of(
        description: Arc<Description>,
        base: Rights,
        inheriting: Rights,
        lease: Option<Lease>,
    ) -> Self {
        let object = description.object();
        let base = base & object.possible_rights();
        let inheriting = match object {
            Object::Dir(_) | Object::Listener(_) => inheriting,
            _ => Rights::empty(),
        };
        Self {
            base: AtomicRights::new(base),
            inheriting: AtomicRights::new(inheriting),
            preopen: None,
            description,
            lease,
        }
    }

    /// The same entry as one that the guest finds under a name when it starts.
    #[must_use]
    pub fn preopened(self, name: impl Into<Box<str>>) -> Self {
        Self {
            preopen: Some(Box::new(name.into())),
            ..self
        }
    }

    /// What may be done with the descriptor itself.
    #[inline]
    pub fn base(&self) -> Rights {
        self.base.get()
    }

    /// What may be done with everything that is opened through it.
    pub fn inheriting(&self) -> Rights {
        self.inheriting.get()
    }

    /// Takes rights away, for good.
    ///
    /// # Errors
    /// - `NOTCAPABLE`: a set holds more than the entry has; nothing changes.
    pub fn shrink(&self, base: Rights, inheriting: Rights) -> Result<(), Errno> {
        if !self.base().contains(base) || !self.inheriting().contains(inheriting) {
            return Err(Errno::Notcapable);
        }
        self.base.keep(base);
        self.inheriting.keep(inheriting);
        Ok(())
    }

    /// The name under which the guest finds it, if it is a preopen.
    pub fn preopen(&self) -> Option<&str> {
        self.preopen.as_deref().map(|name| &**name)
    }

    /// What it can be taken back by, if it can. Entries of a guest's come by one from a
    /// [`Grant`](crate::Grant), and hand it to what is opened through them.
    #[inline]
    pub fn lease(&self) -> Option<&Lease> {
        self.lease.as_ref()
    }

    /// Whether it may still be used. One that was taken back can only be closed.
    #[inline]
    pub fn is_alive(&self) -> bool {
        self.lease.as_ref().is_none_or(Lease::is_alive)
    }

    /// Whether it may still be usable when `other` has been taken back.
    pub fn may_outlive(&self, other: &Self) -> bool {
        match (&self.lease, &other.lease) {
            (_, None) => false,
            (None, Some(_)) => true,
            (Some(own), Some(other)) => !own.is_within(other),
        }
    }

    /// The description.
    #[inline]
    pub fn description(&self) -> &Arc<Description> {
        &self.description
    }

    /// The object behind the description.
    #[inline]
    pub fn object(&self) -> &Object {
        self.description.object()
    }
}

/// Rights that can be taken away. All that there are fit into half of what the standard has for them.
#[derive(Debug)]
struct AtomicRights(AtomicU32);

const _: () = assert!(Rights::all().bits() <= u32::MAX as u64);

impl AtomicRights {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "asserted above of all rights"
    )]
    fn new(rights: Rights) -> Self {
        Self(AtomicU32::new(rights.bits() as u32))
    }

    #[inline]
    fn get(&self) -> Rights {
        Rights::from_bits_truncate(self.0.load(Ordering::Relaxed).into())
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "asserted above of all rights"
    )]
    fn keep(&self, rights: Rights) {
        self.0.fetch_and(rights.bits() as u32, Ordering::Relaxed);
    }
}
