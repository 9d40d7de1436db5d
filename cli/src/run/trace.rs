//! `--trace`: where calls are written down.

use crate::failure::Failure;
use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;
use turnkey_virt::Trace;

/// What a trace is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// A line for people.
    Text,
    /// An object of JSON on each line.
    Json,
}

/// Whether calls are written down, and where.
#[derive(Debug, clap::Args)]
pub(crate) struct Tracing {
    /// Write down every WASI call, to standard error or to a file
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true)]
    trace: Option<Option<PathBuf>>,

    /// What the trace is written in
    #[arg(
        long,
        value_name = "text|json",
        default_value = "text",
        hide_default_value = true,
        hide_possible_values = true,
        requires = "trace"
    )]
    trace_format: Format,
}

impl Tracing {
    /// The trace, if there is to be one: into a file, which is made or emptied, or to standard error.
    ///
    /// Nothing is held back in a buffer, so that the trace is complete however the process ends.
    pub(crate) fn open(&self) -> Result<Option<Trace>, Failure> {
        let Some(file) = &self.trace else {
            return Ok(None);
        };
        let Some(path) = file else {
            return Ok(Some(trace(io::stderr(), self.trace_format)));
        };
        match File::create(path) {
            Ok(file) => Ok(Some(trace(file, self.trace_format))),
            Err(error) => Err(Failure::set_up(format_args!(
                "--trace={}: the file cannot be made: {error}",
                path.display()
            ))),
        }
    }
}

fn trace(sink: impl Write + Send + 'static, format: Format) -> Trace {
    match format {
        Format::Text => Trace::new(sink),
        Format::Json => Trace::json(sink),
    }
}
