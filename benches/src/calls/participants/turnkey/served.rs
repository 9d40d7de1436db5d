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
use std::io::IoSlice;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Waker;
use turnkey_snapshots::engine::{Engine, Limits, Module, Node};
use turnkey_virt::nanoprocess::Family;
use turnkey_wasi_common::{Interest, Pipe, PipeWriter, Pollable, Ready, Result, Stop, Stream};

/// The parent of the conformance tests.
const PARENT: &[u8] = include_bytes!("../../../../../conformance/guests/parents/serve.wasm");

struct Served {
    name: String,
    commands: PipeWriter,
    answers: Receiver<[u8; 4]>,
    exports: Vec<String>,
}

/// Where the child writes its answers.
struct Answers(Mutex<Sender<[u8; 4]>>);

impl Pollable for Answers {
    fn readiness(&self, _interest: Interest) -> Result<Option<Ready>> {
        Ok(Some(Ready::default()))
    }

    fn subscribe(&self, _interest: Interest, _waker: &Waker) {}

    fn unsubscribe(&self, _waker: &Waker) {}
}

impl Stream for Answers {
    fn write(&self, buffers: &[IoSlice<'_>]) -> Result<usize> {
        let bytes: Vec<u8> = buffers.iter().flat_map(|buffer| buffer.to_vec()).collect();
        if let Ok(answer) = <[u8; 4]>::try_from(&*bytes) {
            let sender = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            // Whoever asked may be gone.
            let _ = sender.send(answer);
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
    let (commands, stdin) = Pipe::new(64);
    let (sender, answers) = channel();
    let own = Backend::Host.dir(&fixture.directory()?)?;
    let shared = Backend::Host.dir(&fixture.shared())?;
    let ctx = context(own, shared)
        .stdin(Arc::new(stdin))
        .stderr(Arc::new(Answers(Mutex::new(sender))))
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
        let place = self.exports.iter().position(|one| one == export);
        let place = u32::try_from(place.ok_or("there is no such export")?)?;
        let command = [place.to_le_bytes(), times.to_le_bytes()].concat();
        self.commands.send(&command)?;
        let answer = self.answers.recv();
        let answer = answer.map_err(|_| format!("{} ended", self.name))?;
        succeeded(export, i32::from_le_bytes(answer))
    }
}
