//! wasmtime runs the guests of preview 0.

use turnkey_conformance::guests::{check_suite, suites};
use turnkey_wasmtime::WasmtimeEngine;

#[test]
fn wasmtime_preview_0_guests_pass() {
    check_suite(&suites().join("preview_0"), &|options| {
        Box::new(WasmtimeEngine::new(options).unwrap())
    });
}

#[test]
fn wasmtime_async_preview_0_guests_pass() {
    check_suite(&suites().join("preview_0"), &|options| {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_all().build().unwrap();
        let engine = WasmtimeEngine::new(options).unwrap();
        Box::new(engine.asynchronous(move |call| runtime.block_on(call)))
    });
}
