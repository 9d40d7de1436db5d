//! A directory for one input, and what must not be touched beside it.

use rustix::fs::{CWD, FileType, Mode, mknodat};
use std::collections::BTreeMap;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;
use turnkey_cap_backends::{HostDir, ambient_authority};
use turnkey_wasi_common::Dir;

/// A directory `root` that is given to a guest, and others beside it that are not.
///
/// Links in `root` lead to all places there are. What lies outside holds a token that no input
/// knows, since it is made from the input.
pub(super) struct Scratch {
    temporary: TempDir,
    token: String,
    outside: Tree<Untouched>,
}

/// What lies beneath a directory, and of each thing what counts.
pub(super) type Tree<N> = BTreeMap<PathBuf, N>;

/// All that changes when something is touched, except by reading.
#[derive(Debug, PartialEq)]
pub(super) struct Untouched {
    inode: u64,
    links: u64,
    mode: u32,
    size: u64,
    changed: (i64, i64),
    contents: Vec<u8>,
}

/// What a guest has made of something.
#[derive(Debug, PartialEq)]
pub(super) struct Made {
    file_type: u32,
    links: u64,
    contents: Vec<u8>,
    /// Seconds of a time of the last change that the host has not set by itself.
    modified: Option<i64>,
}

/// Times before this are not the host's own: 2001-09-09.
const HOST_TIMES: i64 = 1_000_000_000;

impl Scratch {
    pub(super) fn new(input: &[u8]) -> Self {
        let mut hasher = DefaultHasher::new();
        input.hash(&mut hasher);
        let token = format!("{:016x}", hasher.finish());

        let temporary = temporary();
        let outside = temporary.path().join("outside");
        fs::create_dir(&outside).unwrap();
        fs::write(outside.join("secret"), &token).unwrap();
        fs::write(outside.join(&token), "").unwrap();
        fs::create_dir(outside.join("d")).unwrap();

        let root = temporary.path().join("root");
        fs::create_dir(&root).unwrap();
        fs::create_dir(root.join("d")).unwrap();
        fs::write(root.join("a"), "contents").unwrap();
        fs::write(root.join("d/e"), "more contents").unwrap();
        let absolute = outside.join("secret");
        for (target, name) in [
            (Path::new("a"), "l"),
            (Path::new("d"), "ld"),
            (Path::new("../outside/secret"), "up"),
            (Path::new("../outside/"), "upd"),
            (Path::new("../.."), "d/upd"),
            (Path::new("loop"), "loop"),
            (&absolute, "abs"),
        ] {
            symlink(target, root.join(name)).unwrap();
        }
        let mode = Mode::RUSR | Mode::WUSR;
        mknodat(CWD, root.join("fifo"), FileType::Fifo, mode, 0).unwrap();

        let mut scratch = Self {
            temporary,
            token,
            outside: Tree::new(),
        };
        scratch.outside = scratch.beside();
        scratch
    }

    /// A path in the directory that holds `root`.
    pub(super) fn place(&self, name: &str) -> PathBuf {
        self.temporary.path().join(name)
    }

    /// `root` as a guest receives it.
    pub(super) fn dir(&self) -> Arc<dyn Dir> {
        let root = HostDir::open_ambient(self.place("root"), ambient_authority());
        Arc::new(root.unwrap())
    }

    /// Sees that nothing outside was read into a guest's memory.
    pub(super) fn assert_unknown_to(&self, memory: &[u8]) {
        let found = String::from_utf8_lossy(memory).contains(&self.token);
        assert!(!found, "the guest has read something outside");
    }

    /// From now on what is there now has to stay.
    pub(super) fn settle(&mut self) {
        self.outside = self.beside();
    }

    /// Sees that nothing outside was touched.
    pub(super) fn assert_outside_untouched(&self) {
        assert_eq!(self.beside(), self.outside, "something outside was touched");
    }

    fn beside(&self) -> Tree<Untouched> {
        let mut tree = Tree::new();
        let root = self.place("root");
        walk(self.temporary.path(), &mut |path, metadata| {
            if path == root {
                return false;
            }
            let node = Untouched {
                inode: metadata.ino(),
                links: metadata.nlink(),
                mode: metadata.mode(),
                size: metadata.size(),
                changed: (metadata.ctime(), metadata.ctime_nsec()),
                contents: contents(path, metadata),
            };
            tree.insert(path.to_owned(), node);
            true
        });
        tree
    }

    /// What a guest has made of `root`.
    pub(super) fn made(&self) -> Tree<Made> {
        let mut tree = Tree::new();
        let root = self.place("root");
        walk(&root, &mut |path, metadata| {
            let modified = metadata.mtime();
            let node = Made {
                file_type: metadata.mode() & 0o170_000,
                links: metadata.nlink(),
                contents: match metadata.is_symlink() {
                    // The place of the scratch itself is no difference.
                    true => replace(&contents(path, metadata), self.temporary.path()),
                    false => contents(path, metadata),
                },
                modified: (modified < HOST_TIMES).then_some(modified),
            };
            let beneath = path.strip_prefix(&root).unwrap();
            tree.insert(beneath.to_owned(), node);
            true
        });
        tree
    }
}

/// A directory in memory, where there is such a place, as syncing files to a disk takes long; or
/// wherever `TMPDIR` says.
fn temporary() -> TempDir {
    let in_memory = match std::env::var_os("TMPDIR") {
        None => tempfile::tempdir_in("/dev/shm").ok(),
        Some(_) => None,
    };
    in_memory.unwrap_or_else(|| tempfile::tempdir().unwrap())
}

fn replace(text: &[u8], place: &Path) -> Vec<u8> {
    let text = String::from_utf8_lossy(text);
    text.replace(&*place.to_string_lossy(), "").into_bytes()
}

/// Hands everything to `visit`, which answers whether to go deeper.
fn walk(path: &Path, visit: &mut impl FnMut(&Path, &fs::Metadata) -> bool) {
    let metadata = fs::symlink_metadata(path).unwrap();
    if visit(path, &metadata) && metadata.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            walk(&entry.unwrap().path(), visit);
        }
    }
}

fn contents(path: &Path, metadata: &fs::Metadata) -> Vec<u8> {
    if metadata.is_symlink() {
        let target = fs::read_link(path).unwrap();
        return target.into_os_string().into_encoded_bytes();
    }
    match metadata.is_file() {
        true => fs::read(path).unwrap(),
        false => Vec::new(),
    }
}
