//! Guests in Rust: parents, which are built with the library for them.

use crate::{Result, record};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The one version of the compiler that is used, and of the linker, so that everybody builds the
/// same bytes.
const VERSIONS: [&str; 2] = ["rustc 1.63.0", "LLD 14.0.6"];

/// What to do when it is not there.
pub(crate) const MISSING: &str = "has to be built, which takes rustc 1.63.0 with the target \
    wasm32-unknown-unknown and wasm-ld 14.0.6, as in Debian 12 (`apt install rustc \
    libstd-rust-dev-wasm32 lld`), or name the compiler with the environment variable GUEST_RUSTC";

/// Nothing in a guest tells of the machine that it was built on.
const FLAGS: &str = "--edition 2021 --target wasm32-unknown-unknown -Copt-level=s -Cpanic=abort \
    -Clinker=wasm-ld -Cstrip=symbols -Dwarnings --remap-path-prefix=../../guests/rust=turnkey-parent";

/// The library for parents, and its name.
const LIBRARY: &str = "../../guests/rust/src";
const NAME: &str = "turnkey_parent";

/// The compiler, found on this machine.
pub(crate) struct Compiler(String);

impl Compiler {
    /// The compiler, if it and the linker are there in the right versions.
    pub(crate) fn find() -> Option<Self> {
        let rustc = std::env::var("GUEST_RUSTC").unwrap_or_else(|_| "/usr/bin/rustc".to_owned());
        let tools = [rustc.as_str(), "wasm-ld"];
        let all = tools.iter().zip(VERSIONS).all(|(tool, version)| {
            let output = Command::new(tool).arg("--version").output();
            output.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains(version))
        });
        all.then_some(Self(rustc))
    }

    /// Builds a guest and adds the record of what it was built from.
    pub(crate) fn build(&self, guests: &Path, source: &Path) -> Result<Vec<u8>> {
        let folder = tempfile::tempdir()?;
        let library = folder.path().join("libturnkey_parent.rlib");
        let out = folder.path().join("guest.wasm");
        let main = Path::new(LIBRARY).join("lib.rs");
        self.compile(
            guests,
            &["--crate-type=rlib", "--crate-name", NAME],
            &main,
            &library,
        )?;
        let named = format!("{NAME}={}", library.display());
        let kind = [
            "--crate-type=cdylib",
            "--crate-name=guest",
            "--extern",
            &named,
        ];
        self.compile(guests, &kind, source, &out)?;
        let mut wasm = fs::read(out)?;
        let record = record::section(&inputs(guests, source)?, &wasm);
        wasm.extend(record);
        Ok(wasm)
    }

    fn compile(&self, guests: &Path, kind: &[&str], source: &Path, out: &Path) -> Result<()> {
        let mut command = Command::new(&self.0);
        command.args(FLAGS.split_whitespace()).args(kind);
        command.arg("-o").arg(out).arg(source).current_dir(guests);
        match command.status()?.success() {
            true => Ok(()),
            false => Err(format!("{}: the compiler failed", source.display()).into()),
        }
    }
}

/// Whether a guest is as it was built, and was built from what there is now.
pub(crate) fn is_current(guests: &Path, source: &Path) -> Result<bool> {
    let inputs = inputs(guests, source)?;
    Ok(record::is_current(guests, source, &inputs))
}

/// All that goes into a guest.
fn inputs(guests: &Path, source: &Path) -> Result<String> {
    let mut files = BTreeSet::from([source.to_owned()]);
    add(guests, Path::new(LIBRARY), &mut files)?;
    let how = format!("{} {FLAGS}", VERSIONS.join(", "));
    record::inputs(&how, guests, &files)
}

/// Adds the sources in a folder and below.
fn add(guests: &Path, folder: &Path, files: &mut BTreeSet<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(guests.join(folder))? {
        let entry = entry?;
        let path = folder.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            add(guests, &path, files)?;
        } else {
            files.insert(path);
        }
    }
    Ok(())
}
