//! Guests that do something else than they did.
#![cfg(test)]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what a test relies on besides what it tests may fail loudly"
)]

mod taped;

use std::sync::Arc;
use taped::{Step, call, invoke, list, open, put, record, replay};
use turnkey_virt::Difference;
use turnkey_wasi_common::{Stop, TrapKind, WasiCtx};

/// Records one guest, and replays another against the log; answers what the divergence says.
fn diverge(recorded: &[Step], replayed: &[Step]) -> String {
    let (_, log) = record(WasiCtx::builder(), 1, recorded);
    let (seen, finished) = replay(open(&log).unwrap(), 1, replayed);
    let divergence = finished.unwrap_err();
    let first = usize::try_from(divergence.call).unwrap();
    if let Difference::Missing { .. } = divergence.difference {
        assert_eq!(seen.len() + 1, first);
        return divergence.to_string();
    }
    // The call that differs ends the guest, and so does every one after it.
    for (index, (answer, _)) in seen.iter().enumerate() {
        let ended = index + 1 >= first;
        match answer {
            Err(Stop::Trap(trap)) if ended => {
                assert_eq!(trap.kind(), TrapKind::Refused);
                assert_eq!(trap.to_string(), divergence.to_string());
            }
            Ok(_) if !ended => {}
            other => panic!("call {}: {other:?}", index + 1),
        }
    }
    divergence.to_string()
}

#[test]
fn divergence_each_names_call_function_and_argument() {
    let first = call("sched_yield", &[]);
    let path = |text: &str| {
        vec![
            first.clone(),
            put(100, text),
            call("path_unlink_file", &[3, 100, text.len() as u64]),
        ]
    };
    let write = |text: &str| {
        let length = u32::try_from(text.len()).unwrap();
        vec![
            first.clone(),
            put(100, list(&[(200, length)])),
            put(200, text),
            call("fd_write", &[1, 100, 1, 80]),
            call("sched_yield", &[]),
        ]
    };
    let seek = |offset: i64, whence| {
        vec![call(
            "fd_seek",
            &[3, u64::from_ne_bytes(offset.to_ne_bytes()), whence, 80],
        )]
    };
    let one = |name, args: &[u64]| vec![call(name, args)];
    let long = "x".repeat(70);
    let longer = "p".repeat(5000);
    let poll = |userdata: u8| {
        vec![
            put(800, [0; 48]),
            put(800, [userdata]),
            call("poll_oneoff", &[800, 1000, 1, 80]),
        ]
    };
    for (recorded, replayed, expected) in [
        (
            one("fd_close", &[3]),
            one("fd_close", &[4]),
            "call 1, fd_close: argument fd: recorded 3, but the guest passes 4",
        ),
        (
            one("fd_close", &[3]),
            one("fd_sync", &[3]),
            "call 1, fd_sync: recorded fd_close of wasi_snapshot_preview1",
        ),
        (
            seek(-5, 1),
            seek(-6, 1),
            "call 1, fd_seek: argument offset: recorded -5, but the guest passes -6",
        ),
        (
            seek(1, 1),
            seek(1, 2),
            "call 1, fd_seek: argument whence: recorded cur, but the guest passes end",
        ),
        (
            one("fd_tell", &[3, 80]),
            one("fd_tell", &[3, 88]),
            "call 1, fd_tell: argument retptr0: recorded 0x50, but the guest passes 0x58",
        ),
        (
            one("random_get", &[80, 4]),
            one("random_get", &[84, 4]),
            "call 1, random_get: argument buf: recorded 0x50, but the guest passes 0x54",
        ),
        (
            one("random_get", &[80, 4]),
            one("random_get", &[80, 5]),
            "call 1, random_get: argument buf_len: recorded 4, but the guest passes 5",
        ),
        (
            path("a.txt"),
            path("b.txt"),
            "call 2, path_unlink_file: argument path: recorded \"a.txt\", but the guest passes \"b.txt\"",
        ),
        (
            path("a.txt"),
            path("a"),
            "call 2, path_unlink_file: argument path: recorded \"a.txt\", but the guest passes \"a\"",
        ),
        (
            path(&longer),
            path(&longer[1..]),
            "call 2, path_unlink_file: argument path: recorded 5000 bytes with the checksum 0x17207894, but the guest passes 4999 bytes with the checksum 0x98aca7c8",
        ),
        (
            one("path_unlink_file", &[3, 90, 0]),
            one("path_unlink_file", &[3, 91, 0]),
            "call 1, path_unlink_file: argument path: recorded 0x5a, but the guest passes 0x5b",
        ),
        (
            one("path_unlink_file", &[3, 65536, 1]),
            one("path_unlink_file", &[3, 65535, 1]),
            "call 1, path_unlink_file: argument path: recorded bytes beyond its memory, but the guest passes b\"\\xaa\"",
        ),
        (
            write("one\n"),
            write("two\n"),
            "call 2, fd_write: argument iovs: recorded \"one\\n\", but the guest passes \"two\\n\"",
        ),
        (
            write("one\n"),
            write("three\n"),
            "call 2, fd_write: argument iovs: recorded 4 bytes at 0xc8, but the guest passes 6 bytes at 0xc8",
        ),
        (
            write(&long),
            write(&long.replace("xxx", "xyx")),
            "call 2, fd_write: argument iovs: recorded 70 bytes with the checksum 0x8c28fe39, but the guest passes 70 bytes with the checksum 0xd77adebe",
        ),
        (
            one("fd_write", &[1, 100, 0, 80]),
            one("fd_write", &[1, 104, 0, 80]),
            "call 1, fd_write: argument iovs: recorded 0x64, but the guest passes 0x68",
        ),
        (
            write("one\n"),
            write("one\n")[..4].to_vec(),
            "call 3, sched_yield: the guest ended before it, and 3 calls were recorded",
        ),
        (
            write("one\n")[..4].to_vec(),
            write("one\n"),
            "call 3, sched_yield: nothing more was recorded",
        ),
        (
            vec![],
            vec![first.clone(), first.clone()],
            "call 1, sched_yield: nothing more was recorded",
        ),
        (
            poll(1),
            poll(2),
            "call 1, poll_oneoff: argument in: recorded \"\\u{1}\\0",
        ),
    ] {
        let told = diverge(&recorded, &replayed);
        assert!(told.starts_with(expected), "{told}");
    }
}

#[test]
fn divergence_same_name_of_the_other_snapshot() {
    let steps = [call("sched_yield", &[])];
    let (_, log) = record(WasiCtx::builder(), 0, &steps);
    let (_, finished) = replay(open(&log).unwrap(), 1, &steps);
    let told = finished.unwrap_err().to_string();
    assert_eq!(
        told,
        "call 1, sched_yield: recorded sched_yield of wasi_unstable"
    );
}

#[test]
fn finish_told_again_and_typed() {
    let (_, log) = record(
        WasiCtx::builder(),
        1,
        &[call("fd_close", &[7]), call("fd_close", &[8])],
    );
    let tape = Arc::new(open(&log).unwrap());
    let ctx = WasiCtx::builder().filter(tape.clone()).build().unwrap();
    assert_eq!(invoke(&ctx, 1, "fd_close", &[7], &mut []), Ok(8));
    let early = tape.finish().unwrap_err();
    assert_eq!(
        (early.call, &early.difference),
        (2, &Difference::Missing { calls: 2 })
    );
    assert_eq!(early.function.unwrap().name, "fd_close");
    assert_eq!(tape.finish(), Err(early));
    assert!(invoke(&ctx, 1, "fd_close", &[8], &mut []).is_err());
}
