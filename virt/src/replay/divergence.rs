//! How a replayed guest differs from the recorded one.

use std::{error, fmt, io};
use turnkey_wasi_common::function::Function;

/// The first call by which a guest differs from what was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Divergence {
    /// Which call it is; the first is 1.
    pub call: u64,
    /// The function that the guest calls. If it made too few calls, the one that it should have
    /// called, unless the log cannot be read.
    pub function: Option<&'static Function>,
    /// How it differs.
    pub difference: Difference,
}

/// How a call differs.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Difference {
    /// Another function was called.
    Function {
        /// That one.
        recorded: &'static Function,
    },
    /// An argument was another, or led to something else.
    Argument {
        /// Its name in the function's descriptor; `retptr0` and `retptr1` are the places of
        /// results.
        name: &'static str,
        /// What it was, for a reader.
        recorded: String,
        /// What it is, for a reader.
        actual: String,
    },
    /// The guest had made no further call.
    Extra,
    /// The guest had gone on.
    Missing {
        /// The calls that were made then.
        calls: u64,
    },
    /// The log, which could be read when it was opened, cannot be read now.
    Unreadable(String),
}

impl From<io::Error> for Difference {
    fn from(error: io::Error) -> Self {
        Self::Unreadable(error.to_string())
    }
}

impl fmt::Display for Divergence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "call {}", self.call)?;
        if let Some(function) = self.function {
            write!(f, ", {}", function.name)?;
        }
        match &self.difference {
            Difference::Function { recorded } => {
                write!(f, ": recorded {} of {}", recorded.name, recorded.module)
            }
            Difference::Argument {
                name,
                recorded,
                actual,
            } => write!(
                f,
                ": argument {name}: recorded {recorded}, but the guest passes {actual}"
            ),
            Difference::Extra => f.write_str(": nothing more was recorded"),
            Difference::Missing { calls } => {
                write!(
                    f,
                    ": the guest ended before it, and {calls} calls were recorded"
                )
            }
            Difference::Unreadable(error) => write!(f, ": the log cannot be read: {error}"),
        }
    }
}

impl error::Error for Divergence {}
