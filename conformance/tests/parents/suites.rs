//! The suites of this package, and the official one if it is there, inside parents that serve.

use crate::family::{compiled, engines};
use std::path::Path;
use turnkey_conformance::guests::{Expectations, Suite, suites};
use turnkey_conformance::parents::SERVE;
use turnkey_conformance::runner::{EngineHost, Runner};

/// The host keeps a listing that a parent tells, so a name that has gone since is told again to
/// whoever goes back.
const KEPT: &str = r#"
    version = 1
    [[suite]]
    name = "Turnkey preview 1"
    [[suite.test]]
    name = "fd_readdir_cookies"
    expected = "fail"
"#;

fn check(parents: &[&[u8]], folder: &Path) {
    for engine in engines() {
        let suites: Vec<_> = Suite::find(folder).unwrap();
        let name = engine.name();
        let mut expectations = Expectations::built_in(name);
        expectations.add(KEPT.parse().unwrap());
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
