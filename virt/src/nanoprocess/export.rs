//! Functions of others to which imports of a child can be bound.

use super::child::Child;
use super::held::Held;
use super::outcome::Outcome;
use super::serve::Serving;
use crate::typed::{
    Broken, Function, GuestSide, Interface, Party, Run, RustSide, Side, TypedValue,
};
use std::sync::{Arc, Weak};
use turnkey_snapshots::engine::Value;
use turnkey_wasi_common::{Errno, Stop};

/// A function to which an import of a child can be bound ([`Child::bind_export`]).
#[derive(Clone)]
pub struct Export {
    offer: Offer,
    around: Option<Arc<Around>>,
}

/// What is done around each call, which it is handed.
type Around = dyn Fn(&mut dyn FnMut() -> Result<(), Outcome>) -> Result<(), Stop> + Send + Sync;

#[derive(Clone)]
enum Offer {
    /// Of another child.
    Child {
        child: Weak<Child>,
        name: String,
        /// By what the parent serves the one who calls, and the one who is called.
        serving: Option<(Serving, Serving)>,
        /// It may have another parent than the one who calls.
        anywhere: bool,
    },
    /// Of the parent, which is a module.
    Parent {
        serving: Serving,
        party: Party,
        name: String,
    },
    /// Of a Rust program.
    Rust {
        function: Arc<Function>,
        run: Arc<Run>,
    },
}

impl Export {
    /// An export of another child of the same parent, which need not be linked before it is called.
    /// It is not kept from being dropped.
    pub fn of(child: &Arc<Child>, name: &str) -> Self {
        Self::of_child(child, name, None, false)
    }

    /// An export of a child that may have another parent, for an embedder who has made both. Each
    /// stays within what its own parent holds; what crosses is what is passed in calls.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use turnkey_snapshots::engine::{Engine, EngineOptions, Value};
    /// use turnkey_virt::nanoprocess::{Export, Family, Outcome};
    /// use turnkey_wasi_common::Errno;
    /// use turnkey_wasmi::WasmiEngine;
    ///
    /// let engine = WasmiEngine::new(EngineOptions { interruptible: true, fuel: false });
    /// let spawn = |text: &str| -> Result<_, Box<dyn std::error::Error>> {
    ///     let module = engine.compile(&wat::parse_str(text)?)?;
    ///     Ok(Arc::new(Family::builder().build().spawn(module.into())?))
    /// };
    /// let callee = spawn(r#"(module (func (export "seven") (result i32) (i32.const 7)))"#)?;
    /// callee.link()?;
    /// let caller = spawn(
    ///     r#"(module (import "far" "seven" (func $f (result i32))) (export "ask" (func $f)))"#,
    /// )?;
    /// let of = Export::of(&callee, "seven");
    /// assert_eq!(caller.bind_export("far", "seven", &of).err(), Some(Errno::Notcapable));
    /// caller.bind_export("far", "seven", &Export::across(&callee, "seven"))?;
    /// caller.link()?;
    /// assert_eq!(caller.call("ask", &[])?, Outcome::Returned(vec![Value::I32(7)]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn across(child: &Arc<Child>, name: &str) -> Self {
        Self::of_child(child, name, None, true)
    }

    /// The same function, with something done around each of its calls. `around` is handed the call,
    /// which answers how the one who is called has ended if it has not returned. A stop that `around`
    /// answers ends whoever calls; otherwise that one finds what it finds without.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use turnkey_snapshots::engine::{Engine, EngineOptions};
    /// use turnkey_virt::nanoprocess::{Export, Family, Outcome};
    /// use turnkey_wasi_common::Stop;
    /// use turnkey_wasmi::WasmiEngine;
    ///
    /// let engine = WasmiEngine::new(EngineOptions { interruptible: true, fuel: false });
    /// let family = Family::builder().build();
    /// let callee = engine.compile(&wat::parse_str(r#"(module (func (export "f") unreachable))"#)?)?;
    /// let callee = Arc::new(family.spawn(callee.into())?);
    /// callee.link()?;
    /// let caller = engine.compile(&wat::parse_str(
    ///     r#"(module (import "m" "f" (func $f)) (export "go" (func $f)))"#,
    /// )?)?;
    /// let caller = family.spawn(caller.into())?;
    /// let export = Export::of(&callee, "f").around(|call| match call() {
    ///     Err(Outcome::Trapped(_)) => Err(Stop::Exit(70)),
    ///     _ => Ok(()),
    /// });
    /// caller.bind_export("m", "f", &export)?;
    /// caller.link()?;
    /// assert_eq!(caller.call("go", &[])?, Outcome::Exited(70));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn around(
        self,
        around: impl Fn(&mut dyn FnMut() -> Result<(), Outcome>) -> Result<(), Stop>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        Self {
            around: Some(Arc::new(around)),
            ..self
        }
    }

    fn offered(offer: Offer) -> Self {
        Self {
            offer,
            around: None,
        }
    }

    fn of_child(
        child: &Arc<Child>,
        name: &str,
        serving: Option<(Serving, Serving)>,
        anywhere: bool,
    ) -> Self {
        Self::offered(Offer::Child {
            child: Arc::downgrade(child),
            name: name.to_owned(),
            serving,
            anywhere,
        })
    }

    /// A function of a Rust program, of the type that it has in `interface` as an export. A stop that
    /// it answers ends the child that calls it.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use turnkey_snapshots::engine::{Engine, EngineOptions, Value};
    /// use turnkey_virt::nanoprocess::{Export, Family, Outcome};
    /// use turnkey_virt::typed::{Interface, TypedValue};
    /// use turnkey_wasmi::WasmiEngine;
    ///
    /// let describes = |exports| format!(r#"{exports} (module $text
    ///     (@interface func (export "width") (param $text string) (result $width u32)))"#);
    /// let width = Export::function(&Interface::parse(&describes(";;; @exports\n"))?, "width", |args| {
    ///     match args {
    ///         [TypedValue::String(text)] => Ok(TypedValue::Unsigned(text.chars().count() as u64)),
    ///         _ => Ok(TypedValue::Nothing),
    ///     }
    /// })?;
    ///
    /// let module = r#"(module
    ///     (import "text" "width" (func $width (param i32 i32) (result i32)))
    ///     (memory (export "memory") 1)
    ///     (data (i32.const 8) "na\c3\afve")
    ///     (func (export "ask") (result i32) (call $width (i32.const 8) (i32.const 6))))"#;
    /// let engine = WasmiEngine::new(EngineOptions { interruptible: true, fuel: false });
    /// let child = Family::builder().build().spawn(engine.compile(&wat::parse_str(module)?)?.into())?;
    /// child.describe(Interface::parse(&describes(""))?)?;
    /// child.bind_export("text", "width", &width)?;
    /// child.link()?;
    /// assert_eq!(child.call("ask", &[])?, Outcome::Returned(vec![Value::I32(5)]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// - `NOENT`: there is no such function in `interface`.
    pub fn function(
        interface: &Interface,
        name: &str,
        run: impl Fn(&[TypedValue]) -> Result<TypedValue, Stop> + Send + Sync + 'static,
    ) -> Result<Self, Errno> {
        let function = interface.exported(name).ok_or(Errno::Noent)?;
        Ok(Self::offered(Offer::Rust {
            function: Arc::clone(function),
            run: Arc::new(run),
        }))
    }

    /// An export of another child, both being served by their parent.
    pub(super) fn of_served(child: &Arc<Child>, name: &str, from: Serving, to: Serving) -> Self {
        Self::of_child(child, name, Some((from, to)), false)
    }

    /// An export of the parent that serves a child.
    pub(super) fn of_parent(serving: Serving, party: Party, name: &str) -> Self {
        Self::offered(Offer::Parent {
            serving,
            party,
            name: name.to_owned(),
        })
    }

    /// Whether the child that it is of has this parent, if it has to; any other kind has.
    pub(super) fn is_in_family(&self, held: &Arc<Held>) -> bool {
        match &self.offer {
            Offer::Child { anywhere: true, .. } => true,
            Offer::Child { child, .. } => {
                let child = child.upgrade();
                child.is_some_and(|child| Arc::ptr_eq(&child.held, held))
            }
            Offer::Parent { .. } | Offer::Rust { .. } => true,
        }
    }

    pub(super) fn party(&self) -> Party {
        match &self.offer {
            Offer::Child { child, name, .. } => match child.upgrade() {
                Some(child) => {
                    let module = &*child.module;
                    Party::exporter(module, &child.description.of(module), name)
                }
                None => Party::nobody(),
            },
            Offer::Parent { party, .. } => party.clone(),
            Offer::Rust { function, .. } => Party::host(function),
        }
    }

    pub(super) fn call(
        &self,
        function: &Function,
        caller: &mut dyn Side,
        args: &[Value],
    ) -> Result<Option<Value>, Broken> {
        let Some(around) = &self.around else {
            return self.offer.call(function, caller, args);
        };
        let mut answer = Err(Broken::Errno(Errno::Canceled));
        let mut call = || {
            answer = self.offer.call(function, &mut *caller, args);
            match &answer {
                Err(Broken::Ended(outcome)) => Err(outcome.clone()),
                _ => Ok(()),
            }
        };
        around(&mut call).map_err(Broken::Caller)?;
        answer
    }
}

impl Offer {
    fn call(
        &self,
        function: &Function,
        caller: &mut dyn Side,
        args: &[Value],
    ) -> Result<Option<Value>, Broken> {
        match self {
            Self::Rust { run, .. } => {
                let called = function.call(caller, args, &mut RustSide::new(function, &**run));
                // What it stops is the one who called it.
                called.map_err(|broken| match broken {
                    Broken::Callee(stop) => Broken::Caller(stop),
                    other => other,
                })
            }
            Self::Parent { serving, name, .. } => serving.enter_parent(|parent| {
                let export = parent.export(name);
                let mut callee = GuestSide {
                    guest: parent,
                    export: Some(export.ok_or(Broken::Errno(Errno::Noent))?),
                    counted: &|grant| grant,
                    lend: None,
                };
                function.call(caller, args, &mut callee)
            }),
            Self::Child {
                child,
                name,
                serving,
                ..
            } => {
                let child = child.upgrade().ok_or(Broken::Errno(Errno::Srch))?;
                let mut step = || child.call_lowered(function, name, caller, args, None);
                match serving {
                    Some((from, to)) => from.lend_on(to, step),
                    None => step(),
                }
            }
        }
    }
}
