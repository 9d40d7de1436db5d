//! wasmtime-wasi 48, as it is built and where blocking the thread is allowed.

use crate::Failure;
use crate::calls::fixture::{ARGS, ENV, Fixture};
use crate::calls::guest;
use crate::calls::op::Op;
use crate::calls::participants::{Participant, succeeded};
use wasmtime::{Engine, Instance, Linker, Module, Store};
use wasmtime_wasi::p1::{WasiP1Ctx, add_to_linker_sync};
use wasmtime_wasi::p2::pipe::{MemoryInputPipe, MemoryOutputPipe};
use wasmtime_wasi::{FsPerms, WasiCtxBuilder};

/// Bytes that go through each pipe in all: it can be neither filled again nor emptied.
const MOST_PIPED: usize = 64 << 20;

struct WasmtimeWasi {
    may_block: bool,
    store: Store<WasiP1Ctx>,
    instance: Instance,
}

pub(super) fn participant(
    fixture: &Fixture,
    may_block: bool,
) -> Result<Box<dyn Participant>, Failure> {
    let engine = Engine::default();
    let module = Module::from_binary(&engine, &wat::parse_str(guest::module())?)?;
    let mut linker = Linker::new(&engine);
    add_to_linker_sync(&mut linker, |ctx: &mut WasiP1Ctx| ctx)?;
    let mut context = WasiCtxBuilder::new();
    context
        .allow_blocking_current_thread(may_block)
        .args(&ARGS)
        .envs(&ENV);
    context.preopened_dir(fixture.directory()?, "/", FsPerms::ReadWrite)?;
    context.preopened_dir(fixture.shared(), "/shared", FsPerms::ReadOnly)?;
    context.stdin(MemoryInputPipe::new(vec![7; MOST_PIPED]));
    context.stderr(MemoryOutputPipe::new(MOST_PIPED));
    let mut store = Store::new(&engine, context.build_p1());
    let instance = linker.instantiate(&mut store, &module)?;
    let mut ready = WasmtimeWasi {
        may_block,
        store,
        instance,
    };
    ready.run(guest::SET_UP, 1)?;
    Ok(Box::new(ready))
}

impl Participant for WasmtimeWasi {
    fn name(&self) -> &str {
        match self.may_block {
            true => "wasmtime-wasi 48, blocking",
            false => "wasmtime-wasi 48",
        }
    }

    fn lacks(&self, op: &Op) -> Option<&'static str> {
        super::lacks(op)
    }

    fn run(&mut self, export: &str, times: u32) -> Result<(), Failure> {
        let store = &mut self.store;
        let run = self
            .instance
            .get_typed_func::<u32, i32>(&mut *store, export)?;
        succeeded(export, run.call(store, times)?)
    }
}
