//! Turnkey, with files, clocks and randomness that a wasm parent serves by its own.
//!
//! The parent runs its child until that one ends, so both are on a thread of their own: what the child
//! is to do comes to it by standard input, and what became of it by standard error.

use super::{Backend, context};
use crate::Failure;
use crate::calls::fixture::Fixture;
use crate::calls::guest;
use crate::calls::op::Op;
use crate::calls::participants::{Participant, succeeded};
use crate::thread;
use std::io::{IoSlice, IoSliceMut};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Waker;
use std::time::{Duration, Instant};
use turnkey_snapshots::engine::{Engine, Limits, Module, Node};
use turnkey_virt::nanoprocess::Family;
use turnkey_wasi_common::{Interest, Pollable, Ready, Result, Stop, Stream};

/// The parent of the conformance tests.
const PARENT: &[u8] = include_bytes!("../../../../../conformance/guests/parents/serve.wasm");

struct Served {
    name: String,
    commands: Sender<[u32; 2]>,
    answers: Receiver<Answer>,
    exports: Vec<String>,
}

/// What the child answered, and how long it took from when it had read the command until it wrote
/// that: what it takes to reach its thread is not in it.
struct Answer {
    errno: i32,
    span: Duration,
}

/// Where the child reads its commands, and writes its answers.
struct Orders {
    commands: Mutex<Receiver<[u32; 2]>>,
    answers: Sender<Answer>,
    begun: Mutex<Instant>,
}

impl Pollable for Orders {
    fn readiness(&self, _interest: Interest) -> Result<Option<Ready>> {
        Ok(Some(Ready::default()))
    }

    fn subscribe(&self, _interest: Interest, _waker: &Waker) {}

    fn unsubscribe(&self, _waker: &Waker) {}
}

impl Stream for Orders {
    /// The next command, as soon as there is one: the thread is the child's alone.
    fn read(&self, buffers: &mut [IoSliceMut<'_>]) -> Result<usize> {
        let commands = self.commands.lock().unwrap_or_else(PoisonError::into_inner);
        let Ok(command) = commands.recv() else {
            return Ok(0);
        };
        let command = command.map(u32::to_le_bytes).concat();
        let mut left = &command[..];
        for buffer in buffers {
            let fitting = left.len().min(buffer.len());
            let (part, rest) = left.split_at(fitting);
            buffer[..fitting].copy_from_slice(part);
            left = rest;
        }
        *self.begun.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        Ok(command.len() - left.len())
    }

    fn write(&self, buffers: &[IoSlice<'_>]) -> Result<usize> {
        let begun = *self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        let span = begun.elapsed();
        let bytes: Vec<u8> = buffers.iter().flat_map(|buffer| buffer.to_vec()).collect();
        if let Ok(errno) = <[u8; 4]>::try_from(&*bytes) {
            let errno = i32::from_le_bytes(errno);
            // Whoever asked may be gone.
            let _ = self.answers.send(Answer { errno, span });
        } else {
            eprint!("{}", String::from_utf8_lossy(&bytes));
        }
        Ok(bytes.len())
    }
}

/// A child that has opened what it acts on.
pub(super) fn ready(
    engine: &dyn Engine,
    wasm: &[u8],
    fixture: &Fixture,
) -> std::result::Result<impl Participant + use<>, Failure> {
    let (commands, to_child) = channel();
    let (from_child, answers) = channel();
    let orders = Arc::new(Orders {
        commands: Mutex::new(to_child),
        answers: from_child,
        begun: Mutex::new(Instant::now()),
    });
    let own = Backend::Host.dir(&fixture.directory()?)?;
    let shared = Backend::Host.dir(&fixture.shared())?;
    let ctx = context(own, shared)
        .stdin(Arc::clone(&orders) as Arc<dyn Stream>)
        .stderr(orders)
        .build()?;
    let child: Arc<dyn Module> = engine.compile(wasm)?.into();
    let family = Family::builder().parent(&ctx).module(child).build();
    let parent = engine.compile(PARENT)?;
    let node = Node {
        ctx,
        functions: family.functions(),
        limits: Limits::default(),
    };
    // It ends with its input, and nobody waits for that.
    thread::begin(move || {
        let mut parent = parent.instantiate(node)?;
        let start = parent.export("_start").ok_or("there is no `_start`")?;
        match parent.call(start, &[], &mut []) {
            Ok(()) | Err(Stop::Exit(0)) => Ok(()),
            Err(stop) => {
                eprintln!("the parent ended: {stop}");
                Err(stop.into())
            }
        }
    })?;
    let mut served = Served {
        name: format!("turnkey, {}, served by a wasm parent", engine.name()),
        commands,
        answers,
        exports: guest::exports(),
    };
    served.run(guest::SET_UP, 1)?;
    Ok(served)
}

impl Participant for Served {
    fn name(&self) -> &str {
        &self.name
    }

    fn lacks(&self, op: &Op) -> Option<&'static str> {
        match op.export {
            "pipe_read" | "pipe_write" => Some("the parent serves no streams"),
            "readdir_100k" => Some("a listing that is served has at most 1 MiB"),
            _ => None,
        }
    }

    fn run(&mut self, export: &str, times: u32) -> std::result::Result<(), Failure> {
        self.time(export, times).map(drop)
    }

    fn time(&mut self, export: &str, times: u32) -> std::result::Result<Duration, Failure> {
        let place = self.exports.iter().position(|one| one == export);
        let place = u32::try_from(place.ok_or("there is no such export")?)?;
        let ended = || format!("{} ended", self.name);
        let sent = self.commands.send([place, times]);
        sent.map_err(|_| ended())?;
        let answer = self.answers.recv().map_err(|_| ended())?;
        succeeded(export, answer.errno)?;
        Ok(answer.span)
    }
}
