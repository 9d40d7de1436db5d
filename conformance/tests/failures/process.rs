//! The guest's end, its signals, and the time of day.

use crate::assert_fault;
use crate::host::{Guest, Subscription, abstime};
use std::sync::Arc;
use turnkey_cap_backends::builder;
use turnkey_wasi_common::{Clock, Clocks, Errno, Result as CoreResult, Stop};

/// A guest that raises a signal does not raise it in the host (Node sends it to itself), and is
/// not ended by it (the predecessor trapped); only the embedder hears of it.
///
/// Broken on purpose: `WasiCtx::raise` aborts the process, as the signal would.
#[test]
fn node_proc_raise_signals_nobody() {
    let mut deaf = Guest::new(builder().build().unwrap());
    for signal in 0..31 {
        let raised = deaf.invoke("proc_raise", &[signal]);
        assert_eq!(raised, Ok(Errno::Notsup), "{signal}");
    }
    assert_fault(deaf.invoke("proc_raise", &[31]));
    let hearing = builder().on_raise(|signal| match signal {
        2 => Ok(()),
        _ => Err(Errno::Perm.into()),
    });
    let mut hearing = Guest::new(hearing.build().unwrap());
    assert_eq!(hearing.invoke("proc_raise", &[2]), Ok(Errno::Success));
    assert_eq!(hearing.invoke("proc_raise", &[9]), Ok(Errno::Perm));
}

/// Every exit code reaches the embedder as it is.
///
/// Broken on purpose: `proc_exit` cuts the code to 7 bits.
#[test]
fn wasi_common_proc_exit_every_code_as_it_is() {
    let mut guest = Guest::new(builder().build().unwrap());
    for code in [
        0,
        1,
        33,
        125,
        126,
        127,
        128,
        134,
        255,
        256,
        1 << 31,
        u32::MAX,
    ] {
        let exited = guest.invoke("proc_exit", &[code.into()]);
        assert_eq!(exited, Err(Stop::Exit(code)));
    }
}

/// A wall clock that stands before 1970, and a monotonic one at its end.
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

/// A time of day that cannot be told is an errno, not the guest's end.
///
/// Broken on purpose: `clock_time_get` answers what a clock fails with by a trap.
#[test]
fn wasi_common_wall_clock_before_1970_overflow() {
    let mut guest = Guest::new(builder().clocks(Arc::new(Before1970)).build().unwrap());
    assert_eq!(guest.clock_time_get(0), Err(Errno::Overflow));
    let moment = Subscription::Clock {
        id: 0,
        timeout: 5,
        flags: abstime(),
    };
    assert_eq!(guest.poll_oneoff(&[moment]), Err(Errno::Overflow));
}
