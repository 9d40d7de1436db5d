//! Whether an object can be used without waiting, and who wants to know when it can.

use crate::Result;
use crate::sync::Mutex;
use std::any::Any;
use std::sync::{Arc, PoisonError};
use std::task::Waker;

/// What somebody waits to do with an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Interest {
    /// Read or accept.
    Read,
    /// Write.
    Write,
}

/// An object's answer that it can be used now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ready {
    /// Bytes that can be moved at least, where that is known; otherwise 1, or 0 at the end.
    pub bytes: u64,
    /// Whether the other side has gone.
    pub hangup: bool,
}

/// An object that may have to be waited for.
///
/// Readiness is a question to the object, so host objects and virtual ones wait side by side.
///
/// ```
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicBool, Ordering};
/// use std::task::Waker;
/// use turnkey_wasi_common::{
///     BlockingWait, DeniedClocks, Interest, ParkWait, Pollable, Ready, Result, Wait, Wakers,
/// };
///
/// /// Can be read once it is open.
/// #[derive(Default)]
/// struct Gate {
///     open: AtomicBool,
///     wakers: Wakers,
/// }
///
/// impl Gate {
///     fn open(&self) {
///         self.open.store(true, Ordering::SeqCst);
///         self.wakers.wake();
///     }
/// }
///
/// impl Pollable for Gate {
///     fn readiness(&self, _interest: Interest) -> Result<Option<Ready>> {
///         Ok(self.open.load(Ordering::SeqCst).then(Ready::default))
///     }
///
///     fn subscribe(&self, _interest: Interest, waker: &Waker) {
///         self.wakers.subscribe(waker);
///     }
///
///     fn unsubscribe(&self, waker: &Waker) {
///         self.wakers.unsubscribe(waker);
///     }
/// }
///
/// let gate = Arc::new(Gate::default());
/// let wait = Wait::object(gate.clone(), Interest::Read);
/// std::thread::scope(|scope| {
///     scope.spawn(|| gate.open());
///     while !wait.any_ready() {
///         ParkWait.wait(&wait, &DeniedClocks)?;
///     }
///     Ok::<(), turnkey_wasi_common::Error>(())
/// })?;
/// # Ok::<(), turnkey_wasi_common::Error>(())
/// ```
pub trait Pollable: Send + Sync {
    /// `Some` if an operation of this kind would not wait now.
    ///
    /// # Errors
    /// - `BADF`: the object cannot be used in this way.
    /// - `IO`: the host failed.
    fn readiness(&self, interest: Interest) -> Result<Option<Ready>>;

    /// Has `waker` woken when the answer of [`readiness`](Self::readiness) may have changed.
    ///
    /// Waking too often is harmless, waking too seldom is not. Subscribing a waker again changes
    /// nothing. Objects that are always ready need not do anything.
    fn subscribe(&self, interest: Interest, waker: &Waker) {
        let _ = (interest, waker);
    }

    /// Ends a subscription.
    fn unsubscribe(&self, waker: &Waker) {
        let _ = waker;
    }

    /// For objects of a backend: something that only this backend's own waiter understands. An
    /// object that answers `Some` need not support [`subscribe`](Self::subscribe).
    fn host(&self) -> Option<&dyn Any> {
        None
    }

    /// For an object that stands for others which may be replaced meanwhile: what to wait for in
    /// its place, now. One of them is to become ready when another takes its place. Nothing, which
    /// is the default, means the object itself.
    ///
    /// An object that wraps a single other one hands the question on, as it does with
    /// [`host`](Self::host).
    fn behind(&self, interest: Interest) -> Vec<Arc<dyn Pollable>> {
        let _ = interest;
        Vec::new()
    }
}

/// The subscribers of a virtual object.
///
/// ```
/// use turnkey_wasi_common::Wakers;
/// use std::task::Waker;
///
/// let wakers = Wakers::default();
/// wakers.subscribe(Waker::noop());
/// wakers.wake();
/// ```
#[derive(Debug, Default)]
pub struct Wakers(Mutex<Vec<Waker>>);

impl Wakers {
    /// Adds a waker unless it is there already.
    pub fn subscribe(&self, waker: &Waker) {
        let mut wakers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !wakers.iter().any(|known| known.will_wake(waker)) {
            wakers.push(waker.clone());
        }
    }

    /// Removes a waker.
    pub fn unsubscribe(&self, waker: &Waker) {
        let mut wakers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        wakers.retain(|known| !known.will_wake(waker));
    }

    /// Wakes every subscriber. They stay subscribed.
    pub fn wake(&self) {
        let wakers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for waker in wakers.iter() {
            waker.wake_by_ref();
        }
    }
}
