//! Which memory a call acts on.

use crate::Wasi;
use std::sync::{Arc, OnceLock};
use turnkey_snapshots::engine::Refusal;
use turnkey_wasi_common::Trap;
use wasmtime::{AsContext, Caller, Extern, Memory};

/// The name by which guests export the memory that WASI acts on.
pub(crate) const NAME: &str = "memory";

/// A way to know the memory that a call acts on without looking for it.
pub(crate) trait Find<S, T>: Clone + Send + Sync + 'static {
    fn known(
        &self,
        caller: &mut Caller<'_, S>,
        wasi: impl Fn(&mut S) -> &mut Wasi<T>,
    ) -> Option<Memory>;
}

/// The memory that the caller itself exports, looked up in each call.
#[derive(Clone, Copy)]
pub(crate) struct Own;

impl<S, T> Find<S, T> for Own {
    #[inline]
    fn known(
        &self,
        _caller: &mut Caller<'_, S>,
        _wasi: impl Fn(&mut S) -> &mut Wasi<T>,
    ) -> Option<Memory> {
        None
    }
}

/// The memory of the node whose context is in the store's data.
#[derive(Clone, Copy)]
pub(crate) struct OfNode;

impl<S, T> Find<S, T> for OfNode {
    #[inline(always)]
    fn known(
        &self,
        caller: &mut Caller<'_, S>,
        wasi: impl Fn(&mut S) -> &mut Wasi<T>,
    ) -> Option<Memory> {
        wasi(caller.data_mut()).memory()
    }
}

/// The memory of one instance, told when that has been made.
#[derive(Clone, Default)]
pub(crate) struct OfInstance(Arc<OnceLock<Memory>>);

impl OfInstance {
    pub(crate) fn bind(&self, memory: Memory) {
        self.0.get_or_init(|| memory);
    }
}

impl<S, T> Find<S, T> for OfInstance {
    #[inline]
    fn known(
        &self,
        _caller: &mut Caller<'_, S>,
        _wasi: impl Fn(&mut S) -> &mut Wasi<T>,
    ) -> Option<Memory> {
        self.0.get().copied()
    }
}

/// The memory that the caller exports.
#[cold]
pub(crate) fn own<S>(caller: &mut Caller<'_, S>) -> Result<Memory, Trap> {
    let export = caller.get_export(NAME);
    usable(export, caller)
}

/// A guest's memory, if it is one that calls can act on.
pub(crate) fn usable(export: Option<Extern>, store: impl AsContext) -> Result<Memory, Trap> {
    let refusal = match export {
        Some(Extern::Memory(memory)) if !memory.ty(store).is_64() => return Ok(memory),
        Some(Extern::Memory(_)) => Refusal::Memory64,
        Some(Extern::SharedMemory(_)) => Refusal::SharedMemory,
        _ => Refusal::NoMemory,
    };
    Err(refusal.into())
}
