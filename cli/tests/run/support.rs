//! Guests, and how they are run.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use tempfile::TempDir;
use turnkey_wasi_common::function::CoreType;

pub(crate) use crate::engines::ENGINES;

/// A directory from which the command is run, and in which its files lie; and another in which it
/// keeps what it compiles.
pub(crate) struct Place {
    files: TempDir,
    cache: TempDir,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self {
            files: tempfile::tempdir().unwrap(),
            cache: tempfile::tempdir().unwrap(),
        }
    }

    /// A place with a module in `guest.wat`.
    pub(crate) fn with(module: &str) -> Self {
        let place = Self::new();
        place.file("guest.wat", module);
        place
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.files.path().join(name)
    }

    /// The folder of what the command keeps.
    #[cfg(feature = "wasmtime")]
    pub(crate) fn cache(&self) -> PathBuf {
        self.cache.path().join("turnkey")
    }

    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), content).unwrap();
    }

    pub(crate) fn dir(&self, name: &str) {
        std::fs::create_dir(self.path(name)).unwrap();
    }

    /// The command, about to be started here.
    pub(crate) fn command<S: AsRef<std::ffi::OsStr>>(&self, args: &[S]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_turnkey"));
        command.args(args).current_dir::<&Path>(self.files.path());
        command.env("XDG_CACHE_HOME", self.cache.path());
        command.stdin(Stdio::null());
        command
    }

    /// `turnkey` with these arguments.
    pub(crate) fn turnkey(&self, args: &[&str]) -> Ended {
        Ended::from(self.command(args).output().unwrap())
    }

    /// `turnkey run` on an engine, with these arguments.
    pub(crate) fn run(&self, engine: &str, args: &[&str]) -> Ended {
        self.turnkey(&[&["run", "--engine", engine], args].concat())
    }

    /// Starts `turnkey run` on an engine with pipes as its streams.
    pub(crate) fn start(&self, engine: &str, args: &[&str]) -> Child {
        self.command(&[&["run", "--engine", engine], args].concat())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Ended {
    pub(crate) fn new(code: i32, stdout: &str, stderr: &str) -> Self {
        Self {
            code: Some(code),
            stdout: stdout.into(),
            stderr: stderr.into(),
        }
    }
}

/// A module with these functions of WASI imported under their own names, a memory of a page, and
/// these fields.
///
/// `$say` writes a piece of memory to standard output, by way of the first 16 bytes, and `$need`
/// exits with an errno unless it is 0.
pub(crate) fn guest(functions: &[&str], fields: &str) -> String {
    let mut module = String::from("(module\n");
    let mut functions = functions.to_vec();
    functions.extend(["fd_write", "proc_exit"]);
    functions.sort_unstable();
    functions.dedup();
    for name in functions {
        import(&mut module, name);
    }
    module.push_str(
        r#"(memory (export "memory") 1)
        (func $need (param $errno i32)
          (if (local.get $errno) (then (call $proc_exit (local.get $errno)))))
        (func $say (param $text i32) (param $len i32)
          (i32.store (i32.const 0) (local.get $text))
          (i32.store (i32.const 4) (local.get $len))
          (call $need
            (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))
        "#,
    );
    module.push_str(fields);
    module.push_str(")\n");
    module
}

/// A command whose `_start` is `body`.
pub(crate) fn command(functions: &[&str], body: &str) -> String {
    guest(functions, &format!(r#"(func (export "_start") {body})"#))
}

fn import(module: &mut String, name: &str) {
    let function = turnkey_snapshots::function("wasi_snapshot_preview1", name).unwrap();
    let list = |types: &[CoreType]| -> String {
        let names = types.iter().map(|ty| match ty {
            CoreType::I32 => " i32",
            CoreType::I64 => " i64",
        });
        names.collect()
    };
    writeln!(
        module,
        r#"(import "wasi_snapshot_preview1" "{name}" (func ${name} (param{}) (result{})))"#,
        list(function.core.params),
        list(function.core.results),
    )
    .unwrap();
}
