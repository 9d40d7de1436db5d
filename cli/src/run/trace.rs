//! `--trace`: where calls are written down.

use crate::failure::Failure;
use std::fs::File;
use std::io;
use std::path::Path;
use turnkey_virt::Trace;

/// A trace into a file, which is made or emptied, or to standard error.
///
/// Nothing is held back in a buffer, so that the trace is complete however the process ends.
pub(super) fn open(file: Option<&Path>) -> Result<Trace, Failure> {
    match file {
        None => Ok(Trace::new(io::stderr())),
        Some(path) => match File::create(path) {
            Ok(file) => Ok(Trace::new(file)),
            Err(error) => Err(Failure::set_up(format_args!(
                "--trace={}: the file cannot be made: {error}",
                path.display()
            ))),
        },
    }
}
