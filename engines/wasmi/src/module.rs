//! A compiled module, and how instances are made of it.

use crate::engine::{Limiter, State, Waiter};
use crate::guest::{Entered, Running};
use crate::run::{Fuel, run};
use crate::start::defer;
use crate::stop::{ended, error};
use crate::value::{of_func_type, to_extern_type, to_val, to_value};
use crate::{Program, Wasi};
use smallvec::SmallVec;
use std::sync::Arc;
use turnkey_snapshots::engine::{
    CompileError, EngineOptions, Export, ExternType, FuncType, Handlers, HostFunction, Import,
    Instance, InstantiateError, Limits, MemoryUse, Module, Node, Refusal, Value, interface_of,
};
use turnkey_wasi_common::WasiCtx;
use wasmi::{Caller, Engine, Error, Linker, Store, Val};

/// A module that wasmi has compiled.
pub(crate) struct WasmiModule {
    engine: Engine,
    module: wasmi::Module,
    options: EngineOptions,
    waiter: Option<Waiter>,
    imports: Vec<Import>,
    interface: Option<Box<[u8]>>,
    /// The name under which the start function is exported.
    start: Option<String>,
    /// The module linked with WASI alone.
    program: Arc<Program<State>>,
}

fn wasi(state: &mut State) -> &mut Wasi {
    &mut state.wasi
}

/// Links a module with functions that come back when a guest has to wait, if somebody waits there.
fn link(
    linker: &Linker<State>,
    module: &wasmi::Module,
    waiter: Option<&Waiter>,
) -> Result<Program<State>, Error> {
    match waiter {
        None => Program::new(linker, module, wasi),
        Some(_) => Program::new_resumable(linker, module, wasi),
    }
}

impl WasmiModule {
    pub(crate) fn compile(
        engine: &Engine,
        wasm: &[u8],
        options: EngineOptions,
        waiter: Option<Waiter>,
    ) -> Result<Self, CompileError> {
        let failed = |error: Error| CompileError(error.to_string());
        let interface = interface_of(wasm);
        let deferred = defer(wasm);
        let wasm = deferred.as_ref().map_or(wasm, |deferred| &deferred.wasm);
        let module = wasmi::Module::new(engine, wasm).map_err(failed)?;
        let start = deferred.map(|deferred| deferred.name);
        if let Some(start) = &start {
            let ty = module.get_export(start).map(|ty| to_extern_type(&ty));
            if ty != Some(ExternType::Function(FuncType::default())) {
                let message = "the start function has parameters or results";
                return Err(CompileError(message.to_owned()));
            }
        }
        let imports = module.imports().map(|import| Import {
            module: import.module().to_owned(),
            name: import.name().to_owned(),
            ty: to_extern_type(import.ty()),
        });
        let imports = imports.collect();
        let program = link(&Linker::new(engine), &module, waiter.as_ref()).map_err(failed)?;
        Ok(Self {
            engine: engine.clone(),
            module,
            options,
            waiter,
            imports,
            interface,
            start,
            program: Arc::new(program),
        })
    }

    /// The module linked with WASI and with what it asks for of the node.
    fn program(&self, node: &Node) -> Result<Arc<Program<State>>, Error> {
        let mut functions = node.asked_for(&self.imports).peekable();
        if functions.peek().is_none() {
            return Ok(Arc::clone(&self.program));
        }
        let mut linker = Linker::new(&self.engine);
        for function in functions {
            define(&mut linker, function)?;
        }
        link(&linker, &self.module, self.waiter.as_ref()).map(Arc::new)
    }

    fn store(&self, ctx: WasiCtx, limits: Limits) -> Store<State> {
        let counted = self.options.fuel || self.options.interruptible;
        let state = State {
            wasi: Wasi::from(ctx),
            limiter: Limiter {
                memory: MemoryUse::with_limit(limits.memory),
                table_stuck: false,
            },
            fuel: match limits.fuel {
                Some(fuel) => Fuel::Left(fuel),
                None if counted => Fuel::Endless,
                None => Fuel::Uncounted,
            },
            waiter: self.waiter.clone(),
            entries: 0,
            exports: Handlers::default(),
        };
        let mut store = Store::new(&self.engine, state);
        store.limiter(|state| &mut state.limiter);
        store
    }

    /// Runs the start function in an instance that has been made.
    fn start(&self, running: &mut Running) -> Result<(), InstantiateError> {
        let Some(start) = &self.start else {
            return Ok(());
        };
        let func = running.instance.get_func(&running.store, start);
        let func = func.ok_or(Refusal::NoHandler);
        let func = func.map_err(|refusal| InstantiateError::Stop(refusal.into()))?;
        run(&mut running.store, func, &[], &mut []).map_err(InstantiateError::Stop)
    }
}

impl Module for WasmiModule {
    fn imports(&self) -> Vec<Import> {
        self.imports.clone()
    }

    fn exports(&self) -> Vec<Export> {
        let exports = self.module.exports();
        let exports = exports.filter(|export| self.start.as_deref() != Some(export.name()));
        let exports = exports.map(|export| Export {
            name: export.name().to_owned(),
            ty: to_extern_type(export.ty()),
        });
        exports.collect()
    }

    fn interface(&self) -> Option<&[u8]> {
        self.interface.as_deref()
    }

    fn instantiate(&self, node: Node) -> Result<Box<dyn Instance>, InstantiateError> {
        self.options.check(&self.imports, &node)?;
        let link = |error: Error| InstantiateError::Link(error.to_string());
        let program = self.program(&node).map_err(link)?;
        let mut store = self.store(node.ctx, node.limits);
        let instance = program.instantiate(&mut store).map_err(|error| {
            match (ended(&error), store.data().limiter.memory.refusal()) {
                (Some(stop), _) => InstantiateError::Stop(stop),
                (None, Some(refusal)) => InstantiateError::Link(refusal),
                (None, None) => link(error),
            }
        })?;
        let mut running = Running { store, instance };
        self.start(&mut running)?;
        Ok(Box::new(Entered(running)))
    }
}

/// Defines a function of the embedder's.
fn define(linker: &mut Linker<State>, function: &HostFunction) -> Result<(), Error> {
    let types = of_func_type(&function.ty).zip(function.ty.zero_results());
    let (ty, zeros) = types.ok_or_else(|| error(Refusal::NoNumber))?;
    let run = Arc::clone(&function.run);
    let call = move |caller: Caller<'_, State>, args: &[Val], results: &mut [Val]| {
        let args = args
            .iter()
            .map(|val| to_value(val).ok_or(Refusal::NoNumber));
        let args: Result<SmallVec<[Value; 8]>, Refusal> = args.collect();
        let mut answers: SmallVec<[Value; 4]> = SmallVec::from_slice(&zeros);
        run(&mut Entered(caller), &args.map_err(error)?, &mut answers).map_err(error)?;
        // wasmi takes whatever stands there.
        let mut pairs = answers.iter().zip(&zeros);
        if pairs.any(|(answer, zero)| answer.ty() != zero.ty()) {
            return Err(error(Refusal::OtherType));
        }
        for (result, answer) in results.iter_mut().zip(answers) {
            *result = to_val(answer);
        }
        Ok(())
    };
    linker.func_new(&function.module, &function.name, ty, call)?;
    Ok(())
}
