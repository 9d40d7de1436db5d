//! Guests that are ready to be called.

use super::guests::{How, Op, child, parent};
use crate::Failure;
use crate::clocks::Stopped;
use std::sync::Arc;
use turnkey_snapshots::engine::{Engine, Handler, Instance, Limits, Module, Node, Value};
use turnkey_virt::nanoprocess::{ChildLimits, Family};
use turnkey_wasi_common::{Interrupt, WasiCtx};

/// A guest, and its export `run`.
pub(super) struct Runner {
    instance: Box<dyn Instance>,
    run: Handler,
}

impl Runner {
    fn of(mut instance: Box<dyn Instance>) -> Result<Self, Failure> {
        let run = instance.export("run").ok_or("there is no `run`")?;
        Ok(Self { instance, run })
    }

    /// A child at the end that nobody is above.
    pub(super) fn direct(engine: &dyn Engine) -> Result<Self, Failure> {
        let module = compile(engine, &child())?;
        Self::of(module.instantiate(node(Vec::new())?)?)
    }

    /// A parent on one engine with so many levels beneath it, of which the last is on another.
    pub(super) fn tree(
        how: How,
        parents: &dyn Engine,
        last: &dyn Engine,
        levels: u32,
    ) -> Result<Self, Failure> {
        let module = compile(parents, &parent(how))?;
        let family = Family::builder()
            .clocks(Arc::new(Stopped))
            .limits(ChildLimits {
                memory_below: 1 << 30,
                files_below: 1 << 16,
                ..ChildLimits::PARENT
            })
            .module(Arc::clone(&module))
            .module(compile(last, &child())?)
            .build();
        let mut instance = module.instantiate(node(family.functions())?)?;
        let set_up = instance.export("set_up").ok_or("there is no `set_up`")?;
        let levels = Value::from(levels);
        instance.call(set_up, &[levels, Value::I32(0)], &mut [])?;
        Self::of(instance)
    }

    /// Has the child at the end carry an operation out so many times.
    pub(super) fn run(&mut self, op: Op, times: u32) -> Result<(), Failure> {
        let args = [Value::I32(op.number()), times.into()];
        Ok(self.instance.call(self.run, &args, &mut [])?)
    }
}

pub(super) fn compile(engine: &dyn Engine, wat: &str) -> Result<Arc<dyn Module>, Failure> {
    Ok(engine.compile(&wat::parse_str(wat)?)?.into())
}

/// What a guest is made with, under the limits that children have.
pub(super) fn node(
    functions: Vec<turnkey_snapshots::engine::HostFunction>,
) -> Result<Node, Failure> {
    Ok(Node {
        ctx: WasiCtx::builder()
            .clocks(Arc::new(Stopped))
            .interrupt(Interrupt::new())
            .build()?,
        functions,
        limits: Limits {
            fuel: Some(1 << 62),
            memory: Some(1 << 30),
        },
    })
}
