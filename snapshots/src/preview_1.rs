//! `wasi_snapshot_preview1`.
//!
//! One function for each that a guest can import, with the parameters of its core signature. What
//! each does is told by the witx document of the snapshot and, where hosts differ, by the rules
//! of Turnkey. The result is the errno that the guest receives; an exit or a trap is a
//! [`Stop`](turnkey_wasi_common::Stop). Every function is to be called through
//! [`complete`](crate::complete), or in a loop like it: an attempt that must wait has no result
//! yet.

use crate::call::Word;
use crate::define::define_functions;

/// What is known about each function, in the order of the standard.
pub use table::FUNCTIONS;

/// The module that guests import this snapshot from.
pub const MODULE: &str = "wasi_snapshot_preview1";

/// What this snapshot has and preview 0 has not.
macro_rules! only_here {
    () => {
        fn sock_accept(
            &mut self,
            memory: Memory<'_, '_>,
            listener: types::Fd,
            flags: types::Fdflags,
            answer: GuestPtr<types::Fd>,
        ) -> Result<(), Error> {
            let accepted = socket::accept(self, fd(listener), fd_flags(flags))?;
            memory.answer(answer, accepted)
        }
    };
}

#[expect(
    clippy::duplicate_mod,
    reason = "each snapshot has the file over types of its own"
)]
#[path = "previews/bindings.rs"]
mod bindings;
#[expect(
    clippy::duplicate_mod,
    reason = "each snapshot has the file over types of its own"
)]
#[path = "previews/convert.rs"]
mod convert;
#[macro_use]
pub mod table {
    //! The snapshot's types and functions as data. Made by the build script from the witx document.
    include!(concat!(env!("OUT_DIR"), "/preview_1.rs"));
}

pub mod calls {
    //! A structure for each function, by which filters see its arguments and answer it; and the
    //! types that these are made of. Made by the build script from the witx document; what they
    //! have in common is told in [`typed`](crate::typed).
    use crate::typed::{Array, Scalar, Text, call, enumeration, flags, record, variant};
    use turnkey_wasi_common::{Errno, Fd, Rights};

    include!(concat!(env!("OUT_DIR"), "/preview_1_calls.rs"));
}

#[expect(clippy::all, clippy::restriction, reason = "the code is wiggle's")]
mod generated {
    use crate::error::Error;

    include!(concat!(env!("OUT_DIR"), "/preview_1_glue.rs"));

    pub(super) use self::wasi_snapshot_preview1 as functions;
    pub(super) use functions::WasiSnapshotPreview1 as Functions;
}

preview_1_functions!(define_functions);
