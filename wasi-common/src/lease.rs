//! Handles that can be taken back.

use crate::sync::{AtomicBool, Mutex, MutexGuard};
use crate::{Clock, Clocks, Interest, Pollable, Ready, Result, Wakers};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError, Weak};
use std::task::Waker;
use std::time::Duration;

/// For how long handles may be used: until somebody takes them back, or until a moment.
///
/// Leases form a tree. Who holds one derives others from it, and revoking it revokes all of those,
/// and all that were derived from them. A lease that is dead stays dead. Clones are one lease.
///
/// A lease is given along with a handle by a [`Grant`](crate::Grant).
///
/// ```
/// use turnkey_wasi_common::Lease;
///
/// let parent = Lease::new();
/// let (child, sibling) = (parent.derive(), parent.derive());
/// let grandchild = child.derive();
///
/// child.revoke();
/// assert!(!child.is_alive() && !grandchild.is_alive());
/// assert!(parent.is_alive() && sibling.is_alive());
/// assert!(!child.derive().is_alive(), "nothing comes of a dead one");
/// ```
#[derive(Clone, Default)]
pub struct Lease(Arc<Node>);

#[derive(Default)]
struct Node {
    dead: AtomicBool,
    /// When it ends by itself: one moment for each clock that was named from the root to here.
    expiries: Vec<Expiry>,
    wakers: Wakers,
    children: Mutex<Children>,
    /// The parent, and the number among its children.
    place: Option<(Arc<Self>, u64)>,
}

/// A node's children that somebody holds, each under a number that is never used again.
#[derive(Default)]
struct Children {
    next: u64,
    held: BTreeMap<u64, Weak<Node>>,
}

/// A moment of somebody's monotonic clock.
#[derive(Clone)]
pub(crate) struct Expiry {
    pub(crate) clocks: Arc<dyn Clocks>,
    pub(crate) moment: u64,
}

impl Expiry {
    /// Nanoseconds that are left, more than 0. A clock that cannot be read leaves none.
    fn left(&self) -> Option<u64> {
        let now = self.clocks.now(Clock::Monotonic).ok()?;
        self.moment.checked_sub(now).filter(|left| *left > 0)
    }

    fn is_by(&self, clocks: &Arc<dyn Clocks>) -> bool {
        std::ptr::addr_eq(Arc::as_ptr(&self.clocks), Arc::as_ptr(clocks))
    }
}

impl Lease {
    /// A lease that nothing is above of.
    pub fn new() -> Self {
        Self::default()
    }

    /// A lease that ends at the latest when this one does.
    #[must_use]
    pub fn derive(&self) -> Self {
        self.derive_with(self.0.expiries.clone())
    }

    /// The same, which also ends at a moment: a reading in nanoseconds of the monotonic clock. It
    /// is whoever derives who says by which clock, since the guest's own may be virtual. A clock
    /// that cannot be read ends the lease.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use turnkey_wasi_common::{DeniedClocks, Lease};
    ///
    /// let lease = Lease::new();
    /// assert!(!lease.derive_until(Arc::new(DeniedClocks), u64::MAX).is_alive());
    /// assert!(lease.is_alive());
    /// ```
    #[must_use]
    pub fn derive_until(&self, clocks: Arc<dyn Clocks>, moment: u64) -> Self {
        let mut expiries = self.0.expiries.clone();
        match expiries.iter_mut().find(|known| known.is_by(&clocks)) {
            Some(known) => known.moment = known.moment.min(moment),
            None => expiries.push(Expiry { clocks, moment }),
        }
        self.derive_with(expiries)
    }

    /// The same, which ends when a span of time has passed by the monotonic clock.
    ///
    /// # Errors
    /// - `INVAL`: there is no such clock.
    pub fn derive_for(&self, clocks: Arc<dyn Clocks>, span: Duration) -> Result<Self> {
        let span = u64::try_from(span.as_nanos()).unwrap_or(u64::MAX);
        let moment = clocks.now(Clock::Monotonic)?.saturating_add(span);
        Ok(self.derive_until(clocks, moment))
    }

    fn derive_with(&self, expiries: Vec<Expiry>) -> Self {
        let mut children = self.0.children();
        let number = children.next;
        children.next += 1;
        // Who revokes this one holds the same lock, and so either sees the child or is seen by it.
        let dead = self.0.dead.load(Ordering::Relaxed);
        let child = Arc::new(Node {
            dead: AtomicBool::new(dead),
            expiries,
            wakers: Wakers::default(),
            children: Mutex::default(),
            place: Some((Arc::clone(&self.0), number)),
        });
        if !dead {
            children.held.insert(number, Arc::downgrade(&child));
        }
        Self(child)
    }

    /// Whether it has neither been revoked nor come to its end.
    #[inline]
    pub fn is_alive(&self) -> bool {
        !self.0.dead.load(Ordering::Acquire) && (self.0.expiries.is_empty() || self.has_time())
    }

    fn has_time(&self) -> bool {
        let has_time = self.0.expiries.iter().all(|end| end.left().is_some());
        if !has_time {
            // What has ended stays so, wherever a clock goes, and who waits is to learn of it.
            self.revoke();
        }
        has_time
    }

    /// Ends it, and everything that was derived from it. When this returns, all of them are dead,
    /// and who waits for one of them has been woken. A call that is being carried out comes to
    /// its end.
    pub fn revoke(&self) {
        let mut doomed = vec![Arc::clone(&self.0)];
        while let Some(node) = doomed.pop() {
            doomed.extend(node.die());
            node.wakers.wake();
        }
    }

    /// Whether it ends at the latest when `other` does: it is the same, or was derived from it.
    ///
    /// ```
    /// use turnkey_wasi_common::Lease;
    ///
    /// let parent = Lease::new();
    /// let child = parent.derive();
    /// assert!(child.is_within(&parent) && child.is_within(&child.clone()));
    /// assert!(!parent.is_within(&child) && !child.is_within(&parent.derive()));
    /// ```
    pub fn is_within(&self, other: &Self) -> bool {
        std::iter::successors(Some(&self.0), |node| Some(&node.place.as_ref()?.0))
            .any(|node| Arc::ptr_eq(node, &other.0))
    }

    /// The moments at which it ends by itself, each by its clocks.
    pub(crate) fn ends(&self) -> impl Iterator<Item = (Arc<dyn Clocks>, u64)> {
        let ends = self.0.expiries.iter();
        ends.map(|end| (Arc::clone(&end.clocks), end.moment))
    }
}

impl Node {
    fn children(&self) -> MutexGuard<'_, Children> {
        self.children.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends this node alone, and answers its children. They stay in the list, so that a second who
    /// revokes it does not return before they are dead.
    fn die(&self) -> Vec<Arc<Self>> {
        let children = self.children();
        self.dead.store(true, Ordering::Release);
        children.held.values().filter_map(Weak::upgrade).collect()
    }
}

/// A node leaves its parent's list. The ancestors that only it held go along, one after the other,
/// since a chain of them may be longer than the stack is deep.
impl Drop for Node {
    fn drop(&mut self) {
        let mut place = self.place.take();
        while let Some((parent, number)) = place {
            parent.children().held.remove(&number);
            place = Arc::into_inner(parent).and_then(|mut parent| parent.place.take());
        }
    }
}

/// A lease can be waited for like any object: reading from it would not wait once it is dead.
///
/// Its own end wakes nobody, since no clock does: [`Wait::end_with`](crate::Wait::end_with) sees
/// to that.
impl Pollable for Lease {
    fn readiness(&self, _interest: Interest) -> Result<Option<Ready>> {
        Ok((!self.is_alive()).then(Ready::default))
    }

    fn subscribe(&self, _interest: Interest, waker: &Waker) {
        self.0.wakers.subscribe(waker);
    }

    fn unsubscribe(&self, waker: &Waker) {
        self.0.wakers.unsubscribe(waker);
    }
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lease")
            .field("dead", &self.0.dead.load(Ordering::Relaxed))
            .field("expires", &!self.0.expiries.is_empty())
            .finish()
    }
}

#[cfg(test)]
mod tests;
