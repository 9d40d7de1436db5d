//! How many instructions the hottest calls take. What else the machine does changes nothing about
//! that, so it shows where a call has become longer although no clock would.
//!
//! This program is started once more to make the calls, and taken through them one instruction after
//! the other, as a debugger does.

use crate::Failure;
use crate::calls::{self, fixture::Fixture};
use crate::nesting;
use crate::table::Table;
use nix::sys::ptrace;
use nix::sys::signal::{Signal, raise};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::Pid;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::Command;

/// How counts are compared.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Writes the counts down as those to be kept.
    #[arg(long)]
    update: bool,
    /// The counts to be kept.
    #[arg(long, value_name = "FILE", default_value = "benches/instructions.toml")]
    kept: PathBuf,
}

/// So many calls are counted, and twice as many: what the first ones find out is in both.
const CALLS: u32 = 1;

/// How often that is done: the fewest count.
const ROUNDS: usize = 4;

/// What the counted process raises before and behind what is counted.
const MARK: Signal = Signal::SIGUSR1;

/// How much more than what is kept a call may take, in percent: what a C library for another
/// processor adds.
const TOLERANCE: u64 = 25;

/// The calls that are counted, in the order in which they are made.
fn names() -> impl Iterator<Item = &'static str> {
    let direct = calls::hot::NAMES.into_iter();
    direct.chain(nesting::hot::NAMES)
}

/// Name and instructions of each call.
type Counts = BTreeMap<String, u64>;

/// Counts, and compares with what is kept.
///
/// # Errors
/// A call takes more than it may, or as much less, so that the next one that takes more would not
/// show; or it could not be counted.
pub(crate) fn run(options: &Options) -> Result<Vec<Table>, Failure> {
    let counts = count()?;
    if options.update {
        std::fs::write(&options.kept, written(&counts))?;
    }
    let kept = kept(&options.kept)?;
    let mut table = Table::new("Instructions of a call", ["call", "counted", "kept"]);
    let mut changed = Vec::new();
    for (name, count) in &counts {
        let before = kept.get(name).copied().unwrap_or_default();
        if count.abs_diff(before) * 100 > before * TOLERANCE {
            changed.push(format!("{name}: {count}, not {before}"));
        }
        table.row([name.clone(), count.to_string(), before.to_string()]);
    }
    if !changed.is_empty() {
        let changed = changed.join("; ");
        let hint = "where that is meant, run `instructions --update`";
        return Err(format!("instructions of a call have changed: {changed}; {hint}").into());
    }
    Ok(vec![table])
}

fn kept(path: &Path) -> Result<Counts, Failure> {
    let text =
        std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(toml::from_str(&text)?)
}

fn written(counts: &Counts) -> String {
    let head = "# Instructions of a call on wasmtime and the host's files.\n\
        # Made by `cargo run --release --manifest-path benches/Cargo.toml -- instructions --update`.\n";
    let lines = counts
        .iter()
        .map(|(name, count)| format!("{name} = {count}\n"));
    std::iter::once(head.to_owned()).chain(lines).collect()
}

/// Has a second process make every call, and counts its steps.
fn count() -> Result<Counts, Failure> {
    let program = std::env::current_exe()?;
    let mut process = Command::new(program).arg("counted").spawn()?;
    let traced = Pid::from_raw(process.id().try_into()?);
    let counts = count_in(traced);
    if counts.is_err() {
        // It may have ended already.
        let _ = process.kill();
        let _ = process.wait();
    }
    counts
}

fn count_in(traced: Pid) -> Result<Counts, Failure> {
    let mut vdso = None;
    let mut counts = Counts::new();
    for call in names() {
        let (mut once, mut twice) = (u64::MAX, u64::MAX);
        for _ in 0..ROUNDS {
            once = once.min(steps(traced, &mut vdso)?);
            twice = twice.min(steps(traced, &mut vdso)?);
        }
        let each = twice.saturating_sub(once) / u64::from(CALLS);
        counts.insert(call.to_owned(), each);
    }
    match waitpid(traced, None)? {
        WaitStatus::Exited(_, 0) => Ok(counts),
        other => Err(ended(other)),
    }
}

/// How many instructions the traced process takes between its next two marks. Those of the vDSO are left
/// out: a clock is read once more there where the host sets it meanwhile, and who goes step by step takes
/// long to read one.
fn steps(traced: Pid, vdso: &mut Option<Range<u64>>) -> Result<u64, Failure> {
    match waitpid(traced, None)? {
        WaitStatus::Stopped(_, MARK) => {}
        other => return Err(ended(other)),
    }
    let vdso = match vdso {
        Some(known) => known,
        unknown => unknown.insert(vdso_of(traced)?),
    };
    let mut count = 0;
    loop {
        ptrace::step(traced, None)?;
        match waitpid(traced, None)? {
            WaitStatus::Stopped(_, Signal::SIGTRAP) => {
                count += u64::from(!vdso.contains(&place(traced)?));
            }
            WaitStatus::Stopped(_, MARK) => break,
            other => return Err(ended(other)),
        }
    }
    ptrace::cont(traced, None)?;
    Ok(count)
}

/// Where the next instruction lies.
fn place(traced: Pid) -> Result<u64, Failure> {
    let registers = ptrace::getregs(traced)?;
    #[cfg(target_arch = "x86_64")]
    return Ok(registers.rip);
    #[cfg(target_arch = "aarch64")]
    return Ok(registers.pc);
}

/// Where a process has the code that the kernel lends it.
fn vdso_of(process: Pid) -> Result<Range<u64>, Failure> {
    let maps = std::fs::read_to_string(format!("/proc/{process}/maps"))?;
    let line = maps.lines().find(|line| line.ends_with("[vdso]"));
    let range = line.and_then(|line| line.split(' ').next()?.split_once('-'));
    let (start, end) = range.ok_or("the process has no vDSO")?;
    Ok(u64::from_str_radix(start, 16)?..u64::from_str_radix(end, 16)?)
}

fn ended(how: WaitStatus) -> Failure {
    format!("the process whose instructions are counted came to this: {how:?}").into()
}

/// Makes the calls that are counted, in a process that whoever started it traces.
pub(crate) fn make() -> Result<Vec<Table>, Failure> {
    ptrace::traceme()?;
    let files = Fixture::new()?;
    let direct = calls::hot::calls(&files)?;
    for mut call in direct.into_iter().chain(nesting::hot::calls()?) {
        // What is found out by the first calls alone is not counted.
        call.run(CALLS)?;
        for times in [CALLS, 2 * CALLS].into_iter().cycle().take(2 * ROUNDS) {
            raise(MARK)?;
            call.run(times)?;
            raise(MARK)?;
        }
    }
    Ok(Vec::new())
}
