//! Ending a guest from outside, even one that waits.

use crate::{Interest, Pollable, Ready, Result, Wakers};
use std::fmt;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Waker;

/// Why a guest is ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// Its time is over.
    Timeout,
    /// Somebody asked for it.
    Killed,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Timeout => "the time limit was reached",
            Self::Killed => "the guest was killed",
        })
    }
}

/// A switch that ends guests: those that wait here, and those that compute wherever an engine
/// listens through [`on_fire`](Self::on_fire). It can be thrown once, from any thread.
///
/// ```
/// use turnkey_wasi_common::{Interrupt, Reason};
///
/// let interrupt = Interrupt::new();
/// assert_eq!(interrupt.fired(), None);
/// interrupt.fire(Reason::Killed);
/// assert_eq!(interrupt.fired(), Some(Reason::Killed));
/// ```
#[derive(Clone, Default)]
pub struct Interrupt(Arc<Inner>);

type Hook = Box<dyn Fn() + Send + Sync>;

#[derive(Default)]
struct Inner {
    state: AtomicU8,
    wakers: Wakers,
    hooks: Mutex<Vec<Hook>>,
}

const TIMEOUT: u8 = 1;
const KILLED: u8 = 2;

impl Interrupt {
    /// A switch that has not been thrown.
    pub fn new() -> Self {
        Self::default()
    }

    /// Throws the switch. Only the first reason counts.
    pub fn fire(&self, reason: Reason) {
        let state = match reason {
            Reason::Timeout => TIMEOUT,
            Reason::Killed => KILLED,
        };
        let first = self
            .0
            .state
            .compare_exchange(0, state, Ordering::SeqCst, Ordering::SeqCst);
        if first.is_ok() {
            self.0.wakers.wake();
            let hooks = self.0.hooks.lock().unwrap_or_else(PoisonError::into_inner);
            for hook in hooks.iter() {
                hook();
            }
        }
    }

    /// Why the switch was thrown, if it was.
    pub fn fired(&self) -> Option<Reason> {
        match self.0.state.load(Ordering::SeqCst) {
            TIMEOUT => Some(Reason::Timeout),
            KILLED => Some(Reason::Killed),
            _ => None,
        }
    }

    /// Has `hook` called when the switch is thrown; at once, if it has been.
    pub fn on_fire(&self, hook: impl Fn() + Send + Sync + 'static) {
        let mut hooks = self.0.hooks.lock().unwrap_or_else(PoisonError::into_inner);
        if self.fired().is_some() {
            hook();
        } else {
            hooks.push(Box::new(hook));
        }
    }
}

/// An interrupt can be waited for like any object: reading from it would not wait once it fired.
impl Pollable for Interrupt {
    fn readiness(&self, _interest: Interest) -> Result<Option<Ready>> {
        Ok(self.fired().map(|_| Ready::default()))
    }

    fn subscribe(&self, _interest: Interest, waker: &Waker) {
        self.0.wakers.subscribe(waker);
    }

    fn unsubscribe(&self, waker: &Waker) {
        self.0.wakers.unsubscribe(waker);
    }
}

impl fmt::Debug for Interrupt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Interrupt").field(&self.fired()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicUsize;

    #[test]
    fn fire_twice_first_reason_stays_and_hooks_run_once() {
        let calls = Arc::new(AtomicUsize::new(0));
        let interrupt = Interrupt::new();
        let counted = Arc::clone(&calls);
        interrupt.on_fire(move || {
            counted.fetch_add(1, Ordering::SeqCst);
        });
        interrupt.fire(Reason::Timeout);
        interrupt.fire(Reason::Killed);
        assert_eq!(interrupt.fired(), Some(Reason::Timeout));
        assert_eq!(calls.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn on_fire_after_the_fact_called_at_once() {
        let calls = Arc::new(AtomicUsize::new(0));
        let interrupt = Interrupt::new();
        interrupt.fire(Reason::Killed);
        let counted = Arc::clone(&calls);
        interrupt.on_fire(move || {
            counted.fetch_add(1, Ordering::SeqCst);
        });
        assert_eq!(calls.load(Ordering::SeqCst), 1);
    }
}
