//! Recorded on one engine, replayed on another.
#![cfg(test)]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what a test relies on besides what it tests may fail loudly"
)]

mod taped;

use std::sync::Arc;
use taped::{Tape, open};
use turnkey_snapshots::engine::{Engine, EngineOptions, Limits, Node};
use turnkey_virt::Recorder;
use turnkey_wasi_common::{Pipe, Stop, WasiCtx};

const OPTIONS: EngineOptions = EngineOptions {
    fuel: false,
    interruptible: true,
};

fn engines() -> Vec<Box<dyn Engine>> {
    vec![
        Box::new(turnkey_wasmtime::WasmtimeEngine::new(OPTIONS).unwrap()),
        Box::new(turnkey_wasmi::WasmiEngine::new(OPTIONS)),
    ]
}

/// It asks for the time and for chance, waits for input, grows its memory, draws into what is new,
/// writes what it has, and exits with a code that depends on all of it.
const GUEST: &str = r#"(module
    (import "wasi_snapshot_preview1" "args_get" (func $args (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "clock_time_get"
        (func $now (param i32 i64 i32) (result i32)))
    (import "wasi_snapshot_preview1" "random_get" (func $draw (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_read"
        (func $read (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write"
        (func $write (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 1)
    (data (i32.const 64) "\00\02\00\00\20\00\00\00")
    (func (export "_start") (local $at i32) (local $sum i32)
        (drop (call $args (i32.const 1024) (i32.const 1040)))
        (drop (call $now (i32.const 1) (i64.const 0) (i32.const 0)))
        (drop (call $read (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 16)))
        (local.set $at (i32.mul (memory.grow (i32.const 2)) (i32.const 65536)))
        (drop (call $draw (i32.add (local.get $at) (i32.const 60000)) (i32.const 70000)))
        (drop (call $write (i32.const 1) (i32.const 64) (i32.const 1) (i32.const 24)))
        (local.set $at (i32.const 0))
        (loop $more
            (local.set $sum (i32.add
                (i32.mul (local.get $sum) (i32.const 31))
                (i32.load8_u (local.get $at))))
            (br_if $more (i32.lt_u
                (local.tee $at (i32.add (local.get $at) (i32.const 1)))
                (i32.const 196608))))
        (call $exit (local.get $sum))))"#;

/// Runs the guest; answers its exit code and its memory.
fn run(engine: &dyn Engine, ctx: WasiCtx) -> (Stop, Vec<u8>) {
    let module = engine.compile(&wat::parse_str(GUEST).unwrap()).unwrap();
    let node = Node {
        ctx,
        functions: Vec::new(),
        limits: Limits::default(),
    };
    let mut guest = module.instantiate(node).unwrap();
    let start = guest.export("_start").unwrap();
    let stop = guest.call(start, &[], &mut []).unwrap_err();
    (stop, guest.memory().unwrap().to_vec())
}

#[test]
fn replay_on_every_other_engine_byte_identical() {
    for recording in engines() {
        let tape = Tape::default();
        let recorder = Arc::new(Recorder::new(tape.clone(), recording.name()).unwrap());
        let (writer, reader) = Pipe::new(64);
        let typist = std::thread::spawn(move || writer.send(b"typed in at last").unwrap());
        let ctx = turnkey_cap_backends::builder()
            .args(["guest"])
            .stdin(Arc::new(reader))
            .filter(recorder.clone())
            .build()
            .unwrap();
        let recorded = run(&*recording, ctx);
        typist.join().unwrap();
        recorder.finish().unwrap();
        assert!(matches!(recorded.0, Stop::Exit(_)), "{:?}", recorded.0);
        assert_eq!(recorded.1[512..528], *b"typed in at last");

        for replaying in engines() {
            println!(
                "recorded on {}, replayed on {}",
                recording.name(),
                replaying.name()
            );
            let replay = Arc::new(open(&tape.bytes()).unwrap());
            assert_eq!(
                (replay.label(), replay.calls()),
                (recording.name().as_bytes(), 6)
            );
            let ctx = WasiCtx::builder().filter(replay.clone()).build().unwrap();
            let replayed = run(&*replaying, ctx);
            assert_eq!(replay.finish(), Ok(()));
            assert!(recorded == replayed, "{:?}, {:?}", recorded.0, replayed.0);
        }
    }
}
