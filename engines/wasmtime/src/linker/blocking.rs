//! Functions that block the thread when the guest has to wait.

use super::{Wanted, borrow};
use crate::Wasi;
use crate::memory::Find;
use turnkey_snapshots::{
    Call, Memory, complete, preview_0, preview_0_functions, preview_1, preview_1_functions,
};
use turnkey_wasi_common::Stop;
use turnkey_wasi_common::function::Function;
use turnkey_wasi_common::table::Table;
use wasmtime::{Caller, Linker, Result};

/// Defines functions that act on the memory that `find` finds, and block the thread when they have
/// to wait.
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
                        call(&mut caller, known, wasi, &find, move |call, memory| -> Result<$result, Stop> {
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
pub(super) fn call<S: 'static, T: Table, R>(
    caller: &mut Caller<'_, S>,
    function: &Function,
    wasi: impl Fn(&mut S) -> &mut Wasi<T>,
    find: &impl Find<S, T>,
    attempt: impl Fn(&mut Call<'_, T>, &mut Memory<'_>) -> Result<R, Stop>,
) -> Result<R> {
    let (bytes, state) = borrow(caller, function, &wasi, find)?;
    let result = complete(wasi(state).ctx(), |call| {
        attempt(call, &mut Memory::new(&mut *bytes))
    });
    Ok(result?)
}
