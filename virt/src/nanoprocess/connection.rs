//! Imports of a child that are bound to functions of others.

use super::child::Child;
use super::description::Description;
use super::keep::counted;
use super::need::Need;
use super::serve::Serving;
use crate::fs::Quota;
use crate::typed::{
    Broken, Function, GuestSide, Interface, Lend, Misfit, Party, Run, RustSide, Side, TypedValue,
    fit, of_bits,
};
use std::sync::{Arc, Weak};
use turnkey_snapshots::engine::{ExternType, Guest, HostFunction, Import, Module, Value};
use turnkey_wasi_common::{Errno, Grant, Stop, Trap, TrapKind};

/// A function to which an import of a child can be bound ([`Child::bind_export`]).
#[derive(Clone)]
pub struct Export(Offer);

#[derive(Clone)]
enum Offer {
    /// Of another child.
    Child {
        child: Weak<Child>,
        name: String,
        /// By what the parent serves the one who calls, and the one who is called.
        serving: Option<(Serving, Serving)>,
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
        Self(Offer::Child {
            child: Arc::downgrade(child),
            name: name.to_owned(),
            serving: None,
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
        Ok(Self(Offer::Rust {
            function: Arc::clone(function),
            run: Arc::new(run),
        }))
    }

    /// An export of another child, both being served by their parent.
    pub(super) fn of_served(child: &Arc<Child>, name: &str, from: Serving, to: Serving) -> Self {
        Self(Offer::Child {
            child: Arc::downgrade(child),
            name: name.to_owned(),
            serving: Some((from, to)),
        })
    }

    /// An export of the parent that serves a child.
    pub(super) fn of_parent(serving: Serving, party: Party, name: &str) -> Self {
        Self(Offer::Parent {
            serving,
            party,
            name: name.to_owned(),
        })
    }

    /// Whether the child that it is of has this parent; any other kind has.
    pub(super) fn is_in_family(&self, held: &Arc<super::held::Held>) -> bool {
        match &self.0 {
            Offer::Child { child, .. } => {
                let child = child.upgrade();
                child.is_some_and(|child| Arc::ptr_eq(&child.held, held))
            }
            Offer::Parent { .. } | Offer::Rust { .. } => true,
        }
    }

    fn party(&self) -> Party {
        match &self.0 {
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

    fn call(
        &self,
        function: &Function,
        caller: &mut dyn Side,
        args: &[Value],
    ) -> Result<Option<Value>, Broken> {
        match &self.0 {
            Offer::Rust { run, .. } => {
                let called = function.call(caller, args, &mut RustSide::new(function, &**run));
                // What it stops is the one who called it.
                called.map_err(|broken| match broken {
                    Broken::Callee(stop) => Broken::Caller(stop),
                    other => other,
                })
            }
            Offer::Parent { serving, name, .. } => serving.enter_parent(|parent| {
                let export = parent.export(name);
                let mut callee = GuestSide {
                    guest: parent,
                    export: Some(export.ok_or(Broken::Errno(Errno::Noent))?),
                    counted: &|grant| grant,
                    lend: None,
                };
                function.call(caller, args, &mut callee)
            }),
            Offer::Child {
                child,
                name,
                serving,
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

impl Child {
    /// Calls an export with core arguments that lead into the caller's memory. If that is the parent,
    /// `lend` lends it to the child.
    pub(super) fn call_lowered(
        &self,
        function: &Function,
        name: &str,
        caller: &mut dyn Side,
        args: &[Value],
        lend: Option<&Lend<'_>>,
    ) -> Result<Option<Value>, Broken> {
        let entered = self.enter(|instance, keep| {
            let export = instance.export(name).ok_or(Errno::Noent)?;
            let mut callee = GuestSide {
                guest: instance,
                export: Some(export),
                counted: &|grant| keep.counted(grant),
                lend,
            };
            match function.call(caller, args, &mut callee) {
                Err(Broken::Callee(stop)) => Ok(Err(stop)),
                other => Ok(Ok(other)),
            }
        });
        match entered {
            Ok(Ok(answer)) => answer,
            Ok(Err(outcome)) => Err(Broken::Ended(outcome)),
            Err(errno) => Err(Broken::Errno(errno)),
        }
    }
}

/// An import of a child, and the function that it is bound to.
pub(super) struct Connection {
    pub(super) module: String,
    pub(super) name: String,
    pub(super) export: Export,
}

/// What a child's imports are bound to.
#[derive(Default)]
pub(super) struct Connections(Vec<Connection>);

impl Connections {
    /// The last binding of an import counts.
    pub(super) fn add(&mut self, connection: Connection) {
        self.0
            .retain(|known| known.module != connection.module || known.name != connection.name);
        self.0.push(connection);
    }

    fn fits<'a>(
        &'a self,
        module: &'a dyn Module,
        description: &Description,
    ) -> impl Iterator<Item = (&'a Connection, Result<Arc<Function>, Misfit>)> {
        let interface = (!self.0.is_empty()).then(|| description.of(module));
        self.0.iter().filter_map(move |connection| {
            let import = (connection.module.as_str(), connection.name.as_str());
            let wanted = Party::importer(module, interface.as_ref()?, import);
            Some((connection, fit(&wanted, &connection.export.party())))
        })
    }

    /// A function for each import that is bound, and why some do not fit.
    pub(super) fn look(
        &self,
        module: &dyn Module,
        description: &Description,
    ) -> (Vec<HostFunction>, Vec<Need>) {
        let (mut functions, mut unfit) = (Vec::new(), Vec::new());
        let imports = module.imports();
        for (connection, fit) in self.fits(module, description) {
            let mut imports = imports.iter();
            let import = imports.find(|import| {
                import.module == connection.module && import.name == connection.name
            });
            let Some((import, ExternType::Function(ty))) =
                import.map(|import| (import, &import.ty))
            else {
                continue;
            };
            functions.push(HostFunction {
                module: connection.module.clone(),
                name: connection.name.clone(),
                ty: ty.clone(),
                run: Arc::new(|_, _, _| Ok(())),
            });
            if let Err(misfit) = fit {
                unfit.push(Need::mistyped(import.clone(), misfit));
            }
        }
        (functions, unfit)
    }

    /// The functions, of a child with that quota.
    pub(super) fn functions(
        &self,
        module: &dyn Module,
        description: &Description,
        quota: &Option<Quota>,
    ) -> Vec<HostFunction> {
        let fits = self.fits(module, description);
        let functions = fits
            .filter_map(|(connection, fit)| Some(function(connection, fit.ok()?, quota.clone())));
        functions.collect()
    }
}

fn function(
    connection: &Connection,
    function: Arc<Function>,
    quota: Option<Quota>,
) -> HostFunction {
    let export = connection.export.clone();
    let label = format!("{}.{}", connection.module, connection.name);
    HostFunction {
        module: connection.module.clone(),
        name: connection.name.clone(),
        ty: function.core(),
        run: Arc::new(move |guest: &mut dyn Guest, args, results| {
            let counted = |grant: Grant| counted(quota.as_ref(), grant);
            let mut caller = GuestSide {
                guest,
                export: None,
                counted: &counted,
                lend: None,
            };
            let answer = match export.call(&function, &mut caller, args) {
                Ok(answer) => answer,
                Err(Broken::Caller(stop)) => return Err(stop),
                Err(Broken::Errno(errno)) => Some(tell(&function, &label, errno)?),
                Err(Broken::Callee(_) | Broken::Ended(_)) => {
                    Some(tell(&function, &label, Errno::Io)?)
                }
            };
            for (place, answer) in results.iter_mut().zip(answer) {
                *place = answer;
            }
            Ok(())
        }),
    }
}

/// An errno as the function's error, if it fits there; else the caller does not go on.
fn tell(function: &Function, label: &str, errno: Errno) -> Result<Value, Stop> {
    match function.core().results.first() {
        Some(ty) if function.answer.tells_errno() => Ok(of_bits(*ty, errno.number().into())),
        _ => {
            let message = format!("the call of `{label}` failed: {}", errno.name());
            Err(Trap::new(TrapKind::Host, message).into())
        }
    }
}

/// What a parent expects of a module's exports and does not find.
pub(super) fn unexpected(
    module: &dyn Module,
    description: &Description,
    expected: &[Arc<Function>],
) -> Vec<Need> {
    if expected.is_empty() {
        return Vec::new();
    }
    let interface = description.of(module);
    let unfit = expected.iter().filter_map(|function| {
        let offered = Party::exporter(module, &interface, &function.name);
        let misfit = fit(&Party::host(function), &offered).err()?;
        let import = Import {
            module: String::new(),
            name: function.name.clone(),
            ty: ExternType::Function(function.core()),
        };
        Some(Need::unoffered(import, misfit))
    });
    unfit.collect()
}
