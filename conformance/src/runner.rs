//! Runs suites of guests on a host, and reports what they came to.
//!
//! A [`Host`] is what is tested: an [`EngineHost`] is an engine and a backend of this process, a
//! [`CommandHost`] is a command, through an adapter of wasi-testsuite's.

mod backend;
mod calls;
mod command;
mod fixture;
mod gaps;
mod host;
mod in_process;
mod report;
mod stream;
mod test;

pub use backend::Backend;
pub use calls::{Answers, Calls, FunctionName};
pub use command::CommandHost;
pub use host::{Ending, Given, Guest, Host, Refusal};
pub use in_process::EngineHost;
pub use report::{Outcome, Report, SuiteReport, TestReport, to_json, to_junit, to_matrix};
pub use stream::Stream;

use crate::guests::{Case, Expectations, Suite};
use std::num::NonZero;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant, SystemTime};
use test::{Seen, Stopped};

/// Tells the Rust tests of wasi-testsuite to accept the errno of a Unix host alone.
const STRICT: (&str, &str) = ("ERRNO_MODE_UNIX", "1");

/// Runs suites of guests on a host.
pub struct Runner<'a> {
    host: &'a dyn Host,
    expectations: Expectations,
    jobs: usize,
    patience: Duration,
    strict: bool,
    wanted: Vec<String>,
}

impl<'a> Runner<'a> {
    /// Runs suites on this host: as many tests at once as there are processors, each step of a test
    /// for half a minute at most.
    pub fn new(host: &'a dyn Host) -> Self {
        Self {
            host,
            expectations: Expectations::default(),
            jobs: thread::available_parallelism().map_or(1, NonZero::get),
            patience: Duration::from_secs(30),
            strict: false,
            wanted: Vec::new(),
        }
    }

    /// What is expected, if not that every test passes.
    #[must_use]
    pub fn expectations(mut self, expectations: Expectations) -> Self {
        self.expectations = expectations;
        self
    }

    /// How many tests run at once; one at least.
    #[must_use]
    pub fn jobs(mut self, jobs: usize) -> Self {
        self.jobs = jobs.max(1);
        self
    }

    /// How long each step of a test may take.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Whether guests are told to accept the errno of a Unix host alone, by the variable
    /// `ERRNO_MODE_UNIX` in their environment. Those whose modules do not name it are not: they could
    /// make nothing of it, and some check that the environment is what they gave.
    #[must_use]
    pub fn strict(mut self, strict: bool) -> Self {
        self.strict = strict;
        self
    }

    /// Runs only tests whose names contain one of these.
    #[must_use]
    pub fn only(mut self, names: impl IntoIterator<Item = String>) -> Self {
        self.wanted = names.into_iter().collect();
        self
    }

    /// The tests that would be run, each with its suite and the place of that.
    fn tests<'s>(&self, suites: &'s [Suite]) -> Vec<(usize, &'s Suite, &'s Case)> {
        let all = suites.iter().enumerate().flat_map(|(index, suite)| {
            let cases = suite.cases.iter();
            cases.map(move |case| (index, suite, case))
        });
        let wanted = |case: &Case| {
            self.wanted.is_empty() || self.wanted.iter().any(|name| case.name.contains(name))
        };
        all.filter(|(_, _, case)| wanted(case)).collect()
    }

    /// How many tests [`run`](Self::run) would report.
    pub fn count(&self, suites: &[Suite]) -> usize {
        self.tests(suites).len()
    }

    /// Runs the tests, and tells of each when it is over, behind the name of its suite.
    pub fn run(&self, suites: &[Suite], told: &mut dyn FnMut(&str, &TestReport)) -> Report {
        let began = SystemTime::now();
        let tests = self.tests(suites);
        let next = AtomicUsize::new(0);
        let (sender, finished) = mpsc::channel();
        let mut reports: Vec<SuiteReport> = suites
            .iter()
            .map(|suite| SuiteReport::new(&suite.name))
            .collect();
        thread::scope(|scope| {
            for _ in 0..self.jobs.min(tests.len()) {
                let (sender, tests, next) = (sender.clone(), &tests, &next);
                scope.spawn(move || {
                    while let Some((index, suite, case)) =
                        tests.get(next.fetch_add(1, Ordering::Relaxed))
                    {
                        let report = self.report(suite, case);
                        if sender.send((*index, report)).is_err() {
                            return;
                        }
                    }
                });
            }
            drop(sender);
            for (index, report) in finished {
                if let Some(suite) = reports.get_mut(index) {
                    told(&suite.name, &report);
                    suite.tests.push(report);
                }
            }
        });
        for (report, suite) in reports.iter_mut().zip(suites) {
            report.tests.sort_by(|a, b| a.name.cmp(&b.name));
            let passed = report.count(Outcome::Pass) == suite.cases.len();
            // Of a host that does not tell calls, nothing is known; of guests that did not get far,
            // something else is known.
            let answers = report.answers();
            if passed && !suite.declared.is_empty() && !answers.is_empty() {
                report.gaps = gaps::gaps(&suite.declared, &answers);
            }
        }
        Report {
            host: self.host.name(),
            version: self.host.version(),
            began,
            ended: SystemTime::now(),
            suites: reports,
        }
    }

    /// Runs one test, and judges it.
    fn report(&self, suite: &Suite, case: &Case) -> TestReport {
        let began = Instant::now();
        let expected = self.expectations.of(&suite.name, &case.name);
        let skipped = suite
            .unsupported()
            .or_else(|| case.unsupported())
            .or_else(|| expected.skip.then(|| "expected to be left out".to_owned()));
        let seen = match skipped {
            Some(why) => Seen {
                result: Err(Stopped::Unsupported(why)),
                answers: Answers::new(),
            },
            None => test::run(self.host, case, self.patience, &self.extra(case)),
        };
        let (outcome, said) = match (seen.result, expected.fail) {
            (Err(Stopped::Unsupported(why)), _) => (Outcome::Skip, Some(why)),
            (Ok(()), false) => (Outcome::Pass, None),
            (Ok(()), true) => (
                Outcome::UnexpectedPass,
                Some("it passes, and is expected to fail".to_owned()),
            ),
            (Err(Stopped::Failed(why)), false) => (Outcome::Fail, Some(why)),
            (Err(Stopped::Failed(why)), true) => (Outcome::ExpectedFail, Some(why)),
        };
        TestReport {
            name: case.name.clone(),
            outcome,
            said,
            duration: began.elapsed(),
            answers: seen.answers,
        }
    }

    /// What is added to the environment of a test's guests.
    fn extra(&self, case: &Case) -> Vec<(String, String)> {
        let (name, value) = STRICT;
        if !self.strict || !mentions(&case.module, name) {
            return Vec::new();
        }
        vec![(name.to_owned(), value.to_owned())]
    }
}

/// Whether a module holds a text, in its data for instance. One that cannot be read does not, and
/// fails where it is run.
fn mentions(module: &Path, text: &str) -> bool {
    let wasm = std::fs::read(module).unwrap_or_default();
    wasm.windows(text.len())
        .any(|window| window == text.as_bytes())
}
