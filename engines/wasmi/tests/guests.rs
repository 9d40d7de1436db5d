//! wasmi runs the guests that come with the conformance suite.

use turnkey_conformance::guests::check_suites;
use turnkey_wasmi::WasmiEngine;

#[test]
fn wasmi_guests_pass() {
    check_suites(&|options| Box::new(WasmiEngine::new(options)));
}

#[test]
fn wasmi_resumable_guests_pass() {
    check_suites(&|options| {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_all().build().unwrap();
        let engine = WasmiEngine::new(options);
        Box::new(engine.resumable(move |ctx, wait| runtime.block_on(ctx.wait(wait))))
    });
}
