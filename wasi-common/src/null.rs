//! A stream that is always at its end and swallows what is written.

use crate::{Interest, Pollable, Ready, Result, Stream};
use std::io::{IoSlice, IoSliceMut};

/// What standard input, output and error are unless a builder says otherwise.
#[derive(Debug, Clone, Copy, Default)]
pub struct Null;

impl Pollable for Null {
    fn readiness(&self, interest: Interest) -> Result<Option<Ready>> {
        Ok(Some(match interest {
            Interest::Read => Ready {
                bytes: 0,
                hangup: true,
            },
            Interest::Write => Ready {
                bytes: 1,
                hangup: false,
            },
        }))
    }
}

impl Stream for Null {
    fn read(&self, _buffers: &mut [IoSliceMut<'_>]) -> Result<usize> {
        Ok(0)
    }

    fn write(&self, buffers: &[IoSlice<'_>]) -> Result<usize> {
        Ok(buffers.iter().map(|buffer| buffer.len()).sum())
    }
}
