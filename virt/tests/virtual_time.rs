//! Time that passes by waiting alone, as guests see it.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what a test relies on besides what it tests may fail loudly"
)]

use std::io::Write;
use std::num::NonZeroU64;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{scope, spawn};
use std::time::Duration;
use turnkey_cap_backends::{HostClocks, HostStream, HostWait, TokioWait, ambient_authority};
use turnkey_snapshots::{Memory, complete, preview_1};
use turnkey_virt::clocks::{
    CoarseClocks, FrozenClocks, ManualClocks, Moment, OffsetClocks, ScaledClocks, TickClocks,
    VirtualTime, WithoutClock,
};
use turnkey_wasi_common::{
    AsyncWait, BlockingWait, Builder, Clock, Clocks, DeniedClocks, Errno, Interest, Interrupt,
    Pipe, Reason, Result, Stream, TrapKind, Wait, WasiCtx,
};

const SECOND: u64 = 1_000_000_000;
const HOUR: u64 = 3600 * SECOND;
/// 2019-11-12T00:00:00Z.
const START: u64 = 1_573_516_800 * SECOND;

fn frozen() -> Arc<FrozenClocks> {
    Arc::new(FrozenClocks::at(Moment::new(START)))
}

fn host() -> Arc<HostClocks> {
    Arc::new(HostClocks::new(ambient_authority()))
}

fn now(clocks: &dyn Clocks) -> (u64, u64) {
    let read = |clock| clocks.now(clock).unwrap();
    (read(Clock::Realtime), read(Clock::Monotonic))
}

fn until(deadline: u64) -> Wait {
    Wait {
        deadline: Some(deadline),
        ..Wait::default()
    }
}

/// A guest that waits by `poll_oneoff`, for a span or a moment of a clock and perhaps for standard
/// input. Answers the tags of the events.
fn poll(ctx: &WasiCtx, clock: u8, timeout: u64, absolute: bool, stdin: bool) -> Vec<u8> {
    let mut memory = vec![0; 65536];
    memory[16] = clock;
    memory[24..32].copy_from_slice(&timeout.to_le_bytes());
    memory[40] = absolute.into();
    memory[48 + 8] = 1;
    let count = 1 + i32::from(stdin);
    let polled = complete(ctx, |call| {
        preview_1::poll_oneoff(call, &mut Memory::new(&mut memory), 0, 256, count, 1024)
    });
    assert_eq!(polled, Ok(0));
    let events = usize::from(memory[1024]);
    (0..events)
        .map(|event| memory[256 + 32 * event + 10])
        .collect()
}

/// A guest that sleeps by `poll_oneoff`.
fn sleep(ctx: &WasiCtx, span: u64) {
    assert_eq!(poll(ctx, 1, span, false, false), [0]);
}

#[test]
fn poll_oneoff_frozen_clock_moved_by_exactly_what_was_slept() {
    let time = VirtualTime::new(frozen());
    let ctx = time.govern(WasiCtx::builder()).build().unwrap();
    assert_eq!(now(ctx.clocks()), (START, 0));
    sleep(&ctx, HOUR);
    assert_eq!(now(ctx.clocks()), (START + HOUR, HOUR));
    // A span of the wall clock, a moment of it, and one that has been.
    assert_eq!(poll(&ctx, 0, 7, false, false), [0]);
    assert_eq!(now(ctx.clocks()), (START + HOUR + 7, HOUR + 7));
    assert_eq!(poll(&ctx, 0, START + 2 * HOUR, true, false), [0]);
    assert_eq!(now(ctx.clocks()), (START + 2 * HOUR, 2 * HOUR));
    assert_eq!(poll(&ctx, 0, START, true, false), [0]);
    assert_eq!(poll(&ctx, 1, 0, false, false), [0]);
    assert_eq!(now(ctx.clocks()), (START + 2 * HOUR, 2 * HOUR));
    assert_eq!(time.waited(), 2 * HOUR);
}

#[test]
fn poll_oneoff_over_any_clocks_both_moved_alike() {
    let hand = ManualClocks::at(Moment::new(START));
    let cases: [Arc<dyn Clocks>; 5] = [
        Arc::new(hand.clone()),
        Arc::new(OffsetClocks::fast(frozen(), Duration::from_secs(5))),
        Arc::new(ScaledClocks::new(frozen(), "10".parse().unwrap())),
        Arc::new(ScaledClocks::new(frozen(), "0.1".parse().unwrap())),
        Arc::new(VirtualTime::new(frozen())),
    ];
    for clocks in cases {
        let time = VirtualTime::new(clocks);
        let ctx = time.govern(WasiCtx::builder()).build().unwrap();
        let (realtime, monotonic) = now(&time);
        sleep(&ctx, HOUR);
        assert_eq!(now(&time), (realtime + HOUR, monotonic + HOUR));
    }
    // What moves by itself moves besides.
    let time = VirtualTime::new(Arc::new(hand.clone()));
    let ctx = time.govern(WasiCtx::builder()).build().unwrap();
    sleep(&ctx, HOUR);
    hand.advance(Duration::from_secs(1));
    assert_eq!(now(&time), (START + HOUR + SECOND, HOUR + SECOND));
    for clocks in [
        Arc::new(TickClocks::new(frozen(), 1000)) as Arc<dyn Clocks>,
        host(),
    ] {
        let time = VirtualTime::new(clocks);
        let ctx = time.govern(WasiCtx::builder()).build().unwrap();
        let before = now(&time).1;
        sleep(&ctx, HOUR);
        let slept = now(&time).1 - before;
        assert!((HOUR..2 * HOUR).contains(&slept), "{slept}");
    }
}

#[test]
fn poll_oneoff_what_is_ready_comes_before_the_deadline() {
    let time = VirtualTime::new(frozen());
    let (writer, reader) = Pipe::new(8);
    let builder = WasiCtx::builder().stdin(Arc::new(reader));
    let ctx = time.govern(builder).build().unwrap();
    assert_eq!(poll(&ctx, 1, SECOND, false, true), [0], "nothing to read");
    assert_eq!(time.waited(), SECOND);
    writer.send(b"x").unwrap();
    assert_eq!(poll(&ctx, 1, SECOND, false, true), [1]);
    assert_eq!(time.waited(), SECOND);
}

#[test]
fn block_without_deadline_waits_for_real_and_no_time_passes() {
    let (reader, mut writer) = UnixStream::pair().unwrap();
    let stdin = Arc::new(HostStream::new(reader).unwrap());
    let time = VirtualTime::new(frozen()).waiter(Arc::new(HostWait));
    let builder = WasiCtx::builder().stdin(Arc::clone(&stdin) as _);
    let ctx = time.govern(builder).build().unwrap();
    let writing = spawn(move || {
        std::thread::sleep(Duration::from_millis(20));
        writer.write_all(b"x").unwrap();
        writer
    });
    let mut memory = vec![0; 65536];
    memory[..8].copy_from_slice(&[8, 0, 0, 0, 16, 0, 0, 0]);
    let read = complete(&ctx, |call| {
        preview_1::fd_read(call, &mut Memory::new(&mut memory), 0, 0, 1, 4)
    });
    assert_eq!((read, memory[4], memory[8]), (Ok(0), 1, b'x'));
    assert_eq!(time.waited(), 0);
    writing.join().unwrap();
}

#[test]
fn block_endless_sleep_ends_at_the_end_of_time() {
    for clocks in [frozen() as Arc<dyn Clocks>, host()] {
        let time = VirtualTime::new(clocks);
        let ctx = time.govern(WasiCtx::builder()).build().unwrap();
        for _ in 0..3 {
            sleep(&ctx, u64::MAX);
            assert_eq!(ctx.clocks().now(Clock::Monotonic), Ok(u64::MAX));
            let realtime = ctx.clocks().now(Clock::Realtime);
            assert_eq!(realtime.unwrap_err().errno(), Errno::Overflow);
        }
    }
}

/// What stands between a guest and its virtual time.
type Between = fn(Arc<dyn Clocks>) -> Arc<dyn Clocks>;

#[test]
fn poll_oneoff_clocks_over_virtual_time_come_to_their_end() {
    let cases: [(&str, Between); 5] = [
        ("coarse", |time| {
            Arc::new(CoarseClocks::new(time, NonZeroU64::new(SECOND).unwrap()))
        }),
        ("fast", |time| {
            Arc::new(ScaledClocks::new(time, "10".parse().unwrap()))
        }),
        ("slow", |time| {
            Arc::new(ScaledClocks::new(time, "0.1".parse().unwrap()))
        }),
        ("tick", |time| Arc::new(TickClocks::new(time, 3))),
        ("without", |time| {
            Arc::new(WithoutClock::new(time, Clock::Realtime))
        }),
    ];
    for (name, over) in cases {
        let waits = Arc::new(AtomicUsize::new(0));
        let time = VirtualTime::new(frozen());
        let clocks = over(Arc::new(time.clone()));
        let waiter = Counting(time.clone(), Arc::clone(&waits));
        let ctx = time.govern(WasiCtx::builder());
        let ctx = ctx.clocks(Arc::clone(&clocks)).waiter(Arc::new(waiter));
        let ctx = ctx.build().unwrap();
        for span in [1, SECOND + 1, HOUR, u64::MAX] {
            let before = clocks.now(Clock::Monotonic).unwrap();
            sleep(&ctx, span);
            let after = clocks.now(Clock::Monotonic).unwrap();
            assert!(after >= before.saturating_add(span), "{name}: {span}");
            assert!(waits.swap(0, Ordering::SeqCst) <= 2, "{name}: {span}");
        }
    }
}

/// Counts waits.
struct Counting(VirtualTime, Arc<AtomicUsize>);

impl BlockingWait for Counting {
    fn wait(&self, wait: &Wait, clocks: &dyn Clocks) -> Result<()> {
        self.1.fetch_add(1, Ordering::SeqCst);
        BlockingWait::wait(&self.0, wait, clocks)
    }
}

#[test]
fn block_clocks_of_another_time_waited_for_without_spinning() {
    let waits = Arc::new(AtomicUsize::new(0));
    let time = VirtualTime::new(frozen());
    let ctx = WasiCtx::builder()
        .clocks(host())
        .waiter(Arc::new(Counting(time, Arc::clone(&waits))))
        .build()
        .unwrap();
    let before = now(ctx.clocks()).1;
    sleep(&ctx, 20_000_000);
    assert!(now(ctx.clocks()).1 - before >= 20_000_000);
    assert!(waits.load(Ordering::SeqCst) < 10);
    let denied = VirtualTime::new(Arc::new(DeniedClocks));
    let refused = BlockingWait::wait(&denied, &until(1), &denied);
    assert_eq!(refused.unwrap_err().errno(), Errno::Inval);
}

#[test]
fn block_threads_that_share_a_time_none_wakes_early_or_sleeps_twice() {
    const SLEEPS: u64 = 500;
    let time = VirtualTime::new(frozen());
    let ctx = time.govern(WasiCtx::builder()).build_shared().unwrap();
    scope(|scope| {
        for thread in 1..=4 {
            let ctx = &ctx;
            scope.spawn(move || {
                for _ in 0..SLEEPS {
                    let deadline = now(ctx.clocks()).1 + thread;
                    while now(ctx.clocks()).1 < deadline {
                        ctx.block(until(deadline)).unwrap();
                    }
                }
            });
        }
    });
    let (realtime, monotonic) = now(&time);
    assert_eq!(realtime - START, monotonic);
    assert_eq!(time.waited(), monotonic);
    // As long as the sleepiest at least, and no longer than one after the other.
    assert!(
        (4 * SLEEPS..=10 * SLEEPS).contains(&monotonic),
        "{monotonic}"
    );
}

#[test]
fn block_guest_that_sleeps_in_a_loop_ended_by_an_interrupt() {
    let interrupt = Interrupt::new();
    let time = VirtualTime::new(frozen());
    let builder = WasiCtx::builder().interrupt(interrupt.clone());
    let ctx = time.govern(builder).build().unwrap();
    let guest = spawn(move || {
        loop {
            let deadline = now(ctx.clocks()).1 + SECOND;
            if let Err(trap) = ctx.block(until(deadline)) {
                return trap.kind();
            }
        }
    });
    while time.waited() < 1000 * SECOND {
        std::thread::yield_now();
    }
    interrupt.fire(Reason::Killed);
    let ended = guest.join().unwrap();
    assert_eq!(ended, TrapKind::Interrupted(Reason::Killed));
}

fn runtime() -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().build().unwrap()
}

#[test]
fn wait_task_that_sleeps_in_a_loop_lets_others_run() {
    let interrupt = Interrupt::new();
    let time = VirtualTime::new(frozen());
    let builder: Builder = WasiCtx::builder().interrupt(interrupt.clone());
    let ctx = time.govern(builder).build().unwrap();
    runtime().block_on(async {
        let guest = tokio::spawn(async move {
            loop {
                let deadline = now(ctx.clocks()).1 + SECOND;
                if let Err(trap) = ctx.wait(until(deadline)).await {
                    return trap.kind();
                }
            }
        });
        // On the same thread as the guest.
        while time.waited() < 10 * SECOND {
            tokio::task::yield_now().await;
        }
        interrupt.fire(Reason::Timeout);
        let ended = guest.await.unwrap();
        assert_eq!(ended, TrapKind::Interrupted(Reason::Timeout));
    });
    assert_eq!(now(&time).0, START + time.waited());
}

#[test]
fn wait_without_deadline_left_to_the_inner_waiter() {
    let (reader, mut writer) = UnixStream::pair().unwrap();
    let stdin = Arc::new(HostStream::new(reader).unwrap());
    let time = VirtualTime::new(frozen()).async_waiter(Arc::new(TokioWait));
    let ctx = time.govern(WasiCtx::builder()).build().unwrap();
    runtime().block_on(async {
        let read = Wait::object(Arc::clone(&stdin) as _, Interest::Read);
        let waiting = tokio::spawn(ctx.wait(read.clone()));
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        // A deadline beside it is jumped to, and what is ready comes first.
        let beside = Wait {
            deadline: Some(5),
            ..read
        };
        ctx.wait(beside.clone()).await.unwrap();
        assert_eq!(time.waited(), 5);
        writer.write_all(b"x").unwrap();
        waiting.await.unwrap().unwrap();
        let later = Wait {
            deadline: Some(10),
            ..beside
        };
        ctx.wait(later).await.unwrap();
        assert_eq!(time.waited(), 5);
    });
    let mut byte = [0];
    let mut buffers = [std::io::IoSliceMut::new(&mut byte)];
    assert_eq!(stdin.read(&mut buffers), Ok(1));

    // Without a waiter that leaves the thread to others it is blocked instead.
    let time = VirtualTime::new(frozen());
    let (sender, reader) = Pipe::new(1);
    let sending = spawn(move || sender.send(b"x"));
    let wait = Wait::object(Arc::new(reader), Interest::Read);
    runtime()
        .block_on(AsyncWait::wait(&time, &wait, &time))
        .unwrap();
    assert_eq!(sending.join().unwrap(), Ok(1));
}
