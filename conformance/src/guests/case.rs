//! A test: a guest, and what is done with it.

use super::operation::{Operation, Output, Run, Step, steps};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A test: a guest, and what is done with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// Its name: that of the module's file, without an extension.
    pub name: String,
    /// Where its module lies.
    pub module: PathBuf,
    /// What is done with it.
    pub operations: Vec<Operation>,
    /// The kind of program that it is; `wasi:cli/command` for one with a `_start`.
    pub world: String,
    /// What it needs beyond WASI's core: `sockets`, `http`.
    pub proposals: Vec<String>,
    /// Keys of its file that say nothing here.
    pub unknown: Vec<String>,
}

/// The world of a test that names none.
const COMMAND: &str = "wasi:cli/command";

/// The keys of the form in which a file lists operations.
const LISTING: [&str; 4] = ["operations", "proposals", "world", "servers"];

/// The keys of the form in which it says what the guest is given, and what it has to do.
const PLAIN: [&str; 7] = [
    "args",
    "dirs",
    "env",
    "exit_code",
    "root",
    "stderr",
    "stdout",
];

/// A file of the plain form. `dirs` was there before `root`: each directory is preopened under its
/// own name, which is also an argument.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Plain {
    args: Vec<String>,
    dirs: Vec<String>,
    env: BTreeMap<String, String>,
    exit_code: i32,
    root: Option<PathBuf>,
    stderr: Option<String>,
    stdout: Option<String>,
}

impl Case {
    /// The test that a module and the file beside it make; an empty file is the same as none.
    ///
    /// # Errors
    /// What the file says wrong.
    pub(super) fn new(module: PathBuf, file: Map<String, Value>) -> Result<Self, String> {
        let folder = module.parent().unwrap_or(Path::new(""));
        let has = |keys: &[&str]| keys.iter().any(|key| file.contains_key(*key));
        if has(&LISTING) && has(&PLAIN) {
            return Err("it lists operations, and says beside them what is done".to_owned());
        }
        let known = |key: &String| LISTING.contains(&key.as_str()) || PLAIN.contains(&key.as_str());
        let unknown = file.keys().filter(|key| !known(key)).cloned().collect();
        let world = match file.get("world") {
            None => COMMAND.to_owned(),
            Some(Value::String(world)) => world.clone(),
            Some(other) => return Err(format!("the world is {other}, which is no name")),
        };
        let proposals = match file.get("proposals") {
            None => Vec::new(),
            Some(listed) => Deserialize::deserialize(listed)
                .map_err(|error: serde_json::Error| error.to_string())?,
        };
        let operations = match file.get("operations") {
            Some(listed) => {
                let listed: Vec<Step> = Deserialize::deserialize(listed)
                    .map_err(|error: serde_json::Error| error.to_string())?;
                steps(listed, folder)?
            }
            None => Deserialize::deserialize(Value::Object(file))
                .map(|plain: Plain| plain.operations(folder))
                .map_err(|error: serde_json::Error| error.to_string())?,
        };
        let name = module.file_stem().unwrap_or_default();
        Ok(Self {
            name: name.to_string_lossy().into_owned(),
            module,
            operations,
            world,
            proposals,
            unknown,
        })
    }

    /// Whether it needs this, which is beyond WASI's core.
    pub fn proposes(&self, proposal: &str) -> bool {
        self.proposals.iter().any(|proposed| proposed == proposal)
    }

    /// Why no host of preview 1 can run the test, if none can.
    pub fn unsupported(&self) -> Option<String> {
        if self.world != COMMAND {
            return Some(format!("the world {} is none of preview 1", self.world));
        }
        self.operations
            .iter()
            .find_map(|operation| match operation {
                Operation::Unsupported(what) => Some(format!("preview 1 has no way for {what}")),
                _ => None,
            })
    }
}

impl Plain {
    /// The same as a list. What is not said about a stream is not looked at.
    fn operations(self, folder: &Path) -> Vec<Operation> {
        let root = self.root.map(|root| (folder.join(root), "/".to_owned()));
        let named = self.dirs.iter().map(|dir| (folder.join(dir), dir.clone()));
        let mut operations = vec![Operation::Run(Run {
            dirs: root.into_iter().chain(named).collect(),
            args: self.args.into_iter().chain(self.dirs).collect(),
            env: self.env,
        })];
        for (stream, payload) in [(Output::Stdout, self.stdout), (Output::Stderr, self.stderr)] {
            operations.extend(payload.map(|payload| Operation::Read { stream, payload }));
        }
        operations.push(Operation::Wait {
            exit_code: self.exit_code,
        });
        operations
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(json: &str) -> Result<Case, String> {
        Case::new(
            "suite/name.wasm".into(),
            serde_json::from_str(json).unwrap(),
        )
    }

    #[test]
    fn case_without_a_file_runs_and_exits_with_0() {
        let case = case("{}").unwrap();
        assert_eq!(case.name, "name");
        let expected = [
            Operation::Run(Run::default()),
            Operation::Wait { exit_code: 0 },
        ];
        assert_eq!(case.operations, expected);
        assert_eq!(case.unsupported(), None);
    }

    #[test]
    fn case_of_both_forms_the_same() {
        let plain = r#"{ "args": ["a"], "env": { "B": "c" }, "root": "dir", "exit_code": 3,
            "stdout": "out", "stderr": "err" }"#;
        let listing = r#"{ "operations": [
            { "type": "run", "args": ["a"], "env": { "B": "c" }, "root": "dir" },
            { "type": "read", "id": "stdout", "payload": "out" },
            { "type": "read", "id": "stderr", "payload": "err" },
            { "type": "wait", "exit_code": 3 }
        ] }"#;
        assert_eq!(case(plain).unwrap(), case(listing).unwrap());
    }

    #[test]
    fn case_of_the_older_form_dirs_are_arguments_too() {
        let case = case(r#"{ "dirs": ["one", "two"], "args": ["a"] }"#).unwrap();
        let Operation::Run(run) = &case.operations[0] else {
            panic!("{case:?}");
        };
        assert_eq!(run.args, ["a", "one", "two"]);
        let expected = [
            (PathBuf::from("suite/one"), "one".to_owned()),
            (PathBuf::from("suite/two"), "two".to_owned()),
        ];
        assert_eq!(run.dirs, expected);
    }

    #[test]
    fn case_unknown_keys_told_and_mixed_forms_refused() {
        assert_eq!(case(r#"{ "stdut": "" }"#).unwrap().unknown, ["stdut"]);
        assert!(case(r#"{ "operations": [], "args": [] }"#).is_err());
        assert!(case(r#"{ "exit_code": "3" }"#).is_err());
        assert!(case(r#"{ "operations": [{ "type": "jump" }] }"#).is_err());
        let service = case(r#"{ "world": "wasi:http/service" }"#).unwrap();
        assert!(service.unsupported().is_some());
    }
}
