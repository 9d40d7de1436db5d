//! The suites of this package, and the official one if it is there, inside parents that serve.

use crate::family::{compiled, engines};
use std::path::Path;
use turnkey_conformance::guests::{Expectations, Suite, suites};
use turnkey_conformance::parents::SERVE;
use turnkey_conformance::runner::{EngineHost, Runner};

fn check(parents: &[&[u8]], folder: &Path) {
    for engine in engines() {
        let suites: Vec<_> = Suite::find(folder).unwrap();
        let name = engine.name();
        let expectations = Expectations::built_in(name);
        let parents = compiled(&*engine, parents);
        let host = EngineHost::new(engine).parents(parents);
        let runner = Runner::new(&host).expectations(expectations);
        let report = runner.run(&suites, &mut |_, _| {});
        println!("{name}\n{report}");
        assert!(report.is_success());
    }
}

#[test]
fn suites_inside_serve() {
    check(&[SERVE], &suites());
}

#[test]
fn official_suite_inside_serve() {
    if let Some(folder) = std::env::var_os("WASI_TESTSUITE") {
        check(&[SERVE], Path::new(&folder));
    }
}
