//! wasmi is put through what every engine must do.

use turnkey_conformance::engine_kit::check_engine;
use turnkey_wasmi::WasmiEngine;

#[test]
fn wasmi_engine_kit_passes() {
    check_engine(&|options| Box::new(WasmiEngine::new(options)));
}
