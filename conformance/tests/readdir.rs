//! Listing directories with `fd_readdir`, over every file system.
#![cfg(test)]

mod host;

use host::{Backend, Difference, Dirent, Guest, Tree, fifo, filetype, on_every_backend};
use std::any::Any;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use turnkey_cap_backends::builder;
use turnkey_virt::fs::{Computed, Names, Tree as NodeTree};
use turnkey_wasi_common::{
    Access, Dir, DirEntry, Errno, FileType, Follow, GuestPath, Listing, Object, OpenOptions,
    Result as CoreResult, Rights, Stat,
};

on_every_backend![
    fd_readdir_300_files_through_small_buffers_each_name_once,
    fd_readdir_from_any_entry_what_follows,
    fd_readdir_each_length_the_same_bytes_cut,
    fd_readdir_empty_directory_only_itself_twice,
    fd_readdir_types_and_numbers_as_stat_tells_them,
    fd_readdir_files_come_and_go_those_that_stay_are_told_once,
    fd_readdir_from_the_beginning_sees_what_is_new,
    fd_readdir_position_that_is_none_no_panic,
    fd_readdir_two_descriptors_each_its_listing,
];

/// A guest whose directory holds so many files.
fn guest_with_files(on: Backend, count: usize) -> (Tree, Guest) {
    let mut tree = Tree::on(on);
    for n in 0..count {
        tree = tree.file(format!("file{n}"), "");
    }
    let guest = tree.guest();
    (tree, guest)
}

fn names(entries: &[Dirent]) -> Vec<&str> {
    let mut names: Vec<_> = entries.iter().map(|entry| entry.name.as_str()).collect();
    names.sort_unstable();
    names
}

/// How often each name was told.
fn told(entries: &[Dirent]) -> BTreeMap<&str, u32> {
    let mut told = BTreeMap::new();
    for entry in entries {
        *told.entry(entry.name.as_str()).or_default() += 1;
    }
    told
}

fn fd_readdir_300_files_through_small_buffers_each_name_once(on: Backend) {
    let (_tree, mut guest) = guest_with_files(on, 300);
    for length in [31, 32, 33, 64, 100, 256, 1000, 4096, 65536] {
        let entries = guest.entries(3, length).unwrap();
        let told = told(&entries);
        assert_eq!((entries.len(), told.len()), (302, 302), "{length}");
        assert!(told.contains_key(".") && told.contains_key("..") && told.contains_key("file299"));
    }
}

fn fd_readdir_from_any_entry_what_follows(on: Backend) {
    let (_tree, mut guest) = guest_with_files(on, 100);
    let entries = guest.entries(3, 65536).unwrap();
    for order in [0, 1] {
        for step in 0..entries.len() {
            // From the first to the last, and from the last to the first.
            let index = if order == 0 {
                step
            } else {
                entries.len() - 1 - step
            };
            let bytes = guest.fd_readdir(3, 65536, entries[index].next).unwrap();
            let (rest, used) = Dirent::all(&bytes);
            assert_eq!(rest, entries[index + 1..], "{index}");
            assert_eq!(used, bytes.len());
        }
    }
}

fn fd_readdir_each_length_the_same_bytes_cut(on: Backend) {
    let (_tree, mut guest) = guest_with_files(on, 10);
    let whole = guest.fd_readdir(3, 65536, 0).unwrap();
    for length in 0..=whole.len() + 2 {
        let bytes = guest.fd_readdir(3, length, 0).unwrap();
        assert_eq!(bytes, whole[..length.min(whole.len())], "{length}");
    }
    for (length, used) in [(0, 0), (10, 10), (24, 24)] {
        assert_eq!(guest.fd_readdir(3, length, 0).unwrap().len(), used);
    }
}

fn fd_readdir_empty_directory_only_itself_twice(on: Backend) {
    let tree = Tree::on(on).dir("dir");
    let mut guest = tree.guest();
    let dir = guest.path_open((3, "dir"), 0, Rights::empty()).unwrap();
    let ino = guest.fd_filestat_get(dir).unwrap().ino;
    let mut entries = guest.entries(dir, 4096).unwrap();
    entries.sort_by(|one, other| one.name.cmp(&other.name));
    assert_eq!(names(&entries), [".", ".."]);
    for entry in entries {
        // What lies above is not told.
        assert_eq!((entry.filetype, entry.ino), (filetype::DIRECTORY, ino));
    }
}

fn fd_readdir_types_and_numbers_as_stat_tells_them(on: Backend) {
    let tree = Tree::on(on)
        .file("file", "")
        .dir("dir")
        .link("file", "link")
        .link("nowhere", "dangling");
    fifo(&tree.path("fifo"));
    let mut guest = tree.guest();
    let entries = guest.entries(3, 4096).unwrap();
    for (name, expected) in [
        ("file", filetype::REGULAR_FILE),
        ("dir", filetype::DIRECTORY),
        ("link", filetype::SYMBOLIC_LINK),
        ("dangling", filetype::SYMBOLIC_LINK),
        ("fifo", filetype::UNKNOWN),
    ] {
        if name == "fifo" && on.differs(Difference::NoPipes) {
            assert!(entries.iter().all(|entry| entry.name != name));
            continue;
        }
        let entry = entries.iter().find(|entry| entry.name == name).unwrap();
        assert_eq!(entry.filetype, expected, "{name}");
        let stat = guest.path_filestat_get((3, name), false).unwrap();
        assert_eq!(
            (entry.ino, entry.filetype),
            (stat.ino, stat.filetype),
            "{name}"
        );
    }
}

fn fd_readdir_files_come_and_go_those_that_stay_are_told_once(on: Backend) {
    for length in [64, 256, 1024] {
        let (tree, mut guest) = guest_with_files(on, 400);
        let (mut entries, mut cookie) = (Vec::new(), 0);
        for round in 0.. {
            let bytes = guest.fd_readdir(3, length, cookie).unwrap();
            let (some, _) = Dirent::all(&bytes);
            cookie = some.last().map_or(cookie, |last| last.next);
            entries.extend(some);
            if bytes.len() < length {
                break;
            }
            // Only even numbers go; some have been told, the others not yet.
            let _ = tree.remove(&format!("file{}", round * 2 % 400));
            let _ = tree.remove(&format!("file{}", (round * 74 + 200) % 400));
            tree.write(&format!("new{round}"), "");
        }
        let told = told(&entries);
        for n in (1..400).step_by(2) {
            let name = format!("file{n}");
            assert_eq!(told.get(name.as_str()), Some(&1), "{name} through {length}");
        }
        for (name, count) in told {
            assert_eq!(count, 1, "{name} through {length}");
        }
    }
}

fn fd_readdir_from_the_beginning_sees_what_is_new(on: Backend) {
    let (tree, mut guest) = guest_with_files(on, 3);
    assert_eq!(guest.entries(3, 4096).unwrap().len(), 5);
    tree.write("new", "");
    tree.remove("file0").unwrap();
    let entries = guest.entries(3, 4096).unwrap();
    assert_eq!(names(&entries), [".", "..", "file1", "file2", "new"]);
}

fn fd_readdir_position_that_is_none_no_panic(on: Backend) {
    let (_tree, mut guest) = guest_with_files(on, 5);
    assert_eq!(guest.fd_readdir(3, 4096, u64::MAX), Ok(Vec::new()));
    for cookie in [1 << 63, u64::MAX - 1, (1 << 63) - 1, 12_345_678_901_234] {
        let listed = guest.fd_readdir(3, 4096, cookie);
        assert!(
            matches!(listed, Ok(_) | Err(Errno::Inval)),
            "{cookie}: {listed:?}"
        );
    }
    let last = guest.entries(3, 4096).unwrap().pop().unwrap();
    assert_eq!(guest.fd_readdir(3, 4096, last.next), Ok(Vec::new()));
    assert_eq!(guest.entries(3, 4096).unwrap().len(), 7);
}

fn fd_readdir_two_descriptors_each_its_listing(on: Backend) {
    let (_tree, mut guest) = guest_with_files(on, 50);
    let again = guest.path_open((3, "."), 0, Rights::empty()).unwrap();
    let entries = guest.entries(3, 4096).unwrap();
    let (mut one, mut other) = (0, 0);
    for (index, entry) in entries.iter().enumerate() {
        for (fd, cookie) in [(3, &mut one), (again, &mut other)] {
            let (some, _) = Dirent::all(&guest.fd_readdir(fd, 60, *cookie).unwrap());
            assert_eq!(some[0], *entry, "{index} of {fd}");
            *cookie = some[0].next;
        }
    }
}

/// A directory without an end, which counts what it is asked for.
struct Endless(Arc<AtomicU64>);

impl Dir for Endless {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn stat(&self) -> CoreResult<Stat> {
        Ok(Stat::default())
    }

    fn open(&self, _path: GuestPath<'_>, _how: &OpenOptions) -> CoreResult<Object> {
        Err(Errno::Noent.into())
    }

    fn stat_at(&self, _path: GuestPath<'_>, _follow: Follow) -> CoreResult<Stat> {
        Err(Errno::Noent.into())
    }

    fn listing(&self) -> CoreResult<Box<dyn Listing>> {
        Ok(Box::new(Self(Arc::clone(&self.0))))
    }
}

impl Listing for Endless {
    fn read(
        &mut self,
        position: u64,
        each: &mut dyn FnMut(DirEntry<'_>) -> bool,
    ) -> CoreResult<u64> {
        for next in position + 1.. {
            let entry = DirEntry {
                name: "eight ch",
                file_type: FileType::RegularFile,
                inode: next,
                next,
            };
            self.0.fetch_add(1, Ordering::Relaxed);
            if !each(entry) {
                break;
            }
        }
        Ok(0)
    }

    fn memory(&self) -> usize {
        0
    }
}

#[test]
fn fd_readdir_directory_without_end_only_as_much_as_fits() {
    let asked = Arc::new(AtomicU64::new(0));
    let dir = Arc::new(Endless(Arc::clone(&asked)));
    let ctx = builder().preopen("/", dir, Access::ReadOnly).build();
    let mut guest = Guest::new(ctx.unwrap());
    // Every entry takes 32 bytes.
    for (length, entries) in [(0, 0), (1, 1), (32, 1), (33, 2), (320, 10), (3200, 100)] {
        asked.store(0, Ordering::Relaxed);
        assert_eq!(guest.fd_readdir(3, length, 7).unwrap().len(), length);
        assert_eq!(asked.load(Ordering::Relaxed), entries, "{length}");
    }
}

#[test]
fn fd_readdir_back_in_a_listing_that_is_kept_without_what_has_gone() {
    let there = Arc::new(Mutex::new(vec!["a", "b", "c", "d"]));
    let told = Arc::clone(&there);
    let tell = move |names: &mut Names| {
        let told = told.lock().unwrap();
        told.iter()
            .for_each(|name| names.push(name, FileType::Unknown));
        Ok(())
    };
    let dir = Computed::new(|_: &str| Err(Errno::Noent.into()), tell);
    let dir = Arc::new(NodeTree::new(Arc::new(dir)));
    let ctx = builder().preopen("/", dir, Access::ReadOnly).build();
    let mut guest = Guest::new(ctx.unwrap());
    let all = guest.entries(3, 4096).unwrap();
    assert_eq!(names(&all), [".", "..", "a", "b", "c", "d"]);
    let behind_a = all.iter().find(|entry| entry.name == "a").unwrap().next;
    let mut seen = |now: &[&'static str]| {
        *there.lock().unwrap() = now.to_vec();
        let (back, _) = Dirent::all(&guest.fd_readdir(3, 4096, behind_a).unwrap());
        let back: Vec<_> = back.into_iter().map(|entry| entry.name).collect();
        back.concat()
    };
    // What is new may be left out; what is there again has its place.
    assert_eq!(seen(&["a", "b", "d"]), "bd");
    assert_eq!(seen(&["e", "c", "b"]), "bc");
    assert_eq!(seen(&[]), "");
    assert_eq!(seen(&["a", "b", "c", "d"]), "bcd");
}
