//! A child, from its making to its end.

use super::cap::Cap;
use super::description::Description;
use super::entered::Entered;
use super::family::{Loaded, Loading};
use super::held::Held;
use super::keep::Keep;
use super::limits::{ChildLimits, Pools};
use super::need::Need;
use super::outcome::LinkError;
use super::pool::Taken;
use super::serve::Serving;
use super::setup::{Around, Bind, Place, Setup, check_name, into_entry};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use turnkey_snapshots::engine::{HostFunction, Instance, Module, Node};
use turnkey_wasi_common::{Errno, Fd, Interrupt, InterruptHook, Reason, Table};

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
    pub(super) module: Arc<dyn Module>,
    pub(super) description: Description,
    pub(super) held: Arc<Held>,
    pools: Pools,
    loading: Option<Loading>,
    interrupt: Interrupt,
    /// What a wasm parent serves to it.
    serving: Option<Serving>,
    state: Mutex<State>,
    _above: Option<InterruptHook>,
    _counted: Taken,
}

pub(super) enum State {
    Setup(Box<Setup>),
    Linked(Box<(Node, Keep)>),
    Idle(Box<(Box<dyn Instance>, Keep)>),
    /// It is on the stack, or being put together.
    Entered,
    /// And this much fuel was left, if it had a limit of it.
    Ended(Option<u64>),
}

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
        let above = held.interrupt.as_ref();
        let above = above.map(|above| above.pass_on(&interrupt));
        Ok(Self {
            module,
            description: Description::default(),
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

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn set_up<R>(
        &self,
        step: impl FnOnce(&mut Setup) -> Result<R, Errno>,
    ) -> Result<R, Errno> {
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
                if !setup.look(&*self.module, &self.description, &self.held) {
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
        let made = setup.finish(&Around {
            module: &*self.module,
            description: &self.description,
            held: &self.held,
            loading: self.loading.as_ref(),
            depth: self.pools.depth,
            interrupt: &self.interrupt,
        });
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
        match std::mem::replace(&mut *state, State::Ended(None)) {
            State::Setup(setup) => {
                let fuel = Some(setup.limits().fuel).filter(|fuel| *fuel != u64::MAX);
                *state = State::Ended(fuel);
                drop(state);
                self.closing(|| drop(setup));
            }
            other => {
                *state = other;
                drop(state);
                if let Ok(mut entered) = Entered::enter(self) {
                    entered.end();
                }
            }
        }
    }

    /// Lets go of what the child holds; a wasm parent is told of its objects in reverse order.
    pub(super) fn closing<R>(&self, step: impl FnOnce() -> R) -> R {
        match &self.serving {
            Some(serving) => serving.close(step),
            None => step(),
        }
    }

    /// Whether it is linked, and nothing of it has run.
    pub(super) fn is_new(&self) -> bool {
        matches!(*self.state(), State::Linked(_))
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
