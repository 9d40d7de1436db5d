//! An application: modules that are each other's parents and children, and what each is given.

use crate::engine::EngineName;
use crate::named::Named;
use std::fmt;
use std::time::Duration;
use turnkey_virt::clocks::Moment;
use turnkey_virt::policy::{Grants, Sha256, UnknownClass};
use turnkey_virt::typed::Interface;

/// A tree of modules, parents before their children.
#[derive(Debug, Clone)]
pub(crate) struct Application {
    pub(crate) units: Vec<Unit>,
}

/// A module of an application.
#[derive(Debug, Clone)]
pub(crate) struct Unit {
    /// Where in the tree's file it begins.
    pub(crate) at: usize,
    pub(crate) module: Named,
    /// What its file has to be, if that is said.
    pub(crate) sha256: Option<Sha256>,
    /// The name of its parent; `None` for the root.
    pub(crate) parent: Option<String>,
    /// The engine that it runs on; `None` for the default.
    pub(crate) engine: Option<EngineName>,
    pub(crate) args: Vec<String>,
    /// It has the arguments of the command line behind its own.
    pub(crate) takes_args: bool,
    pub(crate) env: Vec<(String, String)>,
    pub(crate) dirs: Vec<Granted>,
    /// Standard streams that it is given, by their numbers.
    pub(crate) fds: Vec<u32>,
    pub(crate) clocks: Clocks,
    pub(crate) random: Random,
    /// What its functions are, if that is said in its place.
    pub(crate) witx: Option<Described>,
    pub(crate) links: Vec<Link>,
    pub(crate) limits: Limits,
}

/// What a document says of a module's functions.
#[derive(Debug, Clone)]
pub(crate) struct Described {
    /// The document, as it was named.
    pub(crate) given: String,
    /// `None` if it cannot be read, which was told of.
    pub(crate) interface: Option<Interface>,
}

/// A directory that a module is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Granted {
    pub(crate) at: usize,
    /// A directory of the host's for the root, one that its parent has for everybody else.
    pub(crate) from: String,
    /// Under which name it finds it.
    pub(crate) name: String,
    pub(crate) read_only: bool,
}

/// What clocks a module is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Clocks {
    #[default]
    Denied,
    /// The host's.
    Real,
    /// Clocks that begin at a moment, and that only waiting moves.
    Virtual(Moment),
}

/// What random numbers a module is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Random {
    #[default]
    Denied,
    /// The host's.
    Real,
    /// Those of a seed.
    Virtual(u64),
}

/// A function that a module imports, and which of another module's stands for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) at: usize,
    /// The module and the name that it is imported by.
    pub(crate) import: (String, String),
    /// Whose export it is: the parent's, a child's or a sibling's.
    pub(crate) from: String,
    pub(crate) export: String,
}

/// How much a module may use. What `None` is said of is limited as it is for the parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Limits {
    /// About an instruction each.
    pub(crate) fuel: Option<u64>,
    /// Bytes.
    pub(crate) memory: Option<u64>,
    /// Descriptors at once.
    pub(crate) files: Option<u32>,
    pub(crate) time: Option<Duration>,
    /// Generations beneath it.
    pub(crate) depth: Option<u32>,
}

impl Link {
    /// Whether one side has described the function, so that more than numbers may cross.
    pub(crate) fn is_described(&self, asks: &Interface, offers: &Interface) -> bool {
        let (module, name) = &self.import;
        asks.import(module, name).is_some() || offers.export(&self.export).is_some()
    }
}

impl Application {
    /// The module of a name.
    pub(crate) fn unit(&self, name: &str) -> Option<&Unit> {
        self.units.iter().find(|unit| unit.module.name == name)
    }

    /// The limits of a module, with those that it has from its ancestors.
    pub(crate) fn limits(&self, unit: &Unit) -> Limits {
        let above = |unit: &Unit| self.unit(unit.parent.as_deref()?);
        let ancestors = std::iter::successors(above(unit), |unit| above(unit));
        ancestors.fold(unit.limits, |own, ancestor| {
            let above = ancestor.limits;
            Limits {
                fuel: own.fuel.or(above.fuel),
                memory: own.memory.or(above.memory),
                files: own.files.or(above.files),
                time: own.time.or(above.time),
                depth: own.depth,
            }
        })
    }

    /// Hands the arguments of the command line to those that take them: without any, to the root.
    /// Answers whether the root has them for that reason.
    pub(crate) fn hand_over(&mut self, args: &[String]) -> bool {
        if args.is_empty() {
            return false;
        }
        let nobody = !self.units.iter().any(|unit| unit.takes_args);
        for (at, unit) in self.units.iter_mut().enumerate() {
            let takes = unit.takes_args || (nobody && at == 0);
            if !takes {
                continue;
            }
            if unit.args.is_empty() {
                unit.args.push(unit.module.given.clone());
            }
            unit.args.extend_from_slice(args);
        }
        nobody
    }

    /// The children of a module; of `None` the root.
    pub(crate) fn children<'a>(&'a self, of: Option<&'a str>) -> impl Iterator<Item = &'a Unit> {
        let units = self.units.iter();
        units.filter(move |unit| unit.parent.as_deref() == of)
    }
}

impl Unit {
    /// What it is granted, as a lock pins it.
    ///
    /// # Errors
    /// None: the classes are those that there are.
    pub(crate) fn grants(&self) -> Result<Grants, UnknownClass> {
        let mut grants = Grants::new();
        for dir in &self.dirs {
            grants = grants.grant("files", &dir.to_string())?;
        }
        for fd in &self.fds {
            grants = grants.grant("fd", &format!("fd {fd}"))?;
        }
        for (name, _) in &self.env {
            grants = grants.grant("environ", name)?;
        }
        if self.clocks != Clocks::Denied {
            grants = grants.grant("clock", &self.clocks.to_string())?;
        }
        if self.random != Random::Denied {
            grants = grants.grant("random", &self.random.to_string())?;
        }
        for link in &self.links {
            grants = grants.grant("foreign", &link.to_string())?;
        }
        Ok(grants)
    }
}

impl fmt::Display for Granted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let only = if self.read_only { ", read-only" } else { "" };
        write!(f, "{} at {}{only}", self.from, self.name)
    }
}

impl fmt::Display for Clocks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Denied => f.write_str("denied"),
            Self::Real => f.write_str("real"),
            Self::Virtual(moment) => write!(f, "virtual:{moment}"),
        }
    }
}

impl fmt::Display for Random {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Denied => f.write_str("denied"),
            Self::Real => f.write_str("real"),
            Self::Virtual(seed) => write!(f, "virtual:{seed}"),
        }
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (module, name) = &self.import;
        write!(f, "{module}.{name} is {}.{}", self.from, self.export)
    }
}
