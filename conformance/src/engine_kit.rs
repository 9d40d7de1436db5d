//! What every adapter of an engine must do, as checks that any of them can be put through.
//!
//! ```no_run
//! # use turnkey_snapshots::engine::{Engine, EngineOptions};
//! # fn my_engine(options: EngineOptions) -> Box<dyn Engine> { unimplemented!() }
//! turnkey_conformance::engine_kit::check_engine(&my_engine);
//! ```
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a check that fails panics, as a test does"
)]

mod calls;
mod context_limits;
mod ending;
mod interrupt;
mod limits;
mod modules;

use std::sync::Arc;
use turnkey_snapshots::engine::{
    Engine, EngineOptions, FuncType, Guest, HostFunction, Instance, InstantiateError, Limits,
    Module, Node, Value,
};
use turnkey_wasi_common::{Stop, Trap, WasiCtx};

/// Makes the engine that is checked.
pub type New<'a> = &'a dyn Fn(EngineOptions) -> Box<dyn Engine>;

/// Checks an adapter through the traits alone.
///
/// # Panics
/// A check fails. The message begins with what was checked.
pub fn check_engine(new: New<'_>) {
    ending::check_hello(new);
    ending::check_exit_codes(new);
    ending::check_traps(new);
    calls::check_values(new);
    calls::check_deep_calls(new);
    limits::check_fuel(new);
    limits::check_memory_limit(new);
    context_limits::check_context_limits(new);
    interrupt::check_interrupt(new);
    interrupt::check_interrupt_ends_its_own_guest_only(new);
    modules::check_interface(new);
    modules::check_missing_imports(new);
    calls::check_host_functions(new);
    calls::check_reentry(new);
    ending::check_start_function(new);
    modules::check_compile_errors(new);
    modules::check_shared_memory(new);
    modules::check_instances_are_apart(new);
    calls::check_handlers(new);
}

const PLAIN: EngineOptions = EngineOptions {
    fuel: false,
    interruptible: false,
};
const FUEL: EngineOptions = EngineOptions {
    fuel: true,
    interruptible: false,
};
const INTERRUPTIBLE: EngineOptions = EngineOptions {
    fuel: false,
    interruptible: true,
};
const BOTH: EngineOptions = EngineOptions {
    fuel: true,
    interruptible: true,
};

/// Every way to make an engine: what it can do beyond running code must change nothing else.
const EVERY: [EngineOptions; 4] = [PLAIN, FUEL, INTERRUPTIBLE, BOTH];

fn compile(engine: &dyn Engine, text: &str) -> Box<dyn Module> {
    let wasm = wat::parse_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let module = engine.compile(&wasm);
    module.unwrap_or_else(|error| panic!("{}: {error}\n{text}", engine.name()))
}

fn node(ctx: WasiCtx) -> Node {
    Node {
        ctx,
        functions: Vec::new(),
        limits: Limits::default(),
    }
}

fn empty() -> WasiCtx {
    WasiCtx::builder().build().unwrap()
}

fn instantiate(engine: &dyn Engine, text: &str, node: Node) -> Box<dyn Instance> {
    let instance = compile(engine, text).instantiate(node);
    instance.unwrap_or_else(|error| panic!("{}: {error}\n{text}", engine.name()))
}

fn refused(engine: &dyn Engine, text: &str, node: Node) -> InstantiateError {
    match compile(engine, text).instantiate(node) {
        Ok(_) => panic!("{}: was instantiated:\n{text}", engine.name()),
        Err(error) => error,
    }
}

fn call(guest: &mut dyn Guest, name: &str, args: &[Value]) -> Result<Vec<Value>, Stop> {
    let handler = guest.export(name);
    let handler = handler.unwrap_or_else(|| panic!("the guest exports no function `{name}`"));
    let mut results = guest.export_type(handler).zero_results().unwrap();
    guest.call(handler, args, &mut results)?;
    Ok(results)
}

fn trap(stop: Stop) -> Trap {
    match stop {
        Stop::Trap(trap) => trap,
        Stop::Exit(code) => panic!("exit with code {code} instead of a trap"),
    }
}

/// Loops, `run` for ever and `count` so often.
const LOOPS: &str = r#"(module
    (memory (export "memory") 1)
    (func (export "run") (loop (br 0)))
    (func (export "count") (param i32) (result i32)
        (local i32)
        (loop
            (local.set 1 (i32.add (local.get 1) (i32.const 1)))
            (br_if 0 (i32.lt_u (local.get 1) (local.get 0))))
        (local.get 1)))"#;

/// Loops in its start function.
const STARTS: &str = r#"(module (func $f (loop (br 0))) (start $f))"#;

/// `host.serve`, which calls the guest's `handler`.
fn serve() -> HostFunction {
    HostFunction {
        module: "host".to_owned(),
        name: "serve".to_owned(),
        ty: FuncType::default(),
        run: Arc::new(|guest, _, _| call(guest, "handler", &[]).map(|_| ())),
    }
}
