//! `turnkey run`: a module, and what it is given.

mod calls;
mod deny;
mod dir;
mod env;
mod files;
mod listen;
mod locked;
mod open;
mod options;
mod time;
mod trace;

pub(crate) use options::{Run, texts};
pub(crate) use trace::Tracing;

use crate::engine::Keep;
use crate::entry::Entry;
use crate::failure::Failure;
use crate::parents::{self, Source};
use crate::{exit, module, thread};
use listen::SocketFile;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use turnkey_cap_backends::stdio;
use turnkey_snapshots::engine::{
    Engine, EngineOptions, HostFunction, InstantiateError, Limits, Module, Node, Value,
};
use turnkey_virt::nanoprocess::{ChildLimits, Family};
use turnkey_virt::random::SeededRandom;
use turnkey_wasi_common::{Builder, Interrupt, WasiCtx};

impl Run {
    /// Runs the module, after all that can be wrong has been looked at. What is quick to look at
    /// comes first; what others can see, sockets and files that are made, comes last.
    pub(crate) fn carry_out(self) -> Result<ExitCode, Failure> {
        let args = self.args()?;
        let context = self.context()?;
        let options = EngineOptions {
            fuel: self.fuel.is_some(),
            interruptible: self.timeout.is_some() || !self.parents.is_empty(),
        };
        let keep = match self.no_cache {
            true => Keep::Nowhere,
            false => Keep::OnDisk,
        };
        let parents = parents::read(&self.parents, self.engine)?;
        let engine = self.engine.engine(options, keep)?;
        let wasm = module::read(self.path())?;
        let above = parents.iter().map(|source| (&*source.path, &*source.bytes));
        self.check_lock(above.chain([(self.path(), &*wasm)]))?;
        let nested = self.nested(&parents, &wasm, &*engine)?;
        let entry = self.entry(&nested, &args)?;
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
        let ctx = context.build().map_err(Failure::set_up)?;
        let node = Node {
            functions: nested.functions(&ctx, self.limits_below()),
            ctx,
            limits: Limits {
                fuel: self.fuel,
                memory: self.max_memory,
            },
        };
        let Nested { path, module, .. } = nested;
        let ended = thread::run(limit, move || entry.enter(&*module, node));
        watched.end();
        match ended? {
            Ok(results) => print(&results),
            Err(InstantiateError::Stop(stop)) => exit::of(stop),
            Err(refused) => Err(module::mistake(&path, refused)),
        }
    }

    /// The module that is entered, and those inside.
    fn nested(
        &self,
        parents: &[Arc<Source>],
        wasm: &[u8],
        engine: &dyn Engine,
    ) -> Result<Nested, Failure> {
        let Some(outermost) = parents.first() else {
            return Ok(Nested {
                path: self.path().to_owned(),
                module: module::load(self.path(), wasm, engine)?.into(),
                inner: Vec::new(),
            });
        };
        let mut inner = parents::compile(parents, engine)?;
        inner.push(module::compile(self.path(), wasm, engine)?.into());
        Ok(Nested {
            path: outermost.path.clone(),
            module: inner.remove(0),
            inner,
        })
    }

    /// How much all beneath the outermost parent may use together. Their fuel is the parent's.
    fn limits_below(&self) -> ChildLimits {
        ChildLimits {
            memory_below: self.max_memory.unwrap_or(u64::MAX),
            files_below: self.max_files.map_or(u64::MAX, u64::from),
            ..ChildLimits::PARENT
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

    fn entry(&self, nested: &Nested, args: &[String]) -> Result<Entry, Failure> {
        let exports = nested.module.exports();
        match (&self.invoke, args) {
            (Some(name), [_, args @ ..]) => Entry::invoke(&nested.path, &exports, name, args),
            _ => Entry::start(&nested.path, &exports),
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

/// The module that is entered: the outermost parent, or the program itself.
struct Nested {
    path: PathBuf,
    module: Arc<dyn Module>,
    /// What the outermost parent has modules of: the next one inside first.
    inner: Vec<Arc<dyn Module>>,
}

impl Nested {
    /// What a parent imports, if it is one.
    fn functions(&self, ctx: &WasiCtx, limits: ChildLimits) -> Vec<HostFunction> {
        if self.inner.is_empty() {
            return Vec::new();
        }
        let family = Family::builder()
            .parent(ctx)
            .limits(limits)
            .stack_of(&*self.module, thread::TREE)
            .modules(self.inner.iter().cloned());
        family.build().functions()
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
