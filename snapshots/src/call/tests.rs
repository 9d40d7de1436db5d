use super::*;
use crate::preview_1;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use turnkey_wasi_common::{Clocks, Filter, Interrupt, Pipe, Random, Reason};

type Log = Arc<Mutex<Vec<String>>>;

/// Writes down what it sees, and refuses one function.
struct Witness {
    name: char,
    log: Log,
    refuses: &'static str,
}

impl Filter for Witness {
    fn before(&self, call: &Invocation<'_>, _memory: &mut [u8]) -> Verdict {
        let (name, function) = (self.name, call.function.name);
        self.log
            .lock()
            .unwrap()
            .push(format!("{name} before {function} {:?}", call.args));
        call.note.set(call.note.get() + 1);
        match function == self.refuses {
            true => Verdict::Deny(Errno::Acces),
            false => Verdict::Continue,
        }
    }

    fn after(&self, call: &Invocation<'_>, _memory: &mut [u8], errno: Option<Errno>) {
        let (name, errno) = (self.name, errno.map(Errno::name));
        // Kept from this filter's own `before`.
        assert_eq!(call.note.get(), 1);
        self.log
            .lock()
            .unwrap()
            .push(format!("{name} after {errno:?}"));
    }
}

fn witness(name: char, log: &Log, refuses: &'static str) -> Arc<dyn Filter> {
    let log = Arc::clone(log);
    Arc::new(Witness { name, log, refuses })
}

fn told(log: &Log) -> Vec<String> {
    std::mem::take(&mut log.lock().unwrap())
}

#[test]
fn filters_see_a_call_from_outside_in_and_back() {
    let log = Log::default();
    let ctx = WasiCtx::builder()
        .filter(witness('a', &log, ""))
        .filter(witness('b', &log, "fd_sync"))
        .filter(witness('c', &log, "sched_yield"))
        .build()
        .unwrap();
    let yielded = complete(&ctx, |call| {
        preview_1::sched_yield(call, &mut Memory::new(&mut []))
    });
    assert_eq!(yielded, Ok(2));
    let expected = [
        "a before sched_yield []",
        "b before sched_yield []",
        "c before sched_yield []",
        "b after Some(\"acces\")",
        "a after Some(\"acces\")",
    ];
    assert_eq!(told(&log), expected);

    // Behind the one that refuses nobody sees the call.
    let synced = complete(&ctx, |call| {
        preview_1::fd_sync(call, &mut Memory::new(&mut []), -1)
    });
    assert_eq!(synced, Ok(2));
    let expected = [
        "a before fd_sync [4294967295]",
        "b before fd_sync [4294967295]",
        "a after Some(\"acces\")",
    ];
    assert_eq!(told(&log), expected);

    let exited = complete(&ctx, |call| {
        preview_1::proc_exit(call, &mut Memory::new(&mut []), 7)
    });
    assert_eq!(exited, Err(Stop::Exit(7)));
    assert_eq!(
        told(&log)[3..],
        ["c after None", "b after None", "a after None"]
    );
}

#[test]
fn filters_call_that_waits_seen_once() {
    let log = Log::default();
    let (writer, reader) = Pipe::new(8);
    let ctx = WasiCtx::builder()
        .stdin(Arc::new(reader))
        .filter(witness('a', &log, ""))
        .build()
        .unwrap();
    let mut memory = vec![0; 65536];
    memory[4] = 8;
    let mut state = CallState::new();
    let mut attempt = |state: &mut CallState| {
        let mut call = Call::new(&ctx, state);
        preview_1::fd_read(&mut call, &mut Memory::new(&mut memory), 0, 0, 1, 8)
    };
    for _ in 0..3 {
        let _ = attempt(&mut state);
        let wait = state.take_wait().unwrap();
        assert!(!wait.any_ready());
    }
    writer.send(b"x").unwrap();
    assert_eq!(attempt(&mut state), Ok(0));
    assert!(state.take_wait().is_none());
    assert_eq!(
        told(&log),
        ["a before fd_read [0, 0, 1, 8]", "a after Some(\"success\")"]
    );
}

#[test]
fn filters_guest_ended_while_it_waits_told() {
    let log = Log::default();
    let (_writer, reader) = Pipe::new(8);
    let interrupt = Interrupt::new();
    let ctx = WasiCtx::builder()
        .stdin(Arc::new(reader))
        .interrupt(interrupt.clone())
        .filter(witness('a', &log, ""))
        .build()
        .unwrap();
    let mut memory = vec![0; 65536];
    memory[4] = 8;
    let killer = std::thread::spawn(move || interrupt.fire(Reason::Killed));
    let ended = complete(&ctx, |call| {
        preview_1::fd_read(call, &mut Memory::new(&mut memory), 0, 0, 1, 8)
    });
    killer.join().unwrap();
    assert!(matches!(ended, Err(Stop::Trap(_))), "{ended:?}");
    assert_eq!(
        told(&log),
        ["a before fd_read [0, 0, 1, 8]", "a after None"]
    );
}

/// Randomness that says why there is none.
struct Spent;

impl Random for Spent {
    fn fill(&self, _bytes: &mut [u8]) -> turnkey_wasi_common::Result<()> {
        Err(turnkey_wasi_common::Error::from(Errno::Io).context("the source is spent"))
    }
}

/// Keeps what there is to say of the last call.
#[derive(Default)]
struct Remarks(Mutex<Option<String>>);

impl Filter for Remarks {
    fn after(&self, call: &Invocation<'_>, _memory: &mut [u8], _errno: Option<Errno>) {
        *self.0.lock().unwrap() = call.remark.map(str::to_owned);
    }
}

#[test]
fn filters_context_of_an_error_reaches_them() {
    let remarks = Arc::new(Remarks::default());
    let ctx = WasiCtx::builder()
        .random(Arc::new(Spent))
        .filter(remarks.clone())
        .build()
        .unwrap();
    let mut memory = [0; 8];
    let answer = complete(&ctx, |call| {
        preview_1::random_get(call, &mut Memory::new(&mut memory), 0, 8)
    });
    assert_eq!(answer, Ok(29));
    assert_eq!(
        remarks.0.lock().unwrap().as_deref(),
        Some("the source is spent")
    );
}

#[test]
fn filters_refuse_to_exit_trap() {
    let log = Log::default();
    let ctx = WasiCtx::builder()
        .filter(witness('a', &log, "proc_exit"))
        .build()
        .unwrap();
    let refused = complete(&ctx, |call| {
        preview_1::proc_exit(call, &mut Memory::new(&mut []), 0)
    });
    let kind = match &refused {
        Err(Stop::Trap(trap)) => Some(trap.kind()),
        _ => None,
    };
    assert_eq!(kind, Some(TrapKind::Refused), "{refused:?}");
}

/// Time that passes only where somebody waits for it.
#[derive(Clone, Default)]
struct Virtual(Arc<std::sync::atomic::AtomicU64>);

impl Clocks for Virtual {
    fn now(&self, _clock: Clock) -> turnkey_wasi_common::Result<u64> {
        Ok(self.0.load(std::sync::atomic::Ordering::Relaxed))
    }

    fn resolution(&self, _clock: Clock) -> turnkey_wasi_common::Result<u64> {
        Ok(1)
    }
}

impl turnkey_wasi_common::BlockingWait for Virtual {
    /// Comes back early, as it may: after half of the time.
    fn wait(&self, wait: &Wait, clocks: &dyn Clocks) -> turnkey_wasi_common::Result<()> {
        let left = wait.remaining(clocks)?.unwrap();
        self.0
            .fetch_add(left.div_ceil(2), std::sync::atomic::Ordering::Relaxed);
        Ok(())
    }
}

fn slow(delay: Duration) -> Arc<dyn Filter> {
    Arc::new(turnkey_wasi_common::before(move |_, _| {
        Verdict::Delay(delay)
    }))
}

fn yielded(ctx: &WasiCtx) -> Result<i32, Stop> {
    complete(ctx, |call| {
        preview_1::sched_yield(call, &mut Memory::new(&mut []))
    })
}

#[test]
fn filters_delay_call_waits_and_each_is_asked_once() {
    let (log, time) = (Log::default(), Virtual::default());
    let ctx = WasiCtx::builder()
        .clocks(Arc::new(time.clone()))
        .waiter(Arc::new(time.clone()))
        .filter(witness('a', &log, ""))
        .filter(slow(Duration::from_nanos(700)))
        .filter(witness('b', &log, ""))
        .filter(slow(Duration::from_nanos(301)))
        .filter(slow(Duration::ZERO))
        .build()
        .unwrap();
    assert_eq!(yielded(&ctx), Ok(0));
    assert_eq!(time.now(Clock::Monotonic), Ok(1001));
    let expected = [
        "a before sched_yield []",
        "b before sched_yield []",
        "b after Some(\"success\")",
        "a after Some(\"success\")",
    ];
    assert_eq!(told(&log), expected);
}

#[test]
fn filters_delay_without_a_clock_traps() {
    let log = Log::default();
    let ctx = WasiCtx::builder()
        .filter(witness('a', &log, ""))
        .filter(slow(Duration::ZERO))
        .build()
        .unwrap();
    match yielded(&ctx) {
        Err(Stop::Trap(trap)) => assert_eq!(trap.kind(), TrapKind::Host, "{trap}"),
        other => panic!("{other:?}"),
    }
    assert_eq!(told(&log).last().unwrap(), "a after None");
}

#[test]
fn filters_delay_interrupted_ends_the_guest() {
    let log = Log::default();
    let interrupt = Interrupt::new();
    let ctx = WasiCtx::builder()
        .clocks(Arc::new(Virtual::default()))
        .interrupt(interrupt.clone())
        .filter(witness('a', &log, ""))
        .filter(slow(Duration::MAX))
        .filter(witness('b', &log, ""))
        .build()
        .unwrap();
    let killer = std::thread::spawn(move || interrupt.fire(Reason::Killed));
    let ended = yielded(&ctx);
    killer.join().unwrap();
    assert!(
        matches!(&ended, Err(Stop::Trap(trap)) if trap.kind() == TrapKind::Interrupted(Reason::Killed)),
        "{ended:?}"
    );
    assert_eq!(
        told(&log),
        ["a before sched_yield []", "a after None"],
        "the second was never asked"
    );
}

#[test]
fn filters_final_verdicts_end_as_they_say_and_are_told() {
    let trap = Trap::new(TrapKind::Refused, "no");
    let cases = [
        (Verdict::Deny(Errno::Acces), Ok(2)),
        (Verdict::Answer(Errno::Success), Ok(0)),
        (Verdict::Exit(9), Err(Stop::Exit(9))),
        (Verdict::Trap(trap.clone()), Err(Stop::Trap(trap))),
    ];
    for (verdict, expected) in cases {
        let decided = Arc::new(Mutex::new(None));
        let (seen, given) = (Arc::clone(&decided), verdict.clone());
        let ctx = WasiCtx::builder()
            .filter(Arc::new(turnkey_wasi_common::after(move |call, _, _| {
                *seen.lock().unwrap() = call.decided.cloned();
            })))
            .filter(Arc::new(turnkey_wasi_common::before(move |_, _| {
                given.clone()
            })))
            .build()
            .unwrap();
        assert_eq!(yielded(&ctx), expected);
        assert_eq!(*decided.lock().unwrap(), Some(verdict));
    }
}

/// Carries every call out itself, and lets the guest have what comes of it.
struct Forward(Log);

impl Filter for Forward {
    fn before(&self, call: &Invocation<'_>, memory: &mut [u8]) -> Verdict {
        let outcome = call.original.unwrap().forward(memory);
        self.0.lock().unwrap().push(format!("{outcome:?}"));
        outcome.map_or_else(Verdict::from, Verdict::Answer)
    }
}

#[test]
fn forward_filters_behind_see_the_call_and_those_before_its_end() {
    let log = Log::default();
    let ctx = WasiCtx::builder()
        .filter(witness('a', &log, ""))
        .filter(Arc::new(Forward(Arc::clone(&log))))
        .filter(witness('b', &log, "fd_sync"))
        .filter(witness('c', &log, ""))
        .build()
        .unwrap();
    let yielded = complete(&ctx, |call| {
        preview_1::sched_yield(call, &mut Memory::new(&mut []))
    });
    assert_eq!(yielded, Ok(0));
    let expected = [
        "a before sched_yield []",
        "b before sched_yield []",
        "c before sched_yield []",
        "c after Some(\"success\")",
        "b after Some(\"success\")",
        "Ok(Success)",
        "a after Some(\"success\")",
    ];
    assert_eq!(told(&log), expected);

    let synced = complete(&ctx, |call| {
        preview_1::fd_sync(call, &mut Memory::new(&mut []), 1)
    });
    assert_eq!(synced, Ok(2));
    assert_eq!(told(&log)[2..], ["Ok(Acces)", "a after Some(\"acces\")"]);

    let exited = complete(&ctx, |call| {
        preview_1::proc_exit(call, &mut Memory::new(&mut []), 7)
    });
    assert_eq!(exited, Err(Stop::Exit(7)));
    assert_eq!(told(&log)[5..], ["Err(Exit(7))", "a after None"]);
}

#[test]
fn forward_call_that_waits_ended_by_what_it_waits_for_or_by_the_interrupt() {
    for interrupted in [false, true] {
        let log = Log::default();
        let (writer, reader) = Pipe::new(8);
        let interrupt = Interrupt::new();
        let ctx = WasiCtx::builder()
            .stdin(Arc::new(reader))
            .interrupt(interrupt.clone())
            .filter(Arc::new(Forward(Arc::clone(&log))))
            .filter(witness('b', &log, ""))
            .build_shared()
            .unwrap();
        let mut memory = vec![0; 65536];
        memory[4] = 8;
        let memory = &mut memory;
        let ended = std::thread::scope(|scope| {
            let called = scope.spawn(|| {
                complete(&ctx, |call| {
                    preview_1::fd_read(call, &mut Memory::new(memory), 0, 0, 1, 8)
                })
            });
            while log.lock().unwrap().is_empty() {
                std::thread::yield_now();
            }
            match interrupted {
                true => interrupt.fire(Reason::Killed),
                false => assert_eq!(writer.send(b"x").unwrap(), 1),
            }
            called.join().unwrap()
        });
        let (after, outcome) = match interrupted {
            true => (
                "b after None",
                Err(Stop::from(Trap::interrupted(Reason::Killed))),
            ),
            false => ("b after Some(\"success\")", Ok(0)),
        };
        assert_eq!(ended, outcome);
        assert_eq!(told(&log)[1], after, "seen once");
    }
}
