//! What `turnkey run` can be told.

use super::calls::Calls;
use super::env::Variable;
use super::files::Files;
use super::listen::Address;
use super::time::Time;
use crate::engine::EngineName;
use crate::failure::Failure;
use crate::size;
use clap::ValueEnum;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What `turnkey run` is told.
#[derive(Debug, clap::Args)]
#[command(override_usage = "turnkey run [OPTIONS] MODULE [ARGS...]", after_help = notes())]
pub(crate) struct Run {
    /// The engine that runs the module, one of those below
    #[arg(long, value_enum, default_value_t, hide_possible_values = true)]
    pub(super) engine: EngineName,

    /// Compile it anew, and do not keep what was compiled
    #[arg(long)]
    pub(super) no_cache: bool,

    /// Set a variable in its environment, or hand on the host's value. Repeatable
    #[arg(long = "env", value_name = "NAME[=VALUE]", value_parser = Variable::parse)]
    pub(super) env: Vec<Variable>,

    /// Call an exported function with ARGS as its parameters, and print its results
    #[arg(long, value_name = "FUNC")]
    pub(super) invoke: Option<String>,

    /// Run it as the child of this parent, a .wasm or .wat file, which is given what is said here
    /// in its place. Repeatable: the first is the outermost
    #[arg(long = "parent", value_name = "PARENT", conflicts_with = "invoke")]
    pub(super) parents: Vec<PathBuf>,

    /// Listen on HOST:PORT (port 0: a free one, which is told) or unix:PATH, and give it the
    /// socket behind the directories. Repeatable
    #[arg(long, value_name = "ADDR", value_parser = Address::parse)]
    pub(super) listen: Vec<Address>,

    /// End it after N units of fuel, about an instruction each
    #[arg(long, value_name = "N")]
    pub(super) fuel: Option<u64>,

    /// End it after this time, such as 500ms or 2min, even if it waits
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    pub(super) timeout: Option<Duration>,

    /// Let it have no more memory than this, in bytes or as 64KiB, 16MiB, 1GiB
    #[arg(long, value_name = "SIZE", value_parser = size::parse)]
    pub(super) max_memory: Option<u64>,

    /// Let it have no more descriptors open than this, the standard streams included
    #[arg(long, value_name = "N")]
    pub(super) max_files: Option<u32>,

    /// Run it only if it asks for no more than this lock allows; `turnkey lock` writes one
    #[arg(long, value_name = "FILE")]
    pub(super) lock: Option<PathBuf>,

    #[command(flatten, next_help_heading = "Files")]
    pub(super) files: Files,

    #[command(flatten, next_help_heading = "Time")]
    pub(super) time: Time,

    /// Draw its random numbers, and the chance of faults, from a seed: the same in each run
    #[arg(long, value_name = "N", help_heading = "Randomness")]
    pub(super) seed: Option<u64>,

    #[command(flatten, next_help_heading = "Calls")]
    pub(super) calls: Calls,

    /// A .wasm or .wat file; all that follows is the guest's, even if it looks like an option
    #[arg(required = true, trailing_var_arg = true, value_name = "MODULE")]
    module: Vec<OsString>,
}

/// What is said below the options.
fn notes() -> String {
    let engines = EngineName::all().iter().filter_map(|engine| {
        let name = engine.to_possible_value()?;
        Some(format!("  {:16} {}\n", name.get_name(), engine.about()))
    });
    let engines: String = engines.collect();
    let parents = crate::parents::NOTES;
    format!(
        "\
The module is given what is said here, the standard streams, clocks and randomness; nothing else.

Engines:
{engines}
{parents} --max-memory and --max-files hold for the outermost parent, and once \
more for all beneath it together; --fuel and --timeout for all together.

Compiled modules are kept in $XDG_CACHE_HOME/turnkey or ~/.cache/turnkey, for their owner alone.

Exit codes:
  the guest's own, of which a process keeps the low 8 bits
  134  the guest trapped, or a limit ended it
  2    a mistake in the options, the module or what it is given; nothing has run
  3    --lock was said, and it or a parent asks for more than is locked; nothing has run"
    )
}

impl Run {
    /// The file of the module.
    pub(super) fn path(&self) -> &Path {
        Path::new(
            self.module
                .first()
                .map_or(OsStr::new(""), OsString::as_os_str),
        )
    }

    /// What the guest is told as its arguments, the module first.
    pub(super) fn args(&self) -> Result<Vec<String>, Failure> {
        texts(&self.module)
    }
}

/// Arguments as a guest can be told them.
pub(crate) fn texts(args: &[OsString]) -> Result<Vec<String>, Failure> {
    let text = |arg: &OsString| {
        arg.to_str().map(str::to_owned).ok_or_else(|| {
            Failure::set_up(format_args!(
                "the argument {arg:?} is not UTF-8, and a guest can only be told UTF-8"
            ))
        })
    };
    args.iter().map(text).collect()
}
