//! A guest whose tree changes under its feet: while it does everything that can be done with a
//! path, a thread swaps directories and files with symbolic links that lead outside. Nothing
//! outside is read, written, made, removed or listed.
//!
//! Node takes such races for outside of its threat model (node#50396); Go's `os.Root` lost one
//! between a check and a change of mode (CVE-2026-32282).
//!
//! Broken on purpose: `Place::find` opens the way to a name with plain `openat`, and so does
//! `open::directory`. The test fails within the first thousand operations, by what it finds or by
//! what has changed outside.
#![cfg(test)]
#![cfg(target_os = "linux")]

mod host;

use host::{Guest, PATH_OPERATIONS, Tree, fstflags, oflags, openat2};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Instant;
use turnkey_wasi_common::{Errno, Rights};

const OPERATIONS: usize = 100_000;

const READ_WRITE: Rights = Rights::FD_READ.union(Rights::FD_WRITE);

/// What only files outside hold.
const SECRET: &[u8] = b"what no guest may read";

/// Pairs of names that are swapped: what is harmless, and a link that leads outside.
const SWAPPED: [[&str; 2]; 4] = [
    ["dir", "link_to_dir"],
    ["deep/dir", "deep/link_to_dir"],
    ["inner", "link_to_inner"],
    ["absolute", "absolute_link"],
];

/// Paths that sometimes lead outside. Of the same path a guest's library would see both.
const PATHS: [&str; 17] = [
    "dir/inner",
    "dir/",
    "dir",
    "dir/sub",
    "dir/sub/",
    "dir/empty",
    "dir/new",
    "link_to_dir/inner",
    "link_to_dir/new",
    "link_to_dir/",
    "deep/dir/inner",
    "deep/dir/../dir/sub/inner",
    "deep/link_to_dir/new",
    "inner",
    "link_to_inner",
    "absolute/inner",
    "absolute_link/link",
];

/// A directory with everything that the paths name.
fn fill(dir: &Path, contents: &[u8]) {
    fs::create_dir_all(dir.join("sub")).unwrap();
    fs::create_dir(dir.join("empty")).unwrap();
    fs::write(dir.join("inner"), contents).unwrap();
    fs::write(dir.join("sub/inner"), contents).unwrap();
}

/// Makes the tree anew: operations remove, move and replace.
fn repair(tree: &Tree) {
    for entry in fs::read_dir(tree.path("")).unwrap() {
        let path = entry.unwrap().path();
        let removed = match path.symlink_metadata().unwrap().is_dir() {
            true => fs::remove_dir_all(path),
            false => fs::remove_file(path),
        };
        removed.unwrap();
    }
    for name in ["dir", "deep/dir", "absolute"] {
        fill(&tree.path(name), b"harmless");
    }
    for name in ["inner", "file"] {
        fs::write(tree.path(name), "harmless").unwrap();
    }
    for (target, name) in [
        (Path::new("../outside"), "link_to_dir"),
        (Path::new("../../outside"), "deep/link_to_dir"),
        (Path::new("../outside/inner"), "link_to_inner"),
        (&tree.outside(""), "absolute_link"),
    ] {
        symlink(target, tree.path(name)).unwrap();
    }
}

/// Number, links, size, the last change, and contents.
type Known = (u64, u64, u64, (i64, i64), Vec<u8>);

/// Everything that can be known of what lies outside, but for the times of the last access.
fn outside(tree: &Tree) -> BTreeMap<PathBuf, Known> {
    let mut found = BTreeMap::new();
    let mut left = vec![tree.outside("")];
    while let Some(path) = left.pop() {
        let host = path.symlink_metadata().unwrap();
        let contents = match host.is_dir() {
            true => {
                let entries = fs::read_dir(&path).unwrap();
                left.extend(entries.map(|entry| entry.unwrap().path()));
                Vec::new()
            }
            false => fs::read_link(&path).map_or_else(
                |_| fs::read(&path).unwrap(),
                |target| target.into_os_string().into_encoded_bytes(),
            ),
        };
        let times = (host.ctime(), host.ctime_nsec());
        let known = (host.ino(), host.nlink(), host.size(), times, contents);
        found.insert(path, known);
    }
    found
}

/// A guest, and what it must never find.
struct Prey<'a> {
    guest: Guest,
    inodes: &'a BTreeSet<u64>,
}

impl Prey<'_> {
    /// What an open file holds, and what an open directory lists.
    fn look_into(&mut self, fd: u32, path: &str) {
        let inode = self.guest.fd_filestat_get(fd).unwrap().ino;
        assert!(!self.inodes.contains(&inode), "opened outside by {path}");
        if let Ok(bytes) = self.guest.fd_read(fd, 100) {
            assert_ne!(bytes, SECRET, "{path}");
        }
        if let Ok(entries) = self.guest.entries(fd, 1024) {
            for entry in entries {
                let is_outside = self.inodes.contains(&entry.ino);
                assert!(!is_outside && entry.name != "canary", "{path}: {entry:?}");
            }
        }
        assert_eq!(self.guest.fd_close(fd), Ok(()));
    }

    /// What tells of what it finds.
    fn look(&mut self, path: &str, step: usize) -> Result<(), Errno> {
        let follow = step.is_multiple_of(2);
        match step % 5 {
            0 | 1 => {
                let stat = self.guest.path_filestat_get((3, path), follow)?;
                assert!(!self.inodes.contains(&stat.ino), "found outside by {path}");
            }
            2 => {
                let text = self.guest.path_readlink((3, path), 100)?;
                assert_ne!(text, b"canary", "read outside by {path}");
            }
            _ => {
                let oflags = [0, oflags::CREAT, oflags::DIRECTORY][step % 3];
                let rights = [Rights::FD_READ, READ_WRITE][step % 2];
                let rights = if oflags == oflags::DIRECTORY {
                    Rights::FD_READ
                } else {
                    rights
                };
                let fd = self.guest.path_open((3, path), oflags, rights)?;
                self.look_into(fd, path);
            }
        }
        Ok(())
    }

    /// A change of both times in one call, as `touch` does.
    fn touch(&mut self, path: &str, step: usize) -> Result<(), Errno> {
        let both = fstflags::ATIM | fstflags::MTIM;
        let follow = step.is_multiple_of(2);
        self.guest
            .path_filestat_set_times((3, path), follow, (5, 6), both)
    }
}

fn race() {
    let started = Instant::now();
    let tree = Tree::new();
    fill(&tree.outside(""), SECRET);
    fs::write(tree.outside("canary"), SECRET).unwrap();
    symlink("canary", tree.outside("link")).unwrap();
    repair(&tree);
    let before = outside(&tree);
    let inodes: BTreeSet<u64> = before.values().map(|known| known.0).collect();
    let mut prey = Prey {
        guest: tree.guest(),
        inodes: &inodes,
    };

    let (over, swaps) = (AtomicBool::new(false), AtomicU64::new(0));
    let root = tree.path("");
    let swapping = || {
        while !over.load(Ordering::Relaxed) {
            for [one, other] in SWAPPED {
                let (one, other) = (root.join(one), root.join(other));
                let swapped = renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE);
                swaps.fetch_add(u64::from(swapped.is_ok()), Ordering::Relaxed);
            }
        }
    };
    let mut outcomes: BTreeMap<&str, [u64; 3]> = BTreeMap::new();
    let mut done = 0;
    while done < OPERATIONS {
        // In rounds: between them, everything is where the paths expect it.
        over.store(false, Ordering::Relaxed);
        thread::scope(|scope| {
            // A check that fails must not leave the other thread running.
            struct Over<'a>(&'a AtomicBool);
            impl Drop for Over<'_> {
                fn drop(&mut self) {
                    self.0.store(true, Ordering::Relaxed);
                }
            }
            let _over = Over(&over);
            scope.spawn(swapping);
            for step in 0..1000 {
                let path = PATHS[step % PATHS.len()];
                let turn = done + step;
                let (name, outcome) = match turn % 3 {
                    0 => ("looking", prey.look(path, turn / 3)),
                    1 => ("touching", prey.touch(path, turn / 3)),
                    _ => {
                        let (name, call) = PATH_OPERATIONS[turn / 3 % PATH_OPERATIONS.len()];
                        (name, call(&mut prey.guest, path))
                    }
                };
                // What was opened is not needed any more.
                let _ = prey.guest.fd_close(4);
                let kind = match outcome {
                    Ok(()) => 0,
                    Err(Errno::Perm) => 1,
                    Err(_) => 2,
                };
                outcomes.entry(name).or_default()[kind] += 1;
            }
        });
        done += 1000;
        assert_eq!(outside(&tree), before, "after {done} operations");
        repair(&tree);
    }
    // It was a race: every operation has met a way out, and most have met a way in.
    assert!(swaps.load(Ordering::Relaxed) > 10_000, "{swaps:?}");
    let refused: u64 = outcomes.values().map(|[_, refused, _]| refused).sum();
    assert!(refused > 1000, "{outcomes:?}");
    for (name, [succeeded, refused, failed]) in &outcomes {
        assert!(*refused + *failed > 0, "{name}: {outcomes:?}");
        assert!(*succeeded > 0, "{name}: {outcomes:?}");
    }
    // With one test nobody else waits for the standard streams.
    let (took, swaps) = (started.elapsed(), swaps.load(Ordering::Relaxed));
    println!("{done} operations against {swaps} swaps in {took:?}: {outcomes:?}");
}

#[test]
fn race_of_every_path_operation_nothing_outside_is_touched() {
    openat2::assert_resolver();
    race();
}

#[test]
#[cfg(target_arch = "x86_64")]
fn race_without_openat2_nothing_outside_is_touched() {
    if openat2::is_taken_away() {
        return;
    }
    let output = openat2::run_without(&["--nocapture", "race_of_every_path_operation"]);
    let told = String::from_utf8_lossy(&output.stdout);
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}{complained}");
    assert!(told.contains("1 passed"), "{told}");
    println!("{told}");
}
