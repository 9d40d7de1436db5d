//! The counters of one function.

use super::Count;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use turnkey_snapshots::Func;
use turnkey_wasi_common::function::{Function, Role};
use turnkey_wasi_common::{Errno, Invocation};

/// What is counted of one function. Every number wraps rather than that a call fails.
#[derive(Debug)]
pub(super) struct Row {
    function: &'static Function,
    moves: Moves,
    /// By errno; success is the first.
    answers: Box<[AtomicU64]>,
    ended: AtomicU64,
    bytes: AtomicU64,
    nanoseconds: AtomicU64,
    longest: AtomicU64,
}

/// Where a function tells how many bytes it moved.
#[derive(Debug, Clone, Copy)]
enum Moves {
    Nothing,
    /// Its first result.
    Result,
    /// The parameter of this name.
    Param(&'static str),
}

impl Moves {
    fn of(function: &Function) -> Self {
        use Func::{FdPread, FdPwrite, FdRead, FdReaddir, FdWrite};
        use Func::{PathReadlink, RandomGet, SockRecv, SockSend};
        match Func::from_name(function.name) {
            Some(
                FdRead | FdPread | FdWrite | FdPwrite | FdReaddir | PathReadlink | SockRecv
                | SockSend,
            ) => Self::Result,
            Some(RandomGet) => Self::Param("buf_len"),
            _ => Self::Nothing,
        }
    }

    fn bytes(self, call: &Invocation<'_>, memory: &[u8]) -> Option<u64> {
        match self {
            Self::Nothing => None,
            Self::Param(name) => call.argument(name),
            Self::Result => {
                let start = usize::try_from(call.word(Role::Return(0))?).ok()?;
                let size = memory.get(start..)?.first_chunk()?;
                Some(u32::from_le_bytes(*size).into())
            }
        }
    }
}

impl Row {
    pub(super) fn new(function: &'static Function) -> Self {
        Self {
            function,
            moves: Moves::of(function),
            answers: Errno::ALL.iter().map(|_| AtomicU64::new(0)).collect(),
            ended: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            nanoseconds: AtomicU64::new(0),
            longest: AtomicU64::new(0),
        }
    }

    pub(super) fn add(
        &self,
        call: &Invocation<'_>,
        memory: &[u8],
        errno: Option<Errno>,
        took: u64,
    ) {
        let answered = errno.and_then(|errno| self.answers.get(usize::from(errno.number())));
        answered
            .unwrap_or(&self.ended)
            .fetch_add(1, Ordering::Relaxed);
        self.nanoseconds.fetch_add(took, Ordering::Relaxed);
        self.longest.fetch_max(took, Ordering::Relaxed);
        if errno == Some(Errno::Success) {
            let moved = self.moves.bytes(call, memory).unwrap_or(0);
            self.bytes.fetch_add(moved, Ordering::Relaxed);
        }
    }

    /// What was counted; `None` if the function was not called.
    pub(super) fn count(&self) -> Option<Count> {
        let read = |number: &AtomicU64| number.load(Ordering::Relaxed);
        let answers = || Errno::ALL.into_iter().zip(self.answers.iter().map(read));
        let ended = read(&self.ended);
        let calls = answers().fold(ended, |calls, (_, number)| calls.wrapping_add(number));
        (calls > 0).then(|| Count {
            function: self.function,
            calls,
            errors: answers()
                .filter(|(errno, number)| *errno != Errno::Success && *number > 0)
                .collect(),
            ended,
            bytes: read(&self.bytes),
            total: Duration::from_nanos(read(&self.nanoseconds)),
            longest: Duration::from_nanos(read(&self.longest)),
        })
    }
}
