//! wasmtime is put through what every engine must do.

use turnkey_conformance::engine_kit::check_engine;
use turnkey_wasmtime::WasmtimeEngine;

#[test]
fn wasmtime_engine_kit_passes() {
    check_engine(&|options| Box::new(WasmtimeEngine::new(options).unwrap()));
}
