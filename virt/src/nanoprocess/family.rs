//! A parent's children, and the call by which it runs one.

use super::serve::{Kind, Serving, check};
use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use turnkey_snapshots::engine::{
    FuncType, Guest, HostFunction, InstantiateError, Limits, Module, Node, Value, ValueType,
};
use turnkey_wasi_common::{BuildError, Builder, Errno, Stop, Trap, TrapKind, WasiCtx};

/// The module that parents import from.
pub const MODULE: &str = "nanoprocess_0";

/// How many calls into children may be nested on one thread.
///
/// Every level has a WebAssembly stack of its own, so a thread that runs a tree needs room for
/// this many times an engine's stack limit; see `turnkey`'s own thread for guests.
pub const MOST_NESTED: u32 = 16;

/// Something that a child's context is put together with.
type Build = Box<dyn Fn(Builder) -> Result<WasiCtx, BuildError> + Send + Sync>;

/// A child: a module, and what each of its instances is handed.
///
/// [`Family`] has an example.
pub struct Child {
    module: Box<dyn Module>,
    served: Vec<Kind>,
    build: Build,
    functions: Vec<HostFunction>,
    limits: Limits,
    /// It is on the stack.
    entered: AtomicBool,
}

impl Child {
    /// A child that is handed nothing, and to which its parent serves nothing.
    ///
    /// Its engine must have been made with the option `interruptible`: a parent that fails to
    /// serve ends its child.
    pub fn new(module: Box<dyn Module>) -> Self {
        Self {
            module,
            served: Vec::new(),
            build: Box::new(Builder::build),
            functions: Vec::new(),
            limits: Limits::default(),
            entered: AtomicBool::new(false),
        }
    }

    /// Has the parent serve the child's clocks.
    #[must_use]
    pub fn clocks_from_parent(mut self) -> Self {
        self.served.push(Kind::Clocks);
        self
    }

    /// Has the parent serve the child's randomness.
    #[must_use]
    pub fn random_from_parent(mut self) -> Self {
        self.served.push(Kind::Random);
        self
    }

    /// Hands things to each instance of the child: `build` receives a builder that grants nothing
    /// but what the parent serves.
    #[must_use]
    pub fn grant(
        mut self,
        build: impl Fn(Builder) -> Result<WasiCtx, BuildError> + Send + Sync + 'static,
    ) -> Self {
        self.build = Box::new(build);
        self
    }

    /// Lets the child import further functions, those of a [`Family`] of its own among them.
    #[must_use]
    pub fn functions(mut self, functions: Vec<HostFunction>) -> Self {
        self.functions = functions;
        self
    }

    /// Bounds what each instance of the child may use.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    fn context(&self, serving: &Serving) -> Result<WasiCtx, BuildError> {
        let mut builder = WasiCtx::builder().interrupt(serving.interrupt());
        if self.served.contains(&Kind::Clocks) {
            builder = builder.clocks(serving.clocks(0));
        }
        if self.served.contains(&Kind::Random) {
            builder = builder.random(serving.random(0));
        }
        (self.build)(builder)
    }

    /// Runs the child to its end.
    fn run(&self, serving: &Serving) -> Result<Ending, Errno> {
        let ctx = self.context(serving).map_err(|_| Errno::Inval)?;
        let node = Node {
            ctx,
            functions: self.functions.clone(),
            limits: self.limits,
        };
        let mut instance = match self.module.instantiate(node) {
            Ok(instance) => instance,
            Err(InstantiateError::Stop(stop)) => return Ok(Ending::from(stop)),
            Err(InstantiateError::Missing(_) | InstantiateError::Link(_)) => {
                return Err(Errno::Noexec);
            }
        };
        let start = instance.export("_start").ok_or(Errno::Noexec)?;
        let ended = instance.call(start, &[], &mut []);
        serving.close(|| drop(instance));
        Ok(match ended {
            Ok(()) => Ending {
                what: RETURNED,
                code: 0,
            },
            Err(stop) => Ending::from(stop),
        })
    }
}

/// How a child ended, as its parent is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Ending {
    what: u32,
    code: u32,
}

const RETURNED: u32 = 0;
const EXITED: u32 = 1;
const TRAPPED: u32 = 2;
const NOT_SERVED: u32 = 3;

impl From<Stop> for Ending {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Exit(code) => Self { what: EXITED, code },
            Stop::Trap(_) => Self {
                what: TRAPPED,
                code: 0,
            },
        }
    }
}

/// The children of a parent, numbered from 0.
///
/// A parent that stops its child's clock:
///
/// ```
/// use std::sync::Arc;
/// use turnkey_snapshots::engine::{Engine, EngineOptions, Limits, Node};
/// use turnkey_virt::nanoprocess::{Child, Family};
/// use turnkey_wasi_common::{Pipe, Stop, WasiCtx};
/// use turnkey_wasmi::WasmiEngine;
///
/// let engine = WasmiEngine::new(EngineOptions { interruptible: true, fuel: false });
/// // Writes the clock's reading, 8 bytes, to standard output.
/// let child = engine.compile(&wat::parse_str(r#"(module
///     (import "wasi_snapshot_preview1" "clock_time_get"
///         (func $now (param i32 i64 i32) (result i32)))
///     (import "wasi_snapshot_preview1" "fd_write"
///         (func $write (param i32 i32 i32 i32) (result i32)))
///     (memory (export "memory") 1)
///     (data (i32.const 0) "\10\00\00\00\08\00\00\00")
///     (func (export "_start")
///         (drop (call $now (i32.const 0) (i64.const 0) (i32.const 16)))
///         (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 24)))))"#)?)?;
/// let parent = engine.compile(&wat::parse_str(r#"(module
///     (import "nanoprocess_0" "child_call" (func $child_call (param i32 i32) (result i32)))
///     (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
///     (memory (export "memory") 1)
///     (func (export "clock_now") (param i32 i32) (result i64) (i64.const 1000))
///     (func (export "_start") (call $exit (call $child_call (i32.const 0) (i32.const 0)))))"#)?)?;
///
/// let (stdout, output) = Pipe::new(64);
/// let stdout = Arc::new(stdout);
/// let child = Child::new(child)
///     .clocks_from_parent()
///     .grant(move |builder| builder.stdout(stdout.clone()).build());
/// let mut instance = parent.instantiate(Node {
///     ctx: WasiCtx::builder().build()?,
///     functions: Family::new([child]).functions(),
///     limits: Limits::default(),
/// })?;
/// let start = instance.export("_start").unwrap();
/// assert_eq!(instance.call(start, &[], &mut []), Err(Stop::Exit(0)));
/// assert_eq!(output.drain(), 1000_u64.to_le_bytes());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default)]
pub struct Family(Arc<Vec<Child>>);

impl Family {
    /// A family of these children.
    pub fn new(children: impl Into<Vec<Child>>) -> Self {
        Self(Arc::new(children.into()))
    }

    /// The functions that the parent imports.
    pub fn functions(&self) -> Vec<HostFunction> {
        let family = self.clone();
        vec![HostFunction {
            module: MODULE.to_owned(),
            name: "child_call".to_owned(),
            ty: FuncType::new([ValueType::I32, ValueType::I32], [ValueType::I32]),
            run: Arc::new(move |parent, args, results| {
                let (&[child, outcome], [result]) = (args, results) else {
                    return Err(mistyped());
                };
                let child = child.as_u32().ok_or_else(mistyped)?;
                let outcome = outcome.as_u32().ok_or_else(mistyped)?;
                let errno = family.call(parent, child, outcome)?;
                *result = Value::I32(errno.number().into());
                Ok(())
            }),
        }]
    }

    /// Runs a child while its parent waits. Answers the errno that the parent is told:
    /// - `BADF`: there is no such child.
    /// - `BUSY`: it is on the stack already.
    /// - `NOMEM`: too many calls are nested.
    /// - `NOSYS`: the parent does not export what it is to serve with.
    /// - `NOEXEC`: the child cannot be instantiated, or has no `_start`; nothing of it has run.
    ///
    /// # Errors
    /// - a trap: `outcome` leads beyond the parent's memory.
    /// - the exit of a parent that left while it served the child.
    fn call(&self, parent: &mut dyn Guest, child: u32, outcome: u32) -> Result<Errno, Stop> {
        outcome_place(parent, outcome)?;
        let Some(child) = self.0.get(child as usize) else {
            return Ok(Errno::Badf);
        };
        let Some(_level) = Level::enter() else {
            return Ok(Errno::Nomem);
        };
        let Some(_entered) = Entered::enter(&child.entered) else {
            return Ok(Errno::Busy);
        };
        let serving = Serving::default();
        for kind in &child.served {
            if let Err(error) = check(parent, *kind) {
                return Ok(error.errno());
            }
        }
        let ending = match serving.lend(parent, || child.run(&serving)) {
            Ok(ending) => ending,
            Err(errno) => return Ok(errno),
        };
        let ending = match serving.failure() {
            None => ending,
            Some(Stop::Trap(_)) => Ending {
                what: NOT_SERVED,
                code: 0,
            },
            Some(exit) => return Err(exit),
        };
        let place = outcome_place(parent, outcome)?;
        let (what, code) = place.split_at_mut(4);
        what.copy_from_slice(&ending.what.to_le_bytes());
        code.copy_from_slice(&ending.code.to_le_bytes());
        Ok(Errno::Success)
    }
}

/// The 8 bytes of a parent's memory that an ending is written to.
fn outcome_place(parent: &mut dyn Guest, outcome: u32) -> Result<&mut [u8], Trap> {
    let start = outcome as usize;
    parent
        .memory()?
        .get_mut(start..start.saturating_add(8))
        .ok_or_else(|| {
            let message = format!("the parent passed {outcome:#x}, beyond its memory");
            Trap::new(TrapKind::Fault, message)
        })
}

fn mistyped() -> Stop {
    let message = "the engine called `child_call` with values of another type";
    Stop::Trap(Trap::new(TrapKind::Host, message))
}

thread_local! {
    static NESTED: Cell<u32> = const { Cell::new(0) };
}

/// A level of nesting on this thread.
struct Level;

impl Level {
    fn enter() -> Option<Self> {
        let nested = NESTED.get();
        if nested == MOST_NESTED {
            return None;
        }
        NESTED.set(nested + 1);
        Some(Self)
    }
}

impl Drop for Level {
    fn drop(&mut self) {
        NESTED.set(NESTED.get() - 1);
    }
}

/// A child that is on the stack.
struct Entered<'a>(&'a AtomicBool);

impl<'a> Entered<'a> {
    fn enter(flag: &'a AtomicBool) -> Option<Self> {
        match flag.swap(true, Ordering::Acquire) {
            true => None,
            false => Some(Self(flag)),
        }
    }
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}
