//! What sees a guest's calls: refusals, faults, a trace, an audit, a record.

use super::deny::{self, Denial};
use super::trace::Tracing;
use crate::failure::{Failure, tell};
use crate::near::did_you_mean;
use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use turnkey_virt::{Audit, Deny, Fault, Recorder};
use turnkey_wasi_common::Builder;

/// What stands between the guest and its calls.
#[derive(Debug, clap::Args)]
pub(crate) struct Calls {
    /// Refuse it a WASI function, such as path_unlink_file, or a class of them, such as network;
    /// with the errno perm if no other is named. Repeatable
    #[arg(long, value_name = "FUNC|CLASS[=ERRNO]", value_parser = Denial::parse)]
    deny: Vec<Denial>,

    /// Let calls fail or take long: path_open=io, files=nospc@path:/tmp/*, fd_write=delay:250ms@1in10
    /// (by chance, from --seed), fd_read=io@nth:3. Repeatable
    #[arg(long, value_name = "SPEC", value_parser = fault)]
    fault: Vec<String>,

    #[command(flatten)]
    tracing: Tracing,

    /// Write down what it was refused, as JSON lines
    #[arg(long, value_name = "FILE")]
    audit: Option<PathBuf>,

    /// Record what every call answers, for `turnkey replay`
    #[arg(long, value_name = "FILE", conflicts_with = "parents")]
    record: Option<PathBuf>,
}

/// Refusals that an audit keeps; more are counted.
const MOST_RECORDS: usize = 65_536;

/// Sees that a fault can be read.
fn fault(text: &str) -> Result<String, String> {
    let Err(error) = text.parse::<Fault>() else {
        return Ok(text.to_owned());
    };
    let (selector, _) = text.split_once('=').unwrap_or_default();
    Err(match selector.parse::<turnkey_virt::Calls>() {
        Err(unknown) if unknown.near().is_empty() => {
            format!("{error}{}", did_you_mean(selector, deny::calls()))
        }
        _ => error.to_string(),
    })
}

/// What is to be written when the guest has ended.
#[derive(Default)]
pub(super) struct Watched {
    audit: Option<(PathBuf, File, Arc<Audit>)>,
    recorder: Option<(PathBuf, Arc<Recorder>)>,
}

impl Calls {
    /// Lets a context's calls be seen: by the record first, which has to tell what the guest
    /// receives, and by what refuses and fails last, so that all others see that. `module` is the
    /// digest of the module, and `seed` what chance comes from.
    pub(super) fn watch(
        &self,
        mut context: Builder,
        module: &[u8],
        seed: u64,
    ) -> Result<(Builder, Watched), Failure> {
        let mut watched = Watched::default();
        if let Some(path) = &self.record {
            let file = make("--record", path)?;
            let recorder = Recorder::new(BufWriter::new(file), module)
                .map_err(|error| refused("--record", path, error))?;
            let recorder = Arc::new(recorder);
            context = context.filter(recorder.clone());
            watched.recorder = Some((path.clone(), recorder));
        }
        if let Some(trace) = self.tracing.open()? {
            context = context.filter(Arc::new(trace));
        }
        if let Some(path) = &self.audit {
            let file = make("--audit", path)?;
            let audit = Arc::new(Audit::new(MOST_RECORDS));
            context = context.filter(audit.clone());
            watched.audit = Some((path.clone(), file, audit));
        }
        if !self.deny.is_empty() {
            let deny = self
                .deny
                .iter()
                .try_fold(Deny::new(), |deny, denial| denial.add_to(deny));
            context = context.filter(Arc::new(deny.map_err(Failure::set_up)?));
        }
        // Each has a chance of its own.
        for (spec, number) in self.fault.iter().zip(0..) {
            let fault: Fault = spec.parse().map_err(Failure::set_up)?;
            let fault = fault.seed(seed.wrapping_add(number));
            context = context.filter(Arc::new(fault));
        }
        Ok((context, watched))
    }
}

impl Watched {
    /// Writes what was seen. A file that takes no more is told, and changes nothing of how the guest
    /// ended.
    pub(super) fn end(self) {
        if let Some((path, file, audit)) = self.audit
            && let Err(error) = audit.write_json(&mut BufWriter::new(file))
        {
            let path = path.display();
            tell(format_args!("warning: --audit {path}: {error}"));
        }
        if let Some((path, recorder)) = self.recorder
            && let Err(error) = recorder.finish()
        {
            let path = path.display();
            tell(format_args!("warning: --record {path}: {error}"));
        }
    }
}

fn make(option: &str, path: &Path) -> Result<File, Failure> {
    File::create(path).map_err(|error| {
        refused(
            option,
            path,
            format_args!("the file cannot be made: {error}"),
        )
    })
}

fn refused(option: &str, path: &Path, why: impl std::fmt::Display) -> Failure {
    Failure::set_up(format_args!("{option} {}: {why}", path.display()))
}
