//! Replaying what was recorded.

mod compare;
mod divergence;

pub use divergence::{Difference, Divergence};

use crate::record::asked::Asked;
use crate::record::contents::Contents;
use crate::record::log::LogError;
use crate::record::reader::{Reader, damaged};
use crate::record::taken::Taken;
use crate::record::{numbers, shape};
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::{Mutex, MutexGuard, PoisonError};
use turnkey_wasi_common::function::Function;
use turnkey_wasi_common::{Errno, Filter, Invocation, Trap, TrapKind, Verdict};

/// A filter that answers every call as it was answered when a [`Recorder`](crate::Recorder) was
/// there, and writes the same bytes into the guest's memory.
///
/// It needs no host: a context that grants nothing will do. It never waits, and only `proc_exit`
/// goes past it, as the exit is the guest's own. A call that ended the guest when it was recorded
/// ends it again, by a trap of the kind [`Refused`](TrapKind::Refused).
///
/// The guest must do what it did: call the same functions in the same order, with the same
/// arguments, the same paths and the same data. The first call that differs is a [`Divergence`],
/// and ends the guest with a trap that tells it; so does every call after it. Of data longer than 64
/// bytes and of text longer than 4096 the length and a checksum are compared. What the guest wants
/// to write counts as far as it was taken when it was recorded.
///
/// A replay is for one guest, as a recorder is.
///
/// ```
/// use std::io::{Cursor, Result, Write};
/// use std::sync::{Arc, Mutex};
/// use turnkey_snapshots::{Memory, complete, preview_1};
/// use turnkey_virt::{Recorder, Replay};
/// use turnkey_wasi_common::WasiCtx;
///
/// #[derive(Clone, Default)]
/// struct Log(Arc<Mutex<Vec<u8>>>);
///
/// impl Write for Log {
///     fn write(&mut self, bytes: &[u8]) -> Result<usize> {
///         self.0.lock().unwrap().write(bytes)
///     }
///
///     fn flush(&mut self) -> Result<()> {
///         Ok(())
///     }
/// }
///
/// let log = Log::default();
/// let recorder = Arc::new(Recorder::new(log.clone(), b"closer")?);
/// let ctx = WasiCtx::builder().filter(recorder.clone()).build()?;
/// complete(&ctx, |call| preview_1::fd_close(call, &mut Memory::new(&mut []), 1))?;
/// recorder.finish()?;
///
/// let bytes = log.0.lock().unwrap().clone();
/// let replay = Arc::new(Replay::open(Cursor::new(bytes))?);
/// let ctx = WasiCtx::builder().filter(replay.clone()).build()?;
/// let other = complete(&ctx, |call| preview_1::fd_close(call, &mut Memory::new(&mut []), 2));
/// let told = "call 1, fd_close: argument fd: recorded 1, but the guest passes 2";
/// assert_eq!(other.unwrap_err().to_string(), told);
/// assert_eq!(replay.finish().unwrap_err().to_string(), told);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Replay {
    label: Vec<u8>,
    state: Mutex<State>,
}

struct State {
    log: Reader<Box<dyn Read + Send>>,
    /// The calls that the log holds, and those that the guest has made.
    calls: u64,
    made: u64,
    divergence: Option<Divergence>,
    recorded: Asked,
    actual: Asked,
    recorded_data: Contents,
    taken: Taken,
}

impl Replay {
    /// Opens a log. It is read twice: now, to see that it is whole, and while it is replayed.
    /// Either way what is held of it in memory does not grow with it.
    ///
    /// # Errors
    /// - [`LogError::Io`]: it cannot be read.
    /// - [`LogError::Foreign`]: it is no log.
    /// - [`LogError::Version`]: it is of another version.
    /// - [`LogError::Truncated`]: its end is missing.
    /// - [`LogError::Damaged`]: it is not what was recorded.
    pub fn open(log: impl Read + Seek + Send + 'static) -> Result<Self, LogError> {
        Self::read(log, Err)
    }

    /// Opens a log as well if its end is missing, as after a crash of whoever recorded it: the
    /// calls that are there as a whole are replayed, and the guest diverges by the next one. No
    /// checksum vouches for them then.
    ///
    /// # Errors
    /// As [`open`](Self::open), but for [`LogError::Truncated`].
    pub fn open_truncated(log: impl Read + Seek + Send + 'static) -> Result<Self, LogError> {
        Self::read(log, |error| match error {
            LogError::Truncated { calls } => Ok(calls),
            other => Err(other),
        })
    }

    fn read(
        mut log: impl Read + Seek + Send + 'static,
        forgive: impl FnOnce(LogError) -> Result<u64, LogError>,
    ) -> Result<Self, LogError> {
        let start = log.stream_position().map_err(LogError::Io)?;
        let (first, _) = Reader::new(&mut log)?;
        let calls = first.check().or_else(forgive)?;
        log.seek(SeekFrom::Start(start)).map_err(LogError::Io)?;
        let source: Box<dyn Read + Send> = Box::new(log);
        let (log, label) = Reader::new(source)?;
        let state = State {
            log,
            calls,
            made: 0,
            divergence: None,
            recorded: Asked::default(),
            actual: Asked::default(),
            recorded_data: Contents::default(),
            taken: Taken::default(),
        };
        Ok(Self {
            label,
            state: Mutex::new(state),
        })
    }

    /// What whoever recorded the log labelled it with.
    pub fn label(&self) -> &[u8] {
        &self.label
    }

    /// How many calls the log holds.
    pub fn calls(&self) -> u64 {
        self.lock().calls
    }

    /// Sees that the guest has done all that it did when it was recorded. To be called when the
    /// guest has ended.
    ///
    /// # Errors
    /// The first difference: that of a call, or the first call that was not made.
    pub fn finish(&self) -> Result<(), Divergence> {
        let mut state = self.lock();
        if state.divergence.is_none() && state.made < state.calls {
            let divergence = state.missing();
            state.divergence = Some(divergence);
        }
        match &state.divergence {
            None => Ok(()),
            Some(divergence) => Err(divergence.clone()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// What a call was answered; `None` if it ended the guest. What was written is in the guest's
    /// memory again.
    fn answer(
        &mut self,
        function: &'static Function,
        args: &[u64],
        memory: &mut [u8],
    ) -> Result<Option<Errno>, Divergence> {
        if let Some(divergence) = &self.divergence {
            return Err(divergence.clone());
        }
        self.made += 1;
        self.repeat(function, args, memory).map_err(|difference| {
            let divergence = Divergence {
                call: self.made,
                function: Some(function),
                difference,
            };
            self.divergence = Some(divergence.clone());
            divergence
        })
    }

    fn repeat(
        &mut self,
        function: &'static Function,
        args: &[u64],
        memory: &mut [u8],
    ) -> Result<Option<Errno>, Difference> {
        if self.made > self.calls {
            return Err(Difference::Extra);
        }
        self.actual.read(function, args, memory);
        self.log.asked(&mut self.recorded)?;
        if let Some(difference) = compare::asked(&self.recorded, &self.actual) {
            return Err(difference);
        }
        let answer = self.log.answer()?;
        self.compare_data(function, answer, memory)?;
        if answer.is_some() {
            let last = args.last().copied().unwrap_or(0);
            self.write(last, memory)?;
        }
        Ok(answer)
    }

    /// Sees that the host would take the same from the guest's buffers.
    fn compare_data(
        &mut self,
        function: &'static Function,
        answer: Option<Errno>,
        memory: &[u8],
    ) -> Result<(), Difference> {
        let bytes = self.log.data(function, answer, &mut self.recorded_data)?;
        let list = shape::read_buffers(function);
        let (Some(bytes), Some((index, list))) = (bytes, list) else {
            return Ok(());
        };
        let call = (function, &*self.actual.args);
        self.taken.find(call, (index, list), memory);
        self.taken.read(list, bytes, memory);
        let (recorded, actual) = (&self.recorded_data, &self.taken.data);
        match compare::data(function, index, list.records.kept, recorded, actual) {
            None => Ok(()),
            Some(difference) => Err(difference),
        }
    }

    /// Writes what the host wrote.
    fn write(&mut self, mut at: u64, memory: &mut [u8]) -> io::Result<()> {
        while let Some((length, step)) = self.log.range()? {
            let start = numbers::follow(at, step);
            let range = shape::clip(start, length, memory.len());
            at = start.saturating_add(length);
            match memory.get_mut(range) {
                Some(bytes) if bytes.len() as u64 == length => self.log.bytes(bytes)?,
                _ => return Err(damaged("it leads beyond the guest's memory")),
            }
        }
        Ok(())
    }

    /// What there is to say about the call that the guest did not make.
    fn missing(&mut self) -> Divergence {
        let (function, difference) = match self.log.asked(&mut self.recorded) {
            Ok(_) => {
                let calls = self.calls;
                (self.recorded.function, Difference::Missing { calls })
            }
            Err(error) => (None, error.into()),
        };
        Divergence {
            call: self.made + 1,
            function,
            difference,
        }
    }
}

impl Filter for Replay {
    fn before(&self, call: &Invocation<'_>, memory: &mut [u8]) -> Verdict {
        let answer = self.lock().answer(call.function, call.args, memory);
        let message = match answer {
            Ok(Some(errno)) => return Verdict::Answer(errno),
            Ok(None) if call.function.noreturn => return Verdict::Continue,
            Ok(None) => format!(
                "{} ended the guest when it was recorded",
                call.function.name
            ),
            Err(divergence) => divergence.to_string(),
        };
        Verdict::Trap(Trap::new(TrapKind::Refused, message))
    }
}
