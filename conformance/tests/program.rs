//! What a program is told of itself and of the world: arguments, environment, clocks, randomness,
//! its end.
#![cfg(test)]

mod host;

use host::{BUFFER, Guest};
use std::sync::Arc;
use turnkey_cap_backends::builder;
use turnkey_wasi_common::{
    Builder, Clock, Clocks, Errno, Interrupt, Random, Reason, Result as CoreResult, Stop, TrapKind,
    WasiCtx,
};

fn guest(builder: Builder) -> Guest {
    Guest::new(builder.build().unwrap())
}

fn u32_at(guest: &Guest, at: u32) -> u32 {
    u32::from_le_bytes(guest.bytes(at, 4).try_into().unwrap())
}

/// The strings that a pair of functions tells, each still followed by its NUL.
fn strings(guest: &mut Guest, sizes: &str, get: &str) -> Vec<String> {
    const SIZES: u32 = 16;
    const POINTERS: u32 = 1024;
    let (count_at, bytes_at) = (u64::from(SIZES), u64::from(SIZES + 4));
    let told = guest.invoke(sizes, &[count_at, bytes_at]);
    assert_eq!(told, Ok(Errno::Success));
    let (count, bytes) = (u32_at(guest, SIZES), u32_at(guest, SIZES + 4));
    guest.memory[BUFFER as usize..].fill(0xee);
    guest.memory[POINTERS as usize..][..1024].fill(0xee);
    let told = guest.invoke(get, &[POINTERS.into(), BUFFER.into()]);
    assert_eq!(told, Ok(Errno::Success));
    assert_eq!(u32_at(guest, POINTERS + 4 * count), 0xeeee_eeee);
    assert_eq!(guest.bytes(BUFFER + bytes, 1), [0xee]);
    let starts: Vec<u32> = (0..count)
        .map(|n| u32_at(guest, POINTERS + 4 * n))
        .collect();
    let ends = starts.iter().skip(1).copied().chain([BUFFER + bytes]);
    let text = |(start, end): (&u32, u32)| {
        let bytes = guest.bytes(*start, (end - start) as usize);
        String::from_utf8(bytes.to_vec()).unwrap()
    };
    starts.iter().zip(ends).map(text).collect()
}

fn args(guest: &mut Guest) -> Vec<String> {
    strings(guest, "args_sizes_get", "args_get")
}

fn environ(guest: &mut Guest) -> Vec<String> {
    strings(guest, "environ_sizes_get", "environ_get")
}

#[test]
fn args_and_environ_told_with_a_nul_behind_each() {
    let mut guest = guest(
        builder()
            .args(["program", "", "the \"second\"", "grüße\n"])
            .env("a", "text")
            .env("empty", "")
            .env("b", "a=b=c")
            .env("a", "replaced"),
    );
    assert_eq!(
        args(&mut guest),
        ["program\0", "\0", "the \"second\"\0", "grüße\n\0"]
    );
    assert_eq!(
        environ(&mut guest),
        ["a=replaced\0", "empty=\0", "b=a=b=c\0"]
    );
}

#[test]
fn args_and_environ_nothing_granted_nothing_told_nor_written() {
    let mut guest = guest(builder());
    assert_eq!(args(&mut guest), Vec::<String>::new());
    assert_eq!(environ(&mut guest), Vec::<String>::new());
    let end = guest.memory.len() as u64;
    assert_eq!(guest.invoke("args_get", &[end, end]), Ok(Errno::Success));
}

#[test]
fn args_get_beyond_memory_trap_and_nothing_written() {
    let mut guest = guest(builder().args(["one", "two"]));
    let end = guest.memory.len() as u64;
    for words in [
        [end - 7, 0],
        [0, end - 7],
        [end - 4, 0],
        [end, 0],
        [0, end],
        [2, 64],
    ] {
        guest.memory.fill(0xee);
        assert_fault(guest.invoke("args_get", &words));
        assert!(guest.memory.iter().all(|byte| *byte == 0xee), "{words:?}");
    }
    assert_eq!(
        guest.invoke("args_get", &[end - 8, end - 16]),
        Ok(Errno::Success)
    );
}

#[track_caller]
fn assert_fault(outcome: Result<Errno, Stop>) {
    assert_eq!(kind(&outcome), Some(TrapKind::Fault), "{outcome:?}");
}

fn kind(outcome: &Result<Errno, Stop>) -> Option<TrapKind> {
    match outcome {
        Err(Stop::Trap(trap)) => Some(trap.kind()),
        _ => None,
    }
}

#[test]
fn clock_functions_each_clock() {
    let mut guest = guest(builder());
    let year_2020 = 1_577_836_800_000_000_000;
    assert!(guest.clock_time_get(0).unwrap() > year_2020);
    let mut before = 0;
    for _ in 0..1000 {
        let now = guest.clock_time_get(1).unwrap();
        assert!(now >= before);
        before = now;
    }
    for clock in [0, 1] {
        assert!(guest.clock_res_get(clock).unwrap() > 0);
        for precision in [0, 1, u64::MAX] {
            let told = guest.invoke("clock_time_get", &[clock.into(), precision, 0]);
            assert_eq!(told, Ok(Errno::Success));
        }
    }
    for clock in [2, 3] {
        // Optional; a host without them says so with this errno alone.
        for told in [guest.clock_time_get(clock), guest.clock_res_get(clock)] {
            assert!(
                matches!(told, Ok(1..) | Err(Errno::Inval)),
                "{clock}: {told:?}"
            );
        }
    }
    for clock in [4, 255, u32::MAX.into()] {
        assert_fault(guest.invoke("clock_time_get", &[clock, 0, 0]));
        assert_fault(guest.invoke("clock_res_get", &[clock, 0]));
    }
}

/// A clock that stands before 1970.
struct Before1970;

impl Clocks for Before1970 {
    fn now(&self, clock: Clock) -> CoreResult<u64> {
        match clock {
            Clock::Realtime => Err(Errno::Overflow.into()),
            _ => Ok(u64::MAX),
        }
    }

    fn resolution(&self, _clock: Clock) -> CoreResult<u64> {
        Ok(1)
    }
}

#[test]
fn clock_functions_strange_clocks_no_panic() {
    let mut guest = guest(builder().clocks(Arc::new(Before1970)));
    assert_eq!(guest.clock_time_get(0), Err(Errno::Overflow));
    assert_eq!(guest.clock_time_get(1), Ok(u64::MAX));
    let subscription = |id, timeout, flags| host::Subscription::Clock { id, timeout, flags };
    let absolute = host::abstime();
    for (id, timeout, flags, expected) in [
        // A span cannot end later than the clock goes.
        (1, 5, 0, Ok(1)),
        (0, 5, 0, Ok(1)),
        (1, u64::MAX, 0, Ok(1)),
        (1, u64::MAX, absolute, Ok(1)),
        (0, 5, absolute, Err(Errno::Overflow)),
    ] {
        let polled = guest.poll_oneoff(&[subscription(id, timeout, flags)]);
        assert_eq!(
            polled.map(|events| events.len()),
            expected,
            "{id} {timeout} {flags}"
        );
    }
}

#[test]
fn random_get_each_length() {
    let mut guest = guest(builder());
    assert_eq!(guest.random_get(0).unwrap().len(), 0);
    let length = 3 << 18;
    let bytes = guest.random_get(length - 8).unwrap();
    for part in bytes.chunks_exact(64) {
        assert!(part.iter().any(|byte| *byte != 0));
    }
    let one = guest.random_get(32).unwrap().to_vec();
    assert_ne!(guest.random_get(32).unwrap(), one);
    let end = guest.memory.len() as u64;
    assert_eq!(
        guest.invoke("random_get", &[end + 1, 0]),
        Ok(Errno::Success)
    );
    guest.memory.fill(0xee);
    for words in [
        [0, end + 1],
        [end - 1, 2],
        [1, u32::MAX.into()],
        [u32::MAX.into(), 1],
    ] {
        assert_fault(guest.invoke("random_get", &words));
    }
    assert!(guest.memory.iter().all(|byte| *byte == 0xee));
}

/// Throws the switch while it is asked for bytes.
struct Throws(Interrupt);

impl Random for Throws {
    fn fill(&self, bytes: &mut [u8]) -> CoreResult<()> {
        assert!(bytes.len() <= 1 << 20, "{} bytes at once", bytes.len());
        self.0.fire(Reason::Killed);
        Ok(())
    }
}

#[test]
fn random_get_of_a_guest_that_is_ended_ends() {
    let interrupt = Interrupt::new();
    let random = Arc::new(Throws(interrupt.clone()));
    let mut guest = guest(builder().interrupt(interrupt).random(random));
    let outcome = guest.invoke("random_get", &[0, 1 << 20]);
    assert_eq!(kind(&outcome), Some(TrapKind::Interrupted(Reason::Killed)));
}

#[test]
fn nothing_granted_errno_and_no_panic() {
    let mut guest = guest(WasiCtx::builder());
    assert_eq!(guest.clock_time_get(0), Err(Errno::Inval));
    assert_eq!(guest.random_get(4).map(drop), Err(Errno::Notsup));
    assert_eq!(guest.random_get(0).map(drop), Ok(()));
    assert_eq!(guest.fd_read(0, 4), Ok(Vec::new()));
    assert_eq!(guest.fd_write(1, "x"), Ok(1));
    assert_eq!(guest.fd_prestat_get(3), Err(Errno::Badf));
    assert_eq!(guest.invoke("sched_yield", &[]), Ok(Errno::Success));
}
