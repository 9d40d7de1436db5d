//! What a module says about its functions.

use super::read;
use super::types::Function;
use std::fmt;
use std::sync::Arc;
use turnkey_snapshots::engine::{Module, interface_of};

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
    pub fn of(module: &dyn Module) -> Result<Self, InterfaceError> {
        Self::said(module.interface())
    }

    /// The same of a module in its binary form. Nothing is compiled.
    ///
    /// ```
    /// use turnkey_virt::typed::Interface;
    ///
    /// let wasm = wat::parse_str(r#"(module (@custom "witx"
    ///     "(module $text (@interface func (export \"width\") (param $text string)))"))"#)?;
    /// let said = Interface::of_wasm(&wasm)?;
    /// assert_eq!(said.import("text", "width").as_deref(), Some("(func (param $text string))"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`of`](Self::of).
    pub fn of_wasm(wasm: &[u8]) -> Result<Self, InterfaceError> {
        Self::said(interface_of(wasm).as_deref())
    }

    fn said(text: Option<&[u8]>) -> Result<Self, InterfaceError> {
        match text.map(std::str::from_utf8) {
            None => Ok(Self::default()),
            Some(Ok(text)) => Self::parse(text),
            Some(Err(error)) => {
                let before = text.and_then(|bytes| bytes.get(..error.valid_up_to()));
                let before = before.unwrap_or_default().iter();
                let lines = before.filter(|byte| **byte == b'\n').count();
                Err(InterfaceError {
                    line: u32::try_from(lines + 1).unwrap_or(u32::MAX),
                    what: "the text is not UTF-8".to_owned(),
                })
            }
        }
    }

    /// Whether a function that the module imports, as `(module, name)`, is what another one exports:
    /// both have described it, and mean the same.
    ///
    /// ```
    /// use turnkey_virt::typed::Interface;
    ///
    /// let says = |exports, ty| Interface::parse(&format!(
    ///     r#"{exports} (module $text (@interface func (export "width") (param $of {ty})))"#,
    /// ));
    /// let (caller, callee) = (says("", "string")?, says(";;; @exports\n", "(list char)")?);
    /// assert!(caller.fits(("text", "width"), &callee, "width"));
    /// assert!(!says("", "u32")?.fits(("text", "width"), &callee, "width"));
    /// assert!(!caller.fits(("text", "width"), &Interface::default(), "width"));
    /// # Ok::<(), turnkey_virt::typed::InterfaceError>(())
    /// ```
    pub fn fits(&self, (module, name): (&str, &str), other: &Self, export: &str) -> bool {
        let both = self.imported(module, name).zip(other.exported(export));
        both.is_some_and(|(wants, has)| wants == has)
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
