//! A call from one memory to another.

use super::copy::{Copy, Fault, Handles, Room, check, place};
use super::lower::{bits, of_bits};
use super::side::{Callee, Failed, Side};
use super::types::{Answer, Function, Type};
use crate::nanoprocess::Outcome;
use smallvec::SmallVec;
use turnkey_snapshots::engine::Value;
use turnkey_wasi_common::{Errno, Grant, Stop, Trap, TrapKind};

/// The most handles that are handed over at once.
const MOST_HANDLES: usize = 64;

/// Why a call does not come back as a call does.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Broken {
    /// The call was not carried out, or its answer does not cross.
    Errno(Errno),
    /// Whoever calls does not go on.
    Caller(Stop),
    /// Whoever is called does not go on.
    Callee(Stop),
    /// Whoever is called has ended.
    Ended(Outcome),
}

impl Broken {
    pub(crate) fn caller(failed: impl Into<Failed>) -> Self {
        match failed.into() {
            Failed::Errno(errno) => Self::Errno(errno),
            Failed::Stop(stop) => Self::Caller(stop),
        }
    }

    fn callee(failed: impl Into<Failed>) -> Self {
        match failed.into() {
            Failed::Errno(errno) => Self::Errno(errno),
            Failed::Stop(stop) => Self::Callee(stop),
        }
    }

    /// The same, of a way back: whoever was called now hands over.
    fn turned(self) -> Self {
        match self {
            Self::Errno(errno) => Self::Errno(errno),
            Self::Caller(stop) => Self::Callee(stop),
            Self::Callee(stop) => Self::Caller(stop),
            Self::Ended(outcome) => Self::Ended(outcome),
        }
    }
}

impl Function {
    /// Calls the function with these core arguments, which lead into the caller's memory. The answer
    /// is the core result.
    pub(crate) fn call(
        &self,
        caller: &mut dyn Side,
        args: &[Value],
        callee: &mut dyn Callee,
    ) -> Result<Option<Value>, Broken> {
        let answer_at = self.answer_at(caller, args)?;
        let mut words: SmallVec<[Value; 8]> = SmallVec::new();
        let mut walk = |copy: &mut Copy<'_>| self.hand_in(args, copy, &mut words);
        let room = cross(caller, callee, self.fills_callee(), &mut walk)?;
        let core = self.core();
        let mut results = core.zero_results().ok_or(Broken::Errno(Errno::Notsup))?;
        callee
            .call(caller, &words, &mut results)
            .map_err(Broken::Callee)?;
        let written_at = words.last().and_then(|word| word.as_u32()).unwrap_or(0);
        let result = results.first().copied();
        let answer = self.answer(caller, answer_at, callee, written_at, result);
        if room.size > 0 && !matches!(answer, Err(Broken::Callee(_))) {
            callee.free(caller, room).map_err(Broken::Callee)?;
        }
        answer
    }

    /// Where the caller wants the answer. That it leads somewhere is seen before anything runs.
    fn answer_at(&self, caller: &mut dyn Side, args: &[Value]) -> Result<u32, Broken> {
        let Some(written) = self.answer.written() else {
            return Ok(0);
        };
        let at = args.last().and_then(|word| word.as_u32()).unwrap_or(0);
        let shape = written.shape();
        let memory = caller.memory().map_err(Broken::caller)?;
        place(memory, at, shape.size.into(), shape.align).map_err(Broken::caller)?;
        Ok(at)
    }

    /// Walks over the arguments; `words` are those of the other side then.
    fn hand_in(
        &self,
        args: &[Value],
        copy: &mut Copy<'_>,
        words: &mut SmallVec<[Value; 8]>,
    ) -> Result<(), Fault> {
        words.clear();
        let mut args = args.iter().map(|value| bits(*value));
        let mut next = || args.next().ok_or(Errno::Inval);
        let word = |bits: u64| u32::try_from(bits).map_err(|_| Errno::Inval);
        for (_, ty) in &self.params {
            let first = next()?;
            match ty {
                Type::String | Type::List(_) => {
                    let count = word(next()?)?;
                    let start = copy.list(ty, word(first)?, count)?;
                    words.extend([start, count].map(Value::from));
                }
                Type::Record(_) | Type::Variant(_) => {
                    let shape = ty.shape();
                    let start = copy.reserve(shape.size, shape.align)?;
                    copy.value(ty, word(first)?, start)?;
                    words.push(start.into());
                }
                _ => words.push(of_bits(ty.core(), copy.scalar(ty, first)?)),
            }
        }
        if let Some(written) = self.answer.written() {
            let shape = written.shape();
            words.push(copy.reserve(shape.size, shape.align)?.into());
        }
        Ok(())
    }

    /// Brings the answer to the caller.
    fn answer(
        &self,
        caller: &mut dyn Side,
        answer_at: u32,
        callee: &mut dyn Side,
        written_at: u32,
        result: Option<Value>,
    ) -> Result<Option<Value>, Broken> {
        let mut result = result;
        match (&self.answer, result) {
            (Answer::Expected { error, .. }, Some(errno)) => {
                let errno = bits(errno);
                check(error, errno).map_err(|_| Broken::Callee(no_error()))?;
                if errno != 0 {
                    return Ok(result);
                }
            }
            (Answer::Value(_, ty), Some(value)) if ty.is_scalar() => {
                let mut walk = |copy: &mut Copy<'_>| {
                    let value = copy.scalar(ty, bits(value))?;
                    result = Some(of_bits(ty.core(), value));
                    Ok(())
                };
                cross(callee, caller, false, &mut walk).map_err(Broken::turned)?;
            }
            _ => {}
        }
        if let Some(written) = self.answer.written() {
            let mut walk = |copy: &mut Copy<'_>| copy.value(written, written_at, answer_at);
            cross(callee, caller, true, &mut walk).map_err(Broken::turned)?;
        }
        Ok(result)
    }
}

fn no_error() -> Stop {
    let message = "a function answered with an error that its type does not have";
    Trap::new(TrapKind::Fault, message).into()
}

/// The handles that were found while a value was measured.
#[derive(Default)]
struct Found(SmallVec<[u32; 8]>);

impl Handles for Found {
    fn hand_over(&mut self, number: u32) -> Result<u32, Errno> {
        if self.0.len() >= MOST_HANDLES {
            return Err(Errno::TooBig);
        }
        self.0.push(number);
        Ok(0)
    }
}

/// The numbers of the same handles on the other side, in the same order.
struct Received<'a>(std::slice::Iter<'a, u32>);

impl Handles for Received<'_> {
    fn hand_over(&mut self, _number: u32) -> Result<u32, Errno> {
        // Without a next one there are more than were measured.
        self.0.next().copied().ok_or(Errno::Badf)
    }
}

/// Brings what `walk` walks over from one side to the other; `copies` says whether there is more to
/// it than numbers. Answers the room that it has there.
///
/// # Errors
/// As of a call from the one to the other.
fn cross(
    from: &mut dyn Side,
    to: &mut dyn Side,
    copies: bool,
    walk: &mut dyn FnMut(&mut Copy<'_>) -> Result<(), Fault>,
) -> Result<Room, Broken> {
    let mut found = Found::default();
    let mut copy = Copy::measure(memory(from, copies).map_err(Broken::caller)?, &mut found);
    walk(&mut copy).map_err(Broken::caller)?;
    let room = copy.room();
    let grants = found.0.iter().map(|number| from.handle(*number));
    let grants: SmallVec<[Grant; 2]> = grants.collect::<Result<_, _>>().map_err(Broken::Errno)?;
    let start = match room.size {
        0 => 0,
        size => to.alloc(from, size, room.align).map_err(Broken::callee)?,
    };
    let room = Room { start, ..room };
    let mut numbers: SmallVec<[u32; 8]> = SmallVec::new();
    let mut received = grants.into_iter().try_for_each(|grant| {
        numbers.push(to.receive(grant)?);
        Ok(())
    });
    if received.is_ok() {
        let mut numbers = Received(numbers.iter());
        let from = memory(from, copies).map_err(Broken::caller)?;
        let to = memory(to, copies).map_err(Broken::callee)?;
        let copied = walk(&mut Copy::into(from, to, room, &mut numbers));
        // What led somewhere when it was measured has been changed by what ran since.
        received = copied.map_err(|fault| match fault {
            Fault::Errno(errno) => errno,
            Fault::Place { .. } => Errno::Fault,
        });
    }
    let Err(errno) = received else {
        return Ok(room);
    };
    for number in numbers {
        to.forget(number);
    }
    if room.size > 0 {
        to.free(from, room).map_err(Broken::Callee)?;
    }
    Err(Broken::Errno(errno))
}

/// The memory of a side, if it is needed: who exchanges numbers alone may have none.
fn memory(side: &mut dyn Side, needed: bool) -> Result<&mut [u8], Failed> {
    match needed {
        true => side.memory(),
        false => Ok(&mut []),
    }
}
