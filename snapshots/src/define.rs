//! Defining the functions that engines register, for each snapshot from its own table.

use turnkey_wasi_common::{Stop, Trap, TrapKind};

/// Defines the functions that engines register.
macro_rules! define_functions {
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
            pub fn $function<T: turnkey_wasi_common::table::Table>(
                call: &mut $crate::Call<'_, T>,
                memory: &mut $crate::Memory<'_>,
                $($arg: $type),*
            ) -> Result<$result, turnkey_wasi_common::Stop> {
                if call.ctx().filters().is_empty() {
                    return unfiltered::$function(call, memory, $($arg),*);
                }
                let words: &[u64] = &[$($arg.to_word()),*];
                let attempt = move |call: &mut $crate::Call<'_, T>, memory: &mut $crate::Memory<'_>| {
                    unfiltered::$function(call, memory, $($arg),*)
                };
                call.filtered(&table::FUNCTIONS[$index], words, memory, &attempt)
            }
        )*

        /// The functions without the look at whether somebody filters, for measuring what that
        /// look costs.
        #[doc(hidden)]
        pub mod unfiltered {
            $(
                #[doc = concat!("`", $name, "`, which no filter sees.")]
                #[inline]
                #[allow(
                    clippy::too_many_arguments,
                    clippy::missing_errors_doc,
                    reason = "they are those of the function that filters see"
                )]
                pub fn $function<T: turnkey_wasi_common::table::Table>(
                    call: &mut $crate::Call<'_, T>,
                    memory: &mut $crate::Memory<'_>,
                    $($arg: $type),*
                ) -> Result<$result, turnkey_wasi_common::Stop> {
                    $crate::call::finish(super::generated::functions::$function(call, memory.guest(), $($arg),*))
                }
            )*
        }

        /// Calls the function at `index` in [`FUNCTIONS`] with words for arguments, of which an
        /// `i32` takes the lower half. The result is a word as well; 0 where there is none.
        ///
        /// For engines whose host functions are not typed.
        ///
        /// # Errors
        /// The guest's exit, or the trap that ends it. There being no such function, or too few
        /// words, is a trap of the kind [`TrapKind::Host`](turnkey_wasi_common::TrapKind::Host).
        pub fn invoke<T: turnkey_wasi_common::table::Table>(
            index: usize,
            call: &mut $crate::Call<'_, T>,
            memory: &mut $crate::Memory<'_>,
            words: &[u64],
        ) -> Result<u64, turnkey_wasi_common::Stop> {
            let mut words = words.iter();
            let mut next = || words.next().copied().ok_or_else($crate::define::mistaken);
            match index {
                $(
                    $index => {
                        $(let $arg = <$type>::of_word(next()?);)*
                        $function(call, memory, $($arg),*).map($crate::call::Word::to_word)
                    }
                )*
                _ => Err($crate::define::mistaken()),
            }
        }
    };
}

pub(crate) use define_functions;

pub(crate) fn mistaken() -> Stop {
    let message = "an engine called a function that this snapshot does not have in this way";
    Stop::Trap(Trap::new(TrapKind::Host, message))
}
