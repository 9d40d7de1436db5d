//! One guest of the tour on one engine.

use super::place::Place;
use crate::engine::EngineName;
use crate::entry::Entry;
use crate::failure::{Failure, one_line};
use crate::{module, thread};
use std::fmt;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use turnkey_cap_backends::{HostClocks, HostWait, ambient_authority};
use turnkey_conformance::runner::Backend;
use turnkey_conformance::tour::{Parts, TourGuest};
use turnkey_snapshots::engine::{Engine, InstantiateError, Limits, Module, Node};
use turnkey_virt::clocks::{FrozenClocks, Moment, VirtualTime};
use turnkey_virt::nanoprocess::Family;
use turnkey_virt::random::SeededRandom;
use turnkey_virt::{Audit, Recorder, Replay};
use turnkey_wasi_common::{Access, Builder, Dir, Interrupt, Pipe, Stop, Stream, WasiCtx};

/// No guest of the tour takes nearly as long. One that hangs is a difference, and the tour goes
/// on.
const LIMIT: Duration = Duration::from_secs(60);

/// Room for all that a guest of the tour writes, in bytes.
const OUTPUT: usize = 64 << 10;

/// 2019-11-12T00:00:00Z, in nanoseconds since 1970.
const FROZEN: u64 = 1_573_516_800_000_000_000;

const SEED: u64 = 7;

/// What a guest did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) stdout: String,
    pub(super) ending: Ending,
    /// What its host tells of it besides, a line each.
    pub(super) told: Vec<String>,
}

/// How a guest ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ending {
    Exit(u32),
    /// It trapped, or did not begin.
    Otherwise(String),
}

impl Seen {
    /// What is expected of a guest.
    pub(super) fn expected(guest: &TourGuest) -> Self {
        let told = match guest.parts {
            Parts::Host | Parts::Fixed | Parts::VirtualTime | Parts::Archive => &[][..],
            Parts::Overlay => &["on the host, the directory is as it was"],
            Parts::Audit => &[
                "audit: call 1, path_open ../outside.txt: perm",
                "audit: call 6, path_open /etc/passwd: perm",
            ],
            Parts::Record => &["replayed without any host: the same calls, the same bytes"],
        };
        Self {
            stdout: guest.stdout.to_owned(),
            ending: Ending::Exit(guest.exit),
            told: told.iter().map(|line| (*line).to_owned()).collect(),
        }
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in self.stdout.lines() {
            writeln!(f, "  | {line}")?;
        }
        for line in &self.told {
            writeln!(f, "  {line}")?;
        }
        match &self.ending {
            Ending::Exit(code) => write!(f, "  exit code {code}"),
            Ending::Otherwise(why) => write!(f, "  {why}"),
        }
    }
}

/// Compiles a guest and runs it to its end.
pub(super) fn visit(
    guest: &TourGuest,
    name: EngineName,
    engine: &dyn Engine,
) -> Result<Seen, Failure> {
    let place = Place::new(guest)?;
    let visit = Visit {
        guest,
        name,
        engine,
        module: module::compile(Path::new(guest.name), guest.source.as_ref(), engine)?.into(),
    };
    match guest.parts {
        Parts::Host => visit.run(visit.context().preopen("/", place.dir()?, WRITE)),
        Parts::Overlay => {
            let before = place.contents()?;
            let mut seen = visit.run(visit.over(Backend::Overlay, &place)?)?;
            let again = visit.run(visit.over(Backend::Overlay, &place)?)?;
            seen.stdout.push_str(&again.stdout);
            seen.told.push(match place.contents()? == before {
                true => "on the host, the directory is as it was".to_owned(),
                false => "on the host, the directory has CHANGED".to_owned(),
            });
            Ok(seen)
        }
        Parts::Fixed => {
            let clocks = FrozenClocks::at(Moment::new(FROZEN));
            let context = visit.context().clocks(Arc::new(clocks));
            visit.run(context.random(Arc::new(SeededRandom::new(SEED))))
        }
        Parts::VirtualTime => {
            let clocks = HostClocks::new(ambient_authority());
            let mut time = VirtualTime::new(Arc::new(clocks)).waiter(Arc::new(HostWait));
            if let Some(waiter) = name.async_waiter() {
                time = time.async_waiter(waiter);
            }
            visit.run(time.govern(visit.context()))
        }
        Parts::Archive => visit.run(visit.over(Backend::Archive, &place)?),
        Parts::Audit => {
            let audit = Arc::new(Audit::new(16));
            let context = visit.context().preopen("/", place.dir()?, WRITE);
            let mut seen = visit.run(context.filter(audit.clone()))?;
            for record in audit.records() {
                let path = record.strings.first().and_then(|(_, text)| text.as_deref());
                let errno = record.errno.map_or("ended", |errno| errno.name());
                seen.told.push(format!(
                    "audit: call {}, {} {}: {errno}",
                    record.call,
                    record.function.name,
                    path.unwrap_or_default()
                ));
            }
            Ok(seen)
        }
        Parts::Record => visit.recorded_and_replayed(&place),
    }
}

const WRITE: Access = Access::ReadWrite;

struct Visit<'a> {
    guest: &'a TourGuest,
    name: EngineName,
    engine: &'a dyn Engine,
    module: Arc<dyn Module>,
}

impl Visit<'_> {
    /// What each guest is given, whatever else.
    fn context(&self) -> Builder {
        self.name.context().args([self.guest.name])
    }

    /// The same with the guest's directory behind something else.
    fn over(&self, backend: Backend, place: &Place) -> Result<Builder, Failure> {
        let dir: Arc<dyn Dir> = backend.open(&place.inside()).map_err(Failure::set_up)?;
        Ok(self.context().preopen("/", dir, WRITE))
    }

    /// Runs the guest to its end.
    fn run(&self, context: Builder) -> Result<Seen, Failure> {
        let path = Path::new(self.guest.name);
        let entry = Entry::start(path, &self.module.exports())?;
        let (stdout, output) = Pipe::new(OUTPUT);
        let stdout: Arc<dyn Stream> = Arc::new(stdout);
        let interrupt = Interrupt::new();
        let context = context
            .stdout(Arc::clone(&stdout))
            .interrupt(interrupt.clone());
        let functions = match self.guest.child {
            None => Vec::new(),
            // It holds no more than its context does, of which it passes nothing on but its output.
            Some(child) => {
                let child = module::compile(path, child.as_ref(), self.engine)?;
                Family::builder().module(child).build().functions()
            }
        };
        let node = Node {
            ctx: context.build().map_err(Failure::set_up)?,
            functions,
            limits: Limits::default(),
        };
        let module = Arc::clone(&self.module);
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
            told: Vec::new(),
        })
    }

    /// Runs the guest and records it, then runs it again on the record alone.
    fn recorded_and_replayed(&self, place: &Place) -> Result<Seen, Failure> {
        let log = place.inside().with_file_name("log");
        let file = File::create(&log).map_err(Failure::set_up)?;
        let recorder = Arc::new(Recorder::new(file, self.guest.name).map_err(Failure::set_up)?);
        let context = self.context().preopen("/", place.dir()?, WRITE);
        let mut seen = self.run(context.filter(recorder.clone()))?;
        recorder.finish().map_err(Failure::set_up)?;

        let file = File::open(&log).map_err(Failure::set_up)?;
        let replay = Arc::new(Replay::open(file).map_err(Failure::set_up)?);
        let again = self.run(WasiCtx::builder().filter(replay.clone()))?;
        seen.told.push(match replay.finish() {
            Ok(()) if again.ending == seen.ending => {
                "replayed without any host: the same calls, the same bytes".to_owned()
            }
            Ok(()) => format!("replayed without any host: it ended OTHERWISE:\n{again}"),
            Err(divergence) => format!("replayed without any host: DIVERGED at {divergence}"),
        });
        Ok(seen)
    }
}
