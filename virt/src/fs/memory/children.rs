//! The entries of a directory.

use super::dir::DirNode;
use super::leaf::Leaf;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Weak};
use turnkey_wasi_common::FileType;

/// What a directory holds beside what its lower layer holds, or in place of that.
#[derive(Default)]
pub(super) struct Children {
    slots: HashMap<Arc<str>, Slot>,
    /// The names of what is listed here, in the order in which they were made.
    order: BTreeMap<u64, Arc<str>>,
    next: u64,
    /// What guests use of the lower layer, so that all of them use the same.
    seen: HashMap<Box<str>, Seen>,
    /// How many may be seen before those that nobody uses are forgotten.
    forget_at: usize,
    /// The directory has no name any more, and takes no more entries.
    pub(super) removed: bool,
}

/// An entry.
#[derive(Clone)]
pub(super) enum Child {
    Dir(Arc<DirNode>),
    Leaf(Arc<Leaf>),
}

impl Child {
    pub(super) fn inode(&self) -> u64 {
        match self {
            Self::Dir(dir) => dir.inode,
            Self::Leaf(leaf) => leaf.inode,
        }
    }

    pub(super) fn file_type(&self) -> FileType {
        match self {
            Self::Dir(_) => FileType::Directory,
            Self::Leaf(leaf) => leaf.file_type,
        }
    }

    pub(super) fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Dir(one), Self::Dir(other)) => Arc::ptr_eq(one, other),
            (Self::Leaf(one), Self::Leaf(other)) => Arc::ptr_eq(one, other),
            _ => false,
        }
    }
}

enum Seen {
    Dir(Weak<DirNode>),
    Leaf(Weak<Leaf>),
}

/// A name that the directory has something to say about.
struct Slot {
    /// Nothing: the lower layer has such a name, and it is hidden.
    child: Option<Child>,
    /// Its place in the order; `None` where it is listed in the lower layer's place.
    listed: Option<u64>,
    /// The lower layer has an entry of this name.
    hides: bool,
}

/// What is known of a name without asking the lower layer.
pub(super) enum Known {
    Child(Child),
    /// There is none, whatever the lower layer has.
    Hidden,
    /// The lower layer has to be asked.
    No,
}

/// What a listing of the lower layer does with a name.
pub(super) enum InLower {
    /// It is as the lower layer tells it.
    AsTold,
    /// It is still in its place, and this.
    Kept(u64, FileType),
    /// It is not there, or told elsewhere.
    LeftOut,
}

impl Children {
    pub(super) fn known(&self, name: &str) -> Known {
        if self.removed {
            return Known::Hidden;
        }
        match self.slots.get(name) {
            Some(slot) => match &slot.child {
                Some(child) => Known::Child(child.clone()),
                None => Known::Hidden,
            },
            None => match self.seen.get(name).and_then(Seen::upgrade) {
                Some(child) => Known::Child(child),
                None => Known::No,
            },
        }
    }

    /// Remembers what is used of the lower layer, for as long as it is used.
    pub(super) fn see(&mut self, name: &str, child: &Child) {
        if self.seen.len() >= self.forget_at {
            self.seen.retain(|_, seen| seen.upgrade().is_some());
            self.forget_at = (2 * self.seen.len()).max(64);
        }
        let seen = match child {
            Child::Dir(dir) => Seen::Dir(Arc::downgrade(dir)),
            Child::Leaf(leaf) => Seen::Leaf(Arc::downgrade(leaf)),
        };
        self.seen.insert(name.into(), seen);
    }

    /// Holds an entry that is the lower layer's own.
    pub(super) fn hold_original(&mut self, name: &str, child: Child) {
        self.seen.remove(name);
        self.slots.entry(name.into()).or_insert(Slot {
            child: Some(child),
            listed: None,
            hides: true,
        });
    }

    /// Puts an entry under a name, in place of what was there.
    pub(super) fn put(&mut self, name: &str, child: Child, lower_has_it: bool) {
        self.take(name, lower_has_it);
        let hides = self.slots.get(name).is_some_and(|slot| slot.hides);
        let name: Arc<str> = name.into();
        self.next += 1;
        self.order.insert(self.next, Arc::clone(&name));
        self.slots.insert(
            name,
            Slot {
                child: Some(child),
                listed: Some(self.next),
                hides,
            },
        );
    }

    /// Takes away what lies under a name. `lower_has_it`: it is as the lower layer has it.
    pub(super) fn take(&mut self, name: &str, lower_has_it: bool) {
        self.seen.remove(name);
        let mut hides = lower_has_it;
        if let Some(slot) = self.slots.remove(name) {
            hides |= slot.hides;
            if let Some(listed) = slot.listed {
                self.order.remove(&listed);
            }
        }
        if hides {
            let hidden = Slot {
                child: None,
                listed: None,
                hides,
            };
            self.slots.insert(name.into(), hidden);
        }
    }

    /// Whether there is an entry that the lower layer does not have in this place.
    pub(super) fn has_own(&self) -> bool {
        self.slots.values().any(|slot| slot.child.is_some())
    }

    /// What a listing of the lower layer does with a name that it tells.
    pub(super) fn in_lower(&self, name: &str) -> InLower {
        match self.slots.get(name) {
            None => InLower::AsTold,
            Some(Slot {
                child: Some(child),
                listed: None,
                ..
            }) => InLower::Kept(child.inode(), child.file_type()),
            Some(_) => InLower::LeftOut,
        }
    }

    /// The entries behind a place in the order, each with its place.
    pub(super) fn behind(&self, place: u64) -> impl Iterator<Item = (u64, &str, &Child)> {
        let behind = place.saturating_add(1)..;
        self.order.range(behind).filter_map(|(place, name)| {
            let child = self.slots.get(name)?.child.as_ref()?;
            Some((*place, &**name, child))
        })
    }

    /// The directories that it holds, and is the only one to hold if nobody uses them.
    pub(super) fn take_dirs(&mut self) -> Vec<Arc<DirNode>> {
        let slots = std::mem::take(&mut self.slots).into_values();
        slots
            .filter_map(|slot| match slot.child {
                Some(Child::Dir(dir)) => Some(dir),
                _ => None,
            })
            .collect()
    }
}

impl Seen {
    fn upgrade(&self) -> Option<Child> {
        match self {
            Self::Dir(dir) => dir.upgrade().map(Child::Dir),
            Self::Leaf(leaf) => leaf.upgrade().map(Child::Leaf),
        }
    }
}
