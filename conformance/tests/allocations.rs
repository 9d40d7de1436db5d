//! That common calls take nothing from the heap.
//!
//! The allocator counts for the whole process, so this file has one test.
#![cfg(test)]

mod host;

use host::{BUFFER, Guest, Tree, whence};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use std::alloc::System;
use std::io::{IoSliceMut, Read, Write};
use std::sync::Arc;
use turnkey_cap_backends::HostStream;
use turnkey_wasi_common::{Access, Errno, Pipe, Rights, Stream};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// How often a call was asked for something from the heap.
fn allocations() -> usize {
    let stats = ALLOCATOR.stats();
    stats.allocations + stats.reallocations
}

const LENGTH: u32 = 64;
const RESULT: u64 = 0;

/// A call, by name and words.
type Words<'a> = (&'a str, &'a [u64]);

/// Makes a call four times, prepared each time; all but the first must take nothing.
#[track_caller]
fn check(guest: &mut Guest, mut prepare: impl FnMut(&mut Guest), (name, words): Words<'_>) {
    for round in 0..4 {
        prepare(guest);
        let before = allocations();
        let outcome = guest.invoke(name, words);
        let taken = allocations() - before;
        assert_eq!(outcome, Ok(Errno::Success), "{name} {words:?}");
        assert!(
            round == 0 || taken == 0,
            "{name} {words:?} allocates {taken} times"
        );
    }
}

#[test]
fn common_calls_after_the_first_nothing_from_the_heap() {
    // The count is one of what happens.
    let before = allocations();
    drop(std::hint::black_box(vec![0_u8; 100]));
    assert_eq!(allocations() - before, 1);

    let tree = Tree::new()
        .dir("a")
        .dir("a/b")
        .dir("a/b/c")
        .dir("a/b/c/d")
        .dir("a/b/c/d/e");
    let tree = tree.file("file", [b'.'; 4096]).file("a/b/c/d/e/file", "");
    let (input, stdin) = Pipe::new(4096);
    let (stdout, output) = Pipe::new(4096);
    let (reader, mut writer) = std::io::pipe().unwrap();
    let builder = tree
        .builder(Access::ReadWrite)
        .stdin(Arc::new(stdin))
        .stdout(Arc::new(stdout));
    let mut guest = Guest::new(builder.build().unwrap());
    let rights = Rights::FD_READ | Rights::FD_WRITE;
    assert_eq!(guest.path_open((3, "file"), 0, rights), Ok(4));

    for clock in [0, 1] {
        check(&mut guest, |_| {}, ("clock_time_get", &[clock, 0, RESULT]));
        check(&mut guest, |_| {}, ("clock_res_get", &[clock, RESULT]));
    }
    check(&mut guest, |_| {}, ("random_get", &[BUFFER.into(), 1024]));
    check(&mut guest, |_| {}, ("sched_yield", &[]));
    check(
        &mut guest,
        |_| {},
        ("fd_seek", &[4, 7, whence::SET.into(), RESULT]),
    );
    check(&mut guest, |_| {}, ("fd_tell", &[4, RESULT]));
    for fd in [0, 1, 3, 4] {
        check(&mut guest, |_| {}, ("fd_fdstat_get", &[fd, RESULT]));
        check(&mut guest, |_| {}, ("fd_filestat_get", &[fd, RESULT]));
    }
    for path in ["file", "a/b/c/d/e/file"] {
        guest.put(BUFFER, path.as_bytes());
        for follow in [0, 1] {
            let words = [3, follow, BUFFER.into(), path.len() as u64, RESULT];
            check(&mut guest, |_| {}, ("path_filestat_get", &words));
        }
    }

    for count in [1, 2, 16] {
        let buffers: Vec<(u32, u32)> = (0..count).map(|n| (BUFFER + n * LENGTH, LENGTH)).collect();
        let (iovecs, count) = guest.put_iovecs(&buffers);
        let total = count * LENGTH as usize;
        let (iovecs, count) = (u64::from(iovecs), count as u64);
        let bytes = vec![b'.'; total];

        let rewind = |guest: &mut Guest| {
            guest.fd_seek(4, 0, whence::SET).unwrap();
        };
        check(
            &mut guest,
            rewind,
            ("fd_write", &[4, iovecs, count, RESULT]),
        );
        check(&mut guest, rewind, ("fd_read", &[4, iovecs, count, RESULT]));
        check(
            &mut guest,
            |_| {},
            ("fd_pwrite", &[4, iovecs, count, 0, RESULT]),
        );
        check(
            &mut guest,
            |_| {},
            ("fd_pread", &[4, iovecs, count, 0, RESULT]),
        );

        let fill = |_: &mut Guest| {
            input.send(&bytes).unwrap();
        };
        check(&mut guest, fill, ("fd_read", &[0, iovecs, count, RESULT]));
        let mut room = bytes.clone();
        let empty = |_: &mut Guest| {
            let _ = output.read(&mut [IoSliceMut::new(&mut room)]);
        };
        check(&mut guest, empty, ("fd_write", &[1, iovecs, count, RESULT]));
        output.drain();
    }

    // The same with the host's pipes as standard streams.
    let (mut their_output, our_output) = std::io::pipe().unwrap();
    let builder = tree
        .builder(Access::ReadWrite)
        .stdin(Arc::new(HostStream::new(reader).unwrap()))
        .stdout(Arc::new(HostStream::new(our_output).unwrap()));
    let mut guest = Guest::new(builder.build().unwrap());
    for count in [1, 2, 16] {
        let buffers: Vec<(u32, u32)> = (0..count).map(|n| (BUFFER + n * LENGTH, LENGTH)).collect();
        let (iovecs, count) = guest.put_iovecs(&buffers);
        let total = count * LENGTH as usize;
        let (iovecs, count) = (u64::from(iovecs), count as u64);
        let mut bytes = vec![b'.'; total];
        let fill = |_: &mut Guest| writer.write_all(&bytes).unwrap();
        check(&mut guest, fill, ("fd_read", &[0, iovecs, count, RESULT]));
        check(
            &mut guest,
            |_| {},
            ("fd_write", &[1, iovecs, count, RESULT]),
        );
        for _ in 0..4 {
            their_output.read_exact(&mut bytes).unwrap();
        }
    }
}
