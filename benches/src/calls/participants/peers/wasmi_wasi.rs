//! wasmi_wasi 2, which uses wasi-common 36.

use super::pipes::Pipes;
use crate::Failure;
use crate::calls::fixture::{ARGS, ENV, Fixture};
use crate::calls::guest;
use crate::calls::op::Op;
use crate::calls::participants::{Participant, succeeded};
use std::sync::Arc;
use wasmi::{Engine, Instance, Linker, Module, Store};
use wasmi_wasi::wasi_common::pipe::{ReadPipe, WritePipe};
use wasmi_wasi::wasi_common::sync::{Dir, WasiCtxBuilder, ambient_authority};
use wasmi_wasi::{WasiCtx, add_to_linker};

struct WasmiWasi {
    store: Store<WasiCtx>,
    instance: Instance,
    pipes: Pipes,
}

pub(super) fn participant(fixture: &Fixture) -> Result<Box<dyn Participant>, Failure> {
    let engine = Engine::default();
    let module = Module::new(&engine, wat::parse_str(guest::module())?)?;
    let mut linker = Linker::new(&engine);
    add_to_linker(&mut linker, |ctx: &mut WasiCtx| ctx)?;
    let mut context = WasiCtxBuilder::new();
    for arg in ARGS {
        context.arg(arg)?;
    }
    for (name, value) in ENV {
        context.env(name, value)?;
    }
    let open = |path| Dir::open_ambient_dir(path, ambient_authority());
    context.preopened_dir(open(fixture.directory()?)?, "/")?;
    context.preopened_dir(open(fixture.shared())?, "/shared")?;
    let pipes = Pipes::default();
    context.stdin(Box::new(ReadPipe::from_shared(Arc::clone(&pipes.input))));
    context.stderr(Box::new(WritePipe::from_shared(Arc::clone(&pipes.output))));
    let mut store = Store::new(&engine, context.build());
    let instance = linker.instantiate_and_start(&mut store, &module)?;
    let mut ready = WasmiWasi {
        store,
        instance,
        pipes,
    };
    ready.run(guest::SET_UP, 1)?;
    Ok(Box::new(ready))
}

impl Participant for WasmiWasi {
    fn name(&self) -> &str {
        "wasmi_wasi 2"
    }

    fn lacks(&self, op: &Op) -> Option<&'static str> {
        super::lacks(op)
    }

    fn prepare(&mut self, op: &Op, times: u32) -> Result<(), Failure> {
        self.pipes.prepare(op, times)
    }

    fn run(&mut self, export: &str, times: u32) -> Result<(), Failure> {
        let run = self
            .instance
            .get_typed_func::<u32, i32>(&self.store, export)?;
        succeeded(export, run.call(&mut self.store, times)?)
    }
}
