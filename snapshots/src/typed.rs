//! What the typed views of calls are made of.
//!
//! [`preview_0::calls`](crate::preview_0::calls) and [`preview_1::calls`](crate::preview_1::calls)
//! have a structure for each function, made from the witx documents: its arguments as fields,
//! [`of`](crate::preview_1::calls::PathOpen::of) to look at a call as one, and
//! [`answer`](crate::preview_1::calls::PathOpen::answer) to answer it instead of the host. A filter
//! that serves a file of its own:
//!
//! ```
//! use std::sync::Arc;
//! use turnkey_snapshots::preview_1::calls::{FdRead, FdWrite};
//! use turnkey_snapshots::{Memory, complete, preview_1};
//! use turnkey_wasi_common::{Errno, Fd, Filter, Invocation, Verdict, WasiCtx};
//!
//! /// Answers reads of descriptor 9.
//! struct Nine;
//!
//! impl Nine {
//!     fn serve(read: &FdRead, memory: &mut [u8]) -> Result<Verdict, Verdict> {
//!         read.check(memory)?;
//!         let count = read.iovs.scatter(memory, b"nine lives")?;
//!         Ok(read.answer(memory, count))
//!     }
//! }
//!
//! impl Filter for Nine {
//!     fn before(&self, call: &Invocation<'_>, memory: &mut [u8]) -> Verdict {
//!         match FdRead::of(call) {
//!             Some(read) if read.fd == Fd(9) => {
//!                 Self::serve(&read, memory).unwrap_or_else(|verdict| verdict)
//!             }
//!             _ => Verdict::Continue,
//!         }
//!     }
//! }
//!
//! let ctx = WasiCtx::builder().filter(Arc::new(Nine)).build()?;
//! let mut memory = vec![0; 65536];
//! // One buffer: 4 bytes at 32.
//! memory[8..16].copy_from_slice(&[32, 0, 0, 0, 4, 0, 0, 0]);
//! let errno = complete(&ctx, |call| {
//!     preview_1::fd_read(call, &mut Memory::new(&mut memory), 9, 8, 1, 16)
//! })?;
//! assert_eq!((errno, memory[16], &memory[32..37]), (0, 4, &b"nine\0"[..]));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Where a filter cannot go on, what it receives is the verdict to return: the trap of a pointer
//! that leads nowhere, or the errno that the host would have answered.

mod answer;
mod array;
mod define;
mod text;
mod value;

pub use answer::Results;
pub use array::{Array, Vector};
pub use text::Text;
pub use value::{Scalar, Value};

pub(crate) use answer::{address, check, read, words, write};
pub(crate) use define::{call, enumeration, flags, number, record, results, variant};

use crate::error::Error;
use turnkey_wasi_common::{Errno, Stop, Verdict};

/// What a filter returns that found this.
pub(crate) fn verdict(error: Error) -> Verdict {
    match error {
        Error::Errno(errno) => Verdict::Answer(errno),
        Error::Host(error) => Verdict::Answer(error.errno()),
        Error::Stop(Stop::Trap(trap)) => Verdict::Trap(trap),
        Error::Stop(Stop::Exit(code)) => Verdict::Exit(code),
        Error::Wait => Verdict::Answer(Errno::Again),
    }
}

#[cfg(test)]
mod tests;
