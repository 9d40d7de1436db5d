//! A directory of the host's for one test.

use super::Guest;
use rustix::fs::{CWD, FileType, Mode, mknodat};
use rustix::time::{ClockId, clock_gettime};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use turnkey_cap_backends::{HostDir, ambient_authority, builder};
use turnkey_wasi_common::{Access, Builder, Dir};

/// A directory `root` that a guest is given, with a file `outside/secret` beside it.
#[derive(Clone)]
pub struct Tree {
    temporary: Arc<TempDir>,
}

impl Tree {
    pub fn new() -> Self {
        let tree = Self {
            temporary: Arc::new(tempfile::tempdir().unwrap()),
        };
        fs::create_dir(tree.path("")).unwrap();
        fs::create_dir(tree.outside("")).unwrap();
        fs::write(tree.outside("secret"), "secret").unwrap();
        tree
    }

    /// A path of the host's, beneath `root`.
    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.temporary.path().join("root").join(name)
    }

    /// A path of the host's, beneath `outside`.
    pub fn outside(&self, name: impl AsRef<Path>) -> PathBuf {
        self.temporary.path().join("outside").join(name)
    }

    pub fn dir(self, name: impl AsRef<Path>) -> Self {
        fs::create_dir(self.path(name)).unwrap();
        self
    }

    pub fn file(self, name: impl AsRef<Path>, contents: impl AsRef<[u8]>) -> Self {
        fs::write(self.path(name), contents).unwrap();
        self
    }

    pub fn link(self, target: impl AsRef<Path>, name: impl AsRef<Path>) -> Self {
        symlink(target, self.path(name)).unwrap();
        self
    }

    /// `root` as a guest receives it.
    pub fn host_dir(&self) -> Arc<dyn Dir> {
        Arc::new(HostDir::open_ambient(self.path(""), ambient_authority()).unwrap())
    }

    /// A builder with `root` as descriptor 3.
    pub fn builder(&self, access: Access) -> Builder {
        builder().preopen("/", self.host_dir(), access)
    }

    /// A guest with `root` as descriptor 3.
    pub fn guest(&self) -> Guest {
        self.guest_with(Access::ReadWrite)
    }

    /// The same with less than every right.
    pub fn guest_with(&self, access: Access) -> Guest {
        let ctx = self.builder(access).build().unwrap();
        Guest {
            kept: Some(self.clone()),
            ..Guest::new(ctx)
        }
    }
}

/// Nothing beside the guest's directory has changed.
#[track_caller]
pub fn assert_outside_untouched(tree: &Tree) {
    let outside = fs::read_dir(tree.outside("")).unwrap();
    let names: Vec<_> = outside.map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["secret"]);
    assert_eq!(fs::read(tree.outside("secret")).unwrap(), b"secret");
    let modified = fs::metadata(tree.outside("secret"))
        .unwrap()
        .modified()
        .unwrap();
    let age = modified.elapsed().unwrap_or_default();
    assert!(age < Duration::from_secs(60), "its times were set");
    let beside = fs::read_dir(tree.path("..")).unwrap();
    assert_eq!(beside.count(), 2);
}

pub fn fifo(path: &Path) {
    mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
}

/// The processor time that the calling thread has used.
pub fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(
        u64::try_from(time.tv_sec).unwrap(),
        u32::try_from(time.tv_nsec).unwrap(),
    )
}
