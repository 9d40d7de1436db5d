//! What modules may ask for.

use super::grants::Grants;
use super::needs::{Need, Needs, Sha256};
use std::collections::BTreeMap;
use std::fmt;

/// How many modules a path from the root may be long.
const DEEPEST: usize = 64;

/// What every module of a tree may ask for, by the modules' names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lock {
    modules: BTreeMap<String, Locked>,
}

/// What one module may ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Locked {
    /// Its name, which no other module of the lock has.
    pub name: String,
    /// Its version, if it says one.
    pub version: Option<String>,
    /// The name of its parent; `None` for a root.
    pub parent: Option<String>,
    /// Where it was read from.
    pub file: Option<String>,
    /// The hash of its bytes.
    pub sha256: Sha256,
    /// What it imports, in the order of the names.
    pub imports: Vec<Need>,
    /// What it is granted.
    pub grants: Grants,
}

/// Why modules make no lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockError {
    /// The module that it is about.
    pub module: String,
    /// What is wrong.
    pub problem: LockProblem,
}

/// What is wrong with a module of a lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LockProblem {
    /// Another module has its name.
    Twice,
    /// There is no module of its parent's name.
    NoParent(String),
    /// The path from the root to it is a circle, or longer than 64 modules.
    Deep,
}

impl Locked {
    /// A module that may ask for what it asks for now. It has no parent, and nothing is granted to
    /// it.
    #[must_use]
    pub fn new(name: &str, version: Option<&str>, needs: &Needs) -> Self {
        let mut imports = needs.imports.clone();
        imports.sort();
        Self {
            name: name.to_owned(),
            version: version.map(str::to_owned),
            parent: None,
            file: None,
            sha256: needs.sha256,
            imports,
            grants: Grants::new(),
        }
    }

    /// As the child of a module.
    #[must_use]
    pub fn under(mut self, parent: &str) -> Self {
        self.parent = Some(parent.to_owned());
        self
    }

    /// With what it is granted.
    #[must_use]
    pub fn granted(mut self, grants: Grants) -> Self {
        self.grants = grants;
        self
    }

    /// The type by which it may import something, if it may.
    #[must_use]
    pub fn import(&self, module: &str, name: &str) -> Option<&str> {
        let mut imports = self.imports.iter();
        let found = imports.find(|import| import.module == module && import.name == name);
        found.map(|import| import.ty.as_str())
    }
}

impl Lock {
    /// A lock of these modules.
    ///
    /// # Errors
    /// The first [`LockProblem`] of a module.
    pub fn new(modules: impl IntoIterator<Item = Locked>) -> Result<Self, LockError> {
        let mut lock = Self::default();
        for module in modules {
            let name = module.name.clone();
            if lock.modules.insert(name.clone(), module).is_some() {
                return Err(LockError::new(&name, LockProblem::Twice));
            }
        }
        lock.modules.keys().try_for_each(|name| lock.sound(name))?;
        Ok(lock)
    }

    /// The modules, in the order of their names.
    pub fn modules(&self) -> impl Iterator<Item = &Locked> {
        self.modules.values()
    }

    /// The module of a name.
    #[must_use]
    pub fn module(&self, name: &str) -> Option<&Locked> {
        self.modules.get(name)
    }

    /// The names from the root to a module, both included; the name alone if it is not locked.
    ///
    /// ```
    /// use turnkey_virt::policy::{Lock, Locked, Needs};
    ///
    /// let needs = Needs::of(&wat::parse_str("(module)")?)?;
    /// let lock = Lock::new([
    ///     Locked::new("agama", None, &needs),
    ///     Locked::new("easydex", None, &needs).under("agama"),
    /// ])?;
    /// assert_eq!(lock.path("easydex"), ["agama", "easydex"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn path<'a>(&'a self, name: &'a str) -> Vec<&'a str> {
        let mut path = vec![name];
        path.extend(self.ancestors(name).map(|module| module.name.as_str()));
        path.reverse();
        path
    }

    /// The modules above one, the nearest first.
    pub(super) fn ancestors<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a Locked> {
        let above = |module: &Locked| self.modules.get(module.parent.as_deref()?);
        std::iter::successors(self.modules.get(name).and_then(above), move |module| {
            above(module)
        })
        .take(DEEPEST)
    }

    fn sound(&self, name: &str) -> Result<(), LockError> {
        let parent = self
            .modules
            .get(name)
            .and_then(|module| module.parent.as_ref());
        match parent {
            Some(parent) if !self.modules.contains_key(parent) => {
                let problem = LockProblem::NoParent(parent.clone());
                Err(LockError::new(name, problem))
            }
            _ if self.ancestors(name).count() == DEEPEST => {
                Err(LockError::new(name, LockProblem::Deep))
            }
            _ => Ok(()),
        }
    }
}

impl LockError {
    fn new(module: &str, problem: LockProblem) -> Self {
        Self {
            module: module.to_owned(),
            problem,
        }
    }
}

impl fmt::Display for LockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let module = super::printable(&self.module);
        match &self.problem {
            LockProblem::Twice => write!(f, "there are two modules of the name {module}"),
            LockProblem::NoParent(parent) => {
                let parent = super::printable(parent);
                write!(
                    f,
                    "the parent of {module} is {parent}, and there is none of this name"
                )
            }
            LockProblem::Deep => write!(
                f,
                "the path to {module} is a circle, or longer than {DEEPEST} modules"
            ),
        }
    }
}

impl std::error::Error for LockError {}
