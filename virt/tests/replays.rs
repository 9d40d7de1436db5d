//! Recording on a host, and replaying without one.
#![cfg(all(test, unix))]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "what a test relies on besides what it tests may fail loudly"
)]

mod taped;

use std::collections::BTreeSet;
use std::io::{IoSliceMut, Write};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use taped::host::Host;
use taped::{Step, Tape, assert_same, call, invoke, list, open, put, record, replay, table};
use turnkey_cap_backends::{HostSocket, builder};
use turnkey_virt::Recorder;
use turnkey_wasi_common::{
    Builder, Errno, Filter, Interest, Interrupt, Invocation, Pipe, PipeReader, Pollable, Random,
    Ready, Reason, Stop, Stream, Verdict, WasiCtx,
};

const ALL: u64 = (1 << 30) - 1;

/// A guest that calls every function with success. Its files are `new/file` and what that becomes.
fn everything(snapshot: usize) -> Vec<Step> {
    // A subscription to a moment of the monotonic clock, a millisecond from now, and one to
    // descriptor 0.
    let mut subscriptions = vec![0; 112];
    let (clock, timeout, size) = match snapshot {
        0 => (24, 32, 56),
        _ => (16, 24, 48),
    };
    subscriptions[clock] = 1;
    subscriptions[timeout..timeout + 4].copy_from_slice(&1_000_000_u32.to_le_bytes());
    let start = if snapshot == 0 { 2 } else { 0 };
    let path = |text: &'static str| (put(2000, text), [2000, text.len() as u64]);
    let rights = if snapshot == 0 { ALL >> 1 } else { ALL };
    let (new, [p, new_length]) = path("new");
    let (file, [_, file_length]) = path("new/file");
    let mut steps = vec![
        call("args_sizes_get", &[0, 4]),
        call("args_get", &[16, 64]),
        call("environ_sizes_get", &[200, 204]),
        call("environ_get", &[208, 240]),
        call("clock_res_get", &[0, 304]),
        call("clock_time_get", &[1, 0, 312]),
        call("clock_time_get", &[0, 1000, 320]),
        call("random_get", &[401, 333]),
        call("sched_yield", &[]),
        call("fd_prestat_get", &[3, 840]),
        call("fd_prestat_dir_name", &[3, 851, 5]),
        call("fd_prestat_dir_name", &[3, 861, 500]),
        new,
        call("path_create_directory", &[3, p, new_length]),
        file,
        // It is 6.
        call(
            "path_open",
            &[3, 0, p, file_length, 1, rights, rights, 0, 1400],
        ),
        put(1500, "what is written into the file"),
        put(1600, list(&[(1500, 4), (1510, 0), (1504, 25)])),
        call("fd_write", &[6, 1600, 3, 1404]),
        call("fd_pwrite", &[6, 1600, 2, 100, 1404]),
        call("fd_seek", &[6, 3, start, 1408]),
        call("fd_tell", &[6, 1408]),
        put(1600, list(&[(1700, 4), (1710, 0), (1750, 70)])),
        call("fd_read", &[6, 1600, 3, 1416]),
        call("fd_pread", &[6, 1600, 3, 2, 1416]),
        call("fd_read", &[0, 1600, 3, 1416]),
        call("fd_advise", &[6, 0, 10, 0]),
        call("fd_allocate", &[6, 0, 10]),
        call("fd_datasync", &[6]),
        call("fd_sync", &[6]),
        call("fd_fdstat_get", &[6, 1424]),
        call("fd_fdstat_set_flags", &[6, 1]),
        call("fd_fdstat_set_rights", &[6, 0x08e0_01ff, 0]),
        call("fd_filestat_get", &[6, 1904]),
        call("fd_filestat_set_size", &[6, 77]),
        call("fd_filestat_set_times", &[6, 5, 7, 5]),
        call("fd_readdir", &[3, 3000, 2000, 0, 1416]),
        call("fd_readdir", &[3, 3000, 30, 0, 1416]),
        call("path_filestat_get", &[3, 0, p, file_length, 1904]),
        call("path_filestat_set_times", &[3, 0, p, file_length, 1, 2, 5]),
        put(2100, "hard"),
        call("path_link", &[3, 0, p, file_length, 3, 2100, 4]),
        put(2200, "soft"),
        call("path_symlink", &[2100, 4, 3, 2200, 4]),
        call("path_readlink", &[3, 2200, 4, 2300, 100, 1416]),
        call("path_readlink", &[3, 2200, 4, 2300, 2, 1416]),
        call("path_rename", &[3, 2100, 4, 3, 2200, 4]),
        call("path_unlink_file", &[3, 2200, 4]),
        call("path_unlink_file", &[3, p, file_length]),
        call("path_remove_directory", &[3, p, new_length]),
        call("fd_renumber", &[6, 1]),
        call("fd_close", &[1]),
        put(4000, subscriptions),
        call("poll_oneoff", &[4000, 4200, 1, 1416]),
        put(4000 + size + 8, [1]),
        call("poll_oneoff", &[4000, 4200, 2, 1416]),
        put(1600, list(&[(1700, 4), (1710, 0), (1750, 70)])),
        call("sock_recv", &[5, 1600, 3, 0, 1416, 1420]),
        call("sock_send", &[5, 1600, 3, 0, 1416]),
        call("sock_shutdown", &[5, 2]),
        call("proc_raise", &[0]),
        call("proc_exit", &[42]),
    ];
    if snapshot == 1 {
        steps.insert(0, call("sock_accept", &[4, 0, 1412]));
        steps.insert(1, call("fd_close", &[6]));
    }
    steps
}

#[test]
fn replay_every_function_of_both_snapshots_byte_identical() {
    for snapshot in [0, 1] {
        let steps = everything(snapshot);
        let (host, builder) = Host::new();
        let (recorded, log) = record(builder, snapshot, &steps);
        drop(host);
        let names = steps.iter().filter_map(|step| match step {
            Step::Call(name, _) => Some(*name),
            Step::Put(..) => None,
        });
        let mut succeeded = BTreeSet::new();
        for (name, (answer, _)) in names.zip(&recorded) {
            match answer {
                Ok(0) | Err(Stop::Exit(42)) => succeeded.insert(name),
                other => panic!("preview {snapshot}, {name}: {other:?}"),
            };
        }
        let all = table(snapshot).iter().map(|function| function.name);
        assert_eq!(succeeded, all.collect());

        let tape = open(&log).unwrap();
        assert_eq!(
            (tape.label(), tape.calls()),
            (&b"a test"[..], recorded.len() as u64)
        );
        let (replayed, finished) = replay(tape, snapshot, &steps);
        assert_eq!(finished, Ok(()), "preview {snapshot}");
        assert_same(&recorded, &replayed);
        assert!(log.len() < 2600, "the log takes {} bytes", log.len());
    }
}

/// Records a guest on a host, and sees that its replay is the same; answers what it saw.
fn check(builder: Builder, steps: &[Step]) -> Vec<taped::Seen> {
    let (recorded, log) = record(builder, 1, steps);
    let (replayed, finished) = replay(open(&log).unwrap(), 1, steps);
    assert_eq!(finished, Ok(()));
    assert_same(&recorded, &replayed);
    recorded
}

fn reading(text: &[u8]) -> Builder {
    builder().stdin(Arc::new(PipeReader::of(text)))
}

#[test]
fn replay_buffers_in_every_other_one_byte_identical() {
    let text: Vec<u8> = (1..=100).collect();
    type List = Vec<(u32, u32)>;
    let cases: [(&str, u64, List); 7] = [
        (
            "apart and out of order",
            900,
            vec![(400, 5), (300, 3), (0, 0), (350, 4)],
        ),
        ("overlapping", 900, vec![(400, 5), (402, 8), (398, 4)]),
        ("over their own list", 900, vec![(96, 40), (400, 30)]),
        ("over the count", 402, vec![(400, 5), (410, 9)]),
        ("the count over the list", 100, vec![(400, 5), (410, 9)]),
        (
            "more than there is",
            900,
            vec![(400, 60), (500, 60), (300, 60)],
        ),
        (
            "one byte each, twice the most",
            30000,
            (0..2048).map(|at| (20000 + at, 1)).collect(),
        ),
    ];
    for (what, count, buffers) in cases {
        let read = [100, buffers.len() as u64];
        let steps = [
            put(100, list(&buffers)),
            call("fd_read", &[0, read[0], read[1], count & !3]),
        ];
        let seen = check(reading(&text), &steps);
        assert_eq!(seen[0].0, Ok(0), "{what}");
    }
}

#[test]
fn replay_one_result_over_the_other_byte_identical() {
    let (mine, mut theirs) = UnixStream::pair().unwrap();
    theirs.write_all(&[7; 300]).unwrap();
    let socket = || Arc::new(HostSocket::new(mine.try_clone().unwrap()));
    let steps = [
        put(100, list(&[(400, 258)])),
        call("sock_recv", &[3, 100, 1, 0, 900, 900]),
    ];
    let seen = check(builder().socket(socket()), &steps);
    assert_eq!((&seen[0].0, seen[0].1[657]), (&Ok(0), 7));
}

#[test]
fn replay_written_data_under_the_count_goes_on() {
    let steps = [
        put(100, list(&[(400, 8), (96, 40), (100, 12)])),
        put(400, "12345678"),
        call("fd_write", &[1, 100, 3, 404]),
        call("fd_write", &[1, 100, 3, 104]),
    ];
    let seen = check(builder(), &steps);
    assert!(seen.iter().all(|(answer, _)| *answer == Ok(0)));
}

#[test]
fn replay_a_call_that_waited_does_not_wait() {
    let (writer, reader) = Pipe::new(64);
    let sender = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(30));
        writer.send(b"late").unwrap();
    });
    let steps = [
        put(100, list(&[(400, 8)])),
        call("fd_read", &[0, 100, 1, 900]),
    ];
    let (recorded, log) = record(builder().stdin(Arc::new(reader)), 1, &steps);
    sender.join().unwrap();
    assert_eq!(recorded[0].1[400..404], *b"late");
    // The context that replays has nothing to read from; a wait would answer the end.
    let tape = open(&log).unwrap();
    assert_eq!(tape.calls(), 1);
    let (replayed, finished) = replay(tape, 1, &steps);
    assert_eq!(finished, Ok(()));
    assert_same(&recorded, &replayed);
}

#[test]
fn replay_a_guest_ended_in_a_wait_is_ended_again() {
    let (_writer, reader) = Pipe::new(64);
    let interrupt = Interrupt::new();
    interrupt.fire(Reason::Timeout);
    let builder = builder().stdin(Arc::new(reader)).interrupt(interrupt);
    let steps = [
        put(100, list(&[(400, 8)])),
        call("fd_read", &[0, 100, 1, 900]),
    ];
    let (recorded, log) = record(builder, 1, &steps);
    assert!(matches!(&recorded[0].0, Err(Stop::Trap(_))));
    let (replayed, finished) = replay(open(&log).unwrap(), 1, &steps);
    assert_eq!(finished, Ok(()));
    let told = replayed[0].0.as_ref().unwrap_err().to_string();
    assert_eq!(told, "fd_read ended the guest when it was recorded");
}

/// A source of randomness that fails when it has filled the first of its chunks.
struct Failing(AtomicUsize);

impl Random for Failing {
    fn fill(&self, bytes: &mut [u8]) -> turnkey_wasi_common::Result<()> {
        bytes.fill(9);
        match self.0.fetch_add(1, Ordering::Relaxed) {
            0 => Ok(()),
            _ => Err(Errno::Io.into()),
        }
    }
}

#[test]
fn replay_what_a_failed_call_wrote_byte_identical() {
    let ctx = |filter: Arc<dyn Filter>| {
        let failing = Failing(AtomicUsize::new(0));
        let builder = WasiCtx::builder().random(Arc::new(failing)).filter(filter);
        builder.build().unwrap()
    };
    let tape = Tape::default();
    let recorder = Arc::new(Recorder::new(tape.clone(), b"").unwrap());
    let draw = |ctx: &WasiCtx| {
        let mut memory = vec![0; 4 << 20];
        let answer = invoke(ctx, 1, "random_get", &[50, 3 << 20], &mut memory);
        assert_eq!(answer, Ok(u64::from(Errno::Io.number())));
        memory
    };
    let recorded = draw(&ctx(recorder.clone()));
    recorder.finish().unwrap();
    assert_eq!(
        (
            recorded[50],
            recorded[50 + (1 << 20)],
            recorded[50 + (2 << 20)]
        ),
        (9, 9, 0)
    );
    let tape = Arc::new(open(&tape.bytes()).unwrap());
    assert!(draw(&ctx(tape.clone())) == recorded);
    assert_eq!(tape.finish(), Ok(()));
}

/// A stream that fails when it has filled a part of the buffer.
struct Torn;

impl Pollable for Torn {
    fn readiness(&self, _: Interest) -> turnkey_wasi_common::Result<Option<Ready>> {
        Ok(None)
    }
}

impl Stream for Torn {
    fn read(&self, buffers: &mut [IoSliceMut<'_>]) -> turnkey_wasi_common::Result<usize> {
        buffers[0][..3].copy_from_slice(b"rag");
        Err(Errno::Io.into())
    }
}

#[test]
fn replay_what_a_failed_read_wrote_byte_identical() {
    let steps = [
        put(100, list(&[(400, 8), (500, 8)])),
        call("fd_read", &[0, 100, 2, 80]),
    ];
    let seen = check(builder().stdin(Arc::new(Torn)), &steps);
    assert_eq!(seen[0].0, Ok(u64::from(Errno::Io.number())));
    assert_eq!(seen[0].1[400..404], *b"rag\xaa");
}

/// Answers what the host behind it would not.
struct Liar;

impl Filter for Liar {
    fn before(&self, call: &Invocation<'_>, memory: &mut [u8]) -> Verdict {
        match call.function.name {
            "args_get" => {
                memory[500..508].copy_from_slice(b"a lie!!!");
                memory[16..20].copy_from_slice(&500_u32.to_le_bytes());
                Verdict::Deny(Errno::Success)
            }
            "clock_time_get" => Verdict::Deny(Errno::Acces),
            _ => Verdict::Continue,
        }
    }

    fn after(&self, call: &Invocation<'_>, memory: &mut [u8], errno: Option<Errno>) {
        if call.function.name == "random_get" && errno == Some(Errno::Success) {
            memory[call.args[0] as usize] = 4;
        }
    }
}

#[test]
fn replay_what_filters_behind_answered_byte_identical() {
    let tape = Tape::default();
    let recorder = Arc::new(Recorder::new(tape.clone(), b"").unwrap());
    let builder = builder().filter(recorder.clone()).filter(Arc::new(Liar));
    let steps = [
        call("args_get", &[16, 300]),
        call("clock_time_get", &[0, 0, 16]),
        call("random_get", &[16, 2]),
    ];
    let recorded = taped::run(&builder.build().unwrap(), 1, &steps);
    recorder.finish().unwrap();
    assert_eq!(recorded[0].1[500..508], *b"a lie!!!");
    assert_eq!((&recorded[1].0, recorded[2].1[16]), (&Ok(2), 4));
    let (replayed, finished) = replay(open(&tape.bytes()).unwrap(), 1, &steps);
    assert_eq!(finished, Ok(()));
    assert_same(&recorded, &replayed);
}
