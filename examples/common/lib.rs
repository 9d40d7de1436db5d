//! What the examples share.

use std::error::Error;
use std::sync::Arc;
use turnkey_snapshots::engine::{Engine, EngineOptions, Limits, Module, Node};
use turnkey_virt::nanoprocess::Family;
use turnkey_wasi_common::{Stop, WasiCtx};
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

/// Runs a program beneath modules that are parents, the outermost first, which is given the context. If
/// there is none, the program is. Answers the exit code.
///
/// # Errors
/// - the outermost has no `_start`, cannot be instantiated, or trapped.
pub fn beneath(
    parents: &[Arc<dyn Module>],
    program: &Arc<dyn Module>,
    ctx: WasiCtx,
) -> Result<u32, Failure> {
    let mut modules = parents.iter().chain([program]).cloned();
    let outermost = modules.next().ok_or("there is no program")?;
    let family = Family::builder().parent(&ctx).modules(modules);
    let mut instance = outermost.instantiate(Node {
        functions: family.build().functions(),
        ctx,
        limits: Limits::default(),
    })?;
    let start = instance.export("_start").ok_or("there is no `_start`")?;
    match instance.call(start, &[], &mut []) {
        Ok(()) => Ok(0),
        Err(Stop::Exit(code)) => Ok(code),
        Err(Stop::Trap(trap)) => Err(format!("the guest trapped: {trap}").into()),
    }
}
