//! A parent, and what it has children of.

use super::bindings::{Binding, Bindings, Only, selected};
use super::cap::Cap;
use super::child::Child;
use super::code_size::CodeSize;
use super::description::Readable;
use super::held::Held;
use super::imports::{self, Kid};
use super::limits::{ChildLimits, Pools};
use super::numbers::Numbers;
use super::pool::Taken;
use super::serve::{Capabilities, Looking, Serving};
use crate::fs::Found;
use crate::typed::Interface;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use turnkey_snapshots::engine::{Engine, HostFunction, Module};
use turnkey_wasi_common::{BlockingWait, Clocks, Errno, Error, Filter, Interrupt, Random, WasiCtx};

/// The children of one parent: of a Rust program that [spawns](Self::spawn) them, or of a wasm
/// module that imports [`functions`](Self::functions). Clones are one family.
///
/// What the parent holds is said when the family is made, and all that its children can be bound to
/// comes of it.
///
/// ```
/// use std::sync::Arc;
/// use turnkey_snapshots::engine::{Engine, EngineOptions, Value};
/// use turnkey_virt::nanoprocess::{Bind, Cap, Family, LinkError, Outcome, Place};
/// use turnkey_wasi_common::{Access, Fd, Grant, Object, Pipe, Rights};
/// use turnkey_wasmi::WasmiEngine;
///
/// let engine = WasmiEngine::new(EngineOptions { interruptible: true, fuel: false });
/// // Writes what lies at 8 to standard output.
/// let module: Arc<_> = engine.compile(&wat::parse_str(r#"(module
///     (import "wasi_snapshot_preview1" "fd_write"
///         (func $write (param i32 i32 i32 i32) (result i32)))
///     (memory (export "memory") 1)
///     (data (i32.const 0) "\08\00\00\00\02\00\00\00hi")
///     (func (export "say") (result i32)
///         (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16))))"#)?)?.into();
///
/// let family = Family::builder().build();
/// let child = family.spawn(module)?;
/// match child.link() {
///     Err(LinkError::Missing(missing)) => assert_eq!(missing[0].import.name, "fd_write"),
///     other => panic!("{other:?}"),
/// }
///
/// let (stdout, output) = Pipe::new(64);
/// let stdout = Cap::new(Grant::new(Object::Stream(Arc::new(stdout))));
/// child.bind("fd_write", Bind::Pass)?;
/// child.grant(&stdout.weaker(Access::Only(Rights::FD_WRITE)), Place::At(Fd(1)), None)?;
/// child.link()?;
/// assert_eq!(child.call("say", &[]), Ok(Outcome::Returned(vec![Value::I32(0)])));
/// stdout.revoke();
/// assert_eq!(child.call("say", &[]), Ok(Outcome::Returned(vec![Value::I32(8)])), "BADF");
/// assert_eq!(output.drain(), b"hi");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Family(Arc<Inner>);

struct Inner {
    held: Arc<Held>,
    /// What a wasm parent says about its functions.
    interface: Readable,
    pools: Pools,
    loading: Option<Loading>,
    tables: Mutex<Tables>,
    looking: Looking,
}

/// The handles that a wasm parent hands on in place of objects of its own.
struct Handles(Weak<Inner>);

impl Capabilities for Handles {
    fn found(&self, capability: u64, serving: &Serving) -> Result<Found, Error> {
        let family = Family(self.0.upgrade().ok_or(Errno::Badf)?);
        let number = u32::try_from(capability).map_err(|_| Errno::Badf)?;
        let cap = Arc::clone(family.tables().caps.at(number)?);
        cap.found(serving)
    }
}

/// What a wasm parent has numbers for.
#[derive(Default)]
pub(super) struct Tables {
    pub(super) modules: Numbers<Arc<Loaded>>,
    pub(super) children: Numbers<Arc<Kid>>,
    pub(super) caps: Numbers<Arc<Cap>>,
}

/// A module, and what was charged for it.
pub(super) struct Loaded {
    pub(super) module: Arc<dyn Module>,
    _charged: Taken,
}

impl Loaded {
    pub(super) fn given(module: Arc<dyn Module>) -> Self {
        Self {
            module,
            _charged: Taken::default(),
        }
    }
}

/// By what modules are loaded, and how large one may be.
#[derive(Clone)]
pub struct Loading {
    /// What compiles them.
    pub engine: Arc<dyn Engine>,
    /// The most functions of one.
    pub functions: u32,
    /// The most bytes of a function.
    pub largest: u32,
}

impl Loading {
    /// Modules of at most 100,000 functions, each of at most 1 MiB.
    pub fn with(engine: Arc<dyn Engine>) -> Self {
        Self {
            engine,
            functions: 100_000,
            largest: 1 << 20,
        }
    }
}

/// Puts a family together: what its parent holds, and how much its children may use together.
#[must_use]
pub struct FamilyBuilder {
    held: Held,
    limits: ChildLimits,
    loading: Option<Loading>,
    modules: Vec<Arc<Loaded>>,
    interface: Readable,
}

impl FamilyBuilder {
    /// The parent is a guest with this context. It holds the context's clocks and randomness; its
    /// children wait as it does, and end when it is interrupted; and the context's filters see the
    /// calls that it passes on. All this takes the place of what was said of it before, so that no
    /// filter sees a call twice.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use turnkey_snapshots::engine::{Engine, EngineOptions};
    /// use turnkey_virt::nanoprocess::{Bind, Family, Outcome};
    /// use turnkey_virt::Deny;
    /// use turnkey_wasi_common::{Errno, WasiCtx};
    /// use turnkey_wasmi::WasmiEngine;
    ///
    /// let engine = WasmiEngine::new(EngineOptions { interruptible: true, fuel: false });
    /// // Exits with the errno of a call.
    /// let module: Arc<_> = engine.compile(&wat::parse_str(r#"(module
    ///     (import "wasi_snapshot_preview1" "sched_yield" (func $yield (result i32)))
    ///     (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    ///     (func (export "_start") (call $exit (call $yield))))"#)?)?.into();
    ///
    /// let deny = Deny::new().call("sched_yield", Errno::Busy)?;
    /// let ctx = WasiCtx::builder().filter(Arc::new(deny)).build()?;
    /// let family = Family::builder().parent(&ctx).build();
    /// let child = family.spawn(module)?;
    /// child.bind("class:*", Bind::Pass)?.link()?;
    /// let busy = Errno::Busy.number().into();
    /// assert_eq!(child.call("_start", &[]), Ok(Outcome::Exited(busy)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn parent(mut self, ctx: &WasiCtx) -> Self {
        let filters = ctx.filters().iter().map(Arc::clone);
        self.held.filters = filters.map(Only::all).collect();
        self.held.clocks = Some(ctx.shared_clocks());
        self.held.random = Some(ctx.shared_random());
        self.held.waiter = Some(ctx.shared_waiter());
        self.held.interrupt = ctx.interrupt().cloned();
        self
    }

    /// The clocks that the parent can pass on.
    pub fn clocks(mut self, clocks: Arc<dyn Clocks>) -> Self {
        self.held.clocks = Some(clocks);
        self
    }

    /// The randomness that the parent can pass on.
    pub fn random(mut self, random: Arc<dyn Random>) -> Self {
        self.held.random = Some(random);
        self
    }

    /// Takes from the parent what it is not to pass on: a function by its name, or with `class:` a
    /// whole class.
    ///
    /// # Errors
    /// - `NOENT`: there is no such function or class.
    pub fn without(mut self, what: &str) -> Result<Self, Errno> {
        selected(what)?;
        let mut bindings = Bindings::clone(&self.held.bindings);
        bindings.bind(what, Binding::Unbound);
        self.held.bindings = Arc::new(bindings);
        Ok(self)
    }

    /// A filter that sees every call which the parent passes on.
    pub fn filter(mut self, filter: Arc<dyn Filter>) -> Self {
        self.held.filters.push(Only::all(filter));
        self
    }

    /// The way in which children wait, by default that of every context.
    pub fn waiter(mut self, waiter: Arc<dyn BlockingWait>) -> Self {
        self.held.waiter = Some(waiter);
        self
    }

    /// What ends the parent, and its descendants with it.
    pub fn interrupt(mut self, interrupt: Interrupt) -> Self {
        self.held.interrupt = Some(interrupt);
        self
    }

    /// How much all descendants may use together, and all the fuel that children can be given. By
    /// default that is [`ChildLimits::PARENT`].
    pub fn limits(mut self, limits: ChildLimits) -> Self {
        self.limits = limits;
        self
    }

    /// How many bytes of a thread's stack the tree may take, counted from where the first child is
    /// called. By default that is [`STACK`], which leaves room on a thread of 2 MiB.
    ///
    /// Every child that is on the stack has a WebAssembly stack of its own there, as large as its
    /// engine lets it be (wasmtime's limit is 512 KiB), and no engine sees the others. A thread that
    /// runs out of stack ends the process, so a call for which there might not be room answers
    /// `NOMEM` instead. Children that recurse little may be nested as deep as there may be levels.
    ///
    /// ```
    /// use turnkey_virt::nanoprocess::Family;
    ///
    /// // For a thread of 32 MiB.
    /// let family = Family::builder().stack(24 << 20).build();
    /// # drop(family);
    /// ```
    pub fn stack(mut self, bytes: usize) -> Self {
        self.held.stack = bytes;
        self
    }

    /// Lets a wasm parent load modules, as many bytes as the limits say under `code`.
    pub fn loading(mut self, loading: Loading) -> Self {
        self.loading = Some(loading);
        self
    }

    /// Hands a module to a wasm parent. The first has the number 0.
    pub fn module(mut self, module: impl Into<Arc<dyn Module>>) -> Self {
        self.modules.push(Arc::new(Loaded::given(module.into())));
        self
    }

    /// What a wasm parent says about its own functions, so that imports of its children can be bound
    /// to them. [`Interface::of`] reads it from the parent's module.
    pub fn interface(mut self, interface: Interface) -> Self {
        self.interface = Ok(Arc::new(interface));
        self
    }

    /// The family, which has no child.
    pub fn build(self) -> Family {
        let mut tables = Tables::default();
        for module in self.modules {
            // There is a number for every module that an embedder names.
            let _numbered = tables.modules.insert(module);
        }
        Family(Arc::new(Inner {
            held: Arc::new(self.held),
            interface: self.interface,
            pools: Pools::of(&self.limits, self.limits.fuel),
            loading: self.loading,
            tables: Mutex::new(tables),
            looking: Looking::default(),
        }))
    }
}

impl Family {
    /// Begins a family of a parent that holds every function, but no clock and no randomness.
    pub fn builder() -> FamilyBuilder {
        FamilyBuilder {
            held: Held::everything(),
            limits: ChildLimits::PARENT,
            loading: None,
            modules: Vec::new(),
            interface: Ok(Arc::default()),
        }
    }

    /// A family of which only the functions' types matter.
    pub(super) fn none() -> Self {
        Self::builder().build()
    }

    /// The family of a child.
    pub(super) fn inside(
        held: Arc<Held>,
        pools: Pools,
        loading: Option<Loading>,
        modules: Vec<Arc<Loaded>>,
        interface: Readable,
    ) -> Result<Self, Errno> {
        let mut tables = Tables::default();
        for module in modules {
            tables.modules.insert(module)?;
        }
        Ok(Self(Arc::new(Inner {
            held,
            interface,
            pools,
            loading,
            tables: Mutex::new(tables),
            looking: Looking::default(),
        })))
    }

    /// Makes a child, which has nothing. Its engine must have been made with the option
    /// `interruptible`, and with `fuel` if the child is to have a limit of that.
    ///
    /// # Errors
    /// - `DQUOT`: the parent may have no further child, or none at this depth.
    pub fn spawn(&self, module: Arc<dyn Module>) -> Result<Child, Errno> {
        self.spawn_with(module, None)
    }

    /// A child that a wasm parent serves.
    pub(super) fn spawn_with(
        &self,
        module: Arc<dyn Module>,
        serving: Option<Serving>,
    ) -> Result<Child, Errno> {
        Child::new(
            module,
            Arc::clone(&self.0.held),
            self.0.pools.clone(),
            self.0.loading.clone(),
            serving,
        )
    }

    /// The functions that a wasm parent imports: those of the document `nanoprocess_0`.
    pub fn functions(&self) -> Vec<HostFunction> {
        imports::functions(self)
    }

    /// What a wasm parent serves to a child.
    pub(super) fn serving(&self) -> Serving {
        let handles = Handles(Arc::downgrade(&self.0));
        Serving::new(self.0.looking.clone(), Arc::new(handles))
    }

    /// The call that a filter of the parent's is looking at.
    pub(super) fn looking(&self) -> &Looking {
        &self.0.looking
    }

    /// Lets all children go, and answers the fuel that they have left of what the parent gave them.
    pub(super) fn disband(&self) -> u64 {
        let kids = std::mem::take(&mut self.tables().children);
        let left = kids.iter().map(|kid| kid.close());
        left.fold(0, u64::saturating_add)
    }

    pub(super) fn interface(&self) -> &Readable {
        &self.0.interface
    }

    pub(super) fn held(&self) -> &Held {
        &self.0.held
    }

    pub(super) fn tables(&self) -> MutexGuard<'_, Tables> {
        self.0.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The most that one child could be given now, besides fuel.
    pub(super) fn left(&self) -> ChildLimits {
        self.0.pools.left()
    }

    /// Compiles a module, once its size has been charged.
    ///
    /// # Errors
    /// - `NOTCAPABLE`: the parent may load none.
    /// - `DQUOT`: it has not so many bytes of code left.
    /// - `FBIG`: it has too many functions, or one too large.
    /// - `NOEXEC`: it is no module that the engine takes.
    pub(super) fn load(&self, wasm: &[u8]) -> Result<Loaded, Errno> {
        let loading = self.0.loading.as_ref().ok_or(Errno::Notcapable)?;
        let charged = self.0.pools.code.take(wasm.len() as u64)?;
        let size = CodeSize::of(wasm)?;
        if size.functions > loading.functions || size.largest > loading.largest {
            return Err(Errno::Fbig);
        }
        let module = loading.engine.compile(wasm).map_err(|_| Errno::Noexec)?;
        Ok(Loaded {
            module: module.into(),
            _charged: charged,
        })
    }
}

impl fmt::Debug for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Family").finish_non_exhaustive()
    }
}
