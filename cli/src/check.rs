//! `turnkey check`: whether modules ask for no more than is locked.

use crate::failure::Failure;
use crate::lock_file::{LockFile, NAME};
use crate::named::FORMS;
use crate::target;
use std::path::PathBuf;
use std::process::ExitCode;

/// What `turnkey check` is told.
#[derive(Debug, clap::Args)]
#[command(after_help = format!("{FORMS}
A TREE.toml names all modules of a tree. Without any, all that the lock was made from are looked at.

Exit codes:
  0  none asks for more than is locked
  2  a module, a tree or the lock cannot be read
  3  one does, or is another module; all that is new is told, and nothing has run"))]
pub(crate) struct Check {
    /// The lock
    #[arg(long, value_name = "FILE", default_value = NAME)]
    file: PathBuf,

    /// The modules
    #[arg(value_name = "MODULE")]
    modules: Vec<String>,
}

impl Check {
    /// Compares.
    pub(crate) fn carry_out(self) -> Result<ExitCode, Failure> {
        let lock = LockFile::read(&self.file)?;
        let targets = target::all(&self.modules, &self.file, &lock)?;
        target::check(&targets, &self.file, &lock)?;
        Ok(ExitCode::SUCCESS)
    }
}
