//! Open file descriptions: an object, where its reader stands, and how it was opened.

use crate::{Charge, Errno, Listing, Object};
use bitflags::bitflags;
use std::fmt;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

bitflags! {
    /// The flags of a description that can be changed while it is open.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub struct FdFlags: u8 {
        /// Every write goes to the end of the file.
        const APPEND = 1;
        /// An operation that would wait answers `AGAIN`.
        const NONBLOCK = 2;
    }
}

/// What POSIX calls an open file description: shared by every descriptor that was made from it.
///
/// ```
/// use std::sync::Arc;
/// use turnkey_wasi_common::{Description, Errno, FdFlags, Null, Object};
///
/// let description = Description::new(Object::Stream(Arc::new(Null)), FdFlags::empty());
/// let before = description.with_offset(|at| Ok::<_, Errno>((at + 10, at)));
/// assert_eq!((before, description.offset()), (Ok(0), 10));
/// description.set_flags(FdFlags::APPEND);
/// assert_eq!(description.flags(), FdFlags::APPEND);
/// ```
pub struct Description {
    object: Object,
    flags: AtomicU8,
    offset: AtomicU64,
    /// In a place of its own, as most descriptions have none.
    listing: Mutex<Option<Box<OpenListing>>>,
}

/// A listing in progress, and the memory it is charged for.
pub struct OpenListing {
    /// The listing.
    pub listing: Box<dyn Listing>,
    /// Its share of the context's budget.
    pub charge: Charge,
}

/// Set in the offset while somebody moves bytes at it. Offsets never exceed `i64::MAX`.
const MOVING: u64 = 1 << 63;

impl Description {
    /// A description of an object that was just opened.
    pub fn new(object: Object, flags: FdFlags) -> Self {
        Self {
            object,
            flags: AtomicU8::new(flags.bits()),
            offset: AtomicU64::new(0),
            listing: Mutex::new(None),
        }
    }

    /// The object behind it.
    #[inline]
    pub fn object(&self) -> &Object {
        &self.object
    }

    /// Its flags.
    #[inline]
    pub fn flags(&self) -> FdFlags {
        FdFlags::from_bits_truncate(self.flags.load(Ordering::Relaxed))
    }

    /// Replaces its flags.
    pub fn set_flags(&self, flags: FdFlags) {
        self.flags.store(flags.bits(), Ordering::Relaxed);
    }

    /// The offset in bytes at which the next read or write begins.
    #[inline]
    pub fn offset(&self) -> u64 {
        self.offset.load(Ordering::Acquire) & !MOVING
    }

    /// Lets `step` work at the offset and leave it somewhere else. Threads that share the
    /// description take turns, so that each read and write has its own part of the file.
    ///
    /// # Errors
    /// - `OVERFLOW`: the new offset exceeds `i64::MAX`; the offset stays.
    /// - whatever `step` answers; the offset stays.
    #[inline]
    pub fn with_offset<R, E: From<Errno>>(
        &self,
        step: impl FnOnce(u64) -> Result<(u64, R), E>,
    ) -> Result<R, E> {
        let mut turn = Turn {
            offset: &self.offset,
            at: self.take_turn(),
        };
        let (next, outcome) = step(turn.at)?;
        if next & MOVING != 0 {
            return Err(Errno::Overflow.into());
        }
        turn.at = next;
        Ok(outcome)
    }

    #[inline]
    fn take_turn(&self) -> u64 {
        loop {
            let at = self.offset.load(Ordering::Relaxed) & !MOVING;
            let taken = self.offset.compare_exchange_weak(
                at,
                at | MOVING,
                Ordering::Acquire,
                Ordering::Relaxed,
            );
            match taken {
                Ok(_) => return at,
                Err(_) => std::thread::yield_now(),
            }
        }
    }

    /// The listing of a directory, if one was begun.
    pub fn listing(&self) -> MutexGuard<'_, Option<Box<OpenListing>>> {
        self.listing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right to move the offset; leaves it at `at` when it ends, however it ends.
struct Turn<'a> {
    offset: &'a AtomicU64,
    at: u64,
}

impl Drop for Turn<'_> {
    #[inline]
    fn drop(&mut self) {
        self.offset.store(self.at, Ordering::Release);
    }
}

impl fmt::Debug for Description {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Description")
            .field("object", &self.object)
            .field("flags", &self.flags())
            .field("offset", &self.offset())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for OpenListing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenListing")
            .field("charge", &self.charge)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Null;
    use std::sync::Arc;

    fn description() -> Description {
        Description::new(Object::Stream(Arc::new(Null)), FdFlags::empty())
    }

    #[test]
    fn with_offset_error_leaves_it() {
        let description = description();
        description
            .with_offset(|_| Ok::<_, Errno>((7, ())))
            .unwrap();
        let failed = description.with_offset(|_| Err::<(u64, ()), _>(Errno::Io));
        assert_eq!((failed, description.offset()), (Err(Errno::Io), 7));
    }

    #[test]
    fn with_offset_beyond_i64_overflow() {
        let description = description();
        let moved = description.with_offset(|_| Ok::<_, Errno>((1 << 63, ())));
        assert_eq!((moved, description.offset()), (Err(Errno::Overflow), 0));
    }

    #[test]
    fn with_offset_from_threads_no_step_is_lost() {
        let description = description();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..1000 {
                        description
                            .with_offset(|at| Ok::<_, Errno>((at + 1, ())))
                            .unwrap();
                    }
                });
            }
        });
        assert_eq!(description.offset(), 4000);
    }
}
