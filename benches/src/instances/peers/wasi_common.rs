//! wasi-common 46 on wasmtime 46.

use crate::Failure;
use crate::calls::fixture::{ARGS, ENV};
use crate::instances::{Given, Maker, Memory, POOLED};
use std::any::Any;
use wasi_common::WasiCtx;
use wasi_common::sync::{Dir, WasiCtxBuilder, add_to_linker, ambient_authority};
use wasmtime46::{
    Config, Engine, Instance, InstanceAllocationStrategy, InstancePre, Linker, Module,
    PoolingAllocationConfig, Store,
};

struct WasiCommon {
    memory: Memory,
    linked: InstancePre<WasiCtx>,
}

pub(super) fn makers(guest: &[u8]) -> Result<Vec<Box<dyn Maker>>, Failure> {
    let [on_demand, pooled] =
        [Memory::OnDemand, Memory::Pooled].map(|memory| WasiCommon::new(guest, memory));
    Ok(vec![Box::new(on_demand?), Box::new(pooled?)])
}

fn context(given: Given) -> Result<WasiCtx, Failure> {
    let mut context = WasiCtxBuilder::new();
    if given == Given::Typical {
        for arg in ARGS {
            context.arg(arg)?;
        }
        for (name, value) in ENV {
            context.env(name, value)?;
        }
        let dir = Dir::open_ambient_dir("/", ambient_authority())?;
        context.preopened_dir(dir, "/")?;
    }
    Ok(context.build())
}

impl WasiCommon {
    fn new(guest: &[u8], memory: Memory) -> Result<Self, Failure> {
        let mut config = Config::new();
        if memory == Memory::Pooled {
            let mut pool = PoolingAllocationConfig::new();
            pool.total_core_instances(POOLED)
                .total_memories(POOLED)
                .total_tables(POOLED);
            config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
        }
        let engine = Engine::new(&config)?;
        let mut linker = Linker::new(&engine);
        add_to_linker(&mut linker, |ctx: &mut WasiCtx| ctx)?;
        let linked = linker.instantiate_pre(&Module::new(&engine, guest)?)?;
        Ok(Self { memory, linked })
    }

    fn made(&self, given: Given) -> Result<(Store<WasiCtx>, Instance), Failure> {
        let mut store = Store::new(self.linked.module().engine(), context(given)?);
        let instance = self.linked.instantiate(&mut store)?;
        Ok((store, instance))
    }
}

impl Maker for WasiCommon {
    fn name(&self) -> String {
        format!("wasi-common 46, wasmtime 46 {}", self.memory.name())
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
