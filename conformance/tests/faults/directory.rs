//! A directory that goes away while it is used.

use crate::host::{Dirent, Tree, oflags};
use crate::{NOTHING, READ_WRITE, open_beneath};
use std::fs;
use turnkey_wasi_common::Errno;

/// That its listing ends is the row GHSA-c827-hfw6-qwvm of `tests/failures`.
///
/// Broken on purpose: `OwnedTable::remove` forgets the entry, and with it the listing and its
/// descriptor.
#[test]
fn directory_removed_while_listed_errno_and_nothing_leaks() {
    let tree = Tree::new();
    let mut guest = tree.guest();
    let before = open_beneath(&tree.path(""));
    for round in 0..50 {
        fs::create_dir(tree.path("dir")).unwrap();
        for n in 0..100 {
            fs::write(tree.path(format!("dir/{n}")), "").unwrap();
        }
        let dir = guest.path_open((3, "dir"), 0, NOTHING).unwrap();
        let kept = guest.path_open((dir, "7"), 0, READ_WRITE).unwrap();
        let first = guest.fd_readdir(dir, 100, 0).unwrap();
        let cookie = Dirent::all(&first).0.last().unwrap().next;
        assert!(guest.ctx.budget().used() > 0);
        fs::remove_dir_all(tree.path("dir")).unwrap();
        assert!(guest.fd_readdir(dir, 100, cookie).is_ok(), "{round}");

        // Nothing is in it any more, and nothing can be.
        for oflags in [0, oflags::CREAT] {
            let opened = guest.path_open((dir, "new"), oflags, READ_WRITE);
            assert_eq!(opened, Err(Errno::Noent));
        }
        assert_eq!(guest.path_create_directory((dir, "new")), Err(Errno::Noent));
        assert_eq!(guest.path_symlink("x", (dir, "new")), Err(Errno::Noent));
        let into = guest.path_rename((3, "dir"), (dir, "new"));
        assert_eq!(into, Err(Errno::Noent));
        // What is open stays so, with its contents.
        assert_eq!(guest.fd_write(kept, "still here"), Ok(10));
        assert_eq!(guest.fd_pread(kept, 20, 0).unwrap(), b"still here");
        assert_eq!(guest.fd_filestat_get(dir).map(drop), Ok(()));
        assert_eq!(guest.fd_close(kept), Ok(()));
        assert_eq!(guest.fd_close(dir), Ok(()));
        assert_eq!(guest.ctx.budget().used(), 0);
    }
    assert_eq!(open_beneath(&tree.path("")), before);
}
