//! A directory for one test.

use super::{Backend, Guest, Layers};
use rustix::fs::{CWD, FileType as HostType, Mode, mknodat};
use rustix::time::{ClockId, clock_gettime};
use std::fs;
use std::io::IoSlice;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tempfile::TempDir;
use turnkey_cap_backends::{HostDir, ambient_authority, builder};
use turnkey_conformance::known::{Known, known, names, read};
use turnkey_wasi_common::{
    Access, Builder, Dir, Errno, FileType, Follow, GuestPath, Object, OpenOptions, Result, Stat,
};

/// A directory `root` that a guest is given, with a file `outside/secret` beside it.
///
/// It is built on the host's disk, and becomes a backend's when the first guest is given it. When
/// the last use of it ends, what lies below a layer has to be as it was.
#[derive(Clone)]
pub struct Tree(Arc<Inner>);

struct Inner {
    temporary: TempDir,
    on: Backend,
    given: OnceLock<Given>,
}

/// What guests are given, and what must not change.
struct Given {
    /// What holds `root` and `outside`.
    top: Arc<dyn Dir>,
    outside: Known,
    lower: Option<(Arc<dyn Dir>, Known)>,
}

impl Tree {
    /// A tree on the host's disk.
    pub fn new() -> Self {
        Self::on(Backend::Host)
    }

    pub fn on(on: Backend) -> Self {
        let tree = Self(Arc::new(Inner {
            temporary: tempfile::tempdir().unwrap(),
            on,
            given: OnceLock::new(),
        }));
        fs::create_dir(tree.path("")).unwrap();
        fs::create_dir(tree.outside("")).unwrap();
        fs::write(tree.outside("secret"), "secret").unwrap();
        tree
    }

    /// A path of the host's, beneath `root`.
    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.0.temporary.path().join("root").join(name)
    }

    /// A path of the host's, beneath `outside`.
    pub fn outside(&self, name: impl AsRef<Path>) -> PathBuf {
        self.0.temporary.path().join("outside").join(name)
    }

    /// A path beneath `root` on the disk, as long as what is made there is seen.
    fn new_path(&self, name: impl AsRef<Path>) -> PathBuf {
        assert!(self.0.on == Backend::Host || self.0.given.get().is_none());
        self.path(name)
    }

    pub fn dir(self, name: impl AsRef<Path>) -> Self {
        fs::create_dir(self.new_path(name)).unwrap();
        self
    }

    pub fn file(self, name: impl AsRef<Path>, contents: impl AsRef<[u8]>) -> Self {
        fs::write(self.new_path(name), contents).unwrap();
        self
    }

    pub fn link(self, target: impl AsRef<Path>, name: impl AsRef<Path>) -> Self {
        symlink(target, self.new_path(name)).unwrap();
        self
    }

    /// A builder with `root` as descriptor 3.
    pub fn builder(&self, access: Access) -> Builder {
        builder().preopen("/", self.root(), access)
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

    /// `root` on the host's disk, whatever the backend.
    pub fn host_dir(&self) -> Arc<dyn Dir> {
        let dir = HostDir::open_ambient(self.path(""), ambient_authority());
        Arc::new(dir.unwrap())
    }

    /// `root` as the backend has it, opened anew. From now on it is the backend's.
    pub fn root(&self) -> Arc<dyn Dir> {
        subdirectory(&*self.given().top, "root")
    }

    fn given(&self) -> &Given {
        self.0.given.get_or_init(|| {
            let Layers { top, lower } = self.0.on.layers(self.0.temporary.path());
            let outside = known(&subdirectory(&*top, "outside")).unwrap();
            let lower = lower.map(|lower| {
                let before = known(&lower).unwrap();
                (lower, before)
            });
            Given {
                top,
                outside,
                lower,
            }
        })
    }

    /// What a file holds now.
    pub fn contents(&self, name: &str) -> Vec<u8> {
        match self.0.on {
            Backend::Host => fs::read(self.path(name)).unwrap(),
            _ => read(&*self.root(), path(name)).unwrap(),
        }
    }

    /// Whether something lies at a path now.
    pub fn exists(&self, name: &str) -> bool {
        match self.0.on {
            Backend::Host => self.path(name).exists(),
            _ => self.root().stat_at(path(name), Follow::Yes).is_ok(),
        }
    }

    /// Whether a link lies at a path now.
    pub fn is_link(&self, name: &str) -> bool {
        match self.0.on {
            Backend::Host => self.path(name).is_symlink(),
            _ => {
                let stat = self.root().stat_at(path(name), Follow::No);
                stat.is_ok_and(|stat| stat.file_type == FileType::SymbolicLink)
            }
        }
    }

    /// The attributes of what lies at a path now; a link's own.
    pub fn stat(&self, name: &str) -> Stat {
        self.root().stat_at(path(name), Follow::No).unwrap()
    }

    /// Somebody else makes a file, or replaces what it holds.
    pub fn write(&self, name: &str, contents: impl AsRef<[u8]>) {
        let how = OpenOptions {
            read: false,
            write: true,
            create: true,
            truncate: true,
            ..OPEN
        };
        let Ok(Object::File(file)) = self.root().open(path(name), &how) else {
            panic!("{name} is no file")
        };
        let buffer = IoSlice::new(contents.as_ref());
        assert_eq!(file.write_at(&[buffer], 0), Ok(contents.as_ref().len()));
    }

    /// Somebody else gives a file a further name.
    pub fn name_again(&self, from: &str, to: &str) {
        let root = self.root();
        root.link(path(from), &*root, path(to)).unwrap();
    }

    /// Somebody else moves something.
    pub fn rename(&self, from: &str, to: &str) {
        let root = self.root();
        root.rename(path(from), &*root, path(to)).unwrap();
    }

    /// Somebody else removes something, and all that lies in it.
    pub fn remove(&self, name: &str) -> Result<()> {
        remove(&*self.root(), name)
    }
}

/// What lies below a layer is as it was.
impl Drop for Inner {
    fn drop(&mut self) {
        let lower = self.given.get().and_then(|given| given.lower.as_ref());
        if let (Some((lower, before)), false) = (lower, std::thread::panicking()) {
            assert_eq!(
                known(lower).unwrap(),
                *before,
                "what lies below has changed"
            );
        }
    }
}

const OPEN: OpenOptions = OpenOptions {
    follow: Follow::No,
    ..OpenOptions::READ
};

fn path(name: &str) -> GuestPath<'_> {
    GuestPath::new(name).unwrap()
}

pub fn subdirectory(dir: &dyn Dir, name: &str) -> Arc<dyn Dir> {
    match dir.open(path(name), &OPEN).unwrap() {
        Object::Dir(dir) => dir,
        object => panic!("{name} is {object:?}"),
    }
}

fn remove(dir: &dyn Dir, name: &str) -> Result<()> {
    match dir.unlink(path(name)) {
        Err(error) if error.errno() == Errno::Isdir => {
            let beneath = subdirectory(dir, name);
            for name in names(&*beneath)? {
                remove(&*beneath, &name)?;
            }
            dir.remove_dir(path(name))
        }
        removed => removed,
    }
}

/// Nothing beside the guest's directory has changed.
#[track_caller]
pub fn assert_outside_untouched(tree: &Tree) {
    let given = tree.given();
    let outside = known(&subdirectory(&*given.top, "outside")).unwrap();
    assert_eq!(outside, given.outside);
    let mut beside = names(&*given.top).unwrap();
    beside.sort();
    assert_eq!(beside, ["outside", "root"]);
}

pub fn fifo(path: &Path) {
    mknodat(CWD, path, HostType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
}

/// The processor time that the calling thread has used.
pub fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(
        u64::try_from(time.tv_sec).unwrap(),
        u32::try_from(time.tv_nsec).unwrap(),
    )
}
