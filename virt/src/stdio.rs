//! Standard streams that go elsewhere, change what goes through them, or are changed for others.
//!
//! What a guest writes can be copied ([`Tee`]), handed to a closure line by line ([`Lines`]), given
//! a prefix ([`Prefix`]) or changed ([`LineFilter`]); [`Swap`] is a stream that can be replaced
//! while a guest has it. Each is one over any stream and can itself lie beneath another. A fixed
//! input is a [`PipeReader`](turnkey_wasi_common::PipeReader), output into bounded memory a
//! [`Pipe`](turnkey_wasi_common::Pipe), and nothing at all [`Null`](turnkey_wasi_common::Null).
//!
//! ```
//! use std::sync::Arc;
//! use turnkey_virt::stdio::{Prefix, Tee};
//! use turnkey_wasi_common::{Pipe, PipeReader, WasiCtx};
//!
//! let (terminal, shown) = Pipe::new(4096);
//! let (log, logged) = Pipe::new(4096);
//! let stdout = Tee::new(Arc::new(Prefix::new(Arc::new(terminal), "[child] "))).copy_to(Arc::new(log));
//! let ctx = WasiCtx::builder()
//!     .stdin(Arc::new(PipeReader::of("yes\n")))
//!     .stdout(Arc::new(stdout))
//!     .build()?;
//! # drop((ctx, shown, logged));
//! # Ok::<(), turnkey_wasi_common::BuildError>(())
//! ```

mod line_buffer;
mod line_filter;
mod lines;
mod prefix;
mod swap;
mod tee;

pub use line_filter::LineFilter;
pub use lines::Lines;
pub use prefix::Prefix;
pub use swap::Swap;
pub use tee::Tee;

use std::io::IoSlice;
use turnkey_wasi_common::Stream;

/// The first `count` bytes of some buffers.
fn first<'a>(buffers: &'a [IoSlice<'_>], count: usize) -> impl Iterator<Item = &'a [u8]> {
    let mut left = count;
    buffers.iter().map_while(move |buffer| {
        let part = buffer.get(..left.min(buffer.len()))?;
        left -= part.len();
        (left > 0 || !part.is_empty()).then_some(part)
    })
}

/// What the first `count` bytes of some buffers are followed by.
fn beyond<'a>(buffers: &'a [IoSlice<'_>], count: usize) -> impl Iterator<Item = &'a [u8]> {
    let mut skip = count;
    buffers.iter().map(move |buffer| {
        let part = buffer.get(skip..).unwrap_or_default();
        skip = skip.saturating_sub(buffer.len());
        part
    })
}

/// Writes all of some bytes, or as much as there is room for, and answers how much that was not.
fn write_all(stream: &dyn Stream, mut bytes: &[u8]) -> usize {
    while !bytes.is_empty() {
        let rest = match stream.write(&[IoSlice::new(bytes)]) {
            Ok(0) | Err(_) => None,
            Ok(written) => bytes.get(written..),
        };
        match rest {
            Some(rest) => bytes = rest,
            None => break,
        }
    }
    bytes.len()
}

/// Every method of [`Pollable`](turnkey_wasi_common::Pollable), as the stream beneath has it.
macro_rules! pollable_as {
    ($type:ty, $beneath:ident) => {
        impl turnkey_wasi_common::Pollable for $type {
            fn readiness(
                &self,
                interest: turnkey_wasi_common::Interest,
            ) -> turnkey_wasi_common::Result<Option<turnkey_wasi_common::Ready>> {
                self.$beneath.readiness(interest)
            }

            fn subscribe(&self, interest: turnkey_wasi_common::Interest, waker: &std::task::Waker) {
                self.$beneath.subscribe(interest, waker);
            }

            fn unsubscribe(&self, waker: &std::task::Waker) {
                self.$beneath.unsubscribe(waker);
            }

            fn host(&self) -> Option<&dyn std::any::Any> {
                self.$beneath.host()
            }

            fn behind(
                &self,
                interest: turnkey_wasi_common::Interest,
            ) -> Vec<std::sync::Arc<dyn turnkey_wasi_common::Pollable>> {
                self.$beneath.behind(interest)
            }
        }
    };
}
use pollable_as;
