//! What modules ask for and offer.

use super::{FuncType, HostFunction};
use std::fmt;

/// Something that a module asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// The module it is imported from.
    pub module: String,
    /// The name it is imported by.
    pub name: String,
    /// What it is.
    pub ty: ExternType,
}

/// Something that a module offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Export {
    /// Its name.
    pub name: String,
    /// What it is.
    pub ty: ExternType,
}

/// What is imported or exported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExternType {
    /// A function.
    Function(FuncType),
    /// A memory.
    Memory,
    /// A table.
    Table,
    /// A global.
    Global,
    /// An exception's tag.
    Tag,
}

/// An import that nobody provides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// The import.
    pub import: Import,
    /// Why nothing fits it.
    pub why: Why,
}

/// Why nothing fits an import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// There is nothing of this name.
    Unknown,
    /// There is a function of this name, and it has this type.
    OtherType(FuncType),
    /// The name is a function's, and something else is asked for.
    NotAFunction,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Import { module, name, ty } = &self.import;
        match (&self.why, ty) {
            (Why::OtherType(known), ExternType::Function(asked)) => write!(
                f,
                "it imports `{module}.{name}` as {asked}, but that function is {known}"
            ),
            (Why::Unknown, ty) => {
                write!(
                    f,
                    "it imports the {ty} `{module}.{name}`, which does not exist here"
                )
            }
            (_, ty) => write!(
                f,
                "it imports `{module}.{name}` as a {ty}, but that is a function"
            ),
        }
    }
}

impl fmt::Display for ExternType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Function(_) => "function",
            Self::Memory => "memory",
            Self::Table => "table",
            Self::Global => "global",
            Self::Tag => "tag",
        })
    }
}

/// Every import that neither WASI nor `functions` provides, all of them at once.
pub fn missing(imports: &[Import], functions: &[HostFunction]) -> Vec<Missing> {
    imports
        .iter()
        .filter_map(|import| {
            let why = why_missing(import, functions)?;
            Some(Missing {
                import: import.clone(),
                why,
            })
        })
        .collect()
}

fn why_missing(import: &Import, functions: &[HostFunction]) -> Option<Why> {
    let known = functions
        .iter()
        .find(|function| function.module == import.module && function.name == import.name)
        .map(|function| function.ty.clone())
        .or_else(|| {
            let function = crate::function(&import.module, &import.name)?;
            Some(FuncType::from(&function.core))
        });
    match (known, &import.ty) {
        (None, _) => Some(Why::Unknown),
        (Some(known), ExternType::Function(asked)) if known == *asked => None,
        (Some(known), ExternType::Function(_)) => Some(Why::OtherType(known)),
        (Some(_), _) => Some(Why::NotAFunction),
    }
}
