//! What threads take turns and wait by: the standard library's, or loom's where the crate is
//! model-checked (`--cfg loom`, see `tests/loom.rs`).

#[cfg(not(loom))]
pub(crate) use self::standard::*;

#[cfg(loom)]
pub(crate) use self::modelled::*;

#[cfg(not(loom))]
mod standard {
    pub(crate) use arc_swap::ArcSwapOption;
    pub(crate) use std::sync::atomic::{AtomicBool, AtomicU8};
    pub(crate) use std::sync::{Mutex, MutexGuard};
    pub(crate) use std::thread::{Thread, current, park, park_timeout};
}

#[cfg(loom)]
mod modelled {
    pub(crate) use loom::sync::atomic::{AtomicBool, AtomicU8};
    pub(crate) use loom::sync::{Mutex, MutexGuard};
    pub(crate) use loom::thread::{Thread, current, park};
    use std::sync::{Arc, PoisonError};

    /// A timeout that may be over at any moment.
    pub(crate) fn park_timeout(_timeout: std::time::Duration) {
        loom::thread::yield_now();
    }

    /// Stands in for arc-swap's type, of which loom knows nothing.
    ///
    /// The gap: that each of its operations is one step, and that who loads an entry sees what was
    /// written to it before it was stored, is what arc-swap promises and is taken for granted here.
    /// What is checked is how the table uses it.
    pub(crate) struct ArcSwapOption<T>(Mutex<Option<Arc<T>>>);

    impl<T> ArcSwapOption<T> {
        pub(crate) fn empty() -> Self {
            Self(Mutex::new(None))
        }

        fn turn(&self) -> MutexGuard<'_, Option<Arc<T>>> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner)
        }

        pub(crate) fn load(&self) -> Option<Arc<T>> {
            self.turn().clone()
        }

        pub(crate) fn load_full(&self) -> Option<Arc<T>> {
            self.load()
        }

        pub(crate) fn store(&self, value: Option<Arc<T>>) {
            drop(self.swap(value));
        }

        pub(crate) fn swap(&self, value: Option<Arc<T>>) -> Option<Arc<T>> {
            std::mem::replace(&mut *self.turn(), value)
        }
    }
}
