//! wasmtime is put through what every engine must do.

use turnkey_conformance::engine_kit::check_engine;
use turnkey_wasmtime::WasmtimeEngine;

#[test]
fn wasmtime_engine_kit_passes() {
    check_engine(&|options| Box::new(WasmtimeEngine::new(options).unwrap()));
}

#[test]
fn wasmtime_async_engine_kit_passes() {
    check_engine(&|options| {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_all().build().unwrap();
        let engine = WasmtimeEngine::new(options).unwrap();
        Box::new(engine.asynchronous(move |call| runtime.block_on(call)))
    });
}
