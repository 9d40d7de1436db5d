//! Nothing changes in a view that is only read.

use crate::run::{Host, READ, WRITE, check, listed, now, open, path, tree};
use std::io::IoSlice;
use std::sync::Arc;
use turnkey_virt::fs::{Found, Listed, read_only, read_only_dir, subtree};
use turnkey_wasi_common::{Appended, Dir, Errno, File, FileType, Object, Result, Stat, Times};

const REFUSED: &[(&str, &str)] = &[
    ("open w file", "Perm"),
    ("open rw file", "Perm"),
    ("open rt file", "Perm"),
    ("open wt to-file", "Perm"),
    ("open c new", "Perm"),
    ("open cx new", "Perm"),
    ("touch file", "Perm"),
    ("touch dir", "Perm"),
    ("touch .", "Perm"),
    ("touch-link to-file", "Perm"),
    ("touch-open file", "Perm"),
    ("mkdir new", "Perm"),
    ("rmdir empty", "Perm"),
    ("unlink file", "Perm"),
    ("unlink nothing", "Perm"),
    ("symlink file new", "Perm"),
    ("link file new", "Perm"),
    ("rename file new", "Perm"),
    ("rename dir new", "Perm"),
    ("rename file file", "Perm"),
    ("read file", "file"),
    ("ls empty", ".:Directory ..:Directory"),
];

#[test]
fn every_change_perm() {
    let host = Host::new();
    let dirs: [Arc<dyn Dir>; 3] = [
        Arc::new(tree(read_only(host.node()))),
        read_only_dir(host.dir()),
        subtree(&*read_only_dir(host.dir()), path("dir/..")).unwrap(),
    ];
    for dir in dirs {
        check(&*dir, REFUSED);
        assert_eq!(dir.set_times(&now()).unwrap_err().errno(), Errno::Perm);
    }
    let kept = std::fs::read_to_string(host.path("file")).unwrap();
    assert_eq!(kept, "file");
}

#[test]
fn open_file_refuses_what_changes_it() {
    let host = Host::new();
    let virtual_file = Listed::new().entry("file", Found::file(Fragile));
    let dirs: [Arc<dyn Dir>; 3] = [
        Arc::new(tree(read_only(host.node()))),
        read_only_dir(host.dir()),
        Arc::new(tree(read_only(Arc::new(virtual_file)))),
    ];
    for dir in dirs {
        let file = open(&*dir, "file", &READ).unwrap();
        let refused = [
            file.write_at(&[IoSlice::new(b"x")], 0).map(drop),
            file.write_at(&[], 0).map(drop),
            file.append(&[IoSlice::new(b"x")]).map(drop),
            file.set_size(0),
            file.allocate(0, 100),
            file.set_times(&now()),
        ];
        for outcome in refused {
            assert_eq!(outcome.unwrap_err().errno(), Errno::Perm);
        }
        let written = open(&*dir, "file", &WRITE).map(drop);
        assert_eq!(written.unwrap_err().errno(), Errno::Perm);
    }
}

#[test]
fn directory_opened_beneath_stays_read_only() {
    let host = Host::new();
    for dir in [
        Arc::new(tree(read_only(host.node()))) as Arc<dyn Dir>,
        read_only_dir(host.dir()),
    ] {
        let Object::Dir(beneath) = dir.open(path("dir"), &READ).unwrap() else {
            panic!("it is a directory");
        };
        check(
            &*beneath,
            &[("unlink inner", "Perm"), ("mkdir new", "Perm")],
        );
        let outward = beneath.rename(path("inner"), &*dir, path("out"));
        assert_eq!(outward.unwrap_err().errno(), Errno::Perm);
    }
}

#[test]
fn rename_into_a_read_only_view_xdev() {
    let host = Host::new();
    let open = tree(host.node());
    let closed = tree(read_only(host.node()));
    for (from, to, errno) in [(&open, &closed, Errno::Xdev), (&closed, &open, Errno::Perm)] {
        let moved = from.rename(path("file"), to, path("new"));
        assert_eq!(moved.unwrap_err().errno(), errno);
        let linked = from.link(path("file"), to, path("new"));
        assert_eq!(linked.unwrap_err().errno(), errno);
    }
    assert!(!host.path("new").exists());
}

#[test]
fn subtree_is_reached_through_the_directory_and_not_left() {
    let host = Host::new();
    for dir in [Arc::new(tree(host.node())) as Arc<dyn Dir>, host.dir()] {
        let beneath = subtree(&*dir, path("to-dir")).unwrap();
        check(
            &*beneath,
            &[
                ("read inner", "dir/inner"),
                ("read up", "Perm"),
                ("stat ..", "Perm"),
                ("stat sub/../..", "Perm"),
                (
                    "ls .",
                    ".:Directory ..:Directory inner:RegularFile sub:Directory up:SymbolicLink",
                ),
            ],
        );
        for (at, errno) in [
            ("escape", Errno::Perm),
            ("..", Errno::Perm),
            ("file", Errno::Notdir),
            ("nothing", Errno::Noent),
            ("loop", Errno::Loop),
        ] {
            let refused = subtree(&*dir, path(at)).map(drop);
            assert_eq!(refused.unwrap_err().errno(), errno, "{at}");
        }
    }
    let dir = tree(Arc::new(listed(&["a"])));
    assert!(subtree(&dir, path(".")).is_ok());
}

/// A file that must not be changed, and would not refuse it.
struct Fragile;

impl File for Fragile {
    fn stat(&self) -> Result<Stat> {
        Ok(Stat {
            file_type: FileType::RegularFile,
            ..Stat::default()
        })
    }

    fn write_at(&self, _: &[IoSlice<'_>], _: u64) -> Result<usize> {
        panic!("nothing is written");
    }

    fn append(&self, _: &[IoSlice<'_>]) -> Result<Appended> {
        panic!("nothing is appended");
    }

    fn set_size(&self, _: u64) -> Result<()> {
        panic!("nothing is cut");
    }

    fn allocate(&self, _: u64, _: u64) -> Result<()> {
        panic!("nothing grows");
    }

    fn set_times(&self, _: &Times) -> Result<()> {
        panic!("nothing is dated");
    }
}
