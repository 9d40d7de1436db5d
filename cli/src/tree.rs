//! `turnkey tree`: an application that is described as a tree of modules.

mod application;
mod links;
mod read;
mod show;
mod sound;

pub(crate) use read::read;

use crate::failure::Failure;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

/// What `turnkey tree` is told.
#[derive(Debug, clap::Args)]
#[command(after_help = NOTES)]
pub(crate) struct Tree {
    /// Only look for mistakes, and show the tree
    #[arg(long, required = true)]
    check: bool,

    /// The file that describes the tree
    #[arg(value_name = "TREE.toml")]
    file: PathBuf,
}

const NOTES: &str = r#"A tree is written as TOML. Nothing is granted that is not said:

  version = 1

  [[module]]
  name = "app"                    # each has its own
  version = "1.0.0"               # optional
  file = "app.wasm"               # from the folder of this file
  sha256 = "64 digits"            # optional: what the file has to be
  parent = "shell"                # one module has none, and is the root
  engine = "wasmi"                # optional
  args = ["app", "--fast"]
  env = { LANG = "C" }
  fds = [1, 2]                    # standard streams
  clocks = "virtual:2019-11-12T00:00:00Z"   # or real, denied (the default)
  random = "virtual:7"                      # or real, denied (the default)

  [[module.dir]]
  from = "/data/in"               # the root: of the host; else one of the parent's
  name = "/in"                    # optional: what the module calls it
  read-only = true                # optional

  [[module.link]]
  module = "text"                 # what it imports
  name = "render"
  from = "printer"                # whose: its parent, or a sibling
  export = "render"               # optional

  [module.limits]                 # each is optional
  fuel = 1000000
  memory = "16MiB"
  files = 64
  time = "2s"
  depth = 2                       # generations beneath it

No child holds more than its parent. Every mistake is told with its line.

Exit codes:
  0  there is no mistake
  2  there is one, in the file or in a module that it names; nothing has run"#;

impl Tree {
    /// Looks for mistakes, and shows the tree.
    pub(crate) fn carry_out(self) -> Result<ExitCode, Failure> {
        let application = read(&self.file)?;
        let shown = show::show(&application);
        let mut stdout = io::stdout().lock();
        let written = stdout.write_all(shown.as_bytes());
        written.map_err(|error| Failure::output(&error))?;
        Ok(ExitCode::SUCCESS)
    }
}
