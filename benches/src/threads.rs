//! What two threads get done, beside one, and beside what the system calls beneath them do.

mod direct;

use crate::Failure;
use crate::calls::fixture::Fixture;
use crate::calls::participants::{Participant, on_wasmtime, raw};
use crate::table::Table;
use std::sync::Barrier;
use std::time::{Duration, Instant};

/// How threads are measured.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// How often everything takes its turn.
    #[arg(long, default_value_t = 15)]
    rounds: usize,
    /// How long each turn is, in milliseconds.
    #[arg(long, default_value_t = 50)]
    turn: u64,
}

/// Two who make calls, each on a thread of its own.
struct Pair {
    name: &'static str,
    /// The place of the raw calls that they are compared with.
    base: usize,
    members: [Box<dyn Participant>; 2],
}

/// What is called, and the export that does it.
const OPS: [(&str, &str); 3] = [
    ("clock_time_get", "clock_monotonic"),
    ("fd_pread 4 KiB", "pread_4k"),
    ("path_open + fd_close", "open_1"),
];

/// Calls between two looks at the clock.
const BATCH: u32 = 64;

pub(crate) fn run(options: &Options) -> Result<Vec<Table>, Failure> {
    let fixture = Fixture::new()?;
    let mut pairs = pairs(&fixture)?;
    let title = format!("Two threads, beside one: best of {} turns", options.rounds);
    let columns = [
        "call",
        "who",
        "one thread, ns per call",
        "two threads, ns per call of each",
        "scaling",
        "of raw's scaling",
    ];
    let mut table = Table::new(title, columns);
    let turn = Duration::from_millis(options.turn);
    for (op, export) in OPS {
        eprintln!("{op}");
        // Calls per second of one thread, and of both together.
        let mut best = vec![[0.0_f64; 2]; pairs.len()];
        for _ in 0..options.rounds {
            for (pair, best) in pairs.iter_mut().zip(&mut best) {
                let [first, _] = &mut pair.members;
                let alone = rate(&mut [first], export, turn)?;
                let together = rate(&mut pair.members.each_mut(), export, turn)?;
                best[0] = best[0].max(alone);
                best[1] = best[1].max(together);
            }
        }
        let scaling: Vec<f64> = best.iter().map(|[one, two]| two / one).collect();
        for ((pair, [one, two]), scale) in pairs.iter().zip(&best).zip(&scaling) {
            table.row([
                op.to_owned(),
                pair.name.to_owned(),
                format!("{:.1}", 1e9 / one),
                format!("{:.1}", 2e9 / two),
                format!("{scale:.2}"),
                format!("{:.2}", scale / scaling[pair.base]),
            ]);
        }
    }
    Ok(vec![table])
}

fn pairs(fixture: &Fixture) -> Result<Vec<Pair>, Failure> {
    let one = fixture.directory()?;
    let raw_of_two = [
        raw(fixture, &fixture.directory()?)?,
        raw(fixture, &fixture.directory()?)?,
    ];
    let pair = |name, base, members| Pair {
        name,
        base,
        members,
    };
    Ok(vec![
        pair("raw, a directory each", 0, raw_of_two),
        pair(
            "raw, one directory",
            1,
            [raw(fixture, &one)?, raw(fixture, &one)?],
        ),
        pair(
            "wasmtime, a context and a directory each",
            0,
            [on_wasmtime(fixture)?, on_wasmtime(fixture)?],
        ),
        pair(
            "without an engine, a context and a directory each",
            0,
            [direct::own(fixture)?, direct::own(fixture)?],
        ),
        pair(
            "without an engine, one context",
            1,
            direct::shared(fixture)?,
        ),
    ])
}

/// Calls per second that all of them make together.
fn rate(
    members: &mut [&mut Box<dyn Participant>],
    export: &str,
    turn: Duration,
) -> Result<f64, Failure> {
    let barrier = Barrier::new(members.len());
    let barrier = &barrier;
    std::thread::scope(|scope| {
        let threads: Vec<_> = members
            .iter_mut()
            .map(|member| {
                scope.spawn(move || {
                    barrier.wait();
                    let start = Instant::now();
                    let mut count = 0_u32;
                    while start.elapsed() < turn {
                        member.run(export, BATCH)?;
                        count += BATCH;
                    }
                    Ok::<f64, Failure>(f64::from(count) / start.elapsed().as_secs_f64())
                })
            })
            .collect();
        let mut sum = 0.0;
        for thread in threads {
            sum += thread.join().map_err(|_| "a thread panicked")??;
        }
        Ok(sum)
    })
}
