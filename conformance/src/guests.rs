//! Guests by which a WASI host is tested, and the suites that they make.
//!
//! They lie in `guests`, a folder for each suite, in the format of WebAssembly/wasi-testsuite: a
//! `NAME.wasm` is a test, a `NAME.json` beside it says what the guest is given and what it has to
//! do, and `manifest.json` names the suite. The guests depend on nothing of this project, so any
//! host can run them. One that finds what it should not exits with the number of the check that
//! failed, from 1 to 125; one written in C also says on standard error what it was.
//!
//! `cargo run -p turnkey-conformance --bin build-guests` makes each `NAME.wasm` from the `NAME.wat`
//! or `NAME.c` beside it.
//!
//! An adapter of an engine is put through all of them like this:
//!
//! ```no_run
//! # use turnkey_snapshots::engine::{Engine, EngineOptions};
//! # fn my_engine(options: EngineOptions) -> Box<dyn Engine> { unimplemented!() }
//! use turnkey_conformance::guests::check_suites;
//!
//! check_suites(&my_engine);
//! ```

mod answers;
mod case;
mod expectations;
mod operation;
mod suite;

pub use answers::Declared;
pub use case::Case;
pub use expectations::{Expectations, ExpectationsError, Expected};
pub use operation::{Operation, Output, Run};
pub use suite::{ReadError, Suite};

use crate::engine_kit::New;
use crate::runner::{EngineHost, Runner};
use include_dir::{Dir, include_dir};
use std::io;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use turnkey_snapshots::engine::EngineOptions;

/// The folders of all suites, as they were when this was compiled.
static GUESTS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/guests");

/// The folder that holds a folder for each suite of this package.
#[must_use]
pub fn suites() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("guests")
}

/// A folder with a copy of every suite of this package, for a program that is run where the package
/// is not. It goes with the answer.
///
/// ```
/// use turnkey_conformance::guests::{Suite, embedded};
///
/// let folder = embedded()?;
/// let suites = Suite::find(folder.path())?;
/// assert!(suites.iter().any(|suite| suite.name == "Turnkey preview 0"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// Those of the host's file system.
pub fn embedded() -> io::Result<TempDir> {
    let folder = tempfile::tempdir()?;
    GUESTS.extract(folder.path())?;
    Ok(folder)
}

/// Runs every test of every suite of this package on an engine, with the host's files and clocks.
///
/// # Panics
/// A suite cannot be read, a test did not end as is expected of the engine, or the guests were
/// answered otherwise than their suite declares. The message names each, with what differed.
pub fn check_suites(new: New<'_>) {
    #[expect(clippy::panic, reason = "a check that fails panics, as a test does")]
    let fail = |message: String| -> ! { panic!("{message}") };
    let suites = Suite::find(&suites()).unwrap_or_else(|error| fail(error.to_string()));
    let engine = new(EngineOptions {
        interruptible: true,
        ..EngineOptions::default()
    });
    let expectations = Expectations::built_in(engine.name());
    let host = EngineHost::new(engine);
    let runner = Runner::new(&host).expectations(expectations);
    let report = runner.run(&suites, &mut |_, _| {});
    if !report.is_success() {
        fail(report.to_string());
    }
}
