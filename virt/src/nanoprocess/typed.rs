//! Calls of a child with text, lists, records and variants.

use super::child::Child;
use super::connection::Connection;
use super::export::Export;
use super::outcome::Outcome;
use crate::typed::{Broken, Function, Image, Interface, TypedValue};
use std::sync::Arc;
use turnkey_wasi_common::Errno;

/// How a typed call of a child's ended.
///
/// ```
/// use turnkey_snapshots::engine::{Engine, EngineOptions};
/// use turnkey_virt::nanoprocess::{Family, TypedOutcome};
/// use turnkey_virt::typed::{Interface, TypedValue};
/// use turnkey_wasmi::WasmiEngine;
///
/// let describes = |result| format!(r#";;; @exports
///     (module $text (@interface func (export "length") (param $text string) (result $n {result})))"#);
/// let module = r#"(module
///     (memory (export "memory") 1)
///     (func (export "virt_alloc") (param i32 i32) (result i32) (i32.const 1024))
///     (func (export "length") (param i32 i32) (result i32) (local.get 1)))"#;
/// let engine = WasmiEngine::new(EngineOptions { interruptible: true, fuel: false });
/// let child = Family::builder().build().spawn(engine.compile(&wat::parse_str(module)?)?.into())?;
/// child.describe(Interface::parse(&describes("u32"))?)?;
/// child.link()?;
/// let answer = child.call_typed("length", &["hello".into()])?;
/// assert_eq!(answer, TypedOutcome::Returned(TypedValue::Unsigned(5)));
///
/// let other = Family::builder().build().spawn(engine.compile(&wat::parse_str(module)?)?.into())?;
/// other.describe(Interface::parse(&describes("u32"))?)?;
/// other.expect(&Interface::parse(&describes("u64"))?)?;
/// assert_eq!(
///     other.link().unwrap_err().to_string(),
///     "its parent wants of it `length` as (func (param $text string) (result $n u64)), \
///      but it has (func (param $text string) (result $n u32))"
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub enum TypedOutcome {
    /// The function returned this.
    Returned(TypedValue),
    /// The child has ended.
    Ended(Outcome),
}

impl Child {
    /// Says what the child's functions are, in place of what its module says.
    ///
    /// # Errors
    /// Those of a step that does not fit the child's state.
    pub fn describe(&self, interface: Interface) -> Result<&Self, Errno> {
        self.set_up(|_| {
            self.description.replace(interface);
            Ok(())
        })?;
        Ok(self)
    }

    /// Says which exports the child is to have: those that `interface` exports. One that is missing or
    /// has another type is told when the child is linked.
    ///
    /// # Errors
    /// Those of a step that does not fit the child's state.
    pub fn expect(&self, interface: &Interface) -> Result<&Self, Errno> {
        self.set_up(|setup| {
            setup.expect(interface.exports().map(Arc::clone));
            Ok(())
        })?;
        Ok(self)
    }

    /// Binds an import to a function of somebody else's. Whether the types are the same is seen when
    /// the child is linked: those of the descriptions, or where neither side has one, those of the
    /// code.
    ///
    /// # Errors
    /// - `NOENT`: the child does not import it.
    /// - `NOTCAPABLE`: it is bound to a child of another parent.
    pub fn bind_export(&self, module: &str, name: &str, export: &Export) -> Result<&Self, Errno> {
        self.set_up(|setup| {
            let imports = self.module.imports();
            let mut imports = imports.iter();
            if !imports.any(|import| import.module == module && import.name == name) {
                return Err(Errno::Noent);
            }
            if !export.is_in_family(&self.held) {
                return Err(Errno::Notcapable);
            }
            setup.connect(Connection {
                module: module.to_owned(),
                name: name.to_owned(),
                export: export.clone(),
            });
            Ok(())
        })?;
        Ok(self)
    }

    /// An export that can be called with what its description says.
    pub(super) fn exported(&self, export: &str) -> Result<Arc<Function>, Errno> {
        self.description.export(&*self.module, export)
    }

    /// Calls an export that is described, as [`call`](Self::call) calls any.
    ///
    /// # Errors
    /// Beside those of [`call`](Self::call):
    /// - `NOENT`: the function is not described.
    /// - `NOTSUP`: it is not what its description says, or the child exports nothing that allocates.
    /// - `INVAL`: the arguments do not fit it, or its answer does not.
    /// - `ILSEQ`: it answers text that is not UTF-8.
    /// - `BADF`: a handle was taken back.
    /// - `2BIG`: the values take more than 32 MiB or are more than a million.
    /// - `NOMEM`, `MFILE`: the child has no room for the arguments, or for a handle.
    pub fn call_typed(&self, export: &str, args: &[TypedValue]) -> Result<TypedOutcome, Errno> {
        let function = self.exported(export)?;
        let mut image = Image::default();
        let words = image.write_args(&function, args)?;
        match self.call_lowered(&function, export, &mut image, &words, None) {
            Ok(result) => {
                let answer = image.read_answer(&function, &words, result)?;
                Ok(TypedOutcome::Returned(answer))
            }
            Err(Broken::Ended(outcome)) => Ok(TypedOutcome::Ended(outcome)),
            Err(Broken::Errno(errno)) => Err(errno),
            Err(Broken::Caller(_) | Broken::Callee(_)) => Err(Errno::Io),
        }
    }
}
