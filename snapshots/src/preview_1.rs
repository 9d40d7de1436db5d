//! `wasi_snapshot_preview1`.
//!
//! One function for each that a guest can import, with the parameters of its core signature. What
//! each does is told by the witx document of the snapshot and, where hosts differ, by the rules
//! of Turnkey. The result is the errno that the guest receives; an exit or a trap is a [`Stop`].
//! Every function is to be called through [`complete`](crate::complete), or in a loop like it: an
//! attempt that must wait has no result yet.

mod bindings;
mod convert;
#[macro_use]
pub mod table {
    //! The snapshot's types and functions as data. Made by the build script from the witx document.
    include!(concat!(env!("OUT_DIR"), "/preview_1.rs"));
}

use crate::call::{Call, Word, finish};
use crate::memory::Memory;
use turnkey_wasi_common::table::Table;
use turnkey_wasi_common::{Stop, Trap, TrapKind};

/// The module that guests import this snapshot from.
pub const MODULE: &str = "wasi_snapshot_preview1";

/// What is known about each function, in the order of the standard.
pub use table::FUNCTIONS;

/// Defines the functions that engines register.
macro_rules! define {
    ($({
        $module:literal $name:literal $index:literal
        $function:ident ($($arg:ident: $type:ty),* $(,)?) -> $result:ty
    })*) => {
        $(
            #[doc = concat!("`", $name, "`: see [`FUNCTIONS`].")]
            ///
            /// # Errors
            /// The guest's exit, or the trap that ends it.
            #[inline]
            #[allow(
                clippy::too_many_arguments,
                reason = "the standard decides how many there are"
            )]
            pub fn $function<T: Table>(
                call: &mut Call<'_, T>,
                memory: &mut Memory<'_>,
                $($arg: $type),*
            ) -> Result<$result, Stop> {
                if call.ctx().filters().is_empty() {
                    return finish(bindings::$function(call, memory.guest(), $($arg),*));
                }
                let words: &[u64] = &[$($arg.to_word()),*];
                call.filtered(&table::FUNCTIONS[$index], words, memory, |call, memory| {
                    finish(bindings::$function(call, memory.guest(), $($arg),*))
                })
            }
        )*

        /// Calls the function at `index` in [`FUNCTIONS`] with words for arguments, of which an
        /// `i32` takes the lower half. The result is a word as well; 0 where there is none.
        ///
        /// For engines whose host functions are not typed.
        ///
        /// # Errors
        /// The guest's exit, or the trap that ends it. There being no such function, or too few
        /// words, is a trap of the kind [`TrapKind::Host`].
        pub fn invoke<T: Table>(
            index: usize,
            call: &mut Call<'_, T>,
            memory: &mut Memory<'_>,
            words: &[u64],
        ) -> Result<u64, Stop> {
            let mut words = words.iter();
            let mut next = || words.next().copied().ok_or_else(mistaken);
            match index {
                $(
                    $index => {
                        $(let $arg = <$type>::of_word(next()?);)*
                        $function(call, memory, $($arg),*).map(Word::to_word)
                    }
                )*
                _ => Err(mistaken()),
            }
        }
    };
}

preview_1_functions!(define);

fn mistaken() -> Stop {
    let message = "an engine called a function that this snapshot does not have in this way";
    Stop::Trap(Trap::new(TrapKind::Host, message))
}
