//! Why a document cannot be turned into a model.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// Why a document cannot be turned into a [`Snapshot`](crate::Snapshot).
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// A document, or one that it uses, cannot be read.
    Read {
        /// The document.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The text is not a valid witx document. The message shows the place.
    Syntax(String),
    /// The document does not define exactly one module.
    Modules(usize),
    /// The document is valid, but says something that no snapshot of WASI says.
    Unsupported {
        /// The type, function or parameter that says it.
        item: String,
        /// What it says.
        what: &'static str,
    },
    /// A line that begins with `@` is missing, unknown, repeated or out of place.
    Annotation {
        /// The type, function or parameter that the line belongs to.
        item: String,
        /// What is wrong with it.
        problem: String,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read { path, source } => write!(f, "cannot read {}: {source}", path.display()),
            Self::Syntax(report) => f.write_str(report),
            Self::Modules(count) => {
                write!(f, "a document defines exactly one module, this one {count}")
            }
            Self::Unsupported { item, what } => write!(f, "{item}: {what} is not supported"),
            Self::Annotation { item, problem } => write!(f, "{item}: {problem}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Read { source, .. } => Some(source),
            _ => None,
        }
    }
}
