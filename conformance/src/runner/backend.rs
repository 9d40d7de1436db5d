//! What lies behind the directories that guests are given.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;
use turnkey_cap_backends::{HostDir, ambient_authority};
use turnkey_virt::fs::{Adopted, Archive, MemoryFs, Node, Tree, copy};
use turnkey_wasi_common::{Clocks, Dir};

/// What lies behind the directories that guests are given. All but the first show a copy of the
/// host's directory, or its contents below what guests write.
///
/// ```
/// use turnkey_conformance::runner::Backend;
/// use turnkey_wasi_common::{Follow, GuestPath};
///
/// let place = tempfile::tempdir()?;
/// std::fs::write(place.path().join("file"), "contents")?;
/// for backend in Backend::ALL {
///     let dir = backend.open(place.path())?;
///     let stat = dir.stat_at(GuestPath::new("file")?, Follow::No)?;
///     assert_eq!(stat.size, 8, "{}", backend.name());
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Backend {
    /// The host's directory itself.
    Host,
    /// A copy in memory.
    Memory,
    /// A layer in memory over the host's directory.
    Overlay,
    /// A layer in memory over an archive of it.
    OverlayArchive,
    /// An archive of it.
    Archive,
}

impl Backend {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Host,
        Self::Memory,
        Self::Overlay,
        Self::OverlayArchive,
        Self::Archive,
    ];

    /// The name by which users choose it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Memory => "memory",
            Self::Overlay => "overlay",
            Self::OverlayArchive => "overlay-archive",
            Self::Archive => "archive",
        }
    }

    /// The directory that a guest is given for one of the host's.
    ///
    /// # Errors
    /// The host's directory cannot be read.
    pub fn open(self, path: &Path) -> io::Result<Arc<dyn Dir>> {
        match self {
            Self::Host => host(path),
            Self::Memory => {
                let fs = memory().build();
                copy(&*host(path)?, &*fs.root()).map_err(io::Error::other)?;
                Ok(fs.root())
            }
            Self::Overlay => Ok(over(Arc::new(Adopted::new(host(path)?)))),
            Self::OverlayArchive => Ok(over(Arc::new(archive(path)?))),
            Self::Archive => Ok(Arc::new(Tree::new(Arc::new(archive(path)?)))),
        }
    }
}

fn host(path: &Path) -> io::Result<Arc<dyn Dir>> {
    let dir = HostDir::open_ambient(path, ambient_authority())?;
    Ok(Arc::new(dir))
}

fn memory() -> turnkey_virt::fs::MemoryFsBuilder {
    let clocks: Arc<dyn Clocks> =
        Arc::new(turnkey_cap_backends::HostClocks::new(ambient_authority()));
    MemoryFs::builder().clocks(clocks)
}

fn over(lower: Arc<dyn Node>) -> Arc<dyn Dir> {
    memory().over(lower).build().root()
}

/// An archive of a directory, in memory.
fn archive(path: &Path) -> io::Result<Archive> {
    let mut tar = tar::Builder::new(Vec::new());
    tar.follow_symlinks(false);
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        match entry.file_type()?.is_dir() {
            true => tar.append_dir_all(entry.file_name(), entry.path())?,
            false => tar.append_path_with_name(entry.path(), entry.file_name())?,
        }
    }
    Archive::open(tar.into_inner()?).map_err(io::Error::other)
}
