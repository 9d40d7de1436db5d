//! WASI's functions as a linker's definitions.

mod blocking;
mod suspending;

pub(crate) use blocking::define;
pub(crate) use suspending::define_async;

use crate::Wasi;
use crate::memory::{Find, Own, own};
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
/// A call that has to wait blocks the thread; [`add_to_linker_async`] is the form that does not.
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

/// Defines every function of WASI in a linker, as [`add_to_linker`] does, for guests that leave the
/// thread to others while they wait.
///
/// Functions that may wait suspend the guest; all others stay plain calls. So the guests are to be
/// entered by wasmtime's asynchronous functions, on whatever executor the context's waiter is made
/// for ([`Builder::async_waiter`]). A context without one blocks the thread, as it does elsewhere.
/// Dropping the future of a call ends the guest, and what it waited for is let go.
///
/// A guest that computes does not leave the thread by itself; wasmtime has it yield by fuel or
/// epochs where that is wanted.
///
/// ```
/// use std::future::poll_fn;
/// use std::pin::pin;
/// use std::sync::Arc;
/// use std::task::{Context, Poll, Waker};
/// use turnkey_wasi_common::{AsyncWait, Clocks, Pipe, Stop, Wait, WasiCtx, async_trait};
/// use turnkey_wasmtime::{Wasi, add_to_linker_async, outcome};
/// use wasmtime::{Engine, Linker, Module, Store};
///
/// // A program takes the waiter of its executor, `TokioWait` of `turnkey-cap-backends` for one.
/// struct Look;
///
/// #[async_trait]
/// impl AsyncWait for Look {
///     async fn wait(&self, wait: &Wait, _: &dyn Clocks) -> turnkey_wasi_common::Result<()> {
///         poll_fn(|_| if wait.any_ready() { Poll::Ready(Ok(())) } else { Poll::Pending }).await
///     }
/// }
///
/// // It exits with the byte that it reads.
/// let wasm = wat::parse_str(r#"(module
///     (import "wasi_snapshot_preview1" "fd_read"
///         (func $read (param i32 i32 i32 i32) (result i32)))
///     (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
///     (memory (export "memory") 1)
///     (data (i32.const 0) "\08\00\00\00\01\00\00\00")
///     (func (export "_start")
///         (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 20)))
///         (call $exit (i32.load8_u (i32.const 8)))))"#)?;
///
/// let engine = Engine::default();
/// let mut linker = Linker::new(&engine);
/// add_to_linker_async(&mut linker, |wasi: &mut Wasi| wasi)?;
/// let (input, stdin) = Pipe::new(64);
/// let ctx = WasiCtx::builder().stdin(Arc::new(stdin)).async_waiter(Arc::new(Look)).build()?;
/// let mut store = Store::new(&engine, Wasi::from(ctx));
/// let module = Module::new(&engine, wasm)?;
/// let mut guest = pin!(async {
///     let instance = linker.instantiate_async(&mut store, &module).await?;
///     let start = instance.get_typed_func::<(), ()>(&mut store, "_start")?;
///     start.call_async(&mut store, ()).await
/// });
///
/// let mut cx = Context::from_waker(Waker::noop());
/// assert!(guest.as_mut().poll(&mut cx).is_pending());
/// input.send(b"*")?;
/// match guest.as_mut().poll(&mut cx) {
///     Poll::Ready(result) => assert_eq!(outcome(result), Err(Stop::Exit(42))),
///     Poll::Pending => unreachable!(),
/// }
/// # Ok::<(), wasmtime::Error>(())
/// ```
///
/// # Errors
/// As [`add_to_linker`].
///
/// [`Builder::async_waiter`]: turnkey_wasi_common::Builder::async_waiter
pub fn add_to_linker_async<S, T>(
    linker: &mut Linker<S>,
    wasi: impl Fn(&mut S) -> &mut Wasi<T> + Copy + Send + Sync + 'static,
) -> Result<()>
where
    S: Send + 'static,
    T: Table + 'static,
{
    define_async(linker, wasi, &Own, Wanted::All)
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

/// The memory that a call acts on, and the data of its store. Where this is not inlined, the memory's
/// handle travels over the stack in pieces that the processor waits for.
#[inline(always)]
fn borrow<'a, S: 'static, T>(
    caller: &'a mut Caller<'_, S>,
    function: &Function,
    wasi: impl Fn(&mut S) -> &mut Wasi<T>,
    find: &impl Find<S, T>,
) -> Result<(&'a mut [u8], &'a mut S)> {
    if let Some(memory) = find.known(caller, wasi) {
        return Ok(memory.data_and_store_mut(caller));
    }
    match own(caller) {
        Ok(memory) => Ok(memory.data_and_store_mut(caller)),
        Err(_) if !function.touches_memory() => Ok((&mut [], caller.data_mut())),
        Err(trap) => Err(Stop::Trap(trap).into()),
    }
}
