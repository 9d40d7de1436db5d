//! Pointers, counts and lengths that a host adds up wrongly, or reads twice.

use crate::host::{BUFFER, Event, Guest, Subscription, Tree};
use crate::{READ_WRITE, assert_fault, guest_with_file};
use std::time::Duration;
use turnkey_wasi_common::Errno;

const MONOTONIC: u32 = 1;

fn after(timeout: Duration) -> Subscription {
    Subscription::Clock {
        id: MONOTONIC,
        timeout: u64::try_from(timeout.as_nanos()).unwrap(),
        flags: 0,
    }
}

/// Both arrays of `poll_oneoff` are looked at in their whole length.
///
/// Broken on purpose: `check_array` looks at one element.
#[test]
fn ghsa_wj3p_xhqm_pffc_poll_arrays_are_checked_in_their_whole_length() {
    let mut guest = guest_with_file();
    let (from, to, _) = guest.put_subscriptions(&[after(Duration::ZERO); 2]);
    let (from, to) = (u64::from(from), u64::from(to));
    let end = guest.memory.len() as u64;
    for words in [
        [from, to, u32::MAX.into(), 0],
        [from, to, 1 << 31, 0],
        // One element would fit, two do not.
        [end - 48, to, 2, 0],
        [from, end - 32, 2, 0],
        [end, to, 1, 0],
        [from + 4, to, 1, 0],
        [from, to + 4, 1, 0],
        [from, to, 1, 2],
        [from, to, 1, end],
    ] {
        assert_fault(guest.invoke("poll_oneoff", &words));
    }
    assert_eq!(
        guest.invoke("poll_oneoff", &[from, end - 64, 2, 0]),
        Ok(Errno::Success)
    );
}

/// A subscription is read once, and before any event is written: where the events lie over them,
/// each is told as it was. (Nobody else can change the memory meanwhile: it is borrowed for the
/// attempt, and one that threads share is refused.)
///
/// Broken on purpose: `poll_oneoff` takes the userdata from the subscriptions after it has written
/// the events.
#[test]
fn wasmtime_poll_reads_each_subscription_once() {
    let mut guest = guest_with_file();
    let at_once = after(Duration::ZERO);
    let soon = after(Duration::from_millis(20));
    for (subscriptions, told) in [
        (
            &[Subscription::Read(4), at_once, Subscription::Write(4)][..],
            3,
        ),
        (&[at_once; 40], 40),
        (&[Subscription::Read(4), soon], 1),
        (&[soon], 1),
    ] {
        let (at, _, count) = guest.put_subscriptions(subscriptions);
        let words = [at.into(), at.into(), count as u64, 0];
        assert_eq!(guest.invoke("poll_oneoff", &words), Ok(Errno::Success));
        assert_eq!(guest.bytes(0, 4), [told, 0, 0, 0]);
        let bytes = guest.bytes(BUFFER, usize::from(told) * Event::SIZE);
        for (userdata, bytes) in (100..).zip(bytes.chunks_exact(Event::SIZE)) {
            let event = Event::of(bytes);
            assert_eq!((event.userdata, event.errno), (userdata, Errno::Success));
        }
    }
}

/// A count of buffers whose size in bytes exceeds 32 bits leads beyond any memory. Node crashed
/// with it, or hung.
///
/// Broken on purpose: `check_array` multiplies in 32 bits.
#[test]
fn wazero_iovs_len_times_8_does_not_wrap() {
    let mut guest = guest_with_file();
    let (iovecs, _) = guest.put_iovecs(&[(BUFFER, 4)]);
    let iovecs = u64::from(iovecs);
    for count in [1 << 29, (1 << 29) + 1, 1 << 30, 1 << 31, u32::MAX.into()] {
        for (name, words) in [
            ("fd_read", vec![4, iovecs, count, 0]),
            ("fd_write", vec![4, iovecs, count, 0]),
            ("fd_pread", vec![4, iovecs, count, 0, 0]),
            ("fd_pwrite", vec![4, iovecs, count, 0, 0]),
        ] {
            assert_fault(guest.invoke(name, &words));
        }
    }
    assert_eq!(guest.fd_tell(4), Ok(0));
    assert_eq!(guest.fd_pread(4, 9, 0).unwrap(), b"contents");
}

/// A pointer and a length whose sum exceeds 32 bits lead beyond the memory, not to its beginning
/// (WasmEdge).
///
/// Broken on purpose: `Buffers::read` adds in 32 bits.
#[test]
fn cve_2025_69261_pointer_plus_length_does_not_wrap() {
    let mut guest = Tree::new()
        .file("file", "contents")
        .link("file", "link")
        .guest();
    assert_eq!(guest.path_open((3, "file"), 0, READ_WRITE), Ok(4));
    let most = u64::from(u32::MAX);
    guest.put(BUFFER, b"link");
    let name = u64::from(BUFFER);
    for (pointer, length) in [
        (most, 2),
        (most - 3, 8),
        (1 << 31, 1 << 31),
        (most - 7, most),
    ] {
        let pair = (
            u32::try_from(pointer).unwrap(),
            u32::try_from(length).unwrap(),
        );
        let (iovecs, _) = guest.put_iovecs(&[pair]);
        let iovecs = u64::from(iovecs);
        let before = guest.memory.clone();
        for (function, words) in [
            ("fd_read", vec![4, iovecs, 1, 0]),
            ("fd_write", vec![4, iovecs, 1, 0]),
            ("fd_pread", vec![4, iovecs, 1, 0, 0]),
            ("fd_readdir", vec![3, pointer, length, 0, 0]),
            ("random_get", vec![pointer, length]),
            ("path_filestat_get", vec![3, 0, pointer, length, 0]),
            ("path_unlink_file", vec![3, pointer, length]),
            ("path_readlink", vec![3, name, 4, pointer, length, 0]),
            ("fd_prestat_dir_name", vec![3, pointer, length]),
        ] {
            // The name of a preopen is short, and so is what a link holds: only what is used of
            // the buffer need be there.
            let outcome = guest.invoke(function, &words);
            assert_fault(outcome);
            assert_eq!(guest.memory, before, "{function} {pointer:#x} {length:#x}");
        }
    }
    assert_eq!(guest.fd_pread(4, 9, 0).unwrap(), b"contents");
}

/// Lists of buffers that are all at the edge: what fits is served.
///
/// Broken on purpose: `Buffers::read` refuses a range that ends where the memory does.
#[test]
fn cve_2025_69261_buffers_that_end_with_the_memory_are_served() {
    let mut guest: Guest = guest_with_file();
    let end = u32::try_from(guest.memory.len()).unwrap();
    assert_eq!(guest.fd_read_into(4, &[(end - 4, 4), (end - 8, 4)]), Ok(8));
    assert_eq!(guest.bytes(end - 8, 8), b"entscont");
    assert_eq!(guest.fd_pwrite_from(4, &[(end - 1, 1), (end, 0)], 0), Ok(1));
}
