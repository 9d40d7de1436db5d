//! What a module asks for.

use super::class_of;
use super::types::Types;
use sha2::Digest;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::str::FromStr;
use wasmparser::{
    Encoding, ExternalKind, Import, Imports, Parser, Payload, SectionLimited, TypeRef,
};

/// How many bytes the names and types of a module's imports and exports may be as text, all
/// together. A module of a few megabytes could otherwise ask for text of gigabytes.
const TEXT: usize = 4 << 20;

/// What a module asks for and offers, in the module's order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Needs {
    /// The hash of the module's bytes.
    pub sha256: Sha256,
    /// What it imports. A name that is imported several times is here once, with all its types.
    pub imports: Vec<Need>,
    /// What it exports.
    pub exports: Vec<Offer>,
    /// Whether a function of it runs as soon as it is instantiated.
    pub starts: bool,
}

/// Something that a module imports.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Need {
    /// The module it is imported from.
    pub module: String,
    /// The name it is imported by.
    pub name: String,
    /// The exact type, such as `func (i32, i32) -> (i32)` or `memory 1..16, shared`.
    pub ty: String,
}

/// Something that a module exports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// Its name.
    pub name: String,
    /// The exact type of a function, as of an import; else one word, such as `memory`.
    pub ty: String,
}

/// The SHA-256 of a module.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Sha256(pub [u8; 32]);

/// Why it cannot be told what a module asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NeedsError(String);

/// A text is no SHA-256.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParseSha256Error;

impl Need {
    /// The class of authority that it needs ([`class_of`]).
    #[must_use]
    pub fn class(&self) -> &'static str {
        class_of(&self.module, &self.name)
    }
}

impl Needs {
    /// Reads what a core module in its binary form asks for. Nothing is compiled, and nothing runs;
    /// whether the module is valid is for its engine to say.
    ///
    /// # Errors
    /// - The bytes are no core module, or end too early.
    /// - An import's or export's type does not exist.
    /// - The names and types of its imports and exports are longer than 4 MiB.
    ///
    /// ```
    /// use turnkey_virt::policy::Needs;
    ///
    /// let wasm = wat::parse_str(r#"(module (import "env" "memory" (memory 1 16 shared)))"#)?;
    /// let needs = Needs::of(&wasm)?;
    /// assert_eq!(needs.imports[0].ty, "memory 1..16, shared");
    /// assert!(Needs::of(b"\0asm").is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn of(wasm: &[u8]) -> Result<Self, NeedsError> {
        let mut reading = Reading::default();
        for payload in Parser::new(0).parse_all(wasm) {
            reading.take(payload?)?;
        }
        reading.merge();
        Ok(Self {
            sha256: Sha256(sha2::Sha256::digest(wasm).into()),
            imports: reading.imports,
            exports: reading.exports,
            starts: reading.starts,
        })
    }
}

/// What has been read of a module so far.
#[derive(Default)]
struct Reading {
    types: Types,
    /// The type of every function, the imported ones first.
    functions: Vec<u32>,
    imports: Vec<Need>,
    exports: Vec<Offer>,
    starts: bool,
    text: usize,
}

impl Reading {
    fn take(&mut self, payload: Payload<'_>) -> Result<(), NeedsError> {
        match payload {
            Payload::Version { encoding, .. } if encoding != Encoding::Module => {
                Err(NeedsError::new("this is no core module"))
            }
            Payload::TypeSection(groups) => {
                for group in groups {
                    group?.into_types().for_each(|ty| self.types.push(ty));
                }
                Ok(())
            }
            Payload::ImportSection(section) => {
                for group in section {
                    self.import_group(group?)?;
                }
                Ok(())
            }
            Payload::FunctionSection(section) => {
                for index in section {
                    self.functions.push(index?);
                }
                Ok(())
            }
            Payload::ExportSection(section) => self.export_all(section),
            Payload::StartSection { .. } => {
                self.starts = true;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn import_group(&mut self, group: Imports<'_>) -> Result<(), NeedsError> {
        match group {
            Imports::Single(_, Import { module, name, ty }) => self.import(module, name, ty),
            Imports::Compact1 { module, items } => items.into_iter().try_for_each(|item| {
                let item = item?;
                self.import(module, item.name, item.ty)
            }),
            Imports::Compact2 { module, ty, names } => names
                .into_iter()
                .try_for_each(|name| self.import(module, name?, ty)),
        }
    }

    fn import(&mut self, module: &str, name: &str, ty: TypeRef) -> Result<(), NeedsError> {
        if let TypeRef::Func(index) | TypeRef::FuncExact(index) = ty {
            self.functions.push(index);
        }
        let ty = self.types.text(ty)?;
        self.charge(module.len() + name.len() + ty.len())?;
        self.imports.push(Need {
            module: module.to_owned(),
            name: name.to_owned(),
            ty,
        });
        Ok(())
    }

    fn export_all(
        &mut self,
        section: SectionLimited<'_, wasmparser::Export<'_>>,
    ) -> Result<(), NeedsError> {
        for export in section {
            let export = export?;
            let ty = match export.kind {
                ExternalKind::Func | ExternalKind::FuncExact => self.function(export.index)?,
                ExternalKind::Table => "table".to_owned(),
                ExternalKind::Memory => "memory".to_owned(),
                ExternalKind::Global => "global".to_owned(),
                ExternalKind::Tag => "tag".to_owned(),
            };
            self.charge(export.name.len() + ty.len())?;
            self.exports.push(Offer {
                name: export.name.to_owned(),
                ty,
            });
        }
        Ok(())
    }

    fn function(&self, index: u32) -> Result<String, NeedsError> {
        let found = usize::try_from(index)
            .ok()
            .and_then(|at| self.functions.get(at));
        match found {
            Some(ty) => self.types.func("func", *ty),
            None => Err(NeedsError::new(format!(
                "it exports function {index}, which does not exist"
            ))),
        }
    }

    /// Counts text, and each name as at least a little of it.
    fn charge(&mut self, bytes: usize) -> Result<(), NeedsError> {
        self.text = self.text.saturating_add(bytes).saturating_add(16);
        match self.text <= TEXT {
            true => Ok(()),
            false => Err(NeedsError::new(
                "its imports and exports are longer than 4 MiB",
            )),
        }
    }

    /// Makes one of all imports that have one name.
    fn merge(&mut self) {
        let (mut places, mut seen) = (HashMap::new(), HashSet::new());
        let mut merged: Vec<Need> = Vec::new();
        for need in self.imports.drain(..) {
            if !seen.insert(need.clone()) {
                continue;
            }
            let key = (need.module.clone(), need.name.clone());
            let place = *places.entry(key).or_insert(merged.len());
            match merged.get_mut(place) {
                None => merged.push(need),
                Some(first) => {
                    first.ty.push_str(" and ");
                    first.ty.push_str(&need.ty);
                }
            }
        }
        self.imports = merged;
    }
}

impl NeedsError {
    pub(super) fn new(why: impl Into<String>) -> Self {
        Self(why.into())
    }
}

impl From<wasmparser::Error> for NeedsError {
    fn from(error: wasmparser::Error) -> Self {
        Self(error.to_string())
    }
}

impl fmt::Display for NeedsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NeedsError {}

/// 64 digits of base 16.
impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sha256({self})")
    }
}

impl FromStr for Sha256 {
    type Err = ParseSha256Error;

    /// Reads 64 digits of base 16.
    fn from_str(text: &str) -> Result<Self, ParseSha256Error> {
        let mut bytes = [0; 32];
        let mut digits = text.chars().map(|digit| digit.to_digit(16));
        for byte in &mut bytes {
            let (Some(Some(high)), Some(Some(low))) = (digits.next(), digits.next()) else {
                return Err(ParseSha256Error);
            };
            *byte = u8::try_from(high * 16 + low).map_err(|_| ParseSha256Error)?;
        }
        match digits.next() {
            None => Ok(Self(bytes)),
            Some(_) => Err(ParseSha256Error),
        }
    }
}

impl fmt::Display for ParseSha256Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a SHA-256 is 64 digits of base 16")
    }
}

impl std::error::Error for ParseSha256Error {}
