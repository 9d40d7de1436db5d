//! What a child's module says about its functions, or its parent says in its place.

use crate::typed::{Function, Interface, InterfaceError, Party, fit};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use turnkey_snapshots::engine::Module;
use turnkey_wasi_common::Errno;

/// An interface, unless the text of it could not be read.
pub(super) type Readable = Result<Arc<Interface>, InterfaceError>;

/// What is known of a module's functions. It is read when somebody asks first.
#[derive(Default)]
pub(super) struct Description(Mutex<Known>);

#[derive(Default)]
struct Known {
    interface: Option<Readable>,
    /// Exports that were asked for and found to be what they say.
    exports: Vec<Arc<Function>>,
}

impl Description {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says it in place of the module.
    pub(super) fn replace(&self, interface: Interface) {
        *self.known() = Known {
            interface: Some(Ok(Arc::new(interface))),
            exports: Vec::new(),
        };
    }

    pub(super) fn of(&self, module: &dyn Module) -> Readable {
        let mut known = self.known();
        let read = || Interface::of(module).map(Arc::new);
        known.interface.get_or_insert_with(read).clone()
    }

    /// An exported function that can be called with what its description says.
    ///
    /// # Errors
    /// - `NOENT`: there is none, or it is not described.
    /// - `NOTSUP`: it is not what its description says, or nothing allocates what it needs.
    pub(super) fn export(&self, module: &dyn Module, name: &str) -> Result<Arc<Function>, Errno> {
        let mut exports = self.known().exports.clone().into_iter();
        if let Some(known) = exports.find(|function| function.name == name) {
            return Ok(known);
        }
        let interface = self.of(module).map_err(|_| Errno::Noent)?;
        let offered = Party::exporter(module, &Ok(interface), name);
        if offered.described.is_none() || offered.core.is_none() {
            return Err(Errno::Noent);
        }
        let wanted = Party {
            allocates: true,
            ..offered.clone()
        };
        let function = fit(&wanted, &offered).map_err(|_| Errno::Notsup)?;
        self.known().exports.push(Arc::clone(&function));
        Ok(function)
    }
}
