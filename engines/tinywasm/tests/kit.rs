//! tinywasm is put through what every engine must do.

use turnkey_conformance::engine_kit::check_engine;
use turnkey_tinywasm::TinywasmEngine;

#[test]
fn tinywasm_engine_kit_passes() {
    check_engine(&|options| Box::new(TinywasmEngine::new(options)));
}
