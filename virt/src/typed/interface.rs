//! What a module says about its functions.

use super::read;
use super::types::Function;
use std::fmt;
use std::sync::Arc;

/// The longest description that is read, in bytes.
const LONGEST: usize = 1 << 18;

/// What a module exports and imports, described in witx.
///
/// The dialect is that of WASI's documents: types, and modules with functions. The module before
/// which `;;; @exports` stands is what the described module offers itself; the others are what it
/// imports, each under the name that it is imported from.
///
/// ```
/// use turnkey_virt::typed::Interface;
///
/// let printer = Interface::parse(r#"
///     (typename $place (record (field $x u32) (field $y u32)))
///     ;;; @exports
///     (module $printer
///       (@interface func (export "render")
///         (param $text string)
///         (param $places (list $place))
///         (result $length u32)))
/// "#)?;
/// assert_eq!(
///     printer.export("render").as_deref(),
///     Some(
///         "(func (param $text string) \
///          (param $places (list (record (field $x u32) (field $y u32)))) (result $length u32))"
///     )
/// );
/// let wrong = Interface::parse("\n(module $m (func))").unwrap_err();
/// assert_eq!(wrong.to_string(), "line 2: a `(@interface func …)` is expected here");
/// # Ok::<(), turnkey_virt::typed::InterfaceError>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Interface {
    pub(super) exports: Vec<Arc<Function>>,
    pub(super) imports: Vec<(String, Vec<Arc<Function>>)>,
}

/// Why a description cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InterfaceError {
    /// The line on which it goes wrong, counted from 1.
    pub line: u32,
    /// What is wrong there.
    pub what: String,
}

impl fmt::Display for InterfaceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.what)
    }
}

impl std::error::Error for InterfaceError {}

impl Interface {
    /// Reads a description of at most 256 KiB.
    ///
    /// # Errors
    /// The text is no description. The message names the line.
    pub fn parse(text: &str) -> Result<Self, InterfaceError> {
        if text.len() > LONGEST {
            let what = format!("a description has at most {LONGEST} bytes");
            return Err(InterfaceError { line: 1, what });
        }
        read::interface(text).map_err(|wrong| InterfaceError {
            line: wrong.line,
            what: wrong.what,
        })
    }

    /// What a module says in its custom sections; nothing if it has none.
    ///
    /// # Errors
    /// As [`parse`](Self::parse), or the sections are not UTF-8.
    pub fn of(module: &dyn turnkey_snapshots::engine::Module) -> Result<Self, InterfaceError> {
        let Some(bytes) = module.interface() else {
            return Ok(Self::default());
        };
        match std::str::from_utf8(bytes) {
            Ok(text) => Self::parse(text),
            Err(error) => {
                let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
                let lines = before.iter().filter(|byte| **byte == b'\n').count();
                Err(InterfaceError {
                    line: u32::try_from(lines + 1).unwrap_or(u32::MAX),
                    what: "the text is not UTF-8".to_owned(),
                })
            }
        }
    }

    /// The type of a function that the module offers, as documents write it.
    pub fn export(&self, name: &str) -> Option<String> {
        self.exported(name).map(|function| function.to_string())
    }

    /// The type of a function that the module imports, as documents write it.
    pub fn import(&self, module: &str, name: &str) -> Option<String> {
        self.imported(module, name)
            .map(|function| function.to_string())
    }

    pub(crate) fn exported(&self, name: &str) -> Option<&Arc<Function>> {
        self.exports.iter().find(|function| function.name == name)
    }

    pub(crate) fn imported(&self, module: &str, name: &str) -> Option<&Arc<Function>> {
        let mut modules = self.imports.iter();
        let (_, functions) = modules.find(|(known, _)| known == module)?;
        functions.iter().find(|function| function.name == name)
    }

    pub(crate) fn exports(&self) -> impl Iterator<Item = &Arc<Function>> {
        self.exports.iter()
    }
}
