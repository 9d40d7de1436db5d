//! wasmtime runs the guests that come with the conformance suite.

use turnkey_conformance::guests::check_suites;
use turnkey_wasmtime::WasmtimeEngine;

#[test]
fn wasmtime_guests_pass() {
    check_suites(&|options| Box::new(WasmtimeEngine::new(options).unwrap()));
}

#[test]
fn wasmtime_async_guests_pass() {
    check_suites(&|options| {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_all().build().unwrap();
        let engine = WasmtimeEngine::new(options).unwrap();
        Box::new(engine.asynchronous(move |call| runtime.block_on(call)))
    });
}
