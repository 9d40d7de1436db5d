//! The application whose `uploads` are extracted.

use std::fs;
use std::sync::Arc;
use tempfile::TempDir;
use turnkey_cap_backends::{HostDir, ambient_authority};
use turnkey_conformance::known::{Known, known};
use turnkey_examples::Failure;
use turnkey_virt::fs::{Adopted, MemoryFs, copy};
use turnkey_wasi_common::{Dir, GuestPath, Object, OpenOptions};

/// Where its files lie.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Place {
    Host,
    Memory,
    Overlay,
}

impl Place {
    pub(crate) const ALL: [(&'static str, Self); 3] = [
        ("on the host", Self::Host),
        ("in memory", Self::Memory),
        ("in an overlay over the host", Self::Overlay),
    ];
}

/// `app`, with `uploads` and `node_modules/x/index.js`.
pub(crate) struct App {
    _on_host: TempDir,
    pub(crate) root: Arc<dyn Dir>,
}

impl App {
    pub(crate) fn new(place: Place) -> Result<Self, Failure> {
        let on_host = tempfile::tempdir()?;
        let modules = on_host.path().join("app/node_modules/x");
        fs::create_dir_all(&modules)?;
        fs::create_dir(on_host.path().join("app/uploads"))?;
        fs::write(modules.join("index.js"), "module.exports = 'unchanged'\n")?;
        let host: Arc<dyn Dir> =
            Arc::new(HostDir::open_ambient(on_host.path(), ambient_authority())?);
        let root = match place {
            Place::Host => host,
            Place::Memory => {
                let memory = MemoryFs::new();
                copy(&*host, &*memory.root())?;
                memory.root()
            }
            Place::Overlay => {
                let overlay = MemoryFs::builder().over(Arc::new(Adopted::new(host)));
                overlay.build().root()
            }
        };
        Ok(Self {
            _on_host: on_host,
            root,
        })
    }

    /// All that can be known of what lies beside `uploads`.
    pub(crate) fn beside(&self) -> Result<Known, Failure> {
        let mut beside = known(&self.root)?;
        beside.retain(|path, _| !path.starts_with("app/uploads"));
        Ok(beside)
    }

    /// The directory `app`.
    pub(crate) fn dir(&self) -> Result<Arc<dyn Dir>, Failure> {
        match self.root.open(GuestPath::new("app")?, &OpenOptions::READ)? {
            Object::Dir(dir) => Ok(dir),
            _ => Err("`app` is no directory".into()),
        }
    }

    /// What a file in `uploads` holds.
    pub(crate) fn extracted(&self, name: &str) -> Result<Vec<u8>, Failure> {
        let path = format!("app/uploads/{name}");
        match self.root.open(GuestPath::new(&path)?, &OpenOptions::READ)? {
            Object::File(file) => {
                let mut bytes = vec![0; usize::try_from(file.stat()?.size)?];
                let buffer = std::io::IoSliceMut::new(&mut bytes);
                file.read_at(&mut [buffer], 0)?;
                Ok(bytes)
            }
            _ => Err(format!("{path} is no file").into()),
        }
    }
}
