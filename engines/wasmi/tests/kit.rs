//! wasmi is put through what every engine must do.

use turnkey_conformance::engine_kit::check_engine;
use turnkey_wasmi::WasmiEngine;

#[test]
fn wasmi_engine_kit_passes() {
    check_engine(&|options| Box::new(WasmiEngine::new(options)));
}

#[test]
fn wasmi_resumable_engine_kit_passes() {
    check_engine(&|options| {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_all().build().unwrap();
        let engine = WasmiEngine::new(options);
        Box::new(engine.resumable(move |ctx, wait| runtime.block_on(ctx.wait(wait))))
    });
}
