//! Operations as a line of text each, and their outcomes as another.

use std::fs;
use std::io::{IoSlice, IoSliceMut};
use std::os::unix::fs::symlink;
use std::sync::Arc;
use turnkey_cap_backends::{HostDir, ambient_authority};
use turnkey_virt::fs::{Adopted, Contents, Found, Listed, Node, Tree};
use turnkey_wasi_common::{
    Dir, Errno, File, Follow, GuestPath, Object, OpenOptions, Result, SetTime, Stat, Times,
};

/// A directory of the host's.
pub(crate) struct Host(tempfile::TempDir);

impl Host {
    /// One that is empty.
    pub(crate) fn empty() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// One that holds a thing of each kind.
    pub(crate) fn new() -> Self {
        let host = Self::empty();
        for dir in ["dir/sub", "empty", "lib/deep"] {
            fs::create_dir_all(host.path(dir)).unwrap();
        }
        for file in ["file", "dir/inner", "lib/a", "lib/deep/b"] {
            fs::write(host.path(file), file).unwrap();
        }
        for (link, target) in [
            ("to-file", "file"),
            ("to-dir", "dir"),
            ("dangling", "nothing"),
            ("loop", "loop"),
            ("escape", "../outside"),
            ("dir/up", "../file"),
        ] {
            symlink(target, host.path(link)).unwrap();
        }
        host
    }

    /// The host's path of something in it.
    pub(crate) fn path(&self, path: &str) -> std::path::PathBuf {
        self.0.path().join(path)
    }

    pub(crate) fn dir(&self) -> Arc<dyn Dir> {
        Arc::new(HostDir::open_ambient(self.0.path(), ambient_authority()).unwrap())
    }

    pub(crate) fn node(&self) -> Arc<dyn Node> {
        Arc::new(Adopted::new(self.dir()))
    }
}

/// A file of these contents.
pub(crate) fn file(text: &str) -> Found {
    Found::file(Contents::from(text))
}

/// A directory of files that hold their own names.
pub(crate) fn listed(names: &[&str]) -> Listed {
    let with = |dir: Listed, name: &&str| dir.entry(*name, file(name));
    names.iter().fold(Listed::new(), with)
}

pub(crate) fn tree(node: Arc<dyn Node>) -> Tree {
    Tree::new(node)
}

pub(crate) fn path(text: &str) -> GuestPath<'_> {
    GuestPath::new(text).unwrap()
}

pub(crate) const READ: OpenOptions = OpenOptions::READ;

pub(crate) const WRITE: OpenOptions = OpenOptions {
    write: true,
    ..READ
};

/// How a path is opened by letters: `r`, `w`, `c`reate, e`x`clusive, `t`runcate, `d`irectory, and
/// `l`ink, which is not followed.
fn how(letters: &str) -> OpenOptions {
    let has = |letter| letters.contains(letter);
    OpenOptions {
        read: has('r'),
        write: has('w'),
        create: has('c'),
        exclusive: has('x'),
        truncate: has('t'),
        directory: has('d'),
        follow: if has('l') { Follow::No } else { Follow::Yes },
    }
}

pub(crate) fn open(dir: &dyn Dir, at: &str, how: &OpenOptions) -> Result<Arc<dyn File>> {
    match dir.open(path(at), how)? {
        Object::File(file) => Ok(file),
        object => panic!("{object:?}"),
    }
}

/// The names of a directory with their types, sorted; each entry's number is checked.
pub(crate) fn names(dir: &dyn Dir, at: &str) -> Result<Vec<String>> {
    let how = OpenOptions {
        directory: true,
        ..READ
    };
    let Object::Dir(dir) = dir.open(path(at), &how)? else {
        return Err(Errno::Notdir.into());
    };
    let mut listing = dir.listing()?;
    let (mut names, mut position) = (Vec::new(), 0);
    // One by one, each time from where the last one ended.
    loop {
        let before = position;
        listing.read(position, &mut |entry| {
            let stat = dir.stat_at(path(entry.name), Follow::No);
            let inode = match entry.name {
                ".." => dir.stat().unwrap().inode,
                _ => stat.unwrap().inode,
            };
            assert_eq!(entry.inode, inode, "{}", entry.name);
            assert_ne!(inode, 0);
            names.push((entry.name.to_owned(), entry.file_type));
            position = entry.next;
            false
        })?;
        if position == before {
            break;
        }
    }
    names.sort_by(|(one, _), (other, _)| one.cmp(other));
    let is_twice = names.windows(2).any(|pair| pair[0].0 == pair[1].0);
    assert!(!is_twice, "{names:?}");
    let told = |(name, file_type)| format!("{name}:{file_type:?}");
    Ok(names.into_iter().map(told).collect())
}

pub(crate) fn now() -> Times {
    Times {
        accessed: SetTime::At(7),
        modified: SetTime::At(9),
    }
}

fn attributes(stat: Stat) -> String {
    // How large a directory is says nothing, and how many names it has differs between hosts.
    match stat.file_type {
        turnkey_wasi_common::FileType::Directory => "Directory".into(),
        other => format!("{other:?} {} {}", stat.size, stat.links),
    }
}

fn told(outcome: Result<impl ToString>) -> String {
    match outcome {
        Ok(outcome) => outcome.to_string(),
        Err(error) => format!("{:?}", error.errno()),
    }
}

/// Carries out an operation, and tells what came of it.
pub(crate) fn run(dir: &dyn Dir, operation: &str) -> String {
    let words: Vec<&str> = operation.split(' ').collect();
    let done = |outcome: Result<()>| told(outcome.map(|()| "ok"));
    match words[..] {
        ["stat", at] => told(dir.stat_at(path(at), Follow::Yes).map(attributes)),
        ["lstat", at] => told(dir.stat_at(path(at), Follow::No).map(attributes)),
        ["ls", at] => told(names(dir, at).map(|names| names.join(" "))),
        ["readlink", at] => told(dir.read_link(path(at))),
        ["read", at] => told(read(dir, at)),
        ["open", letters, at] => {
            let opened = dir.open(path(at), &how(letters));
            told(opened.map(|object| format!("{object:?}")))
        }
        ["write", at, text] => {
            let file = open(dir, at, &WRITE);
            told(file.and_then(|file| file.write_at(&[IoSlice::new(text.as_bytes())], 1)))
        }
        ["append", at, text] => {
            let file = open(dir, at, &WRITE);
            let appended = |file: Arc<dyn File>| file.append(&[IoSlice::new(text.as_bytes())]);
            told(file.and_then(appended).map(|appended| appended.end))
        }
        ["size", at, size] => {
            let file = open(dir, at, &WRITE);
            done(file.and_then(|file| file.set_size(size.parse().unwrap())))
        }
        ["allocate", at, size] => {
            let file = open(dir, at, &WRITE);
            done(file.and_then(|file| file.allocate(0, size.parse().unwrap())))
        }
        ["touch", at] => done(dir.set_times_at(path(at), Follow::Yes, &now())),
        ["touch-link", at] => done(dir.set_times_at(path(at), Follow::No, &now())),
        ["touch-open", at] => {
            let file = open(dir, at, &READ);
            done(file.and_then(|file| file.set_times(&now())))
        }
        ["mkdir", at] => done(dir.create_dir(path(at))),
        ["rmdir", at] => done(dir.remove_dir(path(at))),
        ["unlink", at] => done(dir.unlink(path(at))),
        ["symlink", target, at] => done(dir.symlink(target, path(at))),
        ["link", from, to] => done(dir.link(path(from), dir, path(to))),
        ["rename", from, to] => done(dir.rename(path(from), dir, path(to))),
        _ => panic!("{operation}"),
    }
}

fn read(dir: &dyn Dir, at: &str) -> Result<String> {
    let file = open(dir, at, &READ)?;
    let mut bytes = vec![0; 100];
    let length = file.read_at(&mut [IoSliceMut::new(&mut bytes)], 0)?;
    bytes.truncate(length);
    file.advise(0, 1, turnkey_wasi_common::Advice::Random)?;
    Ok(String::from_utf8(bytes).unwrap())
}

/// Carries out operations one after the other, and compares what comes of each.
#[track_caller]
pub(crate) fn check(dir: &dyn Dir, expected: &[(&str, &str)]) {
    for (operation, outcome) in expected {
        assert_eq!(run(dir, operation), *outcome, "{operation}");
    }
}
