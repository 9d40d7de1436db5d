//! A child, from its making to its end.

use super::cap::Cap;
use super::deadline::Deadline;
use super::family::{Loaded, Loading};
use super::held::Held;
use super::level::Level;
use super::limits::{ChildLimits, Pools};
use super::need::Need;
use super::pool::Taken;
use super::serve::Serving;
use super::setup::{Bind, Keep, Place, Setup, check_name, into_entry};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use turnkey_snapshots::engine::{
    FuncType, HostFunction, Instance, InstantiateError, Module, Node, Value,
};
use turnkey_wasi_common::{
    Errno, Fd, Interrupt, InterruptHook, Reason, Stop, Table, Trap, TrapKind,
};

/// A child of a [`Family`](super::Family)'s parent.
///
/// It is made with nothing: no function is bound, and its standard streams are empty. What it is
/// to have is said before it is linked; then it can be called. Every step that does not fit the
/// child's state answers
/// - `INVAL`: it is not linked yet, or is linked already;
/// - `BUSY`: it is on the stack;
/// - `SRCH`: it has ended.
///
/// Dropping it gives back its memory and its descriptors, and ends its own children.
pub struct Child {
    module: Arc<dyn Module>,
    held: Arc<Held>,
    pools: Pools,
    loading: Option<Loading>,
    interrupt: Interrupt,
    /// What a wasm parent serves to it.
    serving: Option<Serving>,
    state: Mutex<State>,
    _above: Option<InterruptHook>,
    _counted: Taken,
}

enum State {
    Setup(Box<Setup>),
    Linked(Box<(Node, Keep)>),
    Idle(Box<(Box<dyn Instance>, Keep)>),
    /// It is on the stack, or being put together.
    Entered,
    /// And this much fuel was left, if it had a limit of it.
    Ended(Option<u64>),
}

/// How a call of a child's ended. All but the first are the child's end as well.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// The function returned these.
    Returned(Vec<Value>),
    /// The child exited with this code.
    Exited(u32),
    /// The child trapped.
    Trapped(Trap),
    /// Somebody killed it.
    Killed,
    /// The call took too long.
    Deadline,
    /// There was no fuel left.
    OutOfFuel,
}

impl From<Stop> for Outcome {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Exit(code) => Self::Exited(code),
            Stop::Trap(trap) => match trap.kind() {
                TrapKind::Interrupted(reason) => Self::from(reason),
                TrapKind::OutOfFuel => Self::OutOfFuel,
                _ => Self::Trapped(trap),
            },
        }
    }
}

impl From<Reason> for Outcome {
    fn from(reason: Reason) -> Self {
        match reason {
            Reason::Timeout => Self::Deadline,
            Reason::Killed => Self::Killed,
        }
    }
}

/// Why a child was not linked. Nothing of it has run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkError {
    /// It asks for what it is not bound to. Everything that is missing is named.
    Missing(Vec<Need>),
    /// Another reason:
    /// - `INVAL`: it was given no limit of what its parent has a limit of.
    /// - `MFILE`: its limit of descriptors is lower than what it is granted.
    /// - those of a step that does not fit the child's state.
    Errno(Errno),
}

impl fmt::Display for LinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Errno(errno) => write!(f, "the child cannot be linked: {}", errno.name()),
            Self::Missing(missing) => {
                for (index, need) in missing.iter().enumerate() {
                    let separator = if index == 0 { "" } else { "; " };
                    write!(f, "{separator}{need}")?;
                }
                Ok(())
            }
        }
    }
}

impl std::error::Error for LinkError {}

impl Child {
    pub(super) fn new(
        module: Arc<dyn Module>,
        held: Arc<Held>,
        pools: Pools,
        loading: Option<Loading>,
        serving: Option<Serving>,
    ) -> Result<Self, Errno> {
        let interrupt = serving.as_ref().map(Serving::interrupt).unwrap_or_default();
        if pools.depth == 0 {
            return Err(Errno::Dquot);
        }
        let counted = pools.children.take(1)?;
        let above = held.interrupt.clone().map(|above| {
            let (own, seen) = (interrupt.clone(), above.clone());
            above.on_fire(move || own.fire(seen.fired().unwrap_or(Reason::Killed)))
        });
        Ok(Self {
            module,
            held,
            pools,
            loading,
            interrupt,
            serving,
            state: Mutex::new(State::Setup(Box::new(Setup::new()))),
            _above: above,
            _counted: counted,
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_up<R>(&self, step: impl FnOnce(&mut Setup) -> Result<R, Errno>) -> Result<R, Errno> {
        match &mut *self.state() {
            State::Setup(setup) => step(setup),
            State::Linked(_) | State::Idle(_) => Err(Errno::Inval),
            State::Entered => Err(Errno::Busy),
            State::Ended(_) => Err(Errno::Srch),
        }
    }

    /// Says what becomes of the child's calls of some functions: of one by its name, or with
    /// `class:` of a whole class, `class:*` being all. The last binding of a function counts.
    ///
    /// # Errors
    /// - `NOENT`: there is no such function or class.
    /// - `NOTSUP`: they cannot be bound in this way.
    ///
    /// ```
    /// use turnkey_virt::nanoprocess::{Bind, Family};
    /// use turnkey_wasi_common::Errno;
    /// # use turnkey_snapshots::engine::{Engine, EngineOptions};
    /// # let options = EngineOptions { interruptible: true, fuel: false };
    /// # let engine = turnkey_wasmi::WasmiEngine::new(options);
    /// let module = engine.compile(&wat::parse_str(r#"(module)"#)?)?;
    /// let child = Family::builder().build().spawn(module.into())?;
    /// child.bind("class:*", Bind::Deny(Errno::Nosys))?.bind("fd_read", Bind::Pass)?;
    /// assert_eq!(child.bind("fd_raed", Bind::Pass).unwrap_err(), Errno::Noent);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn bind(&self, what: &str, bind: Bind) -> Result<&Self, Errno> {
        self.set_up(|setup| setup.bind(what, bind, &self.held))?;
        Ok(self)
    }

    /// Lets the child import a function of the embedder's.
    ///
    /// # Errors
    /// Those of a step that does not fit the child's state.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use turnkey_snapshots::engine::{FuncType, HostFunction, Value, ValueType};
    /// use turnkey_virt::nanoprocess::{Family, Outcome};
    /// # use turnkey_snapshots::engine::{Engine, EngineOptions};
    /// # let options = EngineOptions { interruptible: true, fuel: false };
    /// # let engine = turnkey_wasmi::WasmiEngine::new(options);
    /// let module = engine.compile(&wat::parse_str(r#"(module
    ///     (import "env" "seven" (func $seven (result i32))) (export "f" (func $seven)))"#)?)?;
    /// let child = Family::builder().build().spawn(module.into())?;
    /// child.provide(HostFunction {
    ///     module: "env".to_owned(),
    ///     name: "seven".to_owned(),
    ///     ty: FuncType::new([], [ValueType::I32]),
    ///     run: Arc::new(|_guest, _args, results| {
    ///         results.fill(Value::I32(7));
    ///         Ok(())
    ///     }),
    /// })?;
    /// child.link()?;
    /// assert_eq!(child.call("f", &[])?, Outcome::Returned(vec![Value::I32(7)]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn provide(&self, function: HostFunction) -> Result<&Self, Errno> {
        self.set_up(|setup| {
            setup.provide(function);
            Ok(())
        })?;
        Ok(self)
    }

    /// Grants a handle, under a name if it is a directory that the child is to find. The child may
    /// run already, but then chooses no number.
    ///
    /// # Errors
    /// - `BADF`: the handle was taken back.
    /// - `EXIST`, `INVAL`: the number is taken, or is none that can be chosen.
    /// - `NOTDIR`: something else is granted under a name.
    /// - `MFILE`: the child can have no further descriptor.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use turnkey_virt::nanoprocess::{Cap, Family, Place};
    /// use turnkey_wasi_common::{Errno, Fd, Grant, Null, Object};
    /// # use turnkey_snapshots::engine::{Engine, EngineOptions};
    /// # let options = EngineOptions { interruptible: true, fuel: false };
    /// # let engine = turnkey_wasmi::WasmiEngine::new(options);
    /// let module = engine.compile(&wat::parse_str(r#"(module)"#)?)?;
    /// let child = Family::builder().build().spawn(module.into())?;
    /// let null = Cap::new(Grant::new(Object::Stream(Arc::new(Null))));
    /// assert_eq!(child.grant(&null, Place::At(Fd(1)), None)?, Fd(1));
    /// assert_eq!(child.grant(&null, Place::Next, None)?, Fd(3));
    /// assert_eq!(child.grant(&null, Place::Next, Some("dir")), Err(Errno::Notdir));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn grant(&self, cap: &Cap, place: Place, name: Option<&str>) -> Result<Fd, Errno> {
        self.grant_served(cap, place, name, None)
    }

    pub(super) fn grant_served(
        &self,
        cap: &Cap,
        place: Place,
        name: Option<&str>,
        serving: Option<&Serving>,
    ) -> Result<Fd, Errno> {
        if self.is_entered() {
            return Err(Errno::Busy);
        }
        let grant = cap.grant(serving).map_err(|error| error.errno())?;
        match &mut *self.state() {
            State::Setup(setup) => setup.grant(grant, place, name),
            State::Idle(running) => {
                if place != Place::Next {
                    return Err(Errno::Inval);
                }
                let (instance, keep) = &**running;
                let grant = keep.counted(check_name(grant, name)?);
                instance.ctx().table().insert(into_entry(grant, name))
            }
            State::Linked(_) => Err(Errno::Inval),
            State::Entered => Err(Errno::Busy),
            State::Ended(_) => Err(Errno::Srch),
        }
    }

    /// Adds an argument. The first is the program's name.
    ///
    /// # Errors
    /// - `INVAL`: it holds a NUL.
    /// - `2BIG`: all take more than 2 MiB.
    ///
    /// ```
    /// use turnkey_virt::nanoprocess::Family;
    /// use turnkey_wasi_common::Errno;
    /// # use turnkey_snapshots::engine::{Engine, EngineOptions};
    /// # let options = EngineOptions { interruptible: true, fuel: false };
    /// # let engine = turnkey_wasmi::WasmiEngine::new(options);
    /// let module = engine.compile(&wat::parse_str(r#"(module)"#)?)?;
    /// let child = Family::builder().build().spawn(module.into())?;
    /// child.arg("app")?.arg("--fast")?.env("MODE", "safe")?;
    /// assert_eq!(child.arg("a\0b").unwrap_err(), Errno::Inval);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn arg(&self, arg: &str) -> Result<&Self, Errno> {
        self.set_up(|setup| setup.arg(arg))?;
        Ok(self)
    }

    /// Sets an environment variable.
    ///
    /// # Errors
    /// - `INVAL`: the name is empty or holds `=`, or one of them a NUL.
    /// - `2BIG`: all take more than 2 MiB.
    ///
    /// ```
    /// use turnkey_virt::nanoprocess::Family;
    /// use turnkey_wasi_common::Errno;
    /// # use turnkey_snapshots::engine::{Engine, EngineOptions};
    /// # let options = EngineOptions { interruptible: true, fuel: false };
    /// # let engine = turnkey_wasmi::WasmiEngine::new(options);
    /// let module = engine.compile(&wat::parse_str(r#"(module)"#)?)?;
    /// let child = Family::builder().build().spawn(module.into())?;
    /// child.env("HOME", "/")?;
    /// assert_eq!(child.env("A=B", "C").unwrap_err(), Errno::Inval);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn env(&self, name: &str, value: &str) -> Result<&Self, Errno> {
        self.set_up(|setup| setup.env(name, value))?;
        Ok(self)
    }

    /// Hands the child a module, of which it can make children of its own. Answers the number by
    /// which it knows the module.
    ///
    /// # Errors
    /// - `MFILE`: it has been handed too many.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use turnkey_snapshots::engine::Module;
    /// use turnkey_virt::nanoprocess::Family;
    /// # use turnkey_snapshots::engine::{Engine, EngineOptions};
    /// # let options = EngineOptions { interruptible: true, fuel: false };
    /// # let engine = turnkey_wasmi::WasmiEngine::new(options);
    /// let module = engine.compile(&wat::parse_str(r#"(module)"#)?)?;
    /// let module: Arc<dyn Module> = module.into();
    /// let child = Family::builder().build().spawn(module.clone())?;
    /// assert_eq!((child.module(module.clone())?, child.module(module)?), (0, 1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn module(&self, module: Arc<dyn Module>) -> Result<u32, Errno> {
        self.loaded(Arc::new(Loaded::given(module)))
    }

    pub(super) fn loaded(&self, module: Arc<Loaded>) -> Result<u32, Errno> {
        self.set_up(|setup| setup.module(module))
    }

    /// Limits the child. A second call replaces the first.
    ///
    /// # Errors
    /// - `DQUOT`: its parent has not so much left, and nothing changes.
    ///
    /// ```
    /// use turnkey_virt::nanoprocess::{ChildLimits, Family};
    /// use turnkey_wasi_common::Errno;
    /// # use turnkey_snapshots::engine::{Engine, EngineOptions};
    /// # let options = EngineOptions { interruptible: true, fuel: false };
    /// # let engine = turnkey_wasmi::WasmiEngine::new(options);
    /// let module = engine.compile(&wat::parse_str(r#"(module)"#)?)?;
    /// let all = ChildLimits { files_below: 100, ..ChildLimits::PARENT };
    /// let child = Family::builder().limits(all).build().spawn(module.into())?;
    /// child.limit(ChildLimits { files: 60, ..ChildLimits::DEFAULT })?;
    /// let more = child.limit(ChildLimits { files: 101, ..ChildLimits::DEFAULT });
    /// assert_eq!(more.unwrap_err(), Errno::Dquot);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn limit(&self, limits: ChildLimits) -> Result<&Self, Errno> {
        self.set_up(|setup| setup.limit(limits, &self.pools))?;
        Ok(self)
    }

    /// Looks for everything that the child imports, and gets it ready to be called. Nothing runs.
    ///
    /// # Errors
    /// Those of [`LinkError`].
    ///
    /// ```
    /// use turnkey_virt::nanoprocess::Family;
    /// # use turnkey_snapshots::engine::{Engine, EngineOptions};
    /// # let options = EngineOptions { interruptible: true, fuel: false };
    /// # let engine = turnkey_wasmi::WasmiEngine::new(options);
    /// let module = engine.compile(&wat::parse_str(r#"(module (import "env" "f" (func)))"#)?)?;
    /// let child = Family::builder().build().spawn(module.into())?;
    /// let missing = child.link().unwrap_err();
    /// let told = "it imports the function `env.f`, which does not exist here";
    /// assert_eq!(missing.to_string(), told);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn link(&self) -> Result<(), LinkError> {
        let mut state = self.state();
        match &mut *state {
            State::Setup(setup) => {
                if !setup.look(&*self.module, &self.held) {
                    return Err(LinkError::Missing(setup.missing.clone()));
                }
                setup.reserve(&self.pools).map_err(LinkError::Errno)?;
            }
            State::Linked(_) | State::Idle(_) => return Err(LinkError::Errno(Errno::Inval)),
            State::Entered => return Err(LinkError::Errno(Errno::Busy)),
            State::Ended(_) => return Err(LinkError::Errno(Errno::Srch)),
        }
        let setup = match std::mem::replace(&mut *state, State::Ended(None)) {
            State::Setup(setup) => setup,
            other => {
                *state = other;
                return Err(LinkError::Errno(Errno::Inval));
            }
        };
        let loading = self.loading.as_ref();
        let depth = self.pools.depth;
        let made = setup.finish(&*self.module, &self.held, loading, depth, &self.interrupt);
        *state = State::Linked(Box::new(made.map_err(LinkError::Errno)?));
        Ok(())
    }

    /// What was missing when the child was linked last.
    pub(super) fn missing(&self, index: u32) -> Result<Need, Errno> {
        self.set_up(|setup| {
            let need = setup.missing.get(index as usize);
            need.cloned().ok_or(Errno::Noent)
        })
    }

    /// What the child was limited to.
    pub(super) fn limits(&self) -> Result<ChildLimits, Errno> {
        self.set_up(|setup| Ok(*setup.limits()))
    }

    /// Calls an export, and waits for its end. The instance is made by the first call, which runs
    /// the module's start function before anything else; with an empty name nothing is called
    /// beyond that.
    ///
    /// # Errors
    /// - `NOENT`: there is no such function.
    /// - `INVAL`: the arguments do not fit it.
    /// - `NOTSUP`: its results are none that cross.
    /// - `NOMEM`: too many calls are nested.
    /// - `NOEXEC`: the engine makes no instance within the limits.
    ///
    /// ```
    /// use turnkey_snapshots::engine::Value;
    /// use turnkey_virt::nanoprocess::{Family, Outcome};
    /// use turnkey_wasi_common::Errno;
    /// # use turnkey_snapshots::engine::{Engine, EngineOptions};
    /// # let options = EngineOptions { interruptible: true, fuel: false };
    /// # let engine = turnkey_wasmi::WasmiEngine::new(options);
    /// let module = engine.compile(&wat::parse_str(r#"(module (func (export "double") (param i32) (result i32)
    ///     (i32.add (local.get 0) (local.get 0))))"#)?)?;
    /// let child = Family::builder().build().spawn(module.into())?;
    /// child.link()?;
    /// let called = child.call("double", &[Value::I32(21)])?;
    /// assert_eq!(called, Outcome::Returned(vec![Value::I32(42)]));
    /// assert_eq!(child.call("triple", &[]), Err(Errno::Noent));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn call(&self, export: &str, args: &[Value]) -> Result<Outcome, Errno> {
        self.call_with(export, |ty| {
            let types = ty.params.iter().copied();
            match args.iter().map(|value| value.ty()).eq(types) {
                true => Ok(args.to_vec()),
                false => Err(Errno::Inval),
            }
        })
    }

    /// The same with arguments that depend on the function's type.
    pub(super) fn call_with(
        &self,
        export: &str,
        args: impl FnOnce(&FuncType) -> Result<Vec<Value>, Errno>,
    ) -> Result<Outcome, Errno> {
        let _level = Level::enter(self.held.stack)?;
        let mut entered = Entered::enter(self)?;
        if let Some(reason) = self.interrupt.fired() {
            entered.end();
            return Ok(reason.into());
        }
        let deadline = match entered.deadline() {
            Some(span) => Deadline::after(span, self.interrupt.clone())?,
            None => None,
        };
        let outcome = entered.call(&*self.module, export, args);
        drop(deadline);
        match (outcome?, self.interrupt.fired()) {
            (Outcome::Returned(values), None) => Ok(Outcome::Returned(values)),
            (Outcome::Returned(_), Some(reason)) => {
                entered.end();
                Ok(reason.into())
            }
            (ended, reason) => {
                entered.end();
                // A guest that fails because it is being ended may trap by itself first.
                Ok(match (ended, reason) {
                    (Outcome::Trapped(_), Some(reason)) => reason.into(),
                    (ended, _) => ended,
                })
            }
        }
    }

    /// Copies from the child's memory.
    ///
    /// # Errors
    /// - `FAULT`: that leads beyond the memory.
    /// - `INVAL`: the child has no instance, or no memory.
    ///
    /// ```
    /// use turnkey_virt::nanoprocess::Family;
    /// use turnkey_wasi_common::Errno;
    /// # use turnkey_snapshots::engine::{Engine, EngineOptions};
    /// # let options = EngineOptions { interruptible: true, fuel: false };
    /// # let engine = turnkey_wasmi::WasmiEngine::new(options);
    /// let module = engine.compile(&wat::parse_str(r#"(module (memory (export "memory") 1))"#)?)?;
    /// let child = Family::builder().build().spawn(module.into())?;
    /// child.link()?;
    /// child.call("", &[])?;
    /// child.write(65532, b"abcd")?;
    /// let mut bytes = [0; 3];
    /// child.read(65533, &mut bytes)?;
    /// assert_eq!(&bytes, b"bcd");
    /// assert_eq!(child.read(65534, &mut bytes), Err(Errno::Fault));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn read(&self, from: u32, bytes: &mut [u8]) -> Result<(), Errno> {
        self.with_memory(from, bytes.len(), |memory| bytes.copy_from_slice(memory))
    }

    /// Copies into the child's memory.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    ///
    /// ```
    /// use turnkey_virt::nanoprocess::Family;
    /// use turnkey_wasi_common::Errno;
    /// # use turnkey_snapshots::engine::{Engine, EngineOptions};
    /// # let options = EngineOptions { interruptible: true, fuel: false };
    /// # let engine = turnkey_wasmi::WasmiEngine::new(options);
    /// let module = engine.compile(&wat::parse_str(r#"(module)"#)?)?;
    /// let child = Family::builder().build().spawn(module.into())?;
    /// assert_eq!(child.write(0, b"a"), Err(Errno::Inval), "there is no instance");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn write(&self, to: u32, bytes: &[u8]) -> Result<(), Errno> {
        self.with_memory(to, bytes.len(), |memory| memory.copy_from_slice(bytes))
    }

    fn with_memory(
        &self,
        start: u32,
        len: usize,
        step: impl FnOnce(&mut [u8]),
    ) -> Result<(), Errno> {
        match &mut *self.state() {
            State::Idle(running) => {
                let memory = running.0.memory().map_err(|_| Errno::Inval)?;
                let start = start as usize;
                let end = start.saturating_add(len);
                step(memory.get_mut(start..end).ok_or(Errno::Fault)?);
                Ok(())
            }
            State::Setup(_) | State::Linked(_) => Err(Errno::Inval),
            State::Entered => Err(Errno::Busy),
            State::Ended(_) => Err(Errno::Srch),
        }
    }

    /// Ends the child and its descendants, wherever they are: computing, sleeping, or in a call of
    /// somebody who serves them. Any thread may do it.
    ///
    /// ```
    /// use turnkey_virt::nanoprocess::{Family, Outcome};
    /// use turnkey_wasi_common::Errno;
    /// # use turnkey_snapshots::engine::{Engine, EngineOptions};
    /// # let options = EngineOptions { interruptible: true, fuel: false };
    /// # let engine = turnkey_wasmi::WasmiEngine::new(options);
    /// let module = engine.compile(&wat::parse_str(r#"(module)"#)?)?;
    /// let child = Family::builder().build().spawn(module.into())?;
    /// child.link()?;
    /// child.kill();
    /// assert_eq!(child.call("", &[])?, Outcome::Killed);
    /// assert_eq!(child.call("", &[]), Err(Errno::Srch));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn kill(&self) {
        self.interrupt.fire(Reason::Killed);
    }

    /// The switch by which [`kill`](Self::kill) ends the child.
    ///
    /// ```
    /// use turnkey_virt::nanoprocess::Family;
    /// use turnkey_wasi_common::Reason;
    /// # use turnkey_snapshots::engine::{Engine, EngineOptions};
    /// # let options = EngineOptions { interruptible: true, fuel: false };
    /// # let engine = turnkey_wasmi::WasmiEngine::new(options);
    /// let module = engine.compile(&wat::parse_str(r#"(module)"#)?)?;
    /// let child = Family::builder().build().spawn(module.into())?;
    /// child.kill();
    /// assert_eq!(child.interrupt().fired(), Some(Reason::Killed));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn interrupt(&self) -> &Interrupt {
        &self.interrupt
    }

    /// Ends a child that is not on the stack: nothing is left of it but its fuel.
    pub(super) fn close(&self) {
        let mut state = self.state();
        let ready = match std::mem::replace(&mut *state, State::Entered) {
            State::Linked(linked) => Ready::Node(linked),
            State::Idle(running) => Ready::Instance(running),
            State::Setup(setup) => {
                let fuel = Some(setup.limits().fuel).filter(|fuel| *fuel != u64::MAX);
                *state = State::Ended(fuel);
                drop(state);
                return self.closing(|| drop(setup));
            }
            other => {
                *state = other;
                return;
            }
        };
        drop(state);
        let mut entered = Entered {
            child: self,
            ready: Some(ready),
            fuel: None,
        };
        entered.end();
    }

    /// Lets go of what the child holds; a wasm parent is told of its objects in reverse order.
    fn closing<R>(&self, step: impl FnOnce() -> R) -> R {
        match &self.serving {
            Some(serving) => serving.close(step),
            None => step(),
        }
    }

    pub(super) fn is_entered(&self) -> bool {
        matches!(*self.state(), State::Entered)
    }

    /// The fuel that is left of what the child was given, if that was limited.
    ///
    /// ```
    /// use turnkey_virt::nanoprocess::{ChildLimits, Family};
    /// # use turnkey_snapshots::engine::{Engine, EngineOptions};
    /// # let options = EngineOptions { interruptible: true, fuel: true };
    /// # let engine = turnkey_wasmi::WasmiEngine::new(options);
    /// let module = engine.compile(&wat::parse_str(r#"(module (func (export "f")))"#)?)?;
    /// let child = Family::builder().build().spawn(module.into())?;
    /// child.limit(ChildLimits { fuel: 1000, ..ChildLimits::DEFAULT })?;
    /// child.link()?;
    /// child.call("f", &[])?;
    /// assert!(child.fuel().is_some_and(|left| left < 1000));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn fuel(&self) -> Option<u64> {
        let limited = |fuel: u64| Some(fuel).filter(|fuel| *fuel != u64::MAX);
        match &*self.state() {
            State::Setup(setup) => limited(setup.limits().fuel),
            State::Linked(linked) => linked.0.limits.fuel,
            State::Idle(running) => running.0.fuel(),
            State::Entered => None,
            State::Ended(fuel) => *fuel,
        }
    }
}

/// What an instance needs to be made, or the instance.
enum Ready {
    Node(Box<(Node, Keep)>),
    Instance(Box<(Box<dyn Instance>, Keep)>),
}

/// A child that is on the stack. When this is dropped, it is idle again, or has ended.
struct Entered<'a> {
    child: &'a Child,
    ready: Option<Ready>,
    fuel: Option<u64>,
}

impl<'a> Entered<'a> {
    fn enter(child: &'a Child) -> Result<Self, Errno> {
        let mut state = child.state();
        let ready = match std::mem::replace(&mut *state, State::Entered) {
            State::Linked(linked) => Ready::Node(linked),
            State::Idle(running) => Ready::Instance(running),
            other => {
                let errno = match &other {
                    State::Entered => Errno::Busy,
                    State::Ended(_) => Errno::Srch,
                    _ => Errno::Inval,
                };
                *state = other;
                return Err(errno);
            }
        };
        Ok(Self {
            child,
            ready: Some(ready),
            fuel: None,
        })
    }

    fn deadline(&self) -> Option<std::time::Duration> {
        match self.ready.as_ref()? {
            Ready::Node(linked) => linked.1.limits.deadline,
            Ready::Instance(running) => running.1.limits.deadline,
        }
    }

    /// Nothing is left of the child but its fuel.
    fn end(&mut self) {
        let Some(ready) = self.ready.take() else {
            return;
        };
        self.fuel = self.child.closing(|| match ready {
            Ready::Node(linked) => {
                let (node, keep) = *linked;
                let fuel = node.limits.fuel;
                drop(node);
                give_back(keep, fuel)
            }
            Ready::Instance(running) => {
                let (instance, keep) = *running;
                let fuel = instance.fuel();
                let lent = keep.disband();
                drop(instance);
                give_back(keep, fuel.map(|fuel| fuel.saturating_add(lent)))
            }
        });
    }

    /// The instance, which is made if there is none.
    fn instance(&mut self, module: &dyn Module) -> Result<Result<(), Outcome>, Errno> {
        let linked = match self.ready.take() {
            Some(Ready::Node(linked)) => linked,
            other => {
                self.ready = other;
                return Ok(Ok(()));
            }
        };
        let (node, keep) = *linked;
        // Where the start function ends the child, the engine lets go of what it holds.
        let made = self.child.closing(|| module.instantiate(node));
        match made {
            Ok(instance) => {
                self.ready = Some(Ready::Instance(Box::new((instance, keep))));
                Ok(Ok(()))
            }
            Err(InstantiateError::Stop(stop)) => {
                let lent = keep.disband();
                self.fuel = give_back(keep, Some(lent));
                Ok(Err(stop.into()))
            }
            Err(InstantiateError::Missing(_) | InstantiateError::Link(_)) => {
                self.fuel = Some(keep.limits.fuel).filter(|fuel| *fuel != u64::MAX);
                Err(Errno::Noexec)
            }
        }
    }

    fn call(
        &mut self,
        module: &dyn Module,
        export: &str,
        args: impl FnOnce(&FuncType) -> Result<Vec<Value>, Errno>,
    ) -> Result<Outcome, Errno> {
        if let Err(ended) = self.instance(module)? {
            return Ok(ended);
        }
        let Some(Ready::Instance(running)) = &mut self.ready else {
            return Err(Errno::Srch);
        };
        if export.is_empty() {
            return Ok(Outcome::Returned(Vec::new()));
        }
        let instance = &mut running.0;
        let handler = instance.export(export).ok_or(Errno::Noent)?;
        let ty = instance.export_type(handler);
        let args = args(&ty)?;
        let mut results = ty.zero_results().ok_or(Errno::Notsup)?;
        Ok(match instance.call(handler, &args, &mut results) {
            Ok(()) => Outcome::Returned(results),
            Err(stop) => stop.into(),
        })
    }
}

/// Gives back what a child had, with the fuel that is left, and answers that.
fn give_back(mut keep: Keep, fuel: Option<u64>) -> Option<u64> {
    if let Some(left) = fuel {
        keep.reserved.fuel.keep(left);
    }
    fuel
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        let state = match self.ready.take() {
            Some(Ready::Node(linked)) => State::Linked(linked),
            Some(Ready::Instance(running)) => State::Idle(running),
            None => State::Ended(self.fuel),
        };
        *self.child.state() = state;
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.close();
    }
}

impl fmt::Debug for Child {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Child").finish_non_exhaustive()
    }
}
