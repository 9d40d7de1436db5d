//! WASI's functions as a linker's definitions.

use crate::Wasi;
use crate::memory::{Find, Own};
use turnkey_snapshots::{
    Call, complete, preview_0, preview_0_functions, preview_1, preview_1_functions,
};
use turnkey_wasi_common::Stop;
use turnkey_wasi_common::function::Function;
use turnkey_wasi_common::table::Table;
use wasmtime::{Caller, Linker, Result};

/// Defines every function of WASI in a linker. `wasi` finds the guest's context in the data of its
/// store.
///
/// A call acts on the memory that the calling instance exports as `memory`, looked up in each
/// call. So a linker serves any number of instances in any number of stores, however they were
/// made; those of one store share its context. Where calls must be fast, use a
/// [`Program`](crate::Program).
///
/// # Errors
/// A name is defined already, and the linker does not allow shadowing.
pub fn add_to_linker<S, T>(
    linker: &mut Linker<S>,
    wasi: impl Fn(&mut S) -> &mut Wasi<T> + Copy + Send + Sync + 'static,
) -> Result<()>
where
    S: 'static,
    T: Table + 'static,
{
    define(linker, wasi, &Own, Wanted::All)
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
    fn defined<R>(self, defined: Result<R>) -> Result<()> {
        match self {
            Self::All => defined.map(|_| ()),
            Self::Undefined(_) => Ok(()),
        }
    }
}

/// Defines functions that act on the memory that `find` finds.
pub(crate) fn define<S, T>(
    linker: &mut Linker<S>,
    wasi: impl Fn(&mut S) -> &mut Wasi<T> + Copy + Send + Sync + 'static,
    find: &impl Find<S, T>,
    wanted: Wanted<'_>,
) -> Result<()>
where
    S: 'static,
    T: Table + 'static,
{
    macro_rules! define {
        ($snapshot:ident; $({
            $module:literal $name:literal $index:literal
            $function:ident ($($arg:ident: $type:ty),* $(,)?) -> $result:ty
        })*) => {
            $(
                if wanted.wants($module, $name) {
                    let find = find.clone();
                    let function = move |mut caller: Caller<'_, S>, $($arg: $type),*| {
                        let known = &$snapshot::FUNCTIONS[$index];
                        call(&mut caller, known, wasi, &find, |call, memory| -> Result<$result, Stop> {
                            $snapshot::$function(call, memory, $($arg),*)
                        })
                    };
                    wanted.defined(linker.func_wrap($module, $name, function))?;
                }
            )*
        };
    }
    preview_0_functions!(define preview_0;);
    preview_1_functions!(define preview_1;);
    Ok(())
}

/// Carries out one call of a guest.
#[inline]
fn call<S: 'static, T: Table, R>(
    caller: &mut Caller<'_, S>,
    function: &Function,
    wasi: impl Fn(&mut S) -> &mut Wasi<T>,
    find: &impl Find<S, T>,
    attempt: impl Fn(&mut Call<'_, T>, &mut turnkey_snapshots::Memory<'_>) -> Result<R, Stop>,
) -> Result<R> {
    let (bytes, state): (&mut [u8], &mut S) = match find.find(caller, &wasi) {
        Ok(memory) => memory.data_and_store_mut(caller),
        Err(_) if !function.touches_memory() => (&mut [], caller.data_mut()),
        Err(trap) => return Err(Stop::Trap(trap).into()),
    };
    let result = complete(wasi(state).ctx(), |call| {
        attempt(call, &mut turnkey_snapshots::Memory::new(&mut *bytes))
    });
    Ok(result?)
}
