//! A stream that is never ready.

use std::io::{IoSlice, IoSliceMut};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Waker;
use turnkey_wasi_common::{
    Errno, FileType, Interest, Pollable, Ready, Result, Stat, Stream, Wakers,
};

/// A stream that is never ready, and lets those who wait for it be counted: a guest that reads it
/// waits until it is ended.
///
/// ```
/// use std::sync::Arc;
/// use turnkey_conformance::never::Never;
/// use turnkey_wasi_common::WasiCtx;
///
/// let never = Arc::new(Never::default());
/// let ctx = WasiCtx::builder().stdin(never.clone()).build()?;
/// drop(ctx);
/// assert_eq!(never.subscribers(), 0);
/// # Ok::<(), turnkey_wasi_common::BuildError>(())
/// ```
#[derive(Default)]
pub struct Never {
    wakers: Wakers,
    subscribed: AtomicUsize,
}

impl Never {
    /// How many wait for it now.
    pub fn subscribers(&self) -> usize {
        self.subscribed.load(Ordering::SeqCst)
    }
}

impl Pollable for Never {
    fn readiness(&self, _: Interest) -> Result<Option<Ready>> {
        Ok(None)
    }

    fn subscribe(&self, _: Interest, waker: &Waker) {
        self.wakers.subscribe(waker);
        self.subscribed.fetch_add(1, Ordering::SeqCst);
    }

    fn unsubscribe(&self, waker: &Waker) {
        self.wakers.unsubscribe(waker);
        self.subscribed.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Stream for Never {
    fn file_type(&self) -> FileType {
        FileType::Unknown
    }

    fn stat(&self) -> Result<Stat> {
        Ok(Stat::default())
    }

    fn read(&self, _: &mut [IoSliceMut<'_>]) -> Result<usize> {
        Err(Errno::Again.into())
    }

    fn write(&self, _: &[IoSlice<'_>]) -> Result<usize> {
        Err(Errno::Again.into())
    }
}
