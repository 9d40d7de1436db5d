//! The guest's exit code as the process's.

use crate::failure::{Failure, tell};
use std::process::ExitCode;
use turnkey_wasi_common::Stop;

/// How the process ends when the guest has ended.
pub(crate) fn of(stop: Stop) -> Result<ExitCode, Failure> {
    match stop {
        Stop::Exit(code) => Ok(of_guest(code)),
        Stop::Trap(trap) => Err(Failure::trap(&trap)),
    }
}

/// A guest exits with 32 bits, and a process keeps the low 8 of them, as POSIX has it. Where that
/// loses something the user is told, so that a 256 is not taken for success.
fn of_guest(code: u32) -> ExitCode {
    let kept = low_byte(code);
    if u32::from(kept) != code {
        tell(format_args!(
            "note: the guest exited with {code}, of which a process keeps the low 8 bits: {kept}"
        ));
    }
    ExitCode::from(kept)
}

fn low_byte(code: u32) -> u8 {
    let [low, ..] = code.to_le_bytes();
    low
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn low_byte_of_any_code() {
        for (code, kept) in [(0, 0), (7, 7), (255, 255), (256, 0), (0xffff_ff01, 1)] {
            assert_eq!(low_byte(code), kept, "{code}");
        }
    }
}
