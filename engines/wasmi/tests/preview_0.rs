//! wasmi runs the guests of preview 0.

use turnkey_conformance::guests::{check_suite, suites};
use turnkey_wasmi::WasmiEngine;

#[test]
fn wasmi_preview_0_guests_pass() {
    check_suite(&suites().join("preview_0"), &|options| {
        Box::new(WasmiEngine::new(options))
    });
}

#[test]
fn wasmi_resumable_preview_0_guests_pass() {
    check_suite(&suites().join("preview_0"), &|options| {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_all().build().unwrap();
        let engine = WasmiEngine::new(options);
        Box::new(engine.resumable(move |ctx, wait| runtime.block_on(ctx.wait(wait))))
    });
}
