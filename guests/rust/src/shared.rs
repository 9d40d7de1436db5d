//! Values that a parent's exports share.

use core::cell::RefCell;

/// A value in a static that a parent's exports read and change: they have no other way to share
/// one. Modules have one thread here, so nobody else comes in between; on targets with threads a
/// static cannot hold it.
///
/// ```
/// use turnkey_parent::Shared;
///
/// let count = Shared::new(0);
/// count.with(|count| *count += 1);
/// assert_eq!(count.with(|count| *count), 1);
/// ```
#[derive(Debug, Default)]
pub struct Shared<T>(pub(crate) RefCell<T>);

impl<T> Shared<T> {
    /// A value to begin with.
    pub const fn new(value: T) -> Self {
        Self(RefCell::new(value))
    }

    /// Reads or changes the value.
    ///
    /// # Panics
    /// `step` comes here again, by itself or through a child that is called and served.
    pub fn with<R>(&self, step: impl FnOnce(&mut T) -> R) -> R {
        step(&mut self.0.borrow_mut())
    }
}
