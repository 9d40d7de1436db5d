//! Directories whose entries are known.

use super::{Found, Names, Node};
use std::collections::BTreeMap;
use turnkey_wasi_common::{Errno, Result};

/// A directory that holds what it was given, and nothing else. It is listed in the order of names.
///
/// ```
/// use std::sync::Arc;
/// use turnkey_virt::fs::{Contents, Found, Listed, Tree};
/// use turnkey_wasi_common::{Dir, Follow, GuestPath};
///
/// let etc = Listed::new().entry("motd", Found::file(Contents::from("welcome")));
/// let tree = Tree::new(Arc::new(Listed::new().entry("etc", Found::dir(etc))));
/// assert_eq!(tree.stat_at(GuestPath::new("etc/motd")?, Follow::No)?.size, 7);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Listed(BTreeMap<String, Found>);

impl Listed {
    /// A directory that is empty.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with one entry more, in place of an earlier one of the same name.
    #[must_use]
    pub fn entry(mut self, name: impl Into<String>, found: Found) -> Self {
        self.0.insert(name.into(), found);
        self
    }
}

impl Node for Listed {
    fn lookup(&self, name: &str) -> Result<Found> {
        self.0.get(name).cloned().ok_or_else(|| Errno::Noent.into())
    }

    fn list(&self, names: &mut Names) -> Result<()> {
        for (name, found) in &self.0 {
            let stat = found.stat()?;
            names.push_numbered(name, stat.file_type, stat.inode);
        }
        Ok(())
    }
}
