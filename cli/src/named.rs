//! Modules as they are named on the command line: by their file, and perhaps a name and a version.

use crate::failure::Failure;
use crate::module;
use std::path::{Path, PathBuf};
use turnkey_virt::policy::{Needs, Sha256};

/// How modules are named, for a page of help.
pub(crate) const FORMS: &str = "\
A MODULE is a .wasm or .wat file, or NAME=FILE, or NAME@VERSION=FILE. Without a name it is called as
its file: notify-1.3.0.wasm is `notify` in version 1.3.0, and notify.wasm is `notify`.";

/// A module's name, perhaps its version, and its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) name: String,
    pub(crate) version: Option<String>,
    pub(crate) path: PathBuf,
    /// How it was named.
    pub(crate) given: String,
}

impl Named {
    /// Reads `FILE`, `NAME=FILE` or `NAME@VERSION=FILE`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let named = match text.split_once('=') {
            // The name of a folder may hold the sign too.
            Some((name, path)) if !name.contains('/') => {
                let (name, version) = match name.split_once('@') {
                    Some((name, version)) => (name, Some(version)),
                    None => (name, None),
                };
                Self::new(name, version, path.into())
            }
            _ => Self::of_file(Path::new(text)),
        };
        let empty = |text: &str| text.is_empty();
        if empty(&named.name)
            || named.version.as_deref().is_some_and(empty)
            || named.path.as_os_str().is_empty()
        {
            return Err("something is empty; write FILE, NAME=FILE or NAME@VERSION=FILE".into());
        }
        Ok(Self {
            given: text.to_owned(),
            ..named
        })
    }

    /// A module that is called as its file.
    pub(crate) fn of_file(path: &Path) -> Self {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let is_version = |text: &str| {
            text.starts_with(|first: char| first.is_ascii_digit()) && text.contains('.')
        };
        let mut dashes = stem.match_indices('-');
        let split = dashes.find_map(|(dash, _)| {
            let (name, version) = (stem.get(..dash)?, stem.get(dash + 1..)?);
            (!name.is_empty() && is_version(version)).then_some((name, version))
        });
        match split {
            Some((name, version)) => Self::new(name, Some(version), path.into()),
            None => Self::new(&stem, None, path.into()),
        }
    }

    fn new(name: &str, version: Option<&str>, path: PathBuf) -> Self {
        Self {
            name: name.to_owned(),
            version: version.map(str::to_owned),
            given: path.display().to_string(),
            path,
        }
    }

    /// What the module asks for.
    pub(crate) fn needs(&self) -> Result<Needs, Failure> {
        needs(&self.path, &module::read(&self.path)?)
    }
}

/// What a module asks for that was read from a file. Its hash is that of the file, be it text or
/// not.
pub(crate) fn needs(path: &Path, bytes: &[u8]) -> Result<Needs, Failure> {
    let wasm = module::to_binary(path, bytes)?;
    let needs = Needs::of(&wasm)
        .map_err(|error| module::mistake(path, format_args!("this is no valid module: {error}")))?;
    Ok(Needs {
        sha256: Sha256(module::digest(bytes)),
        ..needs
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parse_name_version_and_file() {
        for (text, expected) in [
            ("notify.wasm", Some(("notify", None, "notify.wasm"))),
            (
                "a/notify-1.3.0.wasm",
                Some(("notify", Some("1.3.0"), "a/notify-1.3.0.wasm")),
            ),
            (
                "my-lib-2.0.0-rc.1.wasm",
                Some(("my-lib", Some("2.0.0-rc.1"), "my-lib-2.0.0-rc.1.wasm")),
            ),
            ("sha-256.wasm", Some(("sha-256", None, "sha-256.wasm"))),
            ("-1.0.wasm", Some(("-1.0", None, "-1.0.wasm"))),
            ("n=x.wasm", Some(("n", None, "x.wasm"))),
            ("n@2=x-1.0.wasm", Some(("n", Some("2"), "x-1.0.wasm"))),
            ("n=a=b.wasm", Some(("n", None, "a=b.wasm"))),
            ("./a=b.wasm", Some(("a=b", None, "./a=b.wasm"))),
            ("", None),
            ("=x.wasm", None),
            ("n=", None),
            ("n@=x.wasm", None),
            ("@1=x.wasm", None),
        ] {
            let named = Named::parse(text).ok();
            let parts = named.as_ref().map(|named| {
                (
                    &*named.name,
                    named.version.as_deref(),
                    named.path.to_str().unwrap(),
                )
            });
            assert_eq!(parts, expected, "{text}");
        }
    }
}
