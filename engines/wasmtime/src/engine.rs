//! wasmtime behind the traits that hide which engine it is.

use crate::Wasi;
use crate::block_on::{BlockOn, Entrance};
use crate::guest::Known;
use crate::module::WasmtimeModule;
use std::pin::Pin;
use turnkey_snapshots::engine::{
    CompileError, Engine, EngineOptions, Handlers, MemoryUse, Module, interface_of,
};
use turnkey_wasi_common::InterruptHook;
use wasmtime::{Config, ResourceLimiter, Result};

/// wasmtime as an [`Engine`].
///
/// It runs what wasmtime runs by default, and modules with custom page sizes and wide arithmetic
/// as well. Memory that is shared between threads is left out: WASI's calls cannot serve it, and
/// nothing could end a guest that waits on it.
///
/// ```
/// use turnkey_snapshots::engine::{Engine, EngineOptions, Limits, Node};
/// use turnkey_wasi_common::{Stop, WasiCtx};
/// use turnkey_wasmtime::WasmtimeEngine;
///
/// let engine = WasmtimeEngine::new(EngineOptions::default())?;
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
/// # Ok::<(), wasmtime::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct WasmtimeEngine {
    engine: wasmtime::Engine,
    options: EngineOptions,
    entrance: Entrance,
}

impl WasmtimeEngine {
    /// An engine with these options.
    ///
    /// # Errors
    /// wasmtime cannot compile for this machine.
    pub fn new(options: EngineOptions) -> Result<Self> {
        Self::with_config(Self::config(), options)
    }

    /// The configuration that [`new`](Self::new) begins with, to be changed and handed to
    /// [`with_config`](Self::with_config): wasmtime's own, with custom page sizes and wide
    /// arithmetic.
    pub fn config() -> Config {
        let mut config = Config::new();
        config
            .wasm_custom_page_sizes(true)
            .wasm_wide_arithmetic(true);
        config
    }

    /// An engine with a configuration of its own, for instance with pooled memory or a smaller
    /// stack. What the options say is set in it.
    ///
    /// # Errors
    /// The configuration contradicts itself, or asks for what this machine does not have.
    pub fn with_config(mut config: Config, options: EngineOptions) -> Result<Self> {
        config
            .consume_fuel(options.fuel)
            .epoch_interruption(options.interruptible);
        let engine = wasmtime::Engine::new(&config)?;
        Ok(Self {
            engine,
            options,
            entrance: Entrance::Plain,
        })
    }

    /// The same engine, with guests that wait as futures do: their contexts need a waiter for that
    /// ([`Builder::async_waiter`]), or they block after all. Each call into a guest is a future, and
    /// `block_on` drives it to its end on the executor that the waiter is made for. In a runtime of
    /// tokio's, for instance:
    ///
    /// ```
    /// use turnkey_snapshots::engine::{Engine, EngineOptions};
    /// use turnkey_wasmtime::WasmtimeEngine;
    ///
    /// let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    /// let engine = WasmtimeEngine::new(EngineOptions::default())?
    ///     .asynchronous(move |call| runtime.block_on(call));
    /// assert_eq!(engine.name(), "wasmtime-async");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// A guest cannot be suspended when it is entered in the middle of such a future, as it is by a
    /// [`HostFunction`] that calls it back: what it waits for then blocks the thread. Calls back
    /// nest at most 100 deep.
    ///
    /// [`Builder::async_waiter`]: turnkey_wasi_common::Builder::async_waiter
    /// [`HostFunction`]: turnkey_snapshots::engine::HostFunction
    #[must_use]
    pub fn asynchronous(
        self,
        block_on: impl Fn(Pin<&mut (dyn Future<Output = ()> + Send)>) + Send + Sync + 'static,
    ) -> Self {
        Self {
            entrance: Entrance::Future(BlockOn::new(block_on)),
            ..self
        }
    }
}

impl Engine for WasmtimeEngine {
    fn name(&self) -> &'static str {
        match self.entrance {
            Entrance::Plain => "wasmtime",
            Entrance::Future(_) => "wasmtime-async",
        }
    }

    fn compile(&self, wasm: &[u8]) -> Result<Box<dyn Module>, CompileError> {
        match wasmtime::Module::from_binary(&self.engine, wasm) {
            Ok(module) => Ok(Box::new(WasmtimeModule::new(
                module,
                interface_of(wasm),
                self.options,
                self.entrance.clone(),
            ))),
            Err(error) => Err(CompileError(format!("{error:#}"))),
        }
    }
}

/// What the store of an instance holds.
pub(crate) struct State {
    pub(crate) wasi: Wasi,
    pub(crate) memory: Limiter,
    /// The fuel has a limit.
    pub(crate) fuel: bool,
    pub(crate) entrance: Entrance,
    /// The exported functions that have been looked up.
    pub(crate) exports: Handlers<Known>,
    /// Has the guest look at its interrupt when that is thrown.
    pub(crate) hook: Option<InterruptHook>,
}

/// An instance's memory against its limit.
///
/// Growth that was allowed and then failed for want of the host's memory stays counted: wasmtime
/// also tells of failures that it had not asked about, and these must not win anything.
pub(crate) struct Limiter(pub(crate) MemoryUse);

impl ResourceLimiter for Limiter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Result<bool> {
        Ok(self.0.grow_memory(current, desired, maximum))
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> Result<bool> {
        Ok(self.0.grow_table(current, desired, maximum))
    }
}
