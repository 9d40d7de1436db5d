//! Names that are moved between what can be taken back and what cannot.

use crate::host::{Guest, Tree};
use turnkey_wasi_common::{Access, Errno, Grant, Lease, Object, Rights};

/// For good.
const FREE: u32 = 3;
/// Two directories that are taken back together, and one that is by itself.
const FIRST: u32 = 4;
const SECOND: u32 = 5;
const ALONE: u32 = 6;
/// One that is taken back with the first two, if not earlier.
const LESS: u32 = 7;

fn guest() -> Guest {
    let tree = Tree::new().file("file", "contents").dir("dir");
    let lease = Lease::new();
    let dir = || Object::Dir(tree.host_dir());
    let leased = |lease: &Lease| Grant::leased(dir(), lease.clone());
    let ctx = tree
        .builder(Access::ReadWrite)
        .preopen_granted("/first", leased(&lease))
        .preopen_granted("/second", leased(&lease))
        .preopen_granted("/alone", Grant::new(dir()))
        .preopen_granted("/less", leased(&lease.derive()))
        .build()
        .unwrap();
    Guest {
        kept: Some(tree),
        ..Guest::new(ctx)
    }
}

#[test]
fn path_link_and_path_rename_to_what_lasts_longer_xdev() {
    let cases = [
        (FREE, FREE, Ok(())),
        (FREE, FIRST, Ok(())),
        (FIRST, FIRST, Ok(())),
        (FIRST, SECOND, Ok(())),
        (FIRST, LESS, Ok(())),
        (FIRST, FREE, Err(Errno::Xdev)),
        (FIRST, ALONE, Err(Errno::Xdev)),
        (ALONE, FIRST, Err(Errno::Xdev)),
        (LESS, FIRST, Err(Errno::Xdev)),
        (LESS, FREE, Err(Errno::Xdev)),
    ];
    for (from, to, expected) in cases {
        let mut guest = guest();
        let linked = guest.path_link((from, "file"), (to, "linked"), false);
        assert_eq!(linked, expected, "{from} {to}");
        let renamed = guest.path_rename((from, "file"), (to, "renamed"));
        assert_eq!(renamed, expected, "{from} {to}");
        let there = guest.path_filestat_get((FREE, "file"), false);
        assert_eq!(there.is_ok(), expected.is_err(), "{from} {to}");
    }
}

#[test]
fn path_rename_between_what_was_opened_through_one_fine() {
    let mut guest = guest();
    let dir = guest.path_open((FIRST, "dir"), 0, Rights::empty()).unwrap();
    assert_eq!(guest.path_rename((FIRST, "file"), (dir, "file")), Ok(()));
    assert_eq!(guest.path_rename((dir, "file"), (FIRST, "file")), Ok(()));
    let out = guest.path_rename((FIRST, "file"), (FREE, "dir/file"));
    assert_eq!(out, Err(Errno::Xdev));
}

#[test]
fn path_rename_rights_count_before_how_long_they_last() {
    let tree = Tree::new().file("file", "");
    let weaker = Access::Only(Rights::all().difference(Rights::FD_WRITE));
    let grant = Grant::new(Object::Dir(tree.host_dir())).access(weaker);
    let builder = tree.builder(Access::ReadWrite);
    let ctx = builder.preopen_granted("/weaker", grant).build().unwrap();
    let renamed = Guest::new(ctx).path_rename((4, "file"), (3, "new"));
    assert_eq!(renamed, Err(Errno::Perm));
}
