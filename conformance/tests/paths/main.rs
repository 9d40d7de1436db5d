//! What can be done with a path, and what every flaw of a path answers.
//!
//! The last test runs all others once more on a host without `openat2`, where cap-std walks a path
//! name by name.
#![cfg(test)]

#[path = "../host/mod.rs"]
mod host;

mod attributes;
mod every_operation;
mod links;
mod names;
mod open;

use host::{Guest, Tree, assert_outside_untouched, fifo, openat2};
use turnkey_wasi_common::{Errno, Rights};

type Outcome = Result<(), Errno>;

const READ_WRITE: Rights = Rights::FD_READ.union(Rights::FD_WRITE);
const NOTHING: Rights = Rights::empty();

fn tree() -> Tree {
    let tree = Tree::new()
        .file("file", "contents")
        .dir("dir")
        .file("dir/inner", "inner")
        .dir("dir/sub")
        .dir("empty")
        .link("file", "ln")
        .link("dir", "lnd")
        .link("nowhere", "dangling")
        .link("loop", "loop")
        .link("../file", "dir/up")
        // Ways out.
        .link("../outside/secret", "out")
        .link("../outside", "outdir")
        .link("../outside/", "outdir_slash")
        .link("outdir/", "link_to_outdir")
        .link("dir/../../outside", "winding")
        .link("../outside/new", "out_new");
    let absolute = tree.outside("secret");
    let absolute_dir = tree.outside("");
    let tree = tree
        .link(absolute, "absolute")
        .link(absolute_dir, "absolute_dir");
    fifo(&tree.path("fifo"));
    tree
}

/// Carries each case out in a tree of its own.
fn check<C: std::fmt::Debug + Copy, R: std::fmt::Debug + PartialEq>(
    cases: &[(C, R)],
    call: impl Fn(&mut Guest, C) -> R,
) {
    for (case, expected) in cases {
        let outcome = call(&mut tree().guest(), *case);
        assert_eq!(outcome, *expected, "{case:?}");
    }
}

#[test]
fn resolver_as_the_process_has_it() {
    openat2::assert_resolver();
}

#[test]
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
fn every_test_without_openat2_passes_too() {
    if openat2::is_taken_away() {
        return;
    }
    let output = openat2::run_without(&[]);
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{told}");
    assert!(
        told.contains("resolver_as_the_process_has_it ... ok"),
        "{told}"
    );
}
