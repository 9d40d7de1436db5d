//! That preview 0 differs from preview 1 where it does, and only there.

use crate::{Memory, complete, preview_0, preview_1};
use std::sync::Arc;
use turnkey_wasi_common::{
    Clock, Clocks, Entry, Errno, FdFlags, File, FileType, Interest, Listener, Object, Pollable,
    Ready, Result, Rights, Stat, Table, WasiCtx,
};

/// A file of 100 bytes with a number of its own in each attribute.
struct Numbered;

impl File for Numbered {
    fn stat(&self) -> Result<Stat> {
        Ok(Stat {
            device: 1,
            inode: 2,
            file_type: FileType::RegularFile,
            links: 3,
            size: 100,
            accessed: 5,
            modified: 6,
            changed: 7,
        })
    }
}

/// Clocks that stand still, each at its own time.
struct Still;

impl Clocks for Still {
    fn now(&self, clock: Clock) -> Result<u64> {
        match clock {
            Clock::Realtime => Ok(1000),
            Clock::Monotonic => Ok(10),
            _ => Err(Errno::Inval.into()),
        }
    }

    fn resolution(&self, _clock: Clock) -> Result<u64> {
        Ok(1)
    }
}

/// A context whose descriptor 3 is the file.
fn ctx() -> WasiCtx {
    let ctx = WasiCtx::builder().clocks(Arc::new(Still)).build().unwrap();
    let file = Object::File(Arc::new(Numbered));
    let entry = Entry::new(file, FdFlags::empty(), Rights::all(), Rights::all());
    ctx.table().insert(entry).unwrap();
    ctx
}

fn word(memory: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(memory[at..at + 8].try_into().unwrap())
}

#[test]
fn fd_seek_whence_numbers_of_each_snapshot() {
    // Where a seek by 10 from 20 leads: from the start, from here, from the end.
    let (start, here, end) = (10, 30, 110);
    for (whence, in_0, in_1) in [(0, here, start), (1, end, here), (2, start, end)] {
        let ctx = ctx();
        let mut bytes = [0; 64];
        let mut seek = |snapshot: u32, delta, whence| {
            let errno = complete(&ctx, |call| {
                let memory = &mut Memory::new(&mut bytes);
                match snapshot {
                    0 => preview_0::fd_seek(call, memory, 3, delta, whence, 8),
                    _ => preview_1::fd_seek(call, memory, 3, delta, whence, 8),
                }
            });
            assert_eq!(errno, Ok(0));
            word(&bytes, 8)
        };
        assert_eq!(seek(1, 20, 0), 20);
        assert_eq!(seek(0, 10, whence), in_0, "preview 0, {whence}");
        assert_eq!(seek(1, 20, 0), 20);
        assert_eq!(seek(1, 10, whence), in_1, "preview 1, {whence}");
    }
}

#[test]
fn fd_filestat_get_layout_of_each_snapshot() {
    let ctx = ctx();
    let mut bytes = [0xee; 80];
    let errno = complete(&ctx, |call| {
        preview_0::fd_filestat_get(call, &mut Memory::new(&mut bytes), 3, 8)
    });
    assert_eq!(errno, Ok(0));
    assert_eq!(
        (word(&bytes, 8), word(&bytes, 16), bytes[24]),
        (1, 2, 4),
        "device, inode, type"
    );
    assert_eq!(bytes[28..32], [3, 0, 0, 0], "links");
    assert_eq!([32, 40, 48, 56].map(|at| word(&bytes, at)), [100, 5, 6, 7]);
    assert_eq!(bytes[64..], [0xee; 16], "56 bytes and no more");

    let mut bytes = [0xee; 80];
    let errno = complete(&ctx, |call| {
        preview_1::fd_filestat_get(call, &mut Memory::new(&mut bytes), 3, 8)
    });
    assert_eq!(errno, Ok(0));
    assert_eq!(
        [32, 40, 48, 56, 64].map(|at| word(&bytes, at)),
        [3, 100, 5, 6, 7]
    );
    assert_eq!(bytes[72..], [0xee; 8], "64 bytes and no more");
}

/// Two subscriptions of preview 0 at 0: an absolute moment of the realtime clock that has come,
/// and the file to be read.
fn subscriptions() -> Vec<u8> {
    let mut bytes = vec![0; 256];
    let mut put = |at: usize, value: u64| bytes[at..at + 8].copy_from_slice(&value.to_le_bytes());
    put(0, 0x11);
    put(8, 0); // a clock
    put(16, 0xdead_beef); // the identifier that nobody reads
    put(24, 0); // realtime
    put(32, 900);
    put(40, 0);
    put(48, 1); // absolute
    put(56, 0x22);
    put(64, 1); // to read
    put(72, 3); // the file
    bytes
}

#[test]
fn poll_oneoff_subscriptions_of_56_bytes() {
    let ctx = ctx();
    let mut bytes = subscriptions();
    let errno = complete(&ctx, |call| {
        preview_0::poll_oneoff(call, &mut Memory::new(&mut bytes), 0, 128, 2, 248)
    });
    assert_eq!((errno, bytes[248]), (Ok(0), 2));
    assert_eq!((word(&bytes, 128), bytes[138]), (0x11, 0));
    assert_eq!(
        (word(&bytes, 160), bytes[170], word(&bytes, 176)),
        (0x22, 1, 100)
    );
}

#[test]
fn poll_oneoff_subscriptions_beyond_memory_trap() {
    let ctx = ctx();
    let mut bytes = subscriptions();
    // Two of 48 bytes would fit, two of 56 do not.
    let polled = complete(&ctx, |call| {
        preview_0::poll_oneoff(call, &mut Memory::new(&mut bytes[..104]), 0, 0, 2, 0)
    });
    assert!(polled.is_err());
}

/// Nobody comes to it.
struct Door;

impl Pollable for Door {
    fn readiness(&self, _: Interest) -> Result<Option<Ready>> {
        Ok(None)
    }
}

impl Listener for Door {}

#[test]
fn fd_fdstat_get_rights_that_the_snapshot_has() {
    let ctx = WasiCtx::builder().listener(Arc::new(Door)).build().unwrap();
    let mut bytes = [0xaa; 24];
    let mut stat = |snapshot: u32| {
        let got = complete(&ctx, |call| match snapshot {
            0 => preview_0::fd_fdstat_get(call, &mut Memory::new(&mut bytes), 3, 0),
            _ => preview_1::fd_fdstat_get(call, &mut Memory::new(&mut bytes), 3, 0),
        });
        assert_eq!(got, Ok(0));
        [word(&bytes, 8), word(&bytes, 16)].map(|rights| rights >> 29)
    };
    assert_eq!(stat(0), [0, 0], "preview 0 has 29 rights");
    assert_eq!(stat(1), [1, 1], "and preview 1 one more, to accept");
}
