//! What a module exports, and what stands for its functions.

use std::sync::Arc;
use turnkey_snapshots::engine::{Export, ExternType, FuncType, Handler, Refusal, Value};
use turnkey_wasi_common::{Stop, Trap, TrapKind};

/// A module's exports. The place of a function among them is its handler.
#[derive(Debug, Clone)]
pub(crate) struct Exports(Arc<[Export]>);

impl From<Vec<Export>> for Exports {
    fn from(exports: Vec<Export>) -> Self {
        Self(exports.into())
    }
}

impl Exports {
    pub(crate) fn all(&self) -> &[Export] {
        &self.0
    }

    /// What stands for the function of this name.
    pub(crate) fn find(&self, name: &str) -> Option<Handler> {
        let found = self
            .0
            .iter()
            .position(|export| export.name == name && matches!(export.ty, ExternType::Function(_)));
        found.map(Handler)
    }

    /// The type of a function; `None` if the handler is another guest's.
    pub(crate) fn ty(&self, handler: Handler) -> Option<&FuncType> {
        match &self.0.get(handler.0)?.ty {
            ExternType::Function(ty) => Some(ty),
            _ => None,
        }
    }

    /// Sees that a call can be carried out.
    ///
    /// # Errors
    /// The handler is another guest's, values that do not cross are asked for, or the arguments or
    /// the number of results do not fit.
    pub(crate) fn check(
        &self,
        handler: Handler,
        args: &[Value],
        results: usize,
    ) -> Result<(), Stop> {
        let ty = self.ty(handler).ok_or(Refusal::NoHandler)?;
        let zeros = ty.zero_results().ok_or(Refusal::NoNumber)?;
        let given = args.iter().map(|arg| arg.ty());
        if zeros.len() != results || !given.eq(ty.params.iter().copied()) {
            let message = format!("a function of the type {ty} was called as if it had another");
            return Err(Trap::new(TrapKind::Host, message).into());
        }
        Ok(())
    }
}
