//! Turnkey, on each engine and backend.

mod served;

use super::{Op, PIPE_BYTES, Participant, succeeded};
use crate::Failure;
use crate::calls::fixture::{ARGS, ENV, Fixture};
use crate::calls::guest;
use std::io::IoSliceMut;
use std::path::Path;
use std::sync::Arc;
use turnkey_cap_backends::{HostDir, ambient_authority};
use turnkey_snapshots::engine::{Engine, EngineOptions, Instance, Limits, Module, Node, Value};
use turnkey_virt::fs::{Adopted, MemoryFs, Space};
use turnkey_wasi_common::Stream;
use turnkey_wasi_common::{Access, Builder, Dir, Errno, Filter, Pipe, PipeReader, PipeWriter};
use turnkey_wasmi::WasmiEngine;
use turnkey_wasmtime::WasmtimeEngine;

/// Turnkey on one engine, over one backend.
struct Turnkey {
    name: String,
    instance: Box<dyn Instance>,
    /// What it reads comes from here.
    input: PipeWriter,
    /// What it writes comes out here.
    output: PipeReader,
}

/// What stands behind the guest's calls.
#[derive(Debug, Clone, Copy)]
enum Backend {
    Host,
    Memory,
    Overlay,
    Filtered,
}

impl Backend {
    const ALL: [Self; 4] = [Self::Host, Self::Memory, Self::Overlay, Self::Filtered];

    fn name(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Memory => "memory",
            Self::Overlay => "overlay",
            Self::Filtered => "host, filtered",
        }
    }

    /// A directory of the host's as this one has it.
    fn dir(self, root: &Path) -> Result<Arc<dyn Dir>, Failure> {
        let host: Arc<dyn Dir> = Arc::new(HostDir::open_ambient(root, ambient_authority())?);
        // There is room for a copy of 256 MiB.
        let memory = MemoryFs::builder().space(Space::new(1 << 30, 1 << 20));
        Ok(match self {
            Self::Host | Self::Filtered => host,
            Self::Overlay => memory.over(Arc::new(Adopted::new(host))).build().root(),
            Self::Memory => {
                let fs = memory.build();
                copy(root, "", &fs)?;
                fs.root()
            }
        })
    }
}

/// Copies a directory of the host's.
fn copy(from: &Path, to: &str, fs: &MemoryFs) -> Result<(), Failure> {
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let name = entry.file_name();
        let to = format!("{to}{}", name.to_string_lossy());
        if entry.file_type()?.is_dir() {
            fs.clone().dir(&to)?;
            copy(&entry.path(), &format!("{to}/"), fs)?;
        } else {
            fs.write(&to, &std::fs::read(entry.path())?)?;
        }
    }
    Ok(())
}

/// Lets everything pass.
struct Pass;

impl Filter for Pass {}

/// What a guest is made with: its own directory, and the shared one.
fn context(own: Arc<dyn Dir>, shared: Arc<dyn Dir>) -> Builder {
    turnkey_cap_backends::builder()
        .args(ARGS)
        .envs(ENV)
        .preopen("/", own, Access::ReadWrite)
        .preopen("/shared", shared, Access::ReadOnly)
}

fn engines(options: EngineOptions) -> Result<[Box<dyn Engine>; 2], Failure> {
    Ok([
        Box::new(WasmtimeEngine::new(options)?),
        Box::new(WasmiEngine::new(options)),
    ])
}

pub(super) fn all(fixture: &Fixture) -> Result<Vec<Box<dyn Participant>>, Failure> {
    let mut shared = Vec::new();
    for backend in Backend::ALL {
        shared.push((backend, backend.dir(&fixture.shared())?));
    }
    let wasm = wat::parse_str(guest::module())?;
    let mut all: Vec<Box<dyn Participant>> = Vec::new();
    // Children can always be interrupted.
    let interruptible = EngineOptions {
        interruptible: true,
        ..EngineOptions::default()
    };
    let engines = engines(EngineOptions::default())?.into_iter();
    for (engine, of_families) in engines.zip(self::engines(interruptible)?) {
        let module = engine.compile(&wasm)?;
        for (backend, shared) in &shared {
            let mut context = context(backend.dir(&fixture.directory()?)?, Arc::clone(shared));
            if matches!(backend, Backend::Filtered) {
                context = context.filter(Arc::new(Pass));
            }
            let name = format!("turnkey, {}, {}", engine.name(), backend.name());
            all.push(Box::new(ready(&*module, context, name)?));
        }
        all.push(Box::new(served::ready(&*of_families, &wasm, fixture)?));
    }
    Ok(all)
}

/// One on wasmtime, over the host.
pub(crate) fn on_wasmtime(fixture: &Fixture) -> Result<Box<dyn Participant>, Failure> {
    let engine = WasmtimeEngine::new(EngineOptions::default())?;
    let module = engine.compile(&wat::parse_str(guest::module())?)?;
    let own = Backend::Host.dir(&fixture.directory()?)?;
    let context = context(own, Backend::Host.dir(&fixture.shared())?);
    Ok(Box::new(ready(&*module, context, "wasmtime".to_owned())?))
}

/// An instance that has opened what it acts on.
fn ready(module: &dyn Module, context: Builder, name: String) -> Result<Turnkey, Failure> {
    let (input, stdin) = Pipe::new(usize::MAX);
    let (stderr, output) = Pipe::new(usize::MAX);
    let context = context.stdin(Arc::new(stdin)).stderr(Arc::new(stderr));
    let instance = module.instantiate(Node {
        ctx: context.build()?,
        functions: Vec::new(),
        limits: Limits::default(),
    })?;
    let mut ready = Turnkey {
        name,
        instance,
        input,
        output,
    };
    ready.run(guest::SET_UP, 1)?;
    Ok(ready)
}

impl Participant for Turnkey {
    fn name(&self) -> &str {
        &self.name
    }

    fn prepare(&mut self, op: &Op, times: u32) -> Result<(), Failure> {
        match op.export {
            "pipe_read" => {
                let bytes = vec![7; PIPE_BYTES * usize::try_from(times)?];
                self.input.send(&bytes)?;
            }
            // It keeps the room that it has for them.
            "pipe_write" => {
                let mut bytes = vec![0; 1 << 16];
                loop {
                    match self.output.read(&mut [IoSliceMut::new(&mut bytes)]) {
                        Err(error) if error.errno() == Errno::Again => break,
                        read => read.map(drop)?,
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn run(&mut self, export: &str, times: u32) -> Result<(), Failure> {
        let handler = self.instance.export(export).ok_or(export)?;
        let mut answer = [Value::I32(0)];
        self.instance
            .call(handler, &[Value::from(times)], &mut answer)?;
        let [answer] = answer;
        succeeded(export, answer.as_u32().map_or(-1, |errno| errno as i32))
    }
}
