//! `turnkey lock`: pins what modules may ask for.

use crate::failure::{Failure, tell};
use crate::lock_file::{LockFile, NAME, named_from};
use crate::named::FORMS;
use crate::near::did_you_mean;
use crate::target::{self, Target};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use turnkey_virt::policy::{Grants, Locked, classes};

/// What `turnkey lock` is told.
#[derive(Debug, clap::Args)]
#[command(after_help = format!("{FORMS}
A TREE.toml names all modules of a tree with their parents and grants; the lock then holds those
modules and no others. Without any, all that the lock was made from are locked again.

The lock pins for each module the SHA-256 of its file, its imports with their types, its parent and
what it is granted. A module that is new is added; one that asks for more than is locked, or is
another file, has to be accepted by its name. Nothing is written if one is not.

Exit codes:
  0  the lock is written
  2  a module, a tree or the lock cannot be read, or the lock cannot be written
  3  a module asks for more than is locked; all that is new is told"))]
pub(crate) struct LockModules {
    /// Accept what this module asks for now. Repeatable
    #[arg(long, value_name = "NAME")]
    accept: Vec<String>,

    /// Grant a module something more of a class of authority, such as app:files=data. Repeatable
    #[arg(long = "grant", value_name = "NAME:CLASS=WHAT", value_parser = NewGrant::parse)]
    grants: Vec<NewGrant>,

    /// The lock
    #[arg(long, value_name = "FILE", default_value = NAME)]
    file: PathBuf,

    /// The modules
    #[arg(value_name = "MODULE")]
    modules: Vec<String>,
}

/// Something that a module is granted from now on.
#[derive(Debug, Clone, PartialEq, Eq)]
struct NewGrant {
    name: String,
    class: String,
    what: String,
}

impl NewGrant {
    fn parse(text: &str) -> Result<Self, String> {
        let parts = text.split_once(':').and_then(|(name, rest)| {
            let (class, what) = rest.split_once('=')?;
            (!name.is_empty() && !what.is_empty()).then_some((name, class, what))
        });
        let (name, class, what) =
            parts.ok_or_else(|| "write NAME:CLASS=WHAT, such as app:files=data".to_owned())?;
        match Grants::new().grant(class, what) {
            Ok(_) => Ok(Self {
                name: name.to_owned(),
                class: class.to_owned(),
                what: what.to_owned(),
            }),
            Err(unknown) => Err(format!("{unknown}{}", did_you_mean(class, classes()))),
        }
    }
}

impl LockModules {
    /// Compares, and writes the lock if nothing is refused.
    pub(crate) fn carry_out(self) -> Result<ExitCode, Failure> {
        let old = LockFile::read_if_there(&self.file)?.unwrap_or_default();
        let targets = target::all(&self.modules, &self.file, &old)?;
        self.known(&targets)?;
        let new = |target: &&Target| {
            let name = &target.module.name;
            old.lock.module(name).is_some() && !self.accept.contains(name)
        };
        let checked = targets
            .iter()
            .filter(new)
            .map(|target| target.check(&self.file, &old));
        let refused: Vec<_> = checked.filter_map(Result::err).collect();
        if !refused.is_empty() {
            return Err(Failure::refused(&refused));
        }
        let lock = self.locked(&old, &targets)?;
        lock.write(&self.file)?;
        let count = lock.lock.modules().count();
        let modules = if count == 1 {
            "module is"
        } else {
            "modules are"
        };
        tell(format_args!(
            "{}: {count} {modules} locked",
            self.file.display()
        ));
        Ok(ExitCode::SUCCESS)
    }

    /// That the names in the options are modules'.
    fn known(&self, targets: &[Target]) -> Result<(), Failure> {
        let names = || targets.iter().map(|target| &*target.module.name);
        let accepted = self.accept.iter().map(|name| ("--accept", name));
        let granted = self.grants.iter().map(|grant| ("--grant", &grant.name));
        for (option, name) in accepted.chain(granted) {
            if !names().any(|known| known == name) {
                let hint = did_you_mean(name, names());
                return Err(Failure::set_up(format_args!(
                    "{option} {name}: no module of this name was given{hint}"
                )));
            }
        }
        Ok(())
    }

    fn locked(&self, old: &LockFile, targets: &[Target]) -> Result<LockFile, Failure> {
        let tree = targets.iter().find_map(|target| target.place.as_ref());
        let mut modules: BTreeMap<String, Locked> = match tree {
            Some(_) => BTreeMap::new(),
            None => old
                .lock
                .modules()
                .map(|module| (module.name.clone(), module.clone()))
                .collect(),
        };
        for target in targets {
            let module = self.module(old, target)?;
            modules.insert(module.name.clone(), module);
        }
        let lock = turnkey_virt::policy::Lock::new(modules.into_values());
        Ok(LockFile {
            tree: tree.map(|place| named_from(&self.file, Path::new(&place.tree))),
            lock: lock.map_err(Failure::set_up)?,
        })
    }

    fn module(&self, old: &LockFile, target: &Target) -> Result<Locked, Failure> {
        let named = &target.module;
        let mut module = Locked::new(&named.name, named.version.as_deref(), &target.needs);
        module.file = Some(named_from(&self.file, &named.path));
        match (&target.place, old.lock.module(&named.name)) {
            (Some(place), _) => {
                module.parent.clone_from(&place.parent);
                module.grants.clone_from(&place.grants);
            }
            (None, Some(old)) => {
                module.parent.clone_from(&old.parent);
                module.grants.clone_from(&old.grants);
            }
            (None, None) => {}
        }
        for grant in self.grants.iter().filter(|grant| grant.name == named.name) {
            let grants = module.grants.grant(&grant.class, &grant.what);
            module.grants = grants.map_err(Failure::set_up)?;
        }
        Ok(module)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_grant_parse_name_class_and_what() {
        let form = "write NAME:CLASS=WHAT, such as app:files=data";
        for (text, expected) in [
            ("app:files=data", Ok(("app", "files", "data"))),
            (
                "app:network.accept=127.0.0.1:80=x",
                Ok(("app", "network.accept", "127.0.0.1:80=x")),
            ),
            (
                "app:filse=data",
                Err("`filse` is no class of authority; did you mean files?"),
            ),
            ("files=data", Err(form)),
            (":files=data", Err(form)),
            ("app:files=", Err(form)),
            ("", Err(form)),
        ] {
            let parsed = NewGrant::parse(text);
            let parts = parsed
                .as_ref()
                .map(|new| (&*new.name, &*new.class, &*new.what));
            assert_eq!(parts.map_err(|why| &**why), expected, "{text}");
        }
    }
}
