//! A parent, and what it has children of.

mod builder;

pub use builder::{FamilyBuilder, Loading};

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
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use turnkey_snapshots::engine::{HostFunction, Module};
use turnkey_wasi_common::{Errno, Error};

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
    fn found(&self, capability: u64) -> Result<Found, Error> {
        let family = Family(self.0.upgrade().ok_or(Errno::Badf)?);
        let number = u32::try_from(capability).map_err(|_| Errno::Badf)?;
        let cap = Arc::clone(family.tables().caps.at(number)?);
        cap.found()
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
    ///
    /// ```
    /// use turnkey_virt::nanoprocess::{Family, Outcome};
    /// # use turnkey_snapshots::engine::{Engine, EngineOptions};
    /// # let options = EngineOptions { interruptible: true, fuel: false };
    /// # let engine = turnkey_wasmi::WasmiEngine::new(options);
    /// let module = engine.compile(&wat::parse_str(r#"(module)"#)?)?;
    /// let child = Family::builder().build().spawn(module.into())?;
    /// child.link()?;
    /// assert_eq!(child.call("", &[])?, Outcome::Returned(vec![]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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
    ///
    /// ```
    /// use turnkey_virt::nanoprocess::{FUNCTIONS, Family, MODULE};
    /// let functions = Family::builder().build().functions();
    /// assert_eq!(functions.len(), FUNCTIONS.len());
    /// assert!(functions.iter().all(|function| function.module == MODULE));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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
