//! Faults and latency on purpose.

mod parse;
mod pattern;
mod turn;

pub use parse::BadFault;
pub use pattern::Pattern;
pub use turn::Turn;

use crate::Calls;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use turnkey_snapshots::Func;
use turnkey_wasi_common::{Errno, Filter, Invocation, Verdict};

/// A filter that lets some calls fail, or take longer. Each fault is a filter of its own; where a
/// context has several, a call meets them in their order, until one fails it.
///
/// As text, a fault is `CALLS=EFFECT[@TURN][@path:PATTERN]`:
///
/// | part | is | means |
/// |---|---|---|
/// | `CALLS` | `path_open`, `files`, `*` | a function, a class, or every call |
/// | `EFFECT` | `io`, `ENOSPC` | the call is not carried out and answers this errno |
/// | | `delay:250ms` | it is carried out later, by the guest's monotonic clock |
/// | `TURN` | `1in10` | of ten calls one on average, by [chance](Self::seed) |
/// | | `nth:3` | the third call alone |
/// | | `every:3` | the third call, the sixth, and so on |
/// | `PATTERN` | `tmp/*.log` | a path that the guest names, see [`Pattern`]; it takes the rest of the text |
///
/// Only the calls that `CALLS` and `PATTERN` mean are counted.
///
/// ```
/// use std::sync::Arc;
/// use turnkey_snapshots::{Func, Memory, complete, preview_1};
/// use turnkey_virt::{Fault, Turn};
/// use turnkey_wasi_common::{Errno, WasiCtx};
///
/// let fault: Fault = "fd_fdstat_get=io@nth:2".parse()?;
/// let fault = Arc::new(fault);
/// let ctx = WasiCtx::builder().filter(fault.clone()).build()?;
/// let mut memory = vec![0; 64];
/// let mut stat = || {
///     complete(&ctx, |call| {
///         preview_1::fd_fdstat_get(call, &mut Memory::new(&mut memory), 0, 0)
///     })
/// };
/// assert_eq!((stat()?, stat()?, stat()?), (0, 29, 0));
/// assert_eq!(fault.struck(), 1);
///
/// // The same, told to the compiler.
/// let fault = Fault::errno(Func::FdFdstatGet, Errno::Io).turn(Turn::Nth(2));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Fault {
    calls: Calls,
    effect: Effect,
    pattern: Option<Pattern>,
    turn: Turn,
    seed: u64,
    /// The calls that were meant so far.
    met: AtomicU64,
    struck: AtomicU64,
}

/// What a fault does to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Effect {
    Errno(Errno),
    Delay(Duration),
}

impl Fault {
    /// Calls that are not carried out, and answer an errno. A function that does not return cannot
    /// answer; it ends the guest with a trap, and is only meant where it is named.
    pub fn errno(calls: impl Into<Calls>, errno: Errno) -> Self {
        Self::new(calls.into(), Effect::Errno(errno))
    }

    /// Calls that are carried out after a delay, by the guest's monotonic clock.
    pub fn delay(calls: impl Into<Calls>, delay: Duration) -> Self {
        Self::new(calls.into(), Effect::Delay(delay))
    }

    fn new(calls: Calls, effect: Effect) -> Self {
        Self {
            calls,
            effect,
            pattern: None,
            turn: Turn::Always,
            seed: 0,
            met: AtomicU64::new(0),
            struck: AtomicU64::new(0),
        }
    }

    /// Strikes only the calls that name such a path.
    #[must_use]
    pub fn path(self, pattern: impl Into<Pattern>) -> Self {
        Self {
            pattern: Some(pattern.into()),
            ..self
        }
    }

    /// Strikes only some of the calls.
    #[must_use]
    pub fn turn(self, turn: Turn) -> Self {
        Self { turn, ..self }
    }

    /// Where chance begins. Two faults of one seed strike the same calls of the same sequence; it
    /// is 0 unless it is set.
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// How many calls it has struck.
    pub fn struck(&self) -> u64 {
        self.struck.load(Ordering::Relaxed)
    }

    /// Whether a call is of those that it may strike.
    fn means(&self, call: &Invocation<'_>, memory: &[u8]) -> bool {
        let named = matches!(self.calls, Calls::Of(_));
        let can_answer = !call.function.noreturn || matches!(self.effect, Effect::Delay(_));
        self.calls.hold(call.function)
            && (named || can_answer)
            && self.pattern.as_ref().is_none_or(|pattern| {
                let mut paths = call.strings(memory).filter(|(name, _)| is_path(call, name));
                paths.any(|(_, path)| path.is_some_and(|path| pattern.fits(path)))
            })
    }
}

/// Whether a string is a path that is looked up, and not the text of a link.
fn is_path(call: &Invocation<'_>, name: &str) -> bool {
    name != "old_path" || !Func::PathSymlink.is(call.function)
}

impl Filter for Fault {
    fn before(&self, call: &Invocation<'_>, memory: &mut [u8]) -> Verdict {
        if !self.means(call, memory) {
            return Verdict::Continue;
        }
        let position = self.met.fetch_add(1, Ordering::Relaxed);
        if !self.turn.has_come(position, self.seed) {
            return Verdict::Continue;
        }
        self.struck.fetch_add(1, Ordering::Relaxed);
        match self.effect {
            Effect::Errno(errno) => Verdict::Deny(errno),
            Effect::Delay(delay) => Verdict::Delay(delay),
        }
    }
}

#[cfg(test)]
mod tests;
