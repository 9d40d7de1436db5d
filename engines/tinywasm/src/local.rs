//! An instance on the thread that it lives on.

use crate::exports::Exports;
use crate::gauge::Gauge;
use crate::imports::imports;
use crate::memory::{Bytes, borrow, with_memories};
use crate::stop::stop;
use crate::value::{to_value, to_wasm};
use std::cell::{Cell, OnceCell, Ref, RefCell, RefMut};
use std::rc::Rc;
use tinywasm::engine::Config;
use tinywasm::types::{ExternalKind, MemoryArch, WasmValue};
use tinywasm::{Engine, Error, FuncContext, Function, ModuleInstance, Store};
use turnkey_snapshots::engine::{
    FuncType, Guest, Handler, HostFunction, InstantiateError, Limits, Refusal, Value,
};
use turnkey_wasi_common::{Interrupt, Stop, Trap, TrapKind, WasiCtx};

/// How often an instance may be entered from within itself, through host functions that call it.
/// tinywasm counts how deep a guest's own calls are; these are beneath frames of the host, whose
/// stack is not tinywasm's to watch.
const MOST_ENTRIES: u32 = 64;

/// What an instance is made of.
pub(crate) struct Plan {
    pub(crate) config: Config,
    pub(crate) module: tinywasm::Module,
    /// How many memories the guest has.
    pub(crate) memories: usize,
    pub(crate) exports: Exports,
    /// The embedder's functions that the module imports.
    pub(crate) functions: Vec<HostFunction>,
    pub(crate) limits: Limits,
    pub(crate) interrupt: Option<Interrupt>,
}

/// What an instance is lent while somebody is in it, and what its host holds otherwise.
pub(crate) struct Lent {
    pub(crate) ctx: WasiCtx,
    /// The bytes of its memory, or why there are none for the host.
    pub(crate) memory: Result<Vec<u8>, Refusal>,
    /// What fuel is left.
    pub(crate) fuel: Option<u64>,
}

/// What the functions that a guest imports have in common. Lent things are here while the guest is
/// entered.
pub(crate) struct Shared {
    ctx: RefCell<Option<WasiCtx>>,
    memory: OnceCell<Result<Bytes, Refusal>>,
    gauge: Rc<Gauge>,
    exports: Exports,
    /// The exported functions, in the places of their handlers.
    functions: OnceCell<Vec<Option<Function>>>,
    /// How many calls into the instance are under way, one beneath the other.
    entries: Cell<u32>,
}

impl Shared {
    /// The guest's context.
    pub(crate) fn ctx(&self) -> Result<Ref<'_, WasiCtx>, Trap> {
        let ctx = self.ctx.try_borrow().ok();
        let ctx = ctx.and_then(|ctx| Ref::filter_map(ctx, Option::as_ref).ok());
        ctx.ok_or_else(nobody_in)
    }

    /// The guest's memory, borrowed for as long as the guest does not run.
    pub(crate) fn memory(&self) -> Result<RefMut<'_, Vec<u8>>, Trap> {
        match self.memory.get() {
            Some(Ok(bytes)) => borrow(bytes),
            Some(Err(refusal)) => Err((*refusal).into()),
            None => Err(Refusal::NoMemory.into()),
        }
    }

    /// Calls a function by `call`, whose arguments have been checked.
    fn enter(
        &self,
        handler: Handler,
        args: &[Value],
        call: impl FnOnce(&Function, &[WasmValue]) -> tinywasm::Result<Vec<WasmValue>>,
    ) -> Result<Vec<Value>, Stop> {
        let functions = self.functions.get();
        let function = functions.and_then(|functions| functions.get(handler.0)?.as_ref());
        let function = function.ok_or(Refusal::NoHandler)?;
        let args: Vec<WasmValue> = args.iter().copied().map(to_wasm).collect();
        let answers = self.nest(|| call(function, &args))?;
        let answers = answers.iter().map(to_value).collect::<Option<_>>();
        Ok(answers.ok_or(Refusal::NoNumber)?)
    }

    /// Carries out a call into the guest, unless too many are under way.
    fn nest<R>(&self, call: impl FnOnce() -> tinywasm::Result<R>) -> Result<R, Stop> {
        let entries = self.entries.get();
        if entries == MOST_ENTRIES {
            let message = "wasm trap: call stack exhausted by calls through the host";
            return Err(Trap::new(TrapKind::Wasm, message).into());
        }
        self.ctx()?.check_interrupt()?;
        self.entries.set(entries + 1);
        let result = call();
        self.entries.set(entries);
        result.map_err(|error| stop(&error))
    }
}

fn nobody_in() -> Trap {
    Trap::new(
        TrapKind::Host,
        "the guest's context is not there while nobody is in the guest",
    )
}

/// An instance, where it lives.
pub(crate) struct Local {
    store: Store,
    shared: Rc<Shared>,
}

impl Local {
    /// Makes an instance, and runs its start function.
    pub(crate) fn new(plan: &Plan, ctx: WasiCtx) -> Result<Self, InstantiateError> {
        let gauge = Rc::new(Gauge::new(plan.limits, plan.interrupt.clone()));
        let shared = Rc::new(Shared {
            ctx: RefCell::new(Some(ctx)),
            memory: OnceCell::new(),
            gauge: Rc::clone(&gauge),
            exports: plan.exports.clone(),
            functions: OnceCell::new(),
            entries: Cell::new(0),
        });
        let mut store = Store::new(Engine::new(plan.config.clone()));
        let (instance, memories) = with_memories(&gauge, plan.memories, || {
            instantiate(&mut store, plan, &shared)
        });
        let instance = instance.map_err(|error| refused(&error, &gauge))?;
        let link = |error: Error| InstantiateError::Link(error.to_string());
        let functions = plan.exports.all().iter().enumerate();
        let functions = functions.map(|(place, export)| {
            let is_function = plan.exports.ty(Handler(place)).is_some();
            is_function
                .then(|| instance.func_untyped(&store, &export.name))
                .transpose()
        });
        let functions = functions.collect::<tinywasm::Result<Vec<_>>>();
        let functions = functions.map_err(link)?;
        shared.functions.get_or_init(|| functions);
        shared
            .memory
            .get_or_init(|| usable(&plan.module, &memories));
        let mut local = Self { store, shared };
        if let Some(start) = instance.start_func(&local.store).map_err(link)? {
            let store = &mut local.store;
            let started = local.shared.nest(|| start.call(store, &[]));
            started.map_err(InstantiateError::Stop)?;
        }
        Ok(local)
    }

    /// Calls an exported function. The arguments have been checked.
    pub(crate) fn call(&mut self, handler: Handler, args: &[Value]) -> Result<Vec<Value>, Stop> {
        let Self { store, shared } = self;
        shared.enter(handler, args, |function, args| function.call(store, args))
    }

    /// Puts what is lent where the guest finds it.
    pub(crate) fn take_in(&mut self, lent: Lent) {
        self.shared.ctx.replace(Some(lent.ctx));
        if let (Some(Ok(bytes)), Ok(memory)) = (self.shared.memory.get(), lent.memory) {
            bytes.replace(memory);
        }
    }

    /// Gives back what was lent. `None` if it has not been there.
    pub(crate) fn give_out(&mut self) -> Option<Lent> {
        let memory = match self.shared.memory.get() {
            Some(Ok(bytes)) => Ok(bytes.take()),
            Some(Err(refusal)) => Err(*refusal),
            None => Err(Refusal::NoMemory),
        };
        Some(Lent {
            ctx: self.shared.ctx.take()?,
            memory,
            fuel: self.shared.gauge.fuel(),
        })
    }
}

/// Makes an instance of a module, whose start function has not run.
fn instantiate(
    store: &mut Store,
    plan: &Plan,
    shared: &Rc<Shared>,
) -> tinywasm::Result<ModuleInstance> {
    for table in &plan.module.table_types {
        if !shared.gauge.grow_table(0, table.size_initial) {
            return Err(Error::Trap(tinywasm::Trap::OutOfMemory));
        }
    }
    let imports = imports(store, &plan.module, &plan.functions, shared)?;
    ModuleInstance::instantiate_no_start(store, &plan.module, Some(imports))
}

/// Why an instance could not be made. Data that do not fit end it as a trap does.
fn refused(error: &Error, gauge: &Gauge) -> InstantiateError {
    match (error, gauge.refusal()) {
        (_, Some(refusal)) => InstantiateError::Link(refusal),
        (Error::Trap(tinywasm::Trap::OutOfMemory), None) => {
            InstantiateError::Link(error.to_string())
        }
        (Error::Trap(_), None) => InstantiateError::Stop(stop(error)),
        (_, None) => InstantiateError::Link(error.to_string()),
    }
}

/// The memory that calls act on, if it is one that they can act on. A module that imports one is
/// never instantiated, so those that were made are all there are.
fn usable(module: &tinywasm::Module, memories: &[Bytes]) -> Result<Bytes, Refusal> {
    let export = module.exports.iter().find(|export| *export.name == *NAME);
    let index = match export {
        Some(export) if export.kind == ExternalKind::Memory => export.index as usize,
        _ => return Err(Refusal::NoMemory),
    };
    match module.memory_types.get(index).map(|ty| ty.arch()) {
        Some(MemoryArch::I32) => memories.get(index).cloned().ok_or(Refusal::NoMemory),
        Some(MemoryArch::I64) => Err(Refusal::Memory64),
        None => Err(Refusal::NoMemory),
    }
}

/// The name by which guests export the memory that WASI acts on.
const NAME: &str = "memory";

/// A guest in the middle of a call to the host.
pub(crate) struct Entered<'a> {
    context: FuncContext<'a>,
    shared: &'a Shared,
    ctx: Ref<'a, WasiCtx>,
    /// The memory, while the host function holds it.
    memory: Option<RefMut<'a, Vec<u8>>>,
}

impl<'a> Entered<'a> {
    pub(crate) fn new(context: FuncContext<'a>, shared: &'a Shared) -> Result<Self, Trap> {
        Ok(Self {
            context,
            shared,
            ctx: shared.ctx()?,
            memory: None,
        })
    }
}

impl Guest for Entered<'_> {
    fn export(&mut self, name: &str) -> Option<Handler> {
        self.shared.exports.find(name)
    }

    fn export_type(&mut self, handler: Handler) -> FuncType {
        let ty = self.shared.exports.ty(handler);
        ty.cloned().unwrap_or_default()
    }

    fn call(
        &mut self,
        handler: Handler,
        args: &[Value],
        results: &mut [Value],
    ) -> Result<(), Stop> {
        self.memory = None;
        self.shared.exports.check(handler, args, results.len())?;
        let context = &mut self.context;
        let answers = self.shared.enter(handler, args, |function, args| {
            context.call_untyped(function, args)
        })?;
        for (result, answer) in results.iter_mut().zip(answers) {
            *result = answer;
        }
        Ok(())
    }

    fn memory(&mut self) -> Result<&mut [u8], Trap> {
        let memory = match self.memory.take() {
            Some(memory) => memory,
            None => self.shared.memory()?,
        };
        Ok(self.memory.insert(memory))
    }

    fn ctx(&self) -> &WasiCtx {
        &self.ctx
    }

    fn fuel(&self) -> Option<u64> {
        self.shared.gauge.fuel()
    }
}
