//! The fuzzing targets, briefly: every input that ever failed, then others that are always the same.
#![cfg(test)]
#![cfg(target_os = "linux")]

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use std::alloc::System;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use turnkey_conformance::fuzz::TARGETS;
use turnkey_conformance::fuzz::twins::{self, Tally, Twin};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// The targets count what the whole process holds, so they take turns.
static TURN: Mutex<()> = Mutex::new(());

/// Bytes of an input that is made here: enough for some calls of one guest.
const LONGEST: u32 = 400;

/// And for those of a parent and its children.
const LONGEST_OF_A_FAMILY: u32 = 6000;

/// The inputs that once failed. A package of this crate alone has none.
fn regressions(name: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/regressions");
    let Ok(files) = fs::read_dir(folder.join(name)) else {
        return Vec::new();
    };
    let mut files: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
    files.sort();
    files
}

/// Says which input it was that failed.
fn with_name(name: impl FnOnce() -> String, run: impl FnOnce()) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(run)) {
        eprintln!("the input: {}", name());
        resume_unwind(panic);
    }
}

fn check(name: &str, inputs: u64, longest: u32) {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let (_, target) = TARGETS.iter().find(|(known, _)| *known == name).unwrap();
    for file in regressions(name) {
        let input = fs::read(&file).unwrap();
        with_name(|| file.display().to_string(), || target(&input));
    }
    for seed in 0..inputs {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut input = vec![0; (random.next_u32() % longest) as usize];
        random.fill_bytes(&mut input);
        with_name(|| format!("seed {seed}"), || target(&input));
    }
}

#[test]
fn calls_fixed_seeds_nothing_found() {
    check("calls", 2000, LONGEST);
}

#[test]
fn paths_fixed_seeds_as_the_kernel_does() {
    check("paths", 2000, LONGEST);
}

/// Bytes of an input whose operations are compared.
const LONG: usize = 10_000;

fn compare(twin: Twin, operations: u64) {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let mut all = Tally::default();
    for seed in 0.. {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut input = vec![0; LONG];
        random.fill_bytes(&mut input);
        with_name(
            || format!("seed {seed}"),
            || all += twins::compare(&input, twin),
        );
        if all.operations >= operations {
            break;
        }
    }
    println!("{twin:?}: {all}");
}

#[test]
fn memory_100000_operations_as_with_the_hosts_files() {
    check("memory", 0, LONGEST);
    compare(Twin::Memory, 100_000);
}

#[test]
fn overlay_100000_operations_as_with_the_hosts_files() {
    check("overlay", 0, LONGEST);
    compare(Twin::Overlay, 100_000);
}

#[test]
fn mounts_100000_operations_as_with_the_hosts_files() {
    check("mounts", 0, LONGEST);
    compare(Twin::Mounts, 100_000);
}

#[test]
fn parent_fixed_seeds_nothing_found() {
    check("parent", 600, LONGEST_OF_A_FAMILY);
}

#[test]
fn child_fixed_seeds_nothing_found() {
    check("child", 600, LONGEST_OF_A_FAMILY);
}

#[test]
fn rust_parent_fixed_seeds_nothing_found() {
    check("rust_parent", 600, LONGEST_OF_A_FAMILY);
}

#[test]
fn decoding_fixed_seeds_as_told_by_the_layouts() {
    check("decoding", 6000, LONGEST);
}
