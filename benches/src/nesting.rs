//! What it costs that a wasm parent stands between a child and the host.

mod guests;
pub(crate) mod hot;
mod tree;
mod typed;

use crate::Failure;
use crate::rounds::{Form, Sample, measure};
use crate::table::Table;
use guests::{How, Op};
use std::cell::RefCell;
use std::hint::black_box;
use std::rc::Rc;
use tree::Runner;
use turnkey_snapshots::engine::{Engine, EngineOptions};
use turnkey_wasmi::WasmiEngine;
use turnkey_wasmtime::WasmtimeEngine;
use typed::Caller;

/// How nested calls are measured.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// How often everything takes its turn.
    #[arg(long, default_value_t = 301)]
    rounds: usize,
    /// How deep the trees are.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 2, 4, 8, 16])]
    depths: Vec<u32>,
    /// Only what has this in its name, for instance `wasmtime, served`.
    #[arg(long, default_value = "")]
    only: String,
}

/// One figure: who calls what through how many levels.
struct Case {
    engines: String,
    is_mixed: bool,
    how: &'static str,
    /// What the child at the end calls; none if it is called itself.
    op: Option<Op>,
    depth: u32,
}

/// How each parent calls its child, down to the one at the end.
const TYPED: &str = "typed";

const BLOCK: usize = 65536;
const PAGE: usize = 4096;

/// What the limits of children need.
const LIMITED: EngineOptions = EngineOptions {
    fuel: true,
    interruptible: true,
};

pub(crate) fn run(options: &Options) -> Result<Vec<Table>, Failure> {
    let wasmtime = WasmtimeEngine::new(LIMITED)?;
    let wasmi = WasmiEngine::new(LIMITED);
    let engines: [&dyn Engine; 2] = [&wasmtime, &wasmi];

    let mut cases = Vec::new();
    let mut forms: Vec<Form<'_>> = vec![copies()];
    let mut add = |case: Case, form: Form<'static>| {
        cases.push(case);
        forms.push(form);
    };
    let calling = |runner: &Rc<RefCell<Runner>>, op| -> Form<'static> {
        let runner = Rc::clone(runner);
        Box::new(move |times: u32| runner.borrow_mut().run(op, times))
    };
    let is_wanted = |engines: &str, how: &str| format!("{engines}, {how}").contains(&options.only);
    for engine in engines {
        let direct = Rc::new(RefCell::new(Runner::direct(engine)?));
        for op in Op::ALL {
            let case = Case {
                engines: engine.name().to_owned(),
                is_mixed: false,
                how: "direct",
                op: Some(op),
                depth: 0,
            };
            add(case, calling(&direct, op));
        }
    }
    for parents in engines {
        for last in engines {
            let is_mixed = parents.name() != last.name();
            let engines = match is_mixed {
                true => format!("{} over {}", parents.name(), last.name()),
                false => parents.name().to_owned(),
            };
            for how in How::ALL {
                for depth in &options.depths {
                    let measured = match how {
                        How::Passed => [1, 16].contains(depth),
                        How::Filtered | How::Served => is_wanted(&engines, how.name()),
                    };
                    if !measured || (is_mixed && *depth > 1) {
                        continue;
                    }
                    let runner = Runner::tree(how, parents, last, *depth)?;
                    let runner = Rc::new(RefCell::new(runner));
                    for op in Op::ALL {
                        let case = Case {
                            engines: engines.clone(),
                            is_mixed,
                            how: how.name(),
                            op: Some(op),
                            depth: *depth,
                        };
                        add(case, calling(&runner, op));
                    }
                }
            }
            for depth in &options.depths {
                if !is_wanted(&engines, TYPED) || (is_mixed && *depth > 1) {
                    continue;
                }
                let mut caller = Caller::new(parents, last, *depth)?;
                let case = Case {
                    engines: engines.clone(),
                    is_mixed,
                    how: TYPED,
                    op: None,
                    depth: *depth,
                };
                add(case, Box::new(move |times: u32| caller.run(times)));
            }
        }
    }
    let samples = measure(&mut forms, options.rounds)?;
    Ok(vec![table(options, &cases, &samples)])
}

/// Copying 64 KiB, which is what a served call of that size cannot do without. As in guests, the
/// bytes begin where pages do.
fn copies() -> Form<'static> {
    let (from, mut to) = (vec![7_u8; BLOCK + PAGE], vec![0_u8; BLOCK + PAGE]);
    let start = |bytes: &[u8]| bytes.as_ptr().addr().wrapping_neg() % PAGE;
    let (first, second) = (start(&from), start(&to));
    Box::new(move |times: u32| {
        for _ in 0..times {
            let to = &mut black_box(&mut to)[second..][..BLOCK];
            to.copy_from_slice(&black_box(&from)[first..][..BLOCK]);
        }
        Ok(())
    })
}

fn table(options: &Options, cases: &[Case], samples: &[Sample]) -> Table {
    let title = format!(
        "Nested calls: ns per call through all levels, of {} rounds",
        options.rounds
    );
    let mut table = Table::new(
        title,
        [
            "engine",
            "call",
            "how",
            "depth",
            "shortest",
            "median",
            "added per level",
            "ratio to passed clock or copy",
            "ratio to the same, passed",
            "target",
            "",
        ],
    );
    let (copy, samples) = match samples {
        [copy, samples @ ..] => (*copy, samples),
        [] => return table,
    };
    table.row(
        [
            "none".to_owned(),
            "copy of 64 KiB".to_owned(),
            String::new(),
            String::new(),
            format!("{:.1}", copy.shortest),
            format!("{:.1}", copy.median),
        ]
        .into_iter()
        .chain([const { String::new() }; 5]),
    );
    // What the passed call of depth 1 costs, on the engine of the child that makes it.
    let passed = |case: &Case, op: Op| {
        let known = cases.iter().zip(samples).find(|(other, _)| {
            other.engines == case.engines && other.how == "passed" && other.op == Some(op)
        });
        known.map_or(f64::NAN, |(_, sample)| sample.shortest)
    };
    for (case, sample) in cases.iter().zip(samples) {
        let mut row = vec![
            case.engines.clone(),
            case.op
                .map_or("call with 1 KiB of text", Op::name)
                .to_owned(),
            case.how.to_owned(),
            case.depth.to_string(),
            format!("{:.1}", sample.shortest),
            format!("{:.1}", sample.median),
        ];
        if case.depth > 0 && case.how != "passed" {
            let base = case.op.map(|op| passed(case, op));
            let added = (sample.shortest - base.unwrap_or(0.0)) / f64::from(case.depth);
            let unit = match case.op {
                Some(Op::Block) => copy.shortest,
                Some(Op::Clock | Op::Byte) | None => passed(case, Op::Clock),
            };
            row.push(format!("{added:.1}"));
            row.push(format!("{:.1}", added / unit));
            row.push(base.map_or_else(String::new, |base| format!("{:.1}", added / base)));
            row.extend(match target(case) {
                Some(target) => {
                    let holds = added / unit <= target;
                    [
                        format!("{target}"),
                        if holds { "holds" } else { "MISSED" }.to_owned(),
                    ]
                }
                None => [const { String::new() }; 2],
            });
        } else {
            row.extend([const { String::new() }; 5]);
        }
        table.row(row);
    }
    table
}

/// What a level may add at most: to calls of numbers in terms of the passed `clock_time_get` of
/// the same run, to 64 KiB in terms of a copy of them.
fn target(case: &Case) -> Option<f64> {
    if case.is_mixed {
        return None;
    }
    let is_deep = case.depth > 4;
    match (case.op, case.how, case.engines.as_str()) {
        (Some(Op::Block), _, _) => Some(2.0),
        (_, "served", "wasmtime") => Some(if is_deep { 10.0 } else { 5.0 }),
        (_, "filtered", "wasmtime") => Some(if is_deep { 12.0 } else { 7.0 }),
        (_, "served", "wasmi") => Some(if is_deep { 8.0 } else { 5.0 }),
        (_, "filtered", "wasmi") => Some(if is_deep { 9.0 } else { 6.5 }),
        _ => None,
    }
}
