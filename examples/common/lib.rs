//! What the examples share.

use std::error::Error;
use std::sync::Arc;
use turnkey_snapshots::engine::{Engine, EngineOptions, Module};
use turnkey_wasmi::WasmiEngine;
use turnkey_wasmtime::WasmtimeEngine;

/// Whatever ends an example.
pub type Failure = Box<dyn Error>;

/// The engines that the examples run on, by their names. A child of theirs can be ended.
///
/// ```
/// let engines = turnkey_examples::engines()?;
/// assert_eq!(engines.map(|engine| engine.name()), ["wasmtime", "wasmi"]);
/// # Ok::<(), turnkey_examples::Failure>(())
/// ```
///
/// # Errors
/// - wasmtime does not run on this machine.
pub fn engines() -> Result<[Arc<dyn Engine>; 2], Failure> {
    let options = EngineOptions {
        interruptible: true,
        fuel: false,
    };
    Ok([
        Arc::new(WasmtimeEngine::new(options)?),
        Arc::new(WasmiEngine::new(options)),
    ])
}

/// Compiles a module.
///
/// # Errors
/// - the engine does not take it.
pub fn compile(engine: &dyn Engine, wasm: &[u8]) -> Result<Arc<dyn Module>, Failure> {
    Ok(engine.compile(wasm)?.into())
}
