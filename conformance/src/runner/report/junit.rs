//! Reports in the form of JUnit's XML.

use super::{Outcome, Report, SuiteReport, TestReport};
use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};

/// Reports in the form of JUnit's XML. A suite is named after the host that it was run on too.
///
/// # Errors
/// The reports cannot be written as XML.
pub fn to_junit(reports: &[Report]) -> Result<String, quick_junit::SerializeError> {
    let mut junit = quick_junit::Report::new("WASI conformance");
    for report in reports {
        let suites = report.suites.iter();
        junit.add_test_suites(suites.map(|of_report| suite(&report.host, of_report)));
    }
    junit.to_string()
}

fn suite(host: &str, suite: &SuiteReport) -> TestSuite {
    let mut junit = TestSuite::new(format!("{} on {host}", suite.name));
    junit.set_time(suite.duration());
    junit.add_test_cases(suite.tests.iter().map(test));
    junit
}

fn test(test: &TestReport) -> TestCase {
    let mut status = match test.outcome {
        Outcome::Pass | Outcome::ExpectedFail => TestCaseStatus::success(),
        Outcome::Skip => TestCaseStatus::skipped(),
        Outcome::Fail | Outcome::UnexpectedPass => {
            TestCaseStatus::non_success(NonSuccessKind::Failure)
        }
    };
    if let (Some(said), false) = (&test.said, test.outcome == Outcome::ExpectedFail) {
        status.set_message(said);
    }
    let mut junit = TestCase::new(&test.name, status);
    junit.set_time(test.duration);
    junit
}
