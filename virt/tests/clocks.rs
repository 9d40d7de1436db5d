//! Clocks over clocks: what they read, how long a wait on them is, and that none goes back.
#![allow(
    clippy::unwrap_used,
    reason = "what a test relies on besides what it tests may fail loudly"
)]

use std::num::NonZeroU64;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{scope, spawn};
use std::time::{Duration, Instant};
use turnkey_cap_backends::{HostClocks, HostWait, ambient_authority};
use turnkey_virt::clocks::{
    CoarseClocks, FrozenClocks, ManualClocks, Moment, OffsetClocks, ScaledClocks, Speed,
    TickClocks, VirtualTime, WithoutClock,
};
use turnkey_wasi_common::{
    BlockingWait, Clock, Clocks, DeniedClocks, Errno, Interest, Interrupt, ParkWait, Reason,
    Result, TrapKind, Wait, WasiCtx,
};

const SECOND: u64 = 1_000_000_000;
const BOTH: [Clock; 2] = [Clock::Realtime, Clock::Monotonic];

fn errno<T: std::fmt::Debug>(result: Result<T>) -> Errno {
    result.unwrap_err().errno()
}

fn host() -> Arc<dyn Clocks> {
    Arc::new(HostClocks::new(ambient_authority()))
}

fn manual(realtime: u64, monotonic: u64) -> ManualClocks {
    let clocks = ManualClocks::at(Moment::new(realtime));
    clocks.advance(Duration::from_nanos(monotonic));
    clocks.set_realtime(Moment::new(realtime));
    clocks
}

fn speed(text: &str) -> Speed {
    text.parse().unwrap()
}

fn step(nanoseconds: u64) -> NonZeroU64 {
    NonZeroU64::new(nanoseconds).unwrap()
}

fn until(deadline: u64) -> Wait {
    Wait {
        deadline: Some(deadline),
        ..Wait::default()
    }
}

/// Every kind of clocks over the same ones, some of them several deep.
fn all_over(inner: &Arc<dyn Clocks>) -> Vec<(&'static str, Arc<dyn Clocks>)> {
    let inner = || Arc::clone(inner);
    let scaled = |text| Arc::new(ScaledClocks::new(inner(), speed(text)));
    let coarse = |inner| Arc::new(CoarseClocks::new(inner, step(1000)));
    vec![
        ("itself", inner()),
        (
            "fast",
            Arc::new(OffsetClocks::fast(inner(), Duration::from_nanos(7))),
        ),
        ("scaled by 10", scaled("10")),
        ("scaled by 0.1", scaled("0.1")),
        ("scaled by 3/7", {
            Arc::new(ScaledClocks::new(inner(), Speed::new(3, 7).unwrap()))
        }),
        ("coarse", coarse(inner())),
        ("tick", Arc::new(TickClocks::new(inner(), 0))),
        (
            "without",
            Arc::new(WithoutClock::new(inner(), Clock::Realtime)),
        ),
        ("coarse over scaled", coarse(scaled("2.5"))),
        ("scaled over coarse", {
            Arc::new(ScaledClocks::new(coarse(inner()), speed("2.5")))
        }),
        ("virtual", Arc::new(VirtualTime::new(inner()))),
    ]
}

#[test]
fn offset_bounds_overflow_and_monotonic_untouched() {
    let fast = |realtime, by| OffsetClocks::fast(Arc::new(manual(realtime, 5)), by);
    let slow = |realtime, by| OffsetClocks::slow(Arc::new(manual(realtime, 5)), by);
    let nanosecond = Duration::from_nanos(1);
    let overflow = Err(Errno::Overflow.into());
    let cases = [
        (fast(0, Duration::ZERO), Ok(0)),
        (fast(7, nanosecond), Ok(8)),
        (slow(7, nanosecond), Ok(6)),
        (slow(0, nanosecond), overflow.clone()),
        (slow(0, Duration::MAX), overflow.clone()),
        (fast(u64::MAX - 1, nanosecond), Ok(u64::MAX)),
        (fast(u64::MAX, nanosecond), overflow.clone()),
        (fast(u64::MAX, Duration::MAX), overflow),
    ];
    for (clocks, expected) in cases {
        assert_eq!(clocks.now(Clock::Realtime), expected, "{clocks:?}");
        assert_eq!(clocks.now(Clock::Monotonic), Ok(5));
    }
}

#[test]
fn offset_set_to_a_moment_goes_on_from_there() {
    let inner = manual(SECOND, 0);
    for moment in [0, 5, u64::MAX - 10] {
        let moment = Moment::new(moment);
        let clocks = OffsetClocks::set_to(Arc::new(inner.clone()), moment).unwrap();
        assert_eq!(clocks.now(Clock::Realtime), Ok(moment.nanoseconds()));
        inner.advance(Duration::from_nanos(10));
        assert_eq!(clocks.now(Clock::Realtime), Ok(moment.nanoseconds() + 10));
    }
    let denied = OffsetClocks::set_to(Arc::new(DeniedClocks), Moment::new(0));
    assert_eq!(errno(denied), Errno::Inval);
}

#[test]
fn scaled_any_span_exact_to_the_nanosecond() {
    // A double holds none of these spans: what is lost in one would show here.
    let year = 365 * 24 * 3600 * SECOND;
    let cases = [
        ("1", 100 * year + 1, 100 * year + 1),
        ("3", 100 * year + 1, 300 * year + 3),
        ("0.1", 100 * year + 9, 10 * year),
        ("0.1", 100 * year + 10, 10 * year + 1),
        ("1.000000001", 100 * year, 100 * year + 100 * year / SECOND),
        ("2.5", 3, 7),
    ];
    for (text, gone, expected) in cases {
        let inner = manual(1000, 17);
        let clocks = ScaledClocks::new(Arc::new(inner.clone()), speed(text));
        inner.advance(Duration::from_nanos(gone));
        assert_eq!(clocks.now(Clock::Realtime), Ok(1000 + expected), "{text}");
        assert_eq!(clocks.now(Clock::Monotonic), Ok(17 + expected), "{text}");
    }
}

#[test]
fn scaled_wall_clock_set_back_and_ends_of_time() {
    let inner = manual(1000, 0);
    let clocks = ScaledClocks::new(Arc::new(inner.clone()), speed("10"));
    let cases = [
        (1000, Ok(1000)),
        (999, Ok(990)),
        (900, Ok(0)),
        (899, Err(Errno::Overflow)),
        (u64::MAX, Err(Errno::Overflow)),
    ];
    for (moment, expected) in cases {
        inner.set_realtime(Moment::new(moment));
        let now = clocks.now(Clock::Realtime).map_err(|error| error.errno());
        assert_eq!(now, expected, "{moment}");
    }
    inner.advance(Duration::MAX);
    assert_eq!(clocks.now(Clock::Monotonic), Ok(u64::MAX));
    let fine = CoarseClocks::new(Arc::new(FrozenClocks::at(Moment::new(0))), step(1000));
    let slow = ScaledClocks::new(Arc::new(fine), speed("0.0001"));
    assert_eq!(slow.resolution(Clock::Monotonic), Ok(1), "never 0");
    assert_eq!(clocks.resolution(Clock::Monotonic), Ok(10));
}

#[test]
fn scaled_clock_that_cannot_be_read_inval() {
    let denied = ScaledClocks::new(Arc::new(DeniedClocks), speed("2"));
    for clock in BOTH {
        assert_eq!(errno(denied.now(clock)), Errno::Inval);
    }
    assert_eq!(errno(denied.until(7)), Errno::Inval);
    assert!(denied.alarm(7).is_none());
}

#[test]
fn coarse_rounded_down_and_never_finer_than_beneath() {
    let clocks = |step_of| CoarseClocks::new(Arc::new(manual(1999, 1001)), step(step_of));
    let cases = [
        (1, 1999, 1001),
        (1000, 1000, 1000),
        (7, 1995, 1001),
        (2000, 0, 0),
        (u64::MAX, 0, 0),
    ];
    for (step_of, realtime, monotonic) in cases {
        let clocks = clocks(step_of);
        assert_eq!(clocks.now(Clock::Realtime), Ok(realtime));
        assert_eq!(clocks.now(Clock::Monotonic), Ok(monotonic));
        assert_eq!(clocks.resolution(Clock::Monotonic), Ok(step_of));
    }
    let finer = CoarseClocks::new(Arc::new(clocks(1000)), step(10));
    assert_eq!(finer.resolution(Clock::Realtime), Ok(1000));
}

#[test]
fn without_clock_questions_about_it_inval_and_no_others() {
    let inner = || Arc::new(manual(1, 2));
    let dateless = WithoutClock::new(inner(), Clock::Realtime);
    assert_eq!(errno(dateless.resolution(Clock::Realtime)), Errno::Inval);
    assert_eq!(dateless.until(2), Ok(Some(0)));
    assert!(dateless.alarm(3).is_some());
    let endless = WithoutClock::new(inner(), Clock::Monotonic);
    assert_eq!(endless.now(Clock::Realtime), Ok(1));
    assert_eq!(errno(endless.until(2)), Errno::Inval);
    assert!(endless.alarm(3).is_none());
    assert_eq!(errno(ParkWait.wait(&until(3), &endless)), Errno::Inval);
}

#[test]
fn tick_readings_from_threads_all_different() {
    const READINGS: u64 = 1000;
    let clocks = TickClocks::new(Arc::new(FrozenClocks::at(Moment::new(0))), 3);
    let mut read: Vec<u64> = scope(|scope| {
        let threads = BOTH.map(|clock| {
            let clocks = &clocks;
            scope.spawn(move || {
                let read = (0..READINGS).map(|_| clocks.now(clock).unwrap());
                read.collect::<Vec<_>>()
            })
        });
        let read = threads.map(|thread| thread.join().unwrap());
        read.concat()
    });
    read.sort_unstable();
    let expected: Vec<u64> = (0..2 * READINGS).map(|reading| reading * 3).collect();
    assert_eq!(read, expected);
}

#[test]
fn tick_beyond_the_end_of_time_overflow_and_last_reading() {
    let clocks = TickClocks::new(Arc::new(FrozenClocks::at(Moment::new(1))), u64::MAX);
    assert_eq!(clocks.now(Clock::Realtime), Ok(1));
    assert_eq!(errno(clocks.now(Clock::Realtime)), Errno::Overflow);
    assert_eq!(clocks.now(Clock::Monotonic), Ok(u64::MAX));
}

#[test]
fn manual_moved_from_threads_nothing_is_lost() {
    let clocks = manual(0, 0);
    scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..1000 {
                    clocks.advance(Duration::from_nanos(3));
                }
            });
        }
    });
    assert_eq!(clocks.now(Clock::Monotonic), Ok(12_000));
    assert_eq!(clocks.now(Clock::Realtime), Ok(12_000));
    clocks.advance(Duration::MAX);
    assert_eq!(clocks.now(Clock::Realtime), Ok(u64::MAX));
}

#[test]
fn until_on_any_clocks_the_least_span_that_is_enough() {
    // Manual clocks that claim to pass as the host's do tell when a wait is over.
    struct Passing(ManualClocks);
    impl Clocks for Passing {
        fn now(&self, clock: Clock) -> Result<u64> {
            self.0.now(clock)
        }
        fn resolution(&self, clock: Clock) -> Result<u64> {
            self.0.resolution(clock)
        }
    }
    for further in [1, 2, 999, 1000, 1001, 123_456_789] {
        let hand = manual(SECOND, 4321);
        let inner: Arc<dyn Clocks> = Arc::new(Passing(hand.clone()));
        for (name, clocks) in all_over(&inner) {
            let deadline = clocks.now(Clock::Monotonic).unwrap() + further;
            let left = clocks.until(deadline).unwrap().unwrap();
            hand.advance(Duration::from_nanos(left - 1));
            assert!(clocks.now(Clock::Monotonic).unwrap() < deadline, "{name}");
            assert_eq!(clocks.until(deadline), Ok(Some(1)), "{name}");
            hand.advance(Duration::from_nanos(1));
            assert!(clocks.now(Clock::Monotonic).unwrap() >= deadline, "{name}");
            assert_eq!(clocks.until(deadline), Ok(Some(0)), "{name}");
        }
    }
}

#[test]
fn now_monotonic_never_goes_back_on_any_clocks() {
    let hand = manual(0, 0);
    let mut all = all_over(&host());
    all.extend(all_over(&(Arc::new(hand.clone()) as _)));
    scope(|scope| {
        for (name, clocks) in &all {
            scope.spawn(move || {
                let mut last = 0;
                for _ in 0..300 {
                    let now = clocks.now(Clock::Monotonic).unwrap();
                    assert!(now >= last, "{name}");
                    last = now;
                }
            });
        }
        for moment in 0..300 {
            hand.set_realtime(Moment::new(1000 - moment));
            hand.advance(Duration::from_nanos(7));
        }
    });
}

#[test]
fn block_on_manual_clocks_until_they_are_moved_far_enough() {
    let far = u64::MAX / 4;
    let hand = manual(0, 0);
    for (name, clocks) in all_over(&(Arc::new(hand.clone()) as _)) {
        if name == "virtual" {
            continue;
        }
        let ctx = WasiCtx::builder()
            .clocks(Arc::clone(&clocks))
            .waiter(Arc::new(HostWait))
            .build()
            .unwrap();
        let deadline = clocks.now(Clock::Monotonic).unwrap() + 1000;
        assert_eq!(clocks.until(deadline + far), Ok(None), "{name}");
        let guest = spawn(move || {
            while ctx.clocks().now(Clock::Monotonic).unwrap() < deadline {
                ctx.block(until(deadline)).unwrap();
            }
        });
        while !guest.is_finished() {
            hand.advance(Duration::from_nanos(1));
            std::thread::yield_now();
        }
        guest.join().unwrap();
        assert!(clocks.now(Clock::Monotonic).unwrap() >= deadline, "{name}");
    }
}

#[test]
fn block_on_clocks_that_stand_still_does_not_spin_and_is_interruptible() {
    /// Counts how often the clocks beneath are asked anything.
    struct Counted(Arc<dyn Clocks>, AtomicUsize);
    impl Clocks for Counted {
        fn now(&self, clock: Clock) -> Result<u64> {
            self.1.fetch_add(1, Ordering::SeqCst);
            self.0.now(clock)
        }
        fn resolution(&self, clock: Clock) -> Result<u64> {
            self.0.resolution(clock)
        }
        fn until(&self, deadline: u64) -> Result<Option<u64>> {
            self.1.fetch_add(1, Ordering::SeqCst);
            self.0.until(deadline)
        }
        fn alarm(&self, deadline: u64) -> Option<Arc<dyn turnkey_wasi_common::Pollable>> {
            self.0.alarm(deadline)
        }
    }
    let still: [Arc<dyn Clocks>; 3] = [
        Arc::new(FrozenClocks::at(Moment::new(0))),
        Arc::new(manual(0, 0)),
        Arc::new(TickClocks::new(
            Arc::new(FrozenClocks::at(Moment::new(0))),
            0,
        )),
    ];
    for clocks in still {
        let waiters: [Arc<dyn BlockingWait>; 2] = [Arc::new(ParkWait), Arc::new(HostWait)];
        for waiter in waiters {
            let counted = Arc::new(Counted(Arc::clone(&clocks), AtomicUsize::new(0)));
            let interrupt = Interrupt::new();
            let ctx = WasiCtx::builder()
                .clocks(Arc::clone(&counted) as _)
                .waiter(waiter)
                .interrupt(interrupt.clone())
                .build()
                .unwrap();
            // A nanosecond: who takes it for one of the host's looks again at once.
            let guest = spawn(move || {
                loop {
                    if let Err(trap) = ctx.block(until(1)) {
                        return trap.kind();
                    }
                }
            });
            std::thread::sleep(Duration::from_millis(20));
            let looks = counted.1.load(Ordering::SeqCst);
            interrupt.fire(Reason::Killed);
            let ended = guest.join().unwrap();
            assert_eq!(ended, TrapKind::Interrupted(Reason::Killed));
            assert!(looks < 10, "{looks}");
        }
    }
}

#[test]
fn block_manual_wall_clock_set_waiters_look_again() {
    let hand = manual(0, 0);
    let interrupt = Interrupt::new();
    let mut wait = until(u64::MAX);
    let alarm = hand.alarm(u64::MAX).unwrap();
    wait.objects.push((alarm, Interest::Read));
    wait.objects.push((Arc::new(interrupt), Interest::Read));
    let clocks = hand.clone();
    let waiting = spawn(move || ParkWait.wait(&wait, &clocks));
    let mut moment = 0;
    while !waiting.is_finished() {
        moment += 1;
        hand.set_realtime(Moment::new(moment));
        std::thread::yield_now();
    }
    assert_eq!(waiting.join().unwrap(), Ok(()));
}

#[test]
fn block_on_scaled_clocks_takes_as_long_as_they_say() {
    let waiters: [Arc<dyn BlockingWait>; 2] = [Arc::new(ParkWait), Arc::new(HostWait)];
    for waiter in waiters {
        for (text, sleep, least) in [
            // An hour that nobody has to sit through, and a millisecond that is stretched.
            ("100000", 3600 * SECOND, Duration::from_millis(36)),
            ("0.01", 1_000_000, Duration::from_millis(100)),
        ] {
            let ctx = WasiCtx::builder()
                .clocks(Arc::new(ScaledClocks::new(host(), speed(text))))
                .waiter(Arc::clone(&waiter))
                .build()
                .unwrap();
            let (began, looks) = (Instant::now(), AtomicUsize::new(0));
            let now = || ctx.clocks().now(Clock::Monotonic).unwrap();
            let deadline = now() + sleep;
            while now() < deadline {
                ctx.block(until(deadline)).unwrap();
                looks.fetch_add(1, Ordering::SeqCst);
            }
            assert!(began.elapsed() >= least, "{:?} at {text}", began.elapsed());
            assert!(began.elapsed() < 1000 * least, "{text}");
            assert!(looks.into_inner() < 100, "{text}");
        }
    }
}
