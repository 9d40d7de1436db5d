//! tinywasm behind the traits that hide which engine it is.

use crate::module::TinywasmModule;
use tinywasm::engine::{Config, StackConfig};
use turnkey_snapshots::engine::{CompileError, Engine, EngineOptions, Module};

/// tinywasm as an [`Engine`].
///
/// It has neither threads, exceptions nor garbage collection, because tinywasm has not: modules
/// that need one of them do not compile.
///
/// ```
/// use turnkey_snapshots::engine::{Engine, EngineOptions, Limits, Node};
/// use turnkey_tinywasm::TinywasmEngine;
/// use turnkey_wasi_common::{Stop, WasiCtx};
///
/// let engine = TinywasmEngine::new(EngineOptions::default());
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
#[derive(Clone)]
pub struct TinywasmEngine {
    config: Config,
    options: EngineOptions,
}

impl TinywasmEngine {
    /// An engine with these options, and with stacks that grow with what a guest needs, to 40 MiB
    /// in all.
    pub fn new(options: EngineOptions) -> Self {
        let config = Config::new()
            .with_value_stack_32(StackConfig::dynamic(1 << 10, 1 << 22))
            .with_value_stack_64(StackConfig::dynamic(1 << 10, 1 << 21))
            .with_value_stack_128(StackConfig::dynamic(1 << 6, 1 << 17))
            .with_call_stack(StackConfig::dynamic(1 << 6, 1 << 16));
        Self::with_config(config, options)
    }

    /// An engine with a configuration of its own, for instance with smaller stacks. Its backend of
    /// memories is not used: the host has to borrow them. Its policy of fuel is not used either: a
    /// unit is an instruction.
    pub fn with_config(config: Config, options: EngineOptions) -> Self {
        let config = config.with_memory_backend(crate::memory::backend());
        Self { config, options }
    }
}

impl std::fmt::Debug for TinywasmEngine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TinywasmEngine")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

impl Engine for TinywasmEngine {
    fn name(&self) -> &'static str {
        "tinywasm"
    }

    fn compile(&self, wasm: &[u8]) -> Result<Box<dyn Module>, CompileError> {
        let module = TinywasmModule::compile(&self.config, wasm, self.options)?;
        Ok(Box::new(module))
    }
}
