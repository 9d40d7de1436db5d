//! Children by the thousand.

mod guests;
mod requests;
mod stopwatch;

use crate::Failure;
use crate::clocks::Stopped;
use crate::memory::{maps, resident};
use crate::table::Table;
use std::sync::Arc;
use stopwatch::Stopwatch;
use turnkey_snapshots::engine::{Engine, EngineOptions, Limits, Module, Node, Value};
use turnkey_virt::nanoprocess::{Bind, Child, ChildLimits, Family, Outcome};
use turnkey_wasi_common::WasiCtx;
use turnkey_wasmi::WasmiEngine;
use turnkey_wasmtime::WasmtimeEngine;
use wasmtime::{InstanceAllocationStrategy, PoolingAllocationConfig};

/// How many children there are.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Children that are made, called and dropped one after another.
    #[arg(long, default_value_t = 10_000)]
    children: u32,
    /// Children that are alive at once.
    #[arg(long, default_value_t = 20_000)]
    alive: u32,
    /// Requests, each served by a child of its own.
    #[arg(long, default_value_t = 100_000)]
    requests: u32,
}

/// Memory that is not given back for each child, in bytes, and nobody would call a leak: what the
/// allocator of the process keeps for itself.
const KEPT: u64 = 64;

const OPTIONS: EngineOptions = EngineOptions {
    fuel: true,
    interruptible: true,
};

/// An engine, and what it is called here.
type Named = (&'static str, Box<dyn Engine>);

fn engines() -> Result<Vec<Named>, Failure> {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_core_instances(64)
        .total_memories(64)
        .total_tables(64)
        .max_memory_size(16 << 20)
        .linear_memory_keep_resident(64 << 10);
    let mut config = WasmtimeEngine::config();
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    Ok(vec![
        ("wasmtime", Box::new(WasmtimeEngine::new(OPTIONS)?)),
        (
            "wasmtime, pooling",
            Box::new(WasmtimeEngine::with_config(config, OPTIONS)?),
        ),
        ("wasmi", Box::new(WasmiEngine::new(OPTIONS))),
    ])
}

pub(crate) fn run(options: &Options) -> Result<Vec<Table>, Failure> {
    Ok(vec![
        one_after_another(options.children)?,
        alive_at_once(options.alive)?,
        requests::table(&engines()?, options.requests)?,
    ])
}

fn compile(engine: &dyn Engine, wat: &str) -> Result<Arc<dyn Module>, Failure> {
    Ok(engine.compile(&wat::parse_str(wat)?)?.into())
}

/// What every child may use.
fn limits() -> ChildLimits {
    ChildLimits {
        fuel: 1 << 32,
        memory: 4 << 20,
        files: 16,
        ..ChildLimits::DEFAULT
    }
}

fn family() -> Family {
    Family::builder()
        .clocks(Arc::new(Stopped))
        .limits(ChildLimits {
            children: u64::from(u32::MAX),
            ..ChildLimits::PARENT
        })
        .build()
}

/// A child that was called.
fn called(family: &Family, module: &Arc<dyn Module>) -> Result<Child, Failure> {
    let child = family.spawn(Arc::clone(module))?;
    child.bind("fd_write", Bind::Pass)?.limit(limits())?;
    child.link()?;
    match child.call("call", &[])? {
        Outcome::Returned(values) if values == [Value::I32(42)] => Ok(child),
        other => Err(format!("a child ended as {other:?}").into()),
    }
}

fn one_after_another(count: u32) -> Result<Table, Failure> {
    let title = format!("{count} children, made, called and dropped one after another");
    let columns = [
        "engine",
        "parent",
        "each, µs",
        "of the processor, µs",
        "resident before, KiB",
        "after, KiB",
    ];
    let mut table = Table::new(title, columns);
    for (name, engine) in engines()? {
        let module = compile(&*engine, &guests::child())?;
        let family = family();
        let mut in_rust = |count: u32| {
            for _ in 0..count {
                drop(called(&family, &module)?);
            }
            Ok(())
        };
        table.row(row(name, "Rust", count, &mut in_rust)?);

        let family = Family::builder().module(Arc::clone(&module)).build();
        let parent = compile(&*engine, &guests::parent())?;
        let mut parent = parent.instantiate(Node {
            ctx: WasiCtx::builder().build()?,
            functions: family.functions(),
            limits: Limits::default(),
        })?;
        let call = parent.export("call").ok_or("there is no `call`")?;
        let mut in_wasm = |count: u32| Ok(parent.call(call, &[Value::from(count)], &mut [])?);
        table.row(row(name, "wasm", count, &mut in_wasm)?);
    }
    Ok(table)
}

/// Makes children, and sees that what they took is given back.
fn row(
    engine: &str,
    parent: &str,
    count: u32,
    make: &mut dyn FnMut(u32) -> Result<(), Failure>,
) -> Result<Vec<String>, Failure> {
    // What the first ones take stays with the process, for those behind them.
    make(count / 10)?;
    let before = resident()?;
    let stopwatch = Stopwatch::start();
    make(count)?;
    let [each, busy] = stopwatch.micros(count);
    let after = resident()?;
    if after.saturating_sub(before) > KEPT * u64::from(count) {
        let left = after - before;
        return Err(format!("{engine}: {count} children left {left} bytes behind").into());
    }
    let [before, after] = [before, after].map(|bytes| (bytes >> 10).to_string());
    Ok(vec![
        engine.to_owned(),
        parent.to_owned(),
        each,
        busy,
        before,
        after,
    ])
}

fn alive_at_once(count: u32) -> Result<Table, Failure> {
    let title = format!("{count} children alive at once");
    let columns = [
        "engine",
        "making each, µs",
        "of the processor, µs",
        "resident for each, KiB",
        "mappings for each",
        "dropping each, µs",
        "left resident, KiB",
    ];
    let mut table = Table::new(title, columns);
    for (name, engine) in engines()? {
        // Its pool is made for fewer.
        if name.contains("pooling") {
            continue;
        }
        let module = compile(&*engine, &guests::child())?;
        let family = family();
        let before = (resident()?, maps()?);
        let stopwatch = Stopwatch::start();
        let mut alive = Vec::new();
        for _ in 0..count {
            alive.push(called(&family, &module)?);
        }
        let [made, busy] = stopwatch.micros(count);
        let each = |total: u64, unit: f64| format!("{:.2}", total as f64 / f64::from(count) / unit);
        let resident_each = each(resident()?.saturating_sub(before.0), 1024.0);
        let maps_each = each(maps()?.saturating_sub(before.1), 1.0);
        let stopwatch = Stopwatch::start();
        drop(alive);
        let [dropped, _] = stopwatch.micros(count);
        table.row([
            name.to_owned(),
            made,
            busy,
            resident_each,
            maps_each,
            dropped,
            (resident()?.saturating_sub(before.0) >> 10).to_string(),
        ]);
    }
    Ok(table)
}
