//! `turnkey run`: a module, and what it is given.

mod calls;
mod deny;
mod dir;
mod env;
mod files;
mod listen;
mod options;
mod time;
mod trace;

pub(crate) use options::{Run, texts};

use crate::engine::Keep;
use crate::entry::Entry;
use crate::failure::Failure;
use crate::{exit, module, thread};
use listen::SocketFile;
use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;
use turnkey_cap_backends::stdio;
use turnkey_snapshots::engine::{EngineOptions, InstantiateError, Limits, Module, Node, Value};
use turnkey_virt::random::SeededRandom;
use turnkey_wasi_common::{Builder, Interrupt};

impl Run {
    /// Runs the module, after all that can be wrong has been looked at. What is quick to look at
    /// comes first; what others can see, sockets and files that are made, comes last.
    pub(crate) fn carry_out(self) -> Result<ExitCode, Failure> {
        let args = self.args()?;
        let context = self.context()?;
        let options = EngineOptions {
            fuel: self.fuel.is_some(),
            interruptible: self.timeout.is_some(),
        };
        let keep = match self.no_cache {
            true => Keep::Nowhere,
            false => Keep::OnDisk,
        };
        let engine = self.engine.engine(options, keep)?;
        let wasm = module::read(self.path())?;
        let module = module::load(self.path(), &wasm, &*engine)?;
        let entry = self.entry(&*module, &args)?;
        let context = match self.invoke {
            None => context.args(args),
            Some(_) => context.args(args.first()),
        };
        let (context, _socket_files) = self.listen(context)?;
        let seed = self.seed.unwrap_or_default();
        let (context, watched) = self.calls.watch(context, &module::digest(&wasm), seed)?;

        let (context, limit) = match self.timeout {
            None => (context, None),
            Some(time) => {
                let interrupt = Interrupt::new();
                (
                    context.interrupt(interrupt.clone()),
                    Some((time, interrupt)),
                )
            }
        };
        let node = Node {
            ctx: context.build().map_err(Failure::set_up)?,
            functions: Vec::new(),
            limits: Limits {
                fuel: self.fuel,
                memory: self.max_memory,
            },
        };
        let ended = thread::run(limit, move || entry.enter(&*module, node));
        watched.end();
        match ended? {
            Ok(results) => print(&results),
            Err(InstantiateError::Stop(stop)) => exit::of(stop),
            Err(refused) => Err(module::mistake(self.path(), refused)),
        }
    }

    /// The guest's context with what needs no module and leaves no trace on the host.
    fn context(&self) -> Result<Builder, Failure> {
        let stdio = stdio::inherit().map_err(|error| {
            Failure::set_up(format_args!(
                "the standard streams cannot be shared: {error}"
            ))
        })?;
        let context = self.engine.context().stdio(stdio).limits(self.limits()?);
        let (mut context, clocks) = self.time.hand_over(context, self.engine);
        if let Some(seed) = self.seed {
            context = context.random(Arc::new(SeededRandom::new(seed)));
        }
        for variable in &self.env {
            let (name, value) = variable.resolve()?;
            context = context.env(name, value);
        }
        self.files.hand_over(context, &clocks)
    }

    fn limits(&self) -> Result<turnkey_wasi_common::Limits, Failure> {
        let mut limits = turnkey_wasi_common::Limits::default();
        if let Some(files) = self.max_files {
            let first = 3 + self.files.count() + self.listen.len();
            if usize::try_from(files).is_ok_and(|files| files < first) {
                return Err(Failure::set_up(format_args!(
                    "--max-files {files}: the guest begins with {first} descriptors; allow as many"
                )));
            }
            limits.files = files;
        }
        Ok(limits)
    }

    fn entry(&self, module: &dyn Module, args: &[String]) -> Result<Entry, Failure> {
        let exports = module.exports();
        match (&self.invoke, args) {
            (Some(name), [_, args @ ..]) => Entry::invoke(self.path(), &exports, name, args),
            _ => Entry::start(self.path(), &exports),
        }
    }

    /// Adds the sockets, whose files stay for as long as the answer does.
    fn listen(&self, mut context: Builder) -> Result<(Builder, Vec<SocketFile>), Failure> {
        let mut files = Vec::new();
        for address in &self.listen {
            let listening = address.open()?;
            context = context.listener(listening.listener);
            files.extend(listening.file);
        }
        Ok((context, files))
    }
}

/// Prints what an invoked function answered, one value to a line.
pub(crate) fn print(results: &[Value]) -> Result<ExitCode, Failure> {
    let mut stdout = io::stdout().lock();
    for result in results {
        writeln!(stdout, "{result}").map_err(|error| Failure::output(&error))?;
    }
    Ok(ExitCode::SUCCESS)
}
