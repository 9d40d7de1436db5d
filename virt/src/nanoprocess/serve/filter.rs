//! Filters that a parent serves.

use super::check::check_export;
use super::entered::{Entered, Flaw, Slot, look_up_typed};
use super::exports::Export;
use super::looked::Call;
use super::snapshot::{Answered, Fault, Snapshot, Words};
use super::{Serving, flawed};
use std::sync::atomic::{AtomicU64, Ordering};
use turnkey_snapshots::engine::{FuncType, Guest, Handler, Value, ValueType};
use turnkey_wasi_common::function::{CoreType, Function};
use turnkey_wasi_common::{Errno, Error, Filter, Invocation, Result, Trap, TrapKind, Verdict};

/// A filter that a parent serves with its exports `filter_…` and `after_…`.
pub(super) struct ServedFilter {
    serving: Serving,
    tag: u32,
    functions: Box<[Filtered]>,
    /// The entry of the parent in which the exports were looked up.
    lend: AtomicU64,
}

/// A function, and the parent's exports for it.
struct Filtered {
    function: &'static Function,
    before: Slot,
    after: Slot,
}

impl Filtered {
    fn before(&self, parent: &mut Entered<'_>) -> Option<Handler> {
        self.before
            .find(|| look_up_before(parent.guest, self.function).ok().flatten())
    }

    fn after(&self, parent: &mut Entered<'_>) -> Option<Handler> {
        self.after
            .find(|| look_up_after(parent.guest, self.function).ok().flatten())
    }
}

/// In a call's note, beside its number: the parent is to be told how it ended.
const TELL: u64 = 1 << 32;

/// What a parent answers.
const CONTINUE: u64 = 0;
const ANSWERED: u64 = 1;

fn filter_name(function: &Function) -> String {
    format!("filter_{}", function.name)
}

fn after_name(function: &Function) -> String {
    format!("after_{}", function.name)
}

/// The parameters of the export that is asked before the call.
fn filter_params(function: &Function) -> Vec<ValueType> {
    let own = function.core.params.iter().copied();
    let own = own.map(ValueType::from);
    [ValueType::I32; 2].into_iter().chain(own).collect()
}

/// An export under a name.
///
/// # Errors
/// The name and the type that it has, where that is another.
type Found = Result<Option<Handler>, (String, FuncType)>;

fn look_up_before(parent: &mut dyn Guest, function: &Function) -> Found {
    let name = filter_name(function);
    let params = filter_params(function);
    let found = look_up_typed(parent, &name, &params, &[ValueType::I32]);
    found.map_err(|found| (name, found))
}

fn look_up_after(parent: &mut dyn Guest, function: &Function) -> Found {
    let name = after_name(function);
    let found = look_up_typed(parent, &name, &[ValueType::I32; 3], &[]);
    found.map_err(|found| (name, found))
}

/// Sees that a parent exports what it needs to filter these functions.
///
/// # Errors
/// - `NOSYS`: there is neither a `filter_…` nor an `after_…` for one of them, or one has another type,
///   or there is no room for what a filter is handed. The context says which.
pub(super) fn check(parent: &mut dyn Guest, functions: &[&'static Function]) -> Result<()> {
    let missing = |what: String| Error::from(Errno::Nosys).context(what);
    for function in functions {
        let mistyped = |(name, found)| {
            missing(format!(
                "the parent exports `{name}` as {found}, which does not fit"
            ))
        };
        let before = look_up_before(parent, function).map_err(mistyped)?;
        let after = look_up_after(parent, function).map_err(mistyped)?;
        if before.is_none() && after.is_none() {
            let (before, after) = (filter_name(function), after_name(function));
            return Err(missing(format!(
                "the parent exports neither `{before}` nor `{after}`"
            )));
        }
        if before.is_some() && function.touches_memory() {
            check_export(parent, Export::VirtScratch)?;
        }
    }
    Ok(())
}

impl ServedFilter {
    pub(super) fn new(serving: Serving, tag: u32, functions: Vec<&'static Function>) -> Self {
        let functions = functions.into_iter().map(|function| Filtered {
            function,
            before: Slot::default(),
            after: Slot::default(),
        });
        Self {
            serving,
            tag,
            functions: functions.collect(),
            lend: AtomicU64::default(),
        }
    }

    /// What there is for a function. What was looked up in another entry of the parent is forgotten.
    fn filtered(&self, function: &Function) -> Option<&Filtered> {
        let lend = self.serving.0.lends.load(Ordering::Relaxed);
        if self.lend.load(Ordering::Relaxed) != lend {
            for known in &self.functions {
                known.before.forget();
                known.after.forget();
            }
            self.lend.store(lend, Ordering::Relaxed);
        }
        let mut functions = self.functions.iter();
        functions.find(|known| std::ptr::eq(known.function, function))
    }

    /// Asks what becomes of a call.
    fn ask(
        &self,
        parent: &mut Entered<'_>,
        filtered: &Filtered,
        call: &Invocation<'_>,
        memory: &mut [u8],
    ) -> Result<Verdict, Flaw> {
        let looking = &self.serving.0.looking;
        let number = looking.number();
        let after = filtered.after(parent);
        call.note
            .set(u64::from(number) | if after.is_some() { TELL } else { 0 });
        let before = filtered.before(parent);
        let Some(before) = before else {
            return Ok(Verdict::Continue);
        };
        let name = call.function.name;
        let own = [Value::from(self.tag), Value::from(number)];
        let mut args = Args::default();
        let mut looked = Call::new(&self.serving, number, call.original, memory);
        if !call.function.touches_memory() {
            let args = args.fill(own, call.function, call.args);
            let answer = looking.lend(&mut looked, || {
                parent.call(before, name, ValueType::I32, args)
            });
            return settle(&mut looked, answer, |_, _| Ok(Answered::Whole));
        }
        let mut desk = parent.desk()?;
        let mut rebased = Words::new();
        let (snapshot, memory) = looked.parts();
        match snapshot.take(&mut desk, call, memory, &mut rebased) {
            Ok(()) => {}
            Err(Fault::Flaw(flaw)) => return Err(flaw),
            Err(Fault::Beyond(address)) => return Ok(beyond(address)),
        }
        let args = args.fill(own, call.function, &rebased);
        let answer = looking.lend(&mut looked, || desk.call(before, name, args));
        settle(&mut looked, answer, |snapshot, memory| {
            snapshot.put_back(&mut desk, memory)
        })
    }
}

/// What becomes of a call, after a filter has answered.
fn settle(
    looked: &mut Call<'_>,
    answer: Result<u64, Flaw>,
    put_back: impl FnOnce(&Snapshot, &mut [u8]) -> Result<Answered, Flaw>,
) -> Result<Verdict, Flaw> {
    let outcome = looked.outcome();
    let (snapshot, memory) = looked.parts();
    let settled = match (answer.and_then(verdict), outcome) {
        (Ok(_) | Err(Flaw::Errno(_)), Some(ended @ (Verdict::Exit(_) | Verdict::Trap(_)))) => {
            Ok(ended)
        }
        (Ok(Verdict::Continue), Some(answered)) => return Ok(answered),
        (Ok(Verdict::Answer(errno)), _) => match put_back(snapshot, memory) {
            Ok(Answered::Whole) => return Ok(Verdict::Answer(errno)),
            Ok(Answered::Without) => Ok(Verdict::Answer(Errno::Nomem)),
            Err(flaw) => Err(flaw),
        },
        (settled, _) => settled,
    };
    snapshot.restore(memory);
    settled
}

fn verdict(answer: u64) -> Result<Verdict, Flaw> {
    match answer {
        CONTINUE => Ok(Verdict::Continue),
        ANSWERED => Ok(Verdict::Answer(Errno::Success)),
        other => Err(flawed(format!("the parent's filter answered {other}")).into()),
    }
}

/// The arguments of a filter: two of its own, and those of the function that has the most.
struct Args([Value; 2 + MOST_PARAMS]);

/// The parameters of `path_open`, of which no function has more.
const MOST_PARAMS: usize = 9;

impl Args {
    /// Fills them in where they lie, as they are too many to be moved, and answers those that there
    /// are.
    fn fill(&mut self, own: [Value; 2], function: &Function, words: &[u64]) -> &[Value] {
        let [first, second, rest @ ..] = &mut self.0;
        [*first, *second] = own;
        let mut count = own.len();
        for ((place, ty), word) in rest.iter_mut().zip(function.core.params).zip(words) {
            *place = match ty {
                CoreType::I32 => {
                    Value::from(u32::try_from(*word & 0xffff_ffff).unwrap_or_default())
                }
                CoreType::I64 => Value::from(*word),
            };
            count += 1;
        }
        self.0.get(..count).unwrap_or_default()
    }
}

impl Default for Args {
    fn default() -> Self {
        Self([Value::I32(0); 2 + MOST_PARAMS])
    }
}

/// A child that passes a pointer which leads nowhere ends before anybody acts on it.
fn beyond(address: u64) -> Verdict {
    let message = format!("the guest passed {address:#x}, beyond its memory");
    Verdict::Trap(Trap::new(TrapKind::Fault, message))
}

impl Filter for ServedFilter {
    fn before(&self, call: &Invocation<'_>, memory: &mut [u8]) -> Verdict {
        let Some(filtered) = self.filtered(call.function) else {
            return Verdict::Continue;
        };
        let asked = self
            .serving
            .ask(|parent| self.ask(parent, filtered, call, memory));
        // What could not be asked does not pass.
        asked.unwrap_or_else(|error| Verdict::Deny(error.errno()))
    }

    fn after(&self, call: &Invocation<'_>, _memory: &mut [u8], errno: Option<Errno>) {
        if call.note.get() & TELL == 0 {
            return;
        }
        let Some(filtered) = self.filtered(call.function) else {
            return;
        };
        let errno = errno.map_or(u32::MAX, |errno| errno.number().into());
        let number = u32::try_from(call.note.get() & !TELL).unwrap_or_default();
        let args = [self.tag.into(), number.into(), errno.into()];
        // A parent that fails ends the child by its interrupt.
        let _ = self.serving.ask(|parent| {
            if let Some(after) = filtered.after(parent) {
                parent.guest.call(after, &args, &mut [])?;
            }
            Ok(())
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nanoprocess::bindings::functions;

    #[test]
    fn most_params_what_path_open_has_and_no_function_more() {
        let most = functions().map(|function| function.core.params.len()).max();
        assert_eq!(most, Some(MOST_PARAMS));
    }

    #[test]
    fn fill_numbers_as_their_types_are_and_no_more_than_there_are() {
        let clock = turnkey_snapshots::preview_1::FUNCTIONS
            .iter()
            .find(|function| function.name == "clock_time_get");
        let mut args = Args::default();
        let own = [Value::I32(7), Value::I32(8)];
        let filled = args.fill(own, clock.unwrap(), &[1, u64::MAX, 0xffff_ffff]);
        let expected = [7, 8, 1].map(Value::I32).into_iter();
        let expected = expected.chain([Value::I64(-1), Value::I32(-1)]);
        assert!(filled.iter().copied().eq(expected), "{filled:?}");
    }
}
