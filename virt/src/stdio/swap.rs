//! Streams that are replaced while they are in use.

use std::fmt;
use std::io::{IoSlice, IoSliceMut};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use turnkey_wasi_common::{FileType, Interest, Pollable, Ready, Result, Stat, Stream, Wakers};

/// A stream in whose place another can be put at any time, after the context was built and while
/// the guest waits for it. Clones are handles of the same stream.
///
/// Each read and write goes to the stream that is there when it begins. A guest that waits for one
/// that is replaced is woken, and looks at the new one. A stream must not be put into itself.
///
/// ```
/// use std::io::IoSlice;
/// use std::sync::Arc;
/// use turnkey_virt::stdio::Swap;
/// use turnkey_wasi_common::{Null, Pipe, Stream, WasiCtx};
///
/// let stdout = Swap::new(Arc::new(Null));
/// let ctx = WasiCtx::builder().stdout(Arc::new(stdout.clone())).build()?;
/// stdout.write(&[IoSlice::new(b"into the void")])?;
/// let (file, written) = Pipe::new(64);
/// stdout.replace(Arc::new(file));
/// stdout.write(&[IoSlice::new(b"kept")])?;
/// assert_eq!(written.drain(), b"kept");
/// # drop(ctx);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Swap(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    /// Those who wait for a replacement through [`Replaced`].
    wakers: Wakers,
}

struct State {
    stream: Arc<dyn Stream>,
    replacements: u64,
    /// Those who wait for the stream itself, to be handed on to the next one.
    subscribers: Vec<(Interest, Waker)>,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Swap {
    /// Begins with this stream.
    pub fn new(stream: Arc<dyn Stream>) -> Self {
        Self(Arc::new(Shared {
            state: Mutex::new(State {
                stream,
                replacements: 0,
                subscribers: Vec::new(),
            }),
            wakers: Wakers::default(),
        }))
    }

    /// Puts another stream in the place of the one that is there, and answers that one.
    pub fn replace(&self, stream: Arc<dyn Stream>) -> Arc<dyn Stream> {
        let mut state = self.0.state();
        let old = std::mem::replace(&mut state.stream, stream);
        state.replacements += 1;
        for (interest, waker) in &state.subscribers {
            old.unsubscribe(waker);
            state.stream.subscribe(*interest, waker);
        }
        let subscribers = state.subscribers.clone();
        drop(state);
        self.0.wakers.wake();
        for (_, waker) in subscribers {
            waker.wake();
        }
        old
    }

    /// The stream that is there now.
    pub fn current(&self) -> Arc<dyn Stream> {
        Arc::clone(&self.0.state().stream)
    }
}

impl Pollable for Swap {
    fn readiness(&self, interest: Interest) -> Result<Option<Ready>> {
        self.current().readiness(interest)
    }

    fn subscribe(&self, interest: Interest, waker: &Waker) {
        let mut state = self.0.state();
        let known =
            |(for_what, known): &(Interest, Waker)| *for_what == interest && known.will_wake(waker);
        if !state.subscribers.iter().any(known) {
            state.subscribers.push((interest, waker.clone()));
        }
        // Still locked, so that no replacement comes between.
        state.stream.subscribe(interest, waker);
    }

    fn unsubscribe(&self, waker: &Waker) {
        let mut state = self.0.state();
        state
            .subscribers
            .retain(|(_, known)| !known.will_wake(waker));
        state.stream.unsubscribe(waker);
    }

    fn behind(&self, _interest: Interest) -> Vec<Arc<dyn Pollable>> {
        let state = self.0.state();
        let replaced = Replaced {
            shared: Arc::clone(&self.0),
            replacements: state.replacements,
        };
        vec![Arc::clone(&state.stream) as _, Arc::new(replaced)]
    }
}

impl Stream for Swap {
    fn file_type(&self) -> FileType {
        self.current().file_type()
    }

    fn stat(&self) -> Result<Stat> {
        self.current().stat()
    }

    fn read(&self, buffers: &mut [IoSliceMut<'_>]) -> Result<usize> {
        self.current().read(buffers)
    }

    fn write(&self, buffers: &[IoSlice<'_>]) -> Result<usize> {
        self.current().write(buffers)
    }
}

/// Ready once the stream that was there has been replaced.
struct Replaced {
    shared: Arc<Shared>,
    replacements: u64,
}

impl Pollable for Replaced {
    fn readiness(&self, _interest: Interest) -> Result<Option<Ready>> {
        let replaced = self.shared.state().replacements != self.replacements;
        Ok(replaced.then(Ready::default))
    }

    fn subscribe(&self, _interest: Interest, waker: &Waker) {
        self.shared.wakers.subscribe(waker);
    }

    fn unsubscribe(&self, waker: &Waker) {
        self.shared.wakers.unsubscribe(waker);
    }
}

impl fmt::Debug for Swap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Swap")
    }
}
