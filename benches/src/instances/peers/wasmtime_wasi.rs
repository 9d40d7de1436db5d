//! wasmtime-wasi 48. Whether it may block the thread makes no difference here.

use crate::Failure;
use crate::calls::fixture::{ARGS, ENV};
use crate::instances::{Given, Maker, Memory};
use std::any::Any;
use wasmtime::{Instance, InstancePre, Linker, Module, Store};
use wasmtime_wasi::p1::{WasiP1Ctx, add_to_linker_sync};
use wasmtime_wasi::{FsPerms, WasiCtxBuilder};

struct WasmtimeWasi {
    memory: Memory,
    linked: InstancePre<WasiP1Ctx>,
}

pub(super) fn makers(guest: &[u8]) -> Result<Vec<Box<dyn Maker>>, Failure> {
    let [on_demand, pooled] =
        [Memory::OnDemand, Memory::Pooled].map(|memory| WasmtimeWasi::new(guest, memory));
    Ok(vec![Box::new(on_demand?), Box::new(pooled?)])
}

fn context(given: Given) -> Result<WasiP1Ctx, Failure> {
    let mut context = WasiCtxBuilder::new();
    if given == Given::Typical {
        context.args(&ARGS).envs(&ENV);
        context.preopened_dir("/", "/", FsPerms::ReadWrite)?;
    }
    Ok(context.build_p1())
}

impl WasmtimeWasi {
    fn new(guest: &[u8], memory: Memory) -> Result<Self, Failure> {
        let engine = memory.wasmtime()?;
        let mut linker = Linker::new(&engine);
        add_to_linker_sync(&mut linker, |ctx: &mut WasiP1Ctx| ctx)?;
        let linked = linker.instantiate_pre(&Module::new(&engine, guest)?)?;
        Ok(Self { memory, linked })
    }

    fn made(&self, given: Given) -> Result<(Store<WasiP1Ctx>, Instance), Failure> {
        let mut store = Store::new(self.linked.module().engine(), context(given)?);
        let instance = self.linked.instantiate(&mut store)?;
        Ok((store, instance))
    }
}

impl Maker for WasmtimeWasi {
    fn name(&self) -> String {
        format!("wasmtime-wasi 48 {}", self.memory.name())
    }

    fn context(&self, given: Given) -> Result<Box<dyn Any>, Failure> {
        Ok(Box::new(context(given)?))
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
