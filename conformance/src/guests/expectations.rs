//! Which tests are expected to fail, or not to be run.

use include_dir::{Dir, include_dir};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

/// What is expected of the tests of some suites, read from files in the form of wasi-testsuite:
///
/// ```
/// use turnkey_conformance::guests::{Expectations, Expected};
///
/// let expectations: Expectations = r#"
///     version = 1
///     [[suite]]
///     name = "WASI C tests"
///     [[suite.test]]
///     name = "sock_shutdown-not_sock"
///     expected = "fail"
/// "#
/// .parse()?;
/// let expected = expectations.of("WASI C tests", "sock_shutdown-not_sock");
/// assert_eq!(expected, Expected { fail: true, skip: false });
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expectations(BTreeMap<(String, String), Expected>);

/// What is expected of a test: that it passes, if nothing is said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Expected {
    /// It fails. That it passes is a failure then.
    pub fail: bool,
    /// It is not run.
    pub skip: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default = "first")]
    version: i64,
    #[serde(default)]
    suite: Vec<Suite>,
}

fn first() -> i64 {
    1
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Suite {
    name: String,
    #[serde(default)]
    test: Vec<Test>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Test {
    name: String,
    action: Option<Action>,
    expected: Option<Outcome>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Action {
    Skip,
}

#[derive(Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Outcome {
    Pass,
    Fail,
}

/// What is expected of hosts that are known here, a file for each.
static KNOWN: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/expectations");

impl Expectations {
    /// What is known of a host by its name, such as `wasmi`, or of a backend: what `NAME.toml` says
    /// in the folder `expectations` of this package, and then `NAME-SYSTEM.toml` with the system's
    /// name as [`OS`](std::env::consts::OS) has it. Nothing, if there are no such files.
    pub fn built_in(name: &str) -> Self {
        let names = [
            format!("{name}.toml"),
            format!("{name}-{}.toml", std::env::consts::OS),
        ];
        let files = names.iter().filter_map(|name| KNOWN.get_file(name));
        let texts = files.filter_map(include_dir::File::contents_utf8);
        // That each can be read is tested.
        let read = texts.filter_map(|text| text.parse::<Self>().ok());
        Self(read.flat_map(|read| read.0).collect())
    }

    /// Reads a file, and adds what it says to what is known. A later file has the last word about a
    /// test.
    ///
    /// # Errors
    /// The file cannot be read, or says what the form does not have.
    pub fn read(&mut self, path: &Path) -> Result<(), ExpectationsError> {
        let wrong = |what: String| ExpectationsError {
            path: Some(path.to_owned()),
            what,
        };
        let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
        let read: Self = text
            .parse()
            .map_err(|error: ExpectationsError| wrong(error.what))?;
        self.add(read);
        Ok(())
    }

    /// Adds what others say, which have the last word about a test.
    pub fn add(&mut self, later: Self) {
        self.0.extend(later.0);
    }

    /// What is expected of a test.
    pub fn of(&self, suite: &str, test: &str) -> Expected {
        let key = (suite.to_owned(), test.to_owned());
        self.0.get(&key).copied().unwrap_or_default()
    }

    /// The names of the tests that something is said about, each behind that of its suite.
    pub fn names(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .keys()
            .map(|(suite, test)| (suite.as_str(), test.as_str()))
    }
}

impl std::str::FromStr for Expectations {
    type Err = ExpectationsError;

    fn from_str(text: &str) -> Result<Self, ExpectationsError> {
        let wrong = |what: String| ExpectationsError { path: None, what };
        let file: File = toml::from_str(text).map_err(|error| wrong(error.to_string()))?;
        if file.version != first() {
            return Err(wrong(format!(
                "the form of version {} is not known, only that of version 1",
                file.version
            )));
        }
        let mut expectations = BTreeMap::new();
        for suite in file.suite {
            for test in suite.test {
                if test.action.is_none() && test.expected.is_none() {
                    return Err(wrong(format!(
                        "{}: neither `action` nor `expected` is said",
                        test.name
                    )));
                }
                let expected = Expected {
                    fail: test.expected == Some(Outcome::Fail),
                    skip: test.action.is_some(),
                };
                expectations.insert((suite.name.clone(), test.name), expected);
            }
        }
        Ok(Self(expectations))
    }
}

/// Why expectations cannot be read.
#[derive(Debug)]
pub struct ExpectationsError {
    path: Option<PathBuf>,
    what: String,
}

impl fmt::Display for ExpectationsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = self.what.trim_end();
        match &self.path {
            Some(path) => write!(f, "{}: {what}", path.display()),
            None => f.write_str(what),
        }
    }
}

impl std::error::Error for ExpectationsError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expectations_of_a_later_file_win() {
        let folder = tempfile::tempdir().unwrap();
        let mut expectations = Expectations::default();
        for (name, outcome) in [("one", "fail"), ("two", "pass")] {
            let path = folder.path().join(name);
            let text = format!(
                "[[suite]]\nname = 's'\n[[suite.test]]\nname = 't'\nexpected = '{outcome}'\n"
            );
            std::fs::write(&path, text).unwrap();
            expectations.read(&path).unwrap();
            assert_eq!(expectations.of("s", "t").fail, outcome == "fail");
        }
        assert_eq!(expectations.of("s", "other"), Expected::default());
        assert_eq!(expectations.names().collect::<Vec<_>>(), [("s", "t")]);
    }

    #[test]
    fn expectations_built_in_can_be_read() {
        for file in KNOWN
            .files()
            .filter(|file| file.path().extension().is_some_and(|it| it == "toml"))
        {
            let read = file.contents_utf8().unwrap().parse::<Expectations>();
            assert!(read.is_ok(), "{}: {read:?}", file.path().display());
        }
        assert_eq!(
            Expectations::built_in("no such host"),
            Expectations::default()
        );
    }

    #[test]
    fn expectations_that_say_nothing_known_refused() {
        for text in [
            "version = 2",
            "suites = []",
            "[[suite]]\nname = 's'\n[[suite.test]]\nname = 't'",
            "[[suite]]\nname = 's'\n[[suite.test]]\nname = 't'\nexpected = 'maybe'",
            "[[suite]]\nname = 's'\n[[suite.test]]\nname = 't'\naction = 'run'",
            "[[suite]]\n[[suite.test]]\nname = 't'\naction = 'skip'",
        ] {
            assert!(text.parse::<Expectations>().is_err(), "{text}");
        }
        let mut expectations = Expectations::default();
        let error = expectations.read(Path::new("no/such.toml")).unwrap_err();
        assert!(error.to_string().starts_with("no/such.toml: "), "{error}");
    }
}
