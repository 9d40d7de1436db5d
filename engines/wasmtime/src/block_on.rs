//! How a guest is entered by code that cannot wait as futures do.

use std::cell::Cell;
use std::fmt;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use turnkey_wasi_common::{Stop, Trap, TrapKind};
use wasmtime::Result;

/// How the guests of an engine are entered.
#[derive(Debug, Clone)]
pub(crate) enum Entrance {
    /// By plain calls. A guest that waits blocks the thread.
    Plain,
    /// By futures, which are driven to their end.
    Future(BlockOn),
}

/// Drives a future to its end.
type Drive = dyn Fn(Pin<&mut (dyn Future<Output = ()> + Send)>) + Send + Sync;

/// The embedder's way to drive a future to its end.
#[derive(Clone)]
pub(crate) struct BlockOn(Arc<Drive>);

thread_local! {
    /// Whether this thread is in the middle of such a future.
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

impl BlockOn {
    pub(crate) fn new(
        drive: impl Fn(Pin<&mut (dyn Future<Output = ()> + Send)>) + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(drive))
    }

    /// Whether the calling thread is in the middle of a future that is being driven. Then another
    /// cannot be, as executors do not nest: it has to come to its end without being suspended.
    pub(crate) fn is_inside() -> bool {
        INSIDE.get()
    }

    /// Drives a future to its end.
    ///
    /// # Errors
    /// Those of the future, or a trap: it was left before its end.
    pub(crate) fn run<R: Send>(&self, future: impl Future<Output = Result<R>> + Send) -> Result<R> {
        let mut outcome = None;
        if Self::is_inside() {
            let future = pin!(future);
            if let Poll::Ready(now) = future.poll(&mut Context::from_waker(Waker::noop())) {
                outcome = Some(now);
            }
        } else {
            let mut future = pin!(future);
            let driven = pin!(poll_fn(|cx| {
                let _inside = Inside::begin();
                future.as_mut().poll(cx).map(|end| outcome = Some(end))
            }));
            (self.0)(driven);
        }
        outcome.unwrap_or_else(|| {
            let message = "a call into a guest was left before its end";
            Err(Stop::Trap(Trap::new(TrapKind::Host, message)).into())
        })
    }
}

impl fmt::Debug for BlockOn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BlockOn")
    }
}

/// The thread is in the middle of a future for as long as this lives.
struct Inside;

impl Inside {
    fn begin() -> Self {
        INSIDE.set(true);
        Self
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        INSIDE.set(false);
    }
}
