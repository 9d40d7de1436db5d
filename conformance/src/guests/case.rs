//! A guest, what it is given, and what it has to do.

use super::suite::named;
use super::{Ending, Seen};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// A guest, what it is given, and what it has to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// Its name.
    pub name: String,
    /// Where its module lies.
    pub module: PathBuf,
    /// What follows the name of the module in its arguments.
    pub args: Vec<String>,
    /// All of its environment.
    pub env: BTreeMap<String, String>,
    /// The directory that it is given a fresh copy of, as fd 3 with the name `/`. Without one it
    /// has no preopen at all.
    pub root: Option<PathBuf>,
    /// With what it has to exit; 0 also if it just returns.
    pub exit_code: u32,
    /// All that it has to write to standard output; anything, if there is nothing here.
    pub stdout: Option<String>,
    /// All that it has to write to standard error; anything, if there is nothing here.
    pub stderr: Option<String>,
}

/// What the JSON file beside a module may hold.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Asked {
    args: Vec<String>,
    env: BTreeMap<String, String>,
    root: Option<PathBuf>,
    exit_code: u32,
    stdout: Option<String>,
    stderr: Option<String>,
}

impl Case {
    pub(super) fn new(asked: Asked, module: PathBuf) -> Self {
        Self {
            name: named(&module),
            args: asked.args,
            env: asked.env,
            root: asked.root.map(|root| module.with_file_name(root)),
            exit_code: asked.exit_code,
            stdout: asked.stdout,
            stderr: asked.stderr,
            module,
        }
    }

    /// What a guest did otherwise than it has to, with all that it said about it; `None` if it did
    /// what it has to.
    #[must_use]
    pub fn difference(&self, seen: &Seen) -> Option<String> {
        let mut differences = Vec::new();
        let expected = Ending::Exit(self.exit_code);
        if seen.ending != expected {
            let stderr = String::from_utf8_lossy(&seen.stderr);
            differences.push(format!("{} instead of {expected}\n{stderr}", seen.ending));
        }
        let streams = [
            ("stdout", &self.stdout, &seen.stdout),
            ("stderr", &self.stderr, &seen.stderr),
        ];
        for (stream, expected, written) in streams {
            if let Some(expected) = expected
                && expected.as_bytes() != written
            {
                let written = String::from_utf8_lossy(written);
                differences.push(format!("{stream} is {written:?} instead of {expected:?}"));
            }
        }
        (!differences.is_empty()).then(|| differences.join("\n"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn difference_of_what_is_not_asked_none() {
        let case = Case::new(Asked::default(), "a/b.wasm".into());
        assert_eq!(case.name, "b");
        let seen = Seen {
            ending: Ending::Exit(0),
            stdout: b"anything".to_vec(),
            stderr: Vec::new(),
        };
        assert_eq!(case.difference(&seen), None);
    }

    #[test]
    fn difference_tells_ending_and_streams() {
        let asked = r#"{ "root": "dir", "exit_code": 3, "stdout": "yes\n" }"#;
        let case = Case::new(serde_json::from_str(asked).unwrap(), "a/b.wasm".into());
        assert_eq!(case.root, Some("a/dir".into()));
        let seen = Seen {
            ending: Ending::Exit(4),
            stdout: b"no\n".to_vec(),
            stderr: b"check 4 failed".to_vec(),
        };
        let difference = case.difference(&seen).unwrap();
        assert_eq!(
            difference,
            "exit code 4 instead of exit code 3\ncheck 4 failed\n\
             stdout is \"no\\n\" instead of \"yes\\n\""
        );
    }

    #[test]
    fn asked_unknown_key_an_error() {
        let error = serde_json::from_str::<Asked>(r#"{ "stdut": "" }"#).unwrap_err();
        assert!(error.to_string().contains("stdut"), "{error}");
    }
}
