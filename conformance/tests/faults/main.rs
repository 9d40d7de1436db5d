//! Hosts that fail in the middle: a full disk, signals, few bytes at a time, a closed pipe, no
//! descriptor left, a directory that goes away. The guest gets the right errno, nothing that was
//! told as written is lost, and nothing stays open.
//!
//! What holds for a whole process is tried in one of its own. Where the system does not let an
//! ordinary user have it, the test says `NOT RUN` and why.
#![cfg(test)]
#![cfg(target_os = "linux")]

#[path = "../host/mod.rs"]
mod host;

mod descriptors;
mod directory;
mod disk;
mod short;
mod signals;
mod streams;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use turnkey_wasi_common::Rights;

const READ_WRITE: Rights = Rights::FD_READ.union(Rights::FD_WRITE);
const NOTHING: Rights = Rights::empty();

/// How many descriptors this process has open beneath a directory.
fn open_beneath(root: &Path) -> usize {
    let open = fs::read_dir("/proc/self/fd").unwrap();
    let targets = open.filter_map(|fd| fs::read_link(fd.unwrap().path()).ok());
    targets.filter(|target| target.starts_with(root)).count()
}

/// Says what a test in a process of its own is there for.
const ALONE: &str = "TURNKEY_TEST_ALONE";

/// What this process is there for, if it was started by [`alone`].
fn purpose() -> Option<String> {
    std::env::var(ALONE).ok()
}

/// One test in a process of its own, on the main thread, started by a shell that has prepared it.
/// The script says `exec "$@"` where the test is to begin.
fn alone(script: &str, test: &str, purpose: &str) -> Output {
    let this = std::env::current_exe().unwrap();
    let mut shell = Command::new("sh");
    shell.args(["-c", script, "sh"]).arg(this);
    shell.args(["--exact", test, "--nocapture", "--test-threads=1"]);
    shell.env(ALONE, purpose).output().unwrap()
}

#[track_caller]
fn assert_passed(output: &Output) {
    let told = String::from_utf8_lossy(&output.stdout);
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}{complained}");
    assert!(told.contains("1 passed"), "{told}{complained}");
}
