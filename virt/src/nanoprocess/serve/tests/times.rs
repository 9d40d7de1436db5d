//! Clocks and randomness that parents serve.

use super::*;
use std::time::{Duration, Instant};
use turnkey_wasi_common::{BlockingWait, Clock, Interrupt, ParkWait, Reason, Wait};

/// A clock that stands still at 5, and counts how often it is looked at.
const STILL: &str = r#"(func (export "clock_now") (param i32 i32) (result i64)
    (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1)))
    (i64.const 5))"#;

#[test]
fn clocks_told_by_the_parent() {
    let clocks = r#"
        (func (export "clock_now") (param i32 i32) (result i64)
            (if (i32.gt_u (local.get 1) (i32.const 1)) (then (return (i64.const -28))))
            (i64.add (i64.mul (i64.extend_i32_u (local.get 0)) (i64.const 100))
                (i64.extend_i32_u (local.get 1))))
        (func (export "clock_res") (param i32 i32) (result i64) (i64.const 0))"#;
    on_every_engine(&parent(clocks), |serving, parent| {
        let clocks = serving.clocks(TAG);
        assert_eq!(errno(clocks.now(Clock::Realtime)), Errno::Io);
        serving.lend(parent, || {
            assert_eq!(clocks.now(Clock::Realtime), Ok(700));
            assert_eq!(clocks.now(Clock::Monotonic), Ok(701));
            assert_eq!(errno(clocks.now(Clock::ProcessCpu)), Errno::Inval);
            assert_eq!(clocks.resolution(Clock::Realtime), Ok(1));
        });
        assert_eq!(errno(clocks.now(Clock::Realtime)), Errno::Io);
    });
    on_every_engine(&parent(""), |serving, parent| {
        serving.lend(parent, || {
            let clocks = serving.clocks(TAG);
            assert_eq!(errno(clocks.now(Clock::Realtime)), Errno::Inval);
            assert_eq!(clocks.resolution(Clock::Realtime), Ok(1));
        });
    });
}

#[test]
fn until_clock_that_stands_still_seldom_looked_at() {
    on_every_engine(&parent(STILL), |serving, parent| {
        let interrupt = Interrupt::new();
        let killer = {
            let interrupt = interrupt.clone();
            std::thread::spawn(move || {
                std::thread::sleep(Duration::from_millis(300));
                interrupt.fire(Reason::Killed);
            })
        };
        let began = Instant::now();
        serving.lend(parent, || {
            let clocks = serving.clocks(TAG);
            let mut wait = Wait::object(
                std::sync::Arc::new(interrupt),
                turnkey_wasi_common::Interest::Read,
            );
            wait.end_at(6);
            while !wait.any_ready() {
                ParkWait.wait(&wait, &*clocks).unwrap();
            }
        });
        killer.join().unwrap();
        let looks = parent.memory().unwrap()[0];
        // Every look is at least a millisecond after the one before, and ever later.
        let most = 4 + began.elapsed().as_millis().ilog2();
        assert!(u32::from(looks) <= most, "{looks} looks");
    });
}

#[test]
fn until_told_by_the_parent() {
    // A clock that moves to where somebody waits for it, but not beyond 1000: that never comes.
    let moving = r#"
        (global $now (mut i64) (i64.const 10))
        (func (export "clock_now") (param i32 i32) (result i64) (global.get $now))
        (func (export "sleep_until") (param i32 i64) (result i64)
            (if (i64.gt_u (local.get 1) (i64.const 1000)) (then (return (i64.const -6))))
            (global.set $now (local.get 1))
            (i64.const 0))"#;
    on_every_engine(&parent(moving), |serving, parent| {
        serving.lend(parent, || {
            let clocks = serving.clocks(TAG);
            assert_eq!(clocks.until(1001), Ok(None));
            assert_eq!(clocks.until(500), Ok(Some(0)));
            assert_eq!(clocks.now(Clock::Monotonic), Ok(500));
        });
    });
    let lying = format!(
        r#"{STILL} (func (export "sleep_until") (param i32 i64) (result i64) (i64.const 0))"#
    );
    on_every_engine(&parent(&lying), |serving, parent| {
        serving.lend(parent, || {
            let clocks = serving.clocks(TAG);
            let waits: Vec<_> = (0..4).map(|_| clocks.until(6).unwrap()).collect();
            let [first, then @ ..] = &waits[..] else {
                panic!()
            };
            assert_eq!(*first, Some(0));
            assert_eq!(then, [Some(1_000_000), Some(2_000_000), Some(4_000_000)]);
        });
    });
}

#[test]
fn random_filled_in_pieces() {
    let counting = r#"
        (global $next (mut i32) (i32.const 0))
        (func (export "rng_fill") (param i32) (param $at i32) (param $left i32) (result i32)
            (block $done (loop $each
                (br_if $done (i32.eqz (local.get $left)))
                (i32.store8 (local.get $at) (global.get $next))
                (global.set $next (i32.add (global.get $next) (i32.const 1)))
                (local.set $at (i32.add (local.get $at) (i32.const 1)))
                (local.set $left (i32.sub (local.get $left) (i32.const 1)))
                (br $each)))
            (i32.const 0))"#;
    on_every_engine(&parent(counting), |serving, parent| {
        serving.lend(parent, || {
            let mut bytes = vec![0; 10_001];
            serving.random(TAG).fill(&mut bytes).unwrap();
            let expected: Vec<u8> = (0..=255).cycle().take(10_001).collect();
            assert_eq!(bytes, expected);
            assert_eq!(serving.random(TAG).fill(&mut []), Ok(()));
        });
    });
    on_every_engine(&parent(""), |serving, parent| {
        serving.lend(parent, || {
            let filled = serving.random(TAG).fill(&mut [0; 8]);
            assert_eq!(errno(filled), Errno::Notsup);
        });
    });
}
