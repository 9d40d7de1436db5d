//! Clocks, virtual time, and random numbers from a seed.

use crate::acts::Act::{Draw, ReadStdin, Sleep, Time};
use crate::acts::acts;
use crate::support::{ENGINES, Place};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const REALTIME: u32 = 0;
const MONOTONIC: u32 = 1;

const SECOND: u64 = 1_000_000_000;
const HOUR: u64 = 3600 * SECOND;

/// The numbers that a guest says.
fn numbers(place: &Place, engine: &str, options: &[&str]) -> Vec<u64> {
    let ended = place.run(engine, &[options, &["guest.wat"]].concat());
    assert_eq!((ended.code, &*ended.stderr), (Some(0), ""), "{engine}");
    let numbers = ended.stdout.lines().filter(|line| *line != "done");
    numbers.map(|line| line.parse().unwrap()).collect()
}

fn now() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    now.as_nanos().try_into().unwrap()
}

#[test]
fn clock_real_or_ahead_or_behind() {
    let place = Place::with(&acts(&[Time(REALTIME)]));
    for engine in ENGINES {
        for (options, ahead) in [
            (&[][..], 0),
            (&["--clock", "real"], 0),
            (&["--clock", "offset:1h"], HOUR.cast_signed()),
            (&["--clock", "offset:-90s"], -90 * SECOND.cast_signed()),
        ] {
            let before = now().checked_add_signed(ahead).unwrap();
            let told = numbers(&place, engine, options);
            let after = now().checked_add_signed(ahead).unwrap();
            assert!((before..=after).contains(&told[0]), "{engine} {options:?}");
        }
    }
}

#[test]
fn clock_frozen_stays_at_its_moment() {
    let place = Place::with(&acts(&[
        Time(REALTIME),
        Time(MONOTONIC),
        Time(REALTIME),
        Time(MONOTONIC),
    ]));
    for engine in ENGINES {
        let told = numbers(&place, engine, &["--clock", "frozen:2019-11-12T00:00:00Z"]);
        assert_eq!((told[0], told[1]), (told[2], told[3]), "{engine}");
        assert_eq!(told[0], 1_573_516_800 * SECOND, "{engine}");
    }
}

#[test]
fn clock_tick_goes_on_further_with_each_look() {
    let place = Place::with(&acts(&[Time(MONOTONIC), Time(MONOTONIC), Time(MONOTONIC)]));
    for engine in ENGINES {
        let told = numbers(&place, engine, &["--clock", "tick:1h"]);
        assert!(told[1] - told[0] >= HOUR, "{engine}: {told:?}");
        assert!(told[2] - told[1] >= HOUR, "{engine}: {told:?}");
    }
}

#[test]
fn clock_scaled_runs_faster() {
    let place = Place::with(&acts(&[Time(MONOTONIC), Sleep(HOUR), Time(MONOTONIC)]));
    for engine in ENGINES {
        let start = Instant::now();
        let told = numbers(&place, engine, &["--clock", "scale:1000000"]);
        assert!(told[1] - told[0] >= HOUR, "{engine}: {told:?}");
        assert!(start.elapsed() < Duration::from_secs(600), "{engine}");
    }
}

#[test]
fn virtual_time_wait_ends_at_once_and_the_clock_has_advanced() {
    let place = Place::with(&acts(&[
        Time(REALTIME),
        Time(MONOTONIC),
        Sleep(HOUR),
        Time(REALTIME),
        Time(MONOTONIC),
    ]));
    for engine in ENGINES {
        let start = Instant::now();
        let frozen = ["--virtual-time", "--clock", "frozen:2019-11-12T00:00:00Z"];
        let told = numbers(&place, engine, &frozen);
        assert_eq!(
            (told[2] - told[0], told[3] - told[1]),
            (HOUR, HOUR),
            "{engine}"
        );
        let told = numbers(&place, engine, &["--virtual-time"]);
        assert!(told[3] - told[1] >= HOUR, "{engine}: {told:?}");
        assert!(start.elapsed() < Duration::from_nanos(HOUR), "{engine}");
    }
}

#[test]
fn virtual_time_input_still_read() {
    let place = Place::with(&acts(&[ReadStdin]));
    place.file("input", "typed\n");
    for engine in ENGINES {
        let args = ["run", "--engine", engine, "--virtual-time", "guest.wat"];
        let input = std::fs::File::open(place.path("input")).unwrap();
        let output = place.command(&args).stdin(input).output().unwrap();
        assert_eq!(output.stdout, b"typed\ndone\n", "{engine}: {output:?}");
    }
}

#[test]
fn seed_same_numbers_on_every_engine_and_in_every_run() {
    let place = Place::with(&acts(&[Draw, Draw]));
    let first = numbers(&place, ENGINES[0], &["--seed", "7"]);
    assert_ne!(first[0], first[1]);
    for engine in ENGINES {
        for _ in 0..2 {
            assert_eq!(numbers(&place, engine, &["--seed=7"]), first, "{engine}");
        }
        assert_ne!(numbers(&place, engine, &["--seed=8"]), first, "{engine}");
        assert_ne!(numbers(&place, engine, &[]), first, "{engine}");
    }
}
