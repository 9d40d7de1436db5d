//! What a run came to.

mod json;
mod junit;
mod matrix;

pub use json::to_json;
pub use junit::to_junit;
pub use matrix::to_matrix;

use super::calls::Answers;
use std::fmt;
use std::time::{Duration, SystemTime};

/// What a run came to.
#[derive(Debug, Clone)]
pub struct Report {
    /// The host's name.
    pub host: String,
    /// The host's version; nothing if it has none.
    pub version: String,
    /// When the run began.
    pub began: SystemTime,
    /// When it was over.
    pub ended: SystemTime,
    /// Its suites, in the order in which they were given.
    pub suites: Vec<SuiteReport>,
}

/// What a suite came to.
#[derive(Debug, Clone)]
pub struct SuiteReport {
    /// Its name.
    pub name: String,
    /// Its tests, by name.
    pub tests: Vec<TestReport>,
    /// Where what its guests were answered differs from what the suite declares, if all of them
    /// passed.
    pub gaps: Vec<String>,
}

/// What a test came to.
#[derive(Debug, Clone)]
pub struct TestReport {
    /// Its name.
    pub name: String,
    /// How it ended.
    pub outcome: Outcome,
    /// Why it did not pass, if it did not.
    pub said: Option<String>,
    /// How long it took.
    pub duration: Duration,
    /// What its guests called, if the host can tell.
    pub answers: Answers,
}

/// How a test ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It passed.
    Pass,
    /// It failed.
    Fail,
    /// It was not run.
    Skip,
    /// It failed, as is expected.
    ExpectedFail,
    /// It passed, and is expected to fail.
    UnexpectedPass,
}

impl Outcome {
    /// Its name, as wasi-testsuite's reports have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Skip => "skip",
            Self::ExpectedFail => "xfail",
            Self::UnexpectedPass => "xpass",
        }
    }

    /// Whether something is not as it should be.
    pub fn is_failure(self) -> bool {
        matches!(self, Self::Fail | Self::UnexpectedPass)
    }
}

impl SuiteReport {
    pub(super) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            tests: Vec::new(),
            gaps: Vec::new(),
        }
    }

    /// How many tests ended so.
    pub fn count(&self, outcome: Outcome) -> usize {
        let tests = self.tests.iter();
        tests.filter(|test| test.outcome == outcome).count()
    }

    /// What its guests called, and what they were answered.
    pub fn answers(&self) -> Answers {
        merged(self.tests.iter().map(|test| &test.answers))
    }

    /// How long its tests took, one after the other.
    pub fn duration(&self) -> Duration {
        self.tests.iter().map(|test| test.duration).sum()
    }
}

impl Report {
    /// Whether there were tests, and all that were run ended as is expected, with the answers that
    /// their suites declare.
    pub fn is_success(&self) -> bool {
        if self.suites.iter().any(|suite| !suite.gaps.is_empty()) {
            return false;
        }
        let mut tests = self.suites.iter().flat_map(|suite| &suite.tests).peekable();
        tests.peek().is_some() && tests.all(|test| !test.outcome.is_failure())
    }

    /// What all guests called, and what they were answered.
    pub fn answers(&self) -> Answers {
        let tests = self.suites.iter().flat_map(|suite| &suite.tests);
        merged(tests.map(|test| &test.answers))
    }
}

fn merged<'a>(all: impl Iterator<Item = &'a Answers>) -> Answers {
    let mut merged = Answers::new();
    for (function, answers) in all.flatten() {
        merged.entry(*function).or_default().extend(answers);
    }
    merged
}

/// A line for each suite of which tests were run, below the tests of it that were not as expected.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for suite in self.suites.iter().filter(|suite| !suite.tests.is_empty()) {
            for test in suite.tests.iter().filter(|test| test.outcome.is_failure()) {
                writeln!(f, "{test}")?;
            }
            let (name, host) = (&suite.name, &self.host);
            write!(
                f,
                "{name} on {host}: {} of {} passed",
                suite.count(Outcome::Pass),
                suite.tests.len()
            )?;
            for (outcome, what) in [
                (Outcome::Fail, "failed"),
                (Outcome::UnexpectedPass, "passed unexpectedly"),
                (Outcome::ExpectedFail, "failed as expected"),
                (Outcome::Skip, "not run"),
            ] {
                match suite.count(outcome) {
                    0 => {}
                    count => write!(f, ", {count} {what}")?,
                }
            }
            writeln!(f)?;
            for gap in &suite.gaps {
                writeln!(f, "      {gap}")?;
            }
        }
        Ok(())
    }
}

/// The outcome and the name; then what was said, indented.
impl fmt::Display for TestReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:5} {}", self.outcome.name(), self.name)?;
        for line in self.said.iter().flat_map(|said| said.lines()) {
            write!(f, "\n      {line}")?;
        }
        Ok(())
    }
}
