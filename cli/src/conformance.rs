//! `turnkey conformance`: test suites, on any engine or any host.

use crate::engine::{EngineName, Keep};
use crate::failure::{Failure, tell};
use crate::parents;
use indicatif::{ProgressBar, ProgressStyle};
use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use turnkey_conformance::guests::{Expectations, Suite, embedded};
use turnkey_conformance::runner::{
    Backend, CommandHost, EngineHost, Host, Report, Runner, TestReport, to_json, to_junit,
    to_matrix,
};
use turnkey_snapshots::engine::EngineOptions;
use turnkey_wasi_common::Filter;

/// What `turnkey conformance` is told.
#[derive(Debug, clap::Args)]
#[command(after_help = NOTES)]
pub(crate) struct Conformance {
    /// An engine that is tested; all that are built in if none is named. Repeatable
    #[arg(long = "engine", value_name = "ENGINE", value_enum)]
    engines: Vec<EngineName>,

    /// What lies behind the directories that tests are given
    #[arg(
        long,
        value_name = "host|memory|overlay|overlay-archive|archive",
        default_value = "host",
        hide_default_value = true,
        value_parser = backend,
        conflicts_with = "adapter"
    )]
    backend: Backend,

    /// Let a filter see every call, which changes nothing
    #[arg(long, conflicts_with = "adapter")]
    filtered: bool,

    /// Run each test as the child of this parent, a .wasm or .wat file; on all engines on which a
    /// parent can be asked, if none is named. Repeatable: the first is the outermost
    #[arg(long = "parent", value_name = "PARENT", conflicts_with = "adapter")]
    parents: Vec<PathBuf>,

    /// Take the parents this many times
    #[arg(
        long,
        value_name = "N",
        default_value_t = 1,
        hide_default_value = true,
        requires = "parents"
    )]
    depth: usize,

    /// Test a command instead, through an adapter of wasi-testsuite's (a Python module)
    #[arg(long, value_name = "FILE", conflicts_with = "engines")]
    adapter: Option<PathBuf>,

    /// Say which tests are expected to fail, in wasi-testsuite's TOML. Repeatable
    #[arg(long, value_name = "FILE")]
    expect: Vec<PathBuf>,

    /// Run only tests whose names contain this. Repeatable
    #[arg(long, value_name = "TEXT")]
    only: Vec<String>,

    /// Accept the errno of a Unix host alone, where a test knows several
    #[arg(long)]
    strict: bool,

    /// How many tests run at once; as many as there are processors if nothing is said
    #[arg(long, value_name = "N")]
    jobs: Option<usize>,

    /// How long a step of a test may take
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = humantime::parse_duration)]
    timeout: Duration,

    /// Write a report in wasi-testsuite's JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,

    /// Write a report in JUnit's XML
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,

    /// Write a table of which function answered what
    #[arg(long, value_name = "FILE")]
    matrix: Option<PathBuf>,

    /// Folders of suites in wasi-testsuite's form; the built-in one if none is named
    #[arg(value_name = "DIR")]
    dirs: Vec<PathBuf>,
}

/// More parents than can lie above each other.
const MOST_NAMED: usize = 1000;

const NOTES: &str = "\
Exit codes:
  0  every test that was run ended as is expected
  1  a test failed, or passed and is expected to fail
  2  a mistake in the options or in a suite; nothing has run";

impl Conformance {
    /// Runs the suites on one host after the other.
    pub(crate) fn carry_out(self) -> Result<ExitCode, Failure> {
        let built_in = match self.dirs.is_empty() {
            true => Some(embedded().map_err(|error| {
                Failure::set_up(format_args!("the suite cannot be unpacked: {error}"))
            })?),
            false => None,
        };
        let dirs = built_in.iter().map(|dir| dir.path());
        let dirs = dirs.chain(self.dirs.iter().map(PathBuf::as_path));
        let mut suites = Vec::new();
        for dir in dirs {
            suites.extend(Suite::find(dir).map_err(Failure::set_up)?);
        }
        tell_unknown(&suites);
        let mut reports = Vec::new();
        for host in self.hosts()? {
            reports.push(self.run(&*host, &suites)?);
        }
        self.write(&reports)?;
        let success = reports.iter().all(Report::is_success);
        Ok(ExitCode::from(u8::from(!success)))
    }

    /// The hosts that are tested.
    fn hosts(&self) -> Result<Vec<Box<dyn Host>>, Failure> {
        if let Some(adapter) = &self.adapter {
            let host = CommandHost::new(adapter).map_err(Failure::set_up)?;
            return Ok(vec![Box::new(host)]);
        }
        let all = EngineName::all().iter().copied();
        let named: Vec<EngineName> = match &self.engines[..] {
            [] => all
                .filter(|name| self.parents.is_empty() || name.serves_children())
                .collect(),
            named => named.to_vec(),
        };
        named.into_iter().map(|name| self.host(name)).collect()
    }

    /// An engine that is built in, as a host.
    fn host(&self, name: EngineName) -> Result<Box<dyn Host>, Failure> {
        let options = EngineOptions {
            fuel: false,
            interruptible: true,
        };
        let engine = name.engine(options, Keep::Nowhere)?;
        let count = self.parents.len().saturating_mul(self.depth);
        let paths = self.parents.iter().cycle().take(count.min(MOST_NAMED));
        let sources = parents::read(&paths.cloned().collect::<Vec<_>>(), name)?;
        let parents = parents::compile(&sources, &*engine)?;
        let (backend, filtered) = (self.backend, self.filtered);
        let host = EngineHost::new(engine)
            .parents(parents)
            .dirs(move |dir| backend.open(dir))
            .context(move || match filtered {
                true => name.context().filter(Arc::new(Pass)),
                false => name.context(),
            });
        Ok(Box::new(host))
    }

    fn run(&self, host: &dyn Host, suites: &[Suite]) -> Result<Report, Failure> {
        let mut expectations = Expectations::built_in(&host.name());
        expectations.add(Expectations::built_in(self.backend.name()));
        for file in &self.expect {
            expectations.read(file).map_err(Failure::set_up)?;
        }
        let mut runner = Runner::new(host)
            .expectations(expectations)
            .strict(self.strict)
            .patience(self.timeout)
            .only(self.only.iter().cloned());
        if let Some(jobs) = self.jobs {
            runner = runner.jobs(jobs);
        }
        let count = runner.count(suites);
        if count == 0 {
            return Err(Failure::set_up(format_args!(
                "no test's name contains {}; choose another with --only",
                self.only.join(" or ")
            )));
        }
        let progress = Progress::new(&host.name(), count);
        let report = runner.run(suites, &mut |suite, test| progress.tell(suite, test));
        progress.end();
        let mut stdout = io::stdout().lock();
        write!(stdout, "{report}").map_err(|error| Failure::output(&error))?;
        Ok(report)
    }

    /// Writes the files that are asked for.
    fn write(&self, reports: &[Report]) -> Result<(), Failure> {
        if let Some(path) = &self.json {
            write(path, &format!("{:#}\n", to_json(reports)))?;
        }
        if let Some(path) = &self.junit {
            let junit = to_junit(reports).map_err(Failure::set_up)?;
            write(path, &junit)?;
        }
        if let Some(path) = &self.matrix {
            write(path, &to_matrix(reports))?;
        }
        Ok(())
    }
}

/// Keys that say nothing are most often misspelt. They are no mistake: a later form may have them.
fn tell_unknown(suites: &[Suite]) {
    for case in suites.iter().flat_map(|suite| &suite.cases) {
        for key in &case.unknown {
            let file = case.module.with_extension("json");
            let file = file.display();
            tell(format_args!(
                "{file}: nothing is known of `{key}`, which is left out"
            ));
        }
    }
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    fs::write(path, text).map_err(|error| {
        Failure::set_up(format_args!(
            "{} cannot be written: {error}",
            path.display()
        ))
    })
}

/// The backend of this name.
fn backend(name: &str) -> Result<Backend, String> {
    let mut all = Backend::ALL.into_iter();
    all.find(|backend| backend.name() == name).ok_or_else(|| {
        let names = Backend::ALL.map(Backend::name);
        format!("the backends are {}", names.join(", "))
    })
}

/// Lets everything pass.
struct Pass;

impl Filter for Pass {}

/// How far a run has come: a bar on a terminal, a line for each test elsewhere.
struct Progress(Option<ProgressBar>);

impl Progress {
    fn new(host: &str, count: usize) -> Self {
        if !io::stderr().is_terminal() {
            return Self(None);
        }
        let bar = ProgressBar::new(u64::try_from(count).unwrap_or(u64::MAX));
        if let Ok(style) = ProgressStyle::with_template("{prefix} {wide_bar} {pos}/{len} {msg}") {
            bar.set_style(style);
        }
        bar.set_prefix(host.to_owned());
        Self(Some(bar))
    }

    fn tell(&self, suite: &str, test: &TestReport) {
        match &self.0 {
            Some(bar) => {
                bar.set_message(test.name.clone());
                bar.inc(1);
            }
            None => tell(format_args!(
                "{:5} {suite}: {}",
                test.outcome.name(),
                test.name
            )),
        }
    }

    fn end(self) {
        if let Some(bar) = self.0 {
            bar.finish_and_clear();
        }
    }
}
