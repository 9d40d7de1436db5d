//! A child's clocks and randomness, asked of its parent.

use super::lend::Lent;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use turnkey_snapshots::engine::{FuncType, Guest, Handler, Value, ValueType};
use turnkey_wasi_common::{
    Clock, Clocks, Errno, Error, Interrupt, Random, Reason, Result, Stop, Trap, TrapKind,
};

/// What a parent serves to one child while it calls it.
#[derive(Clone, Default)]
pub(super) struct Serving(Arc<Inner>);

#[derive(Default)]
struct Inner {
    lent: Lent,
    state: Mutex<State>,
    interrupt: Interrupt,
}

#[derive(Default)]
struct State {
    handlers: Handlers,
    failure: Option<Stop>,
}

/// The parent's exports, looked up once for each call of the child.
#[derive(Clone, Copy, Default)]
struct Handlers {
    clock_now: Option<Handler>,
    rng_fill: Option<Handler>,
    virt_alloc: Option<Handler>,
}

/// Which of a child's requests its parent serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Served {
    /// Its clocks.
    pub clocks: bool,
    /// Its randomness.
    pub random: bool,
}

impl Serving {
    /// The child's clocks.
    pub(super) fn clocks(&self) -> ServedClocks {
        ServedClocks(self.clone())
    }

    /// The child's randomness.
    pub(super) fn random(&self) -> ServedRandom {
        ServedRandom(self.clone())
    }

    /// Ends the child when its parent fails to serve it.
    pub(super) fn interrupt(&self) -> Interrupt {
        self.0.interrupt.clone()
    }

    /// Runs `step`, in which the child may ask `parent`.
    ///
    /// # Errors
    /// - `NOSYS`: the parent does not export what it is to serve with, or with another type.
    pub(super) fn lend<R>(
        &self,
        parent: &mut dyn Guest,
        served: Served,
        step: impl FnOnce() -> R,
    ) -> Result<R, Errno> {
        self.state().handlers = look_up(parent, served)?;
        Ok(self.0.lent.lend(parent, step))
    }

    /// How the parent failed, if it did.
    pub(super) fn failure(&self) -> Option<Stop> {
        self.state().failure.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Enters the parent. A parent that has failed once is not entered again.
    fn ask<R>(&self, step: impl FnOnce(&mut dyn Guest) -> Result<R, Stop>) -> Result<R> {
        if self.state().failure.is_some() {
            return Err(failed());
        }
        match self.0.lent.borrow(step) {
            None => Err(Error::from(Errno::Io).context("the parent cannot be entered now")),
            Some(Ok(answer)) => Ok(answer),
            Some(Err(stop)) => {
                self.state().failure = Some(stop);
                self.0.interrupt.fire(Reason::Killed);
                Err(failed())
            }
        }
    }
}

fn failed() -> Error {
    Error::from(Errno::Io).context("the parent failed to serve")
}

fn look_up(parent: &mut dyn Guest, served: Served) -> Result<Handlers, Errno> {
    use ValueType::{I32, I64};
    let mut handlers = Handlers::default();
    if served.clocks {
        handlers.clock_now = Some(export(parent, "clock_now", &[I32], &[I64])?);
    }
    if served.random {
        handlers.rng_fill = Some(export(parent, "rng_fill", &[I32, I32], &[I32])?);
        handlers.virt_alloc = Some(export(parent, "virt_alloc", &[I32, I32], &[I32])?);
    }
    Ok(handlers)
}

fn export(
    parent: &mut dyn Guest,
    name: &str,
    params: &[ValueType],
    results: &[ValueType],
) -> Result<Handler, Errno> {
    let handler = parent.export(name).ok_or(Errno::Nosys)?;
    match parent.export_type(handler) == FuncType::new(params, results) {
        true => Ok(handler),
        false => Err(Errno::Nosys),
    }
}

/// Calls a handler of two arguments that answers an `i32`.
fn call_i32(parent: &mut dyn Guest, handler: Handler, args: [u32; 2]) -> Result<u32, Stop> {
    let mut results = [Value::I32(0)];
    parent.call(handler, &args.map(Value::from), &mut results)?;
    let [answer] = results;
    answer.as_u32().ok_or_else(unexpected)
}

fn unexpected() -> Stop {
    Stop::Trap(Trap::new(
        TrapKind::Host,
        "the engine answered with a value of another type",
    ))
}

/// Clocks that a parent serves with its export `clock_now`. Their resolution is a nanosecond.
#[derive(Clone)]
pub struct ServedClocks(Serving);

impl Clocks for ServedClocks {
    fn now(&self, clock: Clock) -> Result<u64> {
        let handler = self.0.state().handlers.clock_now.ok_or(Errno::Inval)?;
        let number = match clock {
            Clock::Realtime => 0,
            Clock::Monotonic => 1,
            Clock::ProcessCpu => 2,
            Clock::ThreadCpu => 3,
        };
        self.0.ask(|parent| {
            let mut results = [Value::I64(0)];
            parent.call(handler, &[Value::I32(number)], &mut results)?;
            let [now] = results;
            now.as_u64().ok_or_else(unexpected)
        })
    }

    fn resolution(&self, _clock: Clock) -> Result<u64> {
        Ok(1)
    }
}

/// Randomness that a parent serves with its exports `virt_alloc` and `rng_fill`.
#[derive(Clone)]
pub struct ServedRandom(Serving);

/// The most bytes that a parent is asked for at once.
const PIECE: usize = 4096;

impl Random for ServedRandom {
    fn fill(&self, bytes: &mut [u8]) -> Result<()> {
        let handlers = self.0.state().handlers;
        let (Some(fill), Some(alloc)) = (handlers.rng_fill, handlers.virt_alloc) else {
            return Err(Errno::Notsup.into());
        };
        for piece in bytes.chunks_mut(PIECE) {
            let answer = self
                .0
                .ask(|parent| fill_piece(parent, fill, alloc, piece))?;
            if answer != Errno::Success {
                return Err(answer.into());
            }
        }
        Ok(())
    }
}

/// Has the parent fill a piece in its own memory, and copies it out.
fn fill_piece(
    parent: &mut dyn Guest,
    fill: Handler,
    alloc: Handler,
    piece: &mut [u8],
) -> Result<Errno, Stop> {
    let Ok(length) = u32::try_from(piece.len()) else {
        return Ok(Errno::Overflow);
    };
    let address = call_i32(parent, alloc, [length, 1])?;
    if address == 0 {
        return Ok(Errno::Nomem);
    }
    let answer = call_i32(parent, fill, [address, length])?;
    let errno = u16::try_from(answer).ok().and_then(Errno::from_number);
    if errno != Some(Errno::Success) {
        return Ok(errno.unwrap_or(Errno::Io));
    }
    let start = address as usize;
    let served = parent
        .memory()?
        .get(start..start.saturating_add(piece.len()));
    match served {
        Some(served) => {
            piece.copy_from_slice(served);
            Ok(Errno::Success)
        }
        None => Ok(Errno::Io),
    }
}
