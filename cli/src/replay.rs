//! `turnkey replay`: a module, and what was recorded of it.

use crate::engine::{EngineName, Keep};
use crate::entry::Entry;
use crate::failure::Failure;
use crate::{exit, module, run, thread};
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use turnkey_snapshots::engine::{EngineOptions, InstantiateError, Limits, Node};
use turnkey_snapshots::typed::{Array, Vector};
use turnkey_snapshots::{preview_0, preview_1};
use turnkey_virt::Replay as Log;
use turnkey_wasi_common::{Errno, Fd, Filter, Invocation, WasiCtx};

/// What `turnkey replay` is told.
#[derive(Debug, clap::Args)]
#[command(
    override_usage = "turnkey replay [OPTIONS] FILE MODULE [ARGS...]",
    after_help = NOTES
)]
pub(crate) struct Replay {
    /// The engine that runs the module
    #[arg(long, value_enum, default_value_t)]
    engine: EngineName,

    /// Compile it anew, and do not keep what was compiled
    #[arg(long)]
    no_cache: bool,

    /// Call the exported function that was called, with ARGS as its parameters
    #[arg(long, value_name = "FUNC")]
    invoke: Option<String>,

    /// What `turnkey run --record` has written
    #[arg(value_name = "FILE")]
    log: PathBuf,

    /// The same module; ARGS are those of an invoked function, all others were recorded
    #[arg(required = true, trailing_var_arg = true, value_name = "MODULE")]
    module: Vec<OsString>,
}

const NOTES: &str = "\
The module is given nothing: every call is answered as it was answered when it was recorded. What it \
writes to its standard output and error is written here as well.

Exit codes:
  the guest's own, of which a process keeps the low 8 bits
  134  the guest did not do what was recorded, which is told
  2    a mistake in the options, the module or the log; nothing has run";

impl Replay {
    /// Runs the module on what was recorded.
    pub(crate) fn carry_out(self) -> Result<ExitCode, Failure> {
        let path = self.module.first().map(PathBuf::from).unwrap_or_default();
        let wasm = module::read(&path)?;
        let log = Arc::new(self.open(&path, &wasm)?);
        let keep = match self.no_cache {
            true => Keep::Nowhere,
            false => Keep::OnDisk,
        };
        let engine = self.engine.engine(EngineOptions::default(), keep)?;
        let module = module::load(&path, &wasm, &*engine)?;
        let exports = module.exports();
        let entry = match &self.invoke {
            None => Entry::start(&path, &exports)?,
            Some(name) => {
                let args = run::texts(self.module.get(1..).unwrap_or_default())?;
                Entry::invoke(&path, &exports, name, &args)?
            }
        };
        let ctx = WasiCtx::builder()
            .filter(Arc::new(Echo))
            .filter(log.clone())
            .build()
            .map_err(Failure::set_up)?;
        let node = Node {
            ctx,
            functions: Vec::new(),
            limits: Limits::default(),
        };
        let ended = thread::run(None, move || entry.enter(&*module, node))?;
        log.finish().map_err(|other| Failure::diverged(&other))?;
        match ended {
            Ok(results) => run::print(&results),
            Err(InstantiateError::Stop(stop)) => exit::of(stop),
            Err(refused) => Err(module::mistake(&path, refused)),
        }
    }

    fn open(&self, module: &Path, wasm: &[u8]) -> Result<Log, Failure> {
        let path = self.log.display();
        let file = File::open(&self.log).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => Failure::set_up(format_args!(
                "{path}: there is no such file; make it with turnkey run --record"
            )),
            _ => Failure::set_up(format_args!("{path}: the file cannot be opened: {error}")),
        })?;
        let log =
            Log::open(file).map_err(|error| Failure::set_up(format_args!("{path}: {error}")))?;
        match log.label() == module::digest(wasm) {
            true => Ok(log),
            false => Err(Failure::set_up(format_args!(
                "{path}: this is a record of another module than {}; name the one that was \
                 recorded, unchanged",
                module.display()
            ))),
        }
    }
}

/// Writes to the command's own standard output and error what the guest writes to its.
struct Echo;

impl Filter for Echo {
    fn after(&self, call: &Invocation<'_>, memory: &mut [u8], errno: Option<Errno>) {
        if errno != Some(Errno::Success) {
            return;
        }
        if let Some(write) = preview_1::calls::FdWrite::of(call) {
            echo(write.fd, write.iovs, write.results(memory), memory);
        } else if let Some(write) = preview_0::calls::FdWrite::of(call) {
            echo(write.fd, write.iovs, write.results(memory), memory);
        }
    }
}

/// What a reader who has gone away misses is no matter of the guest's, which was told long ago that
/// it had been written.
fn echo<T: Vector>(fd: Fd, buffers: Array<T>, written: Option<u32>, memory: &mut [u8]) {
    let Ok(bytes) = buffers.gather(memory, written.unwrap_or(0)) else {
        return;
    };
    let _unread = match fd {
        Fd(1) => io::stdout().lock().write_all(&bytes),
        Fd(2) => io::stderr().lock().write_all(&bytes),
        _ => Ok(()),
    };
}
