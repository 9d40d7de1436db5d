//! What a store keeps for a guest.

use std::fmt;
use turnkey_wasi_common::WasiCtx;
use turnkey_wasi_common::table::{OwnedTable, Table};
use wasmtime::Memory;

/// A guest's context, to be kept in the data of its store.
///
/// ```
/// use turnkey_wasi_common::WasiCtx;
/// use turnkey_wasmtime::Wasi;
///
/// let wasi = Wasi::from(WasiCtx::builder().args(["app"]).build()?);
/// assert_eq!(wasi.ctx().args().len(), 1);
/// # Ok::<(), turnkey_wasi_common::BuildError>(())
/// ```
pub struct Wasi<T = OwnedTable> {
    ctx: WasiCtx<T>,
    node: Node,
    /// How many host functions that cannot be suspended are calling the guest back.
    callbacks: u32,
}

/// How often a guest that can be suspended may be called back within itself. wasmtime's stack of 2
/// MiB for each is memory only where it has been used.
const MOST_CALLBACKS: u32 = 100;

/// The instance that the functions of a [`Program`](crate::Program) act for.
#[derive(Debug, Clone, Copy)]
enum Node {
    /// There is none yet.
    Free,
    /// There is one, and its memory is not known yet, or is none that could be used.
    Taken,
    /// There is one, with this memory.
    Bound(Memory),
}

impl<T> Wasi<T> {
    /// The guest's context.
    #[inline]
    pub fn ctx(&self) -> &WasiCtx<T> {
        &self.ctx
    }

    /// The guest's context, when the store is no longer needed.
    pub fn into_ctx(self) -> WasiCtx<T> {
        self.ctx
    }

    /// The memory that the node's functions act on, as soon as it is known.
    #[inline]
    pub(crate) fn memory(&self) -> Option<Memory> {
        match self.node {
            Node::Bound(memory) => Some(memory),
            Node::Free | Node::Taken => None,
        }
    }

    /// Whether the guest cannot be suspended, since it was called back by a host function that
    /// cannot be.
    pub(crate) fn is_called_back(&self) -> bool {
        self.callbacks != 0
    }

    /// The guest is called back by a host function that cannot be suspended. `None` if that has
    /// happened too often within itself: each time takes a stack of its own.
    pub(crate) fn begin_callback(&mut self) -> Option<()> {
        if self.callbacks == MOST_CALLBACKS {
            return None;
        }
        self.callbacks += 1;
        Some(())
    }

    /// The call back has come to its end.
    pub(crate) fn end_callback(&mut self) {
        self.callbacks = self.callbacks.saturating_sub(1);
    }

    /// Takes the node for an instance, unless another has taken it before.
    pub(crate) fn take(&mut self) -> bool {
        let free = matches!(self.node, Node::Free);
        if free {
            self.node = Node::Taken;
        }
        free
    }

    /// Tells the memory of the instance that has taken the node.
    pub(crate) fn bind(&mut self, memory: Memory) {
        self.node = Node::Bound(memory);
    }
}

impl<T> From<WasiCtx<T>> for Wasi<T> {
    fn from(ctx: WasiCtx<T>) -> Self {
        Self {
            ctx,
            node: Node::Free,
            callbacks: 0,
        }
    }
}

impl<T: Table> fmt::Debug for Wasi<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wasi")
            .field("ctx", &self.ctx)
            .field("node", &self.node)
            .finish()
    }
}
