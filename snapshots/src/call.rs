//! One call of a guest, from its first attempt to its result.

use crate::error::{Error, stop};
use crate::memory::Memory;
use smallvec::SmallVec;
use std::cell::Cell;
use turnkey_wasi_common::function::Function;
use turnkey_wasi_common::table::{OwnedTable, Table};
use turnkey_wasi_common::{
    Clock, Errno, Invocation, Original, Stop, Trap, TrapKind, Verdict, Wait, WasiCtx,
};

/// What a call keeps between its attempts. Borrows nothing, so it can be kept while the guest is
/// suspended.
///
/// How an engine that can suspend a guest carries a call out: an attempt that must wait leaves word in
/// the state, and the same call is attempted again when that has come. The state goes along.
///
/// ```
/// use std::sync::Arc;
/// use turnkey_snapshots::{Call, CallState, Memory, preview_1};
/// use turnkey_wasi_common::{Pipe, WasiCtx};
///
/// let (writer, reader) = Pipe::new(64);
/// let ctx = WasiCtx::builder().stdin(Arc::new(reader)).build()?;
/// let mut memory = vec![0; 65536];
/// // One buffer: 16 bytes at 8.
/// memory[..8].copy_from_slice(&[8, 0, 0, 0, 16, 0, 0, 0]);
///
/// let mut state = CallState::new();
/// let mut attempt = |state: &mut CallState| {
///     let mut call = Call::new(&ctx, state);
///     preview_1::fd_read(&mut call, &mut Memory::new(&mut memory), 0, 0, 1, 4)
/// };
/// attempt(&mut state)?;
/// let wait = state.take_wait().expect("there is nothing to read");
/// writer.send(b"hello")?;
/// assert!(wait.any_ready());
///
/// assert_eq!(attempt(&mut state)?, 0);
/// assert!(state.take_wait().is_none());
/// assert_eq!((memory[4], &memory[8..13]), (5, &b"hello"[..]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Default)]
pub struct CallState {
    /// Nothing, of most calls: one word says so.
    kept: Option<Kept>,
}

/// What a call keeps that waits or is filtered.
#[derive(Debug, Default)]
struct Kept {
    wait: Option<Wait>,
    /// When the first attempt was made, by the monotonic clock, if anybody had to know.
    began: Option<u64>,
    /// How many filters do not see the call, because one of them carries it out.
    skipped: usize,
    /// How many filters have let the call pass, those among them.
    passed: usize,
    /// Until when a filter has delayed the call, by the monotonic clock.
    delayed: Option<u64>,
    notes: SmallVec<[Cell<u64>; 2]>,
    remark: Option<Box<str>>,
    /// What the filters are to be told if the guest is ended while it waits.
    asked: Option<(&'static Function, SmallVec<[u64; MOST_ARGS]>)>,
}

/// The parameters of the function that has the most, `path_open`.
const MOST_ARGS: usize = 9;

impl CallState {
    /// The state of a call that has not been attempted.
    #[inline]
    pub fn new() -> Self {
        Self::default()
    }

    /// What the last attempt has to wait for, if it had no result. Then the result that it gave is
    /// meaningless, and the call is to be attempted again, with the same arguments.
    #[inline]
    pub fn take_wait(&mut self) -> Option<Wait> {
        self.kept.as_mut()?.wait.take()
    }

    /// Whether the last attempt has to wait for something.
    #[inline]
    fn is_waiting(&self) -> bool {
        self.kept.as_ref().is_some_and(|kept| kept.wait.is_some())
    }

    fn keep(&mut self) -> &mut Kept {
        self.kept.get_or_insert_default()
    }

    /// The state of a call that the first filters do not see.
    fn behind(skipped: usize) -> Self {
        Self {
            kept: Some(Kept {
                skipped,
                passed: skipped,
                ..Kept::default()
            }),
        }
    }

    /// Tells the filters that the guest is ended and the call will not be attempted again. Whoever
    /// waits for a call is to say so when the wait fails.
    pub fn abandon<T: Table>(&mut self, ctx: &WasiCtx<T>) {
        let asked = self.kept.as_mut().and_then(|kept| kept.asked.take());
        if let Some((function, args)) = asked {
            Call::new(ctx, self).tell_after(function, &args, &mut [], &Ending::default());
        }
    }
}

/// One attempt at a call.
///
/// ```
/// use turnkey_snapshots::{Call, CallState, Memory, preview_1};
/// use turnkey_wasi_common::WasiCtx;
///
/// let ctx = WasiCtx::builder().build()?;
/// let mut state = CallState::new();
/// let mut call = Call::new(&ctx, &mut state);
/// let badf = preview_1::fd_close(&mut call, &mut Memory::new(&mut []), 7)?;
/// assert_eq!(badf, 8);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Call<'a, T = OwnedTable> {
    ctx: &'a WasiCtx<T>,
    state: &'a mut CallState,
}

impl<'a, T: Table> Call<'a, T> {
    /// An attempt at a call of the guest whose context this is.
    pub fn new(ctx: &'a WasiCtx<T>, state: &'a mut CallState) -> Self {
        Self { ctx, state }
    }

    pub(crate) fn ctx(&self) -> &'a WasiCtx<T> {
        self.ctx
    }

    /// Leaves word for whoever reads a trace, if anybody does.
    pub(crate) fn remark(&mut self, remark: impl FnOnce() -> String) {
        if !self.ctx.filters().is_empty() {
            self.state.keep().remark = Some(remark().into());
        }
    }

    /// Gives up the attempt until something has come.
    pub(crate) fn wait(&mut self, wait: Wait) -> Error {
        self.state.keep().wait = Some(wait);
        Error::Wait
    }

    /// When the call began: a reading of the monotonic clock, the same in every attempt.
    pub(crate) fn began(&mut self) -> Result<u64, Error> {
        match self.state.kept.as_ref().and_then(|kept| kept.began) {
            Some(began) => Ok(began),
            None => {
                let now = self.ctx.clocks().now(Clock::Monotonic)?;
                self.state.keep().began = Some(now);
                Ok(now)
            }
        }
    }

    /// Carries out `attempt`, unless a filter has something against it.
    #[cold]
    pub(crate) fn filtered<R: Answer>(
        &mut self,
        function: &'static Function,
        args: &[u64],
        memory: &mut Memory<'_>,
        attempt: &impl Fn(&mut Call<'_, T>, &mut Memory<'_>) -> Result<R, Stop>,
    ) -> Result<R, Stop> {
        let mut behind = Behind {
            ctx: self.ctx,
            function,
            args,
            filters: 0,
            attempt,
        };
        let verdict = match self.ask(&mut behind, memory.bytes()) {
            Ok(verdict) => verdict,
            Err(trap) => Some(Verdict::Trap(trap)),
        };
        let result = match &verdict {
            None => attempt(self, memory),
            Some(Verdict::Deny(errno) | Verdict::Answer(errno)) => R::errno(*errno),
            Some(Verdict::Exit(code)) => Err(Stop::Exit(*code)),
            Some(Verdict::Trap(trap)) => Err(Stop::Trap(trap.clone())),
            Some(Verdict::Continue | Verdict::Delay(_)) => R::errno(Errno::Again),
        };
        if self.state.is_waiting() {
            self.state.keep().asked = Some((function, SmallVec::from_slice(args)));
        } else {
            let ending = Ending {
                errno: result.as_ref().ok().and_then(Answer::to_errno),
                decided: verdict.as_ref(),
            };
            self.tell_after(function, args, memory.bytes(), &ending);
        }
        result
    }

    /// Asks the filters that were not asked before. `None` lets the call be carried out; one that
    /// is not final has left word of a wait.
    fn ask<R: Answer, F>(
        &mut self,
        behind: &mut Behind<'_, T, F>,
        memory: &mut [u8],
    ) -> Result<Option<Verdict>, Trap>
    where
        F: Fn(&mut Call<'_, T>, &mut Memory<'_>) -> Result<R, Stop>,
    {
        let filters = self.ctx.filters();
        let ctx = self.ctx;
        let kept = self.state.keep();
        while kept.notes.len() < filters.len() {
            kept.notes.push(Cell::new(0));
        }
        loop {
            if let Some(deadline) = kept.delayed {
                if monotonic(ctx)? < deadline {
                    kept.wait = Some(Wait {
                        deadline: Some(deadline),
                        ..Wait::default()
                    });
                    return Ok(Some(Verdict::Continue));
                }
                kept.delayed = None;
            }
            let next = kept.passed;
            let Some((filter, note)) = filters.get(next).zip(kept.notes.get(next)) else {
                return Ok(None);
            };
            behind.filters = next + 1;
            let call = Invocation {
                original: Some(behind),
                ..Invocation::new(behind.function, behind.args, note)
            };
            let verdict = filter.before(&call, memory);
            if verdict.is_final() {
                return Ok(Some(verdict));
            }
            kept.passed += 1;
            if let Verdict::Delay(delay) = verdict {
                let delay = u64::try_from(delay.as_nanos()).unwrap_or(u64::MAX);
                kept.delayed = Some(monotonic(ctx)?.saturating_add(delay));
            }
        }
    }

    /// Tells the filters that let the call pass, the last of them first, how it ended.
    fn tell_after(
        &self,
        function: &'static Function,
        args: &[u64],
        memory: &mut [u8],
        ending: &Ending<'_>,
    ) {
        let Some(kept) = &self.state.kept else {
            return;
        };
        let filters = self.ctx.filters().iter().zip(&kept.notes);
        let passed = filters.take(kept.passed).skip(kept.skipped);
        for (filter, note) in passed.rev() {
            let call = Invocation {
                decided: ending.decided,
                remark: kept.remark.as_deref(),
                ..Invocation::new(function, args, note)
            };
            filter.after(&call, memory, ending.errno);
        }
    }
}

/// The reading by which a delay is measured.
fn monotonic<T: Table>(ctx: &WasiCtx<T>) -> Result<u64, Trap> {
    let now = ctx.clocks().now(Clock::Monotonic);
    now.map_err(|error| {
        let message = format!("a filter delays calls, and there is no monotonic clock: {error}");
        Trap::new(TrapKind::Host, message)
    })
}

/// A call behind some of the filters, to be carried out by the last of them.
struct Behind<'a, T, F> {
    ctx: &'a WasiCtx<T>,
    function: &'static Function,
    args: &'a [u64],
    filters: usize,
    attempt: &'a F,
}

impl<T: Table, R: Answer, F> Original for Behind<'_, T, F>
where
    F: Fn(&mut Call<'_, T>, &mut Memory<'_>) -> Result<R, Stop>,
{
    fn forward(&self, memory: &mut [u8]) -> Result<Errno, Stop> {
        let answer = to_the_end(self.ctx, &mut CallState::behind(self.filters), |call| {
            let memory = &mut Memory::new(memory);
            call.filtered(self.function, self.args, memory, self.attempt)
        })?;
        Ok(answer.to_errno().unwrap_or(Errno::Success))
    }
}

/// How a call ended: by default with the guest, and nobody decided that.
#[derive(Default)]
struct Ending<'a> {
    errno: Option<Errno>,
    decided: Option<&'a Verdict>,
}

/// What a function answers in core WebAssembly: an errno, or nothing.
pub(crate) trait Answer: Sized {
    /// The answer that tells this errno; a function that answers nothing cannot, and ends.
    fn errno(errno: Errno) -> Result<Self, Stop>;

    /// The errno that this answer tells.
    fn to_errno(&self) -> Option<Errno>;
}

impl Answer for i32 {
    fn errno(errno: Errno) -> Result<Self, Stop> {
        Ok(Self::from(errno.number()))
    }

    fn to_errno(&self) -> Option<Errno> {
        u16::try_from(*self).ok().and_then(Errno::from_number)
    }
}

impl Answer for () {
    fn errno(errno: Errno) -> Result<Self, Stop> {
        let message = format!("a filter denied a call that cannot return: {errno}");
        Err(Stop::Trap(Trap::new(TrapKind::Refused, message)))
    }

    fn to_errno(&self) -> Option<Errno> {
        None
    }
}

/// A value of core WebAssembly as the 64 bits by which filters see it.
pub(crate) trait Word: Sized {
    fn to_word(self) -> u64;
    fn of_word(word: u64) -> Self;
}

impl Word for i32 {
    fn to_word(self) -> u64 {
        u64::from(u32::from_ne_bytes(self.to_ne_bytes()))
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "an i32 travels in the lower half of a word"
    )]
    fn of_word(word: u64) -> Self {
        Self::from_ne_bytes((word as u32).to_ne_bytes())
    }
}

impl Word for i64 {
    fn to_word(self) -> u64 {
        u64::from_ne_bytes(self.to_ne_bytes())
    }

    fn of_word(word: u64) -> Self {
        Self::from_ne_bytes(word.to_ne_bytes())
    }
}

impl Word for () {
    fn to_word(self) -> u64 {
        0
    }

    fn of_word(_: u64) -> Self {}
}

/// The result that wiggle's glue gave, with an error of ours.
#[inline]
pub(crate) fn finish<R>(result: wiggle::anyhow::Result<R>) -> Result<R, Stop> {
    result.map_err(stop)
}

/// Carries a call out to its end, blocking the thread whenever the guest has to wait.
///
/// `attempt` is called again after each wait, and is to borrow the guest's memory anew each time.
///
/// ```
/// use turnkey_snapshots::{Memory, complete, preview_1};
/// use turnkey_wasi_common::{Stop, WasiCtx};
///
/// let ctx = WasiCtx::builder().build()?;
/// let exited = complete(&ctx, |call| {
///     preview_1::proc_exit(call, &mut Memory::new(&mut []), 3)
/// });
/// assert_eq!(exited, Err(Stop::Exit(3)));
/// # Ok::<(), turnkey_wasi_common::BuildError>(())
/// ```
///
/// # Errors
/// The guest's exit, or the trap that ends it.
#[inline]
pub fn complete<T: Table, R>(
    ctx: &WasiCtx<T>,
    attempt: impl FnMut(&mut Call<'_, T>) -> Result<R, Stop>,
) -> Result<R, Stop> {
    to_the_end(ctx, &mut CallState::new(), attempt)
}

#[inline]
fn to_the_end<T: Table, R>(
    ctx: &WasiCtx<T>,
    state: &mut CallState,
    mut attempt: impl FnMut(&mut Call<'_, T>) -> Result<R, Stop>,
) -> Result<R, Stop> {
    loop {
        let result = attempt(&mut Call::new(ctx, state));
        if !state.is_waiting() {
            return result;
        }
        block(ctx, state)?;
    }
}

/// Blocks the thread until the next attempt is to be made.
#[cold]
fn block<T: Table>(ctx: &WasiCtx<T>, state: &mut CallState) -> Result<(), Stop> {
    let Some(wait) = state.take_wait() else {
        return Ok(());
    };
    ctx.block(wait).map_err(|trap| {
        state.abandon(ctx);
        trap.into()
    })
}

#[cfg(test)]
mod tests;
