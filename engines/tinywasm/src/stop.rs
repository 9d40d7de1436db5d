//! How a guest ended, into tinywasm's error and out of it.

use std::fmt;
use tinywasm::Error;
use turnkey_wasi_common::{Stop, Trap, TrapKind};

/// How a guest ended, as it travels through tinywasm.
#[derive(Debug)]
struct Ended(Stop);

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Ended {}

/// The trap by which the host ends a guest.
#[cold]
pub(crate) fn trap(stop: impl Into<Stop>) -> tinywasm::Trap {
    tinywasm::Trap::HostFunction(Box::new(Ended(stop.into())))
}

/// The error by which a host function ends a guest.
#[cold]
pub(crate) fn error(stop: impl Into<Stop>) -> Error {
    Error::Trap(trap(stop))
}

/// How a guest ended. A trap of the guest's own code is of the kind [`TrapKind::Wasm`]; an error
/// that is neither a guest's exit nor a trap is of the kind [`TrapKind::Host`].
pub(crate) fn stop(error: &Error) -> Stop {
    let (kind, message) = match error {
        // What a host function answers is wrapped once more by whoever called it.
        Error::Trap(tinywasm::Trap::HostFunction(inner)) => {
            if let Some(Ended(stop)) = inner.downcast_ref() {
                return stop.clone();
            }
            match inner.downcast_ref() {
                Some(inner) => return stop(inner),
                None => (TrapKind::Host, inner.to_string()),
            }
        }
        Error::Trap(trap @ (tinywasm::Trap::Other(_) | tinywasm::Trap::InvalidStore)) => {
            (TrapKind::Host, trap.to_string())
        }
        Error::Trap(trap) => (TrapKind::Wasm, format!("wasm trap: {trap}")),
        other => (TrapKind::Host, other.to_string()),
    };
    Stop::Trap(Trap::new(kind, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stop_of_an_error_wrapped_several_times_is_what_the_host_said() {
        let mut wrapped = error(Stop::Exit(3));
        for _ in 0..3 {
            assert_eq!(stop(&wrapped), Stop::Exit(3));
            wrapped = Error::Trap(tinywasm::Trap::HostFunction(Box::new(wrapped)));
        }
    }

    #[test]
    fn stop_of_traps_and_errors_their_kind() {
        let cases = [
            (Error::Trap(tinywasm::Trap::Unreachable), TrapKind::Wasm),
            (Error::Trap(tinywasm::Trap::InvalidStore), TrapKind::Host),
            (Error::Other("no such thing".to_owned()), TrapKind::Host),
        ];
        for (error, kind) in cases {
            let Stop::Trap(trap) = stop(&error) else {
                panic!("{error}: an exit");
            };
            assert_eq!(trap.kind(), kind, "{error}");
        }
    }
}
