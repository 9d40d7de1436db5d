//! A small tree of every kind of thing that a path can meet.
#![allow(
    dead_code,
    reason = "each test that includes this uses the part that it needs"
)]

use std::fs;
use std::os::fd::OwnedFd;
use std::os::unix::fs::symlink;
use turnkey_cap_backends::{HostDir, ambient_authority};
use turnkey_wasi_common::{Errno, Error, GuestPath};

/// A directory that a guest has, with a neighbour that it has not.
pub(crate) struct Tree {
    /// What a guest has.
    pub(crate) dir: HostDir,
    outer: tempfile::TempDir,
}

impl Tree {
    /// A tree like all others.
    pub(crate) fn new() -> Self {
        let outer = tempfile::tempdir().unwrap();
        let root = outer.path().join("root");
        fs::create_dir_all(root.join("dir/sub")).unwrap();
        fs::create_dir(root.join("empty")).unwrap();
        fs::write(root.join("file"), "contents").unwrap();
        fs::write(root.join("dir/inner"), "inside").unwrap();
        fs::write(outer.path().join("outside"), "secret").unwrap();
        for (link, target) in [
            ("to-file", "file"),
            ("to-dir", "dir"),
            ("to-slash", "dir/"),
            ("file-slash", "file/"),
            ("dangling", "nothing"),
            ("loop", "loop"),
            ("escape", "../outside"),
            ("escape-dir", ".."),
            ("absolute", "/etc"),
            ("dir/up", "../file"),
        ] {
            symlink(target, root.join(link)).unwrap();
        }
        let dir = HostDir::open_ambient(&root, ambient_authority()).unwrap();
        rustix::fs::mkfifoat(
            &dir,
            "fifo",
            rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
        )
        .unwrap();
        Self { dir, outer }
    }

    /// The host's path of something in the tree.
    pub(crate) fn host(&self, path: &str) -> std::path::PathBuf {
        self.outer.path().join("root").join(path)
    }
}

impl Drop for Tree {
    /// Whatever was done in the tree, nothing may have happened beside it.
    fn drop(&mut self) {
        let outside = fs::read(self.outer.path().join("outside")).unwrap();
        assert_eq!(outside, b"secret");
        assert_eq!(fs::read_dir(self.outer.path()).unwrap().count(), 2);
    }
}

/// The path as a guest says it.
pub(crate) fn path(text: &str) -> GuestPath<'_> {
    GuestPath::new(text).unwrap()
}

/// The errno of an outcome, or success.
pub(crate) fn errno<T>(outcome: Result<T, Error>) -> Errno {
    match outcome {
        Ok(_) => Errno::Success,
        Err(error) => error.errno(),
    }
}

/// The end of a pipe that is read, and the one that is written.
pub(crate) fn pipe() -> (fs::File, fs::File) {
    let ends: (OwnedFd, OwnedFd) = rustix::pipe::pipe().unwrap();
    (ends.0.into(), ends.1.into())
}
