//! The suites of this package, and the official one if it is there, inside parents that serve.

use crate::family::{Inside, SERVE, engines};
use std::path::PathBuf;
use turnkey_conformance::guests::{Expectations, Suite, suites};
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

fn check(parents: &[&[u8]], folder: PathBuf, name: &str) {
    for engine in engines() {
        let suites: Vec<_> = Suite::find(&folder).unwrap();
        let host = EngineHost::new(Box::new(Inside::new(&engine, parents)));
        let mut expectations = Expectations::built_in(engine.name());
        expectations.add(KEPT.parse().unwrap());
        let runner = Runner::new(&host).expectations(expectations);
        let report = runner.run(&suites, &mut |_, _| {});
        println!("{} inside {name}\n{report}", engine.name());
        // Which functions were called is told of the parent, which calls few of them.
        let mut tests = report.suites.iter().flat_map(|suite| &suite.tests);
        assert!(tests.all(|test| !test.outcome.is_failure()));
    }
}

#[test]
fn suites_inside_serve() {
    check(&[SERVE], suites(), "serve");
}

#[test]
fn official_suite_inside_serve() {
    if let Some(folder) = std::env::var_os("WASI_TESTSUITE") {
        check(&[SERVE], folder.into(), "serve");
    }
}
