//! What Turnkey costs, beside the system calls beneath it and beside its peers.
//!
//! Each command is one run: everything that it compares takes turns in it, so that whatever else the
//! machine does falls on all of it alike. Absolute figures vary from machine to machine; the ratios
//! within one run are what counts.
//!
//! ```sh
//! cargo run --release --manifest-path benches/Cargo.toml -- nesting --markdown nesting.md
//! ```
#![forbid(unsafe_code)]

mod allocations;
mod calls;
mod clocks;
mod footprint;
mod imports;
mod instances;
mod instructions;
mod memory;
mod nesting;
mod rounds;
mod scale;
mod table;
mod thread;
mod threads;

use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;
use table::Table;

/// Whatever can go wrong: it ends the run.
type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Measures what Turnkey costs.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    what: What,
    #[command(flatten)]
    to: To,
}

#[derive(Subcommand)]
enum What {
    /// Calls of WASI, beside the system calls beneath them and beside the peers.
    Calls(calls::Options),
    /// How many instructions the hottest calls take, beside what they took before.
    Instructions(instructions::Options),
    /// Makes the calls whose instructions are counted.
    #[command(hide = true)]
    Counted,
    /// Calls of children that a wasm parent passes, filters and serves, at each depth.
    Nesting(nesting::Options),
    /// How large the core with wasmi is as a program, and how much of the heap it takes.
    Footprint,
    /// Instances and contexts: what it takes to start one, and to have ten thousand.
    Instances(instances::Options),
    /// Two threads, beside one.
    Threads(threads::Options),
    /// Children by the thousand: one after another, alive at once, one for each request.
    Scale(scale::Options),
}

/// Where the figures go besides standard output.
#[derive(Args)]
struct To {
    /// Writes the tables as CSV, each behind the other.
    #[arg(long, global = true, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// Writes the tables as Markdown.
    #[arg(long, global = true, value_name = "FILE")]
    markdown: Option<PathBuf>,
}

impl To {
    fn write(&self, tables: &[Table]) -> Result<(), Failure> {
        let markdown: String = tables.iter().map(Table::markdown).collect();
        println!("{markdown}");
        if let Some(path) = &self.markdown {
            std::fs::write(path, markdown)?;
        }
        if let Some(path) = &self.csv {
            std::fs::write(path, tables.iter().map(Table::csv).collect::<String>())?;
        }
        Ok(())
    }
}

fn run() -> Result<(), Failure> {
    let cli = Cli::parse();
    let tables = match cli.what {
        What::Calls(options) => thread::run(move || calls::run(&options))?,
        What::Instructions(options) => instructions::run(&options)?,
        What::Counted => instructions::make()?,
        What::Nesting(options) => thread::run(move || nesting::run(&options))?,
        What::Footprint => footprint::run()?,
        What::Instances(options) => thread::run(move || instances::run(&options))?,
        What::Threads(options) => thread::run(move || threads::run(&options))?,
        What::Scale(options) => thread::run(move || scale::run(&options))?,
    };
    cli.to.write(&tables)
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
