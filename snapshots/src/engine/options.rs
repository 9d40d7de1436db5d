//! What an engine is built for.

use super::{Import, InstantiateError, Node, missing};

/// What an engine is to be able to do beyond running code. Each of it makes the code that runs a
/// little slower, so it is chosen when the engine is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EngineOptions {
    /// It counts fuel, and so obeys [`Limits::fuel`](super::Limits::fuel).
    pub fuel: bool,
    /// It can end a guest that computes, and so obeys the interrupt of a context.
    pub interruptible: bool,
}

impl EngineOptions {
    /// Whether a module with these imports can be instantiated with a node, by an engine with
    /// these options. Adapters ask before they make anything.
    ///
    /// # Errors
    /// - [`InstantiateError::Missing`]: neither WASI nor the node provides some of the imports.
    /// - [`InstantiateError::Link`]: the node asks for fuel to be counted, or has an interrupt,
    ///   and the engine was not made for it.
    pub fn check(self, imports: &[Import], node: &Node) -> Result<(), InstantiateError> {
        let missing = missing(imports, &node.functions);
        if !missing.is_empty() {
            return Err(InstantiateError::Missing(missing));
        }
        let refused = if node.limits.fuel.is_some() && !self.fuel {
            "the instance has a limit of fuel, and the engine was made without the option `fuel`"
        } else if node.ctx.interrupt().is_some() && !self.interruptible {
            "the context has an interrupt, and the engine was made without the option \
             `interruptible`"
        } else {
            return Ok(());
        };
        Err(InstantiateError::Link(refused.to_owned()))
    }
}
