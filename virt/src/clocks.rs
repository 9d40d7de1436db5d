//! Clocks that tell another time than the host's, and time that passes by waiting alone.
//!
//! [`FrozenClocks`] and [`ManualClocks`] need nothing of the host. [`OffsetClocks`],
//! [`ScaledClocks`], [`TickClocks`], [`CoarseClocks`] and [`WithoutClock`] change what any other
//! clocks tell, each other's included; [`VirtualTime`] makes waiting take no time. Clocks that are
//! not there at all are [`DeniedClocks`](turnkey_wasi_common::DeniedClocks).
//!
//! Processor time is handed on as the clocks beneath tell it; those of the host do not.
//!
//! | a guest that waits on | goes on |
//! |---|---|
//! | offset, coarse and scaled clocks | when the time has come, by the clock that it reads |
//! | [`ManualClocks`] | when somebody has moved them there |
//! | [`FrozenClocks`] | never: only something else that it waits for, or an interrupt, ends the wait |
//! | [`TickClocks`] | as the clocks beneath have it: it makes no readings, so they do not tick |
//! | [`VirtualTime`] over any of these | at once, and the clocks have gone on by the time waited for |
//!
//! None of these waits spins, and each ends when an interrupt fires.
//!
//! ```
//! use std::sync::Arc;
//! use turnkey_virt::clocks::{FrozenClocks, TickClocks, VirtualTime};
//! use turnkey_wasi_common::{Clock, Wait, WasiCtx};
//!
//! // It is always the same morning, a microsecond later at each look, and sleeping takes no time.
//! let morning = FrozenClocks::at("2019-11-12T08:00:00Z".parse()?);
//! let ticking = TickClocks::new(Arc::new(morning), 1000);
//! let time = VirtualTime::new(Arc::new(ticking));
//! let ctx = time.govern(WasiCtx::builder()).build()?;
//!
//! let hour = 3600 * 1_000_000_000;
//! let before = ctx.clocks().now(Clock::Realtime)?;
//! let deadline = ctx.clocks().now(Clock::Monotonic)? + hour;
//! ctx.block(Wait { deadline: Some(deadline), ..Wait::default() })?;
//! assert!(ctx.clocks().now(Clock::Realtime)? - before >= hour);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod coarse;
mod frozen;
mod manual;
mod moment;
mod offset;
mod scaled;
mod speed;
mod tick;
mod virtual_time;
mod without;

pub use coarse::CoarseClocks;
pub use frozen::FrozenClocks;
pub use manual::ManualClocks;
pub use moment::{Moment, NoMoment};
pub use offset::OffsetClocks;
pub use scaled::ScaledClocks;
pub use speed::{NoSpeed, Speed};
pub use tick::TickClocks;
pub use virtual_time::VirtualTime;
pub use without::WithoutClock;

use turnkey_wasi_common::{Clock, Errno, Result};

/// A reading that has gone on by some nanoseconds. Beyond 2554 the wall clock cannot tell the time;
/// the monotonic clock stays at the last reading there is, so that a guest which waits for it is
/// not stuck.
fn gone_on(clock: Clock, reading: u64, by: u64) -> Result<u64> {
    match clock {
        Clock::Realtime => reading.checked_add(by).ok_or(Errno::Overflow.into()),
        Clock::Monotonic => Ok(reading.saturating_add(by)),
        Clock::ProcessCpu | Clock::ThreadCpu => Ok(reading),
    }
}
