//! What a child is put together with, before it is linked.

use super::bindings::{Binding, Bindings, Only, Rules, selected};
use super::connection::{Connection, Connections, unexpected};
use super::description::Description;
use super::family::{Family, Loaded, Loading};
use super::held::Held;
use super::keep::{Keep, counted};
use super::limits::{ChildLimits, Pools, Reserved};
use super::need::{Need, lacking};
use crate::fs::{Allowance, Quota};
use crate::typed;
use std::sync::Arc;
use turnkey_snapshots::engine::{HostFunction, Limits, Module, Node};
use turnkey_wasi_common::Table;
use turnkey_wasi_common::function::Function;
use turnkey_wasi_common::{
    Clocks, Entry, Errno, Fd, Filter, Grant, Interrupt, Object, Random, WasiCtx,
};

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

/// What a child is put together of beside what was said of it.
pub(super) struct Around<'a> {
    pub(super) module: &'a dyn Module,
    pub(super) description: &'a Description,
    pub(super) held: &'a Arc<Held>,
    pub(super) loading: Option<&'a Loading>,
    pub(super) depth: u32,
    pub(super) interrupt: &'a Interrupt,
}

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

    /// Puts the child together.
    pub(super) fn finish(self, around: &Around<'_>) -> Result<(Node, Keep), Errno> {
        let Around {
            module,
            description,
            held,
            loading,
            depth,
            interrupt,
        } = *around;
        let limits = self.limits;
        let bindings = Arc::new(self.bindings);
        let passed = held.filters.iter();
        let passed = passed.filter_map(|filter| filter.among(&self.passed));
        let filters: Vec<Only> = passed.chain(self.filters).collect();
        let own = Arc::new(Held {
            bindings: Arc::clone(&bindings),
            clocks: self.clocks.clone(),
            random: self.random.clone(),
            waiter: held.waiter.clone(),
            filters: filters.clone(),
            interrupt: Some(interrupt.clone()),
            above: Some(Arc::clone(held)),
            stack: held.stack,
        });

        let imports = module.imports();
        let is_refused = |import: &turnkey_snapshots::engine::Import| {
            let function = turnkey_snapshots::function(&import.module, &import.name);
            function.is_some_and(|function| bindings.of(function) != Binding::Bound)
        };
        let mut builder = WasiCtx::builder()
            .args(self.args)
            .envs(self.env)
            .interrupt(interrupt.clone())
            .limits(turnkey_wasi_common::Limits {
                files: u32::try_from(limits.files).unwrap_or(u32::MAX),
                ..Default::default()
            });
        if imports.iter().any(is_refused) {
            builder = builder.filter(Arc::new(Rules(Arc::clone(&bindings))));
        }
        for filter in filters {
            builder = builder.filter(Arc::new(filter));
        }
        if let Some(clocks) = self.clocks {
            builder = builder.clocks(clocks);
        }
        if let Some(random) = self.random {
            builder = builder.random(random);
        }
        if let Some(waiter) = &held.waiter {
            builder = builder.waiter(Arc::clone(waiter));
        }
        let quota = match (limits.fs_bytes, limits.inodes) {
            (u64::MAX, u64::MAX) => None,
            (bytes, inodes) => Some(Quota::new(Allowance {
                bytes,
                inodes,
                ..Allowance::default()
            })),
        };
        for (fd, stream) in (0..).zip(self.stdio) {
            if let Some(grant) = stream {
                builder = builder.grant_at(Fd(fd), counted(quota.as_ref(), grant));
            }
        }
        let ctx = builder.build().map_err(|_| Errno::Inval)?;
        for (grant, name) in self.grants {
            let grant = counted(quota.as_ref(), grant);
            ctx.table().insert(into_entry(grant, name.as_deref()))?;
        }

        let mut functions = self.connections.functions(module, description, &quota);
        functions.extend(self.provided);
        let mut family = None;
        if imports.iter().any(|import| import.module == super::MODULE) {
            let pools = Pools {
                depth: limits.depth.min(depth.saturating_sub(1)),
                ..Pools::of(&limits, u64::MAX)
            };
            let loading = loading.filter(|_| limits.code > 0).cloned();
            let inside = Family::inside(own, pools, loading, self.modules, description.of(module))?;
            functions.extend(inside.functions());
            family = Some(inside);
        }
        let keep = Keep {
            limits,
            reserved: self.reserved.ok_or(Errno::Inval)?,
            quota,
            family,
        };
        let node = Node {
            ctx,
            functions,
            limits: Limits {
                fuel: Some(limits.fuel).filter(|fuel| *fuel != u64::MAX),
                memory: Some(limits.memory).filter(|memory| *memory != u64::MAX),
            },
        };
        Ok((node, keep))
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
