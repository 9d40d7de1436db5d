//! The call that a filter of a parent's is looking at.

use super::super::lend::{Lent, Looked};
use super::Serving;
use super::snapshot::Snapshot;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use turnkey_snapshots::engine::Guest;
use turnkey_wasi_common::{Errno, Original, Stop, Verdict};

/// The calls of all of a parent's children, of which its filters look at one at a time: filters nest
/// like the calls do, and the innermost counts.
#[derive(Clone, Default)]
pub(in super::super) struct Looking(Arc<Inner>);

#[derive(Default)]
struct Inner {
    /// The number of the next call.
    next: AtomicU32,
    lent: Lent<dyn Looked>,
}

impl Looking {
    /// A number for a call, which no other of the parent's children has. Whoever asks has entered the
    /// parent, which one thread at a time does.
    pub(super) fn number(&self) -> u32 {
        let number = self.0.next.load(Ordering::Relaxed);
        self.0.next.store(number.wrapping_add(1), Ordering::Relaxed);
        number
    }

    /// Runs `step`, in which a filter looks at a call.
    pub(super) fn lend<R>(&self, call: &mut dyn Looked, step: impl FnOnce() -> R) -> R {
        self.0.lent.lend(call, step)
    }

    /// Does something with the call of this number.
    ///
    /// # Errors
    /// - `BADF`: no filter is looking at it.
    pub(in super::super) fn at<R>(
        &self,
        number: u32,
        step: impl FnOnce(&mut dyn Looked) -> Result<R, Errno>,
    ) -> Result<R, Errno> {
        let looked = self.0.lent.borrow(|call| match call.number() == number {
            true => step(call),
            false => Err(Errno::Badf),
        });
        looked.unwrap_or(Err(Errno::Badf))
    }
}

/// A call that a filter is looking at.
pub(super) struct Call<'a> {
    serving: &'a Serving,
    number: u32,
    original: Option<&'a dyn Original>,
    /// The child's.
    memory: &'a mut [u8],
    snapshot: Snapshot,
    outcome: Option<Result<Errno, Stop>>,
}

impl<'a> Call<'a> {
    pub(super) fn new(
        serving: &'a Serving,
        number: u32,
        original: Option<&'a dyn Original>,
        memory: &'a mut [u8],
    ) -> Self {
        Self {
            serving,
            number,
            original,
            memory,
            snapshot: Snapshot::default(),
            outcome: None,
        }
    }

    /// What the call itself has come to, if it has been carried out.
    pub(super) fn outcome(&self) -> Option<Verdict> {
        let outcome = self.outcome.clone()?;
        Some(outcome.map_or_else(Verdict::from, Verdict::Answer))
    }

    /// The call's buffers, and the child's memory.
    pub(super) fn parts(&mut self) -> (&mut Snapshot, &mut [u8]) {
        (&mut self.snapshot, self.memory)
    }
}

impl Looked for Call<'_> {
    fn number(&self) -> u32 {
        self.number
    }

    fn read(&self, arg: u32, offset: u32, bytes: &mut [u8]) -> Result<usize, Errno> {
        self.snapshot.read(self.memory, arg, offset, bytes)
    }

    fn write(
        &mut self,
        parent: &mut dyn Guest,
        arg: u32,
        offset: u32,
        bytes: &[u8],
    ) -> Result<(), Errno> {
        let (memory, place) = (&mut *self.memory, (arg, offset));
        self.snapshot.write(memory, parent, place, bytes)
    }

    fn forward(&mut self, parent: &mut dyn Guest) -> Result<Errno, Errno> {
        if self.outcome.is_some() {
            return Err(Errno::Already);
        }
        let original = self.original.ok_or(Errno::Notsup)?;
        self.snapshot.keep(self.memory)?;
        let memory = &mut *self.memory;
        let outcome = self.serving.lend(parent, || original.forward(memory));
        self.outcome = Some(outcome.clone());
        let errno = outcome.map_err(|_| Errno::Canceled)?;
        if errno == Errno::Success {
            self.snapshot.refresh(self.memory, parent)?;
        }
        Ok(errno)
    }
}
