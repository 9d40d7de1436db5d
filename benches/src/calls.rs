//! What a call costs, beside the system call beneath it and beside the peers.

pub(crate) mod fixture;
mod guest;
pub(crate) mod hot;
mod op;
pub(crate) mod participants;
mod plot;

use crate::Failure;
use crate::allocations::allocations;
use crate::rounds::{Form, Timed, measure};
use crate::table::Table;
use fixture::Fixture;
use op::{OPS, Op};
use participants::Participant;
use plot::Point;
use std::path::PathBuf;
use std::time::{Duration, Instant};

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
        "ratio to sandboxed",
        "allocations",
        "",
    ];
    let mut table = Table::new(title, columns);
    let ops: Vec<&'static Op> = OPS
        .iter()
        .filter(|op| is_wanted(&options.ops, op.name))
        .collect();
    let mut points = Vec::new();
    for op in ops {
        eprintln!("{}", op.name);
        points.extend(compare(op, options.rounds, &mut participants, &mut table)?);
    }
    if let Some(path) = &options.svg {
        plot::draw(path, &points)?;
    }
    Ok(vec![table])
}

fn is_wanted(wanted: &[String], name: &str) -> bool {
    wanted.is_empty() || wanted.iter().any(|wanted| name.contains(wanted))
}

/// How many calls are made to count what they take from the heap.
const COUNTED: u32 = 8;

/// Where a call takes so long, one is made.
const LONG: Duration = Duration::from_millis(100);

/// A participant whose turn comes in an operation.
struct Turns<'a> {
    participant: &'a mut dyn Participant,
    op: &'static Op,
    frame: Option<[String; 2]>,
}

impl Timed for Turns<'_> {
    fn prepare(&mut self, times: u32) -> Result<(), Failure> {
        if let Some([ready, _]) = &self.frame {
            self.participant.run(ready, 1)?;
        }
        self.participant.prepare(self.op, times)
    }

    fn run(&mut self, times: u32) -> Result<(), Failure> {
        self.participant.run(self.op.export, times)
    }

    fn time(&mut self, times: u32) -> Result<Duration, Failure> {
        self.participant.time(self.op.export, times)
    }

    fn finish(&mut self) -> Result<(), Failure> {
        match &self.frame {
            Some([_, done]) => self.participant.run(done, 1),
            None => Ok(()),
        }
    }
}

/// How often calls of an operation take something of the heap.
fn allocations_of(turns: &mut Turns<'_>) -> Result<f64, Failure> {
    let mut counted = |times| {
        turns.prepare(times)?;
        let start = Instant::now();
        let count = allocations(|| turns.run(times))?;
        let span = start.elapsed();
        turns.finish()?;
        Ok::<_, Failure>((count, span))
    };
    let (first, span) = counted(1)?;
    if span >= LONG {
        return Ok(first as f64);
    }
    // What is found out by the first calls alone is not counted.
    counted(COUNTED)?;
    let (none, _) = counted(0)?;
    let (all, _) = counted(COUNTED)?;
    Ok(all.saturating_sub(none) as f64 / f64::from(COUNTED))
}

/// Adds a row for each participant, and answers what can be drawn.
fn compare(
    op: &'static Op,
    rounds: usize,
    participants: &mut [Box<dyn Participant>],
    table: &mut Table,
) -> Result<Vec<Point>, Failure> {
    let mut absent = Vec::new();
    let mut names = Vec::new();
    let mut allocated = Vec::new();
    let mut forms: Vec<Form<'_>> = Vec::new();
    for participant in participants {
        let name = participant.name().to_owned();
        if let Some(reason) = participant.lacks(op) {
            absent.push((name, reason));
            continue;
        }
        let mut turns = Turns {
            participant: &mut **participant,
            op,
            frame: op.frame_exports(),
        };
        allocated.push(allocations_of(&mut turns).map_err(|error| format!("{name}: {error}"))?);
        names.push(name);
        forms.push(Box::new(turns));
    }
    let samples = measure(&mut forms, rounds)?;
    let of = |name: &str| {
        let place = names.iter().position(|other| other == name)?;
        samples.get(place).map(|sample| sample.shortest)
    };
    let bases = [of("raw"), of("sandboxed")];
    let mut points = Vec::new();
    for ((name, sample), allocated) in names.iter().zip(&samples).zip(allocated) {
        points.extend(bases[0].map(|raw| Point {
            call: op.name,
            participant: name.clone(),
            ratio: sample.shortest / raw,
        }));
        let mut row = vec![op.name.to_owned(), name.clone()];
        row.extend([sample.shortest, sample.median].map(span));
        let ratio = |base: f64| format!("{:.2}", sample.shortest / base);
        row.extend(bases.map(|base| base.map(ratio).unwrap_or_default()));
        row.extend([format!("{allocated:.1}"), String::new()]);
        table.row(row);
    }
    for (name, reason) in absent {
        let mut row = vec![op.name.to_owned(), name, "absent".to_owned()];
        row.extend([const { String::new() }; 4]);
        row.push(reason.to_owned());
        table.row(row);
    }
    Ok(points)
}

/// Nanoseconds, or milliseconds where they are more than one.
fn span(nanos: f64) -> String {
    match nanos < 1e6 {
        true => format!("{nanos:.1}"),
        false => format!("{:.2} ms", nanos / 1e6),
    }
}
