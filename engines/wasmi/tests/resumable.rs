//! Guests that leave the thread to others while they wait.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use turnkey_cap_backends::{TokioWait, builder};
use turnkey_conformance::never::Never;
use turnkey_snapshots::{preview_0, preview_1};
use turnkey_wasi_common::{Filter, Interrupt, Invocation, Pipe, Reason, Stop, Trap, TrapKind};
use turnkey_wasmi::{
    Program, Progress, Wasi, add_to_linker_resumable, call_async, call_resumable, outcome, stop,
};
use wasmi::{CompilationMode, Config, Engine, Func, Linker, Module, Store, Val};

/// `sleep` waits for 200 milliseconds by the monotonic clock, and `hour` for longer. `read` grows
/// its memory, and exits with the byte that it reads from standard input. `add` adds to each number
/// that it is given one that it reads.
const GUEST: &str = r#"(module
    (import "wasi_snapshot_preview1" "fd_read"
        (func $read (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "poll_oneoff"
        (func $poll (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "\08\00\00\00\01\00\00\00")
    (func $sleep (param i64) (result i32)
        (i32.store (i32.const 80) (i32.const 1))
        (i64.store (i32.const 88) (local.get 0))
        (call $poll (i32.const 64) (i32.const 128) (i32.const 1) (i32.const 20)))
    (func $byte (result i32)
        (if (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 20))
            (then unreachable))
        (i32.load8_u (i32.const 8)))
    (func (export "sleep") (if (call $sleep (i64.const 200_000_000)) (then unreachable)))
    (func (export "hour") (if (call $sleep (i64.const 3_600_000_000_000)) (then unreachable)))
    (func (export "read")
        (drop (memory.grow (i32.const 1)))
        (call $exit (call $byte)))
    (func (export "add") (param i32 i64) (result i32 i64)
        (i32.add (local.get 0) (call $byte))
        (i64.add (local.get 1) (i64.extend_i32_u (call $byte)))))"#;

const GUESTS: usize = 1000;

/// What measures the process must run while no other test does.
fn alone() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    ONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

fn program(text: &str) -> Arc<Program<Wasi>> {
    let engine = Engine::default();
    let module = Module::new(&engine, wat::parse_str(text).unwrap()).unwrap();
    let program = Program::new_resumable(&Linker::new(&engine), &module, |wasi: &mut Wasi| wasi);
    Arc::new(program.unwrap())
}

fn context() -> turnkey_wasi_common::Builder {
    builder().async_waiter(Arc::new(TokioWait))
}

fn instance(
    program: &Program<Wasi>,
    ctx: turnkey_wasi_common::Builder,
    function: &str,
) -> (Store<Wasi>, Func) {
    let mut store = Store::new(program.module().engine(), Wasi::from(ctx.build().unwrap()));
    let instance = program.instantiate(&mut store).unwrap();
    let func = instance.get_func(&store, function).unwrap();
    (store, func)
}

/// Runs an export of a guest, for a minute at most.
async fn run(
    program: Arc<Program<Wasi>>,
    ctx: turnkey_wasi_common::Builder,
    function: &str,
) -> Result<(), Stop> {
    let (mut store, func) = instance(&program, ctx, function);
    let called = call_async(&mut store, func, &[], &mut []);
    timeout(Duration::from_secs(60), called).await.unwrap()
}

/// The memory of this process that is in use, in bytes.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: usize = status.split(' ').nth(1).unwrap().parse().unwrap();
    pages * rustix::param::page_size()
}

#[test]
fn a_thousand_guests_sleep_as_long_as_one() {
    let _alone = alone();
    let program = program(GUEST);
    runtime().block_on(async {
        let before = resident();
        let start = Instant::now();
        let mut guests = JoinSet::new();
        for _ in 0..GUESTS {
            guests.spawn(run(Arc::clone(&program), context(), "sleep"));
        }
        let mut most = 0;
        while let Some(ended) = guests.join_next().await {
            assert_eq!(ended.unwrap(), Ok(()));
            most = most.max(resident());
        }
        let elapsed = start.elapsed();
        let each = most.saturating_sub(before) / GUESTS / 1024;
        eprintln!("{GUESTS} guests sleep 200 ms in {elapsed:?}, {each} KiB each");
        assert!(elapsed >= Duration::from_millis(200), "{elapsed:?}");
        assert!(elapsed < Duration::from_millis(200 * 20), "{elapsed:?}");
    });
}

#[test]
fn a_thousand_guests_wait_for_pipes() {
    let _alone = alone();
    let program = program(GUEST);
    runtime().block_on(async {
        let start = Instant::now();
        let mut guests = JoinSet::new();
        let mut writers = Vec::new();
        for _ in 0..GUESTS {
            let (writer, reader) = Pipe::new(8);
            writers.push(writer);
            let ctx = context().stdin(Arc::new(reader));
            guests.spawn(run(Arc::clone(&program), ctx, "read"));
        }
        sleep(Duration::from_millis(200)).await;
        assert!(guests.try_join_next().is_none());
        for (writer, code) in writers.iter().zip((0..200).cycle()) {
            writer.send(&[code]).unwrap();
        }
        let mut codes = 0;
        while let Some(ended) = guests.join_next().await {
            match ended.unwrap() {
                Err(Stop::Exit(code)) => codes += code,
                other => panic!("{other:?}"),
            }
        }
        eprintln!(
            "{GUESTS} guests wait 200 ms for pipes in {:?}",
            start.elapsed()
        );
        assert_eq!(codes, 5 * (199 * 200 / 2));
    });
}

#[test]
fn dropped_future_leaves_nothing_behind() {
    let _alone = alone();
    let program = program(GUEST);
    runtime().block_on(async {
        let never = Arc::new(Never::default());
        let ctx = context().stdin(never.clone());
        let guest = tokio::spawn(run(Arc::clone(&program), ctx, "read"));
        sleep(Duration::from_millis(50)).await;
        assert_eq!(never.subscribers(), 1);
        guest.abort();
        assert!(guest.await.unwrap_err().is_cancelled());
        assert_eq!(never.subscribers(), 0);
        assert_eq!(Arc::strong_count(&never), 1);
    });
}

/// Counts the calls that are under way.
#[derive(Default)]
struct UnderWay(AtomicUsize);

impl Filter for UnderWay {
    fn before(&self, _: &Invocation<'_>, _: &mut [u8]) -> turnkey_wasi_common::Verdict {
        self.0.fetch_add(1, Ordering::SeqCst);
        turnkey_wasi_common::Verdict::Continue
    }

    fn after(&self, _: &Invocation<'_>, _: &mut [u8], _: Option<turnkey_wasi_common::Errno>) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[test]
fn interrupt_ends_a_guest_that_waits() {
    let program = program(GUEST);
    for function in ["read", "hour"] {
        let interrupt = Interrupt::new();
        let under_way = Arc::new(UnderWay::default());
        let (_writer, reader) = Pipe::new(8);
        let ctx = context()
            .interrupt(interrupt.clone())
            .filter(under_way.clone())
            .stdin(Arc::new(reader));
        let ended = runtime().block_on(async {
            let guest = tokio::spawn(run(Arc::clone(&program), ctx, function));
            sleep(Duration::from_millis(50)).await;
            assert_eq!(under_way.0.load(Ordering::SeqCst), 1, "{function}");
            interrupt.fire(Reason::Timeout);
            guest.await.unwrap()
        });
        let expected = Err(Stop::Trap(Trap::interrupted(Reason::Timeout)));
        assert_eq!(ended, expected, "{function}");
        assert_eq!(under_way.0.load(Ordering::SeqCst), 0, "{function}");
    }
}

#[test]
fn resume_until_the_results_are_there() {
    let program = program(GUEST);
    let (writer, reader) = Pipe::new(8);
    let (mut store, add) = instance(&program, context().stdin(Arc::new(reader)), "add");
    let args = [Val::I32(1000), Val::I64(-7)];
    let mut results = [Val::I32(0), Val::I64(0)];
    let mut progress = call_resumable(&mut store, add, &args, &mut results).unwrap();
    // Resumed too early it waits on, then it waits for the second byte.
    for bytes in [&b""[..], b"\x05", b"", b"\x06"] {
        let Progress::Waiting(wait, guest) = progress else {
            panic!("{progress:?}");
        };
        assert!(!wait.any_ready());
        writer.send(bytes).unwrap();
        assert_eq!(wait.any_ready(), !bytes.is_empty());
        progress = guest.resume(&mut store, &mut results).unwrap();
    }
    assert!(matches!(progress, Progress::Finished), "{progress:?}");
    assert!(
        matches!(results, [Val::I32(1005), Val::I64(-1)]),
        "{results:?}"
    );
}

#[test]
fn two_calls_of_one_instance_wait_side_by_side() {
    let program = program(GUEST);
    let (writer, reader) = Pipe::new(8);
    let (mut store, add) = instance(&program, context().stdin(Arc::new(reader)), "add");
    let mut results = [Val::I32(0), Val::I64(0)];
    let mut calls = Vec::new();
    for number in [100, 200] {
        let args = [Val::I32(number), Val::I64(0)];
        match call_resumable(&mut store, add, &args, &mut results).unwrap() {
            Progress::Waiting(_, guest) => calls.push((number, guest)),
            other => panic!("{other:?}"),
        }
    }
    writer.send(b"\x01\x02\x03\x04").unwrap();
    for (number, guest) in calls {
        let progress = guest.resume(&mut store, &mut results).unwrap();
        assert!(matches!(progress, Progress::Finished), "{progress:?}");
        let first = if number == 100 { 1 } else { 3 };
        assert_eq!(results[0].i32(), Some(number + first));
    }
}

#[test]
fn fuel_used_up_goes_on_with_more() {
    // Translated lazily, a function costs fuel that a guest cannot be resumed for.
    let mut config = Config::default();
    config
        .consume_fuel(true)
        .compilation_mode(CompilationMode::Eager);
    let engine = Engine::new(&config);
    let text = r#"(module (func (export "count") (result i32) (local i32)
        (loop (br_if 0 (i32.ne (i32.const 1000)
            (local.tee 0 (i32.add (local.get 0) (i32.const 1))))))
        (local.get 0)))"#;
    let module = Module::new(&engine, wat::parse_str(text).unwrap()).unwrap();
    let mut store = Store::new(&engine, Wasi::from(context().build().unwrap()));
    let mut linker = Linker::new(&engine);
    add_to_linker_resumable(&mut linker, |wasi: &mut Wasi| wasi).unwrap();
    let instance = linker.instantiate_and_start(&mut store, &module).unwrap();
    let count = instance.get_func(&store, "count").unwrap();
    let mut results = [Val::I32(0)];
    let spent = runtime().block_on(call_async(&mut store, count, &[], &mut results));
    assert!(
        matches!(&spent, Err(Stop::Trap(trap)) if trap.kind() == TrapKind::OutOfFuel),
        "{spent:?}"
    );
    let mut progress = call_resumable(&mut store, count, &[], &mut results).unwrap();
    let mut rounds = 0;
    while let Progress::OutOfFuel(guest) = progress {
        rounds += 1;
        store.set_fuel(guest.required().max(500)).unwrap();
        progress = guest.resume(&mut store, &mut results).unwrap();
    }
    assert!(matches!(progress, Progress::Finished), "{progress:?}");
    assert!(rounds > 2, "{rounds}");
    assert_eq!(results[0].i32(), Some(1000));
}

#[test]
fn start_function_that_waits_blocks_a_program_and_ends_under_a_linker() {
    let text = GUEST.replace(
        "(func (export \"sleep\")",
        "(start $start)
         (func $start (drop (call $sleep (i64.const 20_000_000))))
         (func (export \"sleep\")",
    );
    let program = program(&text);
    let start = Instant::now();
    let (mut store, _) = instance(&program, context(), "sleep");
    // The second instance of a store is bound in another way.
    program.instantiate(&mut store).unwrap();
    assert!(start.elapsed() >= Duration::from_millis(40));

    let mut linker = Linker::new(program.module().engine());
    add_to_linker_resumable(&mut linker, |wasi: &mut Wasi| wasi).unwrap();
    let made = linker.instantiate_and_start(&mut store, program.module());
    let ended = stop(&made.unwrap_err()).to_string();
    assert!(ended.contains("the guest has to wait"), "{ended}");
}

#[test]
fn plain_call_of_a_guest_that_waits_says_so() {
    let program = program(GUEST);
    let (_writer, reader) = Pipe::new(8);
    let (mut store, read) = instance(&program, context().stdin(Arc::new(reader)), "read");
    let ended = outcome(read.call(&mut store, &[], &mut [])).unwrap_err();
    let expected = "the guest has to wait, and was not entered in a way that it could return to";
    assert!(ended.to_string().contains(expected), "{ended}");
}

#[test]
fn functions_that_may_wait_touch_memory() {
    let all = preview_0::FUNCTIONS.iter().chain(&preview_1::FUNCTIONS);
    let waiting: Vec<_> = all.filter(|function| function.may_wait).collect();
    assert!(!waiting.is_empty());
    for function in waiting {
        assert!(function.touches_memory(), "{}", function.name);
    }
}
