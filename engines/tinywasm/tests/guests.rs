//! tinywasm runs the guests that come with the conformance suite.

use turnkey_conformance::guests::check_suites;
use turnkey_tinywasm::TinywasmEngine;

#[test]
fn tinywasm_guests_pass() {
    check_suites(&|options| Box::new(TinywasmEngine::new(options)));
}
