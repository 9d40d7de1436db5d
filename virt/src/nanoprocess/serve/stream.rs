//! Streams that a parent serves.

use super::dir::attributes;
use super::exports::Export;
use super::file::{read, write};
use super::handle::Handle;
use super::{flawed, lock};
use std::io::{IoSlice, IoSliceMut};
use std::task::Waker;
use turnkey_wasi_common::{Errno, FileType, Interest, Pollable, Ready, Result, Stat, Stream};

/// A stream that a parent serves with its exports `obj_read`, `obj_write` and `obj_poll`.
pub(super) struct ServedStream {
    handle: Handle,
    stat: Stat,
}

/// The flags of a readiness.
const READY: u64 = 1;
const HANGUP: u64 = 2;

impl ServedStream {
    pub(super) fn new(handle: Handle) -> Self {
        let stat = Stat::default();
        Self { handle, stat }
    }

    /// A stream that was like this when it was opened.
    pub(super) fn opened(handle: Handle, stat: Stat) -> Self {
        Self { handle, stat }
    }
}

impl Stream for ServedStream {
    fn file_type(&self) -> FileType {
        self.stat.file_type
    }

    fn stat(&self) -> Result<Stat> {
        attributes(&self.handle, &self.stat)
    }

    fn read(&self, buffers: &mut [IoSliceMut<'_>]) -> Result<usize> {
        match buffers.iter().map(|buffer| buffer.len()).sum() {
            0 => Ok(0),
            total => self.handle.enter(|parent| {
                let moved = read(parent, &self.handle, buffers, 0, total, 0)?;
                Ok(moved.moved)
            }),
        }
    }

    fn write(&self, buffers: &[IoSlice<'_>]) -> Result<usize> {
        match buffers.iter().map(|buffer| buffer.len()).sum() {
            0 => Ok(0),
            total => self.handle.enter(|parent| {
                let moved = write(parent, &self.handle, buffers, 0, total, 0)?;
                Ok(moved.moved)
            }),
        }
    }
}

impl Pollable for ServedStream {
    fn readiness(&self, interest: Interest) -> Result<Option<Ready>> {
        let number = match interest {
            Interest::Read => 0_u32,
            Interest::Write => 1,
        };
        let [tag, object] = self.handle.args();
        let args = [tag, object, number.into()];
        let flags = self
            .handle
            .enter(|parent| match parent.has(Export::ObjPoll) {
                true => parent.ask(Export::ObjPoll, Errno::Nosys, &args),
                false => Ok(READY),
            })?;
        if flags > READY | HANGUP {
            return Err(flawed(format!("the parent told readiness {flags:#x}")));
        }
        let hangup = flags & HANGUP != 0;
        Ok((flags != 0).then_some(Ready {
            bytes: u64::from(!hangup),
            hangup,
        }))
    }

    fn subscribe(&self, _interest: Interest, waker: &Waker) {
        let object = self.handle.object();
        let mut subscribed = lock(&self.handle.serving().0.subscribed);
        let known = |(other, known): &(u64, Waker)| *other == object && known.will_wake(waker);
        if !subscribed.iter().any(known) {
            subscribed.push((object, waker.clone()));
        }
    }

    fn unsubscribe(&self, waker: &Waker) {
        let object = self.handle.object();
        let mut subscribed = lock(&self.handle.serving().0.subscribed);
        subscribed.retain(|(other, known)| *other != object || !known.will_wake(waker));
    }
}
