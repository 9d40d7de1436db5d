//! Calls that come back to the embedder when the guest has to wait.

use crate::pending::{Attempted, Pending, take_pending};
use crate::{outcome, stop};
use std::fmt;
use turnkey_wasi_common::{Stop, Trap, TrapKind, Wait};
use wasmi::{
    AsContextMut, Error, Func, ResumableCall, ResumableCallHostTrap, ResumableCallOutOfFuel, Val,
};

/// How far a call into a guest has come.
#[derive(Debug)]
pub enum Progress<S: 'static> {
    /// The guest has returned, and its results are told.
    Finished,
    /// The guest waits for this. What ends it, the interrupt of its context, is not among the
    /// objects: see [`WasiCtx::interruptible`](turnkey_wasi_common::WasiCtx::interruptible).
    Waiting(Wait, Waiting<S>),
    /// The fuel of the store was used up, and the guest can go on with more.
    OutOfFuel(OutOfFuel),
}

/// A guest in the middle of a call that has to wait. It borrows nothing of its store, and to drop
/// it is to end the guest.
pub struct Waiting<S: 'static> {
    guest: ResumableCallHostTrap,
    pending: Pending<S>,
}

/// A guest that has used up its fuel. To drop it is to end the guest.
#[derive(Debug)]
pub struct OutOfFuel(ResumableCallOutOfFuel);

/// Calls a function of a guest that is linked by
/// [`add_to_linker_resumable`](crate::add_to_linker_resumable) or
/// [`Program::new_resumable`](crate::Program::new_resumable), and comes back when the guest has
/// returned or has to wait. `results` is written when it has returned.
///
/// A function of the embedder's that calls the guest back enters it anew: it is to use this
/// function as well, and to wait on its own, as wasmi cannot suspend what is beneath it.
///
/// ```
/// use std::sync::Arc;
/// use turnkey_wasi_common::{Pipe, Stop, WasiCtx};
/// use turnkey_wasmi::{Progress, Wasi, add_to_linker_resumable, call_resumable};
/// use wasmi::{Engine, Linker, Module, Store};
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
/// add_to_linker_resumable(&mut linker, |wasi: &mut Wasi| wasi)?;
/// let (input, stdin) = Pipe::new(64);
/// let ctx = WasiCtx::builder().stdin(Arc::new(stdin)).build()?;
/// let mut store = Store::new(&engine, Wasi::from(ctx));
/// let instance = linker.instantiate_and_start(&mut store, &Module::new(&engine, wasm)?)?;
/// let start = instance.get_func(&store, "_start").unwrap();
///
/// let Progress::Waiting(wait, guest) = call_resumable(&mut store, start, &[], &mut [])? else {
///     unreachable!("there is nothing to read")
/// };
/// assert!(!wait.any_ready());
/// input.send(b"*")?;
/// assert!(wait.any_ready());
/// let ended = guest.resume(&mut store, &mut []).unwrap_err();
/// assert_eq!(ended, Stop::Exit(42));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// - the guest's exit, or the trap that ended it.
/// - a trap of the kind `Host`: arguments or results do not fit the function's type, or a function
///   of the embedder's failed.
pub fn call_resumable<S: 'static>(
    mut store: impl AsContextMut<Data = S>,
    func: Func,
    args: &[Val],
    results: &mut [Val],
) -> Result<Progress<S>, Stop> {
    progress(func.call_resumable(&mut store, args, results))
}

/// Calls a function of a guest as [`call_resumable`] does, and leaves the thread to others while
/// the guest waits: on whatever executor the waiter of its context is made for
/// ([`Builder::async_waiter`](turnkey_wasi_common::Builder::async_waiter)). A context without one
/// blocks the thread. Dropping the future ends the guest, and what it waited for is let go.
///
/// A guest that computes does not leave the thread.
///
/// # Errors
/// - as [`call_resumable`].
/// - a trap of the kind `OutOfFuel`: the fuel of the store was used up.
/// - the trap of an interrupt that was fired while the guest waited.
pub async fn call_async<S: 'static>(
    mut store: impl AsContextMut<Data = S>,
    func: Func,
    args: &[Val],
    results: &mut [Val],
) -> Result<(), Stop> {
    let mut progress = call_resumable(&mut store, func, args, results)?;
    loop {
        progress = match progress {
            Progress::Finished => return Ok(()),
            Progress::OutOfFuel(_) => {
                return Err(Trap::new(TrapKind::OutOfFuel, "all fuel was consumed").into());
            }
            Progress::Waiting(wait, guest) => {
                let waited = guest.pending.wait(&mut store, wait);
                if let Err(trap) = waited.await {
                    guest.end(&mut store);
                    return Err(trap.into());
                }
                guest.resume(&mut store, results)?
            }
        }
    }
}

/// Tells how far a call has come in our terms.
fn progress<S: 'static>(call: Result<ResumableCall, Error>) -> Result<Progress<S>, Stop> {
    match outcome(call)? {
        ResumableCall::Finished => Ok(Progress::Finished),
        ResumableCall::OutOfFuel(guest) => Ok(Progress::OutOfFuel(OutOfFuel(guest))),
        ResumableCall::HostTrap(guest) => match take_pending(guest.host_error()) {
            Some((wait, pending)) => Ok(Progress::Waiting(wait, Waiting { guest, pending })),
            None => Err(stop(guest.host_error())),
        },
    }
}

impl<S: 'static> Waiting<S> {
    /// Attempts the call that had to wait once more, and goes on with the guest if it has a result.
    /// The store and the results are those of the call.
    ///
    /// # Errors
    /// As [`call_resumable`], and the trap of an interrupt that has been fired.
    pub fn resume(
        mut self,
        mut store: impl AsContextMut<Data = S>,
        results: &mut [Val],
    ) -> Result<Progress<S>, Stop> {
        match self.pending.attempt(&mut store)? {
            Attempted::Wait(wait) => Ok(Progress::Waiting(wait, self)),
            Attempted::Done(answer) => progress(self.guest.resume(&mut store, &answer, results)),
        }
    }

    /// Ends the guest, and tells the filters of its context that the call is over.
    pub fn end(self, mut store: impl AsContextMut<Data = S>) {
        self.pending.abandon(&mut store);
    }
}

impl<S: 'static> fmt::Debug for Waiting<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Waiting").finish_non_exhaustive()
    }
}

impl OutOfFuel {
    /// The units of fuel that the store must have at least for the guest to go on.
    pub fn required(&self) -> u64 {
        self.0.required_fuel()
    }

    /// Goes on with the guest. The store and the results are those of the call.
    ///
    /// # Errors
    /// As [`call_resumable`].
    pub fn resume<S: 'static>(
        self,
        mut store: impl AsContextMut<Data = S>,
        results: &mut [Val],
    ) -> Result<Progress<S>, Stop> {
        progress(self.0.resume(&mut store, results))
    }
}
