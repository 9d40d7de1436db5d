//! wasmi_wasi 2, which uses wasi-common 36.

use crate::Failure;
use crate::calls::fixture::{ARGS, ENV};
use crate::instances::{Given, Maker};
use std::any::Any;
use wasmi::{Engine, Instance, Linker, Module, Store};
use wasmi_wasi::wasi_common::sync::{Dir, WasiCtxBuilder, ambient_authority};
use wasmi_wasi::{WasiCtx, add_to_linker};

struct WasmiWasi {
    module: Module,
    linker: Linker<WasiCtx>,
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

pub(super) fn maker(guest: &[u8]) -> Result<Box<dyn Maker>, Failure> {
    let engine = Engine::default();
    let mut linker = Linker::new(&engine);
    add_to_linker(&mut linker, |ctx: &mut WasiCtx| ctx)?;
    let module = Module::new(&engine, guest)?;
    Ok(Box::new(WasmiWasi { module, linker }))
}

impl WasmiWasi {
    fn made(&self, given: Given) -> Result<(Store<WasiCtx>, Instance), Failure> {
        let mut store = Store::new(self.module.engine(), context(given)?);
        let linker = &self.linker;
        let instance = linker.instantiate_and_start(&mut store, &self.module)?;
        Ok((store, instance))
    }
}

impl Maker for WasmiWasi {
    fn name(&self) -> String {
        "wasmi_wasi 2".to_owned()
    }

    fn context(&self, given: Given) -> Result<Box<dyn Any>, Failure> {
        Ok(Box::new(context(given)?))
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
