//! Modules that are looked at beside a lock: named one by one, or all those of a tree.

use crate::failure::Failure;
use crate::lock_file::{LockFile, found_from, named_from};
use crate::named::Named;
use crate::tree::{self, Unit};
use std::path::Path;
use turnkey_virt::policy::{Asked, Grants, Needs, Refused};

/// A module, what it asks for, and what else is said of it.
pub(crate) struct Target {
    pub(crate) module: Named,
    pub(crate) needs: Needs,
    /// Its place in a tree, if it is a tree's.
    pub(crate) place: Option<Place>,
}

/// What a tree says of one of its modules.
pub(crate) struct Place {
    pub(crate) parent: Option<String>,
    pub(crate) grants: Grants,
    /// The tree's file, as it was named.
    pub(crate) tree: String,
}

/// What a list of arguments names. An argument that ends in `.toml` is a tree. Without any: what
/// the lock was made from.
pub(crate) fn all(args: &[String], path: &Path, lock: &LockFile) -> Result<Vec<Target>, Failure> {
    if args.is_empty() {
        return of_lock(path, lock);
    }
    let mut targets = Vec::new();
    for arg in args {
        match arg.ends_with(".toml") && !arg.contains('=') {
            true => targets.extend(of_tree(arg)?),
            false => targets.push(Target::read(Named::parse(arg).map_err(Failure::set_up)?)?),
        }
    }
    let mut names: Vec<&str> = targets.iter().map(|target| &*target.module.name).collect();
    names.sort_unstable();
    match names.windows(2).find(|pair| pair.first() == pair.last()) {
        Some([twice, ..]) => Err(Failure::set_up(format_args!(
            "two modules are called {twice}; name one of them with NAME=FILE"
        ))),
        _ => Ok(targets),
    }
}

fn of_lock(path: &Path, lock: &LockFile) -> Result<Vec<Target>, Failure> {
    let found = |file: &str| found_from(path, file).display().to_string();
    if let Some(tree) = &lock.tree {
        return of_tree(&found(tree));
    }
    let modules = lock.lock.modules().filter_map(|module| {
        let file = found(module.file.as_ref()?);
        let of_file = Named::of_file(Path::new(&file));
        Some(Named {
            name: module.name.clone(),
            version: of_file.version.clone().or_else(|| module.version.clone()),
            ..of_file
        })
    });
    let targets = modules.map(Target::read).collect::<Result<Vec<_>, _>>()?;
    match targets.is_empty() {
        true => Err(Failure::set_up(
            "name the modules, or a tree; --help tells more",
        )),
        false => Ok(targets),
    }
}

fn of_tree(file: &str) -> Result<Vec<Target>, Failure> {
    of_units(file, &tree::read(Path::new(file))?.units)
}

/// The modules of a tree that was read from a file.
pub(crate) fn of_units(file: &str, units: &[Unit]) -> Result<Vec<Target>, Failure> {
    let targets = units.iter().map(|unit| {
        let place = Place {
            parent: unit.parent.clone(),
            grants: unit.grants().map_err(Failure::set_up)?,
            tree: file.to_owned(),
        };
        Ok(Target {
            place: Some(place),
            ..Target::read(unit.module.clone())?
        })
    });
    targets.collect()
}

/// Whether all ask for no more than is locked.
///
/// # Errors
/// Everything that is new of each that does.
pub(crate) fn check(targets: &[Target], path: &Path, lock: &LockFile) -> Result<(), Failure> {
    let checked = targets.iter().map(|target| target.check(path, lock));
    let refused: Vec<_> = checked.filter_map(Result::err).collect();
    match refused.is_empty() {
        true => Ok(()),
        false => Err(Failure::refused(&refused)),
    }
}

impl Target {
    fn read(module: Named) -> Result<Self, Failure> {
        Ok(Self {
            needs: module.needs()?,
            module,
            place: None,
        })
    }

    /// Whether it asks for no more than is locked. The refusal says how to accept it.
    pub(crate) fn check(&self, path: &Path, lock: &LockFile) -> Result<(), Box<Refused>> {
        let Named { name, version, .. } = &self.module;
        let mut asked = Asked::new(name, version.as_deref(), &self.needs);
        if let Some(place) = &self.place {
            asked = asked.granted(&place.grants);
        }
        lock.lock.check(&asked).map_err(|mut refused| {
            let mut words = self.words_beyond(path, lock);
            words.extend(file_words(path));
            refused.given = (!words.is_empty()).then(|| words.join(" "));
            refused
        })
    }

    /// What has to be said of the module, where the lock would lead to another one.
    fn words_beyond(&self, path: &Path, lock: &LockFile) -> Vec<String> {
        let known = match &self.place {
            Some(place) => {
                let named = named_from(path, Path::new(&place.tree));
                return match lock.tree.as_ref() == Some(&named) {
                    true => Vec::new(),
                    false => vec![place.tree.clone()],
                };
            }
            None => lock.lock.module(&self.module.name),
        };
        let file = named_from(path, Path::new(&self.module.given));
        match known.and_then(|known| known.file.as_ref()) == Some(&file) {
            true => Vec::new(),
            false => vec![self.module.given.clone()],
        }
    }
}

/// The option by which another lock than the usual one is named.
pub(crate) fn file_words(path: &Path) -> Option<String> {
    let usual = path == Path::new(crate::lock_file::NAME);
    (!usual).then(|| format!("--file {}", path.display()))
}
