//! Files whose contents are made when they are opened.

use super::{Contents, Unopened};
use std::sync::Arc;
use turnkey_wasi_common::{Errno, FileType, Object, Result, Stat};

/// A file whose contents a closure makes whenever somebody opens it, as those of Linux' `/proc`.
///
/// Who has it open reads what was made then, from the first byte to the last, and its size is that.
/// Before, nobody knows the size: the file's attributes say 0. An error of the closure is what
/// opening answers; to open the file for writing answers `ROFS`.
///
/// ```
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicU64, Ordering};
/// use turnkey_virt::fs::{Found, Generated, Listed, Tree, Unopened};
/// use turnkey_wasi_common::Object;
///
/// let opened = AtomicU64::new(0);
/// let counter = Generated::new(move || {
///     let before = opened.fetch_add(1, Ordering::Relaxed);
///     Ok(format!("opened {before} times before\n"))
/// });
/// let Object::File(first) = counter.open(true, false, false)? else { panic!() };
/// assert_eq!(first.stat()?.size, 22);
/// let tree = Tree::new(Arc::new(Listed::new().entry("counter", Found::unopened(counter))));
/// # drop(tree);
/// # Ok::<(), turnkey_wasi_common::Error>(())
/// ```
pub struct Generated<F>(F);

impl<F, B> Generated<F>
where
    F: Fn() -> Result<B> + Send + Sync,
    B: AsRef<[u8]> + Send + Sync + 'static,
{
    /// A file with contents that `make` makes.
    pub fn new(make: F) -> Self {
        Self(make)
    }
}

impl<F, B> Unopened for Generated<F>
where
    F: Fn() -> Result<B> + Send + Sync,
    B: AsRef<[u8]> + Send + Sync + 'static,
{
    fn stat(&self) -> Result<Stat> {
        Ok(Stat {
            file_type: FileType::RegularFile,
            links: 1,
            ..Stat::default()
        })
    }

    fn open(&self, _read: bool, write: bool, truncate: bool) -> Result<Object> {
        match write || truncate {
            true => Err(Errno::Rofs.into()),
            false => Ok(Object::File(Arc::new(Contents::new((self.0)()?)))),
        }
    }
}
