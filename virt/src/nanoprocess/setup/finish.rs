//! Putting a child together.

use super::{Setup, into_entry};
use crate::fs::{Allowance, Quota};
use crate::nanoprocess::MODULE;
use crate::nanoprocess::bindings::{Binding, Only, Rules};
use crate::nanoprocess::description::Description;
use crate::nanoprocess::family::{Family, Loading};
use crate::nanoprocess::held::Held;
use crate::nanoprocess::keep::{Keep, counted};
use crate::nanoprocess::limits::Pools;
use std::sync::Arc;
use turnkey_snapshots::engine::{Limits, Module, Node};
use turnkey_wasi_common::{Errno, Fd, Interrupt, Table, WasiCtx};

/// What a child is put together of beside what was said of it.
pub(in crate::nanoprocess) struct Around<'a> {
    pub(in crate::nanoprocess) module: &'a dyn Module,
    pub(in crate::nanoprocess) description: &'a Description,
    pub(in crate::nanoprocess) held: &'a Arc<Held>,
    pub(in crate::nanoprocess) loading: Option<&'a Loading>,
    pub(in crate::nanoprocess) depth: u32,
    pub(in crate::nanoprocess) interrupt: &'a Interrupt,
}

impl Setup {
    /// Puts the child together.
    pub(in crate::nanoprocess) fn finish(self, around: &Around<'_>) -> Result<(Node, Keep), Errno> {
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
        if imports.iter().any(|import| import.module == MODULE) {
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
