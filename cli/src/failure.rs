//! Why the command ends without the guest having ended by itself.

use std::fmt;
use std::io::{self, Write};
use std::process::ExitCode;
use turnkey_virt::Divergence;
use turnkey_wasi_common::{Trap, TrapKind};

/// The command cannot do what was asked, or the guest was ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    code: u8,
    message: String,
}

impl Failure {
    /// The exit code of everything that has no code of its own.
    const OTHERWISE: u8 = 1;

    /// The exit code of a mistake in how the command was called or in what it was given. Nothing
    /// has run.
    const SET_UP: u8 = 2;

    /// The exit code of a guest that trapped: what a shell reports for a process that ended with
    /// `SIGABRT`.
    const TRAP: u8 = 134;

    /// A mistake that is found before anything runs, told in one line.
    pub(crate) fn set_up(message: impl fmt::Display) -> Self {
        Self {
            code: Self::SET_UP,
            message: one_line(&message.to_string()),
        }
    }

    /// The guest trapped, or was ended by a limit.
    pub(crate) fn trap(trap: &Trap) -> Self {
        let message = match trap.kind() {
            TrapKind::Interrupted(_) | TrapKind::OutOfFuel | TrapKind::Refused => {
                format!("the guest was ended: {trap}")
            }
            TrapKind::Fault | TrapKind::NoMemory | TrapKind::Wasm | TrapKind::Host => {
                format!("the guest trapped: {trap}")
            }
        };
        Self {
            code: Self::TRAP,
            message,
        }
    }

    /// The guest did not do what it did when it was recorded.
    pub(crate) fn diverged(divergence: &Divergence) -> Self {
        Self {
            code: Self::TRAP,
            message: format!("the guest does not do what was recorded: {divergence}"),
        }
    }

    /// What was found cannot be told: standard output takes no more.
    pub(crate) fn output(error: &io::Error) -> Self {
        Self {
            code: Self::OTHERWISE,
            message: format!("standard output cannot be written: {error}"),
        }
    }

    /// Tells the user, and answers the process's exit code.
    pub(crate) fn report(&self) -> ExitCode {
        tell(format_args!("error: {}", self.message));
        ExitCode::from(self.code)
    }
}

/// Writes a line to standard error. If nobody reads it, nobody is told.
pub(crate) fn tell(line: fmt::Arguments<'_>) {
    let _unread = writeln!(io::stderr().lock(), "{line}");
}

/// The text with each line break, and the space around it, made one space.
pub(crate) fn one_line(text: &str) -> String {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use turnkey_wasi_common::Reason;

    #[test]
    fn set_up_message_of_several_lines_made_one() {
        let failure = Failure::set_up("a\n  b\n\nc");
        assert_eq!(failure.message, "a b c");
        assert_eq!(failure.code, 2);
    }

    #[test]
    fn trap_told_by_who_ended_the_guest() {
        let cases = [
            (
                Trap::new(TrapKind::Wasm, "unreachable code"),
                "the guest trapped: unreachable code",
            ),
            (
                Trap::interrupted(Reason::Timeout),
                "the guest was ended: the time limit was reached",
            ),
        ];
        for (trap, message) in cases {
            let failure = Failure::trap(&trap);
            assert_eq!((failure.code, &*failure.message), (134, message));
        }
    }
}
