//! An engine and a backend of this process as a host.

use super::calls::Calls;
use super::host::{Ending, Given, Guest, Host, Refusal};
use super::stream::Stream;
use std::fmt::Display;
use std::fs::File;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc;
use std::thread;
use turnkey_cap_backends::{HostDir, HostListener, HostStream, ambient_authority, builder};
use turnkey_snapshots::engine::{Engine, InstantiateError, Limits, Module, Node};
use turnkey_virt::nanoprocess::Family;
use turnkey_wasi_common::{Access, Builder, Dir, Interrupt, Reason, Stop, Stream as WasiStream};

/// Native stack for a guest, in bytes: what engines let guests take, and room for the host. Parents
/// lie beneath their children on one thread, so there is room for each.
const STACK: usize = 4 << 20;

/// A way to give a guest a directory of the host's.
type OpenDir = dyn Fn(&Path) -> io::Result<Arc<dyn Dir>> + Send + Sync;

/// An engine and a backend of this process, as a host.
///
/// ```no_run
/// # use turnkey_snapshots::engine::Engine;
/// # fn my_engine(options: EngineOptions) -> Box<dyn Engine> { unimplemented!() }
/// use turnkey_conformance::guests::{Suite, suites};
/// use turnkey_conformance::runner::{EngineHost, Runner};
/// use turnkey_snapshots::engine::EngineOptions;
///
/// let host = EngineHost::new(my_engine(EngineOptions { interruptible: true, fuel: false }));
/// let suite = Suite::read(&suites().join("preview_0"))?;
/// let report = Runner::new(&host).run(&[suite], &mut |_, _| {});
/// assert!(report.is_success(), "{report}");
/// # Ok::<(), turnkey_conformance::guests::ReadError>(())
/// ```
pub struct EngineHost {
    engine: Box<dyn Engine>,
    name: String,
    context: Box<dyn Fn() -> Builder + Send + Sync>,
    open: Box<OpenDir>,
    parents: Vec<Arc<dyn Module>>,
}

impl EngineHost {
    /// An engine, with the host's clocks, randomness and directories. So that a guest which does
    /// not end can be ended, the engine has to be interruptible.
    pub fn new(engine: Box<dyn Engine>) -> Self {
        Self {
            name: engine.name().to_owned(),
            engine,
            context: Box::new(builder),
            open: Box::new(|dir| {
                let dir = HostDir::open_ambient(dir, ambient_authority())?;
                Ok(Arc::new(dir))
            }),
            parents: Vec::new(),
        }
    }

    /// The same with another name in reports.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// The same with contexts that begin otherwise, for instance with other clocks or a filter.
    #[must_use]
    pub fn context(mut self, context: impl Fn() -> Builder + Send + Sync + 'static) -> Self {
        self.context = Box::new(context);
        self
    }

    /// The same with another backend: `open` is told a directory of the host's, a copy that belongs
    /// to the test alone, and answers the directory that the guest is given.
    #[must_use]
    pub fn dirs(
        mut self,
        open: impl Fn(&Path) -> io::Result<Arc<dyn Dir>> + Send + Sync + 'static,
    ) -> Self {
        self.open = Box::new(open);
        self
    }

    /// The same with guests that have parents, the outermost first: see
    /// [`parents`](crate::parents). What a guest is to be given the outermost is given, and it is
    /// that one's ending which counts. What the guest itself called is not told.
    #[must_use]
    pub fn parents(mut self, parents: impl IntoIterator<Item = Arc<dyn Module>>) -> Self {
        self.parents.extend(parents);
        self
    }

    /// The module that is entered for a guest: itself, or its outermost parent, with the others that
    /// lie inside.
    fn nested(&self, guest: Arc<dyn Module>, node: Node) -> (Arc<dyn Module>, Node) {
        let [outermost, inner @ ..] = &self.parents[..] else {
            return (guest, node);
        };
        let inner = inner.iter().cloned().chain([guest]);
        let family = Family::builder()
            .parent(&node.ctx)
            .stack_of(&**outermost, STACK * self.parents.len())
            .modules(inner);
        let functions = family.build().functions();
        (Arc::clone(outermost), Node { functions, ..node })
    }

    /// The guest's context, its interrupt, and where its socket listens.
    fn build(&self, given: &Given<'_>, ends: Ends) -> Result<Parts, Refusal> {
        let interrupt = Interrupt::new();
        let calls = Arc::new(Calls::default());
        let mut context = (self.context)()
            .arg(given.module.to_string_lossy())
            .args(given.args)
            .stdin(stream(ends.stdin)?)
            .stdout(stream(ends.stdout)?)
            .stderr(stream(ends.stderr)?)
            .interrupt(interrupt.clone());
        if self.parents.is_empty() {
            context = context.filter(calls.clone());
        }
        for (name, value) in given.env {
            context = context.env(name, value);
        }
        for (dir, name) in given.dirs {
            let dir = (self.open)(dir).map_err(failed)?;
            context = context.preopen(name, dir, Access::ReadWrite);
        }
        let mut address = None;
        if given.listens {
            let listener = TcpListener::bind("127.0.0.1:0").map_err(failed)?;
            address = Some(listener.local_addr().map_err(failed)?);
            context = context.listener(Arc::new(HostListener::new(listener)));
        }
        let node = Node {
            ctx: context.build().map_err(failed)?,
            functions: Vec::new(),
            limits: Limits::default(),
        };
        Ok(Parts {
            node,
            interrupt,
            calls,
            address,
        })
    }
}

/// What a guest is made of.
struct Parts {
    node: Node,
    interrupt: Interrupt,
    calls: Arc<Calls>,
    address: Option<SocketAddr>,
}

/// The guest's ends of its standard streams.
struct Ends {
    stdin: OwnedFd,
    stdout: OwnedFd,
    stderr: OwnedFd,
}

impl Host for EngineHost {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn version(&self) -> String {
        env!("CARGO_PKG_VERSION").to_owned()
    }

    fn start(&self, given: &Given<'_>) -> Result<Guest, Refusal> {
        let (stdin, input) = io::pipe().map_err(failed)?;
        let (output, stdout) = io::pipe().map_err(failed)?;
        let (complaints, stderr) = io::pipe().map_err(failed)?;
        let parts = self.build(
            given,
            Ends {
                stdin: stdin.into(),
                stdout: stdout.into(),
                stderr: stderr.into(),
            },
        )?;
        let wasm = std::fs::read(given.module).map_err(failed)?;
        let module = self.engine.compile(&wasm).map_err(failed)?;
        let (sender, ended) = mpsc::channel();
        let (module, node) = self.nested(module.into(), parts.node);
        let interrupt = parts.interrupt;
        thread::Builder::new()
            .name("guest".to_owned())
            .stack_size(STACK * (1 + self.parents.len()))
            .spawn(move || {
                let _nobody_waits = sender.send(enter(&*module, node));
            })
            .map_err(failed)?;
        Ok(Guest {
            stdin: Some(Box::new(input)),
            stdout: Stream::new(output),
            stderr: Stream::new(complaints),
            ended,
            kill: Box::new(move || interrupt.fire(Reason::Killed)),
            address: parts.address,
            calls: self.parents.is_empty().then_some(parts.calls),
        })
    }
}

fn stream(end: OwnedFd) -> Result<Arc<dyn WasiStream>, Refusal> {
    let stream = HostStream::new(File::from(end)).map_err(failed)?;
    Ok(Arc::new(stream))
}

fn failed(why: impl Display) -> Refusal {
    Refusal::Failed(why.to_string())
}

/// Makes an instance of a command, and calls its `_start`.
fn enter(module: &dyn Module, node: Node) -> Ending {
    let mut instance = match module.instantiate(node) {
        Ok(instance) => instance,
        Err(InstantiateError::Stop(stop)) => return ending(stop),
        Err(error) => return Ending::Trap(error.to_string()),
    };
    let Some(start) = instance.export("_start") else {
        return Ending::Trap("it exports no function `_start`".to_owned());
    };
    match instance.call(start, &[], &mut []) {
        Ok(()) => Ending::Exit(0),
        Err(stop) => ending(stop),
    }
}

fn ending(stop: Stop) -> Ending {
    match stop {
        Stop::Exit(code) => Ending::Exit(code),
        Stop::Trap(trap) => Ending::Trap(trap.to_string()),
    }
}
