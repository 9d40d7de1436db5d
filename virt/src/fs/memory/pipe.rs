//! Open FIFOs and devices of a lower layer.

use super::leaf::Leaf;
use std::any::Any;
use std::io::{IoSlice, IoSliceMut};
use std::sync::Arc;
use std::task::Waker;
use turnkey_wasi_common::{FileType, Interest, Pollable, Ready, Result, Stat, Stream};

/// A stream of the lower layer's with the attributes that are told of its name.
pub(super) struct Pipe {
    pub(super) stream: Arc<dyn Stream>,
    pub(super) leaf: Arc<Leaf>,
}

impl Pollable for Pipe {
    fn readiness(&self, interest: Interest) -> Result<Option<Ready>> {
        self.stream.readiness(interest)
    }

    fn subscribe(&self, interest: Interest, waker: &Waker) {
        self.stream.subscribe(interest, waker);
    }

    fn unsubscribe(&self, waker: &Waker) {
        self.stream.unsubscribe(waker);
    }

    fn host(&self) -> Option<&dyn Any> {
        self.stream.host()
    }
}

impl Stream for Pipe {
    fn file_type(&self) -> FileType {
        self.stream.file_type()
    }

    fn stat(&self) -> Result<Stat> {
        Ok(self.leaf.attributes())
    }

    fn read(&self, buffers: &mut [IoSliceMut<'_>]) -> Result<usize> {
        self.stream.read(buffers)
    }

    fn write(&self, buffers: &[IoSlice<'_>]) -> Result<usize> {
        self.stream.write(buffers)
    }
}
