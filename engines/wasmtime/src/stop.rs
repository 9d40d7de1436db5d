//! How a guest ended, out of wasmtime's error.

use std::fmt::Write;
use turnkey_wasi_common::{Stop, Trap, TrapKind};
use wasmtime::{Error, Result, ThrownException, WasmBacktrace};

/// What a call into a guest came to: its results, or how the guest ended.
///
/// ```
/// use turnkey_wasi_common::Stop;
/// use turnkey_wasmtime::outcome;
///
/// let call = || -> wasmtime::Result<u64> { Err(Stop::Exit(u32::MAX).into()) };
/// assert_eq!(outcome(call()), Err(Stop::Exit(u32::MAX)));
/// ```
///
/// # Errors
/// The guest's exit, or the trap that ended it: see [`stop`].
pub fn outcome<R>(result: Result<R>) -> Result<R, Stop> {
    result.map_err(|error| stop(&error))
}

/// How a guest ended. A trap of the guest's own code is of the kind [`TrapKind::Wasm`], with the
/// guest's frames in its message; an error that is neither a guest's exit nor a trap is of the
/// kind [`TrapKind::Host`].
pub fn stop(error: &Error) -> Stop {
    ended(error).unwrap_or_else(|| Stop::Trap(Trap::new(TrapKind::Host, format!("{error:#}"))))
}

/// How a guest ended; `None` if the error says nothing about a guest that ran.
pub(crate) fn ended(error: &Error) -> Option<Stop> {
    if let Some(stop) = error.downcast_ref::<Stop>() {
        return Some(stop.clone());
    }
    let (kind, mut message) = match error.downcast_ref::<wasmtime::Trap>() {
        Some(trap @ wasmtime::Trap::OutOfFuel) => (TrapKind::OutOfFuel, trap.to_string()),
        Some(trap) => (TrapKind::Wasm, trap.to_string()),
        None => {
            let thrown = error.downcast_ref::<ThrownException>()?;
            (TrapKind::Wasm, format!("uncaught exception: {thrown}"))
        }
    };
    if let Some(backtrace) = error.downcast_ref::<WasmBacktrace>() {
        push_frames(&mut message, backtrace);
    }
    Some(Stop::Trap(Trap::new(kind, message)))
}

/// One line for each frame, the innermost first.
fn push_frames(message: &mut String, backtrace: &WasmBacktrace) {
    for frame in backtrace.frames() {
        message.push_str("\n    at ");
        match frame.func_name() {
            Some(name) => message.push_str(name),
            None => push(message, format_args!("function {}", frame.func_index())),
        }
        if let Some(offset) = frame.module_offset() {
            push(message, format_args!(" ({offset:#x})"));
        }
    }
}

fn push(message: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = message.write_fmt(text);
}
