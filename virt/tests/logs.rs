//! Logs that are whole, and those that are not.
#![cfg(test)]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what a test relies on besides what it tests may fail loudly"
)]

mod taped;

use std::io::{Cursor, Error, ErrorKind, Read, Seek, SeekFrom, Write};
use std::sync::{Arc, Mutex};
use taped::{Step, Tape, assert_same, call, invoke, list, open, put, record, replay, run};
use turnkey_virt::{Difference, LogError, RecordError, Recorder, Replay};
use turnkey_wasi_common::{PipeReader, Stop, WasiCtx};

/// A guest that reads, writes, fails and exits.
fn guest() -> Vec<Step> {
    vec![
        call("args_sizes_get", &[0, 4]),
        call("args_get", &[16, 64]),
        put(100, list(&[(400, 30), (500, 30)])),
        call("fd_read", &[0, 100, 2, 80]),
        call("fd_write", &[1, 100, 2, 80]),
        put(600, "a/path"),
        call("path_unlink_file", &[3, 600, 6]),
        call("random_get", &[70_000, 6]),
        call("proc_exit", &[3]),
    ]
}

fn recorded() -> (Vec<taped::Seen>, Vec<u8>) {
    let text: Vec<u8> = (0..50).collect();
    let builder = WasiCtx::builder()
        .args(["a", "bc"])
        .stdin(Arc::new(PipeReader::of(text)));
    record(builder, 1, &guest())
}

#[test]
fn open_truncated_anywhere_refused() {
    let (_, log) = recorded();
    let mut most = 0;
    for length in 0..log.len() {
        match open(&log[..length]).map(|_| ()) {
            Err(LogError::Truncated { calls }) => {
                assert!(calls >= most, "{calls} calls in {length} bytes");
                most = calls;
            }
            other => panic!("{length} bytes: {other:?}"),
        }
    }
    assert_eq!(most, 7);
    let told = open(&log[..log.len() - 1])
        .map(|_| ())
        .unwrap_err()
        .to_string();
    assert_eq!(
        told,
        "the log is truncated: it holds 7 whole calls, and its end is missing"
    );
}

#[test]
fn open_any_byte_changed_refused_or_the_same() {
    let (seen, log) = recorded();
    let mut refused = 0;
    for at in 0..log.len() {
        for change in [0x01, 0x10, 0x80, 0xff] {
            let mut changed = log.clone();
            changed[at] ^= change;
            let Ok(tape) = open(&changed) else {
                refused += 1;
                continue;
            };
            let (replayed, finished) = replay(tape, 1, &guest());
            assert_eq!(finished, Ok(()), "{change:#x} at {at}");
            assert_same(&seen, &replayed);
        }
    }
    assert!(refused > log.len() * 3, "{refused} of {}", log.len() * 4);
}

/// A log with another head, another body.
fn changed(change: impl FnOnce(&mut Vec<u8>)) -> String {
    let (_, mut log) = recorded();
    change(&mut log);
    open(&log).map(|_| ()).unwrap_err().to_string()
}

#[test]
fn open_what_is_no_log_of_this_version_named() {
    for foreign in [
        &b"\0asm\x01\0\0\0"[..],
        b"#!/bin/sh\necho",
        b"x",
        b"\x89TKLOG\n\n123",
    ] {
        let error = open(foreign).map(|_| ()).unwrap_err();
        assert!(matches!(error, LogError::Foreign), "{error:?}");
        assert_eq!(error.to_string(), "this is no Turnkey log");
    }
    assert_eq!(
        changed(|log| log[8] = 9),
        "the log is of version 9, and this Turnkey reads version 1"
    );
    assert_eq!(
        changed(|log| *log.last_mut().unwrap() ^= 1),
        "the log is damaged: its checksum does not fit, after 7 calls"
    );
    assert_eq!(
        changed(|log| log[14] ^= 1),
        "the log is damaged: its checksum does not fit, after 7 calls"
    );
    assert_eq!(
        changed(|log| log.push(0)),
        "the log is damaged: something follows its end, after 7 calls"
    );
}

#[test]
fn open_a_log_that_begins_later_in_its_source() {
    let (seen, log) = recorded();
    let mut source = Cursor::new([&b"before"[..], &log].concat());
    source.seek(SeekFrom::Start(6)).unwrap();
    let (replayed, finished) = replay(Replay::open(source).unwrap(), 1, &guest());
    assert_eq!(finished, Ok(()));
    assert_same(&seen, &replayed);
}

#[test]
fn open_truncated_forgiven_replays_the_whole_calls() {
    let tape = Tape::default();
    let recorder = Arc::new(Recorder::new(tape.clone(), b"crash").unwrap());
    let ctx = WasiCtx::builder().filter(recorder.clone()).build().unwrap();
    let steps = [call("sched_yield", &[]), call("fd_close", &[9])];
    let seen = run(&ctx, 1, &steps);
    drop((ctx, recorder));

    let log = Cursor::new(tape.bytes());
    let refused = Replay::open(log.clone()).map(|_| ()).unwrap_err();
    assert!(
        matches!(refused, LogError::Truncated { calls: 2 }),
        "{refused}"
    );
    let (replayed, finished) = replay(Replay::open_truncated(log.clone()).unwrap(), 1, &steps);
    assert_eq!(finished, Ok(()));
    assert_same(&seen, &replayed);
    let more = [&steps[..], &steps[..1]].concat();
    let (_, finished) = replay(Replay::open_truncated(log).unwrap(), 1, &more);
    let divergence = finished.unwrap_err();
    assert_eq!(
        (divergence.call, divergence.difference),
        (3, Difference::Extra)
    );
    let foreign = Replay::open_truncated(Cursor::new(b"no log"));
    assert!(matches!(foreign.map(|_| ()), Err(LogError::Foreign)));
}

/// A log that another process changes when it has been opened.
struct Changing(Arc<Mutex<Cursor<Vec<u8>>>>);

impl Read for Changing {
    fn read(&mut self, bytes: &mut [u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().read(bytes)
    }
}

impl Seek for Changing {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        let mut log = self.0.lock().unwrap();
        // It is sought when it was seen to be whole.
        if to == SeekFrom::Start(0) {
            log.get_mut().truncate(30);
        }
        log.seek(to)
    }
}

#[test]
fn replay_log_cut_after_it_was_opened_unreadable() {
    let (_, log) = recorded();
    let log = Arc::new(Mutex::new(Cursor::new(log)));
    let (seen, finished) = replay(Replay::open(Changing(log)).unwrap(), 1, &guest());
    let divergence = finished.unwrap_err();
    assert!(
        matches!(divergence.difference, Difference::Unreadable(_)),
        "{divergence}"
    );
    assert!(seen.iter().any(|(answer, _)| answer.is_err()));
}

/// A sink that takes so many bytes.
struct Full(Arc<Mutex<usize>>);

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let mut room = self.0.lock().unwrap();
        if *room == 0 {
            return Err(ErrorKind::StorageFull.into());
        }
        let taken = bytes.len().min(*room);
        *room -= taken;
        Ok(taken)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn finish_sink_failed_told_and_the_guest_went_on() {
    for room in 0..100_000 {
        let made = Recorder::new(Full(Arc::new(Mutex::new(room))), b"label");
        let Ok(recorder) = made else {
            assert!(room < 17);
            continue;
        };
        let recorder = Arc::new(recorder);
        let ctx = WasiCtx::builder().filter(recorder.clone()).build().unwrap();
        let seen = run(&ctx, 1, &guest());
        assert_eq!(seen.last().unwrap().0, Err(Stop::Exit(3)));
        match recorder.finish() {
            Ok(()) => {
                assert!(room > 50, "{room}");
                return;
            }
            Err(RecordError::Sink(error)) => assert_eq!(error.kind(), ErrorKind::StorageFull),
            Err(other) => panic!("{other}"),
        }
        assert!(matches!(recorder.finish(), Err(RecordError::Sink(_))));
    }
    panic!("no room is enough");
}

#[test]
fn before_sink_fails_within_a_run_nothing_recorded_any_more() {
    let room = Arc::new(Mutex::new(1000));
    let recorder = Arc::new(Recorder::new(Full(room.clone()), b"").unwrap());
    let ctx = turnkey_cap_backends::builder()
        .filter(recorder.clone())
        .build()
        .unwrap();
    let mut memory = vec![0; 1 << 20];
    for _ in 0..10 {
        assert_eq!(
            invoke(&ctx, 1, "random_get", &[0, 1 << 20], &mut memory),
            Ok(0)
        );
    }
    *room.lock().unwrap() = 1 << 30;
    assert_eq!(
        invoke(&ctx, 1, "random_get", &[0, 1 << 20], &mut memory),
        Ok(0)
    );
    assert_eq!(*room.lock().unwrap(), 1 << 30);
    assert!(matches!(recorder.finish(), Err(RecordError::Sink(_))));
}

#[test]
fn new_label_of_any_bytes_comes_back() {
    for label in [vec![], vec![0; 32], (0..=255).collect(), vec![7; 65535]] {
        let tape = Tape::default();
        let recorder = Recorder::new(tape.clone(), &label).unwrap();
        recorder.finish().unwrap();
        recorder.finish().unwrap();
        let replay = open(&tape.bytes()).unwrap();
        assert_eq!((replay.label(), replay.calls()), (&label[..], 0));
        assert_eq!(replay.finish(), Ok(()));
    }
    let refused = Recorder::new(Tape::default(), vec![0; 65536]).map(|_| ());
    assert!(matches!(refused, Err(RecordError::Label(65536))));
}

#[test]
fn finish_recorder_of_two_guests_at_once_overlap() {
    // A filter behind the recorder of one guest, in which the other guest calls.
    struct Meanwhile(Arc<Recorder>);
    impl turnkey_wasi_common::Filter for Meanwhile {
        fn before(
            &self,
            _: &turnkey_wasi_common::Invocation<'_>,
            _: &mut [u8],
        ) -> turnkey_wasi_common::Verdict {
            let other = WasiCtx::builder().filter(self.0.clone()).build().unwrap();
            assert_eq!(invoke(&other, 1, "sched_yield", &[], &mut []), Ok(0));
            turnkey_wasi_common::Verdict::Continue
        }
    }
    let tape = Tape::default();
    let recorder = Arc::new(Recorder::new(tape.clone(), b"").unwrap());
    let ctx = WasiCtx::builder()
        .filter(recorder.clone())
        .filter(Arc::new(Meanwhile(recorder.clone())))
        .build()
        .unwrap();
    assert_eq!(invoke(&ctx, 1, "fd_close", &[9], &mut []), Ok(8));
    assert!(matches!(recorder.finish(), Err(RecordError::Overlap)));
    assert!(matches!(
        open(&tape.bytes()),
        Err(LogError::Truncated { calls: 0 })
    ));
}

#[test]
fn replay_guests_one_after_the_other_on_one_log() {
    let tape = Tape::default();
    let recorder = Arc::new(Recorder::new(tape.clone(), b"").unwrap());
    let steps = [call("fd_close", &[1]), call("fd_close", &[1])];
    for _ in 0..2 {
        let ctx = WasiCtx::builder().filter(recorder.clone()).build().unwrap();
        assert_eq!(answers(run(&ctx, 1, &steps)), [0, 8]);
    }
    recorder.finish().unwrap();
    let replay = Arc::new(open(&tape.bytes()).unwrap());
    for _ in 0..2 {
        let ctx = WasiCtx::builder().filter(replay.clone()).build().unwrap();
        assert_eq!(answers(run(&ctx, 1, &steps)), [0, 8]);
    }
    assert_eq!(replay.finish(), Ok(()));
}

#[test]
fn finish_recorder_shared_by_threads_whole_log_or_overlap() {
    let mut overlaps = 0;
    for _ in 0..20 {
        let tape = Tape::default();
        let recorder = Arc::new(Recorder::new(tape.clone(), b"").unwrap());
        std::thread::scope(|scope| {
            for _ in 0..4 {
                let builder = WasiCtx::builder().filter(recorder.clone());
                scope.spawn(move || {
                    let ctx = builder.build().unwrap();
                    for _ in 0..50 {
                        assert_eq!(invoke(&ctx, 1, "sched_yield", &[], &mut []), Ok(0));
                    }
                });
            }
        });
        match (recorder.finish(), open(&tape.bytes())) {
            (Ok(()), Ok(replay)) => assert_eq!(replay.calls(), 200),
            (Err(RecordError::Overlap), Err(LogError::Truncated { calls })) => {
                assert!(calls < 200);
                overlaps += 1;
            }
            (finished, opened) => panic!("{finished:?}, {:?}", opened.map(|_| ())),
        }
    }
    println!("{overlaps} of 20 overlapped");
}

fn answers(seen: Vec<taped::Seen>) -> Vec<u64> {
    seen.into_iter()
        .map(|(answer, _)| answer.unwrap())
        .collect()
}

#[test]
fn open_source_that_fails_io() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(Error::other("the disk is gone"))
        }
    }
    impl Seek for Broken {
        fn seek(&mut self, _: SeekFrom) -> std::io::Result<u64> {
            Ok(0)
        }
    }
    let error = Replay::open(Broken).map(|_| ()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the log cannot be read: the disk is gone"
    );
}
