//! Functions that suspend the guest when it has to wait.

use super::{Wanted, blocking, borrow};
use crate::Wasi;
use crate::memory::Find;
use turnkey_snapshots::{
    Call, CallState, Memory, preview_0, preview_0_functions, preview_1, preview_1_functions,
};
use turnkey_wasi_common::function::Function;
use turnkey_wasi_common::table::Table;
use turnkey_wasi_common::{Stop, Trap};
use wasmtime::{Caller, Linker, Result};

/// Defines functions that act on the memory that `find` finds. Those that may wait are wasmtime's
/// asynchronous ones, which box a future in each call; the others need not.
pub(crate) fn define_async<S, T>(
    linker: &mut Linker<S>,
    wasi: impl Fn(&mut S) -> &mut Wasi<T> + Copy + Send + Sync + 'static,
    find: &impl Find<S, T>,
    wanted: Wanted<'_>,
) -> Result<()>
where
    S: Send + 'static,
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
                        linker.func_wrap_async($module, $name, move |caller: Caller<'_, S>, ($($arg,)*): ($($type,)*)| {
                            let attempt = move |call: &mut Call<'_, T>, memory: &mut Memory<'_>| -> Result<$result, Stop> {
                                $snapshot::$function(call, memory, $($arg),*)
                            };
                            Box::new(call(caller, known, wasi, find.clone(), attempt))
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

/// A wait that is over, or one that is to be awaited.
enum Waited<F> {
    Already(std::result::Result<(), Trap>),
    Soon(F),
}

/// Carries out one call of a guest. The memory is borrowed for each attempt alone: while the guest
/// waits, nothing is.
async fn call<S: Send + 'static, T: Table + 'static, R>(
    mut caller: Caller<'_, S>,
    function: &Function,
    wasi: impl Fn(&mut S) -> &mut Wasi<T> + Copy,
    find: impl Find<S, T>,
    attempt: impl Fn(&mut Call<'_, T>, &mut Memory<'_>) -> Result<R, Stop>,
) -> Result<R> {
    let mut state = CallState::new();
    loop {
        let waited = {
            let (bytes, data) = borrow(&mut caller, function, wasi, &find)?;
            let wasi = wasi(data);
            let result = attempt(
                &mut Call::new(wasi.ctx(), &mut state),
                &mut Memory::new(bytes),
            );
            match state.take_wait() {
                None => return Ok(result?),
                Some(wait) if wasi.is_called_back() => Waited::Already(wasi.ctx().block(wait)),
                Some(wait) => Waited::Soon(wasi.ctx().wait(wait)),
            }
        };
        let waited = match waited {
            Waited::Already(waited) => waited,
            Waited::Soon(waiting) => waiting.await,
        };
        if let Err(trap) = waited {
            state.abandon(wasi(caller.data_mut()).ctx());
            return Err(Stop::Trap(trap).into());
        }
    }
}
