//! What a child is put together with, before it is linked.

mod finish;

pub(super) use finish::Around;

use super::bindings::{Binding, Bindings, Only, selected};
use super::connection::{Connection, Connections, unexpected};
use super::description::Description;
use super::family::{Family, Loaded};
use super::held::Held;
use super::limits::{ChildLimits, Pools, Reserved};
use super::need::{Need, lacking};
use crate::typed;
use std::sync::Arc;
use turnkey_snapshots::engine::{HostFunction, Module};
use turnkey_wasi_common::function::Function;
use turnkey_wasi_common::{Clocks, Entry, Errno, Fd, Filter, Grant, Object, Random};

/// What becomes of a child's calls of some functions.
#[derive(Clone)]
pub enum Bind {
    /// They answer this.
    Deny(Errno),
    /// They end the child.
    Trap,
    /// They are carried out as the parent's own would be, with the child's handles.
    Pass,
    /// The same, and the filter sees them.
    Filter(Arc<dyn Filter>),
    /// They read these clocks. For functions of the classes `clock` and `poll`.
    Clocks(Arc<dyn Clocks>),
    /// They draw from this. For functions of the class `random`.
    Random(Arc<dyn Random>),
}

/// Where a handle is granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// This descriptor: a standard stream, or the next that is free.
    At(Fd),
    /// The lowest that is free behind the standard streams.
    Next,
}

/// The longest name of a preopen in bytes.
const LONGEST_NAME: usize = 4095;

/// Bytes that all arguments, and all variables, may take.
const MOST_TEXT: usize = 2 << 20;

/// How many modules a child may be handed.
const MOST_MODULES: usize = 256;

/// A child that is not linked.
pub(super) struct Setup {
    bindings: Bindings,
    clocks: Option<Arc<dyn Clocks>>,
    random: Option<Arc<dyn Random>>,
    /// Those of parents above see these functions.
    passed: Bindings,
    filters: Vec<Only>,
    args: Vec<String>,
    args_len: usize,
    env: Vec<(String, String)>,
    env_len: usize,
    stdio: [Option<Grant>; 3],
    grants: Vec<(Grant, Option<String>)>,
    modules: Vec<Arc<Loaded>>,
    provided: Vec<HostFunction>,
    connections: Connections,
    expected: Vec<Arc<typed::Function>>,
    limits: ChildLimits,
    reserved: Option<Reserved>,
    pub(super) missing: Vec<Need>,
}

/// # Errors
/// - `NOTDIR`: something else is granted under a name.
/// - `INVAL`: the name holds a NUL.
/// - `NAMETOOLONG`: it is too long.
pub(super) fn check_name(grant: Grant, name: Option<&str>) -> Result<Grant, Errno> {
    let Some(name) = name else {
        return Ok(grant);
    };
    if name.contains('\0') {
        return Err(Errno::Inval);
    }
    if name.len() > LONGEST_NAME {
        return Err(Errno::Nametoolong);
    }
    let entry = grant.into_entry();
    match entry.object() {
        Object::Dir(_) => Ok(Grant::sharing(&entry)),
        _ => Err(Errno::Notdir),
    }
}

pub(super) fn into_entry(grant: Grant, name: Option<&str>) -> Entry {
    match name {
        Some(name) => grant.into_entry().preopened(name),
        None => grant.into_entry(),
    }
}

impl Setup {
    pub(super) fn new() -> Self {
        Self {
            bindings: Bindings::all(Binding::Unbound),
            clocks: None,
            random: None,
            passed: Bindings::all(Binding::Unbound),
            filters: Vec::new(),
            args: Vec::new(),
            args_len: 0,
            env: Vec::new(),
            env_len: 0,
            stdio: [const { None }; 3],
            grants: Vec::new(),
            modules: Vec::new(),
            provided: Vec::new(),
            connections: Connections::default(),
            expected: Vec::new(),
            limits: ChildLimits::DEFAULT,
            reserved: None,
            missing: Vec::new(),
        }
    }

    pub(super) fn bind(&mut self, what: &str, bind: Bind, held: &Held) -> Result<(), Errno> {
        let functions = selected(what)?;
        let all_in = |classes: &[&str]| {
            let within = |f: &&Function| classes.iter().any(|class| f.in_class(class));
            match functions.iter().copied().all(|f| within(&f)) {
                true => Ok(()),
                false => Err(Errno::Notsup),
            }
        };
        self.passed.bind(what, Binding::Unbound);
        match bind {
            Bind::Deny(errno) => self.bindings.bind(what, Binding::Deny(errno)),
            Bind::Trap => self.bindings.bind(what, Binding::Trap),
            Bind::Pass => self.pass(what, &functions, held),
            Bind::Filter(filter) => {
                self.pass(what, &functions, held);
                self.filters.push(Only::selected(what, filter));
            }
            Bind::Clocks(clocks) => {
                all_in(&["clock", "poll"])?;
                self.bindings.bind(what, Binding::Bound);
                self.clocks = Some(clocks);
            }
            Bind::Random(random) => {
                all_in(&["random"])?;
                self.bindings.bind(what, Binding::Bound);
                self.random = Some(random);
            }
        }
        Ok(())
    }

    fn pass(&mut self, what: &str, functions: &[&'static Function], held: &Held) {
        self.bindings.bind_like(what, &held.bindings);
        self.passed.bind(what, Binding::Bound);
        let any = |class: &str| functions.iter().any(|function| function.in_class(class));
        if any("clock") || (any("poll") && self.clocks.is_none()) {
            self.clocks.clone_from(&held.clocks);
        }
        if any("random") {
            self.random.clone_from(&held.random);
        }
    }

    pub(super) fn grant(
        &mut self,
        grant: Grant,
        place: Place,
        name: Option<&str>,
    ) -> Result<Fd, Errno> {
        let grant = check_name(grant, name)?;
        let next = u32::try_from(self.grants.len())
            .unwrap_or(u32::MAX)
            .saturating_add(3);
        if let Place::At(fd) = place {
            if let Some(stream) = self.stdio.get_mut(fd.0 as usize) {
                if name.is_some() {
                    return Err(Errno::Inval);
                }
                *stream = Some(grant);
                return Ok(fd);
            }
            if fd.0 != next {
                let taken = fd.0 < next;
                return Err(if taken { Errno::Exist } else { Errno::Inval });
            }
        }
        if u64::from(next)
            >= self
                .limits
                .files
                .min(u64::from(turnkey_wasi_common::table::MOST_FILES))
        {
            return Err(Errno::Mfile);
        }
        self.grants.push((grant, name.map(str::to_owned)));
        Ok(Fd(next))
    }

    pub(super) fn arg(&mut self, arg: &str) -> Result<(), Errno> {
        self.args_len = room(self.args_len, arg.len() + 1)?;
        if arg.contains('\0') {
            return Err(Errno::Inval);
        }
        self.args.push(arg.to_owned());
        Ok(())
    }

    pub(super) fn env(&mut self, name: &str, value: &str) -> Result<(), Errno> {
        if name.is_empty() || name.contains(['=', '\0']) || value.contains('\0') {
            return Err(Errno::Inval);
        }
        self.env_len = room(self.env_len, name.len() + value.len() + 2)?;
        self.env.push((name.to_owned(), value.to_owned()));
        Ok(())
    }

    pub(super) fn module(&mut self, module: Arc<Loaded>) -> Result<u32, Errno> {
        if self.modules.len() >= MOST_MODULES {
            return Err(Errno::Mfile);
        }
        self.modules.push(module);
        Ok(u32::try_from(self.modules.len() - 1).unwrap_or(u32::MAX))
    }

    pub(super) fn provide(&mut self, function: HostFunction) {
        self.provided.push(function);
    }

    pub(super) fn connect(&mut self, connection: Connection) {
        self.connections.add(connection);
    }

    pub(super) fn expect(&mut self, functions: impl Iterator<Item = Arc<typed::Function>>) {
        self.expected.extend(functions);
    }

    pub(super) fn limit(&mut self, limits: ChildLimits, pools: &Pools) -> Result<(), Errno> {
        let had = self.reserved.take().is_some();
        match pools.take(&limits) {
            Ok(reserved) => {
                self.reserved = Some(reserved);
                self.limits = limits;
                Ok(())
            }
            Err(errno) => {
                if had {
                    self.reserved = pools.take(&self.limits).ok();
                }
                Err(errno)
            }
        }
    }

    pub(super) fn limits(&self) -> &ChildLimits {
        &self.limits
    }

    /// Looks for everything that is missing, and keeps it.
    pub(super) fn look(
        &mut self,
        module: &dyn Module,
        description: &Description,
        held: &Held,
    ) -> bool {
        let imports = module.imports();
        let (connected, unfit) = self.connections.look(module, description);
        let mut provided = connected;
        provided.extend(self.provided.iter().cloned());
        if imports.iter().any(|import| import.module == super::MODULE) {
            provided.extend(Family::none().functions());
        }
        self.missing = lacking(&imports, &provided, &self.bindings, held);
        self.missing.extend(unfit);
        self.missing
            .extend(unexpected(module, description, &self.expected));
        self.missing.is_empty()
    }

    /// Takes the child's limits of what its parent has, if that has not been done.
    pub(super) fn reserve(&mut self, pools: &Pools) -> Result<(), Errno> {
        if self.reserved.is_none() {
            let reserved = pools.take(&self.limits).map_err(|_| Errno::Inval)?;
            self.reserved = Some(reserved);
        }
        Ok(())
    }
}

/// # Errors
/// - `2BIG`: there is no room for so much more.
fn room(used: usize, more: usize) -> Result<usize, Errno> {
    let used = used.saturating_add(more);
    match used <= MOST_TEXT {
        true => Ok(used),
        false => Err(Errno::TooBig),
    }
}
