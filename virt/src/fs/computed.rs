//! Directories made by closures.

use super::{Found, Names, Node};
use turnkey_wasi_common::Result;

/// A directory that two closures serve: one finds what lies under a name, the other tells the names.
///
/// A directory beneath which every name is a file that says it, and one that keeps what is written:
///
/// ```
/// use std::sync::{Arc, Mutex};
/// use turnkey_virt::fs::{Computed, Found, Generated, Names, Sink, Tree};
/// use turnkey_wasi_common::{Access, Dir, FileType, Follow, GuestPath, WasiCtx};
///
/// let log = Arc::new(Mutex::new(Vec::new()));
/// let kept = log.clone();
/// let find = move |name: &str| match name {
///     "log" => {
///         let kept = kept.clone();
///         Ok(Found::stream(Sink::new(move |bytes: &[u8]| {
///             kept.lock().unwrap().extend_from_slice(bytes);
///             Ok(())
///         })))
///     }
///     name => {
///         let text = format!("hello {name}\n");
///         Ok(Found::unopened(Generated::new(move || Ok(text.clone()))))
///     }
/// };
/// let tell = |names: &mut Names| {
///     names.push("log", FileType::Unknown);
///     Ok(())
/// };
/// let tree = Arc::new(Tree::new(Arc::new(Computed::new(find, tell))));
///
/// let anybody = tree.stat_at(GuestPath::new("anybody")?, Follow::No)?;
/// assert_eq!(anybody.file_type, FileType::RegularFile);
/// let ctx = WasiCtx::builder().preopen("/greetings", tree, Access::ReadWrite).build()?;
/// # drop(ctx);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Computed<L, T> {
    lookup: L,
    list: T,
}

impl<L, T> Computed<L, T>
where
    L: Fn(&str) -> Result<Found> + Send + Sync + 'static,
    T: Fn(&mut Names) -> Result<()> + Send + Sync + 'static,
{
    /// A directory of these closures, which are [`Node::lookup`] and [`Node::list`].
    pub fn new(lookup: L, list: T) -> Self {
        Self { lookup, list }
    }
}

impl<L, T> Node for Computed<L, T>
where
    L: Fn(&str) -> Result<Found> + Send + Sync + 'static,
    T: Fn(&mut Names) -> Result<()> + Send + Sync + 'static,
{
    fn lookup(&self, name: &str) -> Result<Found> {
        (self.lookup)(name)
    }

    fn list(&self, names: &mut Names) -> Result<()> {
        (self.list)(names)
    }
}
