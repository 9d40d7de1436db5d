//! Guests that are a list of calls, and what records them.
#![allow(
    dead_code,
    reason = "each test that includes this uses the part that it needs"
)]

#[cfg(unix)]
pub(crate) mod host;

use std::io::{Cursor, Write};
use std::sync::{Arc, Mutex};
use turnkey_snapshots::{Memory, complete, preview_0, preview_1};
use turnkey_virt::{Divergence, LogError, Recorder, Replay};
use turnkey_wasi_common::function::Function;
use turnkey_wasi_common::{Builder, Stop, WasiCtx};

/// A log in memory.
#[derive(Clone, Default)]
pub(crate) struct Tape(Arc<Mutex<Vec<u8>>>);

impl Write for Tape {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Tape {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.0.lock().unwrap().clone()
    }
}

/// What a guest does next.
#[derive(Clone)]
pub(crate) enum Step {
    /// It calls a function.
    Call(&'static str, Vec<u64>),
    /// It writes into its own memory.
    Put(usize, Vec<u8>),
}

pub(crate) fn call(name: &'static str, args: &[u64]) -> Step {
    Step::Call(name, args.to_vec())
}

pub(crate) fn put(at: usize, bytes: impl AsRef<[u8]>) -> Step {
    Step::Put(at, bytes.as_ref().to_vec())
}

/// A list of buffers, as it lies in a guest's memory.
pub(crate) fn list(buffers: &[(u32, u32)]) -> Vec<u8> {
    let words = buffers.iter().flat_map(|(start, length)| [start, length]);
    words.flat_map(|word| word.to_le_bytes()).collect()
}

/// What a call answered, and the guest's memory after it.
pub(crate) type Seen = (Result<u64, Stop>, Vec<u8>);

/// The table of a snapshot.
pub(crate) fn table(snapshot: usize) -> &'static [Function] {
    match snapshot {
        0 => &preview_0::FUNCTIONS,
        _ => &preview_1::FUNCTIONS,
    }
}

/// Makes one call.
pub(crate) fn invoke(
    ctx: &WasiCtx,
    snapshot: usize,
    name: &str,
    args: &[u64],
    memory: &mut [u8],
) -> Result<u64, Stop> {
    let index = table(snapshot)
        .iter()
        .position(|function| function.name == name);
    let index = index.unwrap();
    complete(ctx, |call| {
        let memory = &mut Memory::new(memory);
        match snapshot {
            0 => preview_0::invoke(index, call, memory, args),
            _ => preview_1::invoke(index, call, memory, args),
        }
    })
}

/// Runs a guest with 64 KiB of memory.
pub(crate) fn run(ctx: &WasiCtx, snapshot: usize, steps: &[Step]) -> Vec<Seen> {
    let mut memory = vec![0xaa; 65536];
    let mut seen = Vec::new();
    for step in steps {
        match step {
            Step::Put(at, bytes) => memory[*at..at + bytes.len()].copy_from_slice(bytes),
            Step::Call(name, args) => {
                let answer = invoke(ctx, snapshot, name, args, &mut memory);
                seen.push((answer, memory.clone()));
            }
        }
    }
    seen
}

/// Runs a guest and records it: what it saw, and the log.
pub(crate) fn record(builder: Builder, snapshot: usize, steps: &[Step]) -> (Vec<Seen>, Vec<u8>) {
    let tape = Tape::default();
    let recorder = Arc::new(Recorder::new(tape.clone(), "a test").unwrap());
    let ctx = builder.filter(recorder.clone()).build().unwrap();
    let seen = run(&ctx, snapshot, steps);
    recorder.finish().unwrap();
    (seen, tape.bytes())
}

pub(crate) fn open(log: &[u8]) -> Result<Replay, LogError> {
    Replay::open(Cursor::new(log.to_vec()))
}

/// Runs a guest against a log, with no host: what it saw, and whether that was all.
pub(crate) fn replay(
    replay: Replay,
    snapshot: usize,
    steps: &[Step],
) -> (Vec<Seen>, Result<(), Divergence>) {
    let replay = Arc::new(replay);
    let ctx = WasiCtx::builder().filter(replay.clone()).build().unwrap();
    let seen = run(&ctx, snapshot, steps);
    (seen, replay.finish())
}

/// Sees that two runs saw the same. A trap's message may be another.
pub(crate) fn assert_same(recorded: &[Seen], replayed: &[Seen]) {
    assert_eq!(recorded.len(), replayed.len());
    for (index, (was, is)) in recorded.iter().zip(replayed).enumerate() {
        let number = index + 1;
        match (&was.0, &is.0) {
            (Err(Stop::Trap(_)), Err(Stop::Trap(_))) => continue,
            (was, is) => assert_eq!(was, is, "call {number}"),
        }
        if was.1 != is.1 {
            let differs = was.1.iter().zip(&is.1).position(|(was, is)| was != is);
            panic!("memory after call {number} differs at {differs:?}");
        }
    }
}
