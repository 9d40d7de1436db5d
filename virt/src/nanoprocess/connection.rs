//! Imports of a child that are bound to functions of others.

use super::child::Child;
use super::description::Description;
use super::export::Export;
use super::keep::counted;
use super::need::Need;
use crate::fs::Quota;
use crate::typed::{Broken, Function, GuestSide, Lend, Misfit, Party, Side, fit, of_bits};
use std::sync::Arc;
use turnkey_snapshots::engine::{ExternType, Guest, HostFunction, Import, Module, Value};
use turnkey_wasi_common::{Errno, Grant, Stop, Trap, TrapKind};

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
        ty: function.core.clone(),
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
    match function.core.results.first() {
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
            ty: ExternType::Function(function.core.clone()),
        };
        Some(Need::unoffered(import, misfit))
    });
    unfit.collect()
}
