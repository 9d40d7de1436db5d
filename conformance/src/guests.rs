//! Guests by which a WASI host is tested, and what runs them on an engine.
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
//! An adapter of an engine is put through a suite like this:
//!
//! ```no_run
//! # use turnkey_snapshots::engine::{Engine, EngineOptions};
//! # fn my_engine(options: EngineOptions) -> Box<dyn Engine> { unimplemented!() }
//! use turnkey_conformance::guests::{check_suite, suites};
//!
//! check_suite(&suites().join("preview_0"), &my_engine);
//! ```

mod case;
mod run;
mod suite;

pub use case::Case;
pub use run::{Ending, Seen};
pub use suite::{ReadError, Suite};

use crate::engine_kit::New;
use std::path::{Path, PathBuf};
use turnkey_snapshots::engine::EngineOptions;

/// The folder that holds a folder for each suite of this package.
#[must_use]
pub fn suites() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("guests")
}

/// Runs every guest of a suite on an engine, with the host's files and clocks.
///
/// # Panics
/// The suite cannot be read, or a guest did not do what it has to. The message names each such
/// guest, with what differed.
pub fn check_suite(folder: &Path, new: New<'_>) {
    #[expect(clippy::panic, reason = "a check that fails panics, as a test does")]
    let fail = |message: String| -> ! { panic!("{message}") };
    let suite = Suite::read(folder).unwrap_or_else(|error| fail(error.to_string()));
    let engine = new(EngineOptions {
        interruptible: true,
        ..EngineOptions::default()
    });
    let failures: Vec<_> = suite
        .cases
        .iter()
        .filter_map(|case| {
            let failure = match case.run(&*engine, |context| context) {
                Ok(seen) => case.difference(&seen)?,
                Err(error) => error.to_string(),
            };
            Some(format!("{}: {failure}", case.name))
        })
        .collect();
    if suite.cases.is_empty() || !failures.is_empty() {
        fail(format!(
            "{} on {}: {} of {} guests failed\n{}",
            suite.name,
            engine.name(),
            failures.len(),
            suite.cases.len(),
            failures.join("\n")
        ));
    }
}
