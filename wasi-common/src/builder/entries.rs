//! The descriptors that a context begins with.

use super::{BuildError, Builder};
use crate::{Access, Dir, Entry, Fd, FdFlags, Listener, Null, Object, Rights, Socket, Stream};
use std::sync::{Arc, OnceLock};

/// What a context begins with besides its standard streams.
#[derive(Default)]
pub(super) struct Entries {
    preopens: Vec<(String, Entry)>,
    others: Vec<Entry>,
    replacements: Vec<(Fd, Entry)>,
}

impl Entries {
    /// All entries, in the order of their numbers.
    pub(super) fn in_order(
        self,
        stdio: [Option<Arc<dyn Stream>>; 3],
    ) -> Result<Vec<Entry>, BuildError> {
        let count = stdio.len() + self.preopens.len() + self.others.len();
        let mut entries = Vec::with_capacity(count);
        let accesses = [Rights::FD_READ, Rights::FD_WRITE, Rights::FD_WRITE];
        for (stream, access) in stdio.into_iter().zip(accesses) {
            let rights = access
                | Rights::POLL_FD_READWRITE
                | Rights::FD_FILESTAT_GET
                | Rights::FD_FDSTAT_SET_FLAGS;
            let object = Object::Stream(stream.unwrap_or_else(nothing));
            entries.push(Entry::new(
                object,
                FdFlags::empty(),
                rights,
                Rights::empty(),
            ));
        }
        for (name, entry) in self.preopens {
            if name.contains('\0') || u32::try_from(name.len()).is_err() {
                return Err(BuildError::Text(name));
            }
            if !matches!(entry.object(), Object::Dir(_)) {
                return Err(BuildError::NotADirectory(name));
            }
            entries.push(entry.preopened(name));
        }
        entries.extend(self.others);
        for (fd, entry) in self.replacements {
            let place = entries.get_mut(fd.0 as usize);
            *place.ok_or(BuildError::NotOpen(fd))? = entry;
        }
        Ok(entries)
    }
}

impl Builder {
    /// Hands a directory to the guest under a name. The name is told to the guest as it is.
    #[must_use]
    pub fn preopen(self, name: impl Into<String>, dir: Arc<dyn Dir>, access: Access) -> Self {
        let (object, rights) = (Object::Dir(dir), access.rights());
        let entry = Entry::new(object, FdFlags::empty(), rights, rights);
        self.preopen_granted(name, entry)
    }

    /// Hands a directory to the guest under a name, as weak as it was made for it: usually a
    /// [`Grant`](crate::Grant).
    #[must_use]
    pub fn preopen_granted(mut self, name: impl Into<String>, granted: impl Into<Entry>) -> Self {
        self.entries.preopens.push((name.into(), granted.into()));
        self
    }

    /// Hands a listening socket to the guest.
    #[must_use]
    pub fn listener(self, listener: Arc<dyn Listener>) -> Self {
        self.grant(whole(Object::Listener(listener)))
    }

    /// Hands a connected socket to the guest.
    #[must_use]
    pub fn socket(self, socket: Arc<dyn Socket>) -> Self {
        self.grant(whole(Object::Socket(socket)))
    }

    /// Hands anything to the guest, as weak as it was made for it: usually a
    /// [`Grant`](crate::Grant).
    #[must_use]
    pub fn grant(mut self, granted: impl Into<Entry>) -> Self {
        self.entries.others.push(granted.into());
        self
    }

    /// The same in place of what the context would begin with at a number, such as 1, its standard
    /// output.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use turnkey_wasi_common::{Access, Entry, Fd, Grant, Null, Object, Rights, Table, WasiCtx};
    ///
    /// let grant = Grant::new(Object::Stream(Arc::new(Null)));
    /// let stdout = grant.lease();
    /// let grant = grant.access(Access::Only(Rights::FD_WRITE));
    /// let ctx = WasiCtx::builder().grant_at(Fd(1), grant).build()?;
    /// stdout.revoke();
    /// assert_eq!(ctx.table().with(Fd(1), Entry::is_alive), Ok(false));
    /// assert_eq!(ctx.table().with(Fd(2), Entry::is_alive), Ok(true));
    /// # Ok::<(), turnkey_wasi_common::BuildError>(())
    /// ```
    #[must_use]
    pub fn grant_at(mut self, fd: Fd, granted: impl Into<Entry>) -> Self {
        self.entries.replacements.push((fd, granted.into()));
        self
    }
}

/// The stream of who was given none. It has no state, and is one for all contexts.
fn nothing() -> Arc<dyn Stream> {
    static NULL: OnceLock<Arc<Null>> = OnceLock::new();
    Arc::clone(NULL.get_or_init(|| Arc::new(Null))) as Arc<dyn Stream>
}

/// An entry with every right.
fn whole(object: Object) -> Entry {
    Entry::new(object, FdFlags::empty(), Rights::all(), Rights::all())
}
