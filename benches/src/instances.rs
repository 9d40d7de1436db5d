//! What it takes to start a guest, and to have ten thousand.

mod alive;
#[cfg(feature = "peers")]
mod peers;
mod turnkey;

use crate::Failure;
use crate::table::Table;
use std::any::Any;
use std::time::{Duration, Instant};
use wasmtime::{Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

/// How instances are measured.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// How often everything takes its turn.
    #[arg(long, default_value_t = 2_000)]
    rounds: usize,
    /// Contexts and instances that are alive at once.
    #[arg(long, default_value_t = 10_000)]
    alive: usize,
    /// Only whose name has this in it.
    #[arg(long, default_value = "")]
    only: String,
    /// Makes what is alive at once of this kind, in this process.
    #[arg(long, hide = true)]
    make: Option<String>,
}

/// What a guest is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Given {
    /// Nothing.
    Bare,
    /// A directory, 4 arguments and 8 variables.
    Typical,
}

impl Given {
    const ALL: [Self; 2] = [Self::Bare, Self::Typical];

    fn name(self) -> &'static str {
        match self {
            Self::Bare => "bare",
            Self::Typical => "typical",
        }
    }
}

/// Where instances get their memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Memory {
    /// As they are made.
    OnDemand,
    /// From what lies ready for them.
    Pooled,
}

impl Memory {
    fn name(self) -> &'static str {
        match self {
            Self::OnDemand => "on demand",
            Self::Pooled => "pooled",
        }
    }

    /// wasmtime 48 with such memory.
    fn wasmtime(self) -> Result<Engine, Failure> {
        let mut config = Config::new();
        if self == Self::Pooled {
            let mut pool = PoolingAllocationConfig::new();
            pool.total_core_instances(POOLED)
                .total_memories(POOLED)
                .total_tables(POOLED);
            config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
        }
        Ok(Engine::new(&config)?)
    }
}

/// Somebody who makes contexts and instances.
trait Maker {
    fn name(&self) -> String;

    /// Makes a context.
    ///
    /// # Errors
    /// It cannot be made.
    fn context(&self, given: Given) -> Result<Box<dyn Any>, Failure>;

    /// Makes an instance with its context, in a store of its own.
    ///
    /// # Errors
    /// It cannot be made.
    fn instance(&self, given: Given) -> Result<Box<dyn Any>, Failure>;

    /// Does the same, calls `_start` and drops everything.
    ///
    /// # Errors
    /// It cannot be made, or fails.
    fn start(&self, given: Given) -> Result<(), Failure>;
}

/// One page of memory, and one byte that is written to standard output, which swallows it.
pub(crate) const GUEST: &str = r#"(module
    (import "wasi_snapshot_preview1" "fd_write"
        (func $fd_write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "\08\00\00\00\01\00\00\00!")
    (func (export "_start")
        (if (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16))
            (then (unreachable)))))"#;

/// Instances for which a pool has room.
const POOLED: u32 = 16;

fn makers() -> Result<Vec<Box<dyn Maker>>, Failure> {
    let guest = wat::parse_str(GUEST)?;
    let makers = [
        turnkey::makers(&guest)?,
        #[cfg(feature = "peers")]
        peers::makers(&guest)?,
    ];
    Ok(makers.into_iter().flatten().collect())
}

pub(crate) fn run(options: &Options) -> Result<Vec<Table>, Failure> {
    let mut makers = makers()?;
    if let Some(kind) = &options.make {
        alive::make(&makers, kind, options.alive)?;
        return Ok(Vec::new());
    }
    makers.retain(|maker| maker.name().contains(&options.only));
    Ok(vec![
        starts(&makers, options.rounds)?,
        alive::table(&makers, options.alive)?,
    ])
}

/// How long it takes to make an instance, to start it and to drop it.
fn starts(makers: &[Box<dyn Maker>], rounds: usize) -> Result<Table, Failure> {
    let title = format!("Instances made, started and dropped: µs, of {rounds} rounds");
    let columns = ["who", "given", "shortest", "median", "99 of 100"];
    let mut table = Table::new(title, columns);
    let kinds: Vec<_> = makers
        .iter()
        .flat_map(|maker| Given::ALL.map(|given| (maker, given)))
        .collect();
    let mut spans = vec![Vec::new(); kinds.len()];
    for _ in 0..rounds {
        for ((maker, given), spans) in kinds.iter().zip(&mut spans) {
            // The turns of the others have left nothing of it in the processor's caches.
            maker.start(*given)?;
            let start = Instant::now();
            maker.start(*given)?;
            spans.push(start.elapsed());
        }
    }
    for ((maker, given), mut spans) in kinds.into_iter().zip(spans) {
        spans.sort();
        let at = |place: usize| {
            let span = spans.get(place).copied().unwrap_or(Duration::ZERO);
            format!("{:.2}", span.as_secs_f64() * 1e6)
        };
        let [median, most] = [rounds / 2, rounds * 99 / 100];
        table.row([
            maker.name(),
            given.name().to_owned(),
            at(0),
            at(median),
            at(most),
        ]);
    }
    Ok(table)
}
