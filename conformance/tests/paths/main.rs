//! What can be done with a path, and what every flaw of a path answers, over every file system.
//!
//! The last test runs all that is about the host once more without `openat2`, where cap-std walks a
//! path name by name.
#![cfg(test)]

#[path = "../host/mod.rs"]
mod host;

mod attributes;
mod every_operation;
mod links;
mod names;
mod open;

use host::{Backend, Difference, Guest, Tree, assert_outside_untouched, fifo, openat2};
use turnkey_wasi_common::{Errno, Rights};

type Outcome = Result<(), Errno>;

const READ_WRITE: Rights = Rights::FD_READ.union(Rights::FD_WRITE);
const NOTHING: Rights = Rights::empty();

fn tree(on: Backend) -> Tree {
    let tree = Tree::on(on)
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

/// What a path answers that a copy in memory has nothing at.
fn if_piped<R>(on: Backend, usual: Result<R, Errno>) -> Result<R, Errno> {
    on.unless(Difference::NoPipes, usual, Err(Errno::Noent))
}

/// The same of a link that is absolute.
fn if_absolute<R>(on: Backend, usual: Result<R, Errno>) -> Result<R, Errno> {
    on.unless(Difference::NoAbsoluteLinks, usual, Err(Errno::Noent))
}

/// Carries each case out in a tree of its own.
fn check<C: std::fmt::Debug + Copy, R: std::fmt::Debug + PartialEq>(
    on: Backend,
    cases: &[(C, R)],
    call: impl Fn(&mut Guest, C) -> R,
) {
    for (case, expected) in cases {
        let outcome = call(&mut tree(on).guest(), *case);
        assert_eq!(outcome, *expected, "{case:?}");
    }
}

#[test]
fn resolver_as_the_process_has_it() {
    openat2::assert_resolver();
}

#[test]
#[should_panic(expected = "what lies below has changed")]
fn change_below_a_layer_is_seen() {
    let tree = tree(Backend::Overlay);
    let _guest = tree.guest();
    std::fs::write(tree.path("dir/inner"), "INNER").unwrap();
}

#[test]
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
fn every_test_without_openat2_passes_too() {
    if openat2::is_taken_away() {
        return;
    }
    let output = openat2::run_without(&["on_host::", "resolver_as"]);
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{told}");
    assert!(
        told.contains("resolver_as_the_process_has_it ... ok")
            && told.contains("on_host::path_open_way_of_a_path ... ok"),
        "{told}"
    );
}
