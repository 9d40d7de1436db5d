//! What lies under a name.

use super::Node;
use super::gate::behind;
use super::read_only::Refuse;
use std::sync::Arc;
use turnkey_wasi_common::{Errno, File, FileType, Object, Result, Stat, Stream, Times};

/// What lies under a name of a directory.
#[derive(Clone)]
pub enum Found {
    /// A regular file.
    File(Arc<dyn File>),
    /// A directory.
    Dir(Arc<dyn Node>),
    /// A symbolic link.
    Link(Link),
    /// A pipe or device.
    Stream(Arc<dyn Stream>),
    /// Something that is opened for one guest at a time, such as a file of the host's.
    Unopened(Arc<dyn Unopened>),
}

/// A symbolic link.
#[derive(Debug, Clone)]
pub struct Link {
    /// Where it leads. A text that is absolute or leads above the tree is refused when the link is
    /// followed. An errno stands for a text that is not told, and is what following answers.
    pub target: Result<Arc<str>, Errno>,
    /// Its own attributes.
    pub stat: Stat,
}

/// Something that has to be opened before it is read or written.
pub trait Unopened: Send + Sync {
    /// Its attributes.
    ///
    /// # Errors
    /// - `IO`: what lies beneath failed.
    fn stat(&self) -> Result<Stat>;

    /// Opens it. `truncate` discards a file's contents.
    ///
    /// # Errors
    /// - `ACCES`, `PERM`, `ROFS`: it cannot be opened in this way.
    /// - `NOENT`, `LOOP`: it is not there any more, or has been replaced.
    fn open(&self, read: bool, write: bool, truncate: bool) -> Result<Object>;

    /// Changes its times.
    ///
    /// # Errors
    /// - `ROFS`: they cannot be changed.
    fn set_times(&self, times: &Times) -> Result<()> {
        let _ = times;
        Err(Errno::Rofs.into())
    }
}

impl Found {
    /// A regular file.
    pub fn file(file: impl File + 'static) -> Self {
        Self::File(Arc::new(file))
    }

    /// A regular file that can be read and nothing else, even if it was opened for writing: neither
    /// its contents nor its times can be changed.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use turnkey_virt::fs::{Contents, Found, Listed, Tree};
    /// use turnkey_wasi_common::{Dir, Errno, Follow, GuestPath, Times};
    ///
    /// // A file of the host's is handed over in the same way.
    /// let opened = Arc::new(Contents::from("mode = safe"));
    /// let root = Listed::new().at("/etc/app.conf", Found::only_read(opened))?;
    /// let tree = Tree::new(Arc::new(root));
    /// let path = GuestPath::new("etc/app.conf")?;
    /// assert_eq!(tree.stat_at(path, Follow::No)?.size, 11);
    /// let refused = tree.set_times_at(path, Follow::No, &Times::default());
    /// assert_eq!(refused.unwrap_err().errno(), Errno::Rofs);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn only_read(file: Arc<dyn File>) -> Self {
        behind(Refuse(Errno::Rofs), Self::File(file))
    }

    /// A directory.
    pub fn dir(node: impl Node) -> Self {
        Self::Dir(Arc::new(node))
    }

    /// A pipe or device.
    pub fn stream(stream: impl Stream + 'static) -> Self {
        Self::Stream(Arc::new(stream))
    }

    /// Something that has to be opened first.
    pub fn unopened(unopened: impl Unopened + 'static) -> Self {
        Self::Unopened(Arc::new(unopened))
    }

    /// A symbolic link.
    pub fn link(target: &str) -> Self {
        Self::Link(Link {
            target: Ok(target.into()),
            stat: Stat {
                file_type: FileType::SymbolicLink,
                links: 1,
                size: target.len() as u64,
                ..Stat::default()
            },
        })
    }

    /// Its attributes; a link's own.
    ///
    /// # Errors
    /// - `IO`: what lies beneath failed.
    pub fn stat(&self) -> Result<Stat> {
        match self {
            Self::File(file) => file.stat(),
            Self::Dir(node) => node.stat(),
            Self::Link(link) => Ok(link.stat),
            Self::Stream(stream) => stream.stat(),
            Self::Unopened(unopened) => unopened.stat(),
        }
    }

    /// Whether it is a directory.
    pub fn is_dir(&self) -> bool {
        matches!(self, Self::Dir(_))
    }
}

impl std::fmt::Debug for Found {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::File(_) => "File",
            Self::Dir(_) => "Dir",
            Self::Link(_) => "Link",
            Self::Stream(_) => "Stream",
            Self::Unopened(_) => "Unopened",
        })
    }
}
