//! What a module asks for.

use super::bindings::{Binding, Bindings, functions};
use super::held::Held;
use crate::typed::Misfit;
use std::fmt;
use turnkey_snapshots::engine::{ExternType, HostFunction, Import, Missing, Why, missing};
use turnkey_wasi_common::function::Function;

/// An import of a module, and who could provide it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    /// The import.
    pub import: Import,
    /// The class of authority, if the function is known.
    pub class: Option<&'static str>,
    /// Why it is missing, if it is.
    pub lack: Option<Lack>,
    /// The nearest that holds it: 1 is the parent, 2 its parent, and so on; 0 is nobody.
    pub held: u32,
}

/// Why an import is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lack {
    /// The child is not bound to it.
    Unbound,
    /// Nothing fits it.
    Unfit(Why),
    /// It is bound to a function of another type.
    Mistyped(Misfit),
    /// It is no import, but an export that the parent expects.
    Unoffered(Misfit),
}

impl Need {
    /// What a module asks for, as a parent sees it.
    pub(super) fn of(import: &Import, held: &Held) -> Self {
        let function = known(import);
        Self {
            import: import.clone(),
            class: function.map(|function| function.class),
            lack: None,
            held: function.map_or(0, |function| held.nearest(function)),
        }
    }

    /// An import that is bound to a function of another type.
    pub(super) fn mistyped(import: Import, misfit: Misfit) -> Self {
        Self {
            import,
            class: None,
            lack: Some(Lack::Mistyped(misfit)),
            held: 0,
        }
    }

    /// An export that is expected.
    pub(super) fn unoffered(import: Import, misfit: Misfit) -> Self {
        Self {
            import,
            class: None,
            lack: Some(Lack::Unoffered(misfit)),
            held: 0,
        }
    }

    /// The type of a function, or the two of one that is mistyped; nothing for what is none.
    pub fn type_text(&self) -> String {
        match (&self.lack, &self.import.ty) {
            (Some(Lack::Mistyped(misfit) | Lack::Unoffered(misfit)), _) => misfit.to_string(),
            (_, ExternType::Function(ty)) => ty.to_string(),
            _ => String::new(),
        }
    }
}

/// Everything that is missing of what a module asks for.
pub(super) fn lacking(
    imports: &[Import],
    provided: &[HostFunction],
    bindings: &Bindings,
    held: &Held,
) -> Vec<Need> {
    let unfit = missing(imports, provided);
    let is_provided = |import: &Import| {
        let same = |function: &HostFunction| {
            function.module == import.module && function.name == import.name
        };
        provided.iter().any(same)
    };
    let lacks = imports.iter().filter_map(|import| {
        let unfit = unfit.iter().find(|missing| missing.import == *import);
        let is_bound = match known(import) {
            Some(function) if function.module != super::MODULE && is_provided(import) => true,
            Some(function) => bindings.of(function) != Binding::Unbound,
            None => true,
        };
        let lack = match unfit {
            Some(missing) => Lack::Unfit(missing.why.clone()),
            None if is_bound => return None,
            None => Lack::Unbound,
        };
        Some(Need {
            lack: Some(lack),
            ..Need::of(import, held)
        })
    });
    lacks.collect()
}

fn known(import: &Import) -> Option<&'static Function> {
    functions().find(|function| function.module == import.module && function.name == import.name)
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Import { module, name, ty } = &self.import;
        match &self.lack {
            None => write!(f, "it imports `{module}.{name}`")?,
            Some(Lack::Unfit(why)) => Missing {
                import: self.import.clone(),
                why: why.clone(),
            }
            .fmt(f)?,
            Some(Lack::Mistyped(Misfit { wants, has })) => {
                write!(
                    f,
                    "it imports `{module}.{name}` as {wants}, but is bound to {has}"
                )?;
            }
            Some(Lack::Unoffered(Misfit { wants, has })) => {
                write!(
                    f,
                    "its parent wants of it `{name}` as {wants}, but it has {has}"
                )?;
            }
            Some(Lack::Unbound) => {
                write!(
                    f,
                    "it imports the {ty} `{module}.{name}`, which it is not bound to"
                )?;
            }
        }
        match (self.class, self.held) {
            (None, _) => Ok(()),
            (Some(class), 0) => write!(f, " [{class}]; nobody holds it"),
            (Some(class), 1) => write!(f, " [{class}]; its parent holds it"),
            (Some(class), _) => write!(f, " [{class}]; one above its parent holds it"),
        }
    }
}
