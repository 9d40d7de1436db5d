//! Running a guest for as long as it may.
//!
//! wasmi cannot be told from outside to end a guest that computes. So a guest that can be
//! interrupted gets its fuel in slices, and whenever one is used up the interrupt is looked at.

use crate::engine::State;
use crate::{Progress, call_resumable, outcome};
use turnkey_wasi_common::{Stop, Trap, TrapKind, Wait};
use wasmi::{AsContextMut, Func, StoreContextMut, Val};

/// Units of fuel that are given at once: some milliseconds.
const SLICE: u64 = 10_000_000;

/// How often an instance may be entered from within itself, through host functions that call it.
/// wasmi counts how deep a guest's own calls are; these are beneath frames of the host, whose stack
/// is not wasmi's to watch.
const MOST_ENTRIES: u32 = 64;

/// The fuel that an instance has beyond what is in its store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fuel {
    /// It is not counted.
    Uncounted,
    /// It is counted and never ends.
    Endless,
    /// This much is left.
    Left(u64),
}

impl Fuel {
    /// Takes about a slice, and at least what is missing; `None` if there is less than that.
    fn take(&mut self, slice: u64, missing: u64) -> Option<u64> {
        let wanted = slice.max(missing);
        match self {
            Self::Uncounted => None,
            Self::Endless => Some(wanted),
            Self::Left(left) => {
                let taken = wanted.min(*left);
                *left -= taken;
                (taken >= missing).then_some(taken)
            }
        }
    }
}

/// Calls a function, and goes on until it has returned or the guest has ended.
///
/// # Errors
/// - the guest's exit, or the trap that ended it.
/// - a trap of the kind `Host`: arguments or results do not fit the function's type.
/// - a trap of the kind `Wasm`: the instance has been entered from within itself too often.
pub(crate) fn run(
    mut store: impl AsContextMut<Data = State>,
    func: Func,
    args: &[Val],
    results: &mut [Val],
) -> Result<(), Stop> {
    let mut store = store.as_context_mut();
    let entries = store.data().entries;
    if entries == MOST_ENTRIES {
        let message = "wasm trap: call stack exhausted by calls through the host";
        return Err(Trap::new(TrapKind::Wasm, message).into());
    }
    store.data_mut().entries = entries + 1;
    let outcome = enter(&mut store, func, args, results);
    store.data_mut().entries = entries;
    outcome
}

fn enter(
    store: &mut StoreContextMut<'_, State>,
    func: Func,
    args: &[Val],
    results: &mut [Val],
) -> Result<(), Stop> {
    let state = store.data();
    if state.fuel == Fuel::Uncounted && state.waiter.is_none() {
        return outcome(func.call(&mut *store, args, results));
    }
    state.wasi.ctx().check_interrupt()?;
    let mut progress = call_resumable(&mut *store, func, args, results)?;
    loop {
        progress = match progress {
            Progress::Finished => return Ok(()),
            Progress::Waiting(wait, guest) => {
                if let Err(trap) = wait_for(store.data(), wait) {
                    guest.end(&mut *store);
                    return Err(trap.into());
                }
                guest.resume(&mut *store, results)?
            }
            Progress::OutOfFuel(guest) => {
                refuel(store, guest.required())?;
                guest.resume(&mut *store, results)?
            }
        }
    }
}

/// Waits in the embedder's way.
fn wait_for(state: &State, wait: Wait) -> Result<(), Trap> {
    let ctx = state.wasi.ctx();
    match &state.waiter {
        Some(waiter) => waiter.wait(ctx, wait),
        None => ctx.block(wait),
    }
}

/// Lets a guest that is out of fuel go on with at least `required` units.
fn refuel(store: &mut StoreContextMut<'_, State>, required: u64) -> Result<(), Stop> {
    let rest = outcome(store.get_fuel())?;
    let state = store.data_mut();
    let ctx = state.wasi.ctx();
    ctx.check_interrupt()?;
    let slice = ctx.interrupt().map_or(u64::MAX, |_| SLICE);
    let missing = required.saturating_sub(rest).max(1);
    let table_stuck = std::mem::take(&mut state.limiter.table_stuck);
    let Some(more) = state.fuel.take(slice, missing) else {
        return Err(Trap::new(TrapKind::OutOfFuel, "all fuel was consumed").into());
    };
    if table_stuck {
        // wasmi does not remember where it was, and would go on somewhere else.
        let message = "wasmi cannot go on with a `table.grow` that had to wait for fuel";
        return Err(Trap::new(TrapKind::Host, message).into());
    }
    outcome(store.set_fuel(rest.saturating_add(more)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn take_slices_until_nothing_is_left() {
        let mut fuel = Fuel::Left(25);
        let taken = [1, 1, 1, 1].map(|missing| fuel.take(10, missing));
        assert_eq!(taken, [Some(10), Some(10), Some(5), None]);
    }

    #[test]
    fn take_more_than_a_slice_if_that_is_missing() {
        assert_eq!(Fuel::Endless.take(10, 30), Some(30));
        assert_eq!(Fuel::Left(29).take(10, 30), None);
        assert_eq!(Fuel::Left(30).take(10, 30), Some(30));
    }
}
