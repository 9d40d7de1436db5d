//! Recording calls.

pub(crate) mod asked;
pub(crate) mod buffers;
pub(crate) mod contents;
pub(crate) mod log;
pub(crate) mod numbers;
pub(crate) mod reader;
pub(crate) mod shape;
pub(crate) mod taken;
pub(crate) mod written;

use asked::Asked;
use log::Writer;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::{error, fmt};
use taken::Taken;
use turnkey_wasi_common::function::Function;
use turnkey_wasi_common::{Errno, Filter, Invocation, Verdict};
use written::Written;

/// A filter that records what the host answers, and every byte that it writes into the guest's
/// memory, so that a [`Replay`](crate::Replay) can say the same without any host.
///
/// It must be the first filter of its context: then what it sees is what the guest receives, be it
/// from the host or from another filter. Of what is answered, it records what a function's
/// descriptor says that the host writes; a filter that writes elsewhere is not reproduced.
///
/// A recorder is for one guest, whose calls come one after the other; each waits for the lock of
/// the recorder and of its sink. Guests that share a recorder, or threads that share a context, are
/// found out when two calls overlap, and the recording ends with an error.
///
/// Recording ends at the first error, while the guest goes on and does not notice;
/// [`finish`](Self::finish) tells it. A recorder that is dropped unfinished leaves a log that is
/// refused as truncated. The log's checksum finds accidents; it is no signature.
///
/// ```
/// use std::fs::File;
/// use std::sync::Arc;
/// use turnkey_snapshots::{Memory, complete, preview_1};
/// use turnkey_virt::{Recorder, Replay};
/// use turnkey_wasi_common::WasiCtx;
///
/// let log = tempfile::NamedTempFile::new()?;
/// let recorder = Arc::new(Recorder::new(File::create(log.path())?, b"greeter 1.0")?);
/// let ctx = turnkey_cap_backends::builder().filter(recorder.clone()).build()?;
/// let mut drawn = [0; 8];
/// complete(&ctx, |call| {
///     preview_1::random_get(call, &mut Memory::new(&mut drawn), 0, 8)
/// })?;
/// recorder.finish()?;
///
/// // Nothing is random here, and no host is near.
/// let replay = Arc::new(Replay::open(File::open(log.path())?)?);
/// assert_eq!(replay.label(), b"greeter 1.0");
/// let ctx = WasiCtx::builder().filter(replay.clone()).build()?;
/// let mut again = [0; 8];
/// complete(&ctx, |call| {
///     preview_1::random_get(call, &mut Memory::new(&mut again), 0, 8)
/// })?;
/// assert_eq!(again, drawn);
/// replay.finish()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Recorder {
    state: Mutex<State>,
}

struct State {
    /// `None` once it is finished, or nothing is recorded any more.
    log: Option<Writer>,
    failure: Option<RecordError>,
    /// The calls that were seen, and whether the last of them is still under way.
    calls: u64,
    under_way: bool,
    asked: Asked,
    taken: Taken,
    written: Written,
    scratch: Vec<u8>,
}

impl Recorder {
    /// Begins a log. The label is the caller's: it says what was recorded, for whoever replays it.
    ///
    /// # Errors
    /// - [`RecordError::Label`]: the label has more than 65,535 bytes.
    /// - [`RecordError::Sink`]: the log could not be begun.
    pub fn new(
        sink: impl Write + Send + 'static,
        label: impl AsRef<[u8]>,
    ) -> Result<Self, RecordError> {
        let label = label.as_ref();
        let length = u16::try_from(label.len()).map_err(|_| RecordError::Label(label.len()))?;
        let state = State {
            log: Some(Writer::new(Box::new(sink), label, length)?),
            failure: None,
            calls: 0,
            under_way: false,
            asked: Asked::default(),
            taken: Taken::default(),
            written: Written::default(),
            scratch: Vec::new(),
        };
        Ok(Self {
            state: Mutex::new(state),
        })
    }

    /// Ends the log. A call that has not come back ended the guest. Calls that come later are not
    /// recorded.
    ///
    /// # Errors
    /// Why recording has ended before, or could not be ended now. What was written is then a
    /// truncated log.
    pub fn finish(&self) -> Result<(), RecordError> {
        let mut state = self.lock();
        if state.under_way {
            state.end_call(&[], None);
        }
        if let Some(log) = state.log.take() {
            if let Err(error) = log.finish() {
                state.failure = Some(error.into());
            }
        }
        match &state.failure {
            None => Ok(()),
            Some(failure) => Err(failure.clone()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn fail(&mut self, failure: RecordError) {
        if self.log.take().is_some() {
            self.failure = Some(failure);
        }
        self.under_way = false;
    }

    /// Looks at a call that is about to be carried out; answers its number.
    fn begin_call(&mut self, function: &'static Function, args: &[u64], memory: &[u8]) -> u64 {
        if self.log.is_none() {
            return 0;
        }
        if self.under_way {
            self.fail(RecordError::Overlap);
            return 0;
        }
        if !shape::is_known(function) {
            self.fail(RecordError::Unknown(function.name));
            return 0;
        }
        self.calls += 1;
        self.under_way = true;
        self.asked.read(function, args, memory);
        self.written.before(function, args, memory);
        if let Some(list) = shape::read_buffers(function) {
            self.taken.find((function, args), list, memory);
        }
        self.calls
    }

    /// Records the call that is under way.
    fn end_call(&mut self, memory: &[u8], errno: Option<Errno>) {
        self.under_way = false;
        if let Err(error) = self.put_call(memory, errno) {
            self.fail(error.into());
        }
    }

    fn put_call(&mut self, memory: &[u8], errno: Option<Errno>) -> io::Result<()> {
        let (Some(log), Some(function)) = (&mut self.log, self.asked.function) else {
            return Ok(());
        };
        let (asked, scratch) = (&self.asked, &mut self.scratch);
        scratch.clear();
        asked.encode(scratch);
        let answer = errno.map_or(0, |errno| u64::from(errno.number()) + 1);
        numbers::put(scratch, answer);
        let list = shape::read_buffers(function).filter(|_| errno == Some(Errno::Success));
        if let Some((_, list)) = list {
            let moved = written::moved(function, &asked.args, memory).unwrap_or(u64::MAX);
            let bytes = moved.saturating_mul(u64::from(list.element));
            numbers::put(scratch, bytes);
            self.taken.read(list, bytes, memory);
            self.taken.data.encode(scratch);
        }
        let log = log.call();
        log.write_all(scratch)?;
        match errno {
            Some(errno) => {
                let call = (function, &*asked.args);
                self.written.after(call, errno, memory, log, scratch)
            }
            None => Ok(()),
        }
    }
}

impl Filter for Recorder {
    fn before(&self, call: &Invocation<'_>, memory: &mut [u8]) -> Verdict {
        let number = self.lock().begin_call(call.function, call.args, memory);
        call.note.set(number);
        Verdict::Continue
    }

    fn after(&self, call: &Invocation<'_>, memory: &mut [u8], errno: Option<Errno>) {
        let mut state = self.lock();
        if state.under_way && call.note.get() == state.calls {
            state.end_call(memory, errno);
        } else {
            state.fail(RecordError::Overlap);
        }
    }
}

/// Why nothing is recorded any more.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum RecordError {
    /// The label has this many bytes, more than 65,535.
    Label(usize),
    /// The log could not be written.
    Sink(Arc<io::Error>),
    /// A call began before the one before it had come back: the recorder is shared by guests, or
    /// its context by threads.
    Overlap,
    /// What this function does to the guest's memory is not known.
    Unknown(&'static str),
}

impl From<io::Error> for RecordError {
    fn from(error: io::Error) -> Self {
        Self::Sink(Arc::new(error))
    }
}

impl fmt::Display for RecordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Label(length) => write!(
                f,
                "the label has {length} bytes, and a log has room for 65535"
            ),
            Self::Sink(error) => write!(f, "the log could not be written: {error}"),
            Self::Overlap => f.write_str(
                "a call began before the last one had ended: a recorder is for one guest",
            ),
            Self::Unknown(name) => write!(f, "calls of `{name}` cannot be recorded"),
        }
    }
}

impl error::Error for RecordError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match self {
            Self::Sink(error) => Some(&**error),
            _ => None,
        }
    }
}
