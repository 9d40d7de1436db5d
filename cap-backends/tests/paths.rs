//! What a host directory answers for paths that `conformance/tests/paths` does not try through the
//! functions of preview 1, and for uses that no guest can make of it.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what a test relies on besides what it tests may fail loudly"
)]

mod tree;

use Operation::*;
use std::fs;
use tree::{Tree, errno, path};
use turnkey_wasi_common::Errno::{self, *};
use turnkey_wasi_common::Follow::{No, Yes};
use turnkey_wasi_common::{
    Dir, Follow, GuestPath, Object, OpenOptions, Result, SetTime, Stat, Times,
};

/// One thing that is done in a tree, with the paths that it is done with.
#[derive(Debug, Clone, Copy)]
enum Operation {
    Open(OpenOptions, &'static str),
    StatAt(Follow, &'static str),
    SetTimesAt(Follow, &'static str),
    CreateDir(&'static str),
    RemoveDir(&'static str),
    Unlink(&'static str),
    /// The text, and where the link is made.
    Symlink(&'static str, &'static str),
    ReadLink(&'static str),
    /// From and to.
    Link(&'static str, &'static str),
    /// From and to.
    Rename(&'static str, &'static str),
}

impl Operation {
    fn carry_out(self, Tree { dir, .. }: &Tree) -> Errno {
        let times = Times {
            accessed: SetTime::At(1),
            modified: SetTime::At(2),
        };
        match self {
            Open(how, at) => errno(dir.open(path(at), &how)),
            StatAt(follow, at) => errno(dir.stat_at(path(at), follow)),
            SetTimesAt(follow, at) => errno(dir.set_times_at(path(at), follow, &times)),
            CreateDir(at) => errno(dir.create_dir(path(at))),
            RemoveDir(at) => errno(dir.remove_dir(path(at))),
            Unlink(at) => errno(dir.unlink(path(at))),
            Symlink(text, at) => errno(dir.symlink(text, path(at))),
            ReadLink(at) => errno(dir.read_link(path(at))),
            Link(from, to) => errno(dir.link(path(from), dir, path(to))),
            Rename(from, to) => errno(dir.rename(path(from), dir, path(to))),
        }
    }
}

const NOTHING: OpenOptions = OpenOptions {
    read: false,
    ..OpenOptions::READ
};
const NOFOLLOW: OpenOptions = OpenOptions {
    follow: Follow::No,
    ..NOTHING
};
const READ: OpenOptions = OpenOptions {
    read: true,
    ..NOTHING
};
const WRITE: OpenOptions = OpenOptions {
    write: true,
    ..NOTHING
};
const CREATE: OpenOptions = OpenOptions {
    create: true,
    ..NOTHING
};
const EXCLUSIVE: OpenOptions = OpenOptions {
    exclusive: true,
    ..CREATE
};
const TRUNCATE: OpenOptions = OpenOptions {
    truncate: true,
    ..NOTHING
};
const DIRECTORY: OpenOptions = OpenOptions {
    directory: true,
    ..NOTHING
};
const DIRECTORY_NOFOLLOW: OpenOptions = OpenOptions {
    follow: Follow::No,
    ..DIRECTORY
};
const READ_WRITE: OpenOptions = OpenOptions {
    read: true,
    ..WRITE
};

#[rustfmt::skip]
const CASES: &[(Operation, Errno)] = &[
    (Open(NOTHING, "to-dir/up"), Success),
    (Open(NOTHING, "to-slash"), Success),
    (Open(NOTHING, "file-slash"), Notdir),
    (Open(NOTHING, "fifo/"), Notdir),
    (Open(NOTHING, "dangling/"), Noent),
    (Open(NOTHING, "loop/"), Loop),
    (Open(NOTHING, "escape-dir"), Perm),
    (Open(NOTHING, "escape-dir/"), Perm),
    (Open(NOFOLLOW, "to-dir/up"), Loop),
    (Open(NOFOLLOW, "escape/"), Perm),
    (Open(NOFOLLOW, "absolute/"), Perm),
    (Open(DIRECTORY, "to-slash"), Success),
    (Open(DIRECTORY, "loop"), Loop),
    (Open(DIRECTORY, "escape-dir"), Perm),
    (Open(DIRECTORY_NOFOLLOW, "dir"), Success),
    (Open(DIRECTORY_NOFOLLOW, "to-dir/"), Success),
    (Open(DIRECTORY_NOFOLLOW, "to-dir"), Notdir),
    (Open(DIRECTORY_NOFOLLOW, "to-file"), Notdir),
    (Open(DIRECTORY_NOFOLLOW, "dangling"), Notdir),
    (Open(DIRECTORY_NOFOLLOW, "file"), Notdir),
    (Open(CREATE, "to-file"), Success),
    (Open(CREATE, "to-file/"), Isdir),
    (Open(CREATE, "dangling/"), Isdir),
    (Open(CREATE, "nothing/new/"), Noent),
    (Open(CREATE, "escape-dir/new"), Perm),
    (Open(EXCLUSIVE, "absolute"), Exist),
    (Open(OpenOptions { create: false, ..EXCLUSIVE }, "dangling"), Noent),
    (Open(OpenOptions { directory: true, ..CREATE }, "new"), Inval),
    (Open(OpenOptions { directory: true, ..CREATE }, "dir"), Inval),
    (Open(READ_WRITE, "fifo"), Success),
    (Open(CREATE, "fifo"), Success),
    (Open(TRUNCATE, "fifo"), Success),
    (StatAt(Yes, "./."), Success),
    (StatAt(Yes, "to-dir"), Success),
    (StatAt(Yes, "fifo/"), Notdir),
    (StatAt(Yes, "dir/inner/"), Notdir),
    (StatAt(Yes, "dangling/"), Noent),
    (StatAt(Yes, "loop/"), Loop),
    (StatAt(Yes, "escape-dir/"), Perm),
    (StatAt(No, "absolute"), Success),
    (StatAt(No, "to-dir/up"), Success),
    (StatAt(No, "absolute/"), Perm),
    (SetTimesAt(Yes, "dir/"), Success),
    (SetTimesAt(Yes, "to-dir/"), Success),
    (SetTimesAt(Yes, "to-file/"), Notdir),
    (SetTimesAt(No, "loop"), Success),
    (SetTimesAt(No, "dangling/"), Noent),
    (SetTimesAt(No, "escape-dir/"), Perm),
    (CreateDir("file/"), Exist),
    (CreateDir("dangling/"), Exist),
    (CreateDir("escape"), Exist),
    (CreateDir("./"), Exist),
    (CreateDir("nothing/."), Noent),
    (CreateDir("file/."), Notdir),
    (RemoveDir("loop"), Notdir),
    (RemoveDir("escape-dir"), Notdir),
    (RemoveDir("escape-dir/"), Notdir),
    (RemoveDir("./"), Inval),
    (RemoveDir("dir/sub/.."), Notempty),
    (Unlink("dangling/"), Notdir),
    (Symlink("../outside", "to-dir/new"), Success),
    (Symlink("x", "dir/.."), Exist),
    (Symlink("x", "dangling/"), Noent),
    // The core refuses these before it asks a directory; this one relies on nobody.
    (Symlink("/etc/passwd", "new"), Perm),
    (Symlink("", "new"), Noent),
    (ReadLink("absolute"), Perm),
    (ReadLink("escape-dir/"), Perm),
    (ReadLink("dangling/"), Noent),
    (Link("file", "dir/.."), Exist),
    (Link("file", "dangling/"), Noent),
    (Link("dir/", "file"), Exist),
    (Link("dir/..", "new"), Perm),
    (Link("to-dir/", "new"), Perm),
    (Link("nothing/", "new"), Noent),
    (Rename("file", "to-dir/new"), Success),
    (Rename("file", "to-dir"), Success),
    (Rename("to-dir", "file"), Success),
    (Rename("empty/", "dir/"), Notempty),
    (Rename("dir", "file/"), Notdir),
    (Rename("dir", "dangling"), Notdir),
    (Rename("file", "empty/"), Notdir),
    (Rename("escape-dir/", "new"), Notdir),
    (Rename("file", "."), Busy),
    (Rename("dir", "empty/."), Busy),
    (Rename("dir", "empty/.."), Busy),
];

#[test]
fn each_operation_in_a_tree_of_its_own() {
    check(CASES.iter().copied());
}

#[test]
fn walk_outside_or_nowhere_every_operation_alike() {
    for (at, expected) in [
        ("dir/../..", Perm),
        ("escape-dir/outside", Perm),
        ("escape/x", Perm),
        ("fifo/x", Notdir),
    ] {
        let operations = [
            Open(READ, at),
            Open(WRITE, at),
            Open(CREATE, at),
            Open(DIRECTORY, at),
            StatAt(Yes, at),
            StatAt(No, at),
            SetTimesAt(Yes, at),
            SetTimesAt(No, at),
            CreateDir(at),
            RemoveDir(at),
            Unlink(at),
            Symlink("x", at),
            ReadLink(at),
            Link(at, "new"),
            Link("file", at),
            Rename(at, "new"),
            Rename("file", at),
        ];
        check(operations.map(|operation| (operation, expected)));
    }
}

/// Carries out each operation in a tree of its own.
fn check(cases: impl IntoIterator<Item = (Operation, Errno)>) {
    let wrong: Vec<_> = cases
        .into_iter()
        .map(|(operation, expected)| (operation, expected, operation.carry_out(&Tree::new())))
        .filter(|(_, expected, told)| told != expected)
        .map(|(operation, expected, told)| {
            let (expected, told) = (expected.name(), told.name());
            format!("{operation:?}: {told} instead of {expected}")
        })
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn symlink_text_too_long_nametoolong() {
    let tree = Tree::new();
    let text = "a/".repeat(2048);
    assert_eq!(errno(tree.dir.symlink(&text, path("new"))), Nametoolong);
}

#[test]
fn open_directory_changed_isdir() {
    for at in [
        "dir",
        "dir/",
        ".",
        "./",
        "dir/sub/..",
        "to-dir",
        "to-dir/",
        "to-slash",
    ] {
        let tree = Tree::new();
        for how in [
            WRITE,
            READ_WRITE,
            OpenOptions {
                directory: true,
                ..WRITE
            },
            OpenOptions {
                directory: true,
                ..TRUNCATE
            },
            TRUNCATE,
            CREATE,
            OpenOptions {
                truncate: true,
                ..CREATE
            },
        ] {
            assert_eq!(errno(tree.dir.open(path(at), &how)), Isdir, "{at} {how:?}");
        }
    }
}

#[test]
fn open_create_through_a_link_that_demands_a_directory_refused() {
    let tree = Tree::new();
    std::os::unix::fs::symlink("nothing/", tree.host("nothing-slash")).unwrap();
    for at in ["file-slash", "nothing-slash"] {
        // Linux says `EISDIR`; cap-std's own walk says what is in the way.
        let told = errno(tree.dir.open(path(at), &CREATE));
        assert!(
            [Isdir, Notdir, Noent].contains(&told),
            "{at}: {}",
            told.name()
        );
    }
    assert!(!tree.host("nothing").exists());
}

#[test]
fn open_truncate_any_access_empties() {
    for how in [
        TRUNCATE,
        OpenOptions {
            truncate: true,
            ..READ
        },
        OpenOptions {
            truncate: true,
            ..WRITE
        },
    ] {
        for at in ["file", "to-file", "dir/up"] {
            let tree = Tree::new();
            tree.dir.open(path(at), &how).unwrap();
            assert_eq!(fs::read(tree.host("file")).unwrap(), b"", "{at} {how:?}");
        }
    }
}

#[test]
fn open_access_that_of_the_descriptor() {
    use std::io::{IoSlice, IoSliceMut};
    let tree = Tree::new();
    for (how, can_read, can_write) in [
        (NOTHING, true, false),
        (READ, true, false),
        (WRITE, false, true),
        (CREATE, true, false),
        (READ_WRITE, true, true),
        (
            OpenOptions {
                create: true,
                truncate: true,
                ..WRITE
            },
            false,
            true,
        ),
    ] {
        let Object::File(file) = tree.dir.open(path("file"), &how).unwrap() else {
            panic!("a file is a file");
        };
        let read = errno(file.read_at(&mut [IoSliceMut::new(&mut [0; 4])], 0));
        let write = errno(file.write_at(&[IoSlice::new(b"")], 0));
        let of = |able| if able { Success } else { Badf };
        assert_eq!((read, write), (of(can_read), of(can_write)), "{how:?}");
    }
}

#[test]
fn link_and_rename_other_directories() {
    let (tree, other) = (Tree::new(), Tree::new());
    tree.dir
        .rename(path("file"), &other.dir, path("moved"))
        .unwrap();
    assert_eq!(fs::read(other.host("moved")).unwrap(), b"contents");
    tree.dir
        .link(path("dir/inner"), &other.dir, path("linked"))
        .unwrap();
    assert_eq!(fs::read(other.host("linked")).unwrap(), b"inside");

    struct Foreign;
    impl Dir for Foreign {
        fn as_any(&self) -> &dyn std::any::Any {
            self
        }
        fn stat(&self) -> Result<Stat> {
            Err(Nosys.into())
        }
        fn open(&self, _: GuestPath<'_>, _: &OpenOptions) -> Result<Object> {
            Err(Nosys.into())
        }
        fn stat_at(&self, _: GuestPath<'_>, _: Follow) -> Result<Stat> {
            Err(Nosys.into())
        }
    }
    assert_eq!(
        errno(tree.dir.rename(path("dir"), &Foreign, path("new"))),
        Xdev
    );
    assert_eq!(
        errno(tree.dir.link(path("dir/up"), &Foreign, path("new"))),
        Xdev
    );
}

#[test]
fn permissions_missing_acces_unless_there_is_another_way() {
    use std::os::unix::fs::PermissionsExt;
    let tree = Tree::new();
    let mode = |at: &str, mode| {
        fs::set_permissions(tree.host(at), fs::Permissions::from_mode(mode)).unwrap()
    };
    mode("file", 0o000);
    if fs::read(tree.host("file")).is_ok() {
        // Nothing is closed to a superuser.
        return;
    }
    assert_eq!(errno(tree.dir.open(path("file"), &NOTHING)), Acces);
    assert_eq!(errno(tree.dir.open(path("file"), &READ)), Acces);
    let times = Times {
        accessed: SetTime::At(1),
        modified: SetTime::At(2),
    };
    assert_eq!(
        errno(tree.dir.set_times_at(path("file"), Follow::Yes, &times)),
        Success
    );
    assert_eq!(
        tree.dir
            .stat_at(path("file"), Follow::Yes)
            .unwrap()
            .modified,
        2
    );
    mode("file", 0o200);
    assert_eq!(errno(tree.dir.open(path("file"), &NOTHING)), Success);
    assert_eq!(errno(tree.dir.open(path("file"), &READ)), Acces);
    assert_eq!(errno(tree.dir.open(path("file"), &WRITE)), Success);
    mode("file", 0o400);
    assert_eq!(errno(tree.dir.open(path("file"), &TRUNCATE)), Acces);
    mode("dir", 0o100);
    for how in [NOTHING, READ, DIRECTORY] {
        let Object::Dir(dir) = tree.dir.open(path("dir"), &how).unwrap() else {
            panic!("a directory is a directory");
        };
        assert_eq!(dir.stat_at(path("inner"), Follow::Yes).unwrap().size, 6);
        assert_eq!(errno(dir.listing()), Acces);
    }
    mode("dir", 0o700);
}
