//! What a child holds of its parent's objects.

use super::Serving;
use super::entered::{Entered, Flaw};
use super::exports::Export;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use turnkey_snapshots::engine::Value;
use turnkey_wasi_common::{Errno, Result};

/// The number of an object, and the context in which it is one.
pub(super) type Key = (u32, u64);

/// The objects of a parent that are held, and those that are not any more and of which the parent
/// has not been told.
#[derive(Default)]
pub(super) struct Held {
    held: HashMap<Key, Count>,
    dropped: Vec<(u64, Key)>,
    opened: u64,
    /// What is let go of is collected, to be told in order.
    collecting: bool,
}

struct Count {
    handles: usize,
    /// When it was opened, counted from the first object.
    opened: u64,
}

impl Held {
    fn hold(&mut self, key: Key) {
        // The parent has answered it again before it was told that it is not held.
        self.dropped.retain(|(_, dropped)| *dropped != key);
        let opened = self.opened;
        let count = self.held.entry(key).or_insert(Count { handles: 0, opened });
        count.handles += 1;
        self.opened += 1;
    }

    fn release(&mut self, key: Key) {
        let Some(count) = self.held.get_mut(&key) else {
            return;
        };
        count.handles -= 1;
        if count.handles == 0 {
            self.dropped.push((count.opened, key));
            self.held.remove(&key);
        }
    }

    pub(super) fn collect(&mut self, collecting: bool) {
        self.collecting = collecting;
    }

    /// What the parent is to be told, the last that was opened first.
    pub(super) fn take_dropped(&mut self) -> Vec<Key> {
        let mut dropped = std::mem::take(&mut self.dropped);
        dropped.sort_unstable_by(|(one, _), (other, _)| other.cmp(one));
        dropped.into_iter().map(|(_, key)| key).collect()
    }
}

/// Tells a parent that objects are not held any more. What it answers makes no difference.
pub(super) fn tell(parent: &mut Entered<'_>, dropped: &[Key]) -> Result<(), Flaw> {
    for (tag, object) in dropped {
        let args = [Value::from(*tag), Value::from(*object)];
        match parent.ask(Export::ObjDrop, Errno::Nosys, &args) {
            Ok(_) | Err(Flaw::Errno(_)) => {}
            Err(stop) => return Err(stop),
        }
    }
    Ok(())
}

/// An object that is held. The parent is told when the last handle to it is dropped.
#[derive(Clone)]
pub(super) struct Handle(Arc<Hold>);

struct Hold {
    serving: Serving,
    key: Key,
}

impl Handle {
    pub(super) fn new(serving: &Serving, tag: u32, object: u64) -> Self {
        let key = (tag, object);
        serving.state().held.hold(key);
        Self(Arc::new(Hold {
            serving: serving.clone(),
            key,
        }))
    }

    pub(super) fn serving(&self) -> &Serving {
        &self.0.serving
    }

    pub(super) fn tag(&self) -> u32 {
        self.0.key.0
    }

    pub(super) fn object(&self) -> u64 {
        self.0.key.1
    }

    /// Whether both are served by one parent to one child, in one context.
    pub(super) fn is_beside(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.serving().0, &other.serving().0) && self.tag() == other.tag()
    }

    /// The two parameters that come first.
    pub(super) fn args(&self) -> [Value; 2] {
        [self.tag().into(), self.object().into()]
    }

    /// Enters the parent.
    pub(super) fn enter<R>(
        &self,
        step: impl FnOnce(&mut Entered<'_>) -> Result<R, Flaw>,
    ) -> Result<R> {
        self.serving().ask(step)
    }

    /// Asks with numbers alone.
    pub(super) fn ask(&self, export: Export, absent: Errno, rest: &[Value]) -> Result<u64> {
        let args = self.args().into_iter().chain(rest.iter().copied());
        let args: smallvec::SmallVec<[Value; 6]> = args.collect();
        self.enter(|parent| parent.ask(export, absent, &args))
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        let mut state = self.serving.state();
        state.held.release(self.key);
        let collecting = state.held.collecting;
        let told = state.held.dropped.is_empty();
        drop(state);
        if told {
            return;
        }
        self.serving.0.attention.store(true, Ordering::Release);
        if !collecting {
            self.serving.give_back();
        }
    }
}
