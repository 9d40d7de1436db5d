//! Filters that a parent serves.

use super::check::check_export;
use super::entered::{Entered, Flaw, look_up_typed};
use super::exports::Export;
use super::looked::Call;
use super::snapshot::{Answered, Fault, Snapshot};
use super::{Serving, flawed, lock};
use smallvec::SmallVec;
use std::sync::Mutex;
use std::sync::atomic::Ordering;
use turnkey_snapshots::engine::{FuncType, Guest, Handler, Value, ValueType};
use turnkey_wasi_common::function::{CoreType, Function};
use turnkey_wasi_common::{Errno, Error, Filter, Invocation, Result, Trap, TrapKind, Verdict};

/// A filter that a parent serves with its exports `filter_…` and `after_…`.
pub(super) struct ServedFilter {
    serving: Serving,
    tag: u32,
    functions: Vec<&'static Function>,
    known: Mutex<Known>,
}

/// The parent's exports for each function, looked up once in each call of the child.
#[derive(Default)]
struct Known {
    lend: u64,
    exports: Vec<Exports>,
}

#[derive(Clone, Copy, Default)]
struct Exports {
    before: Option<Handler>,
    after: Option<Handler>,
}

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
    let own = function.core.params.iter().map(|ty| match ty {
        CoreType::I32 => ValueType::I32,
        CoreType::I64 => ValueType::I64,
    });
    [ValueType::I32; 2].into_iter().chain(own).collect()
}

/// # Errors
/// An export and the type that it has, where that is another.
fn look_up(parent: &mut dyn Guest, function: &Function) -> Result<Exports, (String, FuncType)> {
    let name = filter_name(function);
    let params = filter_params(function);
    let before = look_up_typed(parent, &name, &params, &[ValueType::I32]);
    let before = before.map_err(|found| (name, found))?;
    let name = after_name(function);
    let after = look_up_typed(parent, &name, &[ValueType::I32; 3], &[]);
    let after = after.map_err(|found| (name, found))?;
    Ok(Exports { before, after })
}

/// Sees that a parent exports what it needs to filter these functions.
///
/// # Errors
/// - `NOSYS`: there is neither a `filter_…` nor an `after_…` for one of them, or one has another type,
///   or there is no room for what a filter is handed. The context says which.
pub(super) fn check(parent: &mut dyn Guest, functions: &[&'static Function]) -> Result<()> {
    let missing = |what: String| Error::from(Errno::Nosys).context(what);
    for function in functions {
        let exports = look_up(parent, function).map_err(|(name, found)| {
            missing(format!(
                "the parent exports `{name}` as {found}, which does not fit"
            ))
        })?;
        if exports.before.is_none() && exports.after.is_none() {
            let (before, after) = (filter_name(function), after_name(function));
            return Err(missing(format!(
                "the parent exports neither `{before}` nor `{after}`"
            )));
        }
        if exports.before.is_some() && function.touches_memory() {
            check_export(parent, Export::VirtScratch)?;
        }
    }
    Ok(())
}

impl ServedFilter {
    pub(super) fn new(serving: Serving, tag: u32, functions: Vec<&'static Function>) -> Self {
        Self {
            serving,
            tag,
            functions,
            known: Mutex::default(),
        }
    }

    fn position(&self, function: &Function) -> Option<usize> {
        let mut functions = self.functions.iter();
        functions.position(|own| own.index == function.index && own.module == function.module)
    }

    fn exports(&self, parent: &mut Entered<'_>, position: usize) -> Exports {
        let lend = parent.inner.lends.load(Ordering::Relaxed);
        let mut known = lock(&self.known);
        if known.lend != lend {
            let functions = self.functions.iter();
            let found = functions.map(|function| look_up(parent.guest, function));
            known.exports = found.map(Result::unwrap_or_default).collect();
            known.lend = lend;
        }
        known.exports.get(position).copied().unwrap_or_default()
    }

    /// Asks what becomes of a call.
    fn ask(
        &self,
        parent: &mut Entered<'_>,
        position: usize,
        call: &Invocation<'_>,
        memory: &mut [u8],
    ) -> Result<Verdict, Flaw> {
        let looking = &self.serving.0.looking;
        let number = looking.number();
        call.note.set(number.into());
        let Some(before) = self.exports(parent, position).before else {
            return Ok(Verdict::Continue);
        };
        let name = call.function.name;
        let own = [Value::from(self.tag), Value::from(number)];
        let mut snapshot = Snapshot::default();
        if !call.function.touches_memory() {
            let args = words(own, call.function, call.args);
            let mut looked = Call::new(&self.serving, number, call.original, memory, snapshot);
            let answer = looking.lend(&mut looked, || {
                parent.call(before, name, ValueType::I32, &args)
            });
            return settle(&mut looked, answer, |_, _| Ok(Answered::Whole));
        }
        let mut desk = parent.desk()?;
        let rebased = match snapshot.take(&mut desk, call, memory) {
            Ok(rebased) => rebased,
            Err(Fault::Flaw(flaw)) => return Err(flaw),
            Err(Fault::Beyond(address)) => return Ok(beyond(address)),
        };
        let args = words(own, call.function, &rebased);
        let mut looked = Call::new(&self.serving, number, call.original, memory, snapshot);
        let answer = looking.lend(&mut looked, || desk.call(before, name, &args));
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

/// The arguments of a filter.
fn words(own: [Value; 2], function: &Function, words: &[u64]) -> SmallVec<[Value; 12]> {
    let types = function.core.params.iter();
    let values = types.zip(words).map(|(ty, word)| match ty {
        CoreType::I32 => Value::from(u32::try_from(*word & 0xffff_ffff).unwrap_or_default()),
        CoreType::I64 => Value::from(*word),
    });
    own.into_iter().chain(values).collect()
}

/// A child that passes a pointer which leads nowhere ends before anybody acts on it.
fn beyond(address: u64) -> Verdict {
    let message = format!("the guest passed {address:#x}, beyond its memory");
    Verdict::Trap(Trap::new(TrapKind::Fault, message))
}

impl Filter for ServedFilter {
    fn before(&self, call: &Invocation<'_>, memory: &mut [u8]) -> Verdict {
        let Some(position) = self.position(call.function) else {
            return Verdict::Continue;
        };
        let asked = self
            .serving
            .ask(|parent| self.ask(parent, position, call, memory));
        // What could not be asked does not pass.
        asked.unwrap_or_else(|error| Verdict::Deny(error.errno()))
    }

    fn after(&self, call: &Invocation<'_>, _memory: &mut [u8], errno: Option<Errno>) {
        let Some(position) = self.position(call.function) else {
            return;
        };
        let errno = errno.map_or(u32::MAX, |errno| errno.number().into());
        let number = u32::try_from(call.note.get()).unwrap_or_default();
        let args = [self.tag.into(), number.into(), errno.into()];
        // A parent that fails ends the child by its interrupt.
        let _ = self.serving.ask(|parent| {
            if let Some(after) = self.exports(parent, position).after {
                parent.guest.call(after, &args, &mut [])?;
            }
            Ok(())
        });
    }
}
