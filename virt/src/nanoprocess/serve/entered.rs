//! A parent that has been entered, to be asked.

use super::exports::Export;
use super::room::Desk;
use super::{Inner, flawed};
use std::sync::atomic::{AtomicUsize, Ordering};
use turnkey_snapshots::engine::{FuncType, Guest, Handler, Value, ValueType};
use turnkey_wasi_common::{Errno, Error, Stop, Trap, TrapKind};

/// The parent's exports, each looked up when it is needed first in a call of the child.
#[derive(Default)]
pub(super) struct Known([Slot; Export::ALL.len()]);

impl Known {
    pub(super) fn forget(&self) {
        self.0.iter().for_each(Slot::forget);
    }
}

/// An export that is looked up when it is needed first.
#[derive(Default)]
pub(super) struct Slot(AtomicUsize);

/// Numbers that stand for no handler; that of a handler is larger by [`FOUND`].
const UNKNOWN: usize = 0;
const MISSING: usize = 1;
const FOUND: usize = 2;

impl Slot {
    /// The handler, as `look_up` finds it if nobody has looked before.
    pub(super) fn find(&self, look_up: impl FnOnce() -> Option<Handler>) -> Option<Handler> {
        match self.0.load(Ordering::Relaxed) {
            UNKNOWN => {
                let found = look_up();
                let number = found.map_or(MISSING, |Handler(number)| number + FOUND);
                self.0.store(number, Ordering::Relaxed);
                found
            }
            number => number.checked_sub(FOUND).map(Handler),
        }
    }

    pub(super) fn forget(&self) {
        self.0.store(UNKNOWN, Ordering::Relaxed);
    }
}

/// Why a request has no answer.
pub(super) enum Flaw {
    /// The child receives an errno.
    Errno(Error),
    /// The parent has ended.
    Stop(Stop),
}

impl From<Errno> for Flaw {
    fn from(errno: Errno) -> Self {
        Self::Errno(errno.into())
    }
}

impl From<Error> for Flaw {
    fn from(error: Error) -> Self {
        Self::Errno(error)
    }
}

impl From<Stop> for Flaw {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

impl From<Trap> for Flaw {
    fn from(trap: Trap) -> Self {
        Self::Stop(trap.into())
    }
}

/// A parent that has been entered.
pub(super) struct Entered<'a> {
    pub(super) guest: &'a mut dyn Guest,
    pub(super) inner: &'a Inner,
}

impl<'a> Entered<'a> {
    pub(super) fn new(guest: &'a mut dyn Guest, inner: &'a Inner) -> Self {
        Self { guest, inner }
    }

    /// Whether the parent exports this.
    pub(super) fn has(&mut self, export: Export) -> bool {
        self.find(export).is_some()
    }

    fn find(&mut self, export: Export) -> Option<Handler> {
        let slot = self.inner.known.0.get(export as usize)?;
        slot.find(|| look_up(self.guest, export).ok().flatten())
    }

    /// Asks, and answers the number that is not negative.
    ///
    /// # Errors
    /// - `absent`: the parent does not export this.
    /// - the errno that the parent answers; `IO` for one that there is not.
    pub(super) fn ask(
        &mut self,
        export: Export,
        absent: Errno,
        args: &[Value],
    ) -> Result<u64, Flaw> {
        let handler = self.find(export).ok_or(absent)?;
        let (_, result) = export.ty();
        self.call(handler, export.name(), result, args)
    }

    /// Calls a function that answers as exports do.
    pub(super) fn call(
        &mut self,
        handler: Handler,
        name: &str,
        result: ValueType,
        args: &[Value],
    ) -> Result<u64, Flaw> {
        let mut results = [match result {
            ValueType::I32 => Value::I32(0),
            _ => Value::I64(0),
        }];
        self.guest.call(handler, args, &mut results)?;
        let [answer] = results;
        let answer = match answer {
            Value::I32(answer) => i64::from(answer),
            Value::I64(answer) => answer,
            _ => return Err(unexpected().into()),
        };
        u64::try_from(answer).map_err(|_| errno(name, answer).into())
    }

    /// Room in the parent's memory for what is handed over.
    ///
    /// # Errors
    /// - `NOSYS`, `NOMEM`: the parent lends none, or too little.
    /// - `IO`: what it lends lies beyond its memory.
    pub(super) fn desk(&mut self) -> Result<Desk<'_, 'a>, Flaw> {
        Desk::new(self)
    }
}

/// Looks an export up: `None` if there is none of this name.
///
/// # Errors
/// It has another type.
pub(super) fn look_up(guest: &mut dyn Guest, export: Export) -> Result<Option<Handler>, FuncType> {
    let (params, result) = export.ty();
    look_up_typed(guest, export.name(), params, &[result])
}

/// The same for a name and a type.
pub(super) fn look_up_typed(
    guest: &mut dyn Guest,
    name: &str,
    params: &[ValueType],
    results: &[ValueType],
) -> Result<Option<Handler>, FuncType> {
    let Some(handler) = guest.export(name) else {
        return Ok(None);
    };
    let ty = guest.export_type(handler);
    match ty.params == params && ty.results == results {
        true => Ok(Some(handler)),
        false => Err(ty),
    }
}

/// The errno that a negative answer stands for.
fn errno(name: &str, answer: i64) -> Error {
    let known = u16::try_from(answer.unsigned_abs())
        .ok()
        .and_then(Errno::from_number);
    known.map_or_else(
        || {
            flawed(format!(
                "the parent's {name} answered {answer}, which is no errno"
            ))
        },
        Error::from,
    )
}

fn unexpected() -> Stop {
    Stop::Trap(Trap::new(
        TrapKind::Host,
        "the engine answered with a value of another type",
    ))
}
