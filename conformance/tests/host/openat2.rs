//! A host without `openat2`, where cap-std walks a path name by name.
//!
//! cap-std remembers for the whole process whether the kernel knows the call, so the filter that
//! takes it away is installed before the process begins.

use super::{Guest, Tree};
use std::process::{Command, Output};
use turnkey_wasi_common::Errno;

/// Says that the process runs with the filter.
const WITHOUT: &str = "TURNKEY_TEST_WITHOUT_OPENAT2";

/// Whether this process runs with the filter.
pub fn is_taken_away() -> bool {
    std::env::var_os(WITHOUT).is_some()
}

/// Whether the host knows `openat2`.
#[cfg(target_os = "linux")]
pub fn is_known() -> bool {
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
pub fn is_known() -> bool {
    false
}

/// The same tests in a process of their own, without `openat2`; `arguments` choose among them.
/// The caller must not be that process itself.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
pub fn run_without(arguments: &[&str]) -> Output {
    use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, TargetArch, apply_filter};
    use std::collections::BTreeMap;

    /// The number of `openat2`, the same on every architecture.
    const OPENAT2: i64 = 437;
    const ENOSYS: u32 = 38;

    assert!(!is_taken_away());
    let filter = SeccompFilter::new(
        BTreeMap::from([(OPENAT2, Vec::new())]),
        SeccompAction::Allow,
        SeccompAction::Errno(ENOSYS),
        TargetArch::x86_64,
    );
    let program: BpfProgram = filter.unwrap().try_into().unwrap();
    let mut tests = Command::new(std::env::current_exe().unwrap());
    tests.args(arguments).env(WITHOUT, "1");
    // The filter holds for this thread and for what it starts.
    let run = std::thread::spawn(move || {
        apply_filter(&program).unwrap();
        tests.output().unwrap()
    });
    run.join().unwrap()
}

/// Sees which resolver serves this process: cap-std's own walk gives up one link earlier than the
/// kernel does.
pub fn assert_resolver() {
    assert!(!(is_taken_away() && is_known()), "the filter does not hold");
    let mut tree = Tree::new().file("link0", "reached");
    for n in 1..=40 {
        tree = tree.link(format!("link{}", n - 1), format!("link{n}"));
    }
    let mut guest: Guest = tree.guest();
    let mut found = |path| guest.path_filestat_get((3, path), true).map(drop);
    assert_eq!(found("link39"), Ok(()));
    let by_the_kernel = Ok(());
    let by_the_walk = Err(Errno::Loop);
    let expected = if is_known() {
        by_the_kernel
    } else {
        by_the_walk
    };
    assert_eq!(found("link40"), expected);
}
