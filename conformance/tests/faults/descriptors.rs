//! A host that has no descriptor left.

use crate::host::{PATH_OPERATIONS, Tree, oflags};
use crate::{NOTHING, READ_WRITE, alone, assert_passed, open_beneath, purpose};
use std::fs;
use turnkey_wasi_common::Errno;

const TEST: &str = "descriptors::no_descriptor_left_mfile_and_nothing_leaks";

/// In the middle of a call: each operation is tried with 0, 1, 2 … descriptors left.
///
/// Broken on purpose: `errno_of` answers `IO` to the host's `EMFILE`; and `Place::find` forgets a
/// directory that it has opened.
#[test]
fn no_descriptor_left_mfile_and_nothing_leaks() {
    if purpose().is_none() {
        return assert_passed(&alone(r#"ulimit -n 64 && exec "$@""#, TEST, "few"));
    }
    let tree = Tree::new()
        .file("file", "contents")
        .dir("dir")
        .dir("dir/sub");
    let tree = tree
        .file("dir/sub/file", "contents")
        .link("dir/sub", "link");
    let mut guest = tree.guest();
    let (mut full, mut succeeded) = (0, 0);
    for (operation, call) in PATH_OPERATIONS {
        for path in ["dir/sub/file", "dir/sub/", "link/new", "link/file"] {
            for left in 0..8 {
                // The count itself needs one.
                let before = open_beneath(&tree.path(""));
                let mut taken: Vec<fs::File> = Vec::new();
                while let Ok(file) = fs::File::open("/dev/null") {
                    taken.push(file);
                }
                taken.truncate(taken.len() - left);
                let outcome = call(&mut guest, path);
                drop(taken);
                match outcome {
                    Ok(()) => succeeded += 1,
                    Err(Errno::Mfile) => full += 1,
                    // What it answers with enough of them.
                    Err(_) => {}
                }
                let opened = guest.fd_close(4).is_ok();
                let told = format!("{operation}: {path} with {left} left: {outcome:?}");
                assert!(!opened || outcome.is_ok(), "{told}");
                assert_eq!(open_beneath(&tree.path("")), before, "{told}");
                assert!(!matches!(outcome, Err(Errno::Io | Errno::Nfile)), "{told}");
                if left == 0 && operation.starts_with("path_open") {
                    assert_eq!(outcome, Err(Errno::Mfile), "{told}");
                }
            }
        }
    }
    assert!(full > 50 && succeeded > 50, "{full} {succeeded}");

    // The listing of a directory that was demanded beneath others needs a descriptor of its own;
    // without one it can be begun later. Any other directory is listed through the one it has.
    let dir = guest.path_open((3, "dir"), 0, NOTHING).unwrap();
    let sub = guest
        .path_open((3, "dir/sub"), oflags::DIRECTORY, NOTHING)
        .unwrap();
    let mut taken: Vec<fs::File> = Vec::new();
    while let Ok(file) = fs::File::open("/dev/null") {
        taken.push(file);
    }
    assert_eq!(guest.fd_readdir(sub, 4096, 0), Err(Errno::Mfile));
    assert_eq!(guest.ctx.budget().used(), 0);
    assert!(guest.fd_readdir(dir, 4096, 0).is_ok());
    // A file that is not there for want of a descriptor has not been made either.
    let made = guest.path_open((3, "unmade"), oflags::CREAT, READ_WRITE);
    assert_eq!(made, Err(Errno::Mfile));
    assert!(!tree.path("unmade").exists());
    drop(taken);
    assert!(guest.fd_readdir(sub, 4096, 0).is_ok());
    drop(guest);
    assert_eq!(open_beneath(&tree.path("")), 0);
}
