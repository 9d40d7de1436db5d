//! Reports in the form of wasi-testsuite's JSON.

use super::{Outcome, Report, SuiteReport, TestReport};
use serde_json::{Value, json};
use std::time::SystemTime;

/// Reports in the form that wasi-testsuite's own runner writes. Each suite names the host that it
/// was run on.
pub fn to_json(reports: &[Report]) -> Value {
    let results = reports
        .iter()
        .flat_map(|report| report.suites.iter().map(|suite| results(report, suite)));
    json!({
        "execution": {
            "start_timestamp": timestamp(reports.iter().map(|report| report.began).min()),
            "finish_timestamp": timestamp(reports.iter().map(|report| report.ended).max()),
        },
        "results": results.collect::<Vec<_>>(),
    })
}

fn timestamp(time: Option<SystemTime>) -> Option<String> {
    time.map(|time| humantime::format_rfc3339_millis(time).to_string())
}

fn results(report: &Report, suite: &SuiteReport) -> Value {
    json!({
        "name": suite.name,
        "runtime": { "name": report.host, "version": report.version },
        "duration_s": suite.duration().as_secs_f64(),
        "failed": suite.count(Outcome::Fail),
        "skipped": suite.count(Outcome::Skip),
        "passed": suite.count(Outcome::Pass),
        "xfailed": suite.count(Outcome::ExpectedFail),
        "xpassed": suite.count(Outcome::UnexpectedPass),
        "tests": suite.tests.iter().map(test).collect::<Vec<_>>(),
    })
}

fn test(test: &TestReport) -> Value {
    json!({
        "name": test.name,
        "executed": test.outcome != Outcome::Skip,
        "outcome": test.outcome.name(),
        "duration_s": test.duration.as_secs_f64(),
        "failures": test.said.iter().collect::<Vec<_>>(),
    })
}
