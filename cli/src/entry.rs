//! The function with which a guest is entered.

mod value;

use crate::failure::Failure;
use crate::module::mistake;
use crate::near::did_you_mean;
use std::fmt::Display;
use std::path::Path;
use turnkey_snapshots::engine::{
    Export, ExternType, FuncType, Guest, InstantiateError, Module, Node, Value,
};
use turnkey_wasi_common::{Stop, Trap, TrapKind};

/// What the module of a command exports.
const START: &str = "_start";

/// What the module of a reactor exports if it has to be initialized.
const INITIALIZE: &str = "_initialize";

/// The exported function that is called, its arguments, and whether the guest is initialized
/// before.
#[derive(Debug)]
pub(crate) struct Entry {
    initialize: bool,
    name: String,
    args: Vec<Value>,
    results: Vec<Value>,
}

impl Entry {
    /// The entry of a command.
    pub(crate) fn start(path: &Path, exports: &[Export]) -> Result<Self, Failure> {
        if has_nullary(path, exports, START)? {
            return Ok(Self {
                initialize: false,
                name: START.to_owned(),
                args: Vec::new(),
                results: Vec::new(),
            });
        }
        let what = match function(exports, INITIALIZE) {
            Some(_) => "this is a reactor: it exports `_initialize` and no `_start`",
            None => "there is no exported function `_start`",
        };
        Err(mistake(
            path,
            format_args!("{what}; call a function with --invoke ({})", offer(exports)),
        ))
    }

    /// The entry that is asked for by name, with arguments as the command line has them.
    pub(crate) fn invoke(
        path: &Path,
        exports: &[Export],
        name: &str,
        args: &[String],
    ) -> Result<Self, Failure> {
        let Some(ty) = function(exports, name) else {
            let hint = did_you_mean(name, functions(exports));
            let offer = offer(exports);
            return Err(mistake(
                path,
                format_args!("there is no exported function `{name}`{hint} ({offer})"),
            ));
        };
        let misfit =
            |why: &dyn Display| mistake(path, format_args!("the function `{name}` is {ty}: {why}"));
        if args.len() != ty.params.len() {
            let (wanted, given) = (ty.params.len(), args.len());
            return Err(misfit(&format_args!(
                "write {wanted} arguments after the module, not {given}"
            )));
        }
        let args = args.iter().zip(&ty.params);
        let args = args.map(|(text, ty)| value::parse(text, *ty));
        Ok(Self {
            initialize: name != INITIALIZE && has_nullary(path, exports, INITIALIZE)?,
            name: name.to_owned(),
            args: args.collect::<Result<_, _>>().map_err(|why| misfit(&why))?,
            results: ty
                .zero_results()
                .ok_or_else(|| misfit(&"its results are of a type that cannot be printed"))?,
        })
    }

    /// Makes an instance of the module, and calls the function.
    pub(crate) fn enter(
        mut self,
        module: &dyn Module,
        node: Node,
    ) -> Result<Vec<Value>, InstantiateError> {
        let mut instance = module.instantiate(node)?;
        let guest: &mut dyn Guest = &mut *instance;
        if self.initialize {
            call(guest, INITIALIZE, &[], &mut [])?;
        }
        call(guest, &self.name, &self.args, &mut self.results)?;
        Ok(self.results)
    }
}

fn call(
    guest: &mut dyn Guest,
    name: &str,
    args: &[Value],
    results: &mut [Value],
) -> Result<(), InstantiateError> {
    let called = match guest.export(name) {
        Some(handler) => guest.call(handler, args, results),
        None => Err(Stop::Trap(Trap::new(
            TrapKind::Host,
            format!("the module exports `{name}` and its instance does not"),
        ))),
    };
    called.map_err(InstantiateError::Stop)
}

/// Whether a function is exported, which then must take and answer nothing.
fn has_nullary(path: &Path, exports: &[Export], name: &str) -> Result<bool, Failure> {
    match function(exports, name) {
        None => Ok(false),
        Some(ty) if *ty == FuncType::default() => Ok(true),
        Some(ty) => Err(mistake(
            path,
            format_args!(
                "the exported function `{name}` is {ty}, and would have to be {}",
                FuncType::default()
            ),
        )),
    }
}

fn function<'a>(exports: &'a [Export], name: &str) -> Option<&'a FuncType> {
    exports.iter().find_map(|export| match &export.ty {
        ExternType::Function(ty) if export.name == name => Some(ty),
        _ => None,
    })
}

fn functions(exports: &[Export]) -> impl Iterator<Item = &str> {
    let functions = exports
        .iter()
        .filter(|export| matches!(export.ty, ExternType::Function(_)));
    functions.map(|export| &*export.name)
}

/// Which functions could be called, in an order that is the same on every engine.
fn offer(exports: &[Export]) -> String {
    /// More than these would hide the rest of the message.
    const SHOWN: usize = 8;

    let mut names: Vec<&str> = functions(exports)
        .filter(|name| *name != INITIALIZE)
        .collect();
    names.sort_unstable();
    let shown = names.get(..SHOWN).unwrap_or(&names).join(", ");
    match names.len() {
        0 => "it exports none".to_owned(),
        1..=SHOWN => format!("it exports {shown}"),
        all => format!("it exports {shown} and {} more", all - SHOWN),
    }
}
