//! Guests that are ended from outside.

use super::{
    BOTH, FUEL, INTERRUPTIBLE, LOOPS, New, PLAIN, STARTS, call, compile, instantiate, node,
    refused, serve,
};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};
use turnkey_snapshots::engine::{Engine, InstantiateError, Node, Value};
use turnkey_wasi_common::{Clock, Clocks, Errno, Interrupt, Pipe, Reason, Stop, Trap, WasiCtx};

/// Runs `guest` on a thread, and `meanwhile` here; panics if the guest does not end.
fn ends<R: Send + 'static>(
    what: &str,
    guest: impl FnOnce() -> R + Send + 'static,
    meanwhile: impl FnOnce(),
) -> R {
    let (told, ended) = mpsc::channel();
    std::thread::spawn(move || told.send(guest()));
    meanwhile();
    let outcome = ended.recv_timeout(Duration::from_secs(60));
    outcome.unwrap_or_else(|_| panic!("{what}: the guest has not ended within a minute"))
}

/// Does not come back: `read` waits for standard input, `sleep` for an hour to pass, and `serve`
/// has the host call a handler that loops.
const WAITS: &str = r#"(module
    (import "wasi_snapshot_preview1" "fd_read"
        (func $read (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "poll_oneoff"
        (func $poll (param i32 i32 i32 i32) (result i32)))
    (import "host" "serve" (func $serve))
    (memory (export "memory") 1)
    (data (i32.const 0) "\08\00\00\00\06\00\00\00")
    (func (export "read")
        (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 20))))
    (func (export "sleep")
        (i32.store (i32.const 80) (i32.const 1))
        (i64.store (i32.const 88) (i64.const 3_600_000_000_000))
        (drop (call $poll (i32.const 64) (i32.const 128) (i32.const 1) (i32.const 20))))
    (func (export "serve") (call $serve))
    (func (export "handler") (loop (br 0))))"#;

/// A clock that shows the time since it was made.
struct Stopwatch(Instant);

impl Clocks for Stopwatch {
    fn now(&self, _clock: Clock) -> turnkey_wasi_common::Result<u64> {
        let elapsed = self.0.elapsed().as_nanos();
        u64::try_from(elapsed).map_err(|_| Errno::Overflow.into())
    }

    fn resolution(&self, _clock: Clock) -> turnkey_wasi_common::Result<u64> {
        Ok(1)
    }
}

pub(super) fn check_interrupt(new: New<'_>) {
    for options in [INTERRUPTIBLE, BOTH] {
        let engine: Arc<dyn Engine> = new(options).into();
        let cases = [
            (LOOPS, "run"),
            (WAITS, "read"),
            (WAITS, "sleep"),
            (WAITS, "serve"),
            (STARTS, ""),
        ];
        for (text, function) in cases {
            for late in [true, false] {
                let what = format!("interrupt: {options:?}: {function}: late {late}: {text}");
                let interrupt = Interrupt::new();
                if !late {
                    interrupt.fire(Reason::Killed);
                }
                let (writer, stdin) = Pipe::new(1);
                let ctx = WasiCtx::builder()
                    .stdin(Arc::new(stdin))
                    .clocks(Arc::new(Stopwatch(Instant::now())))
                    .interrupt(interrupt.clone())
                    .build()
                    .unwrap();
                let node = Node {
                    functions: vec![serve()],
                    ..node(ctx)
                };
                let engine = Arc::clone(&engine);
                let guest = move || match compile(&*engine, text).instantiate(node) {
                    Ok(mut instance) => call(&mut *instance, function, &[]).unwrap_err(),
                    Err(InstantiateError::Stop(stop)) => stop,
                    Err(other) => panic!("{other:?}"),
                };
                let stop = ends(&what, guest, || {
                    std::thread::sleep(Duration::from_millis(30));
                    interrupt.fire(Reason::Timeout);
                });
                let reason = if late {
                    Reason::Timeout
                } else {
                    Reason::Killed
                };
                assert_eq!(stop, Stop::Trap(Trap::interrupted(reason)), "{what}");
                drop(writer);
            }
        }
    }
    for options in [PLAIN, FUEL] {
        let ctx = WasiCtx::builder().interrupt(Interrupt::new()).build();
        match refused(&*new(options), LOOPS, node(ctx.unwrap())) {
            InstantiateError::Link(message) => assert!(message.contains("interrupt"), "{message}"),
            other => panic!("interrupt: an engine that cannot answered {other:?}"),
        }
    }
}

pub(super) fn check_interrupt_ends_its_own_guest_only(new: New<'_>) {
    let engine: Arc<dyn Engine> = new(INTERRUPTIBLE).into();
    let fired = Interrupt::new();
    let counting = Arc::clone(&engine);
    let guest = move || {
        let ctx = WasiCtx::builder().interrupt(Interrupt::new()).build();
        let mut instance = instantiate(&*counting, LOOPS, node(ctx.unwrap()));
        call(&mut *instance, "count", &[Value::I32(50_000_000)])
    };
    let looping = Arc::clone(&engine);
    let interrupt = fired.clone();
    let counted = ends("interrupt of another", guest, || {
        let guest = move || {
            let ctx = WasiCtx::builder().interrupt(interrupt).build();
            let mut instance = instantiate(&*looping, LOOPS, node(ctx.unwrap()));
            call(&mut *instance, "run", &[])
        };
        let stop = ends("interrupt of one", guest, || fired.fire(Reason::Timeout));
        let expected = Err(Stop::Trap(Trap::interrupted(Reason::Timeout)));
        assert_eq!(stop, expected, "interrupt of one");
    });
    assert_eq!(
        counted,
        Ok(vec![Value::I32(50_000_000)]),
        "interrupt of another"
    );
}
