//! Handles that can be granted.

use super::serve::{Kind, Serving};
use crate::fs::{Found, Tree, leased};
use std::sync::Arc;
use std::time::Duration;
use turnkey_wasi_common::{
    Access, Clocks, Entry, Errno, Grant, GuestPath, Lease, Object, Result, Rights,
};

/// A handle that a parent can grant to its children, make weaker, and take back.
///
/// What a child receives is derived from it, so revoking it ends what all children received, and
/// what they opened through that or handed on themselves.
///
/// ```
/// use std::sync::Arc;
/// use turnkey_virt::nanoprocess::Cap;
/// use turnkey_wasi_common::{Access, Grant, Null, Object, Rights};
///
/// let cap = Cap::new(Grant::new(Object::Stream(Arc::new(Null))));
/// let writing = cap.weaker(Access::Only(Rights::FD_WRITE));
/// assert_eq!(writing.rights(), Rights::FD_WRITE);
/// assert_eq!(writing.weaker(Access::ReadWrite).rights(), Rights::FD_WRITE);
/// cap.revoke();
/// assert!(!writing.is_alive());
/// ```
#[derive(Debug)]
pub struct Cap(What);

#[derive(Debug)]
enum What {
    Handle(Entry),
    Served(Served),
}

/// An object of a wasm parent's, which becomes a host object for the child that it is granted to.
#[derive(Debug, Clone)]
pub(super) struct Served {
    pub(super) kind: Kind,
    pub(super) tag: u32,
    pub(super) object: u64,
    pub(super) rights: Rights,
    pub(super) lease: Lease,
    /// Where it lies beneath that object: paths to be walked one after another.
    pub(super) below: Vec<Box<str>>,
}

/// The object by which a child reaches what its parent serves.
///
/// # Errors
/// - `NOTSUP`: it is none.
fn served_object(serving: &Serving, served: &Served) -> Result<Object, Errno> {
    let (tag, object) = (served.tag, served.object);
    match served.kind {
        Kind::Dir => Ok(Object::Dir(Arc::new(Tree::new(serving.dir(tag, object))))),
        Kind::File => Ok(Object::File(serving.file(tag, object))),
        Kind::Stream => Ok(Object::Stream(serving.stream(tag, object))),
        Kind::Clocks | Kind::Random => Err(Errno::Notsup),
    }
}

/// Bytes of all paths by which somebody goes down in what is served.
const LONGEST: usize = 4095;

impl Cap {
    /// A handle of a grant.
    pub fn new(grant: Grant) -> Self {
        Self(What::Handle(grant.into_entry()))
    }

    pub(super) fn serve(served: Served) -> Self {
        Self(What::Served(served))
    }

    /// The rights that it has.
    pub fn rights(&self) -> Rights {
        match &self.0 {
            What::Handle(entry) => entry.base(),
            What::Served(served) => served.rights,
        }
    }

    /// Whether it has neither been revoked nor come to its end.
    pub fn is_alive(&self) -> bool {
        match &self.0 {
            What::Handle(entry) => entry.is_alive(),
            What::Served(served) => served.lease.is_alive(),
        }
    }

    /// A weaker handle, which ends at the latest when this one does.
    #[must_use]
    pub fn weaker(&self, access: Access) -> Self {
        match &self.0 {
            What::Handle(entry) => Self::new(Grant::of(entry).access(access)),
            What::Served(served) => Self::serve(Served {
                rights: served.rights & access.rights(),
                lease: served.lease.derive(),
                ..served.clone()
            }),
        }
    }

    /// A handle of a directory beneath, which ends at the latest when this one does.
    ///
    /// In a directory that a wasm parent serves the path is walked when the handle is granted, since
    /// it is the child to whom the parent answers.
    ///
    /// # Errors
    /// - those of [`Grant::subtree`].
    ///
    /// ```
    /// use std::sync::Arc;
    /// use turnkey_virt::fs::{Found, Listed, Tree};
    /// use turnkey_virt::nanoprocess::Cap;
    /// use turnkey_wasi_common::{Errno, Grant, Object};
    ///
    /// let home = Listed::new().entry("uploads", Found::dir(Listed::new()));
    /// let home = Cap::new(Grant::new(Object::Dir(Arc::new(Tree::new(Arc::new(home))))));
    /// let uploads = home.subtree("uploads")?;
    /// assert_eq!(uploads.subtree("..").unwrap_err().errno(), Errno::Perm);
    /// home.revoke();
    /// assert!(!uploads.is_alive());
    /// # Ok::<(), turnkey_wasi_common::Error>(())
    /// ```
    pub fn subtree(&self, path: &str) -> Result<Self> {
        let served = match &self.0 {
            What::Handle(entry) => return Ok(Self::new(Grant::of(entry).subtree(path)?)),
            What::Served(served) => served,
        };
        GuestPath::new(path)?;
        if served.kind != Kind::Dir {
            return Err(Errno::Notdir.into());
        }
        if !served.rights.contains(Rights::PATH_OPEN) {
            return Err(Errno::Perm.into());
        }
        let mut below = served.below.clone();
        let length: usize = below.iter().map(|path| path.len()).sum();
        if length.saturating_add(path.len()) > LONGEST {
            return Err(Errno::Nametoolong.into());
        }
        below.push(path.into());
        Ok(Self::serve(Served {
            lease: served.lease.derive(),
            below,
            ..served.clone()
        }))
    }

    /// The same handle for a span of time by the monotonic one of these clocks.
    ///
    /// # Errors
    /// - `INVAL`: there is no such clock.
    pub fn expires_in(&self, clocks: Arc<dyn Clocks>, span: Duration) -> Result<Self> {
        match &self.0 {
            What::Handle(entry) => Ok(Self::new(Grant::of(entry).expires_in(clocks, span)?)),
            What::Served(served) => Ok(Self::serve(Served {
                lease: served.lease.derive_for(clocks, span)?,
                ..served.clone()
            })),
        }
    }

    /// Takes it back, and everything that was derived from it.
    pub fn revoke(&self) {
        match &self.0 {
            What::Handle(entry) => {
                if let Some(lease) = entry.lease() {
                    lease.revoke();
                }
            }
            What::Served(served) => served.lease.revoke(),
        }
    }

    /// What somebody receives to whom a Rust program passes it.
    ///
    /// # Errors
    /// As [`grant`](Self::grant) without somebody who serves.
    pub(crate) fn passed(&self) -> Result<Grant, Errno> {
        self.grant(None).map_err(|error| error.errno())
    }

    /// What a child receives of it. An object that a wasm parent serves is asked for through
    /// `serving`.
    ///
    /// # Errors
    /// - `BADF`: it was taken back.
    /// - `NOTSUP`: it is served, and nobody is there to serve it.
    /// - those of [`Grant::subtree`], in what is served.
    pub(super) fn grant(&self, serving: Option<&Serving>) -> Result<Grant> {
        if !self.is_alive() {
            return Err(Errno::Badf.into());
        }
        match &self.0 {
            What::Handle(entry) => Ok(Grant::of(entry)),
            What::Served(served) => {
                let object = served_object(serving.ok_or(Errno::Notsup)?, served)?;
                let grant = Grant::leased(object, served.lease.derive());
                let grant = grant.access(Access::Only(served.rights));
                let mut below = served.below.iter();
                below.try_fold(grant, |grant, path| grant.subtree(path))
            }
        }
    }

    /// The same as what a name stands for in what a parent serves: it can be changed only if it may
    /// be changed in every way, and ends when it is taken back.
    ///
    /// # Errors
    /// - `NOTCAPABLE`: it may not be read in every way.
    /// - `NOTSUP`: it is a socket.
    /// - those of [`grant`](Self::grant).
    pub(super) fn found(&self, serving: &Serving) -> Result<Found> {
        let entry = self.grant(Some(serving))?.into_entry();
        let beneath = match entry.object() {
            Object::Dir(_) => Rights::all(),
            _ => Rights::empty(),
        };
        let has = |access: Access| {
            let own = access.rights() & entry.object().possible_rights();
            let has_own = entry.base().contains(own);
            has_own && entry.inheriting().contains(access.rights() & beneath)
        };
        if !has(Access::ReadOnly) {
            return Err(Errno::Notcapable.into());
        }
        let lease = match &self.0 {
            What::Handle(entry) => entry.lease().cloned().unwrap_or_default(),
            What::Served(served) => served.lease.clone(),
        };
        leased(entry.object().clone(), has(Access::ReadWrite), lease)
    }
}

/// Two are equal if they are one.
impl PartialEq for Cap {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl From<Grant> for Cap {
    fn from(grant: Grant) -> Self {
        Self::new(grant)
    }
}

/// A handle of an entry with an offset of its own.
impl From<&Entry> for Cap {
    fn from(entry: &Entry) -> Self {
        Self::new(Grant::of(entry))
    }
}
