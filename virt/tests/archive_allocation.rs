//! What archives that lie about their sizes may cost.

mod common;

use common::{READ, deflated, errno, file, gz, open, tar, tree};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use std::alloc::System;
use turnkey_virt::fs::{Archive, ArchiveError};
use turnkey_wasi_common::Errno;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Bytes that were allocated meanwhile, by whomever; the least of several attempts.
fn allocated(mut action: impl FnMut()) -> usize {
    let mut attempt = || {
        let region = Region::new(ALLOCATOR);
        action();
        region.change().bytes_allocated
    };
    (0..5).map(|_| attempt()).fold(usize::MAX, usize::min)
}

const MIB: usize = 1 << 20;

#[test]
fn archives_that_unpack_to_much_cost_little() {
    let contents = vec![0; 64 * MIB];

    let honest = deflated(&[file("a", contents.clone())]);
    let size = honest
        .windows(4)
        .position(|at| at == b"PK\x01\x02")
        .unwrap()
        + 24;
    let tree_of = |bytes: Vec<u8>| {
        let archive = Archive::options().memory(MIB).open(bytes);
        tree(archive.unwrap())
    };
    let bomb = tree_of(honest.clone());
    let cost = allocated(|| assert_eq!(errno(open(&bomb, "a", &READ)), Some(Errno::Nomem)));
    assert!(cost < MIB / 8, "{cost}");

    // It says that it has half a MiB.
    let mut liar = honest.clone();
    liar[size..size + 4].copy_from_slice(&(1_u32 << 19).to_le_bytes());
    let liar = tree_of(liar);
    let cost = allocated(|| assert_eq!(errno(open(&liar, "a", &READ)), Some(Errno::Io)));
    assert!(cost < MIB, "{cost}");

    // It says that it has 4 GiB, and has little.
    let mut boaster = deflated(&[file("a", "little")]);
    let size = boaster
        .windows(4)
        .position(|at| at == b"PK\x01\x02")
        .unwrap()
        + 24;
    boaster[size..size + 4].copy_from_slice(&(u32::MAX - 1).to_le_bytes());
    let archive = Archive::options().memory(usize::MAX).open(boaster);
    let boaster = tree(archive.unwrap());
    let cost = allocated(|| assert_eq!(errno(open(&boaster, "a", &READ)), Some(Errno::Io)));
    assert!(cost < MIB, "{cost}");

    let bomb = gz(&tar(&[file("a", contents)]));
    let cost = allocated(|| {
        let opened = Archive::options().memory(MIB).open(bomb.clone());
        assert!(matches!(opened, Err(ArchiveError::TooMuch { .. })));
    });
    assert!(cost < 2 * MIB, "{cost}");
}
