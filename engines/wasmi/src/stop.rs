//! How a guest ended, into wasmi's error and out of it.

use std::fmt;
use turnkey_wasi_common::{Stop, Trap, TrapKind};
use wasmi::errors::HostError;
use wasmi::{Error, TrapCode};

/// How a guest ended, as it travels through wasmi.
#[derive(Debug)]
struct Ended(Stop);

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl HostError for Ended {}

/// The error by which a host function ends a guest, and which [`outcome`] understands.
///
/// ```
/// use turnkey_wasi_common::Stop;
///
/// let error = turnkey_wasmi::error(Stop::Exit(3));
/// assert_eq!(turnkey_wasmi::stop(&error), Stop::Exit(3));
/// ```
#[cold]
pub fn error(stop: impl Into<Stop>) -> Error {
    Error::host(Ended(stop.into()))
}

/// What a call into a guest came to: its results, or how the guest ended.
///
/// ```
/// use turnkey_wasi_common::Stop;
/// use turnkey_wasmi::{error, outcome};
///
/// let call = || -> Result<u64, wasmi::Error> { Err(error(Stop::Exit(u32::MAX))) };
/// assert_eq!(outcome(call()), Err(Stop::Exit(u32::MAX)));
/// ```
///
/// # Errors
/// The guest's exit, or the trap that ended it: see [`stop`].
pub fn outcome<R>(result: Result<R, Error>) -> Result<R, Stop> {
    result.map_err(|error| stop(&error))
}

/// How a guest ended. A trap of the guest's own code is of the kind [`TrapKind::Wasm`]; an error
/// that is neither a guest's exit nor a trap is of the kind [`TrapKind::Host`].
pub fn stop(error: &Error) -> Stop {
    ended(error).unwrap_or_else(|| Stop::Trap(Trap::new(TrapKind::Host, error.to_string())))
}

/// How a guest ended; `None` if the error says nothing about a guest that ran.
pub(crate) fn ended(error: &Error) -> Option<Stop> {
    if let Some(Ended(stop)) = error.downcast_ref() {
        return Some(stop.clone());
    }
    if let Some(status) = error.i32_exit_status() {
        return Some(Stop::Exit(u32::from_ne_bytes(status.to_ne_bytes())));
    }
    let code = error.as_trap_code()?;
    let kind = match code {
        TrapCode::OutOfFuel => TrapKind::OutOfFuel,
        _ => TrapKind::Wasm,
    };
    Some(Stop::Trap(Trap::new(kind, format!("wasm trap: {code}"))))
}
