//! Ending a guest from outside, even one that waits.

use crate::sync::{AtomicU8, Mutex, MutexGuard};
use crate::{Interest, Pollable, Ready, Result, Wakers};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
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
/// listens through [`on_fire`](Self::on_fire). It can be thrown once, from any thread, and serves
/// any number of guests, one after the other or at once.
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

#[derive(Default)]
struct Inner {
    state: AtomicU8,
    wakers: Wakers,
    hooks: Mutex<Hooks>,
}

/// What is to be called when the switch is thrown, each under a number that is never used again.
#[derive(Default)]
struct Hooks {
    next: u64,
    waiting: BTreeMap<u64, Box<dyn FnOnce() + Send>>,
}

impl Inner {
    fn hooks(&self) -> MutexGuard<'_, Hooks> {
        self.hooks.lock().unwrap_or_else(PoisonError::into_inner)
    }
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
            // Called without the lock, so that a hook may do with the switch what it likes.
            let hooks = std::mem::take(&mut self.0.hooks().waiting);
            for hook in hooks.into_values() {
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

    /// Has `hook` called when the switch is thrown; at once, if it has been. It is called once, by
    /// the thread that throws the switch, and not any more when the guard has been dropped.
    ///
    /// ```
    /// use std::sync::mpsc;
    /// use turnkey_wasi_common::{Interrupt, Reason};
    ///
    /// let (sender, receiver) = mpsc::channel();
    /// let interrupt = Interrupt::new();
    /// let (first, second) = (sender.clone(), sender);
    /// let kept = interrupt.on_fire(move || first.send("kept").unwrap());
    /// drop(interrupt.on_fire(move || second.send("dropped").unwrap()));
    /// interrupt.fire(Reason::Timeout);
    /// assert_eq!(receiver.try_iter().collect::<Vec<_>>(), ["kept"]);
    /// # drop(kept);
    /// ```
    pub fn on_fire(&self, hook: impl FnOnce() + Send + 'static) -> InterruptHook {
        let mut hooks = self.0.hooks();
        let number = hooks.next;
        hooks.next += 1;
        if self.fired().is_some() {
            drop(hooks);
            hook();
        } else {
            hooks.waiting.insert(number, Box::new(hook));
        }
        InterruptHook {
            interrupt: self.clone(),
            number,
        }
    }

    /// Has another switch thrown with this one, for the same reason.
    ///
    /// ```
    /// use turnkey_wasi_common::{Interrupt, Reason};
    ///
    /// let (parent, child) = (Interrupt::new(), Interrupt::new());
    /// let hook = parent.pass_on(&child);
    /// parent.fire(Reason::Timeout);
    /// assert_eq!(child.fired(), Some(Reason::Timeout));
    /// # drop(hook);
    /// ```
    pub fn pass_on(&self, other: &Self) -> InterruptHook {
        let (own, other) = (self.clone(), other.clone());
        self.on_fire(move || other.fire(own.fired().unwrap_or(Reason::Killed)))
    }
}

/// Keeps what [`Interrupt::on_fire`] was given, and takes it back when dropped. Whoever drops it
/// while the switch is being thrown may see the hook called once more.
#[must_use = "a hook is taken back when this is dropped"]
#[derive(Debug)]
pub struct InterruptHook {
    interrupt: Interrupt,
    number: u64,
}

impl Drop for InterruptHook {
    fn drop(&mut self) {
        // Dropped behind the lock: what a hook holds may have hooks of its own.
        let hook = self.interrupt.0.hooks().waiting.remove(&self.number);
        drop(hook);
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
        let _hook = interrupt.on_fire(move || {
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
        let _hook = interrupt.on_fire(move || {
            counted.fetch_add(1, Ordering::SeqCst);
        });
        assert_eq!(calls.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn on_fire_guard_dropped_never_called() {
        let calls = Arc::new(AtomicUsize::new(0));
        let interrupt = Interrupt::new();
        let counted = Arc::clone(&calls);
        drop(interrupt.on_fire(move || {
            counted.fetch_add(1, Ordering::SeqCst);
        }));
        assert_eq!(Arc::strong_count(&calls), 1, "the hook is still held");
        interrupt.fire(Reason::Killed);
        assert_eq!(calls.load(Ordering::SeqCst), 0);
    }

    #[test]
    fn on_fire_one_interrupt_for_10000_guests_keeps_no_hook() {
        let interrupt = Interrupt::new();
        let held = Arc::new(());
        for _ in 0..10_000 {
            let hooks: [_; 3] = std::array::from_fn(|_| {
                let held = Arc::clone(&held);
                interrupt.on_fire(move || drop(held))
            });
            assert_eq!(interrupt.0.hooks().waiting.len(), hooks.len());
        }
        assert_eq!(interrupt.0.hooks().waiting.len(), 0);
        assert_eq!(Arc::strong_count(&held), 1);
    }

    #[test]
    fn fire_hook_that_uses_the_switch_no_deadlock() {
        let interrupt = Interrupt::new();
        let inside = interrupt.clone();
        let other = interrupt.on_fire(|| ());
        let hook = interrupt.on_fire(move || {
            drop(other);
            drop(inside.on_fire(|| ()));
        });
        interrupt.fire(Reason::Killed);
        drop(hook);
    }
}
