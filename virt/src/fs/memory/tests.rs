//! What a guest can do with files in memory, and in a layer over others.

use super::*;
use crate::fs::{Contents, Found, Listed};
use std::io::IoSliceMut;
use turnkey_wasi_common::{DirEntry, FileType, Follow, Listing, Null, Stream};

const DIRECTORY: OpenOptions = OpenOptions {
    directory: true,
    ..OpenOptions::READ
};

fn path(text: &str) -> GuestPath<'_> {
    GuestPath::new(text).unwrap()
}

fn errno<T>(result: Result<T>) -> Result<(), Errno> {
    result.map(drop).map_err(|error| error.errno())
}

/// The names and numbers from a position on, at most `most` of them, and the position behind.
fn list(listing: &mut dyn Listing, position: u64, most: usize) -> (Vec<(String, u64)>, u64) {
    let (mut names, mut next) = (Vec::new(), position);
    listing
        .read(position, &mut |entry: DirEntry<'_>| {
            names.push((entry.name.to_owned(), entry.inode));
            next = entry.next;
            names.len() < most
        })
        .unwrap();
    (names, next)
}

fn names(dir: &dyn Dir) -> Vec<String> {
    let (entries, _) = list(&mut *dir.listing().unwrap(), 0, usize::MAX);
    let mut names: Vec<String> = entries.into_iter().map(|(name, _)| name).collect();
    names.sort();
    names
}

/// A lower layer: `a`, `d/b`, `d/e/c`, a link to `a`.
fn lower() -> Arc<dyn Node> {
    let e = Listed::new().entry("c", Found::file(Contents::from("ccc")));
    let d = Listed::new()
        .entry("b", Found::file(Contents::from("bb")))
        .entry("e", Found::dir(e));
    let root = Listed::new()
        .entry("a", Found::file(Contents::from("a")))
        .entry("d", Found::dir(d))
        .entry("ln", Found::link("a"));
    Arc::new(root)
}

fn overlay() -> MemoryFs {
    MemoryFs::builder().over(lower()).build()
}

fn stat(dir: &dyn Dir, at: &str) -> Stat {
    dir.stat_at(path(at), Follow::No).unwrap()
}

#[test]
fn overlay_what_changes_keeps_its_number() {
    let fs = overlay();
    let root = fs.root();
    for at in ["a", "d", "d/b", "d/e", "d/e/c", "ln"] {
        let before = stat(&*root, at).inode;
        let listed_in = at.rsplit_once('/').map_or(".", |(dir, _)| dir);
        let name = at.rsplit('/').next().unwrap();
        let number_in_listing = || {
            let Object::Dir(dir) = root.open(path(listed_in), &DIRECTORY).unwrap() else {
                panic!("{listed_in} is a directory")
            };
            let (entries, _) = list(&mut *dir.listing().unwrap(), 0, usize::MAX);
            entries
                .into_iter()
                .find(|(other, _)| other == name)
                .unwrap()
                .1
        };
        assert_eq!(number_in_listing(), before, "{at}");
        let times = Times {
            modified: SetTime::At(7),
            ..Times::default()
        };
        root.set_times_at(path(at), Follow::No, &times).unwrap();
        let after = stat(&*root, at);
        assert_eq!((after.inode, after.modified), (before, 7), "{at}");
        assert_eq!(number_in_listing(), before, "{at}");
    }
    assert_eq!(fs.read("d/e/c").unwrap(), b"ccc");
}

#[test]
fn overlay_open_handles_see_what_is_written() {
    let fs = overlay();
    let reader = fs.open("d/b", &OpenOptions::READ).unwrap();
    fs.write("d/b", b"new contents").unwrap();
    let mut bytes = [0; 12];
    assert_eq!(
        reader.read_at(&mut [IoSliceMut::new(&mut bytes)], 0),
        Ok(12)
    );
    assert_eq!(&bytes, b"new contents");
    assert_eq!(reader.stat().unwrap().inode, stat(&*fs.root(), "d/b").inode);
}

#[test]
fn overlay_removed_names_stay_removed_and_can_be_used_again() {
    let fs = overlay();
    let root = fs.root();
    root.unlink(path("d/b")).unwrap();
    assert_eq!(
        errno(root.stat_at(path("d/b"), Follow::No)),
        Err(Errno::Noent)
    );
    assert_eq!(errno(root.remove_dir(path("d"))), Err(Errno::Notempty));
    fs.write("d/b", b"again").unwrap();
    assert_eq!(fs.read("d/b").unwrap(), b"again");
    root.unlink(path("d/b")).unwrap();
    root.unlink(path("d/e/c")).unwrap();
    root.remove_dir(path("d/e")).unwrap();
    root.remove_dir(path("d")).unwrap();
    assert_eq!(names(&*root), [".", "..", "a", "ln"]);
    root.create_dir(path("d")).unwrap();
    let Object::Dir(dir) = root.open(path("d"), &DIRECTORY).unwrap() else {
        panic!("it is a directory")
    };
    assert_eq!(
        names(&*dir),
        [".", ".."],
        "what lies below is not seen again"
    );
}

#[test]
fn overlay_directory_moves_with_all_that_lies_in_it() {
    let fs = overlay();
    let root = fs.root();
    let before = stat(&*root, "d/e/c").inode;
    fs.write("d/e/new", b"n").unwrap();
    root.rename(path("d"), &*root, path("moved")).unwrap();
    assert_eq!(fs.read("moved/e/c").unwrap(), b"ccc");
    assert_eq!(fs.read("moved/b").unwrap(), b"bb");
    assert_eq!(fs.read("moved/e/new").unwrap(), b"n");
    assert_eq!(stat(&*root, "moved/e/c").inode, before);
    assert_eq!(names(&*root), [".", "..", "a", "ln", "moved"]);
    assert_eq!(
        errno(root.rename(path("moved"), &*root, path("moved/e/x"))),
        Err(Errno::Inval)
    );
    fs.write("moved/e/c", b"changed").unwrap();
    assert_eq!(fs.read("moved/e/c").unwrap(), b"changed");
}

#[test]
fn listing_goes_on_where_it_stopped_whatever_happens_beside_it() {
    for fs in [MemoryFs::new(), overlay()] {
        let root = fs.root();
        let before = names(&*root).len();
        for n in 0..100 {
            fs.write(&format!("f{n}"), b"").unwrap();
        }
        let mut listing = root.listing().unwrap();
        let (mut seen, mut position) = (Vec::new(), 0);
        for round in 0..1000 {
            let (some, next) = list(&mut *listing, position, 3);
            if some.is_empty() {
                break;
            }
            seen.extend(some.into_iter().map(|(name, _)| name));
            position = next;
            // Gone if it was not listed yet, and new at the end; changed where it lies.
            let _ = root.unlink(path(&format!("f{}", 99 - round)));
            fs.write("a", b"changed").unwrap();
        }
        let mut unique = seen.clone();
        unique.sort();
        unique.dedup();
        assert_eq!(unique.len(), seen.len(), "nothing is told twice");
        for n in 0..50 {
            assert!(seen.contains(&format!("f{n}")), "f{n}");
        }
        assert!(seen.len() >= before + 50);
        assert_eq!(list(&mut *listing, u64::MAX, 9).0, []);
        assert_eq!(list(&mut *listing, 0, 1).0[0].0, ".");
    }
}

#[test]
fn space_is_given_back() {
    let space = Space::new(1 << 20, 100);
    let fs = MemoryFs::builder().space(space.clone()).build();
    let root = fs.root();
    for n in 0..98 {
        fs.write(&format!("d/f{n}"), &[1; 1000]).unwrap();
    }
    assert_eq!((space.bytes(), space.inodes()), (98_000, 99));
    root.symlink("x", path("ln")).unwrap();
    assert_eq!(errno(fs.write("more", b"")), Err(Errno::Nospc));
    assert_eq!(errno(root.create_dir(path("more"))), Err(Errno::Nospc));
    let held = fs.open("d/f1", &REPLACE).unwrap();
    held.write_at(&[IoSlice::new(&[1; 500])], 0).unwrap();
    for n in 0..98 {
        root.unlink(path(&format!("d/f{n}"))).unwrap();
    }
    assert_eq!(
        (space.bytes(), space.inodes()),
        (501, 3),
        "one is still open"
    );
    drop(held);
    root.remove_dir(path("d")).unwrap();
    root.unlink(path("ln")).unwrap();
    assert_eq!((space.bytes(), space.inodes()), (0, 0));
    fs.write("last", &[1; 10]).unwrap();
    drop((root, fs));
    assert_eq!((space.bytes(), space.inodes()), (0, 0));
}

#[test]
fn links_of_either_kind_take_room() {
    let space = Space::new(1000, 4);
    let fs = MemoryFs::builder().space(space.clone()).build();
    let root = fs.root();
    root.symlink(&"x/".repeat(450), path("long")).unwrap();
    assert_eq!((space.bytes(), space.inodes()), (900, 1));
    let refused = root.symlink(&"x".repeat(101), path("too_long"));
    assert_eq!(errno(refused), Err(Errno::Nospc));
    assert_eq!(names(&*root), [".", "..", "long"]);
    root.unlink(path("long")).unwrap();
    assert_eq!((space.bytes(), space.inodes()), (0, 0));

    fs.write("file", b"contents").unwrap();
    for n in 0..3 {
        let name = format!("again{n}");
        root.link(path("file"), &*root, path(&name)).unwrap();
    }
    let one_more = root.link(path("file"), &*root, path("again3"));
    assert_eq!(errno(one_more), Err(Errno::Nospc));
    assert_eq!((stat(&*root, "file").links, space.inodes()), (4, 4));
    for name in ["again0", "file", "again2"] {
        root.unlink(path(name)).unwrap();
    }
    assert_eq!((stat(&*root, "again1").links, space.inodes()), (1, 1));
    root.unlink(path("again1")).unwrap();
    assert_eq!((space.bytes(), space.inodes()), (0, 0));
}

#[test]
fn overlay_links_are_counted_where_the_lower_layer_counts_them() {
    let root = overlay().root();
    for at in ["d/b", "d/e/c"] {
        root.unlink(path(at)).unwrap();
    }
    root.remove_dir(path("d/e")).unwrap();
    root.remove_dir(path("d")).unwrap();
    root.create_dir(path("d")).unwrap();
    root.create_dir(path("d/e")).unwrap();
    // The root is the lower layer's, where directories have one link.
    let links = [".", "d", "d/e"].map(|at| stat(&*root, at).links);
    assert_eq!(links, [1, 3, 2]);
}

#[test]
fn directories_nested_deeper_than_a_stack_are_dropped() {
    let fs = MemoryFs::new();
    let mut dir = fs.root();
    for _ in 0..200_000 {
        dir.create_dir(path("d")).unwrap();
        let Object::Dir(next) = dir.open(path("d"), &DIRECTORY).unwrap() else {
            panic!("it is a directory")
        };
        dir = next;
    }
    let space = fs.space().clone();
    assert_eq!(space.inodes(), 200_000);
    drop(dir);
    drop(fs);
    assert_eq!(space.inodes(), 0);
}

#[test]
fn threads_change_names_and_contents_at_once() {
    let fs = overlay();
    let root = fs.root();
    std::thread::scope(|scope| {
        for thread in 0..4_u8 {
            let (fs, root) = (&fs, &root);
            scope.spawn(move || {
                for n in 0..500_u16 {
                    let (one, other) = (
                        format!("d{}", n % 3),
                        format!("d{}", (n + u16::from(thread)) % 3),
                    );
                    let _ = root.create_dir(path(&one));
                    let _ = fs.write(&format!("{one}/f{thread}"), &[thread; 100]);
                    let _ = root.rename(path(&one), &**root, path(&format!("{other}/in")));
                    let _ = root.rename(
                        path(&format!("{one}/f{thread}")),
                        &**root,
                        path(&format!("f{thread}")),
                    );
                    let _ = root.link(path("d/b"), &**root, path(&format!("l{thread}")));
                    let _ = root.unlink(path(&format!("l{thread}")));
                    let _ = fs.write("d/e/c", &[thread; 3]);
                    let _ = names(&**root);
                }
            });
        }
    });
    assert_eq!(stat(&*root, "d/b").links, 1);
    assert_eq!(fs.read("d/e/c").unwrap().len(), 3);
    assert_eq!(stat(&*root, "d").file_type, FileType::Directory);
}

#[test]
fn overlay_link_that_is_not_told_keeps_its_size() {
    let lower = Listed::new().entry(
        "hidden",
        Found::Link(crate::fs::Link {
            target: Err(Errno::Perm),
            stat: Stat {
                file_type: FileType::SymbolicLink,
                size: 34,
                ..Stat::default()
            },
        }),
    );
    let root = MemoryFs::builder().over(Arc::new(lower)).build().root();
    assert_eq!(stat(&*root, "hidden").size, 34);
    let told = root.read_link(path("hidden"));
    assert_eq!(errno(told), Err(Errno::Perm));
}

#[test]
fn overlay_pipe_is_told_alike_by_its_name_and_when_it_is_open() {
    let null: Arc<dyn Stream> = Arc::new(Null);
    let lower = Listed::new().entry("pipe", Found::Stream(null));
    let root = MemoryFs::builder().over(Arc::new(lower)).build().root();
    let how = OpenOptions {
        create: false,
        truncate: false,
        ..REPLACE
    };
    let Object::Stream(pipe) = root.open(path("pipe"), &how).unwrap() else {
        panic!("it is a stream")
    };
    assert_eq!(pipe.stat(), Ok(stat(&*root, "pipe")));
    assert_ne!(pipe.stat().unwrap().inode, 0);
    root.unlink(path("pipe")).unwrap();
    assert_eq!(pipe.stat().unwrap().links, 0);
}

#[test]
fn open_a_directory_that_must_be_new_exist() {
    let root = overlay().root();
    let how = OpenOptions {
        exclusive: true,
        ..REPLACE
    };
    for at in ["d", ".", "d/.", "d/e/.."] {
        let opened = root.open(path(at), &how);
        assert_eq!(errno(opened), Err(Errno::Exist), "{at}");
    }
    for at in ["d/", "./", "d/e/../"] {
        let opened = root.open(path(at), &how);
        assert_eq!(errno(opened), Err(Errno::Isdir), "{at}");
    }
}
