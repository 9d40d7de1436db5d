//! What a guest uses, and when it has to end.
//!
//! tinywasm can give a guest fuel in slices, but not to what the guest's own host functions call;
//! it cannot be told from outside to end a guest; and it asks nobody before a table grows. So code
//! that has to be watched is [rewritten](crate::rewrite): it comes by here through accesses to a
//! memory of its own, which has no pages. Whatever is accessed there lies beyond its end, and what
//! lies beyond it is answered by the gauge.

use crate::stop::trap;
use std::cell::{Cell, RefCell};
use turnkey_snapshots::engine::{Limits, MemoryUse};
use turnkey_wasi_common::{Interrupt, Trap, TrapKind};

/// Units of fuel between two looks at the interrupt: about a tenth of a millisecond.
const GLANCE: u64 = 10_000;

/// What one instance uses, against its limits.
pub(crate) struct Gauge {
    /// Fuel that is left, if it is counted.
    fuel: Cell<Option<u64>>,
    interrupt: Option<Interrupt>,
    /// Units of fuel until the next look at the interrupt.
    patience: Cell<u64>,
    memory: RefCell<MemoryUse>,
    /// Whether the table that asked last may grow.
    granted: Cell<bool>,
}

impl Gauge {
    pub(crate) fn new(limits: Limits, interrupt: Option<Interrupt>) -> Self {
        Self {
            fuel: Cell::new(limits.fuel),
            interrupt,
            patience: Cell::new(GLANCE),
            memory: RefCell::new(MemoryUse::with_limit(limits.memory)),
            granted: Cell::new(false),
        }
    }

    pub(crate) fn fuel(&self) -> Option<u64> {
        self.fuel.get()
    }

    /// Takes the fuel for the next piece of code.
    pub(crate) fn charge(&self, cost: u64) -> Result<(), tinywasm::Trap> {
        if let Some(left) = self.fuel.get() {
            let rest = left.checked_sub(cost);
            self.fuel.set(Some(rest.unwrap_or(0)));
            if rest.is_none() {
                return Err(trap(Trap::new(
                    TrapKind::OutOfFuel,
                    "all fuel was consumed",
                )));
            }
        }
        let Some(interrupt) = &self.interrupt else {
            return Ok(());
        };
        match self.patience.get().checked_sub(cost) {
            Some(patience) => self.patience.set(patience),
            None => {
                self.patience.set(GLANCE);
                if let Some(reason) = interrupt.fired() {
                    return Err(trap(Trap::interrupted(reason)));
                }
            }
        }
        Ok(())
    }

    /// Whether a memory may grow from `current` to `desired` bytes.
    pub(crate) fn grow_memory(&self, current: usize, desired: usize) -> bool {
        let mut memory = self.memory.borrow_mut();
        memory.grow_memory(current, desired, None)
    }

    /// Whether a table of `current` elements may have `more`. The answer is kept for
    /// [`granted`](Self::granted).
    pub(crate) fn grow_table(&self, current: usize, more: u64) -> bool {
        let more = usize::try_from(more).unwrap_or(usize::MAX);
        let mut memory = self.memory.borrow_mut();
        let granted = memory.grow_table(current, current.saturating_add(more), None);
        self.granted.set(granted);
        granted
    }

    /// What [`grow_table`](Self::grow_table) answered last.
    pub(crate) fn granted(&self) -> bool {
        self.granted.get()
    }

    /// The growth that was allowed last did not happen.
    pub(crate) fn give_back(&self) {
        self.memory.borrow_mut().give_back();
    }

    /// Says what was refused last, if anything was.
    pub(crate) fn refusal(&self) -> Option<String> {
        self.memory.borrow().refusal()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stop::stop;
    use turnkey_wasi_common::{Reason, Stop};

    fn gauge(fuel: Option<u64>, interrupt: Option<Interrupt>) -> Gauge {
        let memory = Some(160);
        Gauge::new(Limits { fuel, memory }, interrupt)
    }

    #[test]
    fn charge_more_than_is_left_out_of_fuel_and_nothing_left() {
        let gauge = gauge(Some(10), None);
        assert!(gauge.charge(6).is_ok());
        assert_eq!(gauge.fuel(), Some(4));
        assert!(gauge.charge(5).is_err());
        assert_eq!(gauge.fuel(), Some(0));
    }

    #[test]
    fn charge_after_the_interrupt_fired_ends_the_guest_within_a_glance() {
        let interrupt = Interrupt::new();
        let gauge = gauge(None, Some(interrupt.clone()));
        assert!(gauge.charge(GLANCE + 1).is_ok());
        interrupt.fire(Reason::Timeout);
        assert!(gauge.charge(GLANCE).is_ok());
        let ended = gauge.charge(1).map_err(tinywasm::Error::Trap).unwrap_err();
        let expected = Trap::interrupted(Reason::Timeout);
        assert_eq!(stop(&ended), Stop::Trap(expected));
    }

    #[test]
    fn grow_table_beyond_the_limit_is_not_granted() {
        let gauge = gauge(None, None);
        assert!(gauge.grow_table(0, 10) && gauge.granted());
        assert!(!gauge.grow_table(10, 1) && !gauge.granted());
        assert!(!gauge.grow_table(10, u64::MAX));
        assert!(gauge.refusal().is_some());
    }
}
