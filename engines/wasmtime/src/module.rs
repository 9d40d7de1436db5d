//! A compiled module, and how instances are made of it.

use crate::block_on::Entrance;
use crate::engine::{Limiter, State};
use crate::guest::{Entered, Running, callback};
use crate::stop::ended;
use crate::value::{of_func_type, to_extern_type, to_val, to_value};
use crate::{Program, Wasi};
use smallvec::SmallVec;
use std::sync::Arc;
use turnkey_snapshots::engine::{
    EngineOptions, Export, Handlers, HostFunction, Import, Instance, InstantiateError, Limits,
    MemoryUse, Module, Node, Refusal, Value,
};
use turnkey_wasi_common::{Stop, WasiCtx};
use wasmtime::{Caller, Linker, Result, Store, UpdateDeadline, Val};

/// Bytes of the stack on which wasmtime runs a guest that can be suspended, if its configuration says
/// nothing else.
const ASYNC_STACK: usize = 2 << 20;

/// A module that wasmtime has compiled.
pub(crate) struct WasmtimeModule {
    module: wasmtime::Module,
    options: EngineOptions,
    entrance: Entrance,
    imports: Vec<Import>,
    interface: Option<Box<[u8]>>,
    /// The module linked with WASI alone, unless it needs more.
    program: Option<Arc<Program<State>>>,
}

fn wasi(state: &mut State) -> &mut Wasi {
    &mut state.wasi
}

/// The module linked so that its instances can be entered in this way.
fn link(
    linker: &Linker<State>,
    module: &wasmtime::Module,
    entrance: &Entrance,
) -> Result<Program<State>> {
    match entrance {
        Entrance::Plain => Program::new(linker, module, wasi),
        Entrance::Future(_) => Program::new_async(linker, module, wasi),
    }
}

impl WasmtimeModule {
    pub(crate) fn new(
        module: wasmtime::Module,
        interface: Option<Box<[u8]>>,
        options: EngineOptions,
        entrance: Entrance,
    ) -> Self {
        let imports = module.imports().map(|import| Import {
            module: import.module().to_owned(),
            name: import.name().to_owned(),
            ty: to_extern_type(&import.ty()),
        });
        let imports = imports.collect();
        let program = link(&Linker::new(module.engine()), &module, &entrance);
        Self {
            imports,
            interface,
            program: program.ok().map(Arc::new),
            module,
            options,
            entrance,
        }
    }

    /// The module linked with WASI and with what it asks for of the node.
    fn program(&self, node: &Node) -> Result<Arc<Program<State>>> {
        let mut functions = node.asked_for(&self.imports).peekable();
        if let (None, Some(program)) = (functions.peek(), &self.program) {
            return Ok(Arc::clone(program));
        }
        let mut linker = Linker::new(self.module.engine());
        for function in functions {
            define(&mut linker, function)?;
        }
        link(&linker, &self.module, &self.entrance).map(Arc::new)
    }

    fn store(&self, ctx: WasiCtx, limits: Limits) -> Result<Store<State>> {
        let interrupt = ctx.interrupt().cloned();
        let state = State {
            wasi: Wasi::from(ctx),
            memory: Limiter(MemoryUse::with_limit(limits.memory)),
            fuel: limits.fuel.is_some(),
            entrance: self.entrance.clone(),
            exports: Handlers::default(),
            hook: None,
        };
        let engine = self.module.engine();
        let mut store = Store::try_new(engine, state)?;
        store.limiter(|state| &mut state.memory);
        if self.options.fuel {
            store.set_fuel(limits.fuel.unwrap_or(u64::MAX))?;
        }
        if self.options.interruptible {
            store.set_epoch_deadline(1);
            store.epoch_deadline_callback(|store| {
                let ctx = store.data().wasi.ctx();
                ctx.check_interrupt().map_err(Stop::Trap)?;
                Ok(UpdateDeadline::Continue(1))
            });
            if let Some(interrupt) = interrupt {
                let engine = engine.weak();
                let hook = interrupt.on_fire(move || {
                    if let Some(engine) = engine.upgrade() {
                        engine.increment_epoch();
                    }
                });
                store.data_mut().hook = Some(hook);
            }
        }
        Ok(store)
    }
}

impl Module for WasmtimeModule {
    fn imports(&self) -> Vec<Import> {
        self.imports.clone()
    }

    fn exports(&self) -> Vec<Export> {
        let exports = self.module.exports().map(|export| Export {
            name: export.name().to_owned(),
            ty: to_extern_type(&export.ty()),
        });
        exports.collect()
    }

    fn interface(&self) -> Option<&[u8]> {
        self.interface.as_deref()
    }

    fn own_stack(&self) -> Option<usize> {
        match self.entrance {
            Entrance::Plain => None,
            Entrance::Future(_) => Some(ASYNC_STACK),
        }
    }

    fn instantiate(&self, node: Node) -> Result<Box<dyn Instance>, InstantiateError> {
        self.options.check(&self.imports, &node)?;
        let link = |error: wasmtime::Error| InstantiateError::Link(format!("{error:#}"));
        let program = self.program(&node).map_err(link)?;
        let mut store = self.store(node.ctx, node.limits).map_err(link)?;
        let made = match &self.entrance {
            Entrance::Plain => program.instantiate(&mut store),
            Entrance::Future(block_on) => callback(&mut store, |store| {
                block_on.run(program.instantiate_async(store))
            }),
        };
        match made {
            Ok(instance) => Ok(Box::new(Entered(Running { store, instance }))),
            Err(error) => Err(match (ended(&error), store.data().memory.0.refusal()) {
                (Some(stop), _) => InstantiateError::Stop(stop),
                (None, Some(refusal)) => InstantiateError::Link(refusal),
                (None, None) => link(error),
            }),
        }
    }
}

/// Defines a function of the embedder's.
fn define(linker: &mut Linker<State>, function: &HostFunction) -> Result<()> {
    let types = of_func_type(linker.engine(), &function.ty).zip(function.ty.zero_results());
    let (ty, zeros) = types.ok_or(Stop::from(Refusal::NoNumber))?;
    let run = Arc::clone(&function.run);
    let call = move |caller: Caller<'_, State>, args: &[Val], results: &mut [Val]| {
        let args = args
            .iter()
            .map(|val| to_value(val).ok_or(Refusal::NoNumber));
        let args: SmallVec<[Value; 8]> =
            args.collect::<Result<_, Refusal>>().map_err(Stop::from)?;
        let mut answers: SmallVec<[Value; 4]> = SmallVec::from_slice(&zeros);
        run(&mut Entered(caller), &args, &mut answers)?;
        for (result, answer) in results.iter_mut().zip(answers) {
            *result = to_val(answer);
        }
        Ok(())
    };
    linker.func_new(&function.module, &function.name, ty, call)?;
    Ok(())
}
