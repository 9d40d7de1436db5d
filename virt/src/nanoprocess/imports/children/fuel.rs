//! The fuel that a wasm parent gives to its children, which is its own.

use super::Kid;
use crate::nanoprocess::limits::ChildLimits;
use std::sync::{MutexGuard, PoisonError};
use turnkey_snapshots::engine::Guest;
use turnkey_wasi_common::Errno;

impl Kid {
    fn fuel(&self) -> MutexGuard<'_, u64> {
        self.fuel.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Limits the child, and takes its fuel of what the parent has.
    ///
    /// # Errors
    /// - `DQUOT`: the parent has not so much, and nothing changes.
    /// - `NOTSUP`: the engine counts the parent's fuel and cannot take any.
    pub(super) fn limit(&self, parent: &mut dyn Guest, limits: ChildLimits) -> Result<(), Errno> {
        let Some(left) = parent.fuel() else {
            self.child.limit(limits)?;
            return Ok(());
        };
        let before = *self.fuel();
        let has = left.saturating_add(before);
        let keeps = has.checked_sub(limits.fuel).ok_or(Errno::Dquot)?;
        if !parent.set_fuel(left) {
            return Err(Errno::Notsup);
        }
        self.child.limit(limits)?;
        parent.set_fuel(keeps);
        *self.fuel() = limits.fuel;
        Ok(())
    }

    /// Lets the child go, and answers what it has left of the parent's fuel.
    pub(in super::super::super) fn close(&self) -> u64 {
        self.child.close();
        let taken = std::mem::take(&mut *self.fuel());
        self.child.fuel().unwrap_or(0).min(taken)
    }
}
