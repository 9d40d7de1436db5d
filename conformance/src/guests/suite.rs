//! A folder of tests.

use super::Case;
use super::answers::{self, Declared};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A folder of tests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suite {
    /// Its name in reports and expectations, which is its path if the manifest gives none.
    pub name: String,
    /// The version of WASI that it tests: `wasm32-wasip1` for core modules.
    pub version: String,
    /// Its tests, by name.
    pub cases: Vec<Case>,
    /// What each function answers its guests, from the files in its folder `answers`. Nothing, if
    /// that is not declared.
    pub declared: Declared,
}

/// The file that makes a folder a suite.
const MANIFEST: &str = "manifest.json";

/// The version of a suite that names none.
const CORE: &str = "wasm32-wasip1";

/// The versions there are.
const VERSIONS: [&str; 3] = [CORE, "wasm32-wasip2", "wasm32-wasip3"];

/// What a manifest may hold.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Manifest {
    name: Option<String>,
    version: Option<String>,
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
    /// A file cannot be read, or holds what the form does not have.
    pub fn read(folder: &Path) -> Result<Self, ReadError> {
        let wrong = |why| ReadError::new(folder, why);
        let manifest: Manifest = json(&folder.join(MANIFEST))?;
        let of_folder = folder.file_name().and_then(|name| name.to_str());
        let of_folder = of_folder.filter(|name| VERSIONS.contains(name));
        let version = match manifest.version {
            Some(version) if !VERSIONS.contains(&version.as_str()) => {
                let why = format!("there is no version {version:?}");
                return Err(ReadError::new(
                    &folder.join(MANIFEST),
                    io::Error::other(why),
                ));
            }
            Some(version) => version,
            None => of_folder.unwrap_or(CORE).to_owned(),
        };
        let mut cases = Vec::new();
        for entry in fs::read_dir(folder).map_err(wrong)? {
            let module = entry.map_err(wrong)?.path();
            if module.extension().is_some_and(|it| it == "wasm") {
                let beside = module.with_extension("json");
                let file: Map<String, Value> = json(&beside)?;
                let case = Case::new(module, file);
                cases.push(case.map_err(|why| ReadError::new(&beside, io::Error::other(why)))?);
            }
        }
        cases.sort_by(|a, b| a.name.cmp(&b.name));
        let name = manifest.name;
        let declared = answers::read(&folder.join("answers")).map_err(wrong)?;
        Ok(Self {
            name: name.unwrap_or_else(|| folder.display().to_string()),
            version,
            cases,
            declared,
        })
    }

    /// Reads the suites in and below a folder: each folder that holds a manifest, or the folder
    /// itself if there is none. A suite without tests is left out.
    ///
    /// # Errors
    /// As [`read`](Self::read), and that there is no test.
    pub fn find(folder: &Path) -> Result<Vec<Self>, ReadError> {
        let mut folders = Vec::new();
        manifests(folder, &mut folders).map_err(|why| ReadError::new(folder, why))?;
        folders.sort();
        if folders.is_empty() {
            folders.push(folder.to_owned());
        }
        let mut suites = folders
            .iter()
            .map(|folder| Self::read(folder))
            .collect::<Result<Vec<_>, _>>()?;
        suites.retain(|suite| !suite.cases.is_empty());
        if suites.is_empty() {
            let why = "there are no tests: no folder holds a manifest.json and modules";
            return Err(ReadError::new(folder, io::Error::other(why)));
        }
        Ok(suites)
    }

    /// Why no host of preview 1 can run the suite, if none can.
    pub fn unsupported(&self) -> Option<String> {
        let other = self.version != CORE;
        other.then(|| format!("{} is for components, not for core modules", self.version))
    }
}

/// The folders in and below `folder` that hold a manifest.
fn manifests(folder: &Path, found: &mut Vec<PathBuf>) -> io::Result<()> {
    if folder.join(MANIFEST).is_file() {
        found.push(folder.to_owned());
        return Ok(());
    }
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        // Not through symbolic links, which may lead in a circle.
        if entry.file_type()?.is_dir() {
            manifests(&entry.path(), found)?;
        }
    }
    Ok(())
}

/// What a JSON file holds; if there is no file, what is so by default.
fn json<T: Default + for<'a> Deserialize<'a>>(path: &Path) -> Result<T, ReadError> {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn suite(folder: &Path, manifest: &str, files: &[(&str, &str)]) -> PathBuf {
        fs::create_dir_all(folder).unwrap();
        fs::write(folder.join(MANIFEST), manifest).unwrap();
        for (name, text) in files {
            fs::write(folder.join(name), text).unwrap();
        }
        folder.to_owned()
    }

    #[test]
    fn read_names_and_versions() {
        let place = tempfile::tempdir().unwrap();
        let files = [
            ("b.wasm", ""),
            ("a.wasm", ""),
            ("a.json", "{}"),
            ("c.txt", ""),
        ];
        let named = suite(&place.path().join("x"), r#"{ "name": "N" }"#, &files);
        let named = Suite::read(&named).unwrap();
        assert_eq!((&*named.name, &*named.version), ("N", CORE));
        let names: Vec<_> = named.cases.iter().map(|case| &*case.name).collect();
        assert_eq!(names, ["a", "b"]);
        assert_eq!(named.unsupported(), None);

        let folder = suite(&place.path().join("wasm32-wasip3"), "{}", &files);
        let later = Suite::read(&folder).unwrap();
        assert_eq!(later.name, folder.display().to_string());
        assert!(later.unsupported().is_some());
        assert_eq!(Suite::find(place.path()).unwrap().len(), 2);
    }

    #[test]
    fn read_what_is_wrong_names_the_file() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("s");
        for (manifest, json, named) in [
            (r#"{ "title": "N" }"#, "{}", MANIFEST),
            (r#"{ "version": "wasm64" }"#, "{}", MANIFEST),
            ("{}", "[]", "a.json"),
            ("{}", r#"{ "operations": [{ "type": "wait" }] }"#, "a.json"),
        ] {
            suite(&folder, manifest, &[("a.wasm", ""), ("a.json", json)]);
            let error = Suite::read(&folder).unwrap_err().to_string();
            let expected = folder.join(named).display().to_string();
            assert!(error.starts_with(&expected), "{error}");
        }
        fs::remove_dir_all(&folder).unwrap();
        assert!(Suite::find(place.path()).is_err());
        assert!(Suite::find(&folder).is_err());
    }
}
