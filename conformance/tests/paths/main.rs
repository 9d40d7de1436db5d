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

use host::{Guest, Tree, fifo};
use std::fs;
use std::time::Duration;
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

/// Nothing beside the guest's directory has changed.
#[track_caller]
fn assert_outside_untouched(tree: &Tree) {
    let outside = fs::read_dir(tree.outside("")).unwrap();
    let names: Vec<_> = outside.map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["secret"]);
    assert_eq!(fs::read(tree.outside("secret")).unwrap(), b"secret");
    let modified = fs::metadata(tree.outside("secret"))
        .unwrap()
        .modified()
        .unwrap();
    let age = modified.elapsed().unwrap_or_default();
    assert!(age < Duration::from_secs(60), "its times were set");
    let beside = fs::read_dir(tree.path("..")).unwrap();
    assert_eq!(beside.count(), 2);
}

/// Says that the process runs with the filter.
const WITHOUT: &str = "TURNKEY_TEST_WITHOUT_OPENAT2";

/// Whether the host knows `openat2`.
#[cfg(target_os = "linux")]
fn knows_openat2() -> bool {
    use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, openat2};
    let opened = openat2(
        CWD,
        ".",
        OFlags::RDONLY,
        Mode::empty(),
        ResolveFlags::empty(),
    );
    !matches!(opened, Err(rustix::io::Errno::NOSYS))
}

#[cfg(not(target_os = "linux"))]
fn knows_openat2() -> bool {
    false
}

#[test]
#[cfg(target_os = "linux")]
fn openat2_unknown_exactly_where_it_is_filtered() {
    if std::env::var_os(WITHOUT).is_some() {
        assert!(!knows_openat2());
    }
}

#[test]
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
fn every_test_without_openat2_passes_too() {
    use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, TargetArch, apply_filter};
    use std::collections::BTreeMap;
    use std::process::Command;

    /// The number of `openat2`, the same on every architecture.
    const OPENAT2: i64 = 437;
    const ENOSYS: u32 = 38;

    if std::env::var_os(WITHOUT).is_some() {
        return;
    }
    let filter = SeccompFilter::new(
        BTreeMap::from([(OPENAT2, Vec::new())]),
        SeccompAction::Allow,
        SeccompAction::Errno(ENOSYS),
        TargetArch::x86_64,
    );
    let program: BpfProgram = filter.unwrap().try_into().unwrap();
    // The filter holds for this thread and for what it starts.
    let run = std::thread::spawn(move || {
        apply_filter(&program).unwrap();
        let tests = std::env::current_exe().unwrap();
        Command::new(tests).env(WITHOUT, "1").output().unwrap()
    });
    let output = run.join().unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{told}");
    assert!(
        told.contains("openat2_unknown_exactly_where_it_is_filtered ... ok"),
        "{told}"
    );
}
