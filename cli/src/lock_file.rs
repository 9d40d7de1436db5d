//! `turnkey.lock`: what modules may ask for, as TOML that is reviewed in a diff.

use crate::document::{Document, Fields, Found};
use crate::failure::Failure;
use crate::near::did_you_mean;
use std::fmt;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;
use toml_writer::{ToTomlKey, ToTomlValue, TomlStringBuilder};
use turnkey_virt::policy::{Grants, Lock, Locked, Need, Sha256, classes};

/// The name that a lock has where none is said.
pub(crate) const NAME: &str = "turnkey.lock";

/// The version of the form. Another one is refused, since what it pins beyond this one would be
/// overlooked.
const FORM: u64 = 1;

const HEADER: &str = "\
# What each module may ask for, and what it is granted. `turnkey lock` writes this file;
# `turnkey check`, `turnkey run --lock` and `turnkey tree --lock` refuse what asks for more.
";

/// A lock, and what it was made from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct LockFile {
    /// The tree whose modules these are, if they are a tree's; from the folder of the lock.
    pub(crate) tree: Option<String>,
    pub(crate) lock: Lock,
}

impl LockFile {
    /// Reads a lock.
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        Self::read_if_there(path)?.ok_or_else(|| {
            Failure::set_up(format_args!(
                "{}: there is no such lock; `turnkey lock` writes one",
                path.display()
            ))
        })
    }

    /// Reads a lock; `None` if there is no such file.
    pub(crate) fn read_if_there(path: &Path) -> Result<Option<Self>, Failure> {
        match std::fs::read_to_string(path) {
            Ok(text) => Document::read(path, &text, read).map(Some),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Failure::set_up(format_args!(
                "{}: the lock cannot be read: {error}",
                path.display()
            ))),
        }
    }

    /// Writes the lock. Whoever reads it meanwhile sees the old one or the new one, whole.
    pub(crate) fn write(&self, path: &Path) -> Result<(), Failure> {
        let write = || {
            let mut file = NamedTempFile::with_prefix_in(".turnkey-lock-", folder(path))?;
            file.write_all(self.to_string().as_bytes())?;
            file.as_file().sync_all()?;
            // A temporary file is its owner's alone, and a lock is everybody's who has the folder.
            #[cfg(unix)]
            {
                use std::os::unix::fs::PermissionsExt;
                let mode = std::fs::metadata(path).map_or(0o644, |old| old.permissions().mode());
                let mode = std::fs::Permissions::from_mode(mode & 0o777);
                file.as_file().set_permissions(mode)?;
            }
            file.persist(path).map_err(io::Error::from)
        };
        let written: io::Result<_> = write();
        written.map(drop).map_err(|error| {
            Failure::set_up(format_args!(
                "{}: the lock cannot be written: {error}",
                path.display()
            ))
        })
    }
}

/// The folder that a lock lies in, from which the files that it names are found.
pub(crate) fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// A file as a lock names it: from the lock's folder if it lies beneath that.
pub(crate) fn named_from(lock: &Path, file: &Path) -> String {
    let folder = folder(lock);
    let beneath = match folder == Path::new(".") {
        true => Some(file.to_owned()),
        false => file.strip_prefix(folder).ok().map(Path::to_owned),
    };
    let named = beneath.or_else(|| std::path::absolute(file).ok());
    named.as_deref().unwrap_or(file).display().to_string()
}

/// A file that a lock names.
pub(crate) fn found_from(lock: &Path, file: &str) -> PathBuf {
    match folder(lock) {
        folder if folder == Path::new(".") => file.into(),
        folder => folder.join(file),
    }
}

fn read(fields: &Fields<'_>) -> Option<LockFile> {
    let form = fields.number("version");
    match form {
        None => fields
            .document()
            .wrong(fields.at(), "`version = 1` is missing"),
        Some(Found { at, value }) if value != FORM => {
            let what = format!("this lock is of version {value}, and this command knows {FORM}");
            fields.document().wrong(at, what);
        }
        Some(_) => {}
    }
    let tree = fields.text("tree").map(|tree| tree.value);
    let tables = fields.tables("module");
    let modules: Vec<_> = tables.iter().map(read_module).collect();
    fields.end();
    let modules = modules.into_iter().collect::<Option<Vec<_>>>()?;
    match Lock::new(modules) {
        Ok(lock) => Some(LockFile { tree, lock }),
        Err(error) => {
            let about = tables.iter().rfind(|table| {
                let name = table.text("name");
                name.is_some_and(|name| name.value == error.module)
            });
            let at = about.map_or(fields.at(), Fields::at);
            fields.document().wrong(at, error.to_string());
            None
        }
    }
}

fn read_module(fields: &Fields<'_>) -> Option<Locked> {
    let text = |key| fields.text(key).map(|text| text.value);
    let (version, parent, file) = (text("version"), text("parent"), text("file"));
    let name = fields.needed("name");
    let sha256 = fields.needed("sha256").and_then(|text| {
        let hash = text.value.parse::<Sha256>();
        hash.map_err(|error| fields.document().wrong(text.at, error.to_string()))
            .ok()
    });
    let mut imports = Vec::new();
    if let Some(modules) = fields.table("imports") {
        for (module, names) in modules.named_tables() {
            imports.extend(names.named_texts().into_iter().map(|(name, ty)| Need {
                module: module.value.clone(),
                name: name.value,
                ty,
            }));
        }
    }
    imports.sort();
    let mut grants = Grants::new();
    if let Some(table) = fields.table("grants") {
        for (class, entries) in table.named_lists() {
            for entry in entries {
                match grants.clone().grant(&class.value, &entry.value) {
                    Ok(granted) => grants = granted,
                    Err(unknown) => {
                        let hint = did_you_mean(&class.value, classes());
                        fields
                            .document()
                            .wrong(class.at, format!("{unknown}{hint}"));
                    }
                }
            }
        }
    }
    fields.end();
    Some(Locked {
        name: name?.value,
        version,
        parent,
        file,
        sha256: sha256?,
        imports,
        grants,
    })
}

impl fmt::Display for LockFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEADER}version = {FORM}")?;
        if let Some(tree) = &self.tree {
            writeln!(f, "tree = {}", text(tree))?;
        }
        self.lock
            .modules()
            .try_for_each(|module| write_module(f, module))
    }
}

fn write_module(f: &mut fmt::Formatter<'_>, module: &Locked) -> fmt::Result {
    writeln!(f, "\n[[module]]\nname = {}", text(&module.name))?;
    let optional = [
        ("version", &module.version),
        ("parent", &module.parent),
        ("file", &module.file),
    ];
    for (key, value) in optional {
        if let Some(value) = value {
            writeln!(f, "{key} = {}", text(value))?;
        }
    }
    writeln!(f, "sha256 = \"{}\"", module.sha256)?;
    let mut table = None;
    for need in &module.imports {
        if table != Some(&need.module) {
            writeln!(f, "\n[module.imports.{}]", need.module.to_toml_key())?;
            table = Some(&need.module);
        }
        writeln!(f, "{} = {}", need.name.to_toml_key(), text(&need.ty))?;
    }
    let mut grants = module.grants.iter().peekable();
    if grants.peek().is_some() {
        writeln!(f, "\n[module.grants]")?;
    }
    for (class, entries) in grants {
        let entries: Vec<String> = entries.iter().map(|entry| text(entry)).collect();
        writeln!(f, "{} = [{}]", class.to_toml_key(), entries.join(", "))?;
    }
    Ok(())
}

fn text(text: &str) -> String {
    TomlStringBuilder::new(text).as_basic().to_toml_value()
}

#[cfg(test)]
mod tests {
    use super::*;
    use turnkey_virt::policy::Needs;

    fn wasm(fields: &str) -> Needs {
        Needs::of(&wat::parse_str(format!("(module {fields})")).unwrap()).unwrap()
    }

    #[test]
    fn lock_as_it_is_written_and_read_again() {
        let needs = wasm(
            r#"(import "wasi_snapshot_preview1" "fd_write" (func (param i32 i32 i32 i32) (result i32)))
            (import "a.b \"c\"" "" (memory 1 2)) (import "a.b \"c\"" "x\ny" (func))"#,
        );
        let grants = Grants::new().grant("fd", "fd 1").unwrap();
        let grants = grants.grant("files", "a \"b\"").unwrap();
        let grants = grants.grant("files", "c").unwrap();
        let lock = Lock::new([
            Locked::new("notify", Some("1.2.0"), &needs)
                .under("app")
                .granted(grants),
            Locked::new("app", None, &wasm("")),
        ]);
        let file = LockFile {
            tree: Some("tree.toml".into()),
            lock: lock.unwrap(),
        };
        let written = file.to_string();
        assert_eq!(
            written,
            format!(
                r#"{HEADER}version = 1
tree = "tree.toml"

[[module]]
name = "app"
sha256 = "{}"

[[module]]
name = "notify"
version = "1.2.0"
parent = "app"
sha256 = "{}"

[module.imports."a.b \"c\""]
"" = "memory 1..2"
"x\ny" = "func () -> ()"

[module.imports.wasi_snapshot_preview1]
fd_write = "func (i32, i32, i32, i32) -> (i32)"

[module.grants]
fd = ["fd 1"]
files = ["a \"b\"", "c"]
"#,
                wasm("").sha256,
                needs.sha256,
            )
            .replace("\"a.b \\\"c\\\"\"", "'a.b \"c\"'")
        );
        let again = Document::read(Path::new("turnkey.lock"), &written, read).unwrap();
        assert_eq!(again, file);
    }

    #[test]
    fn read_every_mistake_with_its_line() {
        let hash = "0".repeat(64);
        let module = format!("[[module]]\nname = 'a'\nsha256 = '{hash}'\n");
        for (text, told) in [
            (String::new(), "turnkey.lock:1: `version = 1` is missing"),
            (
                "version = 2".to_owned(),
                "turnkey.lock:1: this lock is of version 2, and this command knows 1",
            ),
            (
                format!("version = 1\n{module}\n{module}"),
                "turnkey.lock:6: there are two modules of the name a",
            ),
            (
                format!("version = 1\n{module}parent = 'b'\n"),
                "turnkey.lock:2: the parent of a is b, and there is none of this name",
            ),
            (
                format!(
                    "version = 1\n{module}versoin = '1'\n[module.grants]\nfilse = ['x']\nfd = 1"
                ),
                "turnkey.lock:5: `versoin` is no key of this table; did you mean version?\n\
                 error: turnkey.lock:7: `filse` is no class of authority; did you mean files?\n\
                 error: turnkey.lock:8: `fd` is a list of texts, not 1",
            ),
            (
                "version = 1\n[[module]]\nsha256 = 'ab'\nimports = []\n".to_owned(),
                "turnkey.lock:2: `name` is missing\n\
                 error: turnkey.lock:3: a SHA-256 is 64 digits of base 16\n\
                 error: turnkey.lock:4: `imports` is a table, not a value of the type array",
            ),
        ] {
            let failure = Document::read(Path::new("turnkey.lock"), &text, read).unwrap_err();
            assert_eq!(failure.to_string(), told, "{text}");
        }
    }
}
