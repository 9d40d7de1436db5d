//! What a call costs, beside the system call beneath it and beside the peers.

pub(crate) mod fixture;
mod guest;
pub(crate) mod hot;
mod op;
mod participants;
mod plot;

use crate::Failure;
use crate::allocations::allocations;
use crate::rounds::{Form, measure};
use crate::table::Table;
use fixture::Fixture;
use op::{OPS, Op};
use participants::Participant;
use plot::Point;
use std::path::PathBuf;

/// How calls are measured.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// How often everything takes its turn.
    #[arg(long, default_value_t = 51)]
    rounds: usize,
    /// Only operations that have one of these in their name.
    #[arg(long, value_delimiter = ',')]
    ops: Vec<String>,
    /// Only participants that have one of these in their name. The raw system calls always are.
    #[arg(long, value_delimiter = ';')]
    only: Vec<String>,
    /// Draws the figures.
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
}

pub(crate) fn run(options: &Options) -> Result<Vec<Table>, Failure> {
    let fixture = Fixture::new()?;
    let mut participants = participants::all(&fixture)?;
    participants.retain(|one| one.name() == "raw" || is_wanted(&options.only, one.name()));
    let title = format!("Calls: ns per call, of {} rounds", options.rounds);
    let columns = [
        "call",
        "participant",
        "shortest",
        "median",
        "ratio to raw",
        "allocations",
    ];
    let mut table = Table::new(title, columns);
    let ops: Vec<_> = OPS
        .iter()
        .filter(|op| is_wanted(&options.ops, op.name))
        .collect();
    let mut points = Vec::new();
    for (call, op) in ops.iter().enumerate() {
        eprintln!("{}", op.name);
        for (participant, shortest) in compare(op, options.rounds, &mut participants, &mut table)? {
            points.push(Point {
                call,
                participant,
                shortest,
            });
        }
    }
    if let Some(path) = &options.svg {
        let names: Vec<_> = ops.iter().map(|op| op.name).collect();
        plot::draw(path, &names, &points)?;
    }
    Ok(vec![table])
}

fn is_wanted(wanted: &[String], name: &str) -> bool {
    wanted.is_empty() || wanted.iter().any(|wanted| name.contains(wanted))
}

/// How many calls are made to count what they take from the heap.
const COUNTED: u32 = 8;

/// Adds a row for each participant that has the operation, and answers the shortest of each.
fn compare(
    op: &Op,
    rounds: usize,
    participants: &mut [Box<dyn Participant>],
    table: &mut Table,
) -> Result<Vec<(String, f64)>, Failure> {
    let mut names = Vec::new();
    let mut allocated = Vec::new();
    let mut forms: Vec<Form<'_>> = Vec::new();
    for participant in participants.iter_mut().filter(|one| one.has(op)) {
        let name = participant.name().to_owned();
        // What is found out by the first calls alone is not counted.
        let whose = |error| format!("{name}: {error}");
        participant.run(op, COUNTED).map_err(whose)?;
        let none = allocations(|| participant.run(op, 0))?;
        let all = allocations(|| participant.run(op, COUNTED))?;
        allocated.push(all.saturating_sub(none) as f64 / f64::from(COUNTED));
        names.push(name);
        forms.push(Box::new(|times| participant.run(op, times)));
    }
    let samples = measure(&mut forms, rounds)?;
    let raw = match names.first() {
        Some(first) if first == "raw" => samples.first().map(|sample| sample.shortest),
        _ => None,
    };
    let mut shortest = Vec::new();
    for ((name, sample), allocated) in names.into_iter().zip(samples).zip(allocated) {
        shortest.push((name.clone(), sample.shortest));
        let ratio = raw.map(|raw| format!("{:.2}", sample.shortest / raw));
        table.row([
            op.name.to_owned(),
            name,
            format!("{:.1}", sample.shortest),
            format!("{:.1}", sample.median),
            ratio.unwrap_or_default(),
            format!("{allocated:.1}"),
        ]);
    }
    Ok(shortest)
}
