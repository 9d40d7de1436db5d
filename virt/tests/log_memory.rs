//! That neither a guest nor a log sizes what the host takes from memory.
#![cfg(test)]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what a test relies on besides what it tests may fail loudly"
)]
#![expect(
    unsafe_code,
    reason = "only an allocator of its own can count what is allocated"
)]

mod taped;

use flate2::Compression;
use flate2::write::DeflateEncoder;
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::io::{Cursor, Write};
use std::sync::Arc;
use taped::{invoke, list};
use turnkey_virt::{LogError, Recorder, Replay};
use turnkey_wasi_common::{Filter, WasiCtx};

struct Counting;

thread_local! {
    static HELD: Cell<usize> = const { Cell::new(0) };
    static MOST: Cell<usize> = const { Cell::new(0) };
    static COUNT: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: every request goes to the system's allocator as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let held = HELD.get().wrapping_add(layout.size());
        HELD.set(held);
        MOST.set(MOST.get().max(held));
        COUNT.set(COUNT.get() + 1);
        // SAFETY: the caller keeps the promises of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        HELD.set(HELD.get().wrapping_sub(layout.size()));
        // SAFETY: the caller keeps the promises of `dealloc`.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The most bytes that are held at once during `work`, beside those that were held before.
fn most(work: impl FnOnce()) -> usize {
    let before = HELD.get();
    MOST.set(before);
    work();
    MOST.get() - before
}

/// What a recorder or a replay may hold.
const BOUND: usize = 1 << 20;

/// A log with this body, and no checksum.
fn log(body: impl FnOnce(&mut dyn Write)) -> Vec<u8> {
    let head = b"\x89TKLOG\r\n\x01\0\0\0".to_vec();
    let mut stream = DeflateEncoder::new(head, Compression::fast());
    body(&mut stream);
    stream.finish().unwrap()
}

#[test]
fn open_logs_that_claim_or_hold_very_much_refused_within_bounds() {
    let zeros = vec![0; 1 << 20];
    // random_get(0, 0) that succeeded, and wrote a range whose length is 2^40.
    let bomb = log(|body| {
        body.write_all(&[35, 0, 0, 1]).unwrap();
        body.write_all(&[0x80, 0x80, 0x80, 0x80, 0x80, 0x20, 0])
            .unwrap();
        for _ in 0..40 {
            body.write_all(&zeros).unwrap();
        }
    });
    assert!(bomb.len() < 2 << 20, "{}", bomb.len());
    // A path of more bytes than there are.
    let path = log(|body| {
        body.write_all(&[33, 3, 0, 0]).unwrap();
        body.write_all(&[0xff; 9]).unwrap();
        body.write_all(&[1]).unwrap();
    });
    // Calls without end.
    let calls = log(|body| {
        for _ in 0..100 {
            body.write_all(&[36, 1, 0].repeat(10_000)).unwrap();
        }
    });
    for (what, log) in [("bomb", bomb), ("path", path), ("calls", calls)] {
        let log = Cursor::new(log);
        let held = most(|| match Replay::open(log).map(|_| ()) {
            Err(LogError::Truncated { .. } | LogError::Damaged { .. }) => {}
            other => panic!("{what}: {other:?}"),
        });
        assert!(held < BOUND, "{what}: {held} bytes");
    }
}

#[test]
fn record_large_calls_within_bounds() {
    let recorder = Arc::new(Recorder::new(std::io::sink(), b"").unwrap());
    let ctx = turnkey_cap_backends::builder()
        .args(["app"])
        .filter(recorder.clone())
        .build()
        .unwrap();
    let mut memory = vec![0; 8 << 20];
    // As many buffers as there is room for, each of which holds very much.
    let buffers = list(&[(0, 1000)]).repeat(1 << 17);
    memory[1 << 20..][..buffers.len()].copy_from_slice(&buffers);
    let whole = memory.len() as u64;
    for (name, args) in [
        ("args_get", vec![0, 16]),
        ("random_get", vec![0, whole]),
        ("fd_read", vec![0, 1 << 20, 1 << 17, 0]),
        ("fd_write", vec![1, 1 << 20, 1 << 17, 0]),
        ("fd_read", vec![0, 0, 1 << 20, 0]),
        ("fd_read", vec![0, 0, u64::from(u32::MAX), 0]),
        ("path_unlink_file", vec![3, 0, whole]),
        ("fd_readdir", vec![3, 0, whole, 0, 0]),
    ] {
        let held = most(|| {
            let answer = invoke(&ctx, 1, name, &args, &mut memory);
            println!("{name}: {answer:?}");
        });
        assert!(held < BOUND, "{name} {args:?}: {held} bytes");
        memory[1 << 20..][..buffers.len()].copy_from_slice(&buffers);
    }
    let held = most(|| recorder.finish().unwrap());
    assert!(held < BOUND, "{held} bytes");
}

/// A filter that does nothing.
struct Idle;

impl Filter for Idle {}

#[test]
fn record_repeated_calls_take_no_memory() {
    let recorder = Arc::new(Recorder::new(std::io::sink(), b"").unwrap());
    let ctx = turnkey_cap_backends::builder()
        .filter(recorder.clone())
        .build()
        .unwrap();
    let bare = turnkey_cap_backends::builder()
        .filter(Arc::new(Idle))
        .build()
        .unwrap();
    let mut memory = vec![0; 65536];
    memory[100..108].copy_from_slice(&list(&[(400, 30)]));
    let calls: [(&str, &[u64]); 7] = [
        ("fd_write", &[1, 100, 1, 80]),
        ("clock_time_get", &[1, 0, 80]),
        ("random_get", &[80, 16]),
        ("fd_read", &[0, 100, 1, 80]),
        ("fd_fdstat_get", &[1, 80]),
        ("path_unlink_file", &[9, 400, 10]),
        ("fd_tell", &[1, 80]),
    ];
    let mut count = |ctx: &WasiCtx| {
        let before = COUNT.get();
        for (name, args) in calls {
            invoke(ctx, 1, name, args, &mut memory).unwrap();
        }
        COUNT.get() - before
    };
    count(&ctx);
    count(&bare);
    let (with, without) = (count(&ctx), count(&bare));
    assert_eq!(with, without, "a recorder takes memory from call to call");
}
