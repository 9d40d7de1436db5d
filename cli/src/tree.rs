//! `turnkey tree`: an application that is described as a tree of modules.

mod application;
mod build;
mod held;
mod links;
mod read;
mod show;
mod sound;
mod stage;

pub(crate) use application::Unit;
pub(crate) use read::read;

use crate::failure::Failure;
use crate::lock_file::{LockFile, folder};
use crate::run::{Tracing, texts};
use crate::{exit, target, thread};
use application::Application;
use std::ffi::OsString;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

/// What `turnkey tree` is told.
#[derive(Debug, clap::Args)]
#[command(after_help = NOTES)]
pub(crate) struct Tree {
    /// Only look for mistakes, and show the tree
    #[arg(long, conflicts_with_all = ["lock", "trace", "args"])]
    check: bool,

    /// Run it only if its modules ask for no more than this lock allows; `turnkey lock` writes one
    #[arg(long, value_name = "FILE")]
    lock: Option<PathBuf>,

    #[command(flatten)]
    tracing: Tracing,

    /// The file that describes the tree
    #[arg(value_name = "TREE.toml")]
    file: PathBuf,

    /// Arguments of the root, behind its own; or of the modules that say `takes-args`
    #[arg(last = true)]
    args: Vec<OsString>,
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
  args = ["app", "--fast"]        # the first is what it is told as its own name
  takes-args = true               # optional: it has ARGS, behind its own
  env = { LANG = "C" }
  fds = [1, 2]                    # standard streams
  clocks = "virtual:2019-11-12T00:00:00Z"   # or real, denied (the default)
  random = "virtual:7"                      # or real, denied (the default)
  witx = "app.witx"               # optional: what its functions are, from the folder of this
                                  # file; else its own custom section `witx` says it

  [[module.dir]]
  from = "/data/in"               # the root: of the host, from the folder of this file;
                                  # else one of the parent's
  name = "/in"                    # optional: what the module calls it
  read-only = true                # optional

  [[module.link]]
  module = "text"                 # what it imports
  name = "render"
  from = "printer"                # whose: its parent, a child or a sibling
  export = "render"               # optional

  [module.limits]                 # each is optional
  fuel = 1000000
  memory = "16MiB"
  files = 64
  time = "2s"                     # of each call
  depth = 2                       # generations beneath it

A link of a function that its modules describe passes text, lists, records, variants and handles
beside numbers: both have to describe it alike, and what it passes is copied from one memory to the
other. What does not fit is told with both types. Where neither describes it, numbers cross.

No child holds more than its parent, and where it says no limit it has its parent's. Every
mistake is told with its line.

The root is run if it is a command, which exports `_start`. Otherwise its children are, in the
order of the file, or theirs, until one ends with another code than 0. All others run when a link
leads to them: an instance is made by the first call, and its `_initialize` is called before. A
module that is in a call cannot be called again. A trap, or an exit in a call by a link, ends the
caller as well, and is told with the names from the root on. A link to `_start` returns where that
exits with 0. What else keeps a described function from answering is the error that it returns, if
that is wide enough for an errno, and otherwise ends the caller.

ARGS are handed to the modules that say `takes-args`, and without any to the root, which is a command
then. One that has ARGS and no `args` is told its file as its name.

Exit codes:
  0    with --check: there is no mistake; otherwise
  that of the command that was run last, of which a process keeps the low 8 bits
  134  a command trapped, or a limit ended it
  2    a mistake in the file or in a module that it names; nothing has run
  3    --lock was said, and a module asks for more than is locked; nothing has run"#;

/// What is said of arguments that nobody takes.
const NOBODY: &str = "there are arguments, and the root is no command that takes them; write \
                      `takes-args = true` in a module that is to have them";

impl Tree {
    /// Runs the application; or looks for mistakes, and shows the tree.
    pub(crate) fn carry_out(self) -> Result<ExitCode, Failure> {
        if self.check {
            return self.show();
        }
        let args = texts(&self.args)?;
        let stage = read::read_with(&self.file, |document, mut application| {
            let to_root = application.hand_over(&args);
            let trace = self.locked(&mut application);
            let trace = match trace.and_then(|()| self.tracing.open()) {
                Ok(trace) => trace,
                Err(failure) => return Some(Err(failure)),
            };
            let folder = folder(&self.file);
            let stage = build::stage(document, &application, folder, trace.as_ref())?;
            if to_root && !stage.is_command(0) {
                document.wrong(0, NOBODY);
            }
            Some(Ok(stage))
        })??;
        match thread::run(None, move || stage.run())? {
            Ok(()) => Ok(ExitCode::SUCCESS),
            Err(stop) => exit::of(stop),
        }
    }

    /// Compares the modules with the lock, if there is to be one. What is compiled afterwards are the
    /// files that were compared.
    fn locked(&self, application: &mut Application) -> Result<(), Failure> {
        let Some(path) = &self.lock else {
            return Ok(());
        };
        let lock = LockFile::read(path)?;
        let file = self.file.display().to_string();
        let targets = target::of_units(&file, &application.units)?;
        target::check(&targets, path, &lock)?;
        for (unit, target) in application.units.iter_mut().zip(targets) {
            unit.sha256 = Some(target.needs.sha256);
        }
        Ok(())
    }

    fn show(&self) -> Result<ExitCode, Failure> {
        let application = read(&self.file)?;
        let shown = show::show(&application);
        let mut stdout = io::stdout().lock();
        let written = stdout.write_all(shown.as_bytes());
        written.map_err(|error| Failure::output(&error))?;
        Ok(ExitCode::SUCCESS)
    }
}
