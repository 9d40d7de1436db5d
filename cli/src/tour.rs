//! `turnkey tour`: the guests that come with the command, on every engine.

mod place;
mod visit;

use crate::engine::{EngineName, Keep};
use crate::failure::Failure;
use std::fmt;
use std::io::{self, Write};
use std::process::ExitCode;
use std::time::{Duration, Instant};
use turnkey_conformance::tour::{TOUR, TourGuest};
use turnkey_snapshots::engine::{Engine, EngineOptions};
use visit::{Seen, visit};

/// What `turnkey tour` is told.
#[derive(Debug, clap::Args)]
#[command(after_help = "Exit code: 0 if every guest did what it is expected to do, 1 if not.")]
pub(crate) struct Tour {
    /// Only on this engine
    #[arg(long, value_enum)]
    engine: Option<EngineName>,
}

impl Tour {
    /// Runs the guests, and says what each did.
    pub(crate) fn carry_out(self) -> Result<ExitCode, Failure> {
        let engines = match &self.engine {
            Some(engine) => std::slice::from_ref(engine),
            None => EngineName::all(),
        };
        let hosts = engines.iter().copied().map(Host::new);
        let hosts = hosts.collect::<Result<Vec<_>, _>>()?;
        let out = &mut io::stdout();
        say(
            out,
            format_args!(
                "Turnkey {version}: a tour of {guests} guests on {engines}.\n\
             \n\
             Each guest is a small WebAssembly program that is part of this command. It is given a\n\
             fresh directory, clocks and randomness, and nothing else. What it writes is shown\n\
             behind a bar, once if it is the same on every engine.",
                version = env!("CARGO_PKG_VERSION"),
                guests = TOUR.len(),
                engines = match &hosts[..] {
                    [only] => only.name().to_owned(),
                    several => format!("{} engines", several.len()),
                },
            ),
        )?;
        let (mut expected, mut all) = (0, 0);
        for guest in TOUR {
            let shown = show(out, guest, &hosts)?;
            expected += shown.expected;
            all += shown.all;
        }
        say(out, format_args!("\n{expected} of {all} as expected."))?;
        Ok(match expected == all {
            true => ExitCode::SUCCESS,
            false => ExitCode::FAILURE,
        })
    }
}

/// An engine that is shown.
struct Host {
    name: EngineName,
    engine: Box<dyn Engine>,
}

impl Host {
    fn new(name: EngineName) -> Result<Self, Failure> {
        let options = EngineOptions {
            interruptible: true,
            ..EngineOptions::default()
        };
        // What a tour says of time, it says of the first time.
        let engine = name.engine(options, Keep::Nowhere)?;
        Ok(Self { name, engine })
    }

    fn name(&self) -> &str {
        self.engine.name()
    }
}

/// How many runs there were, and how many of them were as expected.
#[derive(Debug, Default, PartialEq, Eq)]
struct Shown {
    expected: usize,
    all: usize,
}

/// Runs a guest on each engine, and says what it did: once where that was expected, and for each
/// engine where it was not.
fn show(out: &mut dyn Write, guest: &TourGuest, hosts: &[Host]) -> Result<Shown, Failure> {
    say(out, format_args!("\n{}: {}", guest.name, guest.about))?;
    let expected = Seen::expected(guest);
    let (mut took, mut others, mut left_out) = (Vec::new(), Vec::new(), Vec::new());
    for host in hosts {
        if guest.child.is_some() && !host.name.serves_children() {
            left_out.push(host.name());
            continue;
        }
        let start = Instant::now();
        let seen = visit(guest, host.name, &*host.engine)?;
        let time = start.elapsed();
        match seen == expected {
            true => took.push((host.name(), time)),
            false => others.push((host.name(), time, seen)),
        }
    }
    if !took.is_empty() {
        say(out, format_args!("{expected}, as expected"))?;
        say(out, format_args!("  on {}", List(&took)))?;
    }
    for (name, time, seen) in &others {
        say(
            out,
            format_args!("{seen}\n  on {name} {time:.0?}: NOT AS EXPECTED, which was:\n{expected}"),
        )?;
    }
    if !left_out.is_empty() {
        let why = "where no parent can serve a child";
        say(
            out,
            format_args!("  left out on {}, {why}", left_out.join(", ")),
        )?;
    }
    Ok(Shown {
        expected: took.len(),
        all: took.len() + others.len(),
    })
}

/// Engines, and how long a guest took there.
struct List<'a>(&'a [(&'a str, Duration)]);

impl fmt::Display for List<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (name, time)) in self.0.iter().enumerate() {
            let before = if index == 0 { "" } else { ", " };
            write!(f, "{before}{name} {time:.0?}")?;
        }
        Ok(())
    }
}

fn say(out: &mut dyn Write, line: fmt::Arguments<'_>) -> Result<(), Failure> {
    writeln!(out, "{line}").map_err(|error| Failure::output(&error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use turnkey_conformance::tour::Parts;

    #[test]
    fn show_other_than_expected_told() {
        let guest = TourGuest {
            name: "wrong",
            about: "does something else",
            source: r#"(module (memory (export "memory") 1) (func (export "_start") unreachable))"#,
            child: None,
            finds: &[],
            parts: Parts::Host,
            stdout: "hello\n",
            exit: 0,
        };
        for name in EngineName::all() {
            let host = Host::new(*name).unwrap();
            let mut out = Vec::new();
            let shown = show(&mut out, &guest, &[host]).unwrap();
            assert_eq!(
                shown,
                Shown {
                    expected: 0,
                    all: 1
                }
            );
            let told = String::from_utf8(out).unwrap();
            assert!(told.contains("\n  trap: "), "{told}");
            let expected = "NOT AS EXPECTED, which was:\n  | hello\n  exit code 0\n";
            assert!(told.ends_with(expected), "{told}");
        }
    }
}
