//! What a parent serves to its child, asked of it while it calls the child.
//!
//! Each thing that is served is one of the traits by which every backend is known: what is done
//! with it becomes a request to an export of the parent (`witx/nanoprocess_serve_0.witx`).

mod attributes;
mod check;
mod clocks;
mod dir;
mod entered;
mod exports;
mod file;
mod filter;
mod handle;
mod list;
mod looked;
mod random;
mod room;
mod snapshot;
mod stream;
#[cfg(test)]
mod tests;

pub(super) use check::{Kind, check};
pub(super) use looked::Looking;

use super::lend::Lent;
use crate::fs::{Found, Node};
use crate::typed::Broken;
use entered::{Entered, Flaw, Known};
use handle::{Handle, Held};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use turnkey_snapshots::engine::Guest;
use turnkey_wasi_common::function::Function;
use turnkey_wasi_common::{
    Clocks, Errno, Error, File, Filter, Interrupt, Random, Reason, Result, Stop, Stream,
};

/// What a parent serves to one child while it calls it.
#[derive(Clone, Default)]
pub(super) struct Serving(Arc<Inner>);

#[derive(Default)]
struct Inner {
    lent: Lent<dyn Guest>,
    looking: Looking,
    capabilities: Option<Arc<dyn Capabilities>>,
    /// How many requests and calls of the child are on the stack in which the parent is lent.
    nested: AtomicU32,
    known: Known,
    /// How often the parent has been lent.
    lends: AtomicU64,
    /// What `virt_scratch` told in this call of the child, or 0.
    room: AtomicU64,
    /// There is something in `state` to be looked at before the parent is entered.
    attention: AtomicBool,
    state: Mutex<State>,
    subscribed: Mutex<Vec<(u64, Waker)>>,
    interrupt: Interrupt,
}

#[derive(Default)]
struct State {
    failure: Option<Stop>,
    held: Held,
}

/// What a parent holds, and can hand on in place of an object of its own.
pub(super) trait Capabilities: Send + Sync {
    /// What a capability stands for.
    ///
    /// # Errors
    /// - `BADF`: the parent holds none of this number.
    /// - those of [`Cap::found`](super::cap::Cap).
    fn found(&self, capability: u64, serving: &Serving) -> Result<Found>;
}

impl Serving {
    /// Serves for a parent whose filters are `looking`, and who can hand capabilities on in place of
    /// objects of its own.
    pub(super) fn new(looking: Looking, capabilities: Arc<dyn Capabilities>) -> Self {
        Self(Arc::new(Inner {
            looking,
            capabilities: Some(capabilities),
            ..Inner::default()
        }))
    }

    /// The child's clocks.
    pub(super) fn clocks(&self, tag: u32) -> Arc<dyn Clocks> {
        Arc::new(clocks::ServedClocks::new(self.clone(), tag))
    }

    /// The child's randomness.
    pub(super) fn random(&self, tag: u32) -> Arc<dyn Random> {
        Arc::new(random::ServedRandom::new(self.clone(), tag))
    }

    /// A directory that the parent knows by this number.
    pub(super) fn dir(&self, tag: u32, object: u64) -> Arc<dyn Node> {
        Arc::new(dir::ServedDir::new(Handle::new(self, tag, object)))
    }

    /// A file that the parent knows by this number.
    pub(super) fn file(&self, tag: u32, object: u64) -> Arc<dyn File> {
        Arc::new(file::ServedFile::new(Handle::new(self, tag, object)))
    }

    /// A stream that the parent knows by this number.
    pub(super) fn stream(&self, tag: u32, object: u64) -> Arc<dyn Stream> {
        Arc::new(stream::ServedStream::new(Handle::new(self, tag, object)))
    }

    /// Sees that a parent exports what it needs to filter these functions.
    ///
    /// # Errors
    /// - `NOSYS`: it does not. The context says what is wrong.
    pub(super) fn check_filter(
        parent: &mut dyn Guest,
        functions: &[&'static Function],
    ) -> Result<()> {
        filter::check(parent, functions)
    }

    /// A filter of these functions of the child's.
    pub(super) fn filter(&self, tag: u32, functions: Vec<&'static Function>) -> Arc<dyn Filter> {
        Arc::new(filter::ServedFilter::new(self.clone(), tag, functions))
    }

    /// Has whoever waits for an object look at it again.
    pub(super) fn wake(&self, object: u64) {
        for (subscribed, waker) in &*lock(&self.0.subscribed) {
            if *subscribed == object {
                waker.wake_by_ref();
            }
        }
    }

    /// Ends the child when its parent fails to serve it.
    pub(super) fn interrupt(&self) -> Interrupt {
        self.0.interrupt.clone()
    }

    /// Runs `step`, in which the child may ask `parent`. A request that is under way sets itself
    /// aside by it.
    pub(super) fn lend<R>(&self, parent: &mut dyn Guest, step: impl FnOnce() -> R) -> R {
        if self.0.nested.fetch_add(1, Ordering::Relaxed) == 0 {
            self.0.room.store(0, Ordering::Relaxed);
        }
        self.forget();
        let result = self.0.lent.lend(parent, || {
            let result = step();
            self.give_back();
            result
        });
        self.forget();
        self.0.nested.fetch_sub(1, Ordering::Relaxed);
        result
    }

    /// What was looked up belongs to another entry of the parent.
    fn forget(&self) {
        self.0.known.forget();
        self.0.lends.fetch_add(1, Ordering::Relaxed);
    }

    /// Runs `step`, in which another child of the same parent, which is called by this one, may ask
    /// the parent as well. A parent that fails the other one has failed this one.
    pub(super) fn lend_on<R>(&self, other: &Self, mut step: impl FnMut() -> R) -> R {
        let lent = self.0.lent.borrow(|parent| other.lend(parent, &mut step));
        // Where the parent cannot be entered now, the other one is told so if it asks.
        let result = lent.unwrap_or_else(step);
        if let (Some(stop), None) = (other.failure(), self.failure()) {
            self.fail(stop);
        }
        result
    }

    /// Runs `step` in the parent.
    pub(super) fn enter_parent<R>(
        &self,
        step: impl FnOnce(&mut dyn Guest) -> Result<R, Broken>,
    ) -> Result<R, Broken> {
        if self.failure().is_some() {
            return Err(Broken::Errno(Errno::Io));
        }
        let called = self.0.lent.borrow(|parent| step(parent));
        let called = called.ok_or(Broken::Errno(Errno::Busy))?;
        if let Err(Broken::Callee(stop)) = &called {
            self.fail(stop.clone());
        }
        called
    }

    fn fail(&self, stop: Stop) {
        self.state().failure = Some(stop);
        self.0.attention.store(true, Ordering::Release);
        self.0.interrupt.fire(Reason::Killed);
    }

    /// Runs `step`, in which the child lets go of everything, and has the parent told in reverse order.
    pub(super) fn close<R>(&self, step: impl FnOnce() -> R) -> R {
        self.state().held.collect(true);
        let result = step();
        self.state().held.collect(false);
        self.give_back();
        result
    }

    /// How the parent failed, if it did.
    pub(super) fn failure(&self) -> Option<Stop> {
        self.state().failure.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.0.state)
    }

    fn found(&self, capability: u64) -> Result<Found> {
        match &self.0.capabilities {
            Some(capabilities) => capabilities.found(capability, self),
            None => Err(flawed("the parent handed on a capability, and holds none")),
        }
    }

    /// Enters the parent, and tells it first which objects are not held any more. A parent that has
    /// failed once is not entered again.
    fn ask<R>(&self, step: impl FnOnce(&mut Entered<'_>) -> Result<R, Flaw>) -> Result<R> {
        let attention = self.0.attention.load(Ordering::Acquire);
        if attention && self.failure().is_some() {
            return Err(failed());
        }
        let answer = self.0.lent.borrow(|parent| {
            let mut parent = Entered::new(parent, &self.0);
            if attention {
                self.tell_dropped(&mut parent)?;
            }
            step(&mut parent)
        });
        match answer {
            None => Err(Error::from(Errno::Io).context("the parent cannot be entered now")),
            Some(Ok(answer)) => Ok(answer),
            Some(Err(Flaw::Errno(error))) => Err(error),
            Some(Err(Flaw::Stop(stop))) => {
                self.fail(stop);
                Err(failed())
            }
        }
    }

    /// Tells the parent which objects are not held any more, if it can be entered. Otherwise it learns
    /// of them when it is entered next.
    fn give_back(&self) {
        if self.0.attention.load(Ordering::Acquire) {
            // What is wrong with the parent is seen by the next request.
            let _ = self.ask(|_| Ok(()));
        }
    }

    fn tell_dropped(&self, parent: &mut Entered<'_>) -> Result<(), Flaw> {
        self.0.attention.store(false, Ordering::Release);
        let dropped = self.state().held.take_dropped();
        handle::tell(parent, &dropped)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn failed() -> Error {
    Error::from(Errno::Io).context("the parent failed to serve")
}

/// A parent that does not keep to the interface.
fn flawed(what: impl Into<Box<str>>) -> Error {
    Error::from(Errno::Io).context(what)
}
