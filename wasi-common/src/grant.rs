//! Handing a weaker handle on.

use crate::{
    Access, Clocks, Description, Dir, Entry, Errno, FdFlags, GuestPath, Lease, Object, OpenOptions,
    Result, Rights,
};
use std::sync::Arc;
use std::time::Duration;

/// A handle that is being made weaker, and can be taken back, before somebody else receives it.
///
/// It begins as an object, or as what a guest has open, and only ever becomes less. What stands
/// behind the descriptor that it ends up as is dead as soon as its [lease](Self::lease) is, and so
/// is everything that was opened through it: every call with it answers `BADF`, and who waits for
/// it is woken. All that is left to do with it is to close it.
///
/// A parent that hands its standard input on, and takes it back:
///
/// ```
/// use std::sync::Arc;
/// use turnkey_wasi_common::{Access, Entry, Fd, Grant, Pipe, Rights, Table, WasiCtx};
///
/// let (_writer, reader) = Pipe::new(64);
/// let parent = WasiCtx::builder().stdin(Arc::new(reader)).build()?;
/// let grant = parent.table().with(Fd(0), Grant::of)?.access(Access::Only(Rights::FD_READ));
/// let lease = grant.lease();
///
/// let child = WasiCtx::builder().grant_at(Fd(0), grant).build()?;
/// assert_eq!(child.table().with(Fd(0), Entry::base), Ok(Rights::FD_READ));
///
/// // The child hands it on, too.
/// let further = child.table().with(Fd(0), Grant::of)?.access(Access::ReadWrite).into_entry();
/// assert_eq!(further.base(), Rights::FD_READ, "nothing is won back");
///
/// lease.revoke();
/// assert_eq!(child.table().with(Fd(0), Entry::is_alive), Ok(false));
/// assert!(!further.is_alive());
/// assert_eq!(parent.table().with(Fd(0), Entry::is_alive), Ok(true));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Grant {
    description: Arc<Description>,
    base: Rights,
    inheriting: Rights,
    lease: Lease,
}

impl Grant {
    /// A grant of an object, with every right that makes sense for it.
    ///
    /// What is done beneath a directory is counted or changed by a directory around it: a grant
    /// can be made of any, see also [`wrap_dir`](Self::wrap_dir).
    pub fn new(object: Object) -> Self {
        Self::leased(object, Lease::new())
    }

    /// The same for as long as a lease lasts, which may be that of other grants as well.
    pub fn leased(object: Object, lease: Lease) -> Self {
        Self {
            description: Arc::new(Description::new(object, FdFlags::empty())),
            base: Rights::all(),
            inheriting: Rights::all(),
            lease,
        }
    }

    /// A grant of what a guest has open. It has the guest's rights, and the same flags, but flags
    /// and an offset of its own, which is 0. It ends at the latest when the guest's handle does.
    pub fn of(entry: &Entry) -> Self {
        let flags = entry.description().flags();
        let description = Description::new(entry.object().clone(), flags);
        Self {
            description: Arc::new(description),
            ..Self::sharing(entry)
        }
    }

    /// The same with the offset and the flags of the guest, as if it were a duplicate: who moves
    /// one moves the other.
    pub fn sharing(entry: &Entry) -> Self {
        Self {
            description: Arc::clone(entry.description()),
            base: entry.base(),
            inheriting: entry.inheriting(),
            lease: entry.lease().map_or_else(Lease::new, Lease::derive),
        }
    }

    /// Takes every other right away: from the handle itself and from what is opened through it
    /// alike, so that opening `.` again wins nothing back.
    #[must_use]
    pub fn access(self, access: Access) -> Self {
        Self {
            base: self.base & access.rights(),
            inheriting: self.inheriting & access.rights(),
            ..self
        }
    }

    /// Goes down to a directory beneath, as a guest would open it; from there, `..` leads outside.
    ///
    /// # Errors
    /// - `BADF`: the handle has been taken back.
    /// - `NOTDIR`: it is no directory, or there is none at the path.
    /// - `PERM`: it has no right to open, or the path leads outside.
    /// - whatever [`GuestPath::new`] and [`Dir::open`] answer.
    pub fn subtree(self, path: &str) -> Result<Self> {
        if !self.lease.is_alive() {
            return Err(Errno::Badf.into());
        }
        let dir = self.dir()?;
        if !self.base.contains(Rights::PATH_OPEN) {
            return Err(Errno::Perm.into());
        }
        let how = OpenOptions {
            read: self.inheriting.contains(Rights::FD_READ),
            directory: true,
            ..OpenOptions::READ
        };
        match dir.open(GuestPath::new(path)?, &how)? {
            Object::Dir(below) => Ok(Self {
                base: self.inheriting,
                ..self.with_dir(below)
            }),
            _ => Err(Errno::Notdir.into()),
        }
    }

    /// Puts a directory around the directory.
    ///
    /// # Errors
    /// - `NOTDIR`: it is none.
    pub fn wrap_dir(self, wrap: impl FnOnce(Arc<dyn Dir>) -> Arc<dyn Dir>) -> Result<Self, Errno> {
        let around = wrap(Arc::clone(self.dir()?));
        Ok(self.with_dir(around))
    }

    fn dir(&self) -> Result<&Arc<dyn Dir>, Errno> {
        match self.description.object() {
            Object::Dir(dir) => Ok(dir),
            _ => Err(Errno::Notdir),
        }
    }

    fn with_dir(self, dir: Arc<dyn Dir>) -> Self {
        let description = Description::new(Object::Dir(dir), FdFlags::empty());
        Self {
            description: Arc::new(description),
            ..self
        }
    }

    /// Ends the grant at a moment, as [`Lease::derive_until`] does.
    #[must_use]
    pub fn expires_at(self, clocks: Arc<dyn Clocks>, moment: u64) -> Self {
        Self {
            lease: self.lease.derive_until(clocks, moment),
            ..self
        }
    }

    /// Ends the grant after a span of time, as [`Lease::derive_for`] does.
    ///
    /// # Errors
    /// - `INVAL`: there is no monotonic clock.
    pub fn expires_in(self, clocks: Arc<dyn Clocks>, span: Duration) -> Result<Self> {
        Ok(Self {
            lease: self.lease.derive_for(clocks, span)?,
            ..self
        })
    }

    /// By what it is taken back.
    pub fn lease(&self) -> Lease {
        self.lease.clone()
    }

    /// The grant as the entry of a table.
    pub fn into_entry(self) -> Entry {
        Entry::of(
            self.description,
            self.base,
            self.inheriting,
            Some(self.lease),
        )
    }
}

impl From<Grant> for Entry {
    fn from(grant: Grant) -> Self {
        grant.into_entry()
    }
}
