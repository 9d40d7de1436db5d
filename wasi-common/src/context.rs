//! What one guest may reach.

use crate::table::{OwnedTable, SharedTable, Table};
use crate::{
    AsyncWait, BlockingWait, Budget, Builder, Clocks, Errno, Error, Filter, Interest, Interrupt,
    Limits, Random, Result, Strings, Trap, TrapKind, Wait,
};
use std::fmt;
use std::sync::Arc;

/// The context of a guest: everything that its calls act on.
///
/// It is used through `&self`. One instance owns it, or, as a [`SharedWasiCtx`], several threads
/// share it; both are one code.
///
/// ```
/// use turnkey_wasi_common::{Errno, Fd, SharedWasiCtx, Table, WasiCtx};
///
/// let ctx: WasiCtx = WasiCtx::builder().arg("app").build()?;
/// assert_eq!(ctx.table().len(), 3, "the standard streams");
/// assert_eq!(ctx.random().fill(&mut [0; 4]).unwrap_err().errno(), Errno::Notsup);
///
/// let shared: SharedWasiCtx = WasiCtx::builder().build_shared()?;
/// std::thread::scope(|scope| {
///     for fd in 0..3 {
///         let table = shared.table();
///         scope.spawn(move || table.remove(Fd(fd)).unwrap());
///     }
/// });
/// assert!(shared.table().is_empty());
/// # Ok::<(), turnkey_wasi_common::BuildError>(())
/// ```
pub struct WasiCtx<T = OwnedTable> {
    pub(crate) args: Strings,
    pub(crate) env: Strings,
    pub(crate) table: T,
    pub(crate) parts: Parts,
}

/// A context that may be used by several threads at once.
pub type SharedWasiCtx = WasiCtx<SharedTable>;

/// Answers a guest that raises a signal, given as the standard numbers it.
pub(crate) type Raise = Arc<dyn Fn(u8) -> Result<()> + Send + Sync>;

/// The parts of a context that do not depend on its form.
pub(crate) struct Parts {
    pub(crate) clocks: Arc<dyn Clocks>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) waiter: Arc<dyn BlockingWait>,
    pub(crate) budget: Budget,
    /// In a place of its own, as most contexts have nothing of it.
    pub(crate) rare: Option<Box<Rare>>,
}

/// What few contexts are given.
#[derive(Default)]
pub(crate) struct Rare {
    pub(crate) async_waiter: Option<Arc<dyn AsyncWait>>,
    pub(crate) interrupt: Option<Interrupt>,
    pub(crate) raise: Option<Raise>,
    pub(crate) filters: Vec<Arc<dyn Filter>>,
    pub(crate) limits: Limits,
}

impl Rare {
    /// A place for it, if there is anything to keep.
    pub(crate) fn into_place(self) -> Option<Box<Self>> {
        let is_empty = self.async_waiter.is_none()
            && self.interrupt.is_none()
            && self.raise.is_none()
            && self.filters.is_empty()
            && self.limits == Limits::DEFAULT;
        (!is_empty).then(|| Box::new(self))
    }
}

impl WasiCtx {
    /// Begins a context that grants nothing: no arguments, no environment, no directory, no clock,
    /// no randomness; standard input is at its end, and what is written to standard output and
    /// error is swallowed.
    pub fn builder() -> Builder {
        Builder::default()
    }
}

impl<T: Table> WasiCtx<T> {
    /// The guest's arguments; the first is its own name.
    pub fn args(&self) -> &Strings {
        &self.args
    }

    /// The guest's environment, entries of the form `NAME=VALUE`.
    pub fn env(&self) -> &Strings {
        &self.env
    }

    /// The guest's descriptors.
    pub fn table(&self) -> &T {
        &self.table
    }

    /// The guest's clocks.
    pub fn clocks(&self) -> &dyn Clocks {
        &*self.parts.clocks
    }

    /// The guest's randomness.
    pub fn random(&self) -> &dyn Random {
        &*self.parts.random
    }

    /// The guest's clocks, for another context that is to have the same.
    pub fn shared_clocks(&self) -> Arc<dyn Clocks> {
        Arc::clone(&self.parts.clocks)
    }

    /// The guest's randomness, for another context that is to have the same.
    ///
    /// ```
    /// use turnkey_wasi_common::{Errno, WasiCtx};
    ///
    /// let parent = WasiCtx::builder().build()?;
    /// let child = WasiCtx::builder()
    ///     .clocks(parent.shared_clocks())
    ///     .random(parent.shared_random())
    ///     .waiter(parent.shared_waiter())
    ///     .build()?;
    /// // The parent had none to share.
    /// assert_eq!(child.random().fill(&mut [0; 4]).unwrap_err().errno(), Errno::Notsup);
    /// # Ok::<(), turnkey_wasi_common::BuildError>(())
    /// ```
    pub fn shared_random(&self) -> Arc<dyn Random> {
        Arc::clone(&self.parts.random)
    }

    /// The guest's way to wait, for another context that is to have the same.
    pub fn shared_waiter(&self) -> Arc<dyn BlockingWait> {
        Arc::clone(&self.parts.waiter)
    }

    /// The filters that see the guest's calls, the first to see them first.
    #[inline]
    pub fn filters(&self) -> &[Arc<dyn Filter>] {
        self.rare().map_or(&[], |rare| &rare.filters)
    }

    /// The guest's limits.
    pub fn limits(&self) -> &Limits {
        self.rare().map_or(&Limits::DEFAULT, |rare| &rare.limits)
    }

    /// The host memory that the guest's objects may hold.
    pub fn budget(&self) -> &Budget {
        &self.parts.budget
    }

    /// The switch that ends the guest, if the builder was given one.
    pub fn interrupt(&self) -> Option<&Interrupt> {
        self.rare()?.interrupt.as_ref()
    }

    #[inline]
    fn rare(&self) -> Option<&Rare> {
        self.parts.rare.as_deref()
    }

    /// Lets others run.
    pub fn yield_now(&self) {
        self.parts.waiter.yield_now();
    }

    /// Raises a signal of the guest's.
    ///
    /// # Errors
    /// - `NOTSUP`: the embedder takes no signals. The host's own process never receives one.
    /// - whatever the embedder answers.
    pub fn raise(&self, signal: u8) -> Result<()> {
        match self.rare().and_then(|rare| rare.raise.as_ref()) {
            Some(raise) => raise(signal),
            None => Err(Errno::Notsup.into()),
        }
    }

    /// Makes a wait complete: [resolves](Wait::resolved) it, and adds what ends every wait of this
    /// context, which are its interrupt and the [alarm](Clocks::alarm) of a clock that is moved.
    pub fn interruptible(&self, wait: Wait) -> Wait {
        let mut wait = wait.resolved();
        for alarm in wait.alarms(self.clocks()) {
            wait.objects.push((alarm, Interest::Read));
        }
        if let Some(interrupt) = self.interrupt() {
            wait.objects
                .push((Arc::new(interrupt.clone()), Interest::Read));
        }
        wait
    }

    /// Whether the guest has been ended from outside.
    ///
    /// # Errors
    /// The trap that ends it.
    pub fn check_interrupt(&self) -> Result<(), Trap> {
        check(self.interrupt())
    }

    /// Blocks the calling thread until what is waited for has come.
    ///
    /// # Errors
    /// - the trap of an interrupt
    /// - a `Host` trap: what is waited for cannot be waited for by this context's waiter, which is
    ///   a mistake in how the context was put together.
    pub fn block(&self, wait: Wait) -> Result<(), Trap> {
        self.check_interrupt()?;
        let wait = self.interruptible(wait);
        let waited = self.parts.waiter.wait(&wait, self.clocks());
        waited.map_err(cannot_wait)?;
        self.check_interrupt()
    }

    /// Waits until what is waited for has come, and leaves the thread to others meanwhile. The
    /// future borrows nothing of the context, so that the guest can be kept with it.
    ///
    /// A context without a waiter for that (see [`Builder::async_waiter`]) blocks the thread, as
    /// [`block`](Self::block) does.
    ///
    /// # Errors
    /// As [`block`](Self::block).
    pub fn wait(&self, wait: Wait) -> impl Future<Output = Result<(), Trap>> + Send + use<T> {
        let wait = self.interruptible(wait);
        let interrupt = self.interrupt().cloned();
        let clocks = Arc::clone(&self.parts.clocks);
        let waiter = self.rare().and_then(|rare| rare.async_waiter.clone());
        let waiter = waiter.ok_or_else(|| Arc::clone(&self.parts.waiter));
        async move {
            check(interrupt.as_ref())?;
            let waited = match waiter {
                Ok(waiter) => waiter.wait(&wait, &*clocks).await,
                Err(blocking) => blocking.wait(&wait, &*clocks),
            };
            waited.map_err(cannot_wait)?;
            check(interrupt.as_ref())
        }
    }
}

fn check(interrupt: Option<&Interrupt>) -> Result<(), Trap> {
    match interrupt.and_then(Interrupt::fired) {
        Some(reason) => Err(Trap::interrupted(reason)),
        None => Ok(()),
    }
}

fn cannot_wait(error: Error) -> Trap {
    let message = format!("the context's waiter cannot wait for this: {error}");
    Trap::new(TrapKind::Host, message)
}

impl<T: Table> fmt::Debug for WasiCtx<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WasiCtx")
            .field("args", &self.args)
            .field("descriptors", &self.table.len())
            .finish_non_exhaustive()
    }
}
