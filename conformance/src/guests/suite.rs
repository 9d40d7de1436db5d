//! A folder of guests.

use super::Case;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A folder of guests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suite {
    /// Its name in reports, which is that of the folder if the manifest gives none.
    pub name: String,
    /// Its guests, by name.
    pub cases: Vec<Case>,
}

/// What a `manifest.json` may hold. The version says for which kind of host the suite is; the one
/// kind that runs core modules is the one that is run here.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Manifest {
    name: Option<String>,
    version: Version,
}

#[derive(Debug, Default, Deserialize)]
enum Version {
    #[default]
    #[serde(rename = "wasm32-wasip1")]
    Wasip1,
}

impl Suite {
    /// Reads a suite from the folder in which its modules lie.
    ///
    /// ```
    /// use turnkey_conformance::guests::{Suite, suites};
    ///
    /// let suite = Suite::read(&suites().join("preview_0"))?;
    /// assert_eq!(suite.name, "Turnkey preview 0");
    /// assert!(suite.cases.iter().any(|case| case.name == "layouts"));
    /// # Ok::<(), turnkey_conformance::guests::ReadError>(())
    /// ```
    ///
    /// # Errors
    /// A file cannot be read, or its JSON holds what is not known here: a misspelt key, a suite
    /// for components, or the list of operations that is the format's other form.
    pub fn read(folder: &Path) -> Result<Self, ReadError> {
        let manifest: Manifest = json(&folder.join("manifest.json"))?;
        let Version::Wasip1 = manifest.version;
        let wrong = |why| ReadError::new(folder, why);
        let mut modules = Vec::new();
        for entry in fs::read_dir(folder).map_err(wrong)? {
            let path = entry.map_err(wrong)?.path();
            if path.extension().is_some_and(|it| it == "wasm") {
                modules.push(path);
            }
        }
        modules.sort();
        let cases = modules
            .into_iter()
            .map(|module| Ok(Case::new(json(&module.with_extension("json"))?, module)));
        Ok(Self {
            name: manifest.name.unwrap_or_else(|| named(folder)),
            cases: cases.collect::<Result<_, _>>()?,
        })
    }
}

/// The last name of a path, without an extension.
pub(super) fn named(path: &Path) -> String {
    let name = path.file_stem().unwrap_or(path.as_os_str());
    name.to_string_lossy().into_owned()
}

/// What a JSON file holds; if there is no file, what is so by default.
fn json<T: Default + DeserializeOwned>(path: &Path) -> Result<T, ReadError> {
    match fs::read(path) {
        Ok(text) => {
            serde_json::from_slice(&text).map_err(|why| ReadError::new(path, io::Error::other(why)))
        }
        Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(T::default()),
        Err(why) => Err(ReadError::new(path, why)),
    }
}

/// Why a suite cannot be read.
#[derive(Debug)]
pub struct ReadError {
    path: PathBuf,
    why: io::Error,
}

impl ReadError {
    fn new(path: &Path, why: io::Error) -> Self {
        Self {
            path: path.to_owned(),
            why,
        }
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.why)
    }
}

impl std::error::Error for ReadError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.why)
    }
}
