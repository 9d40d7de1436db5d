//! Functions that come back to the embedder when the guest has to wait.

use super::{Wanted, blocking};
use crate::memory::Find;
use crate::pending::{Answer, pending};
use crate::{Wasi, error};
use turnkey_snapshots::{
    Call, CallState, Memory, preview_0, preview_0_functions, preview_1, preview_1_functions,
};
use turnkey_wasi_common::Stop;
use turnkey_wasi_common::table::Table;
use wasmi::{Caller, Error, Linker};

/// Defines functions that act on the memory that `find` finds. Those that may wait give up with an
/// error that carries the call, which wasmi lets the embedder resume.
pub(crate) fn define_resumable<S, T>(
    linker: &mut Linker<S>,
    wasi: impl Fn(&mut S) -> &mut Wasi<T> + Copy + Send + Sync + 'static,
    find: &impl Find<S, T>,
    wanted: Wanted<'_>,
) -> Result<(), Error>
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
                    let known = &$snapshot::FUNCTIONS[$index];
                    let defined = if known.may_wait {
                        linker.func_wrap($module, $name, move |mut caller: Caller<'_, S>, $($arg: $type),*| {
                            call(&mut caller, wasi, &find, move |call: &mut Call<'_, T>, memory: &mut Memory<'_>| -> Result<$result, Stop> {
                                $snapshot::$function(call, memory, $($arg),*)
                            })
                        })
                    } else {
                        linker.func_wrap($module, $name, move |mut caller: Caller<'_, S>, $($arg: $type),*| {
                            blocking::call(&mut caller, known, wasi, &find, move |call, memory| -> Result<$result, Stop> {
                                $snapshot::$function(call, memory, $($arg),*)
                            })
                        })
                    };
                    wanted.defined(defined)?;
                }
            )*
        };
    }
    preview_0_functions!(define preview_0;);
    preview_1_functions!(define preview_1;);
    Ok(())
}

/// Carries out one call of a guest, or gives it up until what it waits for has come.
fn call<S: 'static, T: Table + 'static, R: Answer + 'static>(
    caller: &mut Caller<'_, S>,
    wasi: impl Fn(&mut S) -> &mut Wasi<T> + Copy + Send + 'static,
    find: &impl Find<S, T>,
    attempt: impl Fn(&mut Call<'_, T>, &mut Memory<'_>) -> Result<R, Stop> + Send + 'static,
) -> Result<R, Error> {
    // What may wait has something to tell the guest, in its memory.
    let memory = find.find(caller, wasi).map_err(error)?;
    let mut state = CallState::new();
    loop {
        let (bytes, data) = memory.data_and_store_mut(&mut *caller);
        let ctx = wasi(data).ctx();
        let result = attempt(&mut Call::new(ctx, &mut state), &mut Memory::new(bytes));
        let Some(wait) = state.take_wait() else {
            return result.map_err(error);
        };
        if !find.is_starting(caller, wasi) {
            return Err(pending(memory, wait, state, wasi, attempt));
        }
        // wasmi cannot leave the middle of making an instance.
        let ctx = wasi(caller.data_mut()).ctx();
        if let Err(trap) = ctx.block(wait) {
            state.abandon(ctx);
            return Err(error(trap));
        }
    }
}
