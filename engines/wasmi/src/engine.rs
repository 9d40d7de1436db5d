//! wasmi behind the traits that hide which engine it is.

use crate::Wasi;
use crate::module::WasmiModule;
use crate::run::Fuel;
use std::fmt;
use std::sync::Arc;
use turnkey_snapshots::engine::{CompileError, Engine, EngineOptions, Handlers, MemoryUse, Module};
use turnkey_wasi_common::{Trap, Wait, WasiCtx};
use wasmi::errors::{MemoryError, TableError};
use wasmi::{CompilationMode, Config, Func, ResourceLimiter};
use wasmi_core::LimiterError;

/// wasmi as an [`Engine`].
///
/// It runs what wasmi runs by default, and modules with custom page sizes and wide arithmetic as
/// well. Calls of a guest's own nest 50,000 deep.
///
/// ```
/// use turnkey_snapshots::engine::{Engine, EngineOptions, Limits, Node};
/// use turnkey_wasi_common::{Stop, WasiCtx};
/// use turnkey_wasmi::WasmiEngine;
///
/// let engine = WasmiEngine::new(EngineOptions::default());
/// let module = engine.compile(&wat::parse_str(r#"(module
///     (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
///     (memory (export "memory") 1)
///     (func (export "_start") (call $exit (i32.const 7))))"#)?)?;
/// let mut instance = module.instantiate(Node {
///     ctx: WasiCtx::builder().build()?,
///     functions: Vec::new(),
///     limits: Limits::default(),
/// })?;
/// let start = instance.export("_start").unwrap();
/// assert_eq!(instance.call(start, &[], &mut []), Err(Stop::Exit(7)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct WasmiEngine {
    engine: wasmi::Engine,
    options: EngineOptions,
    waiter: Option<Waiter>,
}

/// How deep a guest's own calls nest, and the bytes that their values take, at most. With wasmi's
/// own 1,000 calls and 1 MB, real programs end: interpreters by a script that nests, compilers by
/// an expression of a thousand terms. What a guest does not use is not taken.
const DEEPEST: usize = 50_000;
const STACK: usize = 8 << 20;

impl WasmiEngine {
    /// An engine with these options.
    pub fn new(options: EngineOptions) -> Self {
        let mut config = Config::default();
        config
            .wasm_custom_page_sizes(true)
            .wasm_wide_arithmetic(true)
            .set_max_recursion_depth(DEEPEST)
            .set_max_stack_height(STACK);
        Self::with_config(config, options)
    }

    /// An engine with a configuration of its own, for instance with a smaller stack. What the
    /// options say is set in it.
    ///
    /// Each of the options has wasmi count fuel, and has modules translated when they are
    /// compiled, so that translating costs a guest nothing.
    pub fn with_config(mut config: Config, options: EngineOptions) -> Self {
        if options.fuel || options.interruptible {
            config
                .consume_fuel(true)
                .compilation_mode(CompilationMode::Eager);
        }
        let engine = wasmi::Engine::new(&config);
        Self {
            engine,
            options,
            waiter: None,
        }
    }

    /// The same engine, with guests that come back from wasmi when they have to wait. Then `wait`
    /// waits for them in the embedder's way, and tells the trap of a guest that is ended meanwhile,
    /// as [`WasiCtx::block`] and [`WasiCtx::wait`] do. In a runtime of tokio's, for instance:
    ///
    /// ```
    /// use turnkey_snapshots::engine::{Engine, EngineOptions};
    /// use turnkey_wasmi::WasmiEngine;
    ///
    /// let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    /// let engine = WasmiEngine::new(EngineOptions::default())
    ///     .resumable(move |ctx, wait| runtime.block_on(ctx.wait(wait)));
    /// assert_eq!(engine.name(), "wasmi-resumable");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// Whoever wants one thread for many guests takes [`call_async`](crate::call_async).
    #[must_use]
    pub fn resumable(
        self,
        wait: impl Fn(&WasiCtx, Wait) -> Result<(), Trap> + Send + Sync + 'static,
    ) -> Self {
        Self {
            waiter: Some(Waiter(Arc::new(wait))),
            ..self
        }
    }
}

/// The embedder's way to wait for what a guest waits for.
#[derive(Clone)]
pub(crate) struct Waiter(Arc<WaitFor>);

type WaitFor = dyn Fn(&WasiCtx, Wait) -> Result<(), Trap> + Send + Sync;

impl Waiter {
    pub(crate) fn wait(&self, ctx: &WasiCtx, wait: Wait) -> Result<(), Trap> {
        (self.0)(ctx, wait)
    }
}

impl fmt::Debug for Waiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Waiter")
    }
}

impl Engine for WasmiEngine {
    fn name(&self) -> &'static str {
        match self.waiter {
            None => "wasmi",
            Some(_) => "wasmi-resumable",
        }
    }

    fn compile(&self, wasm: &[u8]) -> Result<Box<dyn Module>, CompileError> {
        let module = WasmiModule::compile(&self.engine, wasm, self.options, self.waiter.clone())?;
        Ok(Box::new(module))
    }
}

/// What the store of an instance holds.
pub(crate) struct State {
    pub(crate) wasi: Wasi,
    pub(crate) limiter: Limiter,
    pub(crate) fuel: Fuel,
    pub(crate) waiter: Option<Waiter>,
    /// How many calls into the instance are under way, one beneath the other.
    pub(crate) entries: u32,
    /// The exported functions that have been looked up.
    pub(crate) exports: Handlers<Func>,
}

/// The most instances, memories and tables of a store. A module declares fewer.
const MOST: usize = 10_000;

/// An instance's memory against its limit.
pub(crate) struct Limiter {
    pub(crate) memory: MemoryUse,
    /// There was not fuel enough to grow a table.
    pub(crate) table_stuck: bool,
}

impl ResourceLimiter for Limiter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Result<bool, LimiterError> {
        Ok(self.memory.grow_memory(current, desired, maximum))
    }

    fn memory_grow_failed(&mut self, _error: &MemoryError) -> Result<(), LimiterError> {
        self.memory.give_back();
        Ok(())
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Result<bool, LimiterError> {
        Ok(self.memory.grow_table(current, desired, maximum))
    }

    fn table_grow_failed(&mut self, error: &TableError) -> Result<(), LimiterError> {
        self.table_stuck = matches!(error, TableError::OutOfFuel { .. });
        self.memory.give_back();
        Ok(())
    }

    fn instances(&self) -> usize {
        MOST
    }

    fn tables(&self) -> usize {
        MOST
    }

    fn memories(&self) -> usize {
        MOST
    }
}
