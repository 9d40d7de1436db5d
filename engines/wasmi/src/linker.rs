//! WASI's functions as a linker's definitions.

mod blocking;
mod suspending;

pub(crate) use blocking::define;
pub(crate) use suspending::define_resumable;

use crate::Wasi;
use crate::memory::Own;
use turnkey_wasi_common::function::Function;
use turnkey_wasi_common::table::Table;
use wasmi::errors::LinkerError;
use wasmi::{Error, Linker};

/// Defines every function of WASI in a linker. `wasi` finds the guest's context in the data of its
/// store.
///
/// A call acts on the memory that the calling instance exports as `memory`, looked up in each
/// call. So a linker serves any number of instances in any number of stores, however they were
/// made; those of one store share its context. Where calls must be fast, use a
/// [`Program`](crate::Program).
///
/// A call that has to wait blocks the thread; [`add_to_linker_resumable`] is the form that does not.
///
/// # Errors
/// A name is defined already, and the linker does not allow shadowing.
pub fn add_to_linker<S, T>(
    linker: &mut Linker<S>,
    wasi: impl Fn(&mut S) -> &mut Wasi<T> + Copy + Send + Sync + 'static,
) -> Result<(), Error>
where
    S: 'static,
    T: Table + 'static,
{
    define(linker, wasi, &Own, Wanted::All)
}

/// Defines every function of WASI in a linker, as [`add_to_linker`] does, for guests that come back
/// to the embedder when they have to wait.
///
/// The guests are to be entered by [`call_resumable`](crate::call_resumable), or by
/// [`call_async`](crate::call_async). Entered by wasmi's own calls, a guest that has to wait ends
/// with an error that says so; so does one that waits in its start function, unless it is
/// instantiated by a [`Program`](crate::Program).
///
/// # Errors
/// As [`add_to_linker`].
pub fn add_to_linker_resumable<S, T>(
    linker: &mut Linker<S>,
    wasi: impl Fn(&mut S) -> &mut Wasi<T> + Copy + Send + Sync + 'static,
) -> Result<(), Error>
where
    S: 'static,
    T: Table + 'static,
{
    define_resumable(linker, wasi, &Own, Wanted::All)
}

/// Which functions are to be defined.
#[derive(Clone, Copy)]
pub(crate) enum Wanted<'a> {
    /// All of them. That one is defined already is an error.
    All,
    /// These, except for those that are defined already.
    Undefined(&'a [&'static Function]),
}

impl Wanted<'_> {
    fn wants(self, module: &str, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::Undefined(functions) => functions
                .iter()
                .any(|function| function.name == name && function.module == module),
        }
    }

    /// What becomes of an attempt to define a function. A linker refuses only what is there
    /// already, and what should be missing after all is named when the module is linked.
    fn defined<R>(self, defined: Result<R, LinkerError>) -> Result<(), Error> {
        match self {
            Self::All => Ok(defined.map(|_| ())?),
            Self::Undefined(_) => Ok(()),
        }
    }
}
