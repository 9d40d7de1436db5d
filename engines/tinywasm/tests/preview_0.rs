//! tinywasm runs the guests of preview 0.

use turnkey_conformance::guests::{check_suite, suites};
use turnkey_tinywasm::TinywasmEngine;

#[test]
fn tinywasm_preview_0_guests_pass() {
    check_suite(&suites().join("preview_0"), &|options| {
        Box::new(TinywasmEngine::new(options))
    });
}
