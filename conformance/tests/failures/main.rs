//! Every known way for a WASI host to fail, each as a test that carries its name: published
//! advisories, the predecessor's bugs, and those of other hosts. `docs/security.md` has the table.
//!
//! Each test says how the code was broken once to see it fail. Rows about engines are checks of
//! `turnkey_conformance::engine_kit`; rows about a race are in `tests/races.rs`.
//!
//! Where it can make a difference, a row is a test for each file system. The last test runs all that is
//! about the host once more without `openat2`.
#![cfg(test)]

#[path = "../host/mod.rs"]
mod host;

mod bytes;
mod descriptors;
mod escapes;
mod listings;
mod memory;
mod paths;
mod process;
mod rights;
mod waiting;

use host::{Guest, Tree, openat2};
use turnkey_wasi_common::{Errno, Rights, Stop, TrapKind};

type Outcome = Result<(), Errno>;

const READ_WRITE: Rights = Rights::FD_READ.union(Rights::FD_WRITE);
const NOTHING: Rights = Rights::empty();

/// A guest with a file of 8 bytes open as descriptor 4.
fn guest_with_file() -> Guest {
    let mut guest = Tree::new().file("file", "contents").guest();
    assert_eq!(guest.path_open((3, "file"), 0, READ_WRITE), Ok(4));
    guest
}

#[track_caller]
fn assert_fault(outcome: Result<Errno, Stop>) {
    let fault = matches!(&outcome, Err(Stop::Trap(trap)) if trap.kind() == TrapKind::Fault);
    assert!(fault, "{outcome:?}");
}

#[test]
fn resolver_as_the_process_has_it() {
    openat2::assert_resolver();
}

#[test]
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
fn every_row_without_openat2_passes_too() {
    if openat2::is_taken_away() {
        return;
    }
    let output = openat2::run_without(&[
        "--skip=on_memory::",
        "--skip=on_overlay",
        "--skip=on_mounts",
    ]);
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{told}");
    for passed in ["resolver_as_the_process_has_it", "ghsa_vqjp_4c8c_hfgg"] {
        assert!(told.contains(passed), "{told}");
    }
}
