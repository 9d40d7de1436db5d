//! The command line as a whole.

use crate::audit::Audit;
use crate::check::Check;
use crate::conformance::Conformance;
use crate::failure::Failure;
use crate::lock::LockModules;
use crate::replay::Replay;
use crate::run::Run;
use crate::tour::Tour;
use crate::tree::Tree;
use clap::Parser;
use clap::error::ErrorKind;
use std::process::ExitCode;

/// Run WebAssembly programs with exactly the handles they need
#[derive(Debug, Parser)]
#[command(name = "turnkey", version, arg_required_else_help = true)]
struct Line {
    #[command(subcommand)]
    command: Command,
}

/// What to do.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Run a module
    Run(Box<Run>),
    /// Run a module on what was recorded, without any host
    Replay(Replay),
    /// Tell what modules ask for, by class of authority; nothing runs
    Audit(Audit),
    /// Pin what modules may ask for, and what they are granted
    Lock(LockModules),
    /// Look whether modules ask for more than is locked; nothing runs
    Check(Check),
    /// Run an application that is a tree of modules, or look at it
    Tree(Tree),
    /// See it work: run the guests that come with the command, on every engine
    Tour(Tour),
    /// Check engines, or another host, with suites of tests
    Conformance(Box<Conformance>),
}

impl Command {
    /// Does it.
    pub(crate) fn carry_out(self) -> Result<ExitCode, Failure> {
        match self {
            Self::Run(run) => run.carry_out(),
            Self::Replay(replay) => replay.carry_out(),
            Self::Audit(audit) => audit.carry_out(),
            Self::Lock(lock) => lock.carry_out(),
            Self::Check(check) => check.carry_out(),
            Self::Tree(tree) => tree.carry_out(),
            Self::Tour(tour) => tour.carry_out(),
            Self::Conformance(conformance) => conformance.carry_out(),
        }
    }
}

/// Reads the process's arguments. Help and the version are told here, and end the process.
pub(crate) fn parse() -> Result<Command, Failure> {
    match Line::try_parse() {
        Ok(line) => Ok(line.command),
        Err(error) if is_page(&error) => error.exit(),
        Err(error) => Err(Failure::set_up(sentence(&error.render().to_string()))),
    }
}

/// Whether clap answers with a page to be read instead of a mistake.
fn is_page(error: &clap::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::DisplayHelp
            | ErrorKind::DisplayVersion
            | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
    )
}

/// What clap says about a mistake, without the pages that it adds: the first paragraph, the tips,
/// and where help is found.
fn sentence(rendered: &str) -> String {
    let message = rendered.split("\n\n").next().unwrap_or_default();
    let mut parts = vec![message.strip_prefix("error: ").unwrap_or(message)];
    let tips = rendered
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix("tip: "));
    // What clap says about values that look like options leads nowhere: no command has such.
    parts.extend(tips.filter(|tip| !tip.starts_with("to pass ")));
    if rendered.contains("Usage:") {
        parts.push("--help tells more");
    }
    parts.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn line_is_one_that_clap_accepts() {
        Line::command().debug_assert();
    }

    #[test]
    fn sentence_message_tips_and_help() {
        let rendered = "error: unexpected argument '--dri' found\n\n  tip: a similar argument \
                        exists: '--dir'\n\nUsage: turnkey run\n\nFor more information, try '--help'.\n";
        assert_eq!(
            sentence(rendered),
            "unexpected argument '--dri' found; a similar argument exists: '--dir'; --help tells more"
        );
        assert_eq!(sentence("error: plain\n"), "plain\n");
    }
}
