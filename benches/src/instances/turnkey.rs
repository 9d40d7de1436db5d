//! Turnkey, on both engines.

use super::{Given, Maker, Memory};
use crate::Failure;
use crate::calls::fixture::{ARGS, ENV};
use std::any::Any;
use std::path::Path;
use std::sync::Arc;
use turnkey_cap_backends::{HostDir, ambient_authority};
use turnkey_wasi_common::{Access, Dir, WasiCtx};

/// One directory of the host's for all contexts.
struct Contexts {
    dir: Arc<dyn Dir>,
}

impl Contexts {
    fn new() -> Result<Self, Failure> {
        let dir = HostDir::open_ambient(Path::new("/"), ambient_authority())?;
        Ok(Self { dir: Arc::new(dir) })
    }

    fn one(&self, given: Given) -> Result<WasiCtx, Failure> {
        let context = turnkey_cap_backends::builder();
        let context = match given {
            Given::Bare => context,
            Given::Typical => {
                let context = context.args(ARGS).envs(ENV);
                context.preopen("/", Arc::clone(&self.dir), Access::ReadOnly)
            }
        };
        Ok(context.build()?)
    }
}

pub(super) fn makers(guest: &[u8]) -> Result<Vec<Box<dyn Maker>>, Failure> {
    Ok(vec![
        Box::new(OnWasmtime::new(guest, Memory::OnDemand)?),
        Box::new(OnWasmtime::new(guest, Memory::Pooled)?),
        Box::new(OnWasmi::new(guest)?),
    ])
}

type Store = wasmtime::Store<turnkey_wasmtime::Wasi>;

struct OnWasmtime {
    memory: Memory,
    contexts: Contexts,
    program: turnkey_wasmtime::Program<turnkey_wasmtime::Wasi>,
}

impl OnWasmtime {
    fn new(guest: &[u8], memory: Memory) -> Result<Self, Failure> {
        let engine = memory.wasmtime()?;
        let module = wasmtime::Module::new(&engine, guest)?;
        let linker = wasmtime::Linker::new(&engine);
        Ok(Self {
            memory,
            contexts: Contexts::new()?,
            program: turnkey_wasmtime::Program::new(&linker, &module, |wasi| wasi)?,
        })
    }

    fn made(&self, given: Given) -> Result<(Store, wasmtime::Instance), Failure> {
        let wasi = turnkey_wasmtime::Wasi::from(self.contexts.one(given)?);
        let mut store = wasmtime::Store::new(self.program.module().engine(), wasi);
        let instance = self.program.instantiate(&mut store)?;
        Ok((store, instance))
    }
}

impl Maker for OnWasmtime {
    fn name(&self) -> String {
        format!("turnkey, wasmtime {}", self.memory.name())
    }

    fn context(&self, given: Given) -> Result<Box<dyn Any>, Failure> {
        Ok(Box::new(self.contexts.one(given)?))
    }

    fn instance(&self, given: Given) -> Result<Box<dyn Any>, Failure> {
        Ok(Box::new(self.made(given)?))
    }

    fn start(&self, given: Given) -> Result<(), Failure> {
        let (mut store, instance) = self.made(given)?;
        let start = instance.get_typed_func::<(), ()>(&mut store, "_start")?;
        Ok(start.call(&mut store, ())?)
    }
}

struct OnWasmi {
    contexts: Contexts,
    program: turnkey_wasmi::Program<turnkey_wasmi::Wasi>,
}

impl OnWasmi {
    fn new(guest: &[u8]) -> Result<Self, Failure> {
        let engine = wasmi::Engine::default();
        let module = wasmi::Module::new(&engine, guest)?;
        let linker = wasmi::Linker::new(&engine);
        Ok(Self {
            contexts: Contexts::new()?,
            program: turnkey_wasmi::Program::new(&linker, &module, |wasi| wasi)?,
        })
    }

    fn made(
        &self,
        given: Given,
    ) -> Result<(wasmi::Store<turnkey_wasmi::Wasi>, wasmi::Instance), Failure> {
        let wasi = turnkey_wasmi::Wasi::from(self.contexts.one(given)?);
        let mut store = wasmi::Store::new(self.program.module().engine(), wasi);
        let instance = self.program.instantiate(&mut store)?;
        Ok((store, instance))
    }
}

impl Maker for OnWasmi {
    fn name(&self) -> String {
        "turnkey, wasmi".to_owned()
    }

    fn context(&self, given: Given) -> Result<Box<dyn Any>, Failure> {
        Ok(Box::new(self.contexts.one(given)?))
    }

    fn instance(&self, given: Given) -> Result<Box<dyn Any>, Failure> {
        Ok(Box::new(self.made(given)?))
    }

    fn start(&self, given: Given) -> Result<(), Failure> {
        let (mut store, instance) = self.made(given)?;
        let start = instance.get_typed_func::<(), ()>(&store, "_start")?;
        Ok(start.call(&mut store, ())?)
    }
}
