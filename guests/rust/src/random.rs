//! Randomness that a parent serves.

use crate::Result;

/// Randomness that a parent serves: [`export_random!`](crate::export_random) exports it.
pub trait Random {
    /// Fills all of a buffer.
    ///
    /// # Errors
    /// What the child receives.
    fn fill(&self, bytes: &mut [u8]) -> Result<()>;
}

/// Exports a [`Random`](crate::Random): what its parent binds `class:random` to by
/// [`Binding::Serve`](crate::Binding::Serve) asks it. The argument is an expression that borrows
/// it, as `&DICE` does for a static.
#[macro_export]
macro_rules! export_random {
    ($random:expr) => {
        const _: () = {
            #[no_mangle]
            unsafe extern "C" fn rng_fill(_context: u32, buffer: *mut u8, length: u32) -> i32 {
                // SAFETY: the host calls this with room that it lends for the call.
                unsafe { $crate::__exports::rng_fill($random, buffer, length) }
            }
        };
    };
}
