//! Whether what one side wants is what the other has.

use super::interface::{Interface, InterfaceError};
use super::side::allocates;
use super::types::Function;
use std::fmt::{self, Display, Write as _};
use std::sync::Arc;
use turnkey_snapshots::engine::{ExternType, FuncType, Module};

/// The longest text of a type in a message, in bytes.
const LONGEST: usize = 2048;

/// Two types of one function that are not the same, each as its own side's document writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    /// What whoever calls it wants.
    pub wants: String,
    /// What is there.
    pub has: String,
}

impl Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "wants {}, has {}", self.wants, self.has)
    }
}

/// What is known of a function on one side.
#[derive(Debug, Clone)]
pub(crate) struct Party {
    pub(crate) described: Option<Arc<Function>>,
    /// `None` if there is no such function.
    pub(crate) core: Option<FuncType>,
    /// There is an export that allocates.
    pub(crate) allocates: bool,
    /// Why the description of the module cannot be read.
    pub(crate) unreadable: Option<InterfaceError>,
}

impl Party {
    /// Of a module that imports the function.
    pub(crate) fn importer(
        module: &dyn Module,
        interface: &Result<Arc<Interface>, InterfaceError>,
        (from, name): (&str, &str),
    ) -> Self {
        let imports = module.imports();
        let mut imports = imports.iter();
        let import = imports.find(|import| import.module == from && import.name == name);
        Self {
            described: described(interface, |known| known.imported(from, name)),
            unreadable: interface.as_ref().err().cloned(),
            core: import.and_then(|import| function(&import.ty)),
            allocates: allocates(|name| export(module, name)),
        }
    }

    /// Of a module that exports the function.
    pub(crate) fn exporter(
        module: &dyn Module,
        interface: &Result<Arc<Interface>, InterfaceError>,
        name: &str,
    ) -> Self {
        Self {
            described: described(interface, |known| known.exported(name)),
            unreadable: interface.as_ref().err().cloned(),
            core: export(module, name),
            allocates: allocates(|name| export(module, name)),
        }
    }

    /// Of a program of the host's.
    pub(crate) fn host(described: &Arc<Function>) -> Self {
        Self {
            described: Some(Arc::clone(described)),
            core: Some(described.core()),
            allocates: true,
            unreadable: None,
        }
    }

    /// Of somebody who is no more.
    pub(crate) fn nobody() -> Self {
        Self {
            described: None,
            core: None,
            allocates: false,
            unreadable: None,
        }
    }

    fn text(&self) -> String {
        if let Some(error) = &self.unreadable {
            return format!("a description that cannot be read ({error})");
        }
        match (&self.described, &self.core) {
            (_, None) => "no such function".to_owned(),
            (Some(described), _) => short(described),
            (None, Some(core)) => format!("{core}, which is not described"),
        }
    }
}

fn described(
    interface: &Result<Arc<Interface>, InterfaceError>,
    find: impl Fn(&Interface) -> Option<&Arc<Function>>,
) -> Option<Arc<Function>> {
    find(interface.as_ref().ok()?).cloned()
}

fn export(module: &dyn Module, name: &str) -> Option<FuncType> {
    let exports = module.exports();
    let export = exports.iter().find(|export| export.name == name)?;
    function(&export.ty)
}

fn function(ty: &ExternType) -> Option<FuncType> {
    match ty {
        ExternType::Function(ty) => Some(ty.clone()),
        _ => None,
    }
}

/// The type by which both sides know a function. Where neither has described it, numbers cross.
///
/// # Errors
/// They know it by different types, only one has described it, what one has described is not what
/// its code is, or one exports nothing that allocates and something is to be copied there.
pub(crate) fn fit(wanted: &Party, offered: &Party) -> Result<Arc<Function>, Misfit> {
    let misfit = |wants: String, has: String| Misfit { wants, has };
    let plain = || misfit(wanted.text(), offered.text());
    if wanted.unreadable.is_some() || offered.unreadable.is_some() {
        return Err(plain());
    }
    let (Some(wanted_core), Some(offered_core)) = (&wanted.core, &offered.core) else {
        return Err(plain());
    };
    let function = match (&wanted.described, &offered.described) {
        (Some(wants), Some(has)) if wants == has => Arc::clone(wants),
        (None, None) if wanted_core == offered_core => {
            Arc::new(Function::of_core("", wanted_core).ok_or_else(plain)?)
        }
        _ => return Err(plain()),
    };
    let core = function.core();
    let is = |core: &FuncType| format!("{}, but in its code {core}", short(&function));
    if *wanted_core != core {
        return Err(misfit(is(wanted_core), offered.text()));
    }
    if *offered_core != core {
        return Err(misfit(wanted.text(), is(offered_core)));
    }
    let lacks = || format!("{}, but no export `virt_alloc`", short(&function));
    if function.fills_caller() && !wanted.allocates {
        return Err(misfit(lacks(), offered.text()));
    }
    if function.fills_callee() && !offered.allocates {
        return Err(misfit(wanted.text(), lacks()));
    }
    Ok(function)
}

/// The text of a type, cut off where it becomes too long.
fn short(function: &Function) -> String {
    let mut text = Short(String::new());
    // What is too long ends with an error and three dots.
    let _cut = write!(text, "{function}");
    text.0
}

struct Short(String);

impl fmt::Write for Short {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if self.0.len() + text.len() > LONGEST {
            self.0.push('…');
            return Err(fmt::Error);
        }
        self.0.push_str(text);
        Ok(())
    }
}
