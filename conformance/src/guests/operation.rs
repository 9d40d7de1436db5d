//! What a test does, step by step.

use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A step of a test. The steps are done in order, up to the first that fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    /// The guest is started.
    Run(Run),
    /// Standard input is closed, and the guest has to end with this code. A trap counts as 134.
    Wait {
        /// The code, as a process would show it.
        exit_code: i32,
    },
    /// The guest has to write these bytes next. What it writes beyond them is not looked at.
    Read {
        /// To which stream.
        stream: Output,
        /// The bytes.
        payload: String,
    },
    /// These bytes are written to the guest's standard input.
    Write {
        /// The bytes.
        payload: String,
    },
    /// The guest is ended from outside.
    Kill,
    /// A connection is made to the socket that the guest listens on.
    Connect {
        /// The name by which later steps know the connection.
        id: String,
    },
    /// These bytes are sent through a connection.
    Send {
        /// The connection's name.
        id: String,
        /// The bytes.
        payload: String,
    },
    /// The guest has to send these bytes next.
    Recv {
        /// The connection's name.
        id: String,
        /// The bytes.
        payload: String,
    },
    /// A step that no host of preview 1 can take, such as a request of HTTP.
    Unsupported(String),
}

/// What a guest is given when it starts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Run {
    /// What follows the name of the module in its arguments.
    pub args: Vec<String>,
    /// All of its environment.
    pub env: BTreeMap<String, String>,
    /// The directories that it is given fresh copies of, each under a name. Without one it has no
    /// preopen at all.
    pub dirs: Vec<(PathBuf, String)>,
}

/// A stream that a guest writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Output {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// A step as the file has it.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub(super) enum Step {
    Run {
        #[serde(default)]
        args: Vec<String>,
        #[serde(default)]
        env: BTreeMap<String, String>,
        root: Option<PathBuf>,
    },
    Wait {
        #[serde(default)]
        exit_code: i32,
    },
    Read {
        id: Option<String>,
        #[serde(default)]
        payload: String,
    },
    Write {
        id: Option<String>,
        #[serde(default)]
        payload: String,
    },
    Kill {
        signal: Option<String>,
    },
    Connect {
        id: Option<String>,
        protocol_type: Option<String>,
    },
    Send {
        id: String,
        #[serde(default)]
        payload: String,
    },
    Recv {
        id: String,
        #[serde(default)]
        payload: String,
    },
    Request {},
}

/// The steps of a test whose file lies in `folder`.
///
/// # Errors
/// What is wrong with which step.
pub(super) fn steps(steps: Vec<Step>, folder: &Path) -> Result<Vec<Operation>, String> {
    let mut running = false;
    let mut connections = Vec::new();
    let mut operations = Vec::new();
    for (number, step) in (1..).zip(steps) {
        let wrong = |what: &str| format!("step {number}: {what}");
        let operation = match step {
            Step::Run { args, env, root } => {
                if std::mem::replace(&mut running, true) {
                    return Err(wrong("a guest is running already"));
                }
                let dirs = root.map(|root| (folder.join(root), "/".to_owned()));
                let dirs = dirs.into_iter().collect();
                operations.push(Operation::Run(Run { args, env, dirs }));
                continue;
            }
            _ if !running => return Err(wrong("no guest is running")),
            Step::Wait { exit_code } => {
                running = false;
                connections.clear();
                Operation::Wait { exit_code }
            }
            Step::Read { id, payload } => {
                let stream = match id.as_deref() {
                    None | Some("stdout") => Output::Stdout,
                    Some("stderr") => Output::Stderr,
                    Some(id) => return Err(wrong(&format!("there is no stream `{id}`"))),
                };
                Operation::Read { stream, payload }
            }
            Step::Write { id, payload } if id.as_deref() == Some("stdin") => {
                Operation::Write { payload }
            }
            Step::Write { .. } => return Err(wrong("only `stdin` can be written")),
            Step::Kill { signal } => match signal.as_deref() {
                None | Some("SIGTERM" | "SIGKILL") => Operation::Kill,
                Some(signal) => Operation::Unsupported(format!("the signal {signal}")),
            },
            Step::Connect { id, protocol_type } => {
                let id = id.unwrap_or_else(|| "server".to_owned());
                match protocol_type.as_deref() {
                    None | Some("tcp") => {}
                    Some(other) => return Err(wrong(&format!("cannot connect by {other}"))),
                }
                if connections.contains(&id) {
                    return Err(wrong(&format!("there is a connection `{id}` already")));
                }
                connections.push(id.clone());
                Operation::Connect { id }
            }
            Step::Send { id, payload } if connections.contains(&id) => {
                Operation::Send { id, payload }
            }
            Step::Recv { id, payload } if connections.contains(&id) => {
                Operation::Recv { id, payload }
            }
            Step::Send { id, .. } | Step::Recv { id, .. } => {
                return Err(wrong(&format!("there is no connection `{id}`")));
            }
            Step::Request {} => Operation::Unsupported("a request of HTTP".to_owned()),
        };
        operations.push(operation);
    }
    Ok(operations)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(json: &str) -> Result<Vec<Operation>, String> {
        let parsed: Vec<Step> = serde_json::from_str(json).map_err(|error| error.to_string())?;
        steps(parsed, Path::new("suite"))
    }

    #[test]
    fn steps_in_order() {
        let json = r#"[
            { "type": "run", "args": ["a"], "root": "dir" },
            { "type": "write", "id": "stdin", "payload": "in" },
            { "type": "read", "payload": "out" },
            { "type": "read", "id": "stderr" },
            { "type": "wait", "exit_code": 3 }
        ]"#;
        let expected = [
            Operation::Run(Run {
                args: vec!["a".to_owned()],
                env: BTreeMap::new(),
                dirs: vec![("suite/dir".into(), "/".to_owned())],
            }),
            Operation::Write {
                payload: "in".to_owned(),
            },
            Operation::Read {
                stream: Output::Stdout,
                payload: "out".to_owned(),
            },
            Operation::Read {
                stream: Output::Stderr,
                payload: String::new(),
            },
            Operation::Wait { exit_code: 3 },
        ];
        assert_eq!(parse(json).unwrap(), expected);
    }

    #[test]
    fn steps_that_make_no_sense_refused() {
        for (json, expected) in [
            (r#"[{ "type": "wait" }]"#, "step 1: no guest is running"),
            (
                r#"[{ "type": "run" }, { "type": "run" }]"#,
                "step 2: a guest is running already",
            ),
            (
                r#"[{ "type": "run" }, { "type": "wait" }, { "type": "read" }]"#,
                "step 3: no guest is running",
            ),
            (
                r#"[{ "type": "run" }, { "type": "write", "payload": "x" }]"#,
                "step 2: only `stdin` can be written",
            ),
            (
                r#"[{ "type": "run" }, { "type": "read", "id": "stdin" }]"#,
                "step 2: there is no stream `stdin`",
            ),
            (
                r#"[{ "type": "run" }, { "type": "connect", "protocol_type": "udp" }]"#,
                "step 2: cannot connect by udp",
            ),
            (
                r#"[{ "type": "run" }, { "type": "connect" }, { "type": "connect" }]"#,
                "step 3: there is a connection `server` already",
            ),
            (
                r#"[{ "type": "run" }, { "type": "send", "id": "a", "payload": "" }]"#,
                "step 2: there is no connection `a`",
            ),
        ] {
            assert_eq!(parse(json), Err(expected.to_owned()), "{json}");
        }
    }
}
