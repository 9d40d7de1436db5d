//! Turnkey, on each engine and backend.

use super::{Op, Participant, succeeded};
use crate::Failure;
use crate::calls::fixture::{ARGS, ENV, Fixture};
use crate::calls::guest;
use std::path::Path;
use std::sync::Arc;
use turnkey_cap_backends::{HostDir, ambient_authority};
use turnkey_snapshots::engine::{Engine, EngineOptions, Instance, Limits, Module, Node, Value};
use turnkey_virt::fs::{Adopted, MemoryFs};
use turnkey_wasi_common::{Access, Dir, Filter, WasiCtx};
use turnkey_wasmi::WasmiEngine;
use turnkey_wasmtime::WasmtimeEngine;

/// Turnkey on one engine, over one backend.
struct Turnkey {
    name: String,
    instance: Box<dyn Instance>,
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

    fn dir(self, root: &Path) -> Result<Arc<dyn Dir>, Failure> {
        let host: Arc<dyn Dir> = Arc::new(HostDir::open_ambient(root, ambient_authority())?);
        Ok(match self {
            Self::Host | Self::Filtered => host,
            Self::Overlay => MemoryFs::builder()
                .over(Arc::new(Adopted::new(host)))
                .build()
                .root(),
            Self::Memory => {
                let fs = MemoryFs::new();
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

/// On wasmtime, over the host's files.
pub(in crate::calls) fn plain(fixture: &Fixture) -> Result<Box<dyn Participant>, Failure> {
    let engine = WasmtimeEngine::new(EngineOptions::default())?;
    let module = engine.compile(&wat::parse_str(guest::module())?)?;
    Ok(Box::new(Turnkey::new(
        &engine,
        &*module,
        Backend::Host,
        fixture,
    )?))
}

pub(super) fn all(fixture: &Fixture) -> Result<Vec<Box<dyn Participant>>, Failure> {
    let options = EngineOptions::default();
    let engines: [Box<dyn Engine>; 2] = [
        Box::new(WasmtimeEngine::new(options)?),
        Box::new(WasmiEngine::new(options)),
    ];
    let mut all: Vec<Box<dyn Participant>> = Vec::new();
    for engine in &engines {
        let module = engine.compile(&wat::parse_str(guest::module())?)?;
        for backend in Backend::ALL {
            all.push(Box::new(Turnkey::new(
                &**engine, &*module, backend, fixture,
            )?));
        }
    }
    Ok(all)
}

impl Turnkey {
    fn new(
        engine: &dyn Engine,
        module: &dyn Module,
        backend: Backend,
        fixture: &Fixture,
    ) -> Result<Self, Failure> {
        let mut context = turnkey_cap_backends::builder()
            .args(ARGS)
            .envs(ENV)
            .preopen("/", backend.dir(&fixture.directory()?)?, Access::ReadWrite);
        if matches!(backend, Backend::Filtered) {
            context = context.filter(Arc::new(Pass));
        }
        let name = format!("turnkey, {}, {}", engine.name(), backend.name());
        Ok(Self {
            instance: ready(module, context.build()?, &name)?,
            name,
        })
    }
}

/// An instance that has opened what it acts on.
fn ready(module: &dyn Module, ctx: WasiCtx, name: &str) -> Result<Box<dyn Instance>, Failure> {
    let mut instance = module.instantiate(Node {
        ctx,
        functions: Vec::new(),
        limits: Limits::default(),
    })?;
    let set_up = instance.export("set_up").ok_or("there is no `set_up`")?;
    let mut answer = [Value::I32(0)];
    instance.call(set_up, &[], &mut answer)?;
    match answer {
        [Value::I32(0)] => Ok(instance),
        other => Err(format!("{name}: setting up answered {other:?}").into()),
    }
}

impl Participant for Turnkey {
    fn name(&self) -> &str {
        &self.name
    }

    fn run(&mut self, op: &Op, times: u32) -> Result<(), Failure> {
        let export = self.instance.export(op.export).ok_or(op.export)?;
        let mut answer = [Value::I32(0)];
        self.instance
            .call(export, &[Value::from(times)], &mut answer)?;
        let [answer] = answer;
        succeeded(op, answer.as_u32().map_or(-1, |errno| errno as i32))
    }
}
