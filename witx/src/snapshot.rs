//! A snapshot of WASI: one module with its types and functions.

use crate::{Error, Function, NamedType, read};
use std::io;
use std::path::Path;
use std::sync::Arc;

/// A snapshot of WASI, or another interface of the same form: one module with its types and
/// functions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The short name (`@snapshot`); the module's if the document gives none.
    pub name: String,
    /// What names in C begin with (`@prefix`); `wasi` if the document gives none.
    pub prefix: String,
    /// The name that the functions are imported from.
    pub module: String,
    /// Whether a function answers one number, an error with its sign turned (`@answers signed`).
    /// Guests export such functions, and import all others.
    pub signed: bool,
    /// The memories that the module imports, by name.
    pub memories: Vec<String>,
    /// The types, in the order of their definition.
    pub types: Vec<Arc<NamedType>>,
    /// The functions, in the order of their definition.
    pub functions: Vec<Function>,
    /// What the document says about the module.
    pub docs: String,
}

impl Snapshot {
    /// The text of the document that defines WASI preview 0.
    pub const PREVIEW_0: &'static str = include_str!("../wasi_unstable.witx");

    /// WASI preview 0, from the document in this package.
    ///
    /// ```
    /// let preview_0 = turnkey_witx::Snapshot::preview_0()?;
    /// assert_eq!(preview_0.module, "wasi_unstable");
    /// assert_eq!(preview_0.functions.len(), 45);
    /// # Ok::<(), turnkey_witx::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`Snapshot::parse`], none of which the document in this package gives rise to.
    pub fn preview_0() -> Result<Self, Error> {
        Self::parse(Self::PREVIEW_0)
    }

    /// The text of the document that defines WASI preview 1.
    pub const PREVIEW_1: &'static str = include_str!("../wasi_snapshot_preview1.witx");

    /// WASI preview 1, from the document in this package.
    ///
    /// ```
    /// let preview_1 = turnkey_witx::Snapshot::preview_1()?;
    /// assert_eq!(preview_1.module, "wasi_snapshot_preview1");
    /// assert_eq!(preview_1.functions.len(), 46);
    /// # Ok::<(), turnkey_witx::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`Snapshot::parse`], none of which the document in this package gives rise to.
    pub fn preview_1() -> Result<Self, Error> {
        Self::parse(Self::PREVIEW_1)
    }

    /// The text of the document that defines what parents of nanoprocesses import.
    pub const NANOPROCESS_0: &'static str = include_str!("../nanoprocess_0.witx");

    /// What parents of nanoprocesses import, from the document in this package.
    ///
    /// ```
    /// let nanoprocess_0 = turnkey_witx::Snapshot::nanoprocess_0()?;
    /// assert_eq!(nanoprocess_0.prefix, "nano");
    /// assert!(nanoprocess_0.function("child_call").is_some_and(|call| call.waits));
    /// # Ok::<(), turnkey_witx::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`Snapshot::parse`], none of which the document in this package gives rise to.
    pub fn nanoprocess_0() -> Result<Self, Error> {
        Self::parse(Self::NANOPROCESS_0)
    }

    /// The text of the document that defines what a wasm parent exports to serve its children.
    pub const NANOPROCESS_SERVE_0: &'static str = include_str!("../nanoprocess_serve_0.witx");

    /// What a wasm parent exports to serve its children, from the document in this package.
    ///
    /// ```
    /// use turnkey_witx::CoreType;
    ///
    /// let serve = turnkey_witx::Snapshot::nanoprocess_serve_0()?;
    /// let clock_now = serve.function("clock_now").unwrap();
    /// // The reading, or an errno with its sign turned.
    /// assert_eq!(clock_now.core.results, [CoreType::I64]);
    /// # Ok::<(), turnkey_witx::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`Snapshot::parse`], none of which the document in this package gives rise to.
    pub fn nanoprocess_serve_0() -> Result<Self, Error> {
        Self::parse(Self::NANOPROCESS_SERVE_0)
    }

    /// Reads a document, and those that it names with `use`.
    ///
    /// # Errors
    /// [`Error::Read`] if a document cannot be read, and then those of [`Snapshot::parse`].
    pub fn load(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        // The witx crate panics if there is no file name.
        if path.file_name().is_none() {
            return Err(Error::Read {
                path: path.to_owned(),
                source: io::ErrorKind::InvalidInput.into(),
            });
        }
        let document = witx::load(&[path]).map_err(|error| match error {
            witx::WitxError::Io(path, source) => Error::Read { path, source },
            other => Error::Syntax(other.report()),
        })?;
        read::snapshot(&document)
    }

    /// Reads the text of a document that uses no other.
    ///
    /// ```
    /// let text = r#"
    ///     (typename $lamp (handle))
    ///     (module $lamps
    ///       ;;; Switch a lamp on.
    ///       ;;; @class light.on
    ///       (@interface func (export "switch_on") (param $lamp $lamp)))
    /// "#;
    /// let lamps = turnkey_witx::Snapshot::parse(text)?;
    /// let switch_on = lamps.function("switch_on").ok_or("missing")?;
    /// assert_eq!(switch_on.class, "light.on");
    /// assert_eq!(switch_on.docs, "Switch a lamp on.");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// - [`Error::Syntax`] if the text is not a valid witx document.
    /// - [`Error::Modules`] if it does not define exactly one module.
    /// - [`Error::Annotation`] if a function has no class, or a line that begins with `@` makes no
    ///   sense.
    /// - [`Error::Unsupported`] if it says something that no snapshot of WASI says.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let document = witx::parse(text).map_err(|error| {
            let file = witx::MockFs::new(&[("-", text)]);
            Error::Syntax(error.report_with(&file))
        })?;
        read::snapshot(&document)
    }

    /// The function with this name.
    #[must_use]
    pub fn function(&self, name: &str) -> Option<&Function> {
        self.functions.iter().find(|f| f.name == name)
    }

    /// The type with this name, without the `$`.
    #[must_use]
    pub fn named_type(&self, name: &str) -> Option<&Arc<NamedType>> {
        self.types.iter().find(|t| t.name == name)
    }
}
