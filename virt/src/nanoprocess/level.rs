//! How deep calls into children are nested.

use std::cell::Cell;
use turnkey_wasi_common::Errno;

/// How many calls into children may be nested on one thread, and how many levels of children there
/// may be.
///
/// Every level has a WebAssembly stack of its own, so a thread that runs a tree needs room for
/// this many times an engine's stack limit; see `turnkey`'s own thread for guests.
pub const MOST_NESTED: u32 = 16;

thread_local! {
    static NESTED: Cell<u32> = const { Cell::new(0) };
}

/// A level of nesting on this thread.
pub(super) struct Level(());

impl Level {
    /// # Errors
    /// - `NOMEM`: too many calls are nested.
    pub(super) fn enter() -> Result<Self, Errno> {
        let nested = NESTED.get();
        if nested >= MOST_NESTED {
            return Err(Errno::Nomem);
        }
        NESTED.set(nested + 1);
        Ok(Self(()))
    }
}

impl Drop for Level {
    fn drop(&mut self) {
        NESTED.set(NESTED.get() - 1);
    }
}
