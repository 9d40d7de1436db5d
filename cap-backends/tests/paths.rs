//! What every operation on a path answers, for every kind of thing that a path can meet.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what a test relies on besides what it tests may fail loudly"
)]

mod tree;

use std::fs;
use std::os::unix::fs::MetadataExt;
use tree::{Tree, errno, path};
use turnkey_wasi_common::Errno::{self, *};
use turnkey_wasi_common::{Dir, FileType, Follow, Object, OpenOptions, SetTime, Times};

/// Runs every case in a tree of its own.
fn check<const N: usize>(
    cases: &[([&str; N], Errno)],
    operation: impl Fn(&Tree, [&str; N]) -> Errno,
) {
    let mut wrong = Vec::new();
    for (paths, expected) in cases {
        let told = operation(&Tree::new(), *paths);
        if told != *expected {
            wrong.push(format!(
                "{paths:?}: {} instead of {}",
                told.name(),
                expected.name()
            ));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

const NOTHING: OpenOptions = OpenOptions {
    read: false,
    write: false,
    create: false,
    exclusive: false,
    truncate: false,
    directory: false,
    follow: Follow::Yes,
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

fn open(how: OpenOptions) -> impl Fn(&Tree, [&str; 1]) -> Errno {
    move |tree, [at]| errno(tree.dir.open(path(at), &how))
}

/// Paths that lead outside or nowhere, whatever is to be done at their end.
const WALKS: [(&str, Errno); 15] = [
    ("..", Perm),
    ("../", Perm),
    ("../outside", Perm),
    ("dir/../..", Perm),
    ("dir/sub/../../../outside", Perm),
    ("to-dir/../../outside", Perm),
    ("escape-dir/outside", Perm),
    ("absolute/passwd", Perm),
    ("escape/x", Perm),
    ("nothing/x", Noent),
    ("file/x", Notdir),
    ("file/../file", Notdir),
    ("fifo/x", Notdir),
    ("loop/x", Loop),
    ("dangling/x", Noent),
];

#[test]
fn walk_outside_or_nowhere_every_operation_alike() {
    let tree = Tree::new();
    let now = Times {
        accessed: SetTime::Now,
        modified: SetTime::Now,
    };
    for (text, expected) in WALKS {
        let at = path(text);
        let file = path("file");
        let told = [
            ("open", errno(tree.dir.open(at, &READ))),
            ("open to write", errno(tree.dir.open(at, &WRITE))),
            ("open to create", errno(tree.dir.open(at, &CREATE))),
            ("open a directory", errno(tree.dir.open(at, &DIRECTORY))),
            ("stat", errno(tree.dir.stat_at(at, Follow::Yes))),
            (
                "stat without following",
                errno(tree.dir.stat_at(at, Follow::No)),
            ),
            (
                "set times",
                errno(tree.dir.set_times_at(at, Follow::Yes, &now)),
            ),
            (
                "set no times",
                errno(tree.dir.set_times_at(at, Follow::Yes, &Times::default())),
            ),
            (
                "set times of a link",
                errno(tree.dir.set_times_at(at, Follow::No, &now)),
            ),
            ("create_dir", errno(tree.dir.create_dir(at))),
            ("remove_dir", errno(tree.dir.remove_dir(at))),
            ("unlink", errno(tree.dir.unlink(at))),
            ("symlink", errno(tree.dir.symlink("x", at))),
            ("read_link", errno(tree.dir.read_link(at))),
            (
                "link from",
                errno(tree.dir.link(at, &tree.dir, path("new"))),
            ),
            ("link to", errno(tree.dir.link(file, &tree.dir, at))),
            (
                "rename from",
                errno(tree.dir.rename(at, &tree.dir, path("new"))),
            ),
            ("rename to", errno(tree.dir.rename(file, &tree.dir, at))),
        ];
        for (operation, told) in told {
            assert_eq!(told, expected, "{operation} {text}");
        }
    }
}

#[test]
fn open_existing_followed() {
    check(
        &[
            (["file"], Success),
            (["dir"], Success),
            (["dir/"], Success),
            (["dir//"], Success),
            (["."], Success),
            (["./"], Success),
            (["dir/.."], Success),
            (["./dir/.//../file"], Success),
            (["to-dir/inner"], Success),
            (["to-dir/up"], Success),
            (["to-dir/../file"], Success),
            (["to-file"], Success),
            (["to-dir/"], Success),
            (["to-slash"], Success),
            (["fifo"], Success),
            (["file/"], Notdir),
            (["to-file/"], Notdir),
            (["file-slash"], Notdir),
            (["fifo/"], Notdir),
            (["nothing"], Noent),
            (["nothing/"], Noent),
            (["dangling"], Noent),
            (["dangling/"], Noent),
            (["loop"], Loop),
            (["loop/"], Loop),
            (["escape"], Perm),
            (["escape/"], Perm),
            (["escape-dir"], Perm),
            (["escape-dir/"], Perm),
            (["absolute"], Perm),
            (["absolute/"], Perm),
        ],
        open(NOTHING),
    );
}

#[test]
fn open_existing_not_followed() {
    check(
        &[
            (["file"], Success),
            (["dir"], Success),
            (["to-file"], Loop),
            (["to-dir"], Loop),
            (["dangling"], Loop),
            (["loop"], Loop),
            (["escape"], Loop),
            (["absolute"], Loop),
            (["to-dir/inner"], Success),
            (["to-dir/up"], Loop),
            // A slash follows the link all the same.
            (["to-dir/"], Success),
            (["to-file/"], Notdir),
            (["dangling/"], Noent),
            (["loop/"], Loop),
            (["escape/"], Perm),
            (["absolute/"], Perm),
        ],
        open(NOFOLLOW),
    );
}

#[test]
fn open_directory_demanded() {
    check(
        &[
            (["dir"], Success),
            (["dir/"], Success),
            (["."], Success),
            (["to-dir"], Success),
            (["to-slash"], Success),
            (["file"], Notdir),
            (["to-file"], Notdir),
            (["fifo"], Notdir),
            (["nothing"], Noent),
            (["dangling"], Noent),
            (["loop"], Loop),
            (["escape-dir"], Perm),
        ],
        open(DIRECTORY),
    );
    check(
        &[
            (["dir"], Success),
            (["to-dir"], Notdir),
            (["to-dir/"], Success),
            (["to-file"], Notdir),
            (["dangling"], Notdir),
            (["file"], Notdir),
        ],
        open(DIRECTORY_NOFOLLOW),
    );
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
            OpenOptions {
                read: true,
                ..WRITE
            },
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
fn open_create_each_place() {
    check(
        &[
            (["new"], Success),
            (["dir/new"], Success),
            (["to-dir/new"], Success),
            (["file"], Success),
            (["to-file"], Success),
            (["dangling"], Success),
            (["new/"], Isdir),
            (["file/"], Isdir),
            (["to-file/"], Isdir),
            (["dangling/"], Isdir),
            (["nothing/new/"], Noent),
            (["loop"], Loop),
            (["escape"], Perm),
            (["escape-dir/new"], Perm),
            (["absolute"], Perm),
        ],
        open(CREATE),
    );
    check(
        &[
            (["new"], Success),
            (["file"], Exist),
            (["dir"], Exist),
            (["to-file"], Exist),
            (["dangling"], Exist),
            (["loop"], Exist),
            (["escape"], Exist),
            (["absolute"], Exist),
        ],
        open(EXCLUSIVE),
    );
    check(
        &[
            (["file"], Success),
            (["nothing"], Noent),
            (["dangling"], Noent),
        ],
        open(OpenOptions {
            exclusive: true,
            ..NOTHING
        }),
    );
    check(
        &[(["new"], Inval), (["dir"], Inval)],
        open(OpenOptions {
            directory: true,
            ..CREATE
        }),
    );
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
fn open_create_through_dangling_link_makes_the_target() {
    let tree = Tree::new();
    tree.dir.open(path("dangling"), &CREATE).unwrap();
    assert!(
        fs::symlink_metadata(tree.host("nothing"))
            .unwrap()
            .is_file()
    );
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
        (
            OpenOptions {
                read: true,
                ..WRITE
            },
            true,
            true,
        ),
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
fn open_each_type_told() {
    let tree = Tree::new();
    for (at, expected) in [
        ("file", FileType::RegularFile),
        ("dir", FileType::Directory),
        ("to-dir", FileType::Directory),
        ("fifo", FileType::Unknown),
    ] {
        let object = tree.dir.open(path(at), &READ).unwrap();
        assert_eq!(object.file_type(), expected, "{at}");
        let by_path = tree.dir.stat_at(path(at), Follow::Yes).unwrap();
        assert_eq!(object.stat().unwrap(), by_path, "{at}");
        assert_eq!(by_path.file_type, expected, "{at}");
    }
}

#[test]
fn open_fifo_never_waits() {
    let tree = Tree::new();
    for how in [
        NOTHING,
        READ,
        OpenOptions {
            read: true,
            ..WRITE
        },
        CREATE,
        TRUNCATE,
    ] {
        assert!(
            matches!(tree.dir.open(path("fifo"), &how), Ok(Object::Stream(_))),
            "{how:?}"
        );
    }
    assert_eq!(errno(tree.dir.open(path("fifo"), &WRITE)), Nxio);
    assert_eq!(errno(tree.dir.open(path("fifo/"), &NOTHING)), Notdir);
    assert_eq!(
        tree.dir
            .stat_at(path("fifo"), Follow::Yes)
            .unwrap()
            .file_type,
        FileType::Unknown
    );
}

#[test]
fn open_socket_nxio() {
    let tree = Tree::new();
    let _listener = std::os::unix::net::UnixListener::bind(tree.host("socket")).unwrap();
    assert_eq!(errno(tree.dir.open(path("socket"), &READ)), Nxio);
    let stat = tree.dir.stat_at(path("socket"), Follow::Yes).unwrap();
    assert_eq!(stat.file_type, FileType::SocketStream);
}

#[test]
fn stat_at_followed() {
    check(
        &[
            (["file"], Success),
            (["dir"], Success),
            (["dir/"], Success),
            (["."], Success),
            (["./"], Success),
            (["./."], Success),
            (["dir/.."], Success),
            (["to-dir"], Success),
            (["to-dir/"], Success),
            (["to-dir/inner"], Success),
            (["file/"], Notdir),
            (["to-file/"], Notdir),
            (["fifo/"], Notdir),
            (["dir/inner/"], Notdir),
            (["nothing/"], Noent),
            (["dangling"], Noent),
            (["dangling/"], Noent),
            (["loop"], Loop),
            (["loop/"], Loop),
            (["escape"], Perm),
            (["escape-dir/"], Perm),
            (["absolute"], Perm),
        ],
        |tree, [at]| errno(tree.dir.stat_at(path(at), Follow::Yes)),
    );
}

#[test]
fn stat_at_not_followed() {
    check(
        &[
            (["to-file"], Success),
            (["dangling"], Success),
            (["loop"], Success),
            (["escape"], Success),
            (["absolute"], Success),
            (["to-dir/up"], Success),
            (["to-dir/"], Success),
            (["file/"], Notdir),
            (["to-file/"], Notdir),
            (["dangling/"], Noent),
            (["loop/"], Loop),
            (["escape-dir/"], Perm),
            (["absolute/"], Perm),
        ],
        |tree, [at]| errno(tree.dir.stat_at(path(at), Follow::No)),
    );
    let tree = Tree::new();
    for (at, expected, size) in [
        ("to-file", FileType::SymbolicLink, 4),
        ("dir/up", FileType::SymbolicLink, 7),
        ("file", FileType::RegularFile, 8),
    ] {
        let stat = tree.dir.stat_at(path(at), Follow::No).unwrap();
        assert_eq!((stat.file_type, stat.size), (expected, size), "{at}");
    }
    let through_slash = tree.dir.stat_at(path("to-dir/"), Follow::No).unwrap();
    assert_eq!(through_slash.file_type, FileType::Directory);
}

#[test]
fn stat_at_same_numbers_as_the_host() {
    let tree = Tree::new();
    let told = tree.dir.stat_at(path("dir/inner"), Follow::Yes).unwrap();
    let host = fs::metadata(tree.host("dir/inner")).unwrap();
    assert_eq!(
        (told.device, told.inode, told.links, told.size),
        (host.dev(), host.ino(), 1, 6)
    );
    let nanoseconds =
        |seconds: i64, part: i64| u64::try_from(seconds * 1_000_000_000 + part).unwrap();
    assert_eq!(told.modified, nanoseconds(host.mtime(), host.mtime_nsec()));
    assert_eq!(told.changed, nanoseconds(host.ctime(), host.ctime_nsec()));
}

#[test]
fn create_dir_each_place() {
    check(
        &[
            (["new"], Success),
            (["new/"], Success),
            (["new//"], Success),
            (["to-dir/new"], Success),
            (["file"], Exist),
            (["file/"], Exist),
            (["dir"], Exist),
            (["dir/"], Exist),
            (["to-dir"], Exist),
            (["dangling"], Exist),
            (["dangling/"], Exist),
            (["loop"], Exist),
            (["escape"], Exist),
            (["."], Exist),
            (["./"], Exist),
            (["dir/.."], Exist),
            (["dir/."], Exist),
            (["nothing/."], Noent),
            (["file/."], Notdir),
        ],
        |tree, [at]| errno(tree.dir.create_dir(path(at))),
    );
}

#[test]
fn remove_dir_each_thing() {
    check(
        &[
            (["empty"], Success),
            (["empty/"], Success),
            (["dir/sub"], Success),
            (["to-dir/sub/"], Success),
            (["dir"], Notempty),
            (["dir/"], Notempty),
            (["file"], Notdir),
            (["file/"], Notdir),
            (["to-dir"], Notdir),
            (["to-dir/"], Notdir),
            (["dangling"], Notdir),
            (["loop"], Notdir),
            (["escape-dir"], Notdir),
            (["escape-dir/"], Notdir),
            (["nothing"], Noent),
            (["nothing/"], Noent),
            (["."], Inval),
            (["./"], Inval),
            (["empty/."], Inval),
            (["dir/sub/.."], Notempty),
            (["fifo"], Notdir),
        ],
        |tree, [at]| errno(tree.dir.remove_dir(path(at))),
    );
}

#[test]
fn unlink_each_thing() {
    check(
        &[
            (["file"], Success),
            (["to-file"], Success),
            (["to-dir"], Success),
            (["dangling"], Success),
            (["loop"], Success),
            (["escape"], Success),
            (["absolute"], Success),
            (["fifo"], Success),
            (["to-dir/inner"], Success),
            (["file/"], Notdir),
            (["to-file/"], Notdir),
            (["to-dir/"], Notdir),
            (["dangling/"], Notdir),
            (["dir"], Isdir),
            (["dir/"], Isdir),
            (["empty"], Isdir),
            (["."], Isdir),
            (["dir/.."], Isdir),
            (["nothing"], Noent),
            (["nothing/"], Noent),
        ],
        |tree, [at]| errno(tree.dir.unlink(path(at))),
    );
}

#[test]
fn unlink_link_target_stays() {
    let tree = Tree::new();
    tree.dir.unlink(path("to-file")).unwrap();
    assert!(!tree.host("to-file").exists() && tree.host("file").exists());
}

#[test]
fn symlink_each_place() {
    check(
        &[
            (["file", "new"], Success),
            (["../outside", "new"], Success),
            (["../outside", "to-dir/new"], Success),
            (["x", "file"], Exist),
            (["x", "dir"], Exist),
            (["x", "dangling"], Exist),
            (["x", "."], Exist),
            (["x", "dir/.."], Exist),
            (["x", "new/"], Noent),
            (["x", "dir/"], Exist),
            (["x", "to-dir/"], Exist),
            (["x", "file/"], Notdir),
            (["x", "dangling/"], Noent),
            (["/etc/passwd", "new"], Perm),
            (["", "new"], Noent),
        ],
        |tree, [target, at]| errno(tree.dir.symlink(target, path(at))),
    );
    let tree = Tree::new();
    assert_eq!(
        errno(tree.dir.symlink(&"a/".repeat(2048), path("new"))),
        Nametoolong
    );
    tree.dir.symlink("../outside", path("new")).unwrap();
    assert_eq!(tree.dir.read_link(path("new")).unwrap(), "../outside");
    assert_eq!(errno(tree.dir.open(path("new"), &READ)), Perm);
}

#[test]
fn read_link_each_thing() {
    check(
        &[
            (["to-file"], Success),
            (["dangling"], Success),
            (["loop"], Success),
            (["escape"], Success),
            (["to-dir/up"], Success),
            (["absolute"], Perm),
            (["file"], Inval),
            (["dir"], Inval),
            (["."], Inval),
            (["dir/.."], Inval),
            (["dir/"], Inval),
            (["to-dir/"], Inval),
            (["to-file/"], Notdir),
            (["file/"], Notdir),
            (["dangling/"], Noent),
            (["escape-dir/"], Perm),
            (["nothing"], Noent),
        ],
        |tree, [at]| errno(tree.dir.read_link(path(at))),
    );
}

#[test]
fn read_link_text_that_is_no_utf_8_ilseq() {
    use std::os::unix::ffi::OsStrExt;
    let tree = Tree::new();
    let text = std::ffi::OsStr::from_bytes(b"\xff");
    std::os::unix::fs::symlink(text, tree.host("strange")).unwrap();
    assert_eq!(errno(tree.dir.read_link(path("strange"))), Ilseq);
}

#[test]
fn link_each_pair() {
    check(
        &[
            (["file", "new"], Success),
            (["file", "to-dir/new"], Success),
            (["dir/inner", "new"], Success),
            (["to-file", "new"], Success),
            (["dangling", "new"], Success),
            (["loop", "new"], Success),
            (["escape", "new"], Success),
            (["fifo", "new"], Success),
            (["file", "file"], Exist),
            (["file", "dir"], Exist),
            (["file", "dangling"], Exist),
            (["file", "."], Exist),
            (["file", "dir/.."], Exist),
            (["file", "new/"], Noent),
            (["file", "dir/"], Exist),
            (["file", "dangling/"], Noent),
            (["dir", "new"], Perm),
            (["dir/", "new"], Perm),
            (["to-dir/", "new"], Perm),
            ([".", "new"], Perm),
            (["dir/..", "new"], Perm),
            (["dir", "file"], Exist),
            (["dir/", "file"], Exist),
            (["file/", "new"], Notdir),
            (["to-file/", "new"], Notdir),
            (["nothing", "new"], Noent),
            (["nothing/", "new"], Noent),
        ],
        |tree, [from, to]| errno(tree.dir.link(path(from), &tree.dir, path(to))),
    );
    let tree = Tree::new();
    tree.dir
        .link(path("to-file"), &tree.dir, path("new"))
        .unwrap();
    assert_eq!(tree.dir.read_link(path("new")).unwrap(), "file");
    tree.dir
        .link(path("file"), &tree.dir, path("other"))
        .unwrap();
    let [file, other] = ["file", "other"].map(|at| tree.dir.stat_at(path(at), Follow::No).unwrap());
    assert_eq!((file, file.links), (other, 2));
}

#[test]
fn rename_each_pair() {
    check(
        &[
            (["file", "new"], Success),
            (["file", "dir/inner"], Success),
            (["file", "file"], Success),
            (["file", "to-dir/new"], Success),
            (["to-dir", "new"], Success),
            (["to-dir", "file"], Success),
            (["dangling", "new"], Success),
            (["escape", "new"], Success),
            (["file", "to-dir"], Success),
            (["file", "dangling"], Success),
            (["dir", "new"], Success),
            (["dir/", "new"], Success),
            (["dir", "new/"], Success),
            (["dir/", "new/"], Success),
            (["dir", "empty"], Success),
            (["dir/", "empty/"], Success),
            (["dir", "dir"], Success),
            (["empty", "dir"], Notempty),
            (["empty/", "dir/"], Notempty),
            (["dir", "file"], Notdir),
            (["dir", "file/"], Notdir),
            (["dir", "to-dir"], Notdir),
            (["dir", "dangling"], Notdir),
            (["file", "empty"], Isdir),
            (["file", "dir"], Isdir),
            (["file", "new/"], Notdir),
            (["file/", "new"], Notdir),
            (["file", "empty/"], Notdir),
            (["to-dir/", "new"], Notdir),
            (["to-file/", "new"], Notdir),
            (["escape-dir/", "new"], Notdir),
            (["dir", "dir/sub/new"], Inval),
            (["dir", "dir/new"], Inval),
            (["nothing", "new"], Noent),
            (["nothing/", "new"], Noent),
            ([".", "new"], Busy),
            (["dir/.", "new"], Busy),
            (["dir/..", "new"], Busy),
            (["file", "."], Busy),
            (["dir", "empty/."], Busy),
            (["dir", "empty/.."], Busy),
        ],
        |tree, [from, to]| errno(tree.dir.rename(path(from), &tree.dir, path(to))),
    );
    let tree = Tree::new();
    tree.dir
        .rename(path("to-dir"), &tree.dir, path("new"))
        .unwrap();
    assert_eq!(tree.dir.read_link(path("new")).unwrap(), "dir");
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
        fn stat(&self) -> turnkey_wasi_common::Result<turnkey_wasi_common::Stat> {
            Err(Nosys.into())
        }
        fn open(
            &self,
            _: turnkey_wasi_common::GuestPath<'_>,
            _: &OpenOptions,
        ) -> turnkey_wasi_common::Result<Object> {
            Err(Nosys.into())
        }
        fn stat_at(
            &self,
            _: turnkey_wasi_common::GuestPath<'_>,
            _: Follow,
        ) -> turnkey_wasi_common::Result<turnkey_wasi_common::Stat> {
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
fn set_times_at_each_thing() {
    let times = Times {
        accessed: SetTime::At(1),
        modified: SetTime::At(2),
    };
    let cases = |follow| {
        move |tree: &Tree, [at]: [&str; 1]| errno(tree.dir.set_times_at(path(at), follow, &times))
    };
    check(
        &[
            (["file"], Success),
            (["dir"], Success),
            (["dir/"], Success),
            (["."], Success),
            (["dir/.."], Success),
            (["fifo"], Success),
            (["to-file"], Success),
            (["to-dir/"], Success),
            (["file/"], Notdir),
            (["to-file/"], Notdir),
            (["dangling"], Noent),
            (["loop"], Loop),
            (["escape"], Perm),
            (["absolute"], Perm),
        ],
        cases(Follow::Yes),
    );
    check(
        &[
            (["to-file"], Success),
            (["dangling"], Success),
            (["loop"], Success),
            (["escape"], Success),
            (["."], Success),
            (["dir/.."], Success),
            (["to-dir/"], Success),
            (["file/"], Notdir),
            (["dangling/"], Noent),
            (["escape-dir/"], Perm),
        ],
        cases(Follow::No),
    );
}

#[test]
fn set_times_at_exact_to_the_nanosecond() {
    let tree = Tree::new();
    let before = tree.dir.stat_at(path("file"), Follow::No).unwrap();
    let time = 1_234_567_890_123_456_789;
    let times = Times {
        accessed: SetTime::At(time),
        modified: SetTime::At(time + 1),
    };
    tree.dir
        .set_times_at(path("to-file"), Follow::No, &times)
        .unwrap();
    let link = tree.dir.stat_at(path("to-file"), Follow::No).unwrap();
    assert_eq!((link.accessed, link.modified), (time, time + 1));
    assert_eq!(tree.dir.stat_at(path("file"), Follow::No).unwrap(), before);

    tree.dir
        .set_times_at(path("to-file"), Follow::Yes, &times)
        .unwrap();
    let only = Times {
        accessed: SetTime::Keep,
        modified: SetTime::At(7),
    };
    for at in ["file", "dir", "fifo"] {
        tree.dir
            .set_times_at(path(at), Follow::Yes, &times)
            .unwrap();
        tree.dir.set_times_at(path(at), Follow::Yes, &only).unwrap();
        let stat = tree.dir.stat_at(path(at), Follow::No).unwrap();
        assert_eq!((stat.accessed, stat.modified), (time, 7), "{at}");
    }
    tree.dir.set_times(&times).unwrap();
    let stat = tree.dir.stat().unwrap();
    assert_eq!((stat.accessed, stat.modified), (time, time + 1));
}

#[test]
fn stat_at_times_outside_what_can_be_told_saturate() {
    let tree = Tree::new();
    let at = |tv_sec| rustix::fs::Timespec { tv_sec, tv_nsec: 5 };
    let file = fs::File::open(tree.host("file")).unwrap();
    rustix::fs::futimens(
        &file,
        &rustix::fs::Timestamps {
            last_access: at(-1),
            last_modification: at(-100_000_000),
        },
    )
    .unwrap();
    let stat = tree.dir.stat_at(path("file"), Follow::Yes).unwrap();
    assert_eq!((stat.accessed, stat.modified), (0, 0));
}

#[test]
fn names_and_paths_too_long_nametoolong() {
    let tree = Tree::new();
    let deep = "dir/../".repeat(500) + "file";
    assert_eq!(errno(tree.dir.stat_at(path(&deep), Follow::Yes)), Success);
    assert_eq!(errno(tree.dir.open(path(&deep), &READ)), Success);
    // Bytes count, not characters.
    let wide = "ü".repeat(128);
    assert_eq!(
        turnkey_wasi_common::GuestPath::new(&wide).unwrap_err(),
        Nametoolong
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
