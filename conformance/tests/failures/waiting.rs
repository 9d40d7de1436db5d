//! Waiting that panics, hangs, or tells of what has not come.

use crate::guest_with_file;
use crate::host::{Guest, Subscription, Tree, abstime, eventtype, fifo};
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use turnkey_cap_backends::builder;
use turnkey_wasi_common::{Access, Clock, Clocks, Pipe, Result as CoreResult, Rights};

const REALTIME: u32 = 0;
const MONOTONIC: u32 = 1;

const AN_HOUR: u64 = 3_600_000_000_000;

fn after(id: u32, timeout: u64) -> Subscription {
    Subscription::Clock {
        id,
        timeout,
        flags: 0,
    }
}

fn at(id: u32, timeout: u64) -> Subscription {
    Subscription::Clock {
        id,
        timeout,
        flags: abstime(),
    }
}

/// Which subscriptions were told of, counted from 0.
fn told(guest: &mut Guest, subscriptions: &[Subscription]) -> Vec<u64> {
    let events = guest.poll_oneoff(subscriptions).unwrap();
    events.iter().map(|event| event.userdata - 100).collect()
}

/// Ten minutes.
const LEAP: u64 = 600_000_000_000;

/// Clocks that leap each time somebody looks.
#[derive(Default)]
struct Leaping(AtomicU64);

impl Clocks for Leaping {
    fn now(&self, _clock: Clock) -> CoreResult<u64> {
        Ok(self.0.fetch_add(LEAP, Ordering::Relaxed))
    }

    fn resolution(&self, _clock: Clock) -> CoreResult<u64> {
        Ok(1)
    }
}

/// A deadline that passes between two looks at the clock has come; it is no panic ("timer deadline
/// is past").
///
/// Broken on purpose: `Wait::remaining` subtracts without bounds.
#[test]
fn wasi_common_deadline_that_passes_meanwhile() {
    // The clock stands at 0 when the call begins, and a leap further at each look.
    let leaps = |count: u64| count * LEAP + LEAP / 2;
    for subscriptions in [
        vec![after(MONOTONIC, leaps(1))],
        vec![after(REALTIME, leaps(1))],
        vec![after(MONOTONIC, leaps(2)), after(MONOTONIC, leaps(2) + 1)],
        vec![at(MONOTONIC, leaps(1)), after(MONOTONIC, leaps(3))],
        vec![at(REALTIME, leaps(1))],
    ] {
        let clocks = Arc::new(Leaping::default());
        let mut guest = Guest::new(builder().clocks(clocks).build().unwrap());
        assert!(!told(&mut guest, &subscriptions).is_empty());
    }
}

/// A moment of the wall clock can be waited for, and one that is long past has come (Node hung at
/// 0; the predecessor answered `NOTSUP`).
///
/// Broken on purpose: `clock_has_come` subtracts the present from the moment without bounds; the
/// test hangs.
#[test]
fn node_and_wasi_common_absolute_wall_clock() {
    let mut guest = guest_with_file();
    for past in [0, 1, 1_000_000_000] {
        let events = told(&mut guest, &[after(MONOTONIC, AN_HOUR), at(REALTIME, past)]);
        assert_eq!(events, [1], "{past}");
    }
    let moment = guest.clock_time_get(REALTIME).unwrap() + 30_000_000;
    assert_eq!(told(&mut guest, &[at(REALTIME, moment)]), [0]);
    assert!(guest.clock_time_get(REALTIME).unwrap() >= moment);
}

/// Who can be written is told at once (wazero never tells, and sleeps for the whole timeout).
///
/// Broken on purpose: `descriptor_is_ready` answers that a writer is not ready; the test hangs.
#[test]
fn wazero_poll_tells_who_can_be_written() {
    let tree = Tree::new().file("file", "contents");
    let (writer, _reader) = Pipe::new(8);
    let (_never, quiet) = Pipe::new(8);
    let builder = tree.builder(Access::ReadWrite);
    let builder = builder.stdout(Arc::new(writer)).stdin(Arc::new(quiet));
    let mut guest = Guest::new(builder.build().unwrap());
    let file = guest.path_open((3, "file"), 0, Rights::FD_WRITE).unwrap();
    let started = Instant::now();
    for fd in [1, 2, file] {
        let writing = Subscription::Write(fd);
        let events = guest.poll_oneoff(&[after(MONOTONIC, AN_HOUR), writing]);
        let events = events.unwrap();
        assert_eq!(events.len(), 1, "{events:?}");
        assert_eq!(events[0].eventtype, eventtype::FD_WRITE);
    }
    assert!(started.elapsed() < Duration::from_secs(60));
}

/// Only what is ready is told, virtual objects and the host's side by side (WASI-Virt tells of all
/// if one of them is virtual).
///
/// Broken on purpose: `descriptor_is_ready` tells of a descriptor that is not.
#[test]
fn wasi_virt_poll_tells_only_of_what_is_ready() {
    let tree = Tree::new();
    fifo(&tree.path("fifo"));
    let (stdin, reader) = Pipe::new(8);
    let (writer, _full) = Pipe::new(1);
    let builder = tree.builder(Access::ReadWrite);
    let builder = builder.stdin(Arc::new(reader)).stdout(Arc::new(writer));
    let mut guest = Guest::new(builder.build().unwrap());
    let quiet = guest.path_open((3, "fifo"), 0, Rights::FD_READ).unwrap();
    let _writer = fs::File::options().write(true).open(tree.path("fifo"));
    assert_eq!(guest.fd_write(1, "x"), Ok(1), "now it is full");
    let all = [
        Subscription::Read(quiet),
        Subscription::Read(0),
        Subscription::Write(1),
        Subscription::Write(2),
        after(MONOTONIC, AN_HOUR),
    ];
    assert_eq!(told(&mut guest, &all), [3]);
    stdin.send(b"x").unwrap();
    assert_eq!(told(&mut guest, &all), [1, 3]);
    assert_eq!(told(&mut guest, &all[..3]), [1]);
}
