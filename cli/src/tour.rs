//! `turnkey tour`: the guests that come with the command, on every engine.

use crate::engine::{EngineName, Keep};
use crate::entry::Entry;
use crate::failure::{Failure, one_line};
use crate::{module, thread};
use std::fmt;
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use turnkey_cap_backends::{HostDir, ambient_authority};
use turnkey_conformance::tour::{TOUR, TourGuest};
use turnkey_snapshots::engine::{Engine, EngineOptions, InstantiateError, Limits, Node};
use turnkey_virt::nanoprocess::Family;
use turnkey_wasi_common::{Access, Interrupt, Pipe, Stop, Stream};

/// What `turnkey tour` is told.
#[derive(Debug, clap::Args)]
#[command(after_help = "Exit code: 0 if every guest did what it is expected to do, 1 if not.")]
pub(crate) struct Tour {
    /// Only on this engine
    #[arg(long, value_enum)]
    engine: Option<EngineName>,
}

/// No guest of the tour takes nearly as long. One that hangs is a difference, and the tour goes
/// on.
const LIMIT: Duration = Duration::from_secs(60);

/// Room for all that a guest of the tour writes, in bytes.
const OUTPUT: usize = 64 << 10;

/// What a guest did.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    stdout: String,
    ending: Ending,
}

/// How a guest ended.
#[derive(Debug, PartialEq, Eq)]
enum Ending {
    Exit(u32),
    /// It trapped, or did not begin.
    Otherwise(String),
}

impl Tour {
    /// Runs the guests, and says what each did.
    pub(crate) fn carry_out(self) -> Result<ExitCode, Failure> {
        let engines = match &self.engine {
            Some(engine) => std::slice::from_ref(engine),
            None => EngineName::all(),
        };
        let out = &mut io::stdout();
        say(
            out,
            format_args!(
                "Turnkey {version}: a tour of {guests} guests on {engines}.\n\
             \n\
             Each guest is a small WebAssembly program that is part of this command. It is given a\n\
             fresh directory, the host's clocks and randomness, and nothing else. What it writes is\n\
             shown behind a bar.",
                version = env!("CARGO_PKG_VERSION"),
                guests = TOUR.len(),
                engines = match engines.len() {
                    1 => "1 engine".to_owned(),
                    number => format!("{number} engines"),
                },
            ),
        )?;
        let (mut expected, mut all) = (0, 0);
        for name in engines {
            let host = Host::new(*name)?;
            say(out, format_args!("\n{}", host.engine.name()))?;
            for guest in TOUR {
                if guest.child.is_some() && !name.serves_children() {
                    let why = "left out: no parent can serve a child on this engine";
                    say(out, format_args!("\n  {}: {why}", guest.name))?;
                    continue;
                }
                all += 1;
                expected += usize::from(show(out, guest, &host)?);
            }
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
}

/// Runs a guest and says what it did. Answers whether that was expected.
fn show(out: &mut dyn Write, guest: &TourGuest, host: &Host) -> Result<bool, Failure> {
    say(out, format_args!("\n  {}: {}", guest.name, guest.about))?;
    let start = Instant::now();
    let seen = visit(guest, host)?;
    let took = start.elapsed();
    let expected = Seen {
        stdout: guest.stdout.to_owned(),
        ending: Ending::Exit(guest.exit),
    };
    if seen == expected {
        say(out, format_args!("{seen}, as expected ({took:.1?})"))?;
        return Ok(true);
    }
    say(
        out,
        format_args!("{seen} ({took:.1?})\n  NOT AS EXPECTED, which was:\n{expected}"),
    )?;
    Ok(false)
}

/// Compiles a guest and runs it to its end.
fn visit(guest: &TourGuest, host: &Host) -> Result<Seen, Failure> {
    let path = Path::new(guest.name);
    let module = module::compile(path, guest.source.into(), &*host.engine)?;
    let entry = Entry::start(path, &module.exports())?;

    let place = place(guest).map_err(no_place)?;
    let dir = HostDir::open_ambient(place.path().join(INSIDE), ambient_authority());
    let (stdout, output) = Pipe::new(OUTPUT);
    let stdout: Arc<dyn Stream> = Arc::new(stdout);
    let interrupt = Interrupt::new();
    let context = host
        .name
        .context()
        .args([guest.name])
        .stdout(stdout)
        .preopen("/", Arc::new(dir.map_err(no_place)?), Access::ReadWrite)
        .interrupt(interrupt.clone());
    let functions = match guest.child {
        None => Vec::new(),
        // It holds no more than its context does, of which it passes nothing on but its output.
        Some(child) => {
            let child = module::compile(path, child.as_ref(), &*host.engine)?;
            Family::builder().module(child).build().functions()
        }
    };
    let node = Node {
        ctx: context.build().map_err(Failure::set_up)?,
        functions,
        limits: Limits::default(),
    };

    let ended = thread::run(Some((LIMIT, interrupt)), move || {
        entry.enter(&*module, node)
    })?;
    Ok(Seen {
        stdout: String::from_utf8_lossy(&output.drain()).into_owned(),
        ending: match ended {
            Ok(_) => Ending::Exit(0),
            Err(InstantiateError::Stop(Stop::Exit(code))) => Ending::Exit(code),
            Err(InstantiateError::Stop(Stop::Trap(trap))) => {
                Ending::Otherwise(one_line(&format!("trap: {trap}")))
            }
            Err(refused) => Ending::Otherwise(refused.to_string()),
        },
    })
}

/// Where the guest's directory lies in its place. What lies beside it is out of its reach.
const INSIDE: &str = "inside";

/// A fresh directory with the guest's own in it, and a file beside that.
fn place(guest: &TourGuest) -> io::Result<TempDir> {
    let place = tempfile::tempdir()?;
    fs::write(place.path().join("outside.txt"), "out of reach\n")?;
    let inside = place.path().join(INSIDE);
    fs::create_dir(&inside)?;
    for name in guest.finds {
        match name.strip_suffix('/') {
            Some(dir) => fs::create_dir(inside.join(dir))?,
            None => fs::write(inside.join(name), name)?,
        }
    }
    Ok(place)
}

fn no_place(error: io::Error) -> Failure {
    Failure::set_up(format_args!(
        "there is no room for a temporary directory: {error}"
    ))
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in self.stdout.lines() {
            writeln!(f, "    | {line}")?;
        }
        match &self.ending {
            Ending::Exit(code) => write!(f, "    exit code {code}"),
            Ending::Otherwise(why) => write!(f, "    {why}"),
        }
    }
}

fn say(out: &mut dyn Write, line: fmt::Arguments<'_>) -> Result<(), Failure> {
    writeln!(out, "{line}").map_err(|error| Failure::output(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guest() -> TourGuest {
        TourGuest {
            name: "wrong",
            about: "does something else",
            source: r#"(module (memory (export "memory") 1) (func (export "_start") unreachable))"#,
            child: None,
            finds: &["a/", "b"],
            stdout: "hello\n",
            exit: 0,
        }
    }

    #[test]
    fn show_other_than_expected_told() {
        for name in EngineName::all() {
            let host = Host::new(*name).unwrap();
            let mut out = Vec::new();
            assert_eq!(show(&mut out, &guest(), &host), Ok(false));
            let told = String::from_utf8(out).unwrap();
            assert!(told.contains("\n    trap: "), "{told}");
            let expected = "NOT AS EXPECTED, which was:\n    | hello\n    exit code 0\n";
            assert!(told.ends_with(expected), "{told}");
        }
    }

    #[test]
    fn place_holds_what_the_guest_finds() {
        let place = place(&guest()).unwrap();
        let inside = place.path().join(INSIDE);
        assert!(inside.join("a").is_dir() && inside.join("b").is_file());
        assert!(place.path().join("outside.txt").is_file());
    }
}
