//! Putting a family together.

use super::super::bindings::{Binding, Bindings, Only, selected};
use super::super::description::Readable;
use super::super::held::Held;
use super::super::level::below;
use super::super::limits::{ChildLimits, Pools};
use super::super::serve::Looking;
use super::{Family, Inner, Loaded, Tables};
use crate::typed::Interface;
use std::sync::{Arc, Mutex};
use turnkey_snapshots::engine::{Engine, Module};
use turnkey_wasi_common::{BlockingWait, Clocks, Errno, Filter, Interrupt, Random, WasiCtx};

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
    ///
    /// ```
    /// use std::sync::Arc;
    /// use turnkey_snapshots::engine::EngineOptions;
    /// use turnkey_virt::nanoprocess::Loading;
    /// use turnkey_wasmi::WasmiEngine;
    ///
    /// let small = Loading {
    ///     functions: 1000,
    ///     ..Loading::with(Arc::new(WasmiEngine::new(EngineOptions::default())))
    /// };
    /// assert_eq!(small.largest, 1 << 20);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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
    pub(super) held: Held,
    pub(super) limits: ChildLimits,
    pub(super) loading: Option<Loading>,
    pub(super) modules: Vec<Arc<Loaded>>,
    pub(super) interface: Readable,
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
    ///
    /// ```
    /// use std::sync::Arc;
    /// use turnkey_snapshots::engine::Value;
    /// use turnkey_virt::clocks::FrozenClocks;
    /// use turnkey_virt::nanoprocess::{Bind, Family, Outcome};
    /// # use turnkey_snapshots::engine::{Engine, EngineOptions};
    /// # let options = EngineOptions { interruptible: true, fuel: false };
    /// # let engine = turnkey_wasmi::WasmiEngine::new(options);
    /// let module = engine.compile(&wat::parse_str(r#"(module
    ///     (import "wasi_snapshot_preview1" "clock_time_get"
    ///         (func $now (param i32 i64 i32) (result i32)))
    ///     (memory (export "memory") 1)
    ///     (func (export "ask") (result i32)
    ///         (call $now (i32.const 0) (i64.const 1) (i32.const 0))))"#)?)?;
    /// let noon = Arc::new(FrozenClocks::at("1970-01-01T12:00:00Z".parse()?));
    /// let child = Family::builder().clocks(noon).build().spawn(module.into())?;
    /// child.bind("class:clock", Bind::Pass)?.link()?;
    /// assert_eq!(child.call("ask", &[])?, Outcome::Returned(vec![Value::I32(0)]));
    /// let mut time = [0; 8];
    /// child.read(0, &mut time)?;
    /// assert_eq!(u64::from_le_bytes(time), 43_200_000_000_000);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn clocks(mut self, clocks: Arc<dyn Clocks>) -> Self {
        self.held.clocks = Some(clocks);
        self
    }

    /// The randomness that the parent can pass on.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use turnkey_virt::random::SeededRandom;
    /// use turnkey_virt::nanoprocess::{Bind, Family};
    /// # use turnkey_snapshots::engine::{Engine, EngineOptions};
    /// # let options = EngineOptions { interruptible: true, fuel: false };
    /// # let engine = turnkey_wasmi::WasmiEngine::new(options);
    /// let module: Arc<_> = engine.compile(&wat::parse_str(r#"(module
    ///     (import "wasi_snapshot_preview1" "random_get" (func $draw (param i32 i32) (result i32)))
    ///     (memory (export "memory") 1)
    ///     (func (export "ask") (result i32) (call $draw (i32.const 0) (i32.const 8))))"#)?)?.into();
    /// let draw = |seed| -> Result<_, Box<dyn std::error::Error>> {
    ///     let random = Arc::new(SeededRandom::new(seed));
    ///     let child = Family::builder().random(random).build().spawn(Arc::clone(&module))?;
    ///     child.bind("class:random", Bind::Pass)?.link()?;
    ///     child.call("ask", &[])?;
    ///     let mut bytes = [0; 8];
    ///     child.read(0, &mut bytes)?;
    ///     Ok(bytes)
    /// };
    /// assert_eq!(draw(1)?, draw(1)?);
    /// assert_ne!(draw(1)?, draw(2)?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn random(mut self, random: Arc<dyn Random>) -> Self {
        self.held.random = Some(random);
        self
    }

    /// Takes from the parent what it is not to pass on: a function by its name, or with `class:` a
    /// whole class.
    ///
    /// # Errors
    /// - `NOENT`: there is no such function or class.
    ///
    /// ```
    /// use turnkey_virt::nanoprocess::{Bind, Family, LinkError};
    /// use turnkey_wasi_common::Errno;
    /// # use turnkey_snapshots::engine::{Engine, EngineOptions};
    /// # let options = EngineOptions { interruptible: true, fuel: false };
    /// # let engine = turnkey_wasmi::WasmiEngine::new(options);
    /// let module = engine.compile(&wat::parse_str(r#"(module
    ///     (import "wasi_snapshot_preview1" "clock_time_get"
    ///         (func $now (param i32 i64 i32) (result i32)))
    ///     (memory (export "memory") 1)
    ///     (func (export "ask") (result i32)
    ///         (call $now (i32.const 0) (i64.const 1) (i32.const 0))))"#)?)?;
    /// let family = Family::builder().without("class:clock")?.build();
    /// let child = family.spawn(module.into())?;
    /// child.bind("class:*", Bind::Pass)?;
    /// assert!(matches!(child.link(), Err(LinkError::Missing(_))));
    /// assert_eq!(Family::builder().without("clocks").err(), Some(Errno::Noent));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn without(mut self, what: &str) -> Result<Self, Errno> {
        selected(what)?;
        let mut bindings = Bindings::clone(&self.held.bindings);
        bindings.bind(what, Binding::Unbound);
        self.held.bindings = Arc::new(bindings);
        Ok(self)
    }

    /// A filter that sees every call which the parent passes on.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use turnkey_snapshots::engine::Value;
    /// use turnkey_virt::nanoprocess::{Bind, Family, Outcome};
    /// use turnkey_wasi_common::{Errno, Verdict, before};
    /// # use turnkey_snapshots::engine::{Engine, EngineOptions};
    /// # let options = EngineOptions { interruptible: true, fuel: false };
    /// # let engine = turnkey_wasmi::WasmiEngine::new(options);
    /// let module = engine.compile(&wat::parse_str(r#"(module
    ///     (import "wasi_snapshot_preview1" "clock_time_get"
    ///         (func $now (param i32 i64 i32) (result i32)))
    ///     (memory (export "memory") 1)
    ///     (func (export "ask") (result i32)
    ///         (call $now (i32.const 0) (i64.const 1) (i32.const 0))))"#)?)?;
    /// let never = Arc::new(before(|_call, _memory| Verdict::Deny(Errno::Perm)));
    /// let child = Family::builder().filter(never).build().spawn(module.into())?;
    /// child.bind("class:*", Bind::Pass)?.link()?;
    /// let denied = Outcome::Returned(vec![Value::I32(63)]);
    /// assert_eq!(child.call("ask", &[])?, denied);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn filter(mut self, filter: Arc<dyn Filter>) -> Self {
        self.held.filters.push(Only::all(filter));
        self
    }

    /// The way in which children wait, by default that of every context.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use turnkey_snapshots::engine::Value;
    /// use turnkey_virt::clocks::{FrozenClocks, VirtualTime};
    /// use turnkey_virt::nanoprocess::{Bind, Family, Outcome};
    /// # use turnkey_snapshots::engine::{Engine, EngineOptions};
    /// # let options = EngineOptions { interruptible: true, fuel: false };
    /// # let engine = turnkey_wasmi::WasmiEngine::new(options);
    /// let module = engine.compile(&wat::parse_str(r#"(module
    ///     (import "wasi_snapshot_preview1" "poll_oneoff"
    ///         (func $poll (param i32 i32 i32 i32) (result i32)))
    ///     (memory (export "memory") 1)
    ///     ;; An hour by the monotonic clock.
    ///     (data (i32.const 16) "\01")
    ///     (data (i32.const 24) "\00\a0\b8\30\46\03\00\00")
    ///     (func (export "ask") (result i32)
    ///         (call $poll (i32.const 0) (i32.const 128) (i32.const 1) (i32.const 256))))"#)?)?;
    /// let time = Arc::new(VirtualTime::new(Arc::new(FrozenClocks::at("2019-11-12T00:00:00Z".parse()?))));
    /// let builder = Family::builder().clocks(time.clone()).waiter(time);
    /// let child = builder.build().spawn(module.into())?;
    /// child.bind("class:*", Bind::Pass)?.link()?;
    /// // Nobody waits for an hour.
    /// assert_eq!(child.call("ask", &[])?, Outcome::Returned(vec![Value::I32(0)]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn waiter(mut self, waiter: Arc<dyn BlockingWait>) -> Self {
        self.held.waiter = Some(waiter);
        self
    }

    /// What ends the parent, and its descendants with it.
    ///
    /// ```
    /// use turnkey_virt::nanoprocess::{Family, Outcome};
    /// use turnkey_wasi_common::{Interrupt, Reason};
    /// # use turnkey_snapshots::engine::{Engine, EngineOptions};
    /// # let options = EngineOptions { interruptible: true, fuel: false };
    /// # let engine = turnkey_wasmi::WasmiEngine::new(options);
    /// let module = engine.compile(&wat::parse_str(r#"(module)"#)?)?;
    /// let parent = Interrupt::new();
    /// let child = Family::builder().interrupt(parent.clone()).build().spawn(module.into())?;
    /// child.link()?;
    /// parent.fire(Reason::Timeout);
    /// assert_eq!(child.call("", &[])?, Outcome::Deadline);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn interrupt(mut self, interrupt: Interrupt) -> Self {
        self.held.interrupt = Some(interrupt);
        self
    }

    /// How much all descendants may use together, and all the fuel that children can be given. By
    /// default that is [`ChildLimits::PARENT`].
    ///
    /// ```
    /// use std::sync::Arc;
    /// use turnkey_virt::nanoprocess::{ChildLimits, Family};
    /// use turnkey_wasi_common::Errno;
    /// # use turnkey_snapshots::engine::{Engine, EngineOptions};
    /// # let options = EngineOptions { interruptible: true, fuel: false };
    /// # let engine = turnkey_wasmi::WasmiEngine::new(options);
    /// let module = engine.compile(&wat::parse_str(r#"(module)"#)?)?;
    /// let module: Arc<_> = module.into();
    /// let one = ChildLimits { children: 1, ..ChildLimits::PARENT };
    /// let family = Family::builder().limits(one).build();
    /// let child = family.spawn(Arc::clone(&module))?;
    /// assert_eq!(family.spawn(Arc::clone(&module)).unwrap_err(), Errno::Dquot);
    /// drop(child);
    /// assert!(family.spawn(module).is_ok());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn limits(mut self, limits: ChildLimits) -> Self {
        self.limits = limits;
        self
    }

    /// How many bytes of its stack the tree may take, counted from where the first child is called: of
    /// the thread's, or of the parent's own, where its engine runs it on one
    /// ([`Module::own_stack`]). By default that is [`STACK`](crate::nanoprocess::STACK), which leaves room on one of 2 MiB.
    ///
    /// Every child that is on the stack has a WebAssembly stack of its own there, as large as its
    /// engine lets it be (wasmtime's limit is 512 KiB), and no engine sees the others. A thread that
    /// runs out of stack ends the process, so a call for which there might not be room answers
    /// `NOMEM` instead. Children that recurse little may be nested as deep as there may be levels.
    ///
    /// A child that runs on a stack of its own may take half of that for its own children. Where an
    /// engine was configured to take more than wasmtime's limit, the embedder has to say less here.
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

    /// The same for a parent that is this module: half of the stack of its own on which its engine runs
    /// it ([`Module::own_stack`]), or so many bytes of the thread's if there is none.
    ///
    /// ```
    /// use turnkey_virt::nanoprocess::Family;
    /// # use turnkey_snapshots::engine::{Engine, EngineOptions};
    /// # let options = EngineOptions { interruptible: true, fuel: false };
    /// # let engine = turnkey_wasmi::WasmiEngine::new(options);
    /// let parent = engine.compile(&wat::parse_str("(module)")?)?;
    /// assert_eq!(parent.own_stack(), None);
    /// // For a thread of 32 MiB.
    /// let family = Family::builder().stack_of(&*parent, 24 << 20).build();
    /// # drop(family);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn stack_of(self, parent: &dyn Module, thread: usize) -> Self {
        self.stack(parent.own_stack().map_or(thread, below))
    }

    /// Lets a wasm parent load modules, as many bytes as the limits say under `code`.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use turnkey_snapshots::engine::EngineOptions;
    /// use turnkey_virt::nanoprocess::{ChildLimits, Family, Loading};
    /// use turnkey_wasmi::WasmiEngine;
    /// let engine = Arc::new(WasmiEngine::new(EngineOptions::default()));
    /// let limits = ChildLimits { code: 1 << 20, ..ChildLimits::PARENT };
    /// let family = Family::builder().limits(limits).loading(Loading::with(engine)).build();
    /// let functions = family.functions();
    /// assert!(functions.iter().any(|function| function.name == "module_load"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn loading(mut self, loading: Loading) -> Self {
        self.loading = Some(loading);
        self
    }

    /// Hands a module to a wasm parent. The first has the number 0.
    ///
    /// ```
    /// use turnkey_virt::nanoprocess::Family;
    /// # use turnkey_snapshots::engine::{Engine, EngineOptions};
    /// # let options = EngineOptions { interruptible: true, fuel: false };
    /// # let engine = turnkey_wasmi::WasmiEngine::new(options);
    /// let module = engine.compile(&wat::parse_str(r#"(module)"#)?)?;
    /// let family = Family::builder().module(module).build();
    /// // The parent knows it as 0, and makes children of it with `child_new`.
    /// let functions = family.functions();
    /// assert!(functions.iter().any(|function| function.name == "child_new"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn module(mut self, module: impl Into<Arc<dyn Module>>) -> Self {
        self.modules.push(Arc::new(Loaded::given(module.into())));
        self
    }

    /// Hands modules to a wasm parent, one after the other.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use turnkey_virt::nanoprocess::Family;
    /// # use turnkey_snapshots::engine::{Engine, EngineOptions, Module};
    /// # let options = EngineOptions { interruptible: true, fuel: false };
    /// # let engine = turnkey_wasmi::WasmiEngine::new(options);
    /// let module: Arc<dyn Module> = engine.compile(&wat::parse_str("(module)")?)?.into();
    /// // The parent knows them as 0 and 1.
    /// let family = Family::builder().modules([Arc::clone(&module), module]).build();
    /// # drop(family);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn modules(self, modules: impl IntoIterator<Item = Arc<dyn Module>>) -> Self {
        modules.into_iter().fold(self, Self::module)
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
