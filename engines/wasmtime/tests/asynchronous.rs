//! Guests that leave the thread to others while they wait.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::Write;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use turnkey_cap_backends::{HostStream, TokioWait, builder};
use turnkey_conformance::never::Never;
use turnkey_snapshots::engine::{EngineOptions, Limits, Node};
use turnkey_wasi_common::{Interrupt, Pipe, Reason, Stop, Stream, Trap};
use turnkey_wasmtime::{
    Program, Wasi, WasmtimeEngine, add_to_linker, add_to_linker_async, outcome,
};
use wasmtime::{Engine, Linker, Module, Store};

/// `sleep` waits for 200 milliseconds by the monotonic clock, and `hour` for longer. `read` grows
/// its memory, and exits with the byte that it reads from standard input.
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
    (func (export "sleep") (result i32) (call $sleep (i64.const 200_000_000)))
    (func (export "hour") (result i32) (call $sleep (i64.const 3_600_000_000_000)))
    (func (export "read")
        (drop (memory.grow (i32.const 1)))
        (if (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 20))
            (then unreachable))
        (call $exit (i32.load8_u (i32.const 8)))))"#;

const GUESTS: usize = 1000;

/// What counts the descriptors of the process must run while no other test does.
fn alone() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    ONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn runtimes() -> [(&'static str, Runtime); 2] {
    let mut many = Builder::new_multi_thread();
    [
        (
            "one thread",
            Builder::new_current_thread().enable_all().build().unwrap(),
        ),
        (
            "several threads",
            many.worker_threads(2).enable_all().build().unwrap(),
        ),
    ]
}

fn program() -> Arc<Program<Wasi>> {
    let engine = Engine::default();
    let module = Module::new(&engine, wat::parse_str(GUEST).unwrap()).unwrap();
    let program = Program::new_async(&Linker::new(&engine), &module, |wasi: &mut Wasi| wasi);
    Arc::new(program.unwrap())
}

fn context() -> turnkey_wasi_common::Builder {
    builder().async_waiter(Arc::new(TokioWait))
}

/// Runs an export of a guest, for a minute at most.
async fn run(
    program: Arc<Program<Wasi>>,
    ctx: turnkey_wasi_common::Builder,
    function: &str,
) -> Result<(), Stop> {
    let mut store = Store::new(program.module().engine(), Wasi::from(ctx.build().unwrap()));
    let called = async {
        let instance = program.instantiate_async(&mut store).await.unwrap();
        let func = instance.get_func(&mut store, function).unwrap();
        let mut results = vec![wasmtime::Val::I32(-1); func.ty(&store).results().len()];
        outcome(func.call_async(&mut store, &[], &mut results).await)?;
        assert!(results.iter().all(|errno| errno.i32() == Some(0)));
        Ok(())
    };
    timeout(Duration::from_secs(60), called).await.unwrap()
}

/// The first instance of a module leaves wasmtime with a descriptor for its data.
async fn warm_up(program: &Arc<Program<Wasi>>) {
    let (writer, reader) = Pipe::new(8);
    writer.send(b"x").unwrap();
    let ended = run(
        Arc::clone(program),
        context().stdin(Arc::new(reader)),
        "read",
    );
    assert_eq!(ended.await, Err(Stop::Exit(b'x'.into())));
}

fn open_descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
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
    for (name, runtime) in runtimes() {
        let program = program();
        runtime.block_on(async {
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
            eprintln!("{name}: {GUESTS} guests sleep 200 ms in {elapsed:?}, {each} KiB each");
            assert!(elapsed >= Duration::from_millis(200), "{name}: {elapsed:?}");
            assert!(elapsed < Duration::from_millis(2000), "{name}: {elapsed:?}");
        });
    }
}

#[test]
fn a_thousand_guests_wait_for_pipes() {
    let _alone = alone();
    for (name, runtime) in runtimes() {
        let program = program();
        runtime.block_on(warm_up(&program));
        let descriptors = open_descriptors();
        runtime.block_on(async {
            let start = Instant::now();
            let mut guests = JoinSet::new();
            let mut hosts = Vec::new();
            let mut virtuals = Vec::new();
            for index in 0..GUESTS {
                let stdin: Arc<dyn Stream> = if index % 5 == 0 {
                    let (reader, writer) = std::io::pipe().unwrap();
                    hosts.push(writer);
                    Arc::new(
                        HostStream::new(std::fs::File::from(std::os::fd::OwnedFd::from(reader)))
                            .unwrap(),
                    )
                } else {
                    let (writer, reader) = Pipe::new(8);
                    virtuals.push(writer);
                    Arc::new(reader)
                };
                guests.spawn(run(Arc::clone(&program), context().stdin(stdin), "read"));
            }
            sleep(Duration::from_millis(200)).await;
            assert!(guests.try_join_next().is_none(), "{name}");
            for mut writer in hosts {
                writer.write_all(b"h").unwrap();
            }
            for writer in virtuals {
                writer.send(b"v").unwrap();
            }
            let mut codes = [0; 2];
            while let Some(ended) = guests.join_next().await {
                match ended.unwrap() {
                    Err(Stop::Exit(code)) if code == u32::from(b'h') => codes[0] += 1,
                    Err(Stop::Exit(code)) if code == u32::from(b'v') => codes[1] += 1,
                    other => panic!("{name}: {other:?}"),
                }
            }
            let elapsed = start.elapsed();
            eprintln!("{name}: {GUESTS} guests wait 200 ms for pipes in {elapsed:?}");
            assert_eq!(codes, [GUESTS / 5, GUESTS / 5 * 4], "{name}");
            assert!(elapsed < Duration::from_millis(2000), "{name}: {elapsed:?}");
        });
        assert_eq!(open_descriptors(), descriptors, "{name}");
    }
}

#[test]
fn dropped_future_leaves_nothing_behind() {
    let _alone = alone();
    for (name, runtime) in runtimes() {
        let program = program();
        runtime.block_on(warm_up(&program));
        let descriptors = open_descriptors();
        runtime.block_on(async {
            let never = Arc::new(Never::default());
            let (reader, writer) = std::io::pipe().unwrap();
            let host: Arc<dyn Stream> = Arc::new(
                HostStream::new(std::fs::File::from(std::os::fd::OwnedFd::from(reader))).unwrap(),
            );
            let waiting = open_descriptors();
            for stdin in [never.clone() as Arc<dyn Stream>, host] {
                for aborted in [true, false] {
                    let ctx = context().stdin(Arc::clone(&stdin));
                    let guest = run(Arc::clone(&program), ctx, "read");
                    if aborted {
                        let guest = tokio::spawn(guest);
                        sleep(Duration::from_millis(50)).await;
                        let watched = open_descriptors() - waiting;
                        assert_eq!(watched + never.subscribers(), 1, "{name}");
                        guest.abort();
                        assert!(guest.await.unwrap_err().is_cancelled(), "{name}");
                    } else {
                        let elapsed = timeout(Duration::from_millis(50), guest).await;
                        assert!(elapsed.is_err(), "{name}");
                    }
                    assert_eq!(never.subscribers(), 0, "{name}");
                    assert_eq!(open_descriptors(), waiting, "{name}");
                }
            }
            drop(writer);
        });
        assert_eq!(open_descriptors(), descriptors, "{name}");
    }
}

#[test]
fn interrupt_ends_a_guest_that_waits() {
    let _alone = alone();
    for (name, runtime) in runtimes() {
        let program = program();
        runtime.block_on(async {
            for stdin in [true, false] {
                let interrupt = Interrupt::new();
                let (_writer, reader) = Pipe::new(8);
                let mut ctx = context().interrupt(interrupt.clone());
                if stdin {
                    ctx = ctx.stdin(Arc::new(reader));
                }
                let function = if stdin { "read" } else { "hour" };
                let guest = tokio::spawn(run(Arc::clone(&program), ctx, function));
                sleep(Duration::from_millis(50)).await;
                interrupt.fire(Reason::Timeout);
                let ended = guest.await.unwrap();
                let expected = Err(Stop::Trap(Trap::interrupted(Reason::Timeout)));
                assert_eq!(ended, expected, "{name}: {function}");
            }
        });
    }
}

#[test]
fn linker_and_program_in_one_store_each_guest_reads() {
    let _alone = alone();
    let engine = Engine::default();
    let module = Module::new(&engine, wat::parse_str(GUEST).unwrap()).unwrap();
    let mut linker = Linker::new(&engine);
    let program = Program::new_async(&linker, &module, |wasi: &mut Wasi| wasi).unwrap();
    add_to_linker_async(&mut linker, |wasi: &mut Wasi| wasi).unwrap();
    for (name, runtime) in runtimes() {
        runtime.block_on(async {
            let (writer, reader) = Pipe::new(8);
            let ctx = context().stdin(Arc::new(reader)).build().unwrap();
            let mut store = Store::new(&engine, Wasi::from(ctx));
            let instances = [
                program.instantiate_async(&mut store).await.unwrap(),
                linker.instantiate_async(&mut store, &module).await.unwrap(),
                program.instantiate_async(&mut store).await.unwrap(),
            ];
            for (instance, byte) in instances.into_iter().zip(*b"abc") {
                let read = instance
                    .get_typed_func::<(), ()>(&mut store, "read")
                    .unwrap();
                let sending = async {
                    sleep(Duration::from_millis(10)).await;
                    writer.send(&[byte]).unwrap();
                };
                let (ended, ()) = tokio::join!(read.call_async(&mut store, ()), sending);
                assert_eq!(outcome(ended), Err(Stop::Exit(byte.into())), "{name}");
                let memory = instance.get_memory(&mut store, "memory").unwrap();
                assert_eq!(memory.size(&store), 2, "{name}");
            }
        });
    }
}

#[test]
fn program_whose_start_was_dropped_next_instance_has_its_own_memory() {
    let _alone = alone();
    let engine = Engine::default();
    let text = GUEST.replace("(func (export \"sleep\")", "(start $start) (func $start (drop (call $sleep (i64.const 200_000_000)))) (func (export \"sleep\")");
    let module = Module::new(&engine, wat::parse_str(text).unwrap()).unwrap();
    let linker = Linker::new(&engine);
    let program = Program::new_async(&linker, &module, |wasi: &mut Wasi<_>| wasi).unwrap();
    for (name, runtime) in runtimes() {
        runtime.block_on(async {
            let (writer, reader) = Pipe::new(8);
            writer.send(b"x").unwrap();
            let ctx = context().stdin(Arc::new(reader)).build_shared().unwrap();
            let mut store = Store::new(&engine, Wasi::from(ctx));
            assert!(program.instantiate(&mut store).is_err(), "{name}");
            let made = program.instantiate_async(&mut store);
            assert!(
                timeout(Duration::from_millis(20), made).await.is_err(),
                "{name}"
            );
            let instance = program.instantiate_async(&mut store).await.unwrap();
            let read = instance
                .get_typed_func::<(), ()>(&mut store, "read")
                .unwrap();
            let ended = outcome(read.call_async(&mut store, ()).await);
            assert_eq!(ended, Err(Stop::Exit(b'x'.into())), "{name}");
        });
    }
}

#[test]
fn plain_calls_inside_of_a_runtime_block_without_harm() {
    let _alone = alone();
    let engine = Engine::default();
    let module = Module::new(&engine, wat::parse_str(GUEST).unwrap()).unwrap();
    let mut linker = Linker::new(&engine);
    add_to_linker(&mut linker, |wasi: &mut Wasi| wasi).unwrap();
    for (name, runtime) in runtimes() {
        runtime.block_on(async {
            let mut store = Store::new(&engine, Wasi::from(context().build().unwrap()));
            let instance = linker.instantiate(&mut store, &module).unwrap();
            let sleep = instance
                .get_typed_func::<(), i32>(&mut store, "sleep")
                .unwrap();
            assert_eq!(sleep.call(&mut store, ()).unwrap(), 0, "{name}");
        });
    }
}

#[test]
fn engine_inside_of_a_runtime_waits_and_nests() {
    use turnkey_snapshots::engine::{Engine, FuncType, HostFunction};

    let _alone = alone();
    let runtime = Builder::new_multi_thread().enable_all().build().unwrap();
    let handle = runtime.handle().clone();
    let engine = WasmtimeEngine::new(EngineOptions::default())
        .unwrap()
        .asynchronous(move |call| tokio::task::block_in_place(|| handle.block_on(call)));
    let sleeper: Arc<dyn turnkey_snapshots::engine::Module> = engine
        .compile(&wat::parse_str(GUEST).unwrap())
        .unwrap()
        .into();
    let parent = r#"(module
        (import "host" "child" (func $child))
        (func (export "run") (call $child))
        (func (export "back")))"#;
    let parent = engine.compile(&wat::parse_str(parent).unwrap()).unwrap();
    // Another guest that waits, and this guest itself, in the middle of a call.
    let child = HostFunction {
        module: "host".to_owned(),
        name: "child".to_owned(),
        ty: FuncType::default(),
        run: Arc::new(move |guest, _, _| {
            let mut child = sleeper.instantiate(node(Vec::new())).unwrap();
            let slept = child.export("sleep").unwrap();
            let mut errno = child.export_type(slept).zero_results().unwrap();
            child.call(slept, &[], &mut errno)?;
            let back = guest.export("back").unwrap();
            guest.call(back, &[], &mut [])
        }),
    };
    let start = Instant::now();
    let ended = runtime.block_on(async {
        let guest = tokio::spawn(async move {
            let mut parent = parent.instantiate(node(vec![child])).unwrap();
            let run = parent.export("run").unwrap();
            parent.call(run, &[], &mut [])
        });
        timeout(Duration::from_secs(60), guest)
            .await
            .unwrap()
            .unwrap()
    });
    assert_eq!(ended, Ok(()));
    assert!(start.elapsed() >= Duration::from_millis(200));
}

fn node(functions: Vec<turnkey_snapshots::engine::HostFunction>) -> Node {
    Node {
        ctx: context().build().unwrap(),
        functions,
        limits: Limits::default(),
    }
}
