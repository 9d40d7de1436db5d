//! Delays on engines that can suspend a guest.
#![allow(
    clippy::unwrap_used,
    reason = "what a test relies on besides what it tests may fail loudly"
)]

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use turnkey_cap_backends::TokioWait;
use turnkey_snapshots::{Call, CallState, Func, Memory, preview_1};
use turnkey_virt::clocks::{FrozenClocks, ManualClocks, Moment, VirtualTime};
use turnkey_virt::{Counters, Fault};
use turnkey_wasi_common::{Clock, Interrupt, Reason, Stop, TrapKind, WasiCtx};

const DELAY: Duration = Duration::from_secs(3600);

/// A guest that yields once, on an engine that leaves the thread to others while it waits.
async fn yields(ctx: &WasiCtx) -> Result<i32, Stop> {
    let mut state = CallState::new();
    loop {
        let mut call = Call::new(ctx, &mut state);
        let result = preview_1::sched_yield(&mut call, &mut Memory::new(&mut []));
        let Some(wait) = state.take_wait() else {
            return result;
        };
        if let Err(trap) = ctx.wait(wait).await {
            state.abandon(ctx);
            return Err(trap.into());
        }
    }
}

fn runtime() -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().build().unwrap()
}

#[test]
fn delay_suspended_guest_goes_on_after_it_and_is_seen_once() {
    let time = VirtualTime::new(Arc::new(FrozenClocks::at(Moment::new(0))))
        .async_waiter(Arc::new(TokioWait));
    let counters = Arc::new(Counters::new());
    let fault = Arc::new(Fault::delay(Func::SchedYield, DELAY));
    let ctx = time
        .govern(WasiCtx::builder())
        .filter(counters.clone())
        .filter(fault.clone())
        .filter(counters.clone())
        .build()
        .unwrap();
    assert_eq!(runtime().block_on(yields(&ctx)), Ok(0));
    let now = ctx.clocks().now(Clock::Monotonic).unwrap();
    assert_eq!(u128::from(now), DELAY.as_nanos());
    let counts = counters.counts();
    assert_eq!(counts.of(Func::SchedYield).next().unwrap().calls, 2);
    assert_eq!(fault.struck(), 1);
}

#[test]
fn delay_suspended_guest_ended_from_outside() {
    let interrupt = Interrupt::new();
    let counters = Arc::new(Counters::new());
    let ctx = WasiCtx::builder()
        .clocks(Arc::new(ManualClocks::at(Moment::new(0))))
        .async_waiter(Arc::new(TokioWait))
        .interrupt(interrupt.clone())
        .filter(counters.clone())
        .filter(Arc::new(Fault::delay(Func::SchedYield, DELAY)))
        .build()
        .unwrap();
    let ended = runtime().block_on(async {
        let mut guest = pin!(yields(&ctx));
        let early = tokio::time::timeout(Duration::from_millis(1), &mut guest).await;
        assert!(early.is_err(), "the thread is left to others");
        interrupt.fire(Reason::Timeout);
        guest.await
    });
    let kind = match &ended {
        Err(Stop::Trap(trap)) => Some(trap.kind()),
        _ => None,
    };
    assert_eq!(
        kind,
        Some(TrapKind::Interrupted(Reason::Timeout)),
        "{ended:?}"
    );
    let counts = counters.counts();
    assert_eq!(counts.of(Func::SchedYield).next().unwrap().ended, 1);
}
