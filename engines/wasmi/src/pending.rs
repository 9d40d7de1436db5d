//! A call that has no result yet, on its way from its function to whoever resumes the guest.

use crate::Wasi;
use smallvec::{SmallVec, smallvec};
use std::fmt;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use turnkey_snapshots::{Call, CallState};
use turnkey_wasi_common::table::Table;
use turnkey_wasi_common::{Stop, Trap, Wait};
use wasmi::errors::HostError;
use wasmi::{AsContextMut, Error, Memory, Val};

/// What a function of WASI answers.
pub(crate) trait Answer {
    /// The values that the guest goes on with.
    fn to_vals(self) -> Vals;
}

type Vals = SmallVec<[Val; 1]>;

impl Answer for i32 {
    fn to_vals(self) -> Vals {
        smallvec![Val::I32(self)]
    }
}

impl Answer for () {
    fn to_vals(self) -> Vals {
        Vals::new()
    }
}

/// A call that has been given up until what it waits for has come.
pub(crate) struct Pending<S> {
    memory: Memory,
    call: Box<dyn Attempt<S> + Send>,
}

impl<S> Pending<S> {
    /// Attempts the call again.
    ///
    /// # Errors
    /// The guest's exit, or the trap that ends it.
    pub(crate) fn attempt(
        &mut self,
        store: &mut impl AsContextMut<Data = S>,
    ) -> Result<Attempted, Stop> {
        let (bytes, data) = self.memory.data_and_store_mut(store);
        self.call.attempt(data, bytes)
    }

    /// Waits as a future does.
    pub(crate) fn wait(
        &self,
        store: &mut impl AsContextMut<Data = S>,
        wait: Wait,
    ) -> Pin<Box<dyn Future<Output = Result<(), Trap>> + Send>> {
        self.call.wait(store.as_context_mut().data_mut(), wait)
    }

    /// Tells the filters that the call will not be attempted again.
    pub(crate) fn abandon(mut self, store: &mut impl AsContextMut<Data = S>) {
        self.call.abandon(store.as_context_mut().data_mut());
    }
}

/// What an attempt came to.
pub(crate) enum Attempted {
    /// The call has been carried out, and answers this.
    Done(Vals),
    /// There is something more to wait for.
    Wait(Wait),
}

/// A call of a function that is not known here.
trait Attempt<S> {
    fn attempt(&mut self, data: &mut S, bytes: &mut [u8]) -> Result<Attempted, Stop>;

    fn wait(
        &self,
        data: &mut S,
        wait: Wait,
    ) -> Pin<Box<dyn Future<Output = Result<(), Trap>> + Send>>;

    fn abandon(&mut self, data: &mut S);
}

/// A call, what it has kept of its attempts, and the way to its context.
struct Suspended<W, F> {
    state: CallState,
    wasi: W,
    attempt: F,
}

impl<S, T, R, W, F> Attempt<S> for Suspended<W, F>
where
    T: Table + 'static,
    R: Answer,
    W: Fn(&mut S) -> &mut Wasi<T>,
    F: Fn(&mut Call<'_, T>, &mut turnkey_snapshots::Memory<'_>) -> Result<R, Stop>,
{
    fn attempt(&mut self, data: &mut S, bytes: &mut [u8]) -> Result<Attempted, Stop> {
        let ctx = (self.wasi)(data).ctx();
        if let Err(trap) = ctx.check_interrupt() {
            self.state.abandon(ctx);
            return Err(trap.into());
        }
        let mut memory = turnkey_snapshots::Memory::new(bytes);
        let result = (self.attempt)(&mut Call::new(ctx, &mut self.state), &mut memory);
        match self.state.take_wait() {
            Some(wait) => Ok(Attempted::Wait(wait)),
            None => Ok(Attempted::Done(result?.to_vals())),
        }
    }

    fn wait(
        &self,
        data: &mut S,
        wait: Wait,
    ) -> Pin<Box<dyn Future<Output = Result<(), Trap>> + Send>> {
        Box::pin((self.wasi)(data).ctx().wait(wait))
    }

    fn abandon(&mut self, data: &mut S) {
        self.state.abandon((self.wasi)(data).ctx());
    }
}

/// The error that carries a call which has to wait.
pub(crate) fn pending<S, T, R>(
    memory: Memory,
    wait: Wait,
    state: CallState,
    wasi: impl Fn(&mut S) -> &mut Wasi<T> + Send + 'static,
    attempt: impl Fn(&mut Call<'_, T>, &mut turnkey_snapshots::Memory<'_>) -> Result<R, Stop>
    + Send
    + 'static,
) -> Error
where
    S: 'static,
    T: Table + 'static,
    R: Answer + 'static,
{
    let call: Box<dyn Attempt<S> + Send> = Box::new(Suspended {
        state,
        wasi,
        attempt,
    });
    Error::host(MustWait(Mutex::new(Some((wait, Pending { memory, call })))))
}

/// The call that an error carries, and what it waits for; `None` if it is another error, or one
/// whose call has been taken.
pub(crate) fn take_pending<S: 'static>(error: &Error) -> Option<(Wait, Pending<S>)> {
    let MustWait(pending) = error.downcast_ref::<MustWait<S>>()?;
    pending
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take()
}

/// A guest has to wait. Shared by wasmi, hence the lock.
struct MustWait<S>(Mutex<Option<(Wait, Pending<S>)>>);

impl<S: 'static> HostError for MustWait<S> {}

impl<S> fmt::Display for MustWait<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the guest has to wait, and was not entered in a way that it could return to")
    }
}

impl<S> fmt::Debug for MustWait<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MustWait")
    }
}
