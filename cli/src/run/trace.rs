//! `--trace`: where calls are written down.

use crate::failure::Failure;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use turnkey_virt::Trace;

/// What a trace is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Format {
    /// A line for people.
    Text,
    /// An object of JSON on each line.
    Json,
}

/// A trace into a file, which is made or emptied, or to standard error.
///
/// Nothing is held back in a buffer, so that the trace is complete however the process ends.
pub(super) fn open(file: Option<&Path>, format: Format) -> Result<Trace, Failure> {
    let Some(path) = file else {
        return Ok(trace(io::stderr(), format));
    };
    match File::create(path) {
        Ok(file) => Ok(trace(file, format)),
        Err(error) => Err(Failure::set_up(format_args!(
            "--trace={}: the file cannot be made: {error}",
            path.display()
        ))),
    }
}

fn trace(sink: impl Write + Send + 'static, format: Format) -> Trace {
    match format {
        Format::Text => Trace::new(sink),
        Format::Json => Trace::json(sink),
    }
}
